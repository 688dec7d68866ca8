"""Call records in the database: added exactly once, found again, forgotten in time.

Rule 1: adding is idempotent: a part is known by its call and its own id, and the line of a call is derived anew
from all its parts, so order and repetition do not matter.
Rule 2: two workers may add to the same call at once; the line of the call is the lock.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.records.database import Database
from ari_app.records.facts import CallRecord, Service, Stint, together
from ari_app.records.tables import CALLS, PARTS

PAGE = 200
"""Calls read at a time: an export of a year is no reason to fill the memory."""


class Calls:
    """The calls in a database. Every method raises StoreUnreachable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, records: Iterable[CallRecord]) -> None:
        """All of these are kept, or none; what is there already stays as it is."""
        added = sorted(together(records), key=lambda record: record.id)  # in one order, or two workers wait in a ring
        if not added:
            return
        async with self._database.transaction() as connection:
            await _insert(connection, CALLS, [_line(record) for record in added])
            ids = [record.id for record in added]
            lock = sa.select(CALLS.c.id).where(CALLS.c.id.in_(ids)).order_by(CALLS.c.id).with_for_update()
            await connection.execute(lock)
            await _insert(connection, PARTS, [row for record in added for row in _rows(record)])
            whole = [{"call": record.id, **_line(record)} for record in await _whole(connection, ids)]
            await connection.execute(sa.update(CALLS).where(CALLS.c.id == sa.bindparam("call")), whole)

    async def get(self, call_id: str) -> CallRecord | None:
        """One call."""
        async with self._database.reading() as connection:
            return next(iter(await _whole(connection, [call_id])), None)

    async def find(
        self,
        since: float | None = None,
        until: float | None = None,
        *,
        numbers: Sequence[str] = (),
        outcome: str = "",
        newest: int | None = None,
    ) -> AsyncGenerator[CallRecord, None]:
        """Calls that began in [since, until), oldest first; only the `newest` so many of them.

        One of `numbers` must be the caller's, as it is kept, or the one dialled.
        """
        wanted = sa.select(CALLS.c.id, CALLS.c.began)
        if since is not None:
            wanted = wanted.where(CALLS.c.began >= since)
        if until is not None:
            wanted = wanted.where(CALLS.c.began < until)
        if numbers:
            wanted = wanted.where(sa.or_(CALLS.c.number.in_(numbers), CALLS.c.dialled.in_(numbers)))
        if outcome:
            wanted = wanted.where(CALLS.c.outcome == outcome)
        async with self._database.reading() as connection:
            order = (CALLS.c.began, CALLS.c.id)
            if newest is None:
                ids = list((await connection.execute(wanted.order_by(*order))).scalars())
            else:
                latest = wanted.order_by(*(column.desc() for column in order)).limit(newest)
                ids = list((await connection.execute(latest)).scalars())[::-1]
            for start in range(0, len(ids), PAGE):
                page = ids[start : start + PAGE]
                found = {record.id: record for record in await _whole(connection, page)}
                for call_id in page:
                    if call_id in found:
                        yield found[call_id]

    async def forget(self, before: float) -> int:
        """Calls that began before this moment are deleted; how many."""
        async with self._database.transaction() as connection:
            old = sa.select(CALLS.c.id).where(CALLS.c.began < before)
            await connection.execute(sa.delete(PARTS).where(PARTS.c.call_id.in_(old)))
            gone = await connection.execute(sa.delete(CALLS).where(CALLS.c.began < before))
            return int(gone.rowcount)


def dump(record: CallRecord) -> bytes:
    """A record in one line of JSON."""
    return msgspec.json.encode(record)


def parse(line: bytes) -> CallRecord:
    """The record in a line. Raises ValueError when it is none."""
    return _RECORD.decode(line)


_RECORD = msgspec.json.Decoder(CallRecord)
_STINT = msgspec.json.Decoder(Stint)
_SERVICE = msgspec.json.Decoder(Service)


def _line(record: CallRecord) -> dict[str, object]:
    first = record.first
    return {
        "id": record.id,
        "began": record.began,
        "number": first.number if first else "",
        "dialled": first.dialled if first else "",
        "outcome": str(record.outcome),
    }


def _rows(record: CallRecord) -> list[dict[str, str]]:
    parts = [("stint", part.id, part) for part in record.stints]
    told = [("service", part.id, part) for part in record.services]
    return [
        {"call_id": record.id, "part_id": f"{kind} {part_id}", "content": msgspec.json.encode(part).decode()}
        for kind, part_id, part in (*parts, *told)
    ]


async def _whole(connection: AsyncConnection, ids: list[str]) -> list[CallRecord]:
    """These calls with all their parts."""
    found = await connection.execute(sa.select(PARTS).where(PARTS.c.call_id.in_(ids)))
    return list(together(_part(row.call_id, row.part_id, row.content) for row in found))


def _part(call_id: str, part_id: str, content: str) -> CallRecord:
    if part_id.startswith("service "):
        return CallRecord(call_id, (), (_SERVICE.decode(content),))
    return CallRecord(call_id, (_STINT.decode(content),))


async def _insert(
    connection: AsyncConnection, table: sa.Table, rows: list[dict[str, object]] | list[dict[str, str]]
) -> None:
    """Rows that are not there yet."""
    if not rows:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    await connection.execute(insert(table).on_conflict_do_nothing(), rows)
