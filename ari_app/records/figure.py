"""One key figure: what it is, of what, by which formula, and which rules want it.

Rule: a figure without calls to reckon from is None, never 0 or 100.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure: `part` of `whole` for a share, else a count or seconds."""

    id: str
    value: float | None
    unit: str  # percent, count, seconds
    part: float
    whole: float | None
    target: float | None
    rules: tuple[str, ...]
    formula: str
    detail: Mapping[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the rules' target is met; None where there is no target, or nothing to measure."""
        if self.target is None or self.value is None:
            return None
        return self.value <= self.target if self.unit == "count" else self.value >= self.target


def share(
    id: str,
    whole: Sequence[T],
    counts: Callable[[T], bool],
    rules: tuple[str, ...],
    formula: str,
    target: float | None = None,
) -> Kpi:
    """How many of `whole` count, in percent; None without any."""
    part = sum(counts(one) for one in whole)
    value = round(100 * part / len(whole), 1) if whole else None
    return Kpi(id, value, "percent", float(part), float(len(whole)), target, rules, formula)


def count(
    id: str,
    value: float,
    rules: tuple[str, ...],
    formula: str,
    detail: Mapping[str, float] | None = None,
    target: float | None = None,
) -> Kpi:
    """So many."""
    return Kpi(id, value, "count", value, None, target, rules, formula, detail or {})
