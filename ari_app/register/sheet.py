"""The register as a spreadsheet: out and in again, the same.

Rule: no cell is a formula to any spreadsheet: what looks like one is written with an apostrophe before it, which
is taken off when it is read again. See https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, TypeVar

from ari_app.errors import HotlineError
from ari_app.procedures.screening import Treatment
from ari_app.register.entries import Entry
from ari_app.register.numbers import HOME, BrokenPattern, pattern

COLUMNS = (
    "pattern",
    "treatment",
    "reason",
    "expires",
    "evidence",
    "entered_by",
    "entered_at",
    "score",
    "scored_at",
    "under_review",
)
_FORMULA = frozenset("=+-@'\t\r\n＝＋－＠")
_NEEDED = ("pattern", "treatment")

Otherwise = TypeVar("Otherwise", float, None)


class BrokenSheet(HotlineError):
    """A sheet that cannot be the register."""


def safe(cell: str) -> str:
    """A cell no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip()[:1] in _FORMULA and cell.strip() else cell


def unsafe(cell: str) -> str:
    """What was meant by a safe cell."""
    return cell[1:] if cell[:1] == "'" and cell[1:].lstrip()[:1] in _FORMULA and cell[1:].strip() else cell


def write(entries: Iterable[Entry], sheet: IO[str]) -> int:
    """A line for each entry, below a line of headings; how many."""
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    written = 0
    for entry in entries:
        writer.writerow(safe(cell) for cell in _cells(entry))
        written += 1
    return written


def _cells(entry: Entry) -> Iterator[str]:
    yield str(entry.pattern)
    yield entry.treatment.value
    yield entry.reason
    yield _moment(entry.expires)
    yield " ".join(entry.evidence)
    yield entry.entered_by
    yield _moment(entry.entered_at)
    yield "" if entry.score is None else repr(entry.score)
    yield _moment(None if entry.score is None else entry.scored_at)
    yield "yes" if entry.under_review else ""


def read(sheet: Iterable[str], *, by: str, at: float, home: str = HOME) -> Iterator[Entry]:
    """The entries of a sheet, in its order; only `pattern` and `treatment` must be there.

    Raises BrokenSheet with the line; the message does not repeat what stands there. What is no text at all is told by
    whoever decodes it.
    """
    lines = csv.reader(sheet, strict=True)
    try:
        headings = [heading.strip().lower() for heading in next(lines, [])]
        for missing in (needed for needed in _NEEDED if needed not in headings):
            raise BrokenSheet(f"line 1: there is no column {missing!r}; {_why_missing(headings)}")
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield _entry(dict(zip(headings, map(unsafe, cells), strict=False)), lines.line_num, by, at, home)
    except csv.Error as problem:
        raise BrokenSheet(f"line {lines.line_num}: cannot be read: {problem}") from None


def _why_missing(headings: list[str]) -> str:
    for sign, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(headings) == 1 and sign in headings[0]:
            return f"its columns are kept apart by {name}: save it with commas"
    return "the first line names the columns, kept apart by commas"


def _entry(cells: Mapping[str, str], line: int, by: str, at: float, home: str) -> Entry:
    def cell(name: str) -> str:
        return cells.get(name, "").strip()

    try:
        score = float(cell("score")) if cell("score") else None
        return Entry(
            pattern=pattern(cell("pattern"), home),
            treatment=Treatment(cell("treatment").lower()),
            reason=cells.get("reason", ""),
            evidence=tuple(cell("evidence").split()),
            entered_by=cell("entered_by") or by,
            entered_at=_seconds(cell("entered_at"), at),
            expires=_seconds(cell("expires"), None),
            score=score,
            scored_at=_seconds(cell("scored_at"), at) if score is not None else 0,
            under_review=cell("under_review").lower() in ("yes", "true", "1"),
        )
    except BrokenPattern as problem:
        raise BrokenSheet(f"line {line}: {problem}") from None
    except (ValueError, OverflowError):
        what = "a treatment is allow, challenge, station or reject; a time is 2026-12-31 or 2026-12-31T18:00+08:00"
        raise BrokenSheet(f"line {line}: {what}; a score is a number") from None


def _moment(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _seconds(written: str, otherwise: Otherwise) -> float | Otherwise:
    if not written:
        return otherwise
    moment = datetime.fromisoformat(written)
    return (moment if moment.tzinfo else moment.astimezone()).timestamp()
