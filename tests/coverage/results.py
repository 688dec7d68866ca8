"""What a stage of `make test` left behind, in `out/coverage/<stage>.json`.

Rule: a file is written whole or not at all, and sorted, so that two runs with the same outcome write the same file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

STAGES: Mapping[str, str] = {"rehearsal": "tests", "pbx": "tests/pbx", "docker": "tests/docker"}
"""A stage and what pytest is asked for in it; `rehearsal` is all that needs neither a PBX nor containers."""


def stage_of(test: str) -> str:
    """The stage a test id belongs to."""
    return next((s for s in ("pbx", "docker") if test.startswith(f"{STAGES[s]}/")), "rehearsal")


class Outcome(StrEnum):
    """How a test ended; PREPARED: it has not ended."""

    PREPARED = "prepared"
    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"

    def outweighs(self, other: Outcome) -> bool:
        """Whether what was reported before stands: a test whose clean-up failed has failed."""
        order = list(Outcome)
        return order.index(self) > order.index(other)


@dataclass(frozen=True, slots=True)
class Result:
    """One test: how it ended, and what it says it proves."""

    outcome: Outcome
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage's run; `part` says why it was not the whole stage, and is "" when it was."""

    name: str
    part: str
    sources: str
    results: Mapping[str, Result]


def result_file(root: Path, stage: str) -> Path:
    return root / "out" / "coverage" / f"{stage}.json"


def forget(file: Path) -> None:
    file.unlink(missing_ok=True)


def write(file: Path, stage: Stage) -> None:
    """Leaves the file of a stage."""
    text = {
        "stage": stage.name,
        "part": stage.part,
        "sources": stage.sources,
        "tests": {name: {"outcome": r.outcome, "rules": list(r.rules)} for name, r in sorted(stage.results.items())},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(file)


def read(file: Path) -> Stage | None:
    """What a stage left; None when it left nothing."""
    if not file.is_file():
        return None
    text = json.loads(file.read_text(encoding="utf-8"))
    results = {name: Result(Outcome(t["outcome"]), tuple(t["rules"])) for name, t in text["tests"].items()}
    return Stage(text["stage"], text["part"], text["sources"], results)
