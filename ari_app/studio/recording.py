"""A finished recording as it lies on disk, measured as a caller hears it.

Rule: reads telephone WAV only (8 kHz, mono, 16-bit); what is anything else goes through the studio first.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ari_app.errors import StudioFailed
from ari_app.studio import acoustics
from ari_app.studio.acoustics import TELEPHONE_RATE
from ari_app.studio.native import Pcm

BELOW_LOUDEST_DB: Final = 45.0  # what is softer than this, next to the loudest 10 ms, counts as silence


@dataclass(frozen=True, slots=True)
class Sound:
    """What a caller hears of a file: seconds, active level (dBov), peak (dBFS), silence at both ends (ms)."""

    seconds: float
    level_dbov: float
    peak_dbfs: float
    lead_ms: int
    tail_ms: int


def inspect(recording: Path) -> Sound:
    """Measure a finished recording; raises StudioFailed, naming the file, when it is no telephone WAV."""
    samples = telephone_samples(recording) / 32768.0
    seconds = len(samples) / TELEPHONE_RATE
    start, end = acoustics.sounding(samples, TELEPHONE_RATE, BELOW_LOUDEST_DB)
    return Sound(
        seconds=seconds,
        level_dbov=acoustics.active_level(samples, TELEPHONE_RATE),
        peak_dbfs=acoustics.peak_dbfs(samples),
        lead_ms=round(1000 * (start if end else seconds)),
        tail_ms=max(0, round(1000 * (seconds - end))),
    )


def telephone_samples(recording: Path) -> Pcm:
    """The samples of a finished recording; raises StudioFailed, naming the file, when it is no telephone WAV."""
    try:
        with wave.open(str(recording)) as wav:
            shape = (wav.getframerate(), wav.getnchannels(), wav.getsampwidth())
            data = wav.readframes(wav.getnframes())
    except (OSError, EOFError, wave.Error) as problem:
        raise StudioFailed(f"{recording}: cannot be read ({problem}); build the prompts again") from None
    if shape != (TELEPHONE_RATE, 1, 2):
        raise StudioFailed(f"{recording}: is not 8 kHz mono 16-bit; move it to masters/ and build the prompts")
    return np.frombuffer(data, "<i2", count=len(data) // 2).astype(np.int16)
