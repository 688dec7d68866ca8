"""Nobody is lost when a worker stops, or meets a bug."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.cast import APPLICATION_DOWN, SILENT, SPEAKS_AT_ONCE
from ari_app.qa.disaster import saved
from ari_app.qa.setting import Setting
from ari_app.qa.stage import Stage
from ari_app.qa.verdict import judge
from tests.pbx.bookkeeping import until

pytestmark = pytest.mark.pbx


async def test_a_draining_worker_finishes_its_callers_and_exits_0(asterisk: Asterisk, tmp_path: Path) -> None:
    answered = asyncio.Event()
    async with Stage(asterisk, tmp_path) as stage:
        worker = await stage.start()
        calls = asyncio.create_task(
            stage.play([SILENT], lambda _, news: answered.set() if "answered" in news else None)
        )
        await answered.wait()
        stopping = asyncio.create_task(worker.stop())
        await until(tmp_path / "application-1.log", lambda log: "draining" in log)
        late = await stage.play([replace(APPLICATION_DOWN, name="rings while it drains")])
        finished, code = await calls, await stopping
    assert code == 0
    assert all(saved(hearing) for hearing in finished)
    assert [found.prompt for found in late[0].found][:1] == ["late-answer"]
    assert saved(late[0])


async def test_a_bug_in_a_procedure_sends_its_caller_to_an_agent_and_no_neighbour_notices(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    broken = Path(__file__).with_name("broken_application.py")
    async with Stage(asterisk, tmp_path, Setting(command=(sys.executable, str(broken), "run"))) as stage:
        await stage.start()
        unlucky = replace(SPEAKS_AT_ONCE, name="meets a bug", expects=("greeting",))
        hearings = await stage.play([unlucky, SILENT])
        log = (tmp_path / "application-1.log").read_text()
    assert hearings[0].agent is not None
    assert [found.prompt for found in hearings[0].found][:2] == ["greeting", "agent"]
    assert saved(hearings[1])
    assert hearings[1].found[-1].prompt == "no-sound"
    assert "injected" in log


async def test_when_no_worker_comes_back_the_dialplan_takes_the_caller_to_an_agent(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    """Its only worker was killed in the greeting, and nothing starts it again: nobody waits in silence for ever."""
    answered = asyncio.Event()
    async with Stage(asterisk, tmp_path, Setting(globals={"HOTLINE_LONGEST": "8"})) as stage:
        worker = await stage.start()
        unlucky = replace(APPLICATION_DOWN, name="loses the application")
        calls = asyncio.create_task(
            stage.play([unlucky], lambda _, news: answered.set() if "answered" in news else None)
        )
        await answered.wait()
        await worker.kill()
        [hearing] = await calls
    assert saved(hearing)
    assert [found.prompt for found in hearing.found][-2:] == ["late-answer", "agent"]
    assert hearing.found[-2].start < 9.5


async def test_whoever_is_being_served_is_not_taken_to_the_queue_however_long_it_lasts(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    """The dialplan's clock is for a dead application: a silent ladder of 40 seconds outlasts its 20."""
    async with Stage(asterisk, tmp_path, Setting(globals={"HOTLINE_LONGEST": "20"})) as stage:
        await stage.start()
        [hearing] = await stage.play_fairly([SILENT])
        assert hearing.ended is not None and hearing.ended > 30
        assert judge(hearing, stage.standard).kept
