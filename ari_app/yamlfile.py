"""YAML that people write: read strictly, and every complaint names the file, the line and the path.

Rule: nothing here knows what the file is about; pydantic models say that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ValidationError

from ari_app.errors import HotlineError

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]

LARGEST = 1_000_000
"""Bytes; what people write by hand is smaller, and what is larger was put there by mistake."""

UNKNOWN = "extra_forbidden"
"""Pydantic's name for a name that its model does not have."""


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice, and says where a value is not what it claims to be."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError) as problem:  # PyYAML's own, at `!!bool perhaps`
            what = f"a value that cannot be read ({type(problem).__name__}: {problem})"
            raise yaml.constructor.ConstructorError(None, None, what, node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key that is no word", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is written twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


@lru_cache(maxsize=64)
def _read(text: str) -> tuple[yaml.Node | None, Any]:
    """The nodes and the content of a text, not to be changed; a standard is asked for often while it loads."""
    loader = _StrictLoader(text)
    root = loader.get_single_node()
    return root, None if root is None else loader.construct_document(root)


class YamlFile:
    """One file as written: its content, and the line of every path in it."""

    def __init__(self, path: Path, error: type[HotlineError]) -> None:
        """Read `path`; raises `error` when it is missing, unreadable, not UTF-8 or not YAML."""
        self.path, self._error = path, error
        try:
            if path.stat().st_size > LARGEST:
                raise error(f"{path}: is too large ({path.stat().st_size} bytes) to be written by hand")
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise error(f"{path}: no such file") from None
        except (OSError, UnicodeDecodeError) as problem:
            raise error(f"{path}: cannot be read: {problem}") from None
        try:
            self._root, self.content = _read(text)
        except (yaml.YAMLError, ValueError, RecursionError) as problem:
            raise error(f"{path}{_where(problem)}: not valid YAML: {_what(problem)}") from None

    def parse(self, model: type[Model]) -> Model:
        """The content as `model`; raises the file's error with line and path of the first mistake."""
        return validated(self.content, model, self.complaint)

    def has(self, where: Location) -> bool:
        """Whether this file itself has something at a path."""
        part = self.content
        for name in where:
            inside = name < len(part) if isinstance(part, list) and isinstance(name, int) else False
            if not inside and not (isinstance(part, dict) and name in part):
                return False
            part = part[name]
        return True

    def complaint(self, where: Location, what: str, more: int = 0) -> HotlineError:
        """An error about one path of this file, ready to raise."""
        path = ".".join(str(part) for part in where)
        tail = f" (and {more} more)" if more else ""
        return self._error(f"{self.path}:{self._line(where)}: {path + ': ' if path else ''}{what}{tail}")

    def _line(self, where: Location) -> int:
        """The line of a path, or of the nearest thing above it that exists."""
        node, line = self._root, 1
        for part in where:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line + 1
            else:
                break
        return line


def validated(content: Any, model: type[Model], complaint: Callable[[Location, str, int], HotlineError]) -> Model:
    """`content` as `model`; raises what `complaint` makes of the first mistake.

    Words nobody knows come first: a name that is missing is often one of them, written wrongly.
    """
    if not isinstance(content, dict):
        raise complaint((), "is not a mapping of names to values", 0)
    try:
        return model.model_validate(content)
    except ValidationError as problem:
        first, *others = sorted(problem.errors(), key=lambda error: error["type"] != UNKNOWN)
        meant = _meant(first["loc"], model) if first["type"] == UNKNOWN else None
        same = (*first["loc"][:-1], meant)
        others = [error for error in others if error["type"] != "missing" or error["loc"] != same]
        raise complaint(first["loc"], _plain(first, meant), len(others)) from None


def spelled(pattern: str, words: str) -> AfterValidator:
    """Text that is written so; whoever writes it otherwise is told in `words`, not by the pattern."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


def _meant(where: Location, model: type[BaseModel]) -> str | None:
    """The name that an unknown one at this path is nearly."""
    models = {model}
    for part in where[:-1]:
        fields = [field for m in models for name, field in m.model_fields.items() if part == (field.alias or name)]
        models = {found for field in fields for found in _models_in(field.annotation)} or models
    names = {field.alias or name for m in models for name, field in m.model_fields.items()}
    return next(iter(get_close_matches(str(where[-1]), sorted(names), 1)), None)


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {found for inner in get_args(annotation) for found in _models_in(inner)}


def _plain(problem: Any, meant: str | None) -> str:
    """Pydantic's words for people who write YAML."""
    if problem["type"] == UNKNOWN:
        return "is not a word this file knows; is it a typing mistake?" + (f" did you mean {meant}?" if meant else "")
    if problem["type"] == "missing":
        return "is missing"
    if problem["type"] == "string_type" and isinstance(problem.get("input"), int | float | bool):
        return "is read as a number or a yes/no: put it in quotes"  # its value is not shown: it may be a password
    message = str(problem["msg"]).removeprefix("Value error, ")
    given = problem.get("input")
    return message[:1].lower() + message[1:] + _shown(given)


def _shown(given: object) -> str:
    try:
        written = repr(given) if isinstance(given, str | int | float | bool) else ""
    except ValueError:  # a number of more digits than Python cares to print
        return ""
    return f" (it is {written})" if 0 < len(written) <= 100 else ""


def _where(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    return f":{mark.line + 1}" if mark is not None else ""


def _what(problem: Exception) -> str:
    return str(getattr(problem, "problem", None) or problem or type(problem).__name__).splitlines()[0]
