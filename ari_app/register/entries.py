"""An entry of the register, as people see it, and as a change remembers it.

Rule: what stands here is for people; a verdict needs only the `Listing` in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NewType

from ari_app.procedures.screening import Listing, Reach, Treatment
from ari_app.register.numbers import Pattern

Batch = NewType("Batch", str)
"""What one person did at one time; it is undone as a whole."""
MOST_EVIDENCE = 50
"""Calls kept as evidence of one entry; the latest."""
LONGEST_REASON = 500
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody's word about a number, or the agents' and rules'. Times are seconds since 1970."""

    pattern: Pattern
    treatment: Treatment
    reason: str = field(default="", repr=False)
    evidence: tuple[str, ...] = ()  # ids of calls
    entered_by: str = ""
    entered_at: float = 0
    expires: float | None = None
    score: float | None = None  # None: does not fade
    scored_at: float = 0
    under_review: bool = False
    id: int = 0  # 0: not written yet

    @property
    def listing(self) -> Listing:
        return Listing(
            self.id, self.pattern.reach, self.treatment, self.expires, self.score, self.scored_at, self.under_review
        )


def plain(text: str, longest: int) -> str:
    """Text on one line that every database and terminal takes: no control characters, no half characters."""
    return "".join(c if c.isprintable() else " " for c in text[:longest])


def as_row(entry: Entry) -> dict[str, Any]:
    """An entry as a row of the database, and as a change remembers it; without its id when it has none."""
    row: dict[str, Any] = {
        "reach": entry.pattern.reach.value,
        "first": entry.pattern.first,
        "last": entry.pattern.last,
        "treatment": entry.treatment.value,
        "reason": plain(entry.reason, LONGEST_REASON),
        "evidence": [plain(call, LONGEST_NAME) for call in entry.evidence[-MOST_EVIDENCE:]],
        "entered_by": plain(entry.entered_by, LONGEST_NAME),
        "entered_at": entry.entered_at,
        "expires": entry.expires,
        "score": entry.score,
        "scored_at": entry.scored_at,
        "under_review": entry.under_review,
    }
    return row | ({"id": entry.id} if entry.id else {})


def of_row(row: Mapping[str, Any]) -> Entry:
    """The entry of a row."""
    return Entry(
        pattern=Pattern(Reach(row["reach"]), row["first"], row["last"]),
        treatment=Treatment(row["treatment"]),
        reason=row["reason"],
        evidence=tuple(row["evidence"]),
        entered_by=row["entered_by"],
        entered_at=row["entered_at"],
        expires=row["expires"],
        score=row["score"],
        scored_at=row["scored_at"],
        under_review=row["under_review"],
        id=row["id"],
    )
