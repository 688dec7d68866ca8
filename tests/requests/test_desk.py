"""The desk: filing is instant and safe, whatever becomes of database and disk."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from ari_app.call import Kind
from ari_app.errors import StoreUnreachable
from ari_app.records.database import Database
from ari_app.requests import desk as desk_module
from ari_app.requests.desk import Desk
from ari_app.requests.letter import URGENT
from ari_app.requests.settings import RequestsSettings
from ari_app.requests.states import State
from ari_app.requests.store import Store
from tests.records.stubborn import Stubborn
from tests.requests.office import NUMBER, OTHER, Office, Wall, filing, settings


class Line:
    """The way to the database, which can be cut."""

    def __init__(self, database: Database) -> None:
        self.database, self.cut = database, False

    async def __call__(self) -> Database:
        if self.cut:
            raise StoreUnreachable("the line is cut; mend it")
        return self.database


@pytest.fixture
def line(database: Database) -> Line:
    return Line(database)


def desk_of(line: Callable[[], object], given: RequestsSettings, wall: Wall, worker: str = "1") -> Desk:
    return Desk(line, given, worker, wall)  # type: ignore[arg-type]


@pytest.fixture
def desk(line: Line, tmp_path: Path, wall: Wall) -> Desk:
    return desk_of(line, settings(tmp_path), wall)


def file_many(desk: Desk, count: int) -> None:
    for n in range(count):
        desk.file(f"call-{n}", NUMBER, filing(Kind.MESSAGE, procedure=f"p{n}"), Office())


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[None]:
    task = asyncio.create_task(desk.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await desk.close()


async def test_what_calls_file_is_written_in_the_order_of_filing(desk: Desk, store: Store) -> None:
    file_many(desk, 20)
    await desk.close()
    assert [r.procedure for r in sorted(await store.listing(), key=lambda r: r.id)] == [f"p{n}" for n in range(20)]


async def test_twenty_calls_with_the_database_away_are_all_there_afterwards_and_none_twice(
    desk: Desk, line: Line, store: Store, tmp_path: Path
) -> None:
    line.cut = True
    file_many(desk, 10)
    await desk.write()
    file_many(desk, 10)
    await desk.write()
    assert await store.listing() == []
    waiting = (tmp_path / "spool" / "records-1.jsonl").read_text().splitlines()
    assert len(waiting) == 20 and all(json.loads(written)["kind"] == "message" for written in waiting)
    line.cut = False
    file_many(desk, 1)
    await desk.close()
    assert len(await store.listing()) == 21


async def test_a_worker_killed_between_writing_and_forgetting_writes_nothing_twice(
    desk: Desk, line: Line, store: Store, tmp_path: Path, wall: Wall
) -> None:
    line.cut = True
    file_many(desk, 5)
    await desk.close()
    spool = tmp_path / "spool" / "records-1.jsonl"
    left = spool.read_bytes()
    line.cut = False
    await desk_of(line, settings(tmp_path), wall).close()
    spool.write_bytes(left + b'{"torn": ')  # as it is after a crash before the file was emptied
    await desk_of(line, settings(tmp_path), wall).close()
    assert len(await store.listing()) == 5


async def test_a_disk_full_for_a_while_loses_nothing_and_doubles_nothing(
    desk: Desk, line: Line, store: Store, tmp_path: Path
) -> None:
    line.cut = True
    file_many(desk, 2)
    await desk.write()
    spool = tmp_path / "spool"
    spool.rename(tmp_path / "away")
    spool.write_text("no folder any more")
    (tmp_path / "away" / "records-1.jsonl").unlink()  # the open file is gone: a new one is wanted, and not to be had
    file_many(desk, 3)
    await desk.write()
    spool.unlink()
    await desk.write()
    line.cut = False
    await desk.close()
    assert len(await store.listing()) == 3  # the two on the disk that was taken away are gone with it


async def test_what_nobody_can_read_is_set_aside_and_holds_nothing_up(
    desk: Desk, line: Line, store: Store, tmp_path: Path, wall: Wall
) -> None:
    line.cut = True
    file_many(desk, 2)
    await desk.close()
    spool = tmp_path / "spool" / "records-1.jsonl"
    spool.write_bytes(b"not ours\n" + spool.read_bytes())
    line.cut = False
    await desk_of(line, settings(tmp_path), wall).close()
    assert len(await store.listing()) == 2
    assert b"not ours" in (tmp_path / "spool" / "records-1.broken").read_bytes()


async def test_a_disk_that_takes_nothing_touches_no_call_and_loses_nothing_while_we_live(
    line: Line, store: Store, tmp_path: Path, wall: Wall
) -> None:
    line.cut = True
    (tmp_path / "taken").write_text("a file where the folder should be")
    desk = desk_of(line, settings(tmp_path, spool=str(tmp_path / "taken" / "spool")), wall)
    file_many(desk, 3)
    await desk.write()
    assert await store.listing() == []
    line.cut = False
    await desk.write()
    assert len(await store.listing()) == 3
    await desk.close()
    assert len(await store.listing()) == 3


async def test_a_letter_the_database_refuses_is_set_aside_and_the_next_is_written(
    desk: Desk, line: Line, store: Store, tmp_path: Path, wall: Wall
) -> None:
    line.cut = True
    file_many(desk, 2)
    await desk.close()
    spool = tmp_path / "spool" / "records-1.jsonl"
    spool.write_bytes(spool.read_bytes().replace(b"Asia/Shanghai", b"Nowhere/Land", 1))
    line.cut = False
    await desk_of(line, settings(tmp_path), wall).close()
    assert [request.procedure for request in await store.listing()] == ["p1"]
    assert b"Nowhere/Land" in (tmp_path / "spool" / "records-1.broken").read_bytes()


async def test_filing_never_raises_whatever_is_filed(desk: Desk) -> None:
    desk.file("call", NUMBER, None, Office())  # type: ignore[arg-type]
    desk.file("call", NUMBER, filing(clock="no-such-clock"), Office())
    desk.file("call", "\x00" * 10_000, filing(taken={"number": "\ud800" * 500}), Office())
    await desk.close()


async def test_the_desk_writes_and_looks_by_itself(desk: Desk, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    async with running(desk):
        desk.file("call", NUMBER, filing(Kind.TICKET, "complaint-simple"), Office())
        async with asyncio.timeout(5):
            await desk.looked.wait()
            while not await store.listing():
                await desk.looked.wait()


async def test_a_driver_that_never_ends_keeps_no_desk_from_closing_and_costs_no_filing(
    stubborn: Stubborn, tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "CLOSE_WITHIN", 1.0)
    monkeypatch.setattr(desk_module, "LAST_TRY", 0.1)
    desk = desk_of(stubborn, settings(tmp_path), wall)
    file_many(desk, 2)
    writing = asyncio.create_task(desk.run())
    await stubborn.asked.wait()
    closing = asyncio.create_task(desk.close())
    await asyncio.wait((closing,), timeout=20)
    assert closing.done() and not writing.done()
    assert len((tmp_path / "spool" / "records-1.jsonl").read_text().splitlines()) == 2


# ------------------------------------------------------------------ alarms


class Listener:
    """A webhook: what it was told, and how it answers."""

    def __init__(self) -> None:
        self.told: list[dict[str, object]] = []
        self.status, self.heard = 200, asyncio.Event()
        self.silent = False

    async def hear(self, request: web.Request) -> web.Response:
        if self.silent:
            await asyncio.Event().wait()
        self.told.append(await request.json())
        self.heard.set()
        return web.Response(status=self.status)


@pytest.fixture
async def listener() -> AsyncIterator[tuple[Listener, str]]:
    heard = Listener()
    app = web.Application()
    app.router.add_post("/alarm", heard.hear)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield heard, f"http://127.0.0.1:{port}/alarm?token=secret-token"
    await runner.cleanup()


@pytest.mark.rule("S004-C04")
async def test_what_is_urgent_is_told_at_once_and_the_rest_is_not(
    lite: Database, tmp_path: Path, wall: Wall, listener: tuple[Listener, str], caplog: pytest.LogCaptureFixture
) -> None:
    heard, url = listener
    desk = desk_of(Line(lite), settings(tmp_path, webhook=url), wall)
    desk.file("a", NUMBER, filing(Kind.MESSAGE, procedure="plain"), Office())
    desk.file("b", NUMBER, filing(Kind.MESSAGE, procedure="pressing", to="leader", taken={URGENT: "1"}), Office())
    desk.file("c", NUMBER, filing(Kind.ALERT, procedure="nuisance", to="supervisor"), Office())
    await desk.close()
    assert sorted((str(t["why"]), str(t["procedure"]), str(t["to"])) for t in heard.told) == [
        ("urgent", "nuisance", "supervisor"), ("urgent", "pressing", "leader"),
    ]  # fmt: skip
    assert "13800138000" not in caplog.text + str(heard.told)
    assert "secret-token" not in caplog.text


@pytest.mark.rule("S004-C04")
async def test_what_is_urgent_is_told_though_the_database_is_away(
    lite: Database, tmp_path: Path, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(lite)
    line.cut = True
    desk = desk_of(line, settings(tmp_path), wall)
    desk.file("c", NUMBER, filing(Kind.ALERT, procedure="nuisance"), Office())
    await desk.close()
    assert "urgent: request (not written yet), alert for anybody, from procedure nuisance" in caplog.text


async def look(desk: Desk) -> None:
    async with running(desk):
        await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(desk.looked.wait())), 10)


@pytest.mark.rule("S000-20")
async def test_a_broken_promise_is_told_once(
    lite: Database, tmp_path: Path, wall: Wall, listener: tuple[Listener, str], caplog: pytest.LogCaptureFixture
) -> None:
    heard, url = listener
    given = settings(tmp_path, webhook=url)
    desk = desk_of(Line(lite), given, wall)
    desk.file("a", NUMBER, filing(Kind.TICKET, "complaint-simple", to="supervisor"), Office())
    await desk.write()
    wall.on(hours=2, minutes=1)
    for _ in range(2):  # a worker that starts anew tells nothing again
        await look(desk_of(Line(lite), given, wall))
    assert [(t["why"], t["rule"], t["due"]) for t in heard.told] == [
        ("overdue", "S000-20", "2026-11-24T09:00:00+00:00")
    ]
    assert caplog.text.count("overdue: request 1, ticket for supervisor") == 1


async def test_a_webhook_that_does_not_listen_is_told_again_and_holds_up_no_filing(
    lite: Database, tmp_path: Path, wall: Wall, listener: tuple[Listener, str], caplog: pytest.LogCaptureFixture
) -> None:
    heard, url = listener
    heard.silent = True
    given = settings(tmp_path, webhook=url, webhook_within=0.2)
    desk = desk_of(Line(lite), given, wall)
    desk.file("a", NUMBER, filing(Kind.TICKET, "complaint-simple"), Office())
    desk.file("b", NUMBER, filing(Kind.ALERT), Office())
    async with asyncio.timeout(0.2):
        await desk.write()
    wall.on(hours=3)
    await look(desk)
    assert len(await Store(lite).unkept(wall.now)) == 1
    heard.silent = False
    await look(desk_of(Line(lite), given, wall))
    assert await Store(lite).unkept(wall.now) == []
    assert "does not answer: TimeoutError" in caplog.text


async def test_a_webhook_that_fails_once_is_told_of_something_urgent_again(
    lite: Database, tmp_path: Path, wall: Wall, listener: tuple[Listener, str], caplog: pytest.LogCaptureFixture
) -> None:
    heard, url = listener
    heard.status = 503
    desk = desk_of(Line(lite), settings(tmp_path, webhook=url), wall)
    desk.file("c", NUMBER, filing(Kind.ALERT), Office())
    await desk.write()
    await heard.heard.wait()
    heard.status = 200
    await desk.close()
    assert len(heard.told) == 2
    assert "answers 503" in caplog.text and caplog.text.count("urgent: request 1") == 1


# ------------------------------------------------------------------ a dropped call


@pytest.mark.rule("S004-M11", "S004-F06", "S004-U10")
async def test_a_dropped_caller_who_redials_goes_to_their_agent_and_one_who_does_not_is_rung(
    desk: Desk, store: Store, wall: Wall
) -> None:
    desk.dropped("call-1", "13800138000", "agent-007", Office())
    desk.dropped("call-2", OTHER, "agent-008", Office())
    await desk.write()
    assert await store.ready(wall.on(seconds=20)) == []
    assert await desk.redialled(NUMBER) == "agent-007"
    assert await desk.redialled(NUMBER) is None
    (waiting,) = await store.ready(wall.on(seconds=10))
    assert (waiting.number, waiting.agent, waiting.clock) == (OTHER, "agent-008", "dropped-call")
    assert {r.state for r in await store.listing(frozenset(State))} == {State.OPEN, State.CANCELLED}


async def test_who_redials_before_the_drop_is_written_down_is_not_rung(desk: Desk, store: Store) -> None:
    """They were on the line with their agent when the hotline rang them: seen on a real PBX."""
    desk.dropped("call-1", NUMBER, "agent-007", Office())
    assert await desk.redialled(NUMBER) == "agent-007"
    assert [r.state for r in await store.listing(frozenset(State))] == [State.CANCELLED]


async def test_a_caller_who_arrives_waits_for_no_database(
    lite: Database, tmp_path: Path, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    async def never() -> Database:
        await asyncio.Event().wait()
        return lite

    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(2):
            assert await desk_of(never, settings(tmp_path), wall).redialled(NUMBER) is None
    assert "is not known within 0.5 s" in caplog.text


class SlowDisk:
    """Each sync waits until `released`; how many waited at once, at most."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.reached, self._loop = asyncio.Event(), asyncio.get_running_loop()
        self.inside = self.most = 0

    def __call__(self, file: int) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self._loop.call_soon_threadsafe(self.reached.set)
        self.released.wait(20)
        self.inside -= 1


async def test_two_never_write_on_one_disk_at_once(
    desk: Desk, line: Line, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who rings waited half a second for a slow disk and gave up; its thread went on, and another one wrote beside."""
    disk = SlowDisk()
    monkeypatch.setattr("ari_app.records.spool.os.fsync", disk)
    monkeypatch.setattr(desk_module, "ANSWER_WITHIN", 0.05)
    line.cut = True
    desk.dropped("call-1", NUMBER, "agent-007", Office())
    assert await desk.redialled(NUMBER) is None
    await disk.reached.wait()
    file_many(desk, 2)
    writing = asyncio.create_task(desk.write())
    await asyncio.wait((writing,), timeout=0.2)
    disk.released.set()
    await writing
    assert disk.most == 1
    assert len((tmp_path / "spool" / "records-1.jsonl").read_text().splitlines()) == 3
    line.cut = False
    await desk.close()
    assert len(await store.listing()) == 3


async def test_who_gave_up_asking_breaks_off_no_driver(
    stubborn: Stubborn, tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver told to end in the midst of a command may never end: who told it so would wait for ever."""

    monkeypatch.setattr(desk_module, "ANSWER_WITHIN", 0.05)
    asking = asyncio.create_task(desk_of(stubborn, settings(tmp_path), wall).redialled(NUMBER))
    await asyncio.wait((asking,), timeout=5)
    assert asking.done() and asking.result() is None
