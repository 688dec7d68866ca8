"""What a caller at the stub lives through, to be waited for."""

from __future__ import annotations

from typing import Any

from tests.wire.conftest import Worker, whats
from tests.wire.stub import StubAri, StubChannel

QUEUE = "hotline-queue,hotline"


async def reaches_an_agent(pbx: StubAri, *callers: StubChannel) -> None:
    await pbx.bell.until(lambda: all(caller.departed == QUEUE for caller in callers))


async def hears(pbx: StubAri, caller: StubChannel, *prompts: str) -> None:
    await pbx.bell.until(lambda: caller.heard == list(prompts))


async def told(worker: Worker, caller: StubChannel) -> list[Any]:
    await worker.pbx.bell.until(lambda: caller.id in worker.journals)
    return whats(worker.journals[caller.id])


async def serves_the_next_caller(worker: Worker) -> None:
    caller = worker.pbx.ring()
    await worker.pbx.bell.until(lambda: "greeting" in caller.heard)
    worker.pbx.hang_up(caller)
    await worker.pbx.bell.until(lambda: caller.id in worker.journals)


async def has_been_greeted(pbx: StubAri) -> StubChannel:
    """A caller who has heard the greeting, of a worker that knows since when its Asterisk runs."""
    await pbx.bell.until(lambda: pbx.count("GET asterisk/info"))
    caller = pbx.ring()
    await hears(pbx, caller, "greeting")
    await pbx.bell.until(lambda: not caller.playing)
    return caller
