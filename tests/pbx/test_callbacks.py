"""Somebody is rung back over the real PBX: their telephone and the agent's are on the carrier, and both listen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import pytest_asyncio

from ari_app.call import Filing, Kind
from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.carrier import Carrier, Leg
from ari_app.qa.matcher import Matcher, load_prompts
from ari_app.qa.setting import Setting
from ari_app.qa.stage import VOICES, Stage
from ari_app.records.database import Database
from ari_app.requests import letter
from ari_app.requests.letter import DROPPED
from ari_app.requests.request import Request
from ari_app.requests.settings import RequestsSettings
from ari_app.requests.states import State
from ari_app.requests.store import Store
from tests.pbx.test_callback_dialplan import zone_where_it_is

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

NUMBER, OTHER = "+8613800138000", "+8613900139000"
WITHIN = 20.0
"""Seconds in which a telephone must ring."""
WORDS = ("callback-introduce", "callback-verify", "callback-reason", "callback-apology")


async def stays(leg: Leg, seconds: float) -> None:
    """On the line, so many seconds, unless it ends."""
    await asyncio.wait((leg.ended,), timeout=seconds)


@dataclass
class House:
    """The stage, its database, and the telephones as they ring: the agent's first, then the caller's."""

    stage: Stage
    folder: Path
    store: Store
    ringing: asyncio.Queue[tuple[Leg, asyncio.Event]] = field(default_factory=asyncio.Queue)

    async def rings(self, leg: Leg) -> None:
        """A telephone: it is somebody's until they have hung up."""
        over = asyncio.Event()
        self.ringing.put_nowait((leg, over))
        await over.wait()

    @contextlib.asynccontextmanager
    async def answered(self) -> AsyncIterator[Leg]:
        """The next telephone that rings is picked up; put down in the end."""
        leg, over = await asyncio.wait_for(self.ringing.get(), WITHIN)
        await leg.pick_up()
        await asyncio.wait_for(leg.answered, WITHIN)
        try:
            yield leg
        finally:
            over.set()

    async def filed(self, number: str, procedure: str, agent: str = "", **settings: object) -> int:
        """A request, as a call leaves it."""
        given = RequestsSettings.model_validate(settings)
        what = Filing(Kind.CALLBACK, procedure, clock="dropped-call")
        return await self.store.file(letter.write("c", number, what, self.stage.standard, given, agent=agent))

    async def hears(self, leg: Leg) -> list[str]:
        """What was heard at this telephone, in order."""
        recording = leg.handset.ear.recording(leg.answered.result(), asyncio.get_running_loop().time())
        return [found.prompt for found in await asyncio.to_thread(self.matcher.find, recording)]

    @property
    def matcher(self) -> Matcher:
        folder = self.stage.setting.standard_folder / "zh-CN"
        voices = [VOICES / f"{who}.wav" for who in ("caller", "agent")]
        return Matcher(load_prompts([*(folder / f"{name}.wav" for name in WORDS), *voices]))

    def lasts(self, prompt: str) -> float:
        return self.stage.standard.prompts[prompt].seconds

    @contextlib.asynccontextmanager
    async def at(self, hour: int) -> AsyncIterator[None]:
        """A worker runs, and its clocks and the dialplan's show this hour."""
        zone = zone_where_it_is(hour)
        await self.stage.pbx.console(f"dialplan set global HOTLINE_ZONE {zone}")
        requests = {"zone": zone, "look_every": 1, "redial": 0}
        self.stage.setting = replace(self.stage.setting, requests=requests)
        worker = await self.stage.start()
        try:
            yield
        finally:
            code = await worker.stop()
        assert code == 0

    async def became(self, number: int) -> Request:
        return await self.store.get(number)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("callbacks")
    stage = Stage(asterisk, folder, Setting(agents=1, globals={"HOTLINE_CALLBACK_STRIP": "1"}))
    database = await Database.open(f"sqlite:///{folder / 'hotline.db'}")
    here = House(stage, folder, Store(database))
    stage.carrier = Carrier(stage.carrier.plan, here.rings)
    async with stage:
        yield here
    await database.close()


@pytest.mark.rule("S004-M03", "S000-32", "S004-M04")
async def test_a_caller_is_rung_back_hears_who_rings_presses_a_key_and_is_heard_by_the_agent(house: House) -> None:
    number = await house.filed(NUMBER, "enquiry-callback", agent="agent-001")
    async with house.at(15), house.answered() as agent, house.answered() as caller:
        await stays(caller, house.lasts("callback-introduce") + 2.0)
        await caller.press("1")
        await stays(caller, house.lasts("callback-reason") + 3.0)
        for _ in range(4):  # an agent says it again until the caller is there
            await stays(caller, agent.say(house.stage.voices.agent) + 0.5)
            if "agent" in await house.hears(caller):
                break
        await stays(caller, caller.say(house.stage.voices.caller) + 0.5)
        assert not agent.ended.done()
        assert "softmix" in await house.stage.pbx.console("bridge show all")  # docs/decisions/0009: else it is luck
        heard = await asyncio.gather(house.hears(caller), house.hears(agent))
        await caller.hang_up()
        await asyncio.wait_for(agent.ended, 5)
    at_the_caller, at_the_agent = heard
    assert at_the_caller == ["callback-introduce", "callback-verify", "callback-reason", "agent"]
    assert at_the_agent == ["caller"]
    assert agent.claims.name == f"[callback {number}]"
    request = await house.became(number)
    assert (request.state, request.history[-1].note) == (State.DONE, "connected")


@pytest.mark.rule("S004-N13", "S004-F06", "S004-M11")
async def test_in_quiet_hours_only_whose_line_dropped_is_rung_and_who_presses_nothing_talks_to_nobody(
    house: House,
) -> None:
    waits = await house.filed(OTHER, "enquiry-callback")
    dropped = await house.filed(NUMBER, DROPPED, redial=0)
    async with house.at(23), house.answered() as agent, house.answered() as caller:
        await asyncio.wait_for(caller.ended, 60)
        await asyncio.wait_for(agent.ended, 5)
        heard = await asyncio.gather(house.hears(caller), house.hears(agent))
    assert list(heard) == [["callback-introduce", "callback-verify", "callback-verify"], []]
    request = await house.became(dropped)
    assert (request.state, request.attempts, request.history[-1].note) == (State.OPEN, 1, "no key")
    assert [(r.state, r.attempts) for r in [await house.became(waits)]] == [(State.OPEN, 0)]
