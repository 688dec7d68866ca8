"""Yesterday's calls, judged again by other rules: what would change, before it changes.

Rule: the register is as it is now, in both judgements; only the rules differ. Nothing is written.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Protocol

from ari_app.errors import HotlineError
from ari_app.procedures.screening import Caller, Listing, Mark, Screening, Verdict, judge
from ari_app.register.history import History
from ari_app.register.numbers import HOME, identify


class BrokenCalls(HotlineError):
    """A file of recorded calls that cannot be read."""


class RecordedCall(Protocol):
    """What of a finished call a verdict depends on. Any record of calls that has these can be replayed."""

    @property
    def call(self) -> str:
        """Its id."""

    @property
    def at(self) -> float:
        """When it arrived, in seconds since 1970."""

    @property
    def ended(self) -> float:
        """When it was over."""

    @property
    def number(self) -> str:
        """The caller's number as it was sent: hostile text."""

    @property
    def dialled(self) -> str: ...

    @property
    def attestation(self) -> str: ...

    @property
    def marks(self) -> Sequence[Mark]:
        """What the call was, when it was of no use to anybody."""


@dataclass(frozen=True, slots=True)
class PastCall:
    """A recorded call from a file."""

    call: str
    at: float
    ended: float
    number: str = field(default="", repr=False)
    dialled: str = field(default="", repr=False)
    attestation: str = field(default="", repr=False)
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A call that would be taken otherwise."""

    call: str
    at: float
    caller: Caller
    before: Verdict
    after: Verdict


class _Past:
    """The register of a replay: entries as they are, history as it was."""

    def __init__(self, lookup: Callable[[Caller], Sequence[Listing]], history: History) -> None:
        self.lookup = lookup
        self.marks, self.arrivals = history.marks, history.arrivals


def replay(
    calls: Iterable[RecordedCall],
    lookup: Callable[[Caller], Sequence[Listing]],
    before: Screening,
    after: Screening,
    zone: tzinfo,
    home: str = HOME,
) -> Iterator[Difference]:
    """Every call whose verdict differs between the two rules, in the order in which they arrived."""
    history = History()
    history.watch(frozenset(burst.digits for rules in (before, after) for burst in rules.bursts))
    past = _Past(lookup, history)
    over: list[tuple[float, str, Mark]] = []  # calls that are still going on, by their end
    for call in sorted(calls, key=lambda call: call.at):
        while over and over[0][0] <= call.at:
            ended, number, mark = heapq.heappop(over)
            history.mark(number, mark, ended)
        caller = identify(call.number, call.dialled, call.attestation, home)
        history.arrived(caller, call.at)
        hour = datetime.fromtimestamp(call.at, zone)
        was, would_be = judge(caller, past, before, hour), judge(caller, past, after, hour)
        if type(was) is not type(would_be):
            yield Difference(call.call, call.at, caller, was, would_be)
        for mark in call.marks:
            heapq.heappush(over, (call.ended, caller.number, mark))


def of_lines(lines: Iterable[str]) -> Iterator[PastCall]:
    """Calls from JSON, one a line: `at` (seconds or ISO 8601), and `call`, `number`, `dialled`, `attestation`,
    `ended`, `marks` where known. Raises BrokenCalls with the line; it is not repeated."""
    for place, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _call(json.loads(line), place)
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError):
                raise BrokenCalls(
                    f'line {place}: not a call: write {{"at": "2026-01-31T09:00:00+08:00", "number": "138…", '
                    f'"marks": ["silent"]}}; marks are {", ".join(Mark)}'
                ) from None


def _call(written: dict[str, Any], place: int) -> PastCall:
    at = _moment(written["at"])
    return PastCall(
        call=str(written.get("call", f"line {place}")),
        at=at,
        ended=_moment(written["ended"]) if written.get("ended") is not None else at,
        number=str(written.get("number") or ""),
        dialled=str(written.get("dialled") or ""),
        attestation=str(written.get("attestation") or ""),
        marks=tuple(Mark(mark) for mark in written.get("marks") or ()),
    )


def _moment(written: object) -> float:
    if isinstance(written, str):
        moment = datetime.fromisoformat(written)
        return (moment if moment.tzinfo else moment.astimezone()).timestamp()
    if isinstance(written, bool) or not isinstance(written, int | float):
        raise TypeError
    datetime.fromtimestamp(written)  # a moment there can be
    return float(written)
