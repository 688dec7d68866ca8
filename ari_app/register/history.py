"""What numbers did lately, in memory: marks of finished calls, and who rings at all.

Rule: bounded, whatever rings: the numbers heard of longest ago are forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from ari_app.procedures.screening import Caller, Mark

MOMENTS = 256
"""Calls remembered of one number, or of one prefix; no rule may ask for more."""
NUMBERS = 100_000
"""Numbers remembered, and prefixes."""

Key = TypeVar("Key")


class _Moments(Generic[Key]):
    """When things happened, by key; the least recently noted key is forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: OrderedDict[Key, deque[float]] = OrderedDict()

    def note(self, key: Key, at: float) -> None:
        moments = self._of.get(key)
        if moments is None:
            moments = self._of[key] = deque(maxlen=MOMENTS)
            if len(self._of) > self._most:
                self._of.popitem(last=False)
        else:
            self._of.move_to_end(key)
        moments.append(at)
        if len(moments) > 1 and moments[-2] > at:  # another worker's news came late
            ordered = sorted(moments)
            moments.clear()
            moments.extend(ordered)

    def forget(self, key: Key, at: float) -> None:
        moments = self._of.get(key)
        if moments is not None and at in moments:
            moments.remove(at)

    def __getitem__(self, key: Key) -> Sequence[float]:
        return self._of.get(key, ())

    def __len__(self) -> int:
        return len(self._of)


class History:
    """The recent past of callers who have a number."""

    def __init__(self, numbers: int = NUMBERS) -> None:
        self._marks: _Moments[tuple[str, Mark]] = _Moments(numbers)
        self._arrivals: _Moments[tuple[int, str]] = _Moments(numbers)
        self._digits: frozenset[int] = frozenset()

    def watch(self, digits: frozenset[int]) -> None:
        """Count calls of numbers alike in so many first digits."""
        self._digits = digits

    def mark(self, number: str, mark: Mark, at: float) -> None:
        """A finished call of this number was of this kind."""
        if number:
            self._marks.note((number, mark), at)

    def unmark(self, number: str, mark: Mark, at: float) -> None:
        """It was not, after all."""
        self._marks.forget((number, mark), at)

    def arrived(self, caller: Caller, at: float) -> None:
        """A call of this number reached us."""
        for digits in self._digits:
            if len(caller.number.lstrip("+")) > digits:
                self._arrivals.note((digits, _beginning(caller, digits)), at)

    def marks(self, caller: Caller, mark: Mark) -> Sequence[float]:
        return self._marks[caller.number, mark] if caller.number else ()

    def arrivals(self, caller: Caller, digits: int) -> Sequence[float]:
        return self._arrivals[digits, _beginning(caller, digits)]

    def __len__(self) -> int:
        return len(self._marks) + len(self._arrivals)


def _beginning(caller: Caller, digits: int) -> str:
    return caller.number[: digits + 1] if caller.number.startswith("+") else caller.number[:digits]
