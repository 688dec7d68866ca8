"""Reading the register's tables: entries, their changes, the marks of finished calls.

Rule: one page at a time, so that a million rows never stand in a call's way.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ari_app.procedures.screening import Mark
from ari_app.records.database import Database
from ari_app.register.entries import Batch, Entry, of_row
from ari_app.register.tables import CHANGES, ENTRIES, MARKS

AT_ONCE = 2000
"""Rows of one transaction: nobody else who writes waits longer for it than they are patient."""


@dataclass(frozen=True, slots=True)
class Change:
    """One entry's change; `before` or `after` is None when there was or is no entry."""

    seq: int
    batch: Batch
    at: float
    by: str
    what: str
    entry: int
    before: Entry | None = field(repr=False)
    after: Entry | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Marked:
    """A finished call of no use to anybody, or (withdrawn) one that was called so by mistake."""

    seq: int
    number: str = field(repr=False)
    mark: Mark
    call: str
    at: float
    withdrawn: bool


_NEWEST = sa.select(*(sa.select(sa.func.max(table.c.seq)).scalar_subquery() for table in (CHANGES, MARKS)))


class Reading:
    """The register's tables, read only. Raises StoreUnreachable from every verb when the database is away."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def pages(self, *columns: str, under_review: bool = False) -> AsyncIterator[Sequence[sa.Row[Any]]]:
        """Every entry in the order they were entered, page by page; only these columns and the id, when given."""
        wanted = [ENTRIES.c[name] for name in ("id", *columns)] if columns else [ENTRIES]
        query = sa.select(*wanted).order_by(ENTRIES.c.id).limit(AT_ONCE // 2)
        if under_review:
            query = query.where(ENTRIES.c.under_review)
        last, rows = 0, None
        while rows is None or rows:
            async with self._database.reading() as connection:
                rows = (await connection.execute(query.where(ENTRIES.c.id > last))).all()
            if rows:
                yield rows
                last = rows[-1].id

    async def all(self, under_review: bool = False) -> AsyncIterator[Entry]:
        """Every entry, in the order they were entered."""
        async for rows in self.pages(under_review=under_review):
            for row in rows:
                yield of_row(row._asdict())

    async def by_id(self, ids: Iterable[int]) -> dict[int, Entry]:
        query = sa.select(ENTRIES).where(ENTRIES.c.id.in_(list(ids)))
        async with self._database.reading() as connection:
            return {row.id: of_row(row._asdict()) for row in await connection.execute(query)}

    async def newest(self) -> tuple[int, int]:
        """The last change and the last mark written so far; 0 for none. One small question, asked at every look."""
        async with self._database.reading() as connection:
            changed, marked = (await connection.execute(_NEWEST)).one()
            return changed or 0, marked or 0

    async def changes(self, after: int, gaps: Iterable[int] = (), limit: int = AT_ONCE) -> list[Change]:
        """Changes written since, and those of `gaps` that have come true meanwhile."""
        newer = sa.or_(CHANGES.c.seq > after, CHANGES.c.seq.in_(list(gaps)))
        query = sa.select(CHANGES).where(newer).order_by(CHANGES.c.seq).limit(limit)
        async with self._database.reading() as connection:
            return [change_of(row) for row in await connection.execute(query)]

    async def latest_changes(self, limit: int, entry: int | None = None) -> list[Change]:
        """The last changes, the newest first."""
        query = sa.select(CHANGES).order_by(CHANGES.c.seq.desc()).limit(limit)
        if entry is not None:
            query = query.where(CHANGES.c.entry == entry)
        async with self._database.reading() as connection:
            return [change_of(row) for row in await connection.execute(query)]

    async def marks(
        self, after: int, gaps: Iterable[int] = (), since: float = 0, limit: int = AT_ONCE, number: str | None = None
    ) -> list[Marked]:
        """Marks written since, and those of `gaps` that have come true meanwhile."""
        newer = sa.or_(MARKS.c.seq > after, MARKS.c.seq.in_(list(gaps)))
        query = sa.select(MARKS).where(newer, MARKS.c.at >= since).order_by(MARKS.c.seq).limit(limit)
        if number is not None:
            query = query.where(MARKS.c.number == number)
        async with self._database.reading() as connection:
            return [marked_of(row) for row in await connection.execute(query)]


def change_of(row: sa.Row[Any]) -> Change:
    def entry(remembered: Mapping[str, Any] | None) -> Entry | None:
        return of_row(remembered) if remembered is not None else None

    return Change(row.seq, row.batch, row.at, row.by, row.what, row.entry, entry(row.before), entry(row.after))


def marked_of(row: sa.Row[Any]) -> Marked:
    return Marked(row.seq, row.number, Mark(row.mark), row.call, row.at, row.withdrawn)
