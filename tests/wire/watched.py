"""A watch over a manager's queues, running, and ways to wait for what must become true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ari_app.ami.queues import News, Queues
from ari_app.ami.watch import RIGHT_AGAIN_WITHIN, QueueWatch
from ari_app.errors import PbxUnreachable
from tests.wire.manager import Manager


class Watched:
    """A watch that runs, the news it told, and a way to wait for what must become true."""

    def __init__(self, watch: QueueWatch, task: asyncio.Task[None], news: list[News]) -> None:
        self.watch, self.task, self.news = watch, task, news

    async def sees(self, is_so: Callable[[Queues], object], within: float = RIGHT_AGAIN_WITHIN) -> None:
        async with asyncio.timeout(within):
            await self.watch.connection.ask("Ping")  # what was told before has then been heard
            while not is_so(self.watch.queues):
                await self.watch.connection.ask("Ping")

    async def right(self) -> None:
        await asyncio.wait_for(self.watch.right.wait(), RIGHT_AGAIN_WITHIN)

    async def lost(self) -> None:
        async with asyncio.timeout(RIGHT_AGAIN_WITHIN):
            while self.watch.right.is_set():
                try:
                    await self.watch.connection.ask("Ping")
                except PbxUnreachable:
                    await asyncio.wait((self.task,), timeout=0.01)


@asynccontextmanager
async def watching(manager: Manager, resync_every: float = 60.0, ping_every: float = 3.0) -> AsyncIterator[Watched]:
    news: list[News] = []
    watch = QueueWatch(manager.settings, news.append, resync_every=resync_every, ping_every=ping_every)
    task = asyncio.create_task(watch.run())
    watched = Watched(watch, task, news)
    await watched.right()
    try:
        yield watched
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
