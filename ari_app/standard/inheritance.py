"""`extends`: a standard.yaml says only what differs; the rest is its parent's.

Rule 1: mappings are merged name by name, anything else is replaced, and null takes a name away.
Rule 2: a complaint names the file and line in which the fault was written, be it the child's or the parent's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from ari_app.errors import BrokenStandard, HotlineError
from ari_app.paths import shipped
from ari_app.yamlfile import Location, YamlFile, validated

Model = TypeVar("Model", bound=BaseModel)
STANDARD = "standard.yaml"
OWN = frozenset({"standard", "version", "title", "extends"})
"""What a standard never inherits."""


class Written:
    """A standard as people wrote it, its parents' words included: itself first, the oldest last."""

    def __init__(self, folder: Path) -> None:
        """Read the files; raises BrokenStandard when one is missing, not YAML, or its own ancestor."""
        self.files = _lineage(folder)
        self.path = self.files[0].path
        self.content: Any = self.files[-1].content
        for file in reversed(self.files[:-1]):
            if isinstance(self.content, dict) and isinstance(file.content, dict):
                self.content = _merged({k: v for k, v in self.content.items() if k not in OWN}, file.content)
            else:
                self.content = file.content

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where recordings may lie: this standard's folder, then its parents'."""
        return tuple(file.path.parent for file in self.files)

    def parse(self, model: type[Model]) -> Model:
        """The whole as `model`; raises BrokenStandard with file, line and path of the first mistake."""
        return validated(self.content, model, self.complaint)

    def complaint(self, where: Location, what: str, more: int = 0) -> HotlineError:
        """An error about one path, in the file that wrote it."""
        author = next((file for file in self.files if file.has(where)), None)
        near = next((file for file in self.files if where and file.has(where[:-1])), self.files[0])
        return (author or near).complaint(where, what, more)


def parent_of(file: YamlFile) -> Path | None:
    """The folder of the standard that a file extends: a neighbour, or a shipped one."""
    name = file.content.get("extends") if isinstance(file.content, dict) else None
    if name is None:
        return None
    if not isinstance(name, str) or not name or name.startswith((".", "/")):
        raise file.complaint(("extends",), "is the name of a shipped standard or of a neighbour folder")
    for folder in (file.path.parent.parent / name, shipped("prompts") / name):
        if (folder / STANDARD).is_file():
            return folder
    raise file.complaint(("extends",), f"there is no standard {name!r} beside this one, and none is shipped")


def _lineage(folder: Path) -> list[YamlFile]:
    files: list[YamlFile] = []
    if folder.parent == shipped("prompts") and not (folder / STANDARD).is_file():
        known = ", ".join(sorted(file.parent.name for file in folder.parent.glob(f"*/{STANDARD}")))
        raise BrokenStandard(
            f"no standard {folder.name!r} is shipped; one of your own has a slash in it; there are {known}"
        )
    next_folder: Path | None = folder
    while next_folder is not None:
        file = YamlFile(next_folder / STANDARD, BrokenStandard)
        if any(file.path.resolve() == older.path.resolve() for older in files):
            names = " extends ".join(f.path.parent.name for f in (*files, file))
            raise files[-1].complaint(("extends",), f"goes round in a circle: {names}")
        files.append(file)
        next_folder = parent_of(file)
    return files


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    whole = dict(old)
    for name, value in new.items():
        if value is None:
            whole.pop(name, None)
        elif isinstance(value, dict) and isinstance(whole.get(name), dict):
            whole[name] = _merged(whole[name], value)
        else:
            whole[name] = value
    return whole
