"""A recording becomes telephone sound: decoded, in its band, trimmed, at one loudness. Sole importer of pydub.

Rule 1: pydub decodes, cuts, fades and joins. It never filters, resamples or measures: it is bad at that.
Rule 2: band first, then trim, so that hum below the band is not taken for sound.
Rule 3: narrow and wide band are cut at the same moments: a sentence lasts as long in every format.
"""

from __future__ import annotations

import io
import warnings
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ari_app.errors import StudioFailed
from ari_app.studio import acoustics
from ari_app.studio.acoustics import TELEPHONE, WIDE, Band, Samples
from ari_app.studio.masters import LONGEST_S, read_master
from ari_app.studio.native import Pcm
from ari_app.studio.recording import BELOW_LOUDEST_DB

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pydub warns about a missing ffmpeg, which only some masters need
    from pydub import AudioSegment

LEVEL_DBOV: Final = -20.0  # as loud as the prompts Asterisk itself ships
CEILING_DBFS: Final = -2.0
LIMIT_DB: Final = 3.0  # peaks held down more than this would be heard
NEARLY_SILENT_DBOV: Final = -60.0
FADE_MS: Final = 5
FRAME_MS: Final = 20  # one RTP packet


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a recording begins and ends: silence before and after, and what counts as sound at its edges."""

    lead_ms: int = 60
    tail_ms: int = 150
    edges_ms: tuple[int, int] = (10, 20)  # of natural sound kept before the first and after the last frame that counts
    below_loudest_db: float = BELOW_LOUDEST_DB
    whole_frames: bool = False  # filled up to whole RTP packets

    def silence(self, sound_ms: int) -> tuple[int, int]:
        """Milliseconds before and after so much sound."""
        fill = -(self.lead_ms + sound_ms + self.tail_ms) % FRAME_MS if self.whole_frames else 0
        return self.lead_ms, self.tail_ms + fill


SENTENCE: Final = Cut()
PIECE: Final = Cut(lead_ms=0, tail_ms=0, edges_ms=(10, 10), below_loudest_db=40.0, whole_frames=True)


@dataclass(frozen=True, slots=True)
class Take:
    """One sentence as a caller hears it: at 8 kHz, and at 16 kHz when the recording has that much in it."""

    telephone: Pcm
    wide: Pcm | None

    @property
    def wav(self) -> bytes:
        return wav(self.telephone)

    def lasting_as(self, telephone: Pcm) -> Take:
        """With this narrow band instead, and the wide one as long as it, to the sample."""
        return Take(telephone, None if self.wide is None else _as_long(self.wide, 2 * len(telephone)))


def telephone_ready(recording: Path, name: str = "", cut: Cut = SENTENCE) -> Take:
    """A recording as a telephone plays it well: its band, no dead air, no click, one loudness, nothing clipped.

    Raises StudioFailed, naming the sentence or the file and the mend.
    """
    whose = name or str(recording)
    samples, rate = decode(recording, whose)
    if len(samples) > LONGEST_S * rate:
        raise StudioFailed(f"{whose}: lasts longer than {LONGEST_S} s; no caller waits for that, cut it")
    if rate < TELEPHONE.rate:
        raise StudioFailed(f"{whose}: has only {rate} samples a second; record at 44100 or more")
    banded = acoustics.in_band(samples, rate, TELEPHONE)
    if acoustics.active_level(banded, TELEPHONE.rate) < NEARLY_SILENT_DBOV:
        raise StudioFailed(f"{whose}: holds no speech, only (nearly) silence; record it again")
    start, end = acoustics.sounding(banded, TELEPHONE.rate, cut.below_loudest_db)
    kept = max(0, round(start * 1000) - cut.edges_ms[0]), round(end * 1000) + cut.edges_ms[1]
    telephone = _finished(banded, TELEPHONE, kept, cut, whose)
    if rate < WIDE.rate:
        return Take(telephone, None)
    wide = _finished(acoustics.in_band(samples, rate, WIDE), WIDE, kept, cut, whose)
    return Take(telephone, wide).lasting_as(telephone)


def decode(recording: Path, whose: str) -> tuple[Samples, int]:
    """Any recording as mono, full scale 1.0, with its rate; at most a little longer than we accept."""
    data = io.BytesIO(read_master(recording, whose))
    try:
        # pydub reads integer PCM well, and floats in an extensible WAV as if they were integers: ffmpeg reads those
        plain = _is_plain_pcm(data.getvalue())
        segment = AudioSegment.from_file(data, format="wav" if plain else None, duration=LONGEST_S + 1)
    except FileNotFoundError:
        raise StudioFailed(f"{whose}: needs ffmpeg to be read; install ffmpeg, or save it as 16-bit WAV") from None
    except Exception:  # pydub's parser stumbles over garbage in more ways than it has errors for
        raise StudioFailed(f"{whose}: is no sound that can be read; save it again as WAV, FLAC, MP3 or OGG") from None
    return _samples(segment), segment.frame_rate


def wav(telephone: Pcm) -> bytes:
    """As a WAV file the PBX plays."""
    out = io.BytesIO()
    segment = AudioSegment(telephone.astype("<i2").tobytes(), sample_width=2, frame_rate=TELEPHONE.rate, channels=1)
    segment.export(out, format="wav")
    return out.getvalue()


def silence(milliseconds: int) -> Take:
    return Take(*(np.zeros(milliseconds * band.rate // 1000, np.int16) for band in (TELEPHONE, WIDE)))


def tone(milliseconds: int) -> Take:
    """1000 Hz at LEVEL_DBOV, with a soft beginning and end: what a caller hears before they are recorded."""
    sounds = []
    for band in (TELEPHONE, WIDE):
        moment = np.arange(milliseconds * band.rate // 1000) / band.rate
        edge = np.clip(np.minimum(moment, moment[::-1]) * 1000 / FADE_MS, 0, 1)
        loud = 32768 * 2**0.5 * 10 ** (LEVEL_DBOV / 20)
        sounds.append(np.round(loud * edge * np.sin(2 * np.pi * 1000 * moment)).astype(np.int16))
    return Take(*sounds)


def _finished(banded: Samples, band: Band, kept: tuple[int, int], cut: Cut, whose: str) -> Pcm:
    sound = _segment(banded, band.rate)[kept[0] : kept[1]].fade_in(FADE_MS).fade_out(FADE_MS)
    before, after = (
        AudioSegment.silent(ms, band.rate).set_sample_width(4)
        for ms in cut.silence(round(len(sound.get_array_of_samples()) * 1000 / band.rate))
    )
    trimmed = _samples(before + sound + after)
    even, limited_db = acoustics.at_loudness(trimmed, band.rate, LEVEL_DBOV, CEILING_DBFS)
    if limited_db > LIMIT_DB:
        raise StudioFailed(
            f"{whose}: its peaks stand {limited_db:.1f} dB too high above its speech (a click, a shouted word?);"
            f" {LIMIT_DB:g} dB can be held down, record it more evenly"
        )
    return np.frombuffer(_segment(even, band.rate).set_sample_width(2).raw_data, "<i2").astype(np.int16)


def _as_long(samples: Pcm, length: int) -> Pcm:
    return np.pad(samples, (0, max(0, length - len(samples))))[:length]


def _is_plain_pcm(data: bytes) -> bool:
    try:
        with wave.open(io.BytesIO(data)) as file:
            return file.getnframes() >= 0 and int.from_bytes(data[20:22], "little") == 1
    except (wave.Error, EOFError):
        return False


def _samples(segment: Any) -> Samples:
    """Mono, full scale 1.0."""
    frames = np.array(segment.get_array_of_samples(), dtype=np.float64).reshape(-1, segment.channels)
    mono: Samples = frames.mean(axis=1) / float(1 << (8 * segment.sample_width - 1))
    return mono


def _segment(samples: Samples, rate: int) -> Any:
    """32 bits wide, so that a quiet master loses nothing before it is raised."""
    whole = np.clip(np.rint(samples * 2.0**31), -(2.0**31), 2.0**31 - 1).astype("<i4")
    return AudioSegment(whole.tobytes(), sample_width=4, frame_rate=rate, channels=1)
