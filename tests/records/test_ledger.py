"""Records on their way to the database: away, slow, full or killed, nothing that was promised is lost or doubled."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from ari_app.records import ledger as ledger_module
from ari_app.records.database import Database
from ari_app.records.ledger import Ledger
from ari_app.records.settings import settle
from ari_app.records.store import Calls, dump
from tests.records import postgres
from tests.records.records import call
from tests.records.stubborn import Stubborn

SOON = 20.0


@asynccontextmanager
async def running(url: str, spool: Path, worker: str = "1", megabytes: int = 64) -> AsyncIterator[Ledger]:
    ledger = Ledger(settle({"url": url, "spool": str(spool), "spool_limit_mb": megabytes}), worker)
    task = asyncio.create_task(ledger.run())
    try:
        yield ledger
    finally:
        await ledger.close(SOON)
        await task


async def stored(url: str) -> list[str]:
    database = await Database.open(url)
    found = [record.id async for record in Calls(database).find()]
    async with database.reading() as connection:
        parts = (await connection.execute(sa.text("SELECT count(*) FROM call_parts"))).scalar()
    await database.close()
    assert parts == len(found)
    return found


async def all_stored(ledger: Ledger) -> None:
    async with asyncio.timeout(SOON):
        await ledger.until(lambda: not ledger.waiting)


async def away(ledger: Ledger, waiting: int) -> None:
    """The database has been found away, and so many records are safe on disk."""
    async with asyncio.timeout(SOON):
        await ledger.until(lambda: ledger._away and not ledger.in_memory and ledger.waiting == waiting)


def ids(*numbers: int, worker: str = "1") -> list[str]:
    return [f"{worker}-{n}" for n in numbers]


# ------------------------------------------------------------------ as it should be


async def test_every_call_leaves_its_record(url: str, tmp_path: Path) -> None:
    async with running(url, tmp_path / "spool") as ledger:
        for n in range(500):
            ledger.keep(call(n))
        await all_stored(ledger)
        assert (ledger.counts.kept, ledger.counts.stored, ledger.counts.dropped) == (500, 500, 0)
    assert await stored(url) == ids(*range(500))
    assert (tmp_path / "spool" / "records-1.jsonl").read_bytes() == b""


async def test_closing_waits_for_the_last_records(url: str, tmp_path: Path) -> None:
    async with running(url, tmp_path / "spool") as ledger:
        for n in range(300):
            ledger.keep(call(n))
    assert len(await stored(url)) == 300


async def test_what_is_kept_and_never_run_is_on_disk_for_the_next_start(url: str, tmp_path: Path) -> None:
    ledger = Ledger(settle({"url": url, "spool": str(tmp_path / "spool")}), "1")
    ledger.keep(call(1))
    await ledger.close(0.01)
    async with running(url, tmp_path / "spool") as ledger:
        await all_stored_at_start(ledger, 1)
    assert await stored(url) == ids(1)


async def all_stored_at_start(ledger: Ledger, count: int) -> None:
    async with asyncio.timeout(SOON):
        await ledger.until(lambda: ledger.counts.stored >= count)


async def test_a_worker_that_is_cancelled_is_cancelled(tmp_path: Path) -> None:
    ledger = Ledger(settle({"url": "sqlite://", "spool": str(tmp_path)}), "1")
    task = asyncio.create_task(ledger.run())
    ledger.keep(call(1))
    await all_stored(ledger)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ledger.close(1)


async def test_a_driver_that_never_ends_keeps_no_ledger_from_closing(
    stubborn: Stubborn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "LAST_TRY", 0.1)
    ledger = Ledger(settle({"url": f"sqlite:///{tmp_path}/hotline.db", "spool": str(tmp_path / "spool")}), "1")
    running = asyncio.create_task(ledger.run())
    ledger.keep(call(1))
    async with asyncio.timeout(SOON):
        await stubborn.asked.wait()
        await ledger.until(lambda: not ledger.in_memory)
    closing = asyncio.create_task(ledger.close(0.1))
    await asyncio.wait((closing,), timeout=SOON)
    assert closing.done() and not running.done()
    assert len((tmp_path / "spool" / "records-1.jsonl").read_text().splitlines()) == 1


# ------------------------------------------------------------------ the database is away


async def test_a_postgresql_that_is_stopped_gets_every_record_once_when_it_is_back(
    postgres_server: postgres.Server, tmp_path: Path
) -> None:
    url = postgres_server.fresh("stopped")
    async with running(url, tmp_path / "spool") as ledger:
        ledger.keep(call(0))
        await all_stored(ledger)
        await asyncio.to_thread(postgres_server.stop)
        try:
            for n in range(1, 21):
                ledger.keep(call(n))
            await away(ledger, 20)
        finally:
            await asyncio.to_thread(postgres_server.start)
        await all_stored(ledger)
    assert await stored(url) == ids(*range(21))


async def test_a_sqlite_file_that_is_moved_away_gets_every_record_once_when_it_is_back(tmp_path: Path) -> None:
    file, url = tmp_path / "hotline.db", f"sqlite:///{tmp_path}/hotline.db"
    async with running(url, tmp_path / "spool") as ledger:
        ledger.keep(call(0))
        await all_stored(ledger)
        file.rename(tmp_path / "elsewhere.db")
        for n in range(1, 21):
            ledger.keep(call(n))
        await away(ledger, 20)
        assert not file.exists()
        (tmp_path / "elsewhere.db").rename(file)
        await all_stored(ledger)
    assert await stored(url) == ids(*range(21))


async def test_a_database_that_is_away_at_the_start_is_no_reason_not_to_start(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder yet")
    url = f"sqlite:///{tmp_path}/data/hotline.db"
    async with running(url, tmp_path / "spool") as ledger:
        ledger.keep(call(1))
        await away(ledger, 1)
        (tmp_path / "data").unlink()
        await all_stored(ledger)
    assert await stored(url) == ids(1)


async def test_a_writer_that_holds_the_database_delays_records_and_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock held longer than SQLite waits: the database is slow, not gone."""
    monkeypatch.setattr(ledger_module, "STORED_WITHIN", 0.2)
    url = f"sqlite:///{tmp_path}/hotline.db"
    other = await Database.open(url)
    async with running(url, tmp_path / "spool") as ledger:
        async with other.transaction():
            for n in range(20):
                ledger.keep(call(n))
            await away(ledger, 20)
        await all_stored(ledger)
    await other.close()
    assert await stored(url) == ids(*range(20))


async def test_records_left_by_a_former_run_come_first_and_in_order(tmp_path: Path) -> None:
    spool, url = tmp_path / "spool", f"sqlite:///{tmp_path}/hotline.db"
    spool.mkdir()
    left = b"".join(dump(call(n)) + b"\n" for n in range(5))
    (spool / "records-1.jsonl").write_bytes(left + dump(call(5))[:40])  # killed while it wrote the sixth
    (spool / "records-1~2.jsonl").write_bytes(dump(call(7)) + b"\n")  # two processes of one name, for a while
    async with running(url, spool) as ledger:
        ledger.keep(call(6))
        await all_stored_at_start(ledger, 7)
    assert await stored(url) == ids(0, 1, 2, 3, 4, 6, 7)
    assert [file.name for file in spool.iterdir()] == ["records-1.jsonl"]


async def test_two_processes_of_one_name_do_not_touch_each_others_spool(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hotline.db"
    async with running(url, tmp_path / "spool") as one:
        one.keep(call(1))
        await all_stored(one)
        async with running(url, tmp_path / "spool") as other:
            other.keep(call(2))
            one.keep(call(3))
            await all_stored(other)
            await all_stored(one)
            assert {file.name for file in (tmp_path / "spool").iterdir()} == {"records-1.jsonl", "records-1~2.jsonl"}
    assert await stored(url) == ids(1, 2, 3)


async def test_a_line_nobody_can_read_is_set_aside_and_the_others_are_kept(tmp_path: Path) -> None:
    spool, url = tmp_path / "spool", f"sqlite:///{tmp_path}/hotline.db"
    spool.mkdir()
    lines = [dump(call(1)), b'{"id": 7}', b"\xff\x00 broken", dump(call(2))]
    (spool / "records-1.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    async with running(url, spool) as ledger:
        await all_stored_at_start(ledger, 2)
        assert ledger.counts.set_aside == 2
    assert await stored(url) == ids(1, 2)
    assert (spool / "records-1.broken").read_bytes() == b'{"id": 7}\n\xff\x00 broken\n'


# ------------------------------------------------------------------ the disk is full


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As on a full disk: writing beyond so many bytes fails."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


async def test_with_disk_and_database_full_records_are_held_in_memory(tmp_path: Path) -> None:
    spool, url = tmp_path / "spool", f"sqlite:///{tmp_path}/hotline.db"
    async with running(url, spool) as ledger:
        ledger.keep(call(0))
        await all_stored(ledger)
        with files_no_larger_than(100):
            for n in range(1, 21):
                ledger.keep(call(n))
            async with asyncio.timeout(SOON):
                await ledger.until(lambda: ledger._disk_fails and ledger._away)
            assert ledger.in_memory == 20
        await all_stored(ledger)
    assert await stored(url) == ids(*range(21))


async def test_with_the_disk_full_a_database_elsewhere_gets_the_records_from_memory(
    postgres_server: postgres.Server, tmp_path: Path
) -> None:
    url = postgres_server.fresh("elsewhere")
    async with running(url, tmp_path / "spool") as ledger:
        with files_no_larger_than(100):
            for n in range(20):
                ledger.keep(call(n))
            await all_stored(ledger)
    assert await stored(url) == ids(*range(20))


async def test_a_spool_has_a_bound_and_so_has_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What comes when both are full is dropped, counted, and told of: nobody's call waits for it."""
    monkeypatch.setattr(ledger_module, "MEMORY", 100)
    monkeypatch.setattr(ledger_module, "TOLD_EVERY", 0.05)
    caplog.set_level(logging.ERROR)
    (tmp_path / "data").write_text("not a folder")
    spool = tmp_path / "spool"
    ledger = Ledger(settle({"url": f"sqlite:///{tmp_path}/data/x.db", "spool": str(spool), "spool_limit_mb": 1}), "1")
    task = asyncio.create_task(ledger.run())
    number = 0
    async with asyncio.timeout(SOON):
        while not ledger.counts.dropped:
            for _ in range(50):
                ledger.keep(call(number))
                number += 1
            await ledger.until(lambda: not ledger.in_memory or ledger._disk_fails)
        while "were dropped" not in caplog.text:
            ledger._news.clear()
            await ledger._news.wait()
    assert (spool / "records-1.jsonl").stat().st_size <= 1 << 20
    assert ledger.in_memory == 100 and ledger.counts.kept == ledger.waiting
    assert ledger.counts.kept + ledger.counts.dropped == number
    await ledger.close(0.1)
    await task


async def test_a_spool_that_cannot_be_made_costs_no_record(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    url = f"sqlite:///{tmp_path}/hotline.db"
    async with running(url, tmp_path / "spool") as ledger:
        for n in range(20):
            ledger.keep(call(n))
        await all_stored(ledger)
    assert await stored(url) == ids(*range(20))


# ------------------------------------------------------------------ killed


@pytest.mark.parametrize("life", [1, 12])
def test_a_worker_that_is_killed_loses_nothing_it_promised_and_doubles_nothing(
    url: str, tmp_path: Path, life: int
) -> None:
    spool = tmp_path / "spool"
    promised = 0
    for _ in range(2):
        promised = until_killed(url, spool, promised, turns=life)

    async def replayed() -> list[str]:
        async with running(url, spool) as ledger:
            ledger.keep(call(10**6))
            await all_stored(ledger)
        return await stored(url)

    found = asyncio.run(replayed())
    assert len(found) == len(set(found))
    assert set(ids(*range(promised))) <= set(found)


def until_killed(url: str, spool: Path, first: int, turns: int) -> int:
    """A worker keeps records from `first` on and is killed after so many turns; how far it had promised them."""
    command = [sys.executable, "-m", "tests.records.keeper", url, str(spool), "1", str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as worker:
        assert worker.stdout is not None
        promised = [int(worker.stdout.readline()) for _ in range(turns)]
        os.kill(worker.pid, signal.SIGKILL)
        rest = [int(line) for line in worker.stdout.read().split(b"\n")[:-1]]
    return [*promised, *rest][-1]


# ------------------------------------------------------------------ what is told


async def test_no_log_line_tells_who_rang(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "records-1.jsonl").write_bytes(json.dumps({"id": 1, "number": "13812345678"}).encode() + b"\n")
    (tmp_path / "data").write_text("not a folder")
    async with running(f"sqlite:///{tmp_path}/data/x.db", spool) as ledger:
        ledger.keep(call(1, caller="13812345678"))
        await away(ledger, 2)
        (tmp_path / "data").unlink()
        await all_stored(ledger)
    assert "set aside" in caplog.text and "13812345678" not in caplog.text
