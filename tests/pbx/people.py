"""People on the stage whose moments a test gives itself: agents who pick up when they are told to, callers who stay."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from ari_app.ami.drops import Drop, watch_drops
from ari_app.ami.queues import Queues
from ari_app.ami.watch import QueueWatch
from ari_app.qa.carrier import CallerId, Leg
from ari_app.qa.matcher import Matcher, load_prompts
from ari_app.qa.stage import DIALLED, VOICES, Stage
from ari_app.records.database import Database
from ari_app.records.facts import CallRecord
from ari_app.records.store import Calls
from ari_app.requests.request import Request
from ari_app.requests.states import State
from ari_app.requests.store import Store

WITHIN = 20.0
"""Seconds in which a telephone rings, and what should happen at once has happened."""


class Agents:
    """Telephones that ring until a test picks one up."""

    def __init__(self) -> None:
        self._ringing: asyncio.Queue[tuple[Leg, asyncio.Event]] = asyncio.Queue()

    async def rings(self, leg: Leg) -> None:
        """It is somebody's until they put it down."""
        over = asyncio.Event()
        self._ringing.put_nowait((leg, over))
        await over.wait()

    @contextlib.asynccontextmanager
    async def picked_up(self) -> AsyncIterator[Leg]:
        """The next that rings; put down in the end."""
        async with asyncio.timeout(WITHIN):
            leg, over = await self._ringing.get()
            await leg.pick_up()
            await leg.answered
        try:
            yield leg
        finally:
            over.set()


async def stays(leg: Leg, seconds: float) -> None:
    """On the line, so many seconds, unless it ends."""
    await asyncio.wait((leg.ended,), timeout=seconds)


@contextlib.asynccontextmanager
async def rings(stage: Stage, number: str) -> AsyncIterator[Leg]:
    """A caller who has been answered."""
    async with stage.carrier.ring(DIALLED, CallerId(number)) as leg:
        await asyncio.wait_for(leg.answered, WITHIN)
        yield leg


async def speaks(stage: Stage, leg: Leg) -> None:
    """A caller who talks over the greeting."""
    await stays(leg, 1.0)
    await stays(leg, leg.say(stage.voices.caller))


@contextlib.asynccontextmanager
async def watched(stage: Stage) -> AsyncIterator[QueueWatch]:
    """The hotline's queues, as AMI tells of them."""
    watch = QueueWatch(stage.ami)
    watching = asyncio.create_task(watch.run())
    try:
        await asyncio.wait_for(watch.right.wait(), WITHIN)
        yield watch
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@contextlib.asynccontextmanager
async def drops(stage: Stage) -> AsyncIterator[asyncio.Queue[Drop]]:
    """Lines that break, as the dialplan tells of them over AMI."""
    told: asyncio.Queue[Drop] = asyncio.Queue()
    watching = asyncio.create_task(watch_drops(stage.ami, told.put_nowait))
    try:
        yield told
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def sees(watch: QueueWatch, is_so: Callable[[Queues], object], within: float = WITHIN) -> None:
    """Waits until AMI has told what must be so."""
    async with asyncio.timeout(within):
        while not is_so(watch.queues):
            await watch.connection.ask("Ping")


async def heard(stage: Stage, leg: Leg, *prompts: str) -> list[str]:
    """Which of these prompts, and whose voices, were heard at this telephone, in order."""
    folder = stage.setting.standard_folder / "zh-CN"
    files = [*(folder / f"{name}.wav" for name in prompts), *(VOICES / f"{who}.wav" for who in ("caller", "agent"))]
    recording = leg.handset.ear.recording(leg.answered.result(), asyncio.get_running_loop().time())
    matcher = await asyncio.to_thread(lambda: Matcher(load_prompts(files)))
    return [found.prompt for found in await asyncio.to_thread(matcher.find, recording)]


async def records(folder: Path) -> dict[str, CallRecord]:
    """What was kept of every call, by the last two digits of its caller's number."""
    database = await Database.open(f"sqlite:///{folder / 'hotline.db'}", create=False)
    try:
        kept = [record async for record in Calls(database).find()]
    finally:
        await database.close()
    return {record.first.number[-2:]: record for record in kept if record.first is not None}


async def filed(folder: Path) -> list[Request]:
    """What was left for people to do, oldest first."""
    database = await Database.open(f"sqlite:///{folder / 'hotline.db'}", create=False)
    try:
        return sorted(await Store(database).listing(tuple(State)), key=lambda request: request.id)
    finally:
        await database.close()
