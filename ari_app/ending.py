"""Work that was told to end: waited for so many seconds, and no longer.

Rule: cancelling is asking. A driver that is cancelled in the midst of a command may take its time, or for ever, and
`await`, `asyncio.gather` and `asyncio.timeout` wait for it all the same; what ends a worker waits with these.
"""

from __future__ import annotations

import asyncio
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
