"""Requests in the database: written once, changed only along the table of states, every change in the history.

Rule 1: whoever changes a request takes it first; of two who want the same at once, one is told no.
Rule 2: the history is only added to (S000-C14).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.call import Kind
from ari_app.errors import RequestRefused
from ari_app.hours import Hours
from ari_app.records.database import Database
from ari_app.requests.clocks import Clock, Stage, begin, to_the_minute
from ari_app.requests.letter import Letter, plain
from ari_app.requests.request import Request, read
from ari_app.requests.states import LIVE, State, may
from ari_app.requests.tables import HISTORY, REQUEST, STAGE

EARLY = timedelta(minutes=10)
"""A caller who was promised a time is rung at most so long before it, and by it (S004-O05)."""
ABANDONED = timedelta(minutes=30)
"""A request one of our workers claimed so long ago is open again: that worker has died."""
LONGEST_NOTE = 2000
AT_ONCE = 100
"""Requests looked at in one look."""


class Store:
    """Every request of this hotline. Whatever it is asked may raise StoreUnreachable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------------ filing

    async def file(self, letter: Letter) -> int:
        """Write a filing; the request's id. Of a letter that was written before, only what was not known then is kept:
        whoever adopts a call files again with less, and may be the first to be read.

        A callback to a number that is to be rung already joins the first: who asks twice is rung once.
        """
        try:
            return await self._file(letter)
        except IntegrityError:  # another worker wrote the same between our look and our writing
            return await self._file(letter)

    async def _file(self, letter: Letter) -> int:
        async with self._database.transaction() as connection:
            known = await connection.scalar(sa.select(HISTORY.c.request).where(HISTORY.c.filing == letter.key))
            if known is not None:
                return await self._complete(connection, int(known), letter)
            if letter.kind is Kind.CALLBACK and letter.number:
                twin = (await connection.execute(_live_callback(letter.number).with_for_update())).first()
                if twin is not None:
                    return await self._merge(connection, twin, letter)
            return await self._add(connection, letter)

    async def _complete(self, connection: AsyncConnection, known: int, letter: Letter) -> int:
        row = (await connection.execute(sa.select(REQUEST).where(REQUEST.c.id == known).with_for_update())).one()
        more: dict[str, Any] = {}
        if letter.recording and not row.recording:
            more["recording"] = letter.recording
        pressed = letter.taken and not json.loads(row.taken)
        if pressed and row.state == State.OPEN and not await _is_rung(connection, letter):
            more |= {
                "number": letter.number, "given": letter.given, "refused": letter.refused,
                "confirmed": letter.confirmed, "taken": json.dumps(letter.taken, ensure_ascii=False),
            }  # fmt: skip
        if more:
            await connection.execute(REQUEST.update().where(REQUEST.c.id == known).values(changed_at=letter.at, **more))
            await _note(connection, row, letter.at, "call", "completed", letter.procedure)
        return known

    async def _merge(self, connection: AsyncConnection, twin: Any, letter: Letter) -> int:
        """What was promised first stands; what is new is kept."""
        changes = {
            "asked": twin.asked + 1,
            "changed_at": letter.at,
            "recording": letter.recording or twin.recording,
            "urgent": twin.urgent or letter.urgent,
            "confirmed": twin.confirmed or letter.confirmed,
        }
        await connection.execute(REQUEST.update().where(REQUEST.c.id == twin.id).values(changes))
        await _note(connection, twin, letter.at, "call", "asked again", letter.procedure, filing=letter.key)
        return int(twin.id)

    async def _add(self, connection: AsyncConnection, letter: Letter) -> int:
        stage = begin(letter.clocks, (), letter.at, Hours.always(ZoneInfo(letter.zone)))
        values = {
            "kind": letter.kind, "state": State.OPEN, "procedure": letter.procedure, "standard": letter.standard,
            "zone": letter.zone, "call_id": letter.call_id, "number": letter.number, "given": letter.given,
            "refused": letter.refused, "to": letter.to, "agent": letter.agent, "urgent": letter.urgent,
            "confirmed": letter.confirmed, "recording": letter.recording, "filed_at": letter.at,
            "taken": json.dumps(letter.taken, ensure_ascii=False),
            "clocks": msgspec.json.encode(letter.clocks).decode(),
            "agreed_at": None, "not_before": letter.not_before, "asked": 1, "attempts": 0, "claimed_by": "",
            "changed_at": letter.at, "alarmed": "", **_running(letter.kind, letter.number, stage),
        }  # fmt: skip
        made = await connection.execute(REQUEST.insert().values(values).returning(REQUEST))
        row = made.one()
        if stage is not None:
            await _begin(connection, row.id, 0, stage)
        how = f"{letter.procedure}, added by hand" if letter.by else letter.procedure
        await _note(connection, row, letter.at, letter.by or "call", "filed", how, filing=letter.key)
        return int(row.id)

    # ------------------------------------------------------------------ reading

    async def get(self, number: int) -> Request:
        """One request with its stages and its history. Raises RequestRefused when there is none."""
        async with self._database.reading() as connection:
            row = (await connection.execute(sa.select(REQUEST).where(REQUEST.c.id == number))).first()
            if row is None:
                raise _unknown(number)
            stages = await _stages(connection, number)
            history = (
                await connection.execute(
                    sa.select(HISTORY).where(HISTORY.c.request == number).order_by(HISTORY.c.at, HISTORY.c.id)
                )
            ).all()
        return read(row, stages, history)

    async def listing(
        self,
        states: Collection[State] = LIVE,
        kind: Kind | None = None,
        to: str = "",
        since: datetime | None = None,
        limit: int | None = None,
    ) -> list[Request]:
        """Requests in these states, the urgent first, then those that are due first."""
        wanted = sa.select(REQUEST).where(REQUEST.c.state.in_(states))
        if kind is not None:
            wanted = wanted.where(REQUEST.c.kind == kind)
        if to:
            wanted = wanted.where(REQUEST.c.to == to)
        if since is not None:
            wanted = wanted.where(REQUEST.c.filed_at >= since)
        return await self._read(wanted, limit)

    async def ready(self, now: datetime) -> list[Request]:
        """Those whom we may ring now, as far as the request itself is concerned."""
        waited = sa.or_(REQUEST.c.not_before.is_(None), REQUEST.c.not_before <= now)
        return await self._read(
            sa.select(REQUEST).where(REQUEST.c.state == State.OPEN, REQUEST.c.rung, waited), AT_ONCE
        )

    async def unkept(self, now: datetime) -> list[Request]:
        """Those whose promise is broken and of which nobody was told yet."""
        late = sa.select(REQUEST).where(REQUEST.c.state.in_(LIVE), REQUEST.c.due_at < to_the_minute(now))
        return [request for request in await self._read(late) if request.alarmed != request.promise]

    async def _read(self, wanted: sa.Select[Any], limit: int | None = None) -> list[Request]:
        order = (REQUEST.c.urgent.desc(), REQUEST.c.due_at.is_(None), REQUEST.c.due_at, REQUEST.c.id)
        async with self._database.reading() as connection:
            return [read(row) for row in await connection.execute(wanted.order_by(*order).limit(limit))]

    # ------------------------------------------------------------------ changing

    async def move(self, number: int, then: State, by: str, now: datetime, note: str = "") -> None:
        """A request goes to another state. Raises RequestRefused when that way does not exist."""
        async with self._taken(number) as (connection, row):
            await _go(connection, row, then, by, now, note)

    async def note(self, number: int, by: str, text: str, now: datetime) -> None:
        """Something is added to the history; notes are never changed. Raises RequestRefused for one that is none."""
        if not plain(text, LONGEST_NOTE).strip():
            raise RequestRefused("a note says something: this one is empty")
        async with self._taken(number) as (connection, row):
            await _note(connection, row, now, by, "note", text)

    async def advance(self, number: int, by: str, now: datetime, note: str = "") -> None:
        """The running clock is stopped and the next one begins; after the last the request is done (S002-01 to 06)."""
        async with self._taken(number) as (connection, row):
            if row.state not in LIVE:
                raise RequestRefused(f"request {number} is {row.state}: no clock of it runs")
            ran = read(row, await _stages(connection, number)).stages
            if not ran:
                raise RequestRefused(f"request {number} has no stages; finish it with `hotline requests done {number}`")
            await _stop(connection, row, now)
            ran = read(row, await _stages(connection, number)).stages
            clocks = msgspec.json.decode(row.clocks, type=tuple[Clock, ...])
            stage = begin(clocks, ran, now, Hours.always(ZoneInfo(row.zone)), row.agreed_at)
            if stage is None:
                await _go(connection, row, State.DONE, by, now, note)
                return
            await _begin(connection, number, len(ran), stage)
            anew = {"not_before": None, "attempts": 0, "changed_at": now}
            values = _running(Kind(row.kind), row.number, stage) | anew
            await connection.execute(REQUEST.update().where(REQUEST.c.id == number).values(values))
            await _note(connection, row, now, by, ran[-1].clock.stops or ran[-1].clock.name, note)

    async def promise(self, number: int, at: datetime, by: str, now: datetime) -> None:
        """The caller was promised a time: they are rung by it, and not long before it (S004-O05, S004-I06).

        Raises RequestRefused for a time that is over: nobody could keep it.
        """
        if at < now:
            raise RequestRefused(f"{at:%Y-%m-%d %H:%M} is over: nobody can be rung by then any more")
        async with self._taken(number) as (connection, row):
            if row.state not in LIVE:
                raise RequestRefused(f"request {number} is {row.state}: nothing can be promised any more")
            values = {"agreed_at": at, "due_at": at, "not_before": at - EARLY, "changed_at": now}
            await connection.execute(REQUEST.update().where(REQUEST.c.id == number).values(values))
            running = sa.and_(STAGE.c.request == number, STAGE.c.stopped_at.is_(None))
            await connection.execute(STAGE.update().where(running).values(due_at=at))
            shown = at.astimezone(ZoneInfo(row.zone))
            await _note(connection, row, now, by, "promised", f"{shown:%Y-%m-%d %H:%M}")

    async def tried(
        self, number: int, then: State, by: str, now: datetime, note: str, again: datetime | None, counts: bool = True
    ) -> None:
        """The caller was rung and not reached: again at `again`, or never (`then`)."""
        async with self._taken(number) as (connection, row):
            values = {"attempts": row.attempts + counts, "not_before": again}
            await connection.execute(REQUEST.update().where(REQUEST.c.id == number).values(values))
            await _go(connection, row, then, by, now, note)

    async def alarmed(self, request: Request) -> None:
        """Somebody was told that this promise is broken."""
        told = REQUEST.update().where(REQUEST.c.id == request.id).values(alarmed=request.promise)
        async with self._database.transaction() as connection:
            await connection.execute(told)

    async def redialled(self, number: str, procedure: str, now: datetime) -> str | None:
        """A caller rings by themselves, now, whom we were to ring because their line dropped: nobody rings them
        (CON-28). If it drops again, we do.

        The agent they were with, "" when that is not known; None when nobody waited for them.
        """  # fmt: skip
        async with self._database.transaction() as connection:
            waiting = _live_callback(number).where(
                REQUEST.c.procedure == procedure, REQUEST.c.state == State.OPEN, REQUEST.c.filed_at <= now
            )
            row = (await connection.execute(waiting.with_for_update())).first()
            if row is None:
                return None
            await _go(connection, row, State.CANCELLED, "call", now, "the caller redialled")
            return str(row.agent)

    async def keep(self, number: int, by: str, now: datetime) -> None:
        """Whoever claimed it is still at it."""
        theirs = sa.and_(REQUEST.c.id == number, REQUEST.c.state == State.CLAIMED, REQUEST.c.claimed_by == by)
        async with self._database.transaction() as connection:
            await connection.execute(REQUEST.update().where(theirs).values(changed_at=now))

    async def reopen(self, now: datetime) -> None:
        """What a worker claimed and never finished is open again."""
        left = sa.select(REQUEST).where(
            REQUEST.c.state == State.CLAIMED,
            REQUEST.c.claimed_by.like("worker %"),
            REQUEST.c.changed_at < now - ABANDONED,
        )
        async with self._database.transaction() as connection:
            for row in (await connection.execute(left.with_for_update())).all():
                await _go(connection, row, State.OPEN, "hotline", now, "its worker did not come back")

    async def forget(self, before: datetime) -> None:
        """Who it was is forgotten of requests that have been over so long; that they were, and when, stays."""
        over = sa.and_(REQUEST.c.state.not_in((*LIVE, State.FAILED)), REQUEST.c.changed_at < before)
        known = sa.or_(REQUEST.c.number != "", REQUEST.c.given != "", REQUEST.c.taken != "{}")
        nobody = {"number": "", "given": "", "taken": "{}"}
        async with self._database.transaction() as connection:
            await connection.execute(REQUEST.update().where(over, known).values(nobody))

    @asynccontextmanager
    async def _taken(self, number: int) -> AsyncIterator[tuple[AsyncConnection, Any]]:
        """A request nobody else can change meanwhile."""
        async with self._database.transaction() as connection:
            wanted = sa.select(REQUEST).where(REQUEST.c.id == number).with_for_update()
            row = (await connection.execute(wanted)).first()
            if row is None:
                raise _unknown(number)
            yield connection, row


def _live_callback(number: str) -> sa.Select[Any]:
    return sa.select(REQUEST).where(
        REQUEST.c.kind == Kind.CALLBACK, REQUEST.c.number == number, REQUEST.c.state.in_(LIVE)
    )


def _unknown(number: int) -> RequestRefused:
    return RequestRefused(f"there is no request {number}; `hotline requests list` shows those there are")


def _running(kind: Kind, number: str, stage: Stage | None) -> dict[str, Any]:
    """What is due now, and whether it is for us to ring."""
    clock = None if stage is None else stage.clock
    rung = bool(number) and (kind is Kind.CALLBACK or (clock is not None and clock.dial))
    return {"clock": clock.name if clock else "", "due_at": stage.due if stage else None, "rung": rung}


async def _is_rung(connection: AsyncConnection, letter: Letter) -> bool:
    """Whether that number is to be rung already, for another callback."""
    if letter.kind is not Kind.CALLBACK or not letter.number:
        return False
    return (await connection.execute(_live_callback(letter.number))).first() is not None


async def _stages(connection: AsyncConnection, number: int) -> list[Any]:
    wanted = sa.select(STAGE).where(STAGE.c.request == number).order_by(STAGE.c.position)
    return list((await connection.execute(wanted)).all())


async def _begin(connection: AsyncConnection, number: int, position: int, stage: Stage) -> None:
    values = {"request": number, "position": position, "clock": stage.clock.name, "rule": plain(stage.clock.rule, 120)}
    await connection.execute(STAGE.insert().values(**values, started_at=stage.started, due_at=stage.due))


async def _stop(connection: AsyncConnection, row: Any, now: datetime) -> None:
    running = sa.and_(STAGE.c.request == row.id, STAGE.c.stopped_at.is_(None))
    await connection.execute(STAGE.update().where(running).values(stopped_at=to_the_minute(now)))


async def _go(connection: AsyncConnection, row: Any, then: State, by: str, now: datetime, note: str) -> None:
    if not may(State(row.state), then):
        raise RequestRefused(f"request {row.id} is {row.state}: it cannot become {then}")
    values: dict[str, Any] = {"state": then, "changed_at": now, "claimed_by": ""}
    if then is State.CLAIMED:
        values["claimed_by"] = plain(by, 80)
    if row.state == State.FAILED and then is State.OPEN:  # somebody wants it tried again, from the beginning
        values |= {"attempts": 0, "not_before": None}
    try:
        await connection.execute(REQUEST.update().where(REQUEST.c.id == row.id).values(values))
    except IntegrityError:
        raise RequestRefused(f"request {row.id}: another callback to the same number is open") from None
    if then is State.DONE:
        await _stop(connection, row, now)
    await _note(connection, row, now, by, then, note, state=then)


async def _note(
    connection: AsyncConnection, row: Any, now: datetime, by: str, what: str, note: str,
    state: str = "", filing: str | None = None,
) -> None:  # fmt: skip
    values = {"request": row.id, "at": now, "by": plain(by, 80), "what": plain(what, 40), "state": state or row.state}
    await connection.execute(HISTORY.insert().values(**values, note=plain(note, LONGEST_NOTE), filing=filing))
