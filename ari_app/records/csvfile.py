"""Records as a table for spreadsheets: one line per call.

Rule: a cell is text. One that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

from ari_app.records.facts import CallRecord

DANGEROUS = tuple("=+-@\t\r\n＝＋－＠|")
"""What may begin a formula, in one spreadsheet or another: https://owasp.org/www-community/attacks/CSV_Injection"""
COLUMNS = (
    "call", "began (UTC)", "seconds", "caller", "dialled", "language", "standard", "version", "worker", "doors",
    "verdict", "procedures", "prompts", "heard", "waits", "waits kept", "queue", "queue wait", "agent", "talked",
    "hung up by", "outcome",
)  # fmt: skip


class _Writes(Protocol):
    def write(self, text: str, /) -> object: ...


def write(records: Iterable[CallRecord], file: _Writes, *, header: bool = True) -> None:
    """RFC 4180, UTF-8; begin with `header`."""
    writer = csv.writer(file)
    if header:
        writer.writerow(COLUMNS)
    for record in records:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in _cells(record)])


def harmless(cell: str) -> str:
    """A cell no spreadsheet reckons with."""
    return f"'{cell}" if cell.lstrip(" ").startswith(DANGEROUS) else cell


def _cells(record: CallRecord) -> list[str | float | int | None]:
    first, last = record.first, record.last
    entered = [entered.procedure for stint in record.stints for entered in stint.procedures]
    heard = [heard.what for stint in record.stints for heard in stint.heard]
    return [
        record.id,
        datetime.fromtimestamp(record.began, UTC).isoformat(timespec="milliseconds"),
        round(record.ended - record.began, 3),
        first.number if first else "",
        first.dialled if first else "",
        last.language if last else "",
        first.standard if first else "",
        first.version if first else "",
        first.worker if first else "",
        " ".join(stint.door for stint in record.stints),
        first.verdict if first else "",
        " ".join(entered),
        " ".join(f"{said.name}:{said.end}" for said in record.prompts),
        " ".join(heard),
        len(record.waits),
        sum(wait.kept for wait in record.waits),
        next((stint.queue for stint in reversed(record.stints) if stint.queue), ""),
        record.queue_wait,
        record.agent,
        record.talked,
        str(record.released_by),
        str(record.outcome),
    ]
