"""The carrier, its mouth and its ear against a real PBX whose dialplan is known: QA's own ruler, measured.

The hotline is not in it: what is measured here is how well we measure.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ari_app import paths
from ari_app.qa.carrier import By, CallerId
from ari_app.qa.ear import Recording
from ari_app.qa.matcher import Matcher, load_prompts
from ari_app.qa.mouth import load_clip
from ari_app.qa.stage import VOICES
from ari_app.rehearsal import script
from tests.pair import Pair, pair

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

PROMPTS = paths.standard_folder("hotline-standard") / "zh-CN"
CALLERS = 10
CLOSE = 0.1  # seconds: what a verdict allows; on an idle machine it is 0.005

EXTENSIONS = """[trunk]
exten => waits,1,Answer()
 same => n,Playback({prompts}/hanging-up)
 same => n,Wait(2)
 same => n,Playback({prompts}/hanging-up)
 same => n,Wait(1)
 same => n,Hangup()
exten => echo,1,Answer()
 same => n,Echo()
exten => keys,1,Answer()
 same => n,Read(KEY,,1)
 same => n,GotoIf($["${{KEY}}" = "9"]?nine)
 same => n,Hangup()
 same => n(nine),Playback({prompts}/wrong-number)
 same => n,Hangup()
exten => claims,1,Set(GLOBAL(NUMBER_LENGTH)=${{LEN(${{CALLERID(num)}})}})
 same => n,Set(GLOBAL(NAME)=${{CALLERID(name)}})
 same => n,Answer()
 same => n,Hangup()
"""


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(load_prompts([PROMPTS / "hanging-up.wav", PROMPTS / "wrong-number.wav", VOICES / "caller.wav"]))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    files = {"extensions.conf": EXTENSIONS.format(prompts=PROMPTS.absolute())}
    async with pair(tmp_path_factory.mktemp("ear"), files) as both:
        yield both


async def hear(line: Pair, dialled: str, *acts: script.Act, number: str = "1", name: str = "") -> tuple[Recording, By]:
    """Ring, do these things one after the other, and stay until the line ends."""
    async with line.carrier.ring(dialled, CallerId(number, name)) as leg:
        answered = await asyncio.wait_for(leg.answered, 15)
        for act in acts:
            match act:
                case script.Says():
                    await asyncio.sleep(leg.say(load_clip(VOICES / "caller.wav")))  # what a call lasts, it lasts
                case script.Waits(seconds):
                    await asyncio.sleep(seconds)
                case script.Presses(key):
                    await leg.press(key)
                case script.HangsUp():
                    await leg.hang_up()
                case _:
                    raise NotImplementedError(act)
        ended = await asyncio.wait_for(leg.ended, 30)
        assert leg.hung_up_by is not None
        return leg.handset.ear.recording(answered, ended), leg.hung_up_by


async def test_waits_of_a_dialplan_are_measured_at_the_ear(line: Pair, matcher: Matcher) -> None:
    heard = await asyncio.gather(*(hear(line, "waits", number=str(n)) for n in range(CALLERS)))
    for recording, by in heard:
        first, second = matcher.find(recording)
        assert first.whole and second.whole and first.opening > 0.9
        assert second.start - first.end == pytest.approx(2.0, abs=CLOSE)
        assert recording.seconds - second.end == pytest.approx(1.0, abs=CLOSE)
        assert recording.lost == 0 and by is By.THEM


async def test_what_the_mouth_says_comes_back_from_an_echo(line: Pair, matcher: Matcher) -> None:
    recording, by = await hear(line, "echo", script.Waits(0.5), script.Says(2.0), script.Waits(0.3), script.HangsUp())
    (found,) = matcher.find(recording)
    assert found.prompt == "caller" and found.whole
    assert found.start == pytest.approx(0.5, abs=CLOSE) and by is By.US


async def test_a_key_reaches_the_hotline_through_the_trunk(line: Pair, matcher: Matcher) -> None:
    recording, _ = await hear(line, "keys", script.Waits(0.3), script.Presses("9"))
    assert [found.prompt for found in matcher.find(recording)] == ["wrong-number"]


async def test_hostile_claims_really_travel_as_sip(line: Pair) -> None:
    hostile = '"><script>${SHELL(id)}\\r\\n;DROP'
    await hear(line, "claims", number="9" * 300, name=hostile)
    globals_ = await line.pbx.console("dialplan show globals")
    assert "NUMBER_LENGTH=79" in globals_  # as much as Asterisk keeps of 300 digits
    assert "<script>${SHELL(id)}" in globals_ and "uid=" not in globals_


async def test_a_number_nobody_has_is_refused_and_nothing_hangs(line: Pair) -> None:
    async with line.carrier.ring("nobody", CallerId("1")) as leg:
        await asyncio.wait_for(leg.ended, 10)
        assert not leg.answered.done()


async def test_a_caller_id_that_sip_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="control characters"):
        CallerId("1", "a\r\nb")
