"""What is told together, at its time: the digest of messages, and the report of the night.

Rule 1: pure. What is urgent was told at once and is not in a batch (S004-C04).
Rule 2: nothing open is left out of every report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ari_app.hours import Hours
from ari_app.requests.clocks import at_night
from ari_app.requests.request import Request

ANYBODY = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """What is open, by whom it is for; urgent ones apart."""

    urgent: tuple[Request, ...]
    batches: Mapping[str, tuple[Request, ...]]

    def __len__(self) -> int:
        return len(self.urgent) + sum(len(batch) for batch in self.batches.values())


def digest(requests: Iterable[Request]) -> Digest:
    """Everything open, collected for each reader and in order: what is due first stands first (S004-C04)."""
    live = sorted((request for request in requests if request.live), key=_order)
    batches: dict[str, tuple[Request, ...]] = {}
    for request in live:
        if not request.urgent:
            batches[request.to] = (*batches.get(request.to, ()), request)
    return Digest(tuple(request for request in live if request.urgent), dict(sorted(batches.items())))


def night_report(requests: Iterable[Request], morning: datetime, hours: Hours | None = None) -> Digest:
    """What came at night, could not be done and was not urgent: for the leader, the next day (S000-C12).

    What was carried over from earlier nights and is still open is in it. Without `hours`, night is 22:00 to 07:00 in
    each request's own zone.
    """
    return digest(
        request
        for request in requests
        if not request.urgent and request.filed_at < morning and at_night(request.filed_at, hours or request.hours)
    )


def lines(told: Digest, now: datetime) -> list[str]:
    """The digest as people read it. Numbers are callers' text: print it for those who may see them, log it nowhere."""
    if not len(told):
        return ["nothing is open"]
    written = [f"urgent, told at once and still open: {len(told.urgent)}"] if told.urgent else []
    written += [f"  {line(request, now)}" for request in told.urgent]
    for to, batch in told.batches.items():
        written.append(f"for {to or 'anybody'}: {len(batch)}, {sum(request.late(now) for request in batch)} late")
        written += [f"  {line(request, now)}" for request in batch]
    return written


def line(request: Request, now: datetime) -> str:
    """One request in one line."""
    due = f"due {request.due_at.astimezone(request.zone):%m-%d %H:%M}" if request.due_at else "no clock"
    told = [f"#{request.id}", request.kind, request.procedure, due]
    if request.late(now):
        told.append("LATE")
    if request.asked > 1:
        told.append(f"asked {request.asked} times")
    if request.attempts:
        told.append(f"rung {request.attempts} times")
    told.append(request.number or request.given or "no number")
    if request.refused:
        told.append(f"not rung: the number {request.refused}")
    if request.recording:
        told.append(f"recording {request.recording}")
    return "  ".join(told)


def _order(request: Request) -> tuple[bool, datetime, int]:
    return request.due_at is None, request.due_at or request.filed_at, request.id
