"""What a switchboard hands on about its calls: what was filed, and what happened. Nothing here may hold up a call.

Rule 1: handing on never waits and never fails a call; who takes it in keeps it (ari_app/back_office.py).
Rule 2: without anybody to take it in, calls are served all the same, and the log tells of what is lost.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Protocol

from ari_app.call import Arrival, CallId, Filing
from ari_app.journal import Journal
from ari_app.standard import Standard

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stint:
    """One stay of a caller with us: a call that comes back from the queue has several."""

    call_id: CallId
    arrival: Arrival
    standard: Standard
    began: float  # seconds since 1970, by the wall clock
    journal: Journal = field(repr=False)


class Office(Protocol):
    """Who takes in what calls leave behind."""

    def verdict(self, call_id: str, arrival: Arrival, standard: Standard) -> str:
        """What screening says of this caller: "" lets them in, "challenge", "station". At once, from memory."""

    def place(self, call_id: str) -> bool:
        """Whether there is a place at the automated station for this caller; it is theirs until the stint is over."""

    def returning(self, arrival: Arrival) -> str:
        """The agent (an interface) with whom this caller's line broke off a moment ago; "": it did not."""

    def file(self, stint: Stint, filing: Filing) -> None:
        """Something is left for people to do."""

    def over(self, stint: Stint) -> None:
        """A stint is over; its journal is complete."""


class NoOffice:
    """Nobody: everybody is let in, and the log says how each call ended."""

    def verdict(self, call_id: str, arrival: Arrival, standard: Standard) -> str:
        return ""

    def place(self, call_id: str) -> bool:
        return True

    def returning(self, arrival: Arrival) -> str:
        return ""

    def file(self, stint: Stint, filing: Filing) -> None:
        log.warning("a %s was filed by %s and is kept nowhere", filing.kind, filing.procedure)

    def over(self, stint: Stint) -> None:
        log.debug("journal\n%s", stint.journal)
        log.info("call over after %d milestones: %s", len(stint.journal), stint.journal.last)
