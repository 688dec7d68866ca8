"""AMI in every kind of trouble, from the first attempt on: the state is right again in time, and nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ari_app.ami.watch import RIGHT_AGAIN_WITHIN, QueueWatch
from ari_app.errors import PbxRefused
from tests.wire.manager import Manager, day, entry, packet
from tests.wire.watched import watching

TROUBLES = ["refuses", "hangs", "is deaf to the lists", "cuts"]
BUSY = 125  # calls: a thousand events


@pytest.fixture
async def manager() -> AsyncIterator[Manager]:
    async with Manager() as manager:
        yield manager


def trouble(manager: Manager, how: str) -> None:
    manager.refuses = how == "refuses"
    manager.hangs = how == "hangs"
    manager.deaf = {"QueueStatus"} if how == "is deaf to the lists" else set()


async def asked(manager: Manager, action: str, task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(RIGHT_AGAIN_WITHIN):
        while action not in [asked["Action"] for asked in manager.asked] and not task.done():
            await asyncio.wait((task,), timeout=0.01)


@pytest.mark.parametrize("how", ["hangs", "is deaf to the lists"])
async def test_a_server_that_takes_a_question_and_never_answers_it_is_asked_again_in_time(
    manager: Manager, how: str
) -> None:
    """The question is lost for ever, as on a line that broke without a word; what comes after it is answered."""
    manager.queue_lines = [entry("a", 1, 5)]
    trouble(manager, how)
    watch = QueueWatch(manager.settings)
    task = asyncio.create_task(watch.run())
    await asked(manager, "Login" if how == "hangs" else "QueueStatus", task)
    trouble(manager, "")
    await asyncio.wait_for(watch.right.wait(), RIGHT_AGAIN_WITHIN)
    assert set(watch.queues.waiting) == {"a"}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_connection_cut_among_a_thousand_events_is_right_again_in_time(manager: Manager) -> None:
    async with watching(manager) as seen:
        manager.queue_lines = [entry("a", 1, 5)]
        told = b"".join(packet(**event) for event in day(BUSY))
        for writer in manager.writers:
            writer.write(told[: len(told) // 2])  # in the middle of an event
            await writer.drain()
        manager.cut()
        await seen.lost()
        await seen.right()
        assert set(seen.watch.queues.waiting) == {"a"} and seen.watch.queues.serving == {}
        manager.tell(*day(BUSY))
        await seen.sees(lambda queues: set(queues.waiting) == {"a"} and not queues.serving)


@pytest.mark.parametrize("how", TROUBLES)
async def test_no_task_and_no_connection_is_left_of_a_watch_that_saw_nothing(manager: Manager, how: str) -> None:
    before = asyncio.all_tasks()
    trouble(manager, how)
    task = asyncio.create_task(QueueWatch(manager.settings).run())
    await asked(manager, "QueueStatus" if how == "is deaf to the lists" else "Login", task)
    if how == "cuts":
        manager.cut()
    task.cancel()
    [ended] = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(ended, PbxRefused if how == "refuses" else asyncio.CancelledError)
    async with asyncio.timeout(RIGHT_AGAIN_WITHIN):
        while manager.connections:
            manager.closed.clear()
            await manager.closed.wait()
    ours = {task for task in asyncio.all_tasks() - before if "_serve" not in repr(task.get_coro())}
    assert ours == set()
