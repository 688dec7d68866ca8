"""What an admin is told: what is wrong, why it matters, and the line that mends it.

Rule: an error is something that loses callers or keeps them from an agent; anything else is a warning.
What could not be looked at is said so, with the reason; it is never passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    FINE = "fine"
    NOT_CHECKED = "not checked"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `name` stays the same from release to release: scripts may rely on it."""

    name: str
    level: Level
    what: str
    why: str = ""
    mend: str = ""


def fine(name: str, what: str) -> Finding:
    return Finding(name, Level.FINE, what)


def warning(name: str, what: str, why: str, mend: str) -> Finding:
    return Finding(name, Level.WARNING, what, why, mend)


def error(name: str, what: str, why: str, mend: str) -> Finding:
    return Finding(name, Level.ERROR, what, why, mend)


def not_checked(name: str, what: str, because: str, mend: str = "") -> Finding:
    return Finding(name, Level.NOT_CHECKED, f"not checked: {what}", f"because {because}", mend)


def loses_callers(findings: Sequence[Finding]) -> bool:
    return any(finding.level is Level.ERROR for finding in findings)
