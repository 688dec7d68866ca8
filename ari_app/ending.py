"""Work that was told to end: waited for so many seconds, and no longer.

Rule: cancelling is asking. A driver that is cancelled in the midst of a command may take its time, or for ever, and
`await`, `asyncio.gather` and `asyncio.timeout` wait for it all the same; what ends a worker waits with these.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from typing import Any


async def let_go(work: Iterable[asyncio.Task[Any]], within: float) -> list[str]:
    """Cancel these tasks; the names of those that have not ended `within` seconds later."""
    tasks = tuple(work)
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=within)
    return [task.get_name() for task in tasks if not task.done()]


async def at_most(seconds: float, work: Coroutine[Any, Any, object]) -> bool:
    """Do this work; whether it was done within so many seconds. If not it is cancelled, and left alone."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait((task,), timeout=seconds)
        if task.done():
            task.result()
        return task.done()
    finally:
        task.cancel()


def unended(loop: asyncio.AbstractEventLoop) -> list[str]:
    """What keeps a program from ending: the loop's tasks, then its threads. May be asked in any thread."""
    if tasks := asyncio.all_tasks(loop):
        return sorted(map(_named, tasks))
    here = (threading.main_thread(), threading.current_thread())
    return sorted(thread.name for thread in threading.enumerate() if thread not in here and not thread.daemon)


def _named(task: asyncio.Task[Any]) -> str:
    """The name somebody gave it, or else its coroutine's."""
    name = task.get_name()
    return getattr(task.get_coro(), "__qualname__", name) if name.startswith("Task-") else name
