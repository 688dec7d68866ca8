"""The booth: sounds and voices that the tests of the studio make for themselves."""

from __future__ import annotations

import io
import shutil
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ari_app.studio import acoustics, native
from ari_app.studio import build as studio
from ari_app.studio.acoustics import TELEPHONE_RATE, Samples
from ari_app.studio.scripts import Saying as Spoken
from ari_app.studio.scripts import Script
from ari_app.studio.voice import Voice

needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")


@dataclass(frozen=True)
class Saying:
    name: str
    text: str = "您好"
    say: str = "nin2 hao3"


def render(folder: Path, sayings: Sequence[Spoken], voice: Voice, **options: Any) -> list[studio.Rendered]:
    return studio.render(Script("test", folder, "zh-CN", tuple(sayings)), voice, **options)


def tone(hertz: float, seconds: float = 1.0, rate: int = 44100, amplitude: float = 0.25) -> Samples:
    made: Samples = amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return made


def speechlike(seconds: float = 2.0, rate: int = 44100) -> Samples:
    """Vowels of 150 ms, 4 a second: harmonics of 140 Hz under a syllable's envelope."""
    clock = np.arange(round(seconds * rate)) / rate
    voiced = sum(np.sin(2 * np.pi * 140 * k * clock + k) / k for k in range(1, 25))
    made: Samples = 0.1 * np.asarray(voiced) * np.clip(np.sin(2 * np.pi * 4 * clock), 0, 1)
    return made


def wav(samples: Samples, rate: int = 44100, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(np.repeat(samples, channels) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def samples_of(recording: bytes) -> Samples:
    with wave.open(io.BytesIO(recording)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0


def level_at(samples: Samples, hertz: float) -> float:
    """dB of one spectral line, whatever else sounds."""
    clock = np.arange(len(samples)) / TELEPHONE_RATE
    window = np.hanning(len(samples))
    line = np.abs(np.sum(samples * window * np.exp(-2j * np.pi * hertz * clock))) / window.sum()
    return acoustics.decibels(float(line))


def master(folder: Path, content: bytes, name: str = "hello.wav") -> Path:
    path = folder / "masters" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def a_program(what: str, time_limit: float = 20.0) -> Voice:
    """A voice that is a line of Python; sys.argv[1] is the file to write."""
    return Voice((sys.executable, "-c", f"import sys, time; {what}", "{out}", "{text}"), time_limit=time_limit)


HUMS = a_program(
    "import wave, array, math; w = wave.open(sys.argv[1], 'wb'); w.setparams((1, 2, 16000, 0, 'NONE', '')); "
    "w.writeframes(array.array('h', [int(9000 * math.sin(i / 5)) for i in range(16000)]).tobytes()); w.close()"
)


def names_in(folder: Path) -> list[str]:
    """The files of a folder a person would see, but for the native formats."""
    return sorted(p.name for p in folder.glob("[!.]*") if p.suffix not in native.SUFFIXES)
