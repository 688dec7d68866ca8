"""Makes the sounds that QA's people make: a caller's sentence, an agent's sentence, a cough.

Run it from the repository: `python tools/make_qa_voices.py`. Two runs write the same bytes.
"""

from __future__ import annotations

import tempfile
import wave
from pathlib import Path

import numpy as np

from ari_app.studio import acoustics
from ari_app.studio.acoustics import TELEPHONE_RATE, Samples
from ari_app.studio.cutting import CEILING_DBFS, LEVEL_DBOV, Cut, telephone_ready
from ari_app.studio.voice import Voice, speak

VOICES = Path(__file__).resolve().parent.parent / "ari_app" / "qa" / "voices"
SSML = '<prosody range="130%">{say}</prosody>'
COUGH_S = 0.150


def voice(variant: str, speed: int, pitch: int) -> Voice:
    command = ("espeak-ng", "-m", "-v", f"cmn-latn-pinyin+{variant}", "-s", str(speed), "-p", str(pitch))
    return Voice((*command, "-w", "{out}", "{ssml}"), SSML, (*command, "-q", "-x", "{ssml}"), pinyin=True)


SENTENCES = {
    "caller": (
        voice("m3", 222, 30),
        "你好，我想查询一下我的账单",
        "ni3 hao3， wo3 xiang3 cha2 xun2 yi2 xia4 wo3 de5 zhang4 dan1",
    ),
    "agent": (
        voice("Alicia", 240, 50),
        "您好，我是客服代表，请讲",
        "nin2 hao3， wo3 shi4 ke4 fu2 dai4 biao3， qing3 jiang3",
    ),
}


def cough() -> Samples:
    """A burst that rises within 8 ms, dies away, and is followed by the softer second sound of a cough."""
    size = round(COUGH_S * TELEPHONE_RATE)
    seconds = np.arange(size) / TELEPHONE_RATE
    first = np.minimum(seconds / 0.008, 1) * np.exp(-seconds / 0.045)
    second = 0.35 * np.exp(-(((seconds - 0.115) / 0.018) ** 2))
    hertz = np.fft.rfftfreq(size, 1 / TELEPHONE_RATE)
    throat = sum(np.exp(-(((hertz - f) / width) ** 2)) for f, width in ((550, 250), (1250, 400), (2600, 700)))
    noise = np.fft.irfft(np.fft.rfft(np.random.default_rng(150).standard_normal(size)) * throat, size)
    ends = np.minimum(1, np.minimum(seconds, seconds[::-1]) / 0.002)
    loud, _ = acoustics.at_loudness(noise * (first + second) * ends, TELEPHONE_RATE, LEVEL_DBOV, CEILING_DBFS)
    return loud


def main() -> None:
    VOICES.mkdir(parents=True, exist_ok=True)
    for name, (speaker, text, say) in SENTENCES.items():
        with tempfile.TemporaryDirectory() as booth:
            spoken = Path(booth) / "spoken.wav"
            speak(speaker, name, text, say, spoken)
            (VOICES / f"{name}.wav").write_bytes(telephone_ready(spoken, name, Cut(lead_ms=0, tail_ms=0)).wav)
    with wave.open(str(VOICES / "cough.wav"), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(TELEPHONE_RATE)
        wav.writeframes(np.rint(cough() * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
