"""The register of a running worker: it answers at once, whatever the database does, and follows it."""

from __future__ import annotations

import asyncio
import itertools
import logging
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from ari_app.errors import StoreUnreachable
from ari_app.procedures.screening import (
    Admit,
    Burst,
    Caller,
    Challenge,
    Divert,
    Mark,
    Reason,
    Repeat,
    Screening,
    Treatment,
)
from ari_app.records.database import Database
from ari_app.register import live as live_module
from ari_app.register.entries import Entry
from ari_app.register.live import LiveRegister, Sequel
from ari_app.register.numbers import identify, pattern
from ari_app.register.store import Store
from ari_app.register.tables import CHANGES
from tests.register.conftest import DAY, NOON, Clock, beside

SENT = "13800138000"
CALLER = identify(SENT)
RULES = Screening()


def entry(written: str = SENT, treatment: Treatment = Treatment.STATION) -> Entry:
    return Entry(pattern(written), treatment, entered_at=NOON)


def screened(register: LiveRegister, rules: Screening = RULES, at: float = NOON, number: str = SENT) -> object:
    return register.screen(number, "4008123123", rules, datetime.fromtimestamp(at, UTC))[1]


async def test_before_it_is_loaded_everybody_is_admitted(store: Store, clock: Clock) -> None:
    await store.add([entry()], "ada")
    register = LiveRegister(store, clock=clock)
    assert screened(register) == Admit(Reason.NOTHING_KNOWN)
    await register.load()
    assert isinstance(screened(register), Divert)


async def test_another_workers_change_is_seen_at_the_next_look(store: Store, live: LiveRegister) -> None:
    batch = await store.add([entry(), entry("+86170*", Treatment.CHALLENGE)], "ada")
    assert isinstance(screened(live), Admit)
    await live.poll()
    assert isinstance(screened(live), Divert) and isinstance(screened(live, number="17012345678"), Challenge)
    await store.undo(batch, "ada")
    await live.poll()
    assert isinstance(screened(live), Admit) and isinstance(screened(live, number="17012345678"), Admit)


async def test_a_change_committed_late_is_seen_although_later_ones_were(
    store: Store, live: LiveRegister, database: Database
) -> None:
    """On PostgreSQL a transaction takes its number when it writes and is seen when it commits."""
    await store.add([entry("13900139000"), entry(), entry("13700137000")], "ada")
    async with database.transaction() as connection:
        (late,) = (await connection.execute(sa.select(CHANGES).where(CHANGES.c.seq == 2))).all()
        await connection.execute(CHANGES.delete().where(CHANGES.c.seq == 2))
    await live.poll()
    assert isinstance(screened(live), Admit) and isinstance(screened(live, number="13700137000"), Divert)
    async with database.transaction() as connection:
        await connection.execute(CHANGES.insert(), [late._asdict()])
    await live.poll()
    assert isinstance(screened(live), Divert)


def test_a_number_that_never_comes_is_waited_for_only_so_long() -> None:
    sequel = Sequel(10)
    sequel.read([11, 14], now=0)
    assert (sequel.seen, sequel.gaps) == (14, [12, 13])
    sequel.read([12], now=1)
    assert sequel.gaps == [13]
    sequel.read([], now=live_module.LATE + 1)
    assert sequel.gaps == []


async def test_an_agents_report_sends_the_caller_to_the_station_and_is_taken_back(
    live: LiveRegister, clock: Clock
) -> None:
    """S000-28: the first time by the agent's key, the next time straight away; a mistake is undone."""
    async with beside(live._write()):
        live.report(CALLER, "1.1", "agent 1001")
        assert isinstance(screened(live), Admit)  # the call did not wait for the database
        await live.settled()
        verdict = screened(live)
        assert isinstance(verdict, Divert) and verdict.reason is Reason.LISTED
        live.review(verdict, "1.2")
        await live.settled()
        assert live.lookup(CALLER)[0].under_review
        assert isinstance(screened(live, at=NOON + 31 * DAY), Admit)
        live.withdraw("1.1", "agent 1001")  # the review came after it: the report stays for a person to see
        await live.settled()
        assert isinstance(screened(live), Divert)


async def test_marks_of_finished_calls_count_on_every_worker(store: Store, live: LiveRegister, clock: Clock) -> None:
    rules = Screening(repeats=(Repeat(Mark.SILENT, 2, 60, Treatment.CHALLENGE, 600),))
    other = LiveRegister(store, clock=clock)
    await other.load()
    async with beside(live._write()):
        live.note(CALLER, Mark.SILENT, "1.1")
        live.note(CALLER, Mark.SILENT, "1.2")
        live.note(Caller(), Mark.SILENT, "1.3")
        await live.settled()
        await other.poll()
        assert screened(live, rules) == screened(other, rules) == Challenge(Reason.SILENT)
        third = LiveRegister(store, clock=clock)
        await third.load()
        assert screened(third, rules) == Challenge(Reason.SILENT)


async def test_a_burst_is_counted_as_it_arrives(live: LiveRegister) -> None:
    rules = Screening(bursts=(Burst(7, 3, 60, Treatment.CHALLENGE, 600),))
    live.use([rules])
    verdicts = [screened(live, rules, number=f"138001380{n:02}") for n in range(3)]
    assert verdicts == [Admit(), Admit(), Challenge(Reason.BURST)]
    assert screened(live, rules, number="13900139000") == Admit()


async def test_what_cannot_be_judged_is_admitted(live: LiveRegister) -> None:
    broken = Screening(half_life=0)
    live._index.put([(1, pattern(SENT), Entry(pattern(SENT), Treatment.STATION, score=1.0).listing)])
    assert screened(live, broken) == Admit()


async def test_more_changes_than_memory_wants_beside_it_are_loaded_anew(
    store: Store, live: LiveRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "RELOAD_ABOVE", 1)
    await store.add([entry(), entry("13900139000"), entry("+86170*")], "ada")
    await live.poll()
    assert len(live._index._columns) == 0 and live._index.beside > 1
    live.loaded.clear()
    async with beside(live._follow()):
        await live.loaded.wait()
        assert isinstance(screened(live), Divert) and len(live._index._columns) == 2


async def test_a_database_that_is_away_changes_no_verdict_loses_no_report_and_is_told_of_once(
    tmp_path: object, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried once a second: an hour's outage was thousands of lines in the log."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(live_module, "POLL", 0.01)
    database = await Database.open(f"sqlite:///{tmp_path}/away.db")
    store = Store(database, clock)
    await store.add([entry("13900139000")], "ada")
    register = LiveRegister(store, clock=clock)
    await register.load()
    away, tries = asyncio.Event(), itertools.count(1)

    class Away(Store):
        async def report(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
            if (tried := next(tries)) <= 5:
                if tried == 5:
                    away.set()
                raise StoreUnreachable("the database is away")
            return await super().report(*args, **kwargs)  # type: ignore[arg-type]

    register._store = Away(database, clock)
    async with beside(register._write()):
        register.report(CALLER, "1.1", "agent 1001")
        await away.wait()
        assert isinstance(screened(register, number="13900139000"), Divert)
        await register.settled()
        assert isinstance(screened(register), Divert)
    assert [caplog.text.count(words) for words in (f"{live_module.UNWRITTEN}: ", "no longer so")] == [1, 1]
    await database.close()


async def test_what_was_written_is_not_written_again_because_it_cannot_be_read(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one silent call counts as many times as the database took to come back."""
    register = LiveRegister(store, clock=clock)
    await register.load()
    unread = itertools.count(1)

    class Blind(Store):
        async def newest(self) -> tuple[int, int]:
            if next(unread) <= 3:
                raise StoreUnreachable("the database is away")
            return await super().newest()

    register._store = Blind(store._database, clock)
    async with beside(register._write()):
        register.note(CALLER, Mark.SILENT, "1.1")
        await register.settled()
    assert len(await store.marks(0, (), 0)) == 1
