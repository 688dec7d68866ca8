"""The hotline's Asterisk is restarted with callers on every step of their way."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.application import Application
from ari_app.qa.setting import Setting
from ari_app.qa.stage import Stage
from ari_app.records.facts import Outcome, Side
from tests.pbx.people import WITHIN, Agents, heard, records, rings, sees, speaks, stays, watched

pytestmark = pytest.mark.pbx

BACK_WITHIN = 5.0
"""Seconds from Asterisk answering its console until the worker is offered callers again."""
PHONES_WITHIN = 15.0
"""Seconds until every agent can be rung again: each is asked once in `qualify_frequency` seconds."""
LADDER, ONE, OTHER, GREETING, LATER = (f"1380000000{n}" for n in range(1, 6))


async def restart(stage: Stage, worker: Application) -> None:
    """The power fails for a moment; then Asterisk is there again, and so are we."""
    await stage.pbx.kill()
    await stage.pbx.start()
    began = time.monotonic()
    await asyncio.wait_for(worker.connects(2), WITHIN)
    back = time.monotonic() - began
    await stage.agents_ready()
    phones = time.monotonic() - began
    print(f"Asterisk booted in {stage.pbx.boot_seconds:.2f} s; after that the worker was back in {back:.2f} s,")
    print(f"and every agent could be rung in {phones:.2f} s")
    assert back < BACK_WITHIN
    assert phones < PHONES_WITHIN


async def test_after_a_restart_of_asterisk_callers_are_served_and_the_broken_calls_tell_their_cause(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    """One is in the ladder, one with the only agent, one waits for them, one is being greeted."""
    agents = Agents()
    async with Stage(asterisk, tmp_path, Setting(agents=1), agents.rings) as stage:
        worker = await stage.start()
        async with contextlib.AsyncExitStack() as lines, watched(stage) as watch:
            ladder = await lines.enter_async_context(rings(stage, LADDER))
            two = [await lines.enter_async_context(rings(stage, number)) for number in (ONE, OTHER)]
            await asyncio.gather(*(speaks(stage, leg) for leg in two))
            await lines.enter_async_context(agents.picked_up())
            await sees(watch, lambda queues: queues.waiting and queues.serving)
            greeted = ladder.answered.result() + stage.standard.prompts["greeting"].seconds
            await stays(ladder, greeted + 1.0 - asyncio.get_running_loop().time())
            greeting = await lines.enter_async_context(rings(stage, GREETING))
            await stays(greeting, 1.0)
            await restart(stage, worker)
        async with rings(stage, LATER) as later:
            await speaks(stage, later)
            async with agents.picked_up() as agent:
                talk = max(agent.say(stage.voices.agent), later.say(stage.voices.caller))
                await stays(agent, talk + 0.5)
                at_the_caller = await heard(stage, later, "greeting", "connecting")
                at_the_agent = await heard(stage, agent)
                await later.hang_up()
                await asyncio.wait_for(agent.ended, WITHIN)
        assert await worker.stop() == 0
    assert (at_the_caller, at_the_agent) == (["greeting", "connecting", "agent"], ["caller"])
    kept = await records(tmp_path)
    told = {number: (kept[number[-2:]].outcome, kept[number[-2:]].released_by) for number in (LADDER, GREETING, LATER)}
    assert told == {
        LADDER: (Outcome.CUT, Side.ASTERISK),
        GREETING: (Outcome.CUT, Side.ASTERISK),
        LATER: (Outcome.ANSWERED, Side.CALLER),
    }
    assert [wait.procedure for wait in kept[LADDER[-2:]].waits] == ["greeting"]
    [talked, waited] = sorted((kept[number[-2:]] for number in (ONE, OTHER)), key=lambda record: record.outcome)
    assert (talked.outcome, talked.released_by, waited.outcome, waited.released_by) == (
        Outcome.ANSWERED, Side.ASTERISK, Outcome.CUT, Side.ASTERISK,
    )  # fmt: skip
    assert talked.talked and waited.queue_wait, "also those of whom only the queue could tell"
