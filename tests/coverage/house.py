"""Where the house names a rule: in a standard's data, in a docstring or comment, in the dialplan.

Rule: nothing is listed by hand; who keeps a rule says so where it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.coverage.rules import NAMED

SOURCES = {"ari_app": ("*.py",), "dialplan": ("*.conf",)}


def keepers(root: Path) -> Mapping[str, tuple[str, ...]]:
    """Rule -> every place that names it: `hotline-standard: procedures.silent`, `ari_app/procedures/ladder.py`."""
    found: dict[str, set[str]] = {}
    for rule, place in (*_in_standards(root), *_in_sources(root)):
        found.setdefault(rule, set()).add(place)
    return {rule: tuple(sorted(places)) for rule, places in found.items()}


def _in_sources(root: Path) -> Iterator[tuple[str, str]]:
    for folder, kinds in SOURCES.items():
        for kind in kinds:
            for file in (root / folder).rglob(kind):
                for rule in NAMED.findall(file.read_text(encoding="utf-8")):
                    yield rule, file.relative_to(root).as_posix()


def _in_standards(root: Path) -> Iterator[tuple[str, str]]:
    prompts = root / "prompts"
    for file in prompts.glob("*/standard.yaml"):
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
        for rule, path in _ruled(written, ()):
            yield rule, f"{file.parent.name}: {'.'.join(path)}"
    forbidden = prompts / "forbidden.yaml"
    if forbidden.is_file():
        for rule, _ in _ruled(yaml.safe_load(forbidden.read_text(encoding="utf-8")), ()):
            yield rule, "forbidden words"


def _ruled(thing: Any, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Everything below `thing` that has a `rule:`, one or a list."""
    if isinstance(thing, dict):
        for rule in NAMED.findall(str(thing.get("rule") or "")):
            yield rule, path
        for key, below in thing.items():
            yield from _ruled(below, (*path, str(key)))
    elif isinstance(thing, list):
        for below in thing:
            yield from _ruled(below, path)
