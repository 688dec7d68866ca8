"""Milestones of one call with their offsets; append-only.

Rule 1: every verb of a call notes here what the caller lived through, and nothing else does.
Rule 2: times are seconds since the call reached us; the wall clock is read once, on arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class What(StrEnum):
    """Kinds of milestones, as they read in a timeline."""

    ANSWER = "answer"
    ENTER = "enter"
    PLAY = "play"
    PLAYED = "played"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    SPEECH = "speech"
    DIGIT = "digit"
    SILENCE = "silence"
    TAKE = "take"
    RECORD = "record"
    FILE = "file"
    HAND_OFF = "hand off"
    HANG_UP = "hang up"
    REFUSE = "refuse"
    CALLER_HUNG_UP = "caller hung up"
    ADOPTED = "adopted"
    RESCUED = "rescued"
    CUT = "cut"  # Asterisk went away, and the call with it


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a standard a call is: a procedure and its step, counted from 1."""

    procedure: str
    step: int = 1

    def __str__(self) -> str:
        return f"{self.procedure} {self.step}"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What is left on the channel for a worker that adopts the call."""

    place: Place | None = None
    filed: str = ""  # the key of the last filing before that place
    suspicion: str = ""  # why the caller is a nuisance: a verdict, or an agent's key


class Milestone(NamedTuple):
    """A moment: `at` seconds after arrival."""

    at: float
    what: What
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.at:6.2f}  {self.what}{' ' if self.detail else ''}{self.detail}"


class Journal:
    """What happened on one call, in order."""

    __slots__ = ("_clock", "_milestones", "_start", "filed", "filed_before", "place")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start = clock()
        self._milestones: list[Milestone] = []
        self.place: Place | None = None
        self.filed = 0
        """How much was filed so far."""
        self.filed_before = 0
        """How much of it before the call came to this place: who takes the place again files the rest again."""

    def enter(self, place: Place) -> None:
        """The call is now at this place; a worker that adopts the call goes on from here."""
        self.place, self.filed_before = place, self.filed
        self.note(What.ENTER, str(place))

    def note(self, what: What, detail: str = "") -> None:
        """Add a milestone that happened now."""
        self.filed += what is What.FILE
        self._milestones.append(Milestone(self._clock() - self._start, what, detail))

    @property
    def last(self) -> str:
        """How it ended so far, in one word."""
        return self._milestones[-1].what if self._milestones else "nothing happened"

    def __iter__(self) -> Iterator[Milestone]:
        return iter(self._milestones)

    def __len__(self) -> int:
        return len(self._milestones)

    def __str__(self) -> str:
        return "\n".join(str(m) for m in self._milestones)
