"""Requests for eyes and for spreadsheets.

Rule: a cell is text, whatever a caller made of it; no cell begins as a formula does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from ari_app.requests.request import Request

COLUMNS = (
    "id", "kind", "state", "procedure", "standard", "to", "filed", "clock", "due", "late", "promised", "asked",
    "attempts", "number", "given", "number_refused", "confirmed", "urgent", "agent", "claimed_by", "recording", "call",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """Date and time to the minute, on the wall there."""
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def as_object(request: Request, now: datetime) -> dict[str, str | int | bool]:
    """One request, flat, for machines."""
    zone = request.zone
    return {
        "id": request.id, "kind": request.kind, "state": request.state, "procedure": request.procedure,
        "standard": request.standard, "to": request.to, "filed": moment(request.filed_at, zone),
        "clock": request.clock, "due": moment(request.due_at, zone), "late": request.late(now),
        "promised": moment(request.agreed_at, zone), "asked": request.asked, "attempts": request.attempts,
        "number": request.number, "given": request.given, "number_refused": request.refused,
        "confirmed": request.confirmed, "urgent": request.urgent, "agent": request.agent,
        "claimed_by": request.claimed_by, "recording": request.recording, "call": request.call_id,
    }  # fmt: skip


def table(requests: Iterable[Request], now: datetime) -> str:
    """Comma-separated values with a line of names (RFC 4180)."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    for request in requests:
        rows.writerow([_cell(value) for value in as_object(request, now).values()])
    return written.getvalue()


def _cell(value: str | int | bool) -> str:
    """Text that a spreadsheet shows and does not reckon: a telephone number with a plus gets an apostrophe, too."""
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def page(request: Request, now: datetime) -> list[str]:
    """One request for a person: what, for whom, by when, and everything that happened."""
    zone = request.zone
    late = ", LATE" if request.late(now) else ""
    told = [f"request {request.id}: {request.kind}, {request.state}{', urgent' if request.urgent else ''}"]
    facts = {
        "filed": f"{moment(request.filed_at, zone)} {'by procedure' if request.call_id else 'by hand, for'} "
        + request.procedure
        + (f" of {request.standard}" if request.standard else ""),
        "for": request.to,
        "number": request.number or request.given,
        "not rung": f"the number {request.refused}" if request.refused else "",
        "read back": "the caller confirmed it" if request.confirmed else "",
        "due": f"{moment(request.due_at, zone)} ({request.clock or 'promised'}){late}" if request.due_at else "",
        "promised for": moment(request.agreed_at, zone),
        "not before": moment(request.not_before, zone),
        "asked for": f"{request.asked} times" if request.asked > 1 else "",
        "rung": f"{request.attempts} times" if request.attempts else "",
        "agent": request.agent,
        "claimed by": request.claimed_by,
        "recording": request.recording,
        "call": request.call_id,
        **{f"taken: {name}": value for name, value in request.taken.items()},
    }
    told += [f"  {name:<13} {value}" for name, value in facts.items() if value]
    told += [""] if request.stages else []
    for stage in request.stages:
        kept = {True: "in time", False: "LATE", None: "runs"}[stage.kept]
        stopped = f"{moment(stage.stopped, zone)} {stage.clock.stops}" if stage.stopped else ""
        due = f"due {moment(stage.due, zone)}" if stage.due else "no due time"
        told.append(
            f"  {stage.clock.name}: {moment(stage.started, zone)} {stage.clock.starts}, {due}, {stopped or kept}"
            + (f", {kept}" if stopped else "")
            + (f" [{stage.clock.rule}]" if stage.clock.rule else "")
        )
    told.append("")
    for event in request.history:
        note = f"  {event.note}" if event.note else ""
        told.append(f"  {moment(event.at, zone)}  {event.what} ({event.state}) by {event.by}{note}")
    return told
