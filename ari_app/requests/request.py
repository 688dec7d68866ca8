"""A request as people read it: what is to be done, for whom, by when, and what became of it.

Rule: frozen facts, read from the database in one view.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ari_app.call import Kind
from ari_app.hours import Hours
from ari_app.requests.clocks import Clock, Stage, overdue
from ari_app.requests.states import LIVE, State


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a request's history: who did what, and the state after it."""

    at: datetime
    by: str
    what: str
    state: State
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """Something a call left behind for people to do. Number and what was taken are hostile text."""

    id: int
    kind: Kind
    state: State
    procedure: str
    standard: str
    zone: ZoneInfo
    call_id: str
    to: str
    agent: str
    urgent: bool
    rung: bool
    confirmed: bool
    recording: str
    filed_at: datetime
    clock: str
    due_at: datetime | None
    agreed_at: datetime | None
    not_before: datetime | None
    asked: int
    attempts: int
    claimed_by: str
    changed_at: datetime
    alarmed: str
    refused: str
    number: str = field(repr=False)
    given: str = field(repr=False)
    taken: dict[str, str] = field(repr=False)
    clocks: tuple[Clock, ...] = ()
    stages: tuple[Stage, ...] = ()
    history: tuple[Event, ...] = ()

    @property
    def live(self) -> bool:
        """Whether there is still something to do."""
        return self.state in LIVE

    @property
    def running(self) -> Clock | None:
        """The clock that runs."""
        return next((clock for clock in self.clocks if clock.name == self.clock), None)

    def late(self, now: datetime) -> bool:
        """Whether its promise is broken."""
        return self.live and overdue(self.due_at, now)

    @property
    def promise(self) -> str:
        """Which promise it is about, and until when: what somebody is alarmed for once."""
        return f"{self.clock} {self.due_at:%Y-%m-%dT%H:%M}" if self.due_at else self.clock

    @property
    def hours(self) -> Hours:
        """Its days and nights: those of the zone in which it was promised."""
        return Hours.always(self.zone)


def read(row: Any, stages: Sequence[Any] = (), history: Sequence[Any] = ()) -> Request:
    """A request from its row, its stages and its history."""
    facts = dict(row._mapping)
    clocks = msgspec.json.decode(facts.pop("clocks"), type=tuple[Clock, ...])
    by_name = {clock.name: clock for clock in clocks}
    return Request(
        **facts
        | {
            "kind": Kind(facts["kind"]),
            "state": State(facts["state"]),
            "zone": ZoneInfo(facts["zone"]),
            "taken": json.loads(facts["taken"]),
            "clocks": clocks,
            "stages": tuple(Stage(by_name[s.clock], s.started_at, s.due_at, s.stopped_at) for s in stages),
            "history": tuple(Event(h.at, h.by, h.what, State(h.state), h.note) for h in history),
        }
    )
