"""Telephones and lines that end without a word: no BYE, not a packet more. What becomes of who was at the other end.

Asterisk has one way to notice: nothing has come for `rtp_timeout` seconds. The sample's 30 (agents) and 300 (the
carrier) are 3 here.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from ari_app.ami.drops import Drop
from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.setting import Setting
from ari_app.qa.stage import Stage
from ari_app.requests.letter import DROPPED
from ari_app.requests.states import State
from tests.pbx.people import WITHIN, Agents, drops, filed, heard, rings, sees, speaks, stays, watched

pytestmark = pytest.mark.pbx

NUMBER = "13800138000"
TIMEOUT = 3
NOTICED_WITHIN = TIMEOUT + 3.0
"""Seconds; Asterisk looks once a second, and the news has a way to go."""
SIP = f"""
[agent-001](+type=endpoint)
rtp_timeout = {TIMEOUT}
[carrier](+type=endpoint)
rtp_timeout = {TIMEOUT}
"""


async def test_who_loses_an_agent_or_a_caller_without_a_word_is_not_left_with_a_dead_line(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    agents = Agents()
    setting = Setting(agents=1, phones_apart=True, sip=SIP, requests={"redial": 60})
    stage = Stage(asterisk, tmp_path, setting, agents.rings)
    async with stage, watched(stage) as watch, drops(stage) as told:
        assert stage.telephones is not None
        worker = await stage.start()
        async with rings(stage, NUMBER) as caller:
            await speaks(stage, caller)
            async with agents.picked_up() as agent:
                await stays(agent, agent.say(stage.voices.agent) + 0.5)
                began = time.monotonic()
                await stage.telephones.lose_power()
                await stage.telephones.switch_on()  # registered again, and it knows nothing of a call
            await sees(watch, lambda queues: not queues.serving)
            noticed = time.monotonic() - began
            async with agents.picked_up() as agent:
                again = time.monotonic() - began
                print(f"an agent's telephone restarts: noticed after {noticed:.1f} s, served again after {again:.1f} s")
                await stays(agent, agent.say(stage.voices.agent) + 0.5)
                await stays(caller, caller.say(stage.voices.caller) + 0.5)
                at_the_caller = await heard(
                    stage, caller, "greeting", "connecting", "callback-apology", "anything-else"
                )
                at_the_agent = await heard(stage, agent)
                assert told.empty(), "the caller's line did not break"
                began = time.monotonic()
                await stage.carrier_fails()
                drop = await asyncio.wait_for(told.get(), WITHIN)
                dropped = time.monotonic() - began
                await asyncio.wait_for(agent.ended, WITHIN)
                print(f"a caller's line dies: noticed after {dropped:.1f} s")
        assert await worker.stop() == 0
    assert at_the_caller == ["greeting", "connecting", "agent", "callback-apology", "agent"]
    assert at_the_agent == ["caller"]
    assert TIMEOUT - 1.0 < noticed < NOTICED_WITHIN
    assert TIMEOUT - 1.0 < dropped < NOTICED_WITHIN
    [request] = await filed(tmp_path)
    assert drop == Drop(request.call_id, "PJSIP/agent-001", NUMBER)
    assert (request.procedure, request.state, request.number) == (DROPPED, State.OPEN, f"+86{NUMBER}")
