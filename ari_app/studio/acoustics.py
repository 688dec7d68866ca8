"""How a recording becomes telephone sound, and how loud that sound is.

Rule 1: samples in, samples and numbers out; no file, no command, no prompt is known here.
Rule 2: one measure of loudness, the active speech level of ITU-T P.56 in dBov (a full-scale sine is -3.01 dBov),
because pauses do not make a sentence quieter to a caller, and peaks do not make it louder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float64]  # mono, full scale is 1.0


@dataclass(frozen=True, slots=True)
class Band:
    """What a line carries: everything between two frequencies, nothing outside the edges, at a sampling rate."""

    rate: int
    hertz: tuple[float, float]
    edges: tuple[float, float]


TELEPHONE: Final = Band(8000, (300.0, 3400.0), (150.0, 3900.0))
WIDE: Final = Band(16000, (100.0, 7000.0), (50.0, 7800.0))  # "HD": G.722 and what is richer still
TELEPHONE_RATE: Final = TELEPHONE.rate

_MARGIN_DB: Final = 15.9  # P.56: a threshold so far below the active level separates speech from pauses
_SMOOTHING_S: Final = 0.03
_HANGOVER_S: Final = 0.2
_FRAME_S: Final = 0.01
_FADE_S: Final = 0.01
_RING_S: Final = 0.1  # room for the filters to ring at both ends


def decibels(ratio: float) -> float:
    """An amplitude ratio in dB; -inf for nothing at all."""
    return 20 * float(np.log10(ratio)) if ratio > 0 else float("-inf")


def peak_dbfs(samples: Samples) -> float:
    """The loudest single sample, dB below full scale."""
    return decibels(float(np.abs(samples).max(initial=0.0)))


def in_band(samples: Samples, rate: int, band: Band = TELEPHONE) -> Samples:
    """What a line carries of a recording, at the line's own sampling rate."""
    padded = np.pad(_faded(samples, rate), round(_RING_S * rate))
    at_rate = soxr.resample(padded, rate, band.rate, quality="VHQ") if rate != band.rate else padded
    hertz = np.fft.rfftfreq(len(at_rate), 1 / band.rate)
    rise = np.interp(hertz, (band.edges[0], band.hertz[0]), (0.0, np.pi / 2))
    fall = np.interp(hertz, (band.hertz[1], band.edges[1]), (np.pi / 2, 0.0))
    passed: Samples = np.fft.irfft(np.fft.rfft(at_rate) * (np.sin(rise) * np.sin(fall)) ** 2, len(at_rate))
    ring = round(_RING_S * band.rate)
    return passed[ring:-ring]


def _faded(samples: Samples, rate: int) -> Samples:
    """A hum that is cut off sounds like a click when a filter has taken the hum away: let it die in 10 ms."""
    length = min(round(_FADE_S * rate), len(samples) // 2)
    faded, ramp = samples.copy(), np.sin(np.linspace(0, np.pi / 2, length)) ** 2
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return faded


def sounding(samples: Samples, rate: int, below_loudest_db: float) -> tuple[float, float]:
    """From which second to which a recording sounds: frames at most so many dB below its loudest one.

    (0, 0) when there is no sound at all.
    """
    length = round(_FRAME_S * rate)
    frames = np.pad(samples, (0, -len(samples) % length)).reshape(-1, length)
    loudness = np.sqrt(np.mean(frames**2, axis=1))
    loud = np.flatnonzero(loudness > loudness.max(initial=0.0) * 10 ** (-below_loudest_db / 20))
    return (float(loud[0] * _FRAME_S), float((loud[-1] + 1) * _FRAME_S)) if len(loud) else (0.0, 0.0)


def active_level(samples: Samples, rate: int) -> float:
    """How loud a caller finds the speech itself, pauses left out: ITU-T P.56 method B, dBov; -inf for silence."""
    energy = float(samples @ samples)
    if not energy:
        return float("-inf")
    held = np.sort(_trailing_maximum(_envelope(samples, rate), round(_HANGOVER_S * rate) + 1))
    level = 10 * float(np.log10(energy / len(samples)))
    margin: float | None = None
    for threshold in 2.0 ** -np.arange(1.0, 16.0):
        active = len(held) - int(np.searchsorted(held, threshold))
        if not active:
            continue
        louder, before = level, margin
        level = 10 * float(np.log10(energy / active))
        margin = level - decibels(threshold)
        if margin >= _MARGIN_DB:
            if before is not None:  # between two thresholds the level is read on a straight line
                level = float(np.interp(_MARGIN_DB, (before, margin), (louder, level)))
            break
    return level


def at_loudness(samples: Samples, rate: int, level_dbov: float, ceiling_dbfs: float) -> tuple[Samples, float]:
    """The recording at an active level, no sample above the ceiling; and by how many dB peaks were held down."""
    raised = samples * 10 ** ((level_dbov - active_level(samples, rate)) / 20)
    return _limited(raised, rate, 10 ** (ceiling_dbfs / 20))


def _limited(samples: Samples, rate: int, ceiling: float, look_ahead: float = 0.005) -> tuple[Samples, float]:
    """Gain rides down `look_ahead` seconds before a peak and back after it, smoothly: no click, no flat top."""
    reduction = 1 - np.minimum(1.0, ceiling / np.maximum(np.abs(samples), ceiling / 2**20))
    if not reduction.any():
        return samples, 0.0
    reach = round(look_ahead * rate)
    window = np.hanning(2 * reach + 3)[1:-1]
    held = _trailing_maximum(np.pad(reduction, 2 * reach), 2 * reach + 1)
    ride = np.convolve(held, window / window.sum())[4 * reach : 4 * reach + len(samples)]
    return samples * (1 - ride), -decibels(float(1 - ride.max()))


def _envelope(samples: Samples, rate: int) -> Samples:
    """P.56's envelope: the magnitude through two equal one-pole smoothers, applied in the frequency domain."""
    size = len(samples) + round(20 * _SMOOTHING_S * rate)  # long enough that nothing wraps around
    pole = np.exp(-1 / (_SMOOTHING_S * rate))
    response = ((1 - pole) / (1 - pole * np.exp(-2j * np.pi * np.fft.rfftfreq(size)))) ** 2
    smooth: Samples = np.fft.irfft(np.fft.rfft(np.abs(samples), size) * response, size)
    return smooth[: len(samples)]


def _trailing_maximum(values: Samples, width: int) -> Samples:
    """At each place the largest of the last `width` values."""
    held, reach = values.copy(), 1
    while reach < min(width, len(values)):
        step = min(reach, width - reach)
        held[step:] = np.maximum(held[step:], held[:-step])
        reach += step
    return held
