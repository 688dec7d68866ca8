"""A line breaks off while its caller is with an agent: they ring again, or they are rung, and once (CON-28)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ari_app import paths, standard
from ari_app.ami.drops import Drop, watch_drops
from ari_app.back_office import BackOffice
from ari_app.call import Arrival
from ari_app.config import Configuration
from ari_app.records import settings as records
from ari_app.records.database import Database
from ari_app.requests.letter import DROPPED
from ari_app.requests.request import Request
from ari_app.requests.settings import RequestsSettings
from ari_app.requests.states import LIVE, State
from ari_app.requests.store import Store
from tests.wire.conftest import Employ
from tests.wire.manager import Manager
from tests.wire.stub import StubAri

AGENT, NUMBER = "PJSIP/agent-001", "13800138000"
TOLD = {"Event": "UserEvent", "UserEvent": "HotlineDropped", "Call": "1.7", "Number": NUMBER, "Agent": AGENT}


async def test_a_worker_hears_of_a_line_that_broke_and_of_nothing_else() -> None:
    heard: asyncio.Queue[Drop] = asyncio.Queue()
    async with Manager() as manager:
        watching = asyncio.create_task(watch_drops(manager.settings, heard.put_nowait))
        async with asyncio.timeout(10):
            while not manager.logins:
                await asyncio.wait((watching,), timeout=0.02)
            manager.tell({"Event": "UserEvent", "UserEvent": "Other"}, {"Event": "QueueCallerJoin"}, TOLD)
            assert await heard.get() == Drop("1.7", AGENT, NUMBER)
        assert heard.empty() and NUMBER not in repr(Drop("1.7", AGENT, NUMBER))
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@pytest.mark.rule("S004-F06", "S004-M11", "S004-U10")
async def test_a_caller_whose_line_broke_and_who_rings_again_goes_to_the_agent_they_were_with(
    pbx: StubAri, employ: Employ, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with employ() as worker:
        worker.dropped["100"] = AGENT
        back, other = pbx.ring(), pbx.arrives("c9", number="101")
        pbx.enter(other, worker.app, ["incoming"])
        await pbx.bell.until(lambda: back.departed)
        assert (back.departed, back.heard) == ("hotline-resume,s", ["connecting"])
        assert back.variables["HOTLINE_AGENT"] == AGENT
        await pbx.bell.until(lambda: other.heard[:1] == ["greeting"])


@pytest.mark.rule("S004-F06", "S004-M11", "S004-U10")
async def test_a_dropped_call_is_rung_half_a_minute_later_unless_its_caller_rings_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hotline.db"
    config = Configuration(
        records=records.settle({"url": url, "spool": str(tmp_path / "spool")}),
        requests=RequestsSettings(spool=str(tmp_path / "requests"), look_every=1),
    )
    spoken = standard.load(paths.standard_folder("hotline-standard"))
    async with Manager() as manager:
        config = config.model_copy(update={"ami": manager.settings})
        async with BackOffice.open(config, spoken) as office:
            database = await Database.open(url)
            store = Store(database)

            async def listed(*states: State) -> list[Request]:
                async with asyncio.timeout(10):
                    while not (found := await store.listing(states)):
                        pass
                return found

            async with asyncio.timeout(10):
                while not manager.logins:
                    await store.listing(LIVE)
            manager.tell(TOLD, TOLD)
            [request] = await listed(*LIVE)
            assert (request.procedure, request.agent, request.number, request.asked) == (
                DROPPED, AGENT, "+8613800138000", 1,
            )  # fmt: skip
            assert request.not_before is not None and (request.not_before - request.filed_at).seconds == 30
            assert request.clock == "dropped-call"
            assert office.returning(Arrival(number="13900139000")) == ""
            assert office.returning(Arrival(number=NUMBER)) == AGENT
            [request] = await listed(State.CANCELLED)
            assert request.agent == AGENT
            assert office.returning(Arrival(number=NUMBER)) == "", "once"
            await database.close()
