"""Asterisk's .conf files, read as Asterisk reads them: #include, [more](+) and templates."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from pathlib import Path

Sections = dict[str, dict[str, str]]
"""Section to name to value; the last of several wins."""

_HEAD = re.compile(r"\[([^\]]+)\](?:\(([^)]*)\))?")
_INCLUDE = re.compile(r"#(?:try)?include\s+[\"<]?([^\">]+?)[\">]?\s*$")


def read(file: Path) -> Sections:
    """What `file` sets. Raises OSError when it, or something it includes, cannot be read."""
    sections: Sections = {}
    current: dict[str, str] = {}
    for line in _lines(file, file.parent, depth=0):
        if head := _HEAD.match(line):
            current = sections.setdefault(head[1], {})
            for template in (head[2] or "").split(","):
                current.update(sections.get(template.strip(), {}))
        elif "=" in line:
            name, _, value = line.partition("=")
            current[name.strip()] = value.lstrip(">").strip()
        elif line:
            current.setdefault(line, "")
    return sections


def _lines(file: Path, folder: Path, depth: int) -> Iterator[str]:
    if depth > 10:
        return
    for written in file.read_text(encoding="utf-8", errors="replace").splitlines():
        line = re.sub(r"(?<!\\);.*", "", written).strip()
        if include := _INCLUDE.match(line):
            for path in sorted(glob.glob(str(folder / include[1]))):  # noqa: PTH207  absolute patterns too
                yield from _lines(Path(path), folder, depth + 1)
        else:
            yield line
