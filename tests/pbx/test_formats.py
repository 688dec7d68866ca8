"""What the studio makes, played by a real Asterisk: nothing is transcoded, nothing is clipped, pieces join.

The PBX is called over a trunk that speaks one codec; the ear is the carrier's, behind a bridge.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from ari_app import paths, pieces
from ari_app.pbx.instance import Pbx
from ari_app.qa.carrier import CallerId, Carrier, Leg
from ari_app.qa.carrier_ari import CarrierAri, Event
from ari_app.qa.ear import Recording
from ari_app.qa.matcher import Matcher, load_prompts
from ari_app.qa.ulaw import RATE, decode
from ari_app.studio import build, native
from ari_app.studio.acoustics import WIDE, Samples, in_band
from ari_app.studio.recording import inspect, telephone_samples
from ari_app.studio.scripts import scripts
from tests.pair import pair

pytestmark = [
    pytest.mark.pbx,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not shutil.which("espeak-ng") or not native.has_ffmpeg(), reason="wide band needs both"),
]

CODECS = ("ulaw", "alaw", "g722")
HUNDRED_MS = RATE // 10
AT_ONCE = 12
"""Calls at a time: two PBXs share this machine with us."""
TIMES = 3  # at most that something is played: a machine that stood still is no verdict
LIKENESS = 0.95
CODEC_DELAY = 24  # samples: G.722 has filters, and they take their time

EXTENSIONS = """[trunk]
exten => pieces,1,Stasis(pieces)
exten => _[a-z].,1,Answer()
 same => n,Playback({prompts}/${{EXTEN}})
 same => n,Hangup()
exten => _9[a-z].,1,Answer()
 same => n,Playback({prompts}/../en/${{EXTEN:1}})
 same => n,Hangup()
exten => _X[a-z].,1,Answer()
 same => n,Playback({wav_only}/${{EXTEN:1}})
 same => n,Hangup()
"""

ARI = "[general]\nenabled=yes\n[pieces]\ntype=user\npassword=pieces\nread_only=no\n"


@dataclass(frozen=True)
class Line:
    """A PBX that speaks one codec with its carrier, and the prompts it plays."""

    codec: str
    pbx: Pbx
    carrier: Carrier
    prompts: Path


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped prompts in a folder of their own, in every format."""
    copy = tmp_path_factory.mktemp("prompts")
    for name in ("hotline-standard", "pieces"):
        shutil.copytree(paths.shipped("prompts") / name, copy / name)
    build.build(scripts(copy))
    return copy


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=CODECS)
async def line(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, prompts: Path
) -> AsyncIterator[Line]:
    folder, codec = tmp_path_factory.mktemp("formats"), str(request.param)
    spoken, wav_only = prompts / "hotline-standard" / "zh-CN", folder / "wav-only"
    wav_only.mkdir()
    shutil.copy(spoken / "greeting.wav", wav_only)

    def speak_it_too(carrier: dict[str, str]) -> None:
        carrier["pjsip.conf"] = carrier["pjsip.conf"].replace("allow=ulaw", f"allow={codec}")
        carrier["modules.conf"] += "".join(f"load=codec_{name}.so\n" for name in ("alaw", "g722", "resample"))

    files = {"extensions.conf": EXTENSIONS.format(prompts=spoken, wav_only=wav_only), "ari.conf": ARI}
    async with pair(folder, files, codec=codec, near=speak_it_too) as both:
        yield Line(codec, both.pbx, both.carrier, spoken)


async def sounds(leg: Leg) -> None:
    """The prompt is in the caller's ear: before that, Asterisk has not opened its file and transcodes nothing."""
    async with asyncio.timeout(10):
        while len(leg.handset.ear.packets) < 10:
            await asyncio.wait([leg.ended], timeout=0.02)


async def while_playing(pbx: Pbx, application: str) -> dict[str, str]:
    """What Asterisk says of its one channel as soon as that is in an application; asked until it is."""
    async with asyncio.timeout(10):
        while True:
            for told in (await pbx.console("core show channels concise")).splitlines():
                name = told.split("!")[0]
                shown = await pbx.console(f"core show channel {name}")
                if re.search(rf"Application: {application}\b", shown):
                    return {
                        key.strip(): value.strip() for key, _, value in (s.partition(":") for s in shown.splitlines())
                    }


async def heard(leg: Leg) -> Recording:
    answered = await asyncio.wait_for(leg.answered, 15)
    return leg.handset.ear.recording(answered, await asyncio.wait_for(leg.ended, 30))


# ------------------------------------------------------------------ no transcoding


async def test_a_prompt_is_played_without_transcoding(line: Line) -> None:
    async with line.carrier.ring("greeting", CallerId("1")) as leg:
        await asyncio.wait_for(leg.answered, 15)
        await sounds(leg)
        channel = await while_playing(line.pbx, "Playback")
    assert channel["NativeFormats"] == f"({line.codec})"
    assert (channel["WriteFormat"], channel["WriteTranscode"]) == (line.codec, "No")


async def test_a_wav_alone_is_played_too_but_transcoded(line: Line) -> None:
    """The control: if this said No, the test above would prove nothing."""
    async with line.carrier.ring("1greeting", CallerId("1")) as leg:
        await asyncio.wait_for(leg.answered, 15)
        await sounds(leg)
        channel = await while_playing(line.pbx, "Playback")
    assert channel["WriteTranscode"].startswith("Yes")


# ------------------------------------------------------------------ nothing is clipped


@dataclass(frozen=True)
class Heard:
    """What arrived of a prompt, packet after packet. When each came is not asked here: the cast's waits tell that."""

    recording: Recording
    payload: bytes
    lost: int


async def ring_and_hear(line: Line, prompt: str, prefix: str) -> Heard:
    async with line.carrier.ring(prefix + prompt, CallerId("1")) as leg:
        lost = (await heard(leg)).lost
        payload = b"".join(packet.payload for packet in sorted(leg.handset.ear.packets, key=lambda p: p.arrived))
    return Heard(Recording(decode(payload)), payload, lost)


@pytest.mark.parametrize(("language", "prefix"), [("zh-CN", ""), ("en", "9")])
async def test_the_first_and_the_last_100_ms_of_every_prompt_arrive(line: Line, language: str, prefix: str) -> None:
    """Every prompt in µ-law; in the other codecs, whose files the same studio makes, a dozen from A to Z.

    What a machine lost that stood still for a moment is there the next time; what never arrives is asked for in vain.
    """
    folder = line.prompts.parent / language
    names = sorted(path.stem for path in folder.glob("*.wav") if path.stem != "lead-in")
    if line.codec != "ulaw":
        names = names[:: -(-len(names) // AT_ONCE)]
    likeness: dict[str, float] = {}
    for _ in range(TIMES):
        missing = [name for name in names if name not in likeness]
        for i in range(0, len(missing), AT_ONCE):
            some = missing[i : i + AT_ONCE]
            calls = await asyncio.gather(*(ring_and_hear(line, name, prefix) for name in some))
            for name, call in zip(some, calls, strict=True):
                told = compare(line, folder / name, call)
                if isinstance(told, float):
                    likeness[name] = told
                else:
                    print(told)
    assert not [name for name in names if name not in likeness]
    worst = min(likeness.values())
    print(f"{line.codec} {language}: {len(names)} prompts, least likeness of their first and last 100 ms {worst:.3f}")


def compare(line: Line, prompt: Path, call: Heard) -> float | str:
    """How alike its first and last 100 ms were, the worse of both; or what is wrong with what was heard."""
    found = Matcher(load_prompts([Path(f"{prompt}.wav")])).find(call.recording)
    if call.lost or len(found) != 1 or not found[0].whole or found[0].dropouts:
        return f"{prompt.name}: {call.lost} packets lost, {found}"
    if line.codec == "ulaw" and Path(f"{prompt}.ulaw").read_bytes() not in call.payload:
        return f"{prompt.name} did not arrive byte by byte"
    said, there = reference(line, prompt), telephone_band(line, call.recording)
    sound = inspect(Path(f"{prompt}.wav"))
    first, last = sound.lead_ms * 8, len(said) - sound.tail_ms * 8 - HUNDRED_MS
    worst = min(alike(said, there, at, round(found[0].start * RATE) + at) for at in (first, last))
    return worst if worst > LIKENESS else f"{prompt.name}: its first or last 100 ms are only {worst:.3f} alike"


def reference(line: Line, prompt: Path) -> Samples:
    """What is to be heard: of the wide band, that part which reaches an ear at 8 kHz."""
    if line.codec != "g722":
        return telephone_samples(Path(f"{prompt}.wav")) / 32768.0
    return in_band(np.fromfile(f"{prompt}.sln16", "<i2") / 32768.0, WIDE.rate)


def telephone_band(line: Line, recording: Recording) -> Samples:
    sound = recording.samples / 32768.0
    return in_band(sound, RATE) if line.codec == "g722" else sound


def alike(said: Samples, ear: Samples, at: int, there: int) -> float:
    """Correlation of 100 ms of a prompt with what was heard there, a codec's delay allowed for."""
    wanted = said[at : at + HUNDRED_MS]
    best = 0.0
    for delay in range(-CODEC_DELAY, CODEC_DELAY + 1):
        have = ear[there + delay : there + delay + HUNDRED_MS]
        power = float(np.sqrt((wanted @ wanted) * (have @ have)))
        best = max(best, float(wanted @ have) / power if power else 0.0)
    return best


# ------------------------------------------------------------------ pieces join


async def test_pieces_are_heard_as_one_sentence(line: Line) -> None:
    """A gap of the PBX's own is there every time; that of a machine that stood still for a moment is not."""
    names = pieces.digits("400 8008", "zh-CN")
    folder = line.prompts.parent.parent / "pieces" / "zh-CN"
    whole = sum(len(telephone_samples(folder / f"{name}.wav")) for name in names) / RATE
    joined = b"".join((folder / f"{name}.ulaw").read_bytes() for name in names)
    told = []
    for _ in range(TIMES):
        recording, payload, playing = await ring_for_pieces(line, folder, names)
        assert (playing["WriteFormat"], playing["WriteTranscode"]) == (line.codec, "No")
        told.append(recording.spurts[-1].end - recording.spurts[0].start)
        arrived = line.codec != "ulaw" or joined in payload
        if recording.lost == 0 and arrived and told[-1] == pytest.approx(whole, abs=0.05):
            break
    print(f"{line.codec}: {len(names)} pieces, {whole:.2f} s, heard in {told} s")
    assert recording.lost == 0 and arrived
    assert told[-1] == pytest.approx(whole, abs=0.05)


async def ring_for_pieces(line: Line, folder: Path, names: tuple[str, ...]) -> tuple[Recording, bytes, dict[str, str]]:
    async with CarrierAri(line.pbx.ari_url, "pieces", "pieces", "pieces") as ari:
        arrived: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        finished = asyncio.Event()

        def told(event: Event, _at: float) -> None:
            if event["type"] == "StasisStart":
                arrived.set_result(event["channel"]["id"])
            elif event["type"] == "PlaybackFinished":
                finished.set()

        ari.unclaimed = told
        async with line.carrier.ring("pieces", CallerId("1")) as leg:
            channel = await asyncio.wait_for(arrived, 15)
            await ari.post(f"/channels/{channel}/answer")
            await asyncio.wait_for(leg.answered, 15)
            await ari.post(f"/channels/{channel}/play", media=",".join(f"sound:{folder / name}" for name in names))
            playing = await while_playing(line.pbx, "Stasis")
            await asyncio.wait_for(finished.wait(), 15)
            await ari.delete(f"/channels/{channel}")
            recording = await heard(leg)
            payload = b"".join(packet.payload for packet in leg.handset.ear.packets)
            return recording, payload, playing
