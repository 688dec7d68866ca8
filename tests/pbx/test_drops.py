"""A caller's line breaks while they talk with an agent, and the network says so: they redial, or they are rung."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.setting import Setting
from ari_app.qa.stage import Stage
from ari_app.requests.letter import DROPPED
from ari_app.requests.states import State
from tests.pbx.people import WITHIN, Agents, drops, filed, heard, rings, speaks, stays

pytestmark = pytest.mark.pbx

NUMBER = "13800138000"
OUT_OF_ORDER, TEMPORARY_FAILURE = 38, 41
"""Q.850: the network is out of order, and a temporary failure of it; as a carrier's BYE tells them (RFC 3326)."""
REDIAL = 5
"""Seconds in which to redial: 30 by default, which the tests of the office show."""


@pytest.mark.rule("S004-F06", "S004-M11")
async def test_whose_line_broke_redials_to_the_same_agent_and_is_rung_with_an_apology_when_they_do_not(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    agents = Agents()
    requests = {"redial": REDIAL, "look_every": 1}
    setting = Setting(agents=3, globals={"HOTLINE_CALLBACK_STRIP": "1"}, requests=requests)
    stage = Stage(asterisk, tmp_path, setting, agents.rings)
    async with stage, drops(stage) as told:
        worker = await stage.start()
        async with rings(stage, NUMBER) as caller:
            await speaks(stage, caller)
            async with agents.picked_up() as agent:
                await caller.break_off(OUT_OF_ORDER)
                first = await asyncio.wait_for(told.get(), WITHIN)
                await asyncio.wait_for(agent.ended, WITHIN)
        theirs = agent.rung
        async with rings(stage, NUMBER) as caller, agents.picked_up() as agent:
            assert agent.rung == theirs, "of three agents the one they were with, who was not next"
            await stays(agent, agent.say(stage.voices.agent) + 0.5)
            at_the_caller = await heard(stage, caller, "greeting", "connecting")
            began = time.monotonic()
            await caller.break_off(TEMPORARY_FAILURE)
            second = await asyncio.wait_for(told.get(), WITHIN)
            await asyncio.wait_for(agent.ended, WITHIN)
        async with agents.picked_up() as agent:
            waited = time.monotonic() - began
            print(f"rung back {waited:.1f} s after the line broke")
            async with agents.picked_up() as caller:
                await stays(caller, stage.standard.prompts["callback-introduce"].seconds + 2.0)
                await caller.press("1")
                await stays(caller, stage.standard.prompts["callback-apology"].seconds + 1.5)
                rung_back = await heard(stage, caller, "callback-introduce", "callback-verify", "callback-apology")
                await caller.hang_up()
                await asyncio.wait_for(agent.ended, WITHIN)
        assert await worker.stop() == 0
    assert at_the_caller == ["connecting", "agent"], "no greeting: they are expected"
    assert waited >= REDIAL
    assert (agent.rung, agent.claims.name, caller.rung) == (theirs, "[callback 2]", f"86{NUMBER}")
    assert rung_back[:3] == ["callback-introduce", "callback-verify", "callback-apology"]
    redialled, without = await filed(tmp_path)
    assert [r.call_id for r in (redialled, without)] == [first.call_id, second.call_id]
    assert {(r.procedure, r.agent, r.number) for r in (redialled, without)} == {
        (DROPPED, f"PJSIP/{theirs}", f"+86{NUMBER}")
    }
    assert (redialled.state, without.state) == (State.CANCELLED, State.DONE)
