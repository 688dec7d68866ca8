"""Records in the database: the same contract on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ari_app.records.database import Database
from ari_app.records.facts import CallRecord, Service, Side
from ari_app.records.store import Calls
from tests.records.records import HOSTILE, call


@pytest.fixture
async def calls(url: str) -> AsyncIterator[Calls]:
    database = await Database.open(url)
    yield Calls(database)
    await database.close()


async def everything(calls: Calls) -> list[CallRecord]:
    return [record async for record in calls.find()]


async def test_what_is_added_is_found_oldest_first(calls: Calls) -> None:
    await calls.add([call(3), call(1), call(2)])
    assert await everything(calls) == [call(1), call(2), call(3)]


async def test_what_is_added_twice_is_there_once(calls: Calls) -> None:
    for _ in range(3):
        await calls.add([call(1), call(2), call(1)])
    assert await everything(calls) == [call(1), call(2)]


async def test_a_call_that_comes_back_is_one_call_whoever_writes_first(calls: Calls) -> None:
    first = call(1)
    queue = CallRecord(first.id, (), (Service("queue-1", first.began + 5, "hotline", 30, released_by=Side.CALLER),))
    back = CallRecord(first.id, call(1, began=first.began + 60).stints)
    await calls.add([back])
    await calls.add([queue])
    await calls.add([first])
    found = await calls.get(first.id)
    assert found == first.merged(queue).merged(back)
    assert [r.id async for r in calls.find(outcome="left")] == [first.id]
    assert [r.id async for r in calls.find(until=first.began)] == []
    assert [r.id async for r in calls.find(since=first.began, until=first.began + 1)] == [first.id]


async def test_workers_that_write_about_the_same_calls_at_once_lose_nothing(url: str) -> None:
    databases = [await Database.open(url) for _ in range(4)]
    parts = [
        [CallRecord(f"shared-{n}", call(0, began=1_790_000_000.0 + worker * 100).stints) for n in range(25)]
        for worker in range(4)
    ]
    await asyncio.gather(*(Calls(db).add(mine) for db, mine in zip(databases, parts, strict=True)))
    found = await everything(Calls(databases[0]))
    assert [len(record.stints) for record in found] == [4] * 25
    async with databases[0].reading() as connection:
        times = (await connection.exec_driver_sql("SELECT min(began), max(began) FROM calls")).one()
    assert tuple(times) == (1_790_000_000.0, 1_790_000_000.0)  # derived from all parts, not from those one writer saw
    for database in databases:
        await database.close()


async def test_calls_are_found_by_number_outcome_and_age(calls: Calls) -> None:
    await calls.add([call(n, caller=f"1380000000{n}", dialled="100" if n < 5 else "200") for n in range(10)])
    assert [r.id async for r in calls.find(numbers=["13800000003"])] == ["1-3"]
    assert [r.id async for r in calls.find(numbers=["200"])] == [f"1-{n}" for n in range(5, 10)]
    assert [r.id async for r in calls.find(newest=2)] == ["1-8", "1-9"]
    assert [r.id async for r in calls.find(outcome="answered")] == []
    assert await calls.get("nobody") is None


async def test_more_calls_than_are_read_at_a_time_are_all_found(calls: Calls) -> None:
    await calls.add([call(n) for n in range(450)])
    assert [r.id async for r in calls.find()] == [f"1-{n}" for n in range(450)]


async def test_old_calls_are_forgotten_whole(calls: Calls) -> None:
    await calls.add([call(n) for n in range(10)])
    assert await calls.forget(before=1_790_000_004.0) == 4
    assert [r.id async for r in calls.find()] == [f"1-{n}" for n in range(4, 10)]
    assert await calls.get("1-3") is None
    await calls.add([call(3)])
    assert await calls.get("1-3") == call(3)


async def test_hostile_text_is_only_text(calls: Calls) -> None:
    await calls.add([call(1, HOSTILE, caller=HOSTILE, dialled=HOSTILE)])
    (found,) = await everything(calls)
    assert found == call(1, HOSTILE, caller=HOSTILE, dialled=HOSTILE)
    stint = found.stints[0]
    assert "DROP TABLE" in stint.number and stint.number.isprintable()
    assert [r.id async for r in calls.find(numbers=[stint.number])] == [found.id]
    assert [r.id async for r in calls.find(numbers=["' OR 1=1 --"], outcome="' OR 1=1 --")] == []
