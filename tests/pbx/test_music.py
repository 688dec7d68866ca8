"""Music for those who wait, on a real Asterisk: in the queue, and while an agent has asked a caller to hold."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from ari_app import paths
from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.carrier import CallerId
from ari_app.qa.cast import SENTENCE, Agent, CastCaller, Outcome
from ari_app.qa.machine import think
from ari_app.qa.matcher import Matcher, load_prompts
from ari_app.qa.setting import Setting
from ari_app.qa.stage import DIALLED, Stage
from ari_app.qa.ulaw import RATE
from ari_app.qa.verdict import judge
from ari_app.rehearsal.script import Waits
from tests.standards import child

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

WITHIN = 30.0
BRIEF_HOLD = """
procedures:
  hold:
    steps:
      - {say: hold-please, wait: 5, on_response: next, keys: {"2": resume}}
      - {wait: 4, music: true}
      - {say: hold-thanks}
"""
HELD = CastCaller(
    "asked to hold", "", (Waits(1.0), SENTENCE), ("greeting", "connecting", "hold-please", "hold-thanks"),
    outcome=Outcome.SERVED, agent=Agent.SENDS_BACK, agent_presses="*83", meetings=2,
)  # fmt: skip


def compose(path: Path) -> None:
    """A tune of a second and a half that nobody would take for a sentence."""
    at = np.arange(RATE * 3 // 2) / RATE
    tune = 6000 * np.sin(2 * np.pi * (400 * at + 250 * at**2)) * (np.sin(2 * np.pi * 4 * at) > -0.5)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(tune.astype("<i2").tobytes())


@pytest.fixture(scope="module")
def tune(stage_folder: Path) -> Matcher:
    folder = stage_folder / "music"
    folder.mkdir()
    compose(folder / "tune.wav")
    return Matcher(load_prompts([folder / "tune.wav"]))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(asterisk: Asterisk, stage_folder: Path, tune: Matcher) -> AsyncIterator[Stage]:
    utility = child(stage_folder, "utility-now", "utility-service", BRIEF_HOLD)
    music = {"HOTLINE_MUSIC": "default", "HOTLINE_QUEUE_OPTIONS": ""}
    setting = Setting(standard_folder=utility, sounds=paths.shipped("prompts"), agents=2, globals=music)
    async with Stage(asterisk, stage_folder / "pbx", setting) as stage:
        stage.pbx.write({"musiconhold.conf": f"[default]\nmode = files\ndirectory = {stage_folder / 'music'}\n"})
        await stage.pbx.console("module load res_musiconhold.so")
        yield stage


@pytest.mark.rule("S004-M07", "S000-22")
async def test_who_was_asked_to_hold_hears_music_and_then_thanks(stage: Stage, tune: Matcher) -> None:
    """The hold is short here: 4 s after the 5 in which the caller may say no; then the same agent again."""
    [held] = await stage.perform_fairly([HELD])
    assert judge(held, stage.standard).faults == ()
    asked, thanked = (found for found in held.found if found.prompt.startswith("hold-"))
    assert thanked.start - asked.end == pytest.approx(5 + 4, abs=0.15)
    played = [f for f in await think(tune.find, held.recording) if asked.end < f.start < thanked.start]
    assert any(found.whole for found in played)  # the first goes on where the music stopped when an agent came


async def test_who_waits_for_an_agent_hears_music_in_place_of_ringing(stage: Stage, tune: Matcher) -> None:
    application = await stage.start("2")
    for phone in ("agent-001", "agent-002"):
        await stage.pbx.console(f"queue pause member PJSIP/{phone} queue hotline")
    async with stage.carrier.ring(DIALLED, CallerId("13900139000")) as leg:
        answered = await asyncio.wait_for(leg.answered, WITHIN)
        leg.say(stage.voices.caller)
        async with asyncio.timeout(WITHIN):
            while "PJSIP/carrier-" not in await stage.pbx.console("queue show hotline"):
                assert not leg.ended.done()
        await asyncio.wait((leg.ended,), timeout=4.0)  # they wait, as long as that
        recording = leg.handset.ear.recording(answered, asyncio.get_running_loop().time())
        await leg.hang_up()
    await application.stop()
    assert [found.whole for found in await think(tune.find, recording)][:1] == [True]
