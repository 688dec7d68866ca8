"""The studio: sentences become recordings a telephone plays well. Sole importer of pydub.

    master recording, or text-to-speech → decode → telephone band → trim → loudness → <language>/<name>.wav

Rule 1: rendered ahead of time, never on a call; only what changed is rendered, known by content hash.
Rule 2: a file is there whole or not at all, and the manifest beside it says what it was made from.
Rule 3: pydub decodes, cuts and joins. It never filters, resamples or measures: it is bad at that.
"""

from __future__ import annotations

import io
import os
import tempfile
import warnings
import wave
from collections.abc import Callable, Container, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from ari_app.errors import StudioFailed
from ari_app.standard import LEAD_IN, language_of, sentences
from ari_app.studio import acoustics
from ari_app.studio.acoustics import TELEPHONE_RATE, Samples
from ari_app.studio.manifest import Entry, Manifest, recipe
from ari_app.studio.recording import BELOW_LOUDEST_DB, Sound, inspect
from ari_app.studio.voice import Voice, speak, voice_for

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pydub warns about a missing ffmpeg, which only some masters need
    from pydub import AudioSegment

PIPELINE: Final = 1  # counts up when the same sentence would come out differently: everything is rendered anew

LEVEL_DBOV: Final = -20.0  # as loud as the prompts Asterisk itself ships
CEILING_DBFS: Final = -2.0
LIMIT_DB: Final = 3.0  # peaks held down more than this would be heard
NEARLY_SILENT_DBOV: Final = -60.0
LEAD_MS: Final = 60
TAIL_MS: Final = 150
FADE_MS: Final = 5
EDGES_MS: Final = (10, 20)  # of natural sound kept before the first and after the last frame that counts
LEAD_IN_MS: Final = 300  # ARI's answer does not wait for media: this much may be clipped and nobody misses it
LONGEST_S: Final = 120
LARGEST_BYTES: Final = 200_000_000  # 120 s of studio stereo fit; hours do not, and are refused unread
MASTERS: Final = (".wav", ".flac", ".mp3", ".ogg")


class Saying(Protocol):
    """A sentence: its name, its words, and how they are pronounced."""

    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def say(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """One prompt as it now lies in the folder; `fresh` when this build made it."""

    name: str
    path: Path
    source: str  # a master's file name, the engine that spoke, or "silence"
    fresh: bool
    sound: Sound


Report = Callable[[str, int, int], None]  # a prompt is done: its name, how many are done, of how many


def build(
    standard_folder: Path,
    *,
    voice: Voice | None = None,
    force: bool = False,
    jobs: int | None = None,
    report: Report | None = None,
) -> list[Rendered]:
    """Every sentence of a standard lies in its folder as a recording; what had not changed was left alone.

    Raises BrokenStandard, or StudioFailed with one line for each sentence that could not be made.
    """
    language = language_of(standard_folder)
    return render(
        standard_folder / language, sentences(standard_folder), voice or voice_for(language),
        force=force, jobs=jobs, report=report,
    )  # fmt: skip


def render(
    folder: Path,
    sayings: Iterable[Saying],
    voice: Voice,
    *,
    force: bool = False,
    jobs: int | None = None,
    report: Report | None = None,
) -> list[Rendered]:
    """The sayings and the lead-in lie in `folder` as recordings, each whole, with their manifest.

    Raises StudioFailed, one line per failure; the recordings that could be made are there all the same.
    """
    wanted = {saying.name: saying for saying in sayings}
    if LEAD_IN in wanted:
        raise StudioFailed(f"{LEAD_IN}: is the silence before the first prompt; give the sentence another name")
    manifest, failures = Manifest.read(folder), _strays(folder / "masters", wanted)
    manifest.forget_all_but({*wanted, LEAD_IN})
    works: list[_LeadIn | _Work] = [_LeadIn(folder), *(_Work(folder, saying, voice) for saying in wanted.values())]
    fresh: set[str] = set()
    with ThreadPoolExecutor(jobs or min(4, os.cpu_count() or 1)) as booth:
        takes = {booth.submit(work.take, manifest.get(work.name), force): work for work in works}
        try:
            for done, take in enumerate(as_completed(takes), start=1):
                name = takes[take].name
                try:
                    if made := take.result():
                        manifest.publish(name, *made, overwrite=force)
                        fresh.add(name)
                except StudioFailed as failure:
                    failures.append(str(failure))
                if report:
                    report(name, done, len(takes))
        except BaseException:
            booth.shutdown(wait=True, cancel_futures=True)
            raise
    if failures:
        raise StudioFailed("\n".join(sorted(failures)))
    return [_rendered(folder, name, manifest[name].source, name in fresh) for name in (LEAD_IN, *wanted)]


def _rendered(folder: Path, name: str, source: str, fresh: bool) -> Rendered:
    path = folder / f"{name}.wav"
    return Rendered(name, path, source, fresh, inspect(path))


# ------------------------------------------------------------------ one prompt's way through the studio


@dataclass(frozen=True, slots=True)
class _LeadIn:
    folder: Path
    name: str = LEAD_IN

    def take(self, known: Entry | None, force: bool) -> tuple[Entry, bytes] | None:
        entry = Entry("silence", "", "", recipe=recipe(PIPELINE, LEAD_IN_MS))
        if not force and entry.still_lies_in(self.folder, self.name, known):
            return None
        return entry, _wav(AudioSegment.silent(LEAD_IN_MS, TELEPHONE_RATE))


@dataclass(frozen=True, slots=True)
class _Work:
    folder: Path
    saying: Saying
    voice: Voice

    @property
    def name(self) -> str:
        return self.saying.name

    def take(self, known: Entry | None, force: bool) -> tuple[Entry, bytes] | None:
        """The finished file and what it was made from; None when that very file lies there already."""
        text, say, voice = self.saying.text, self.saying.say, self.voice
        master = _master(self.folder / "masters", self.name)
        made_of = _read(master) if master else (voice.command, voice.ssml)
        source = f"masters/{master.name}" if master else voice.engine
        entry = Entry(source, text, say, recipe=recipe(PIPELINE, text, say, made_of))
        if not force and entry.still_lies_in(self.folder, self.name, known):
            return None
        if master:
            return entry, telephone_ready(master)
        with tempfile.TemporaryDirectory(prefix="hotline-studio-") as booth:
            spoken = Path(booth) / f"{self.name}.wav"
            speak(voice, self.name, text, say, spoken)
            return entry, telephone_ready(spoken, self.name)


def telephone_ready(recording: Path, name: str = "", *, lead_ms: int = LEAD_MS, tail_ms: int = TAIL_MS) -> bytes:
    """A WAV file as a telephone plays it well: its band, no dead air, no click, one loudness, nothing clipped.

    Raises StudioFailed, naming the sentence or the file and the mend.
    """
    whose = name or str(recording)
    segment = _decode(recording, whose)
    if len(segment) > LONGEST_S * 1000:
        raise StudioFailed(f"{whose}: lasts longer than {LONGEST_S} s; no caller waits for that, cut it")
    if segment.frame_rate < TELEPHONE_RATE:
        raise StudioFailed(f"{whose}: has only {segment.frame_rate} samples a second; record at 8000 or more")
    banded = acoustics.telephone_band(_samples(segment), segment.frame_rate)
    if acoustics.active_level(banded, TELEPHONE_RATE) < NEARLY_SILENT_DBOV:
        raise StudioFailed(f"{whose}: holds no speech, only (nearly) silence; record it again")
    return _levelled(_trimmed(banded, lead_ms, tail_ms), whose)


def _trimmed(banded: Samples, lead_ms: int, tail_ms: int) -> Samples:
    start, end = acoustics.sounding(banded, TELEPHONE_RATE, BELOW_LOUDEST_DB)
    kept = _segment(banded)[max(0, round(start * 1000) - EDGES_MS[0]) : round(end * 1000) + EDGES_MS[1]]
    faded = kept.fade_in(FADE_MS).fade_out(FADE_MS)
    quiet = [AudioSegment.silent(ms, TELEPHONE_RATE).set_sample_width(4) for ms in (lead_ms, tail_ms)]
    return _samples(quiet[0] + faded + quiet[1])


def _levelled(trimmed: Samples, whose: str) -> bytes:
    even, limited_db = acoustics.at_loudness(trimmed, TELEPHONE_RATE, LEVEL_DBOV, CEILING_DBFS)
    if limited_db > LIMIT_DB:
        raise StudioFailed(
            f"{whose}: its peaks stand {limited_db:.1f} dB too high above its speech (a click, a shouted word?);"
            f" {LIMIT_DB:g} dB can be held down, record it more evenly"
        )
    return _wav(_segment(even).set_sample_width(2))


def _master(masters: Path, name: str) -> Path | None:
    """The recording a voice talent gave for a sentence, if there is one."""
    found = sorted(path for path in masters.glob(f"{name}.*") if path.suffix.lower() in MASTERS)
    if len(found) > 1:
        raise StudioFailed(f"{name}: has several masters, {', '.join(path.name for path in found)}; keep one")
    return found[0] if found else None


def _strays(masters: Path, names: Container[str]) -> list[str]:
    """Complaints about recordings that would be passed over in silence."""
    complaints = []
    for path in sorted(masters.glob("[!.]*")):
        if path.suffix.lower() not in MASTERS:
            complaints.append(f"{path}: is not read; save it as WAV, FLAC, MP3 or OGG")
        elif path.stem not in names:
            complaints.append(f"{path}: belongs to no sentence; name it as the sentence is in standard.yaml")
    return complaints


def _read(master: Path) -> bytes:
    try:
        size = master.stat().st_size
        if not size:
            raise StudioFailed(f"{master}: is empty; record it again")
        if size > LARGEST_BYTES:
            raise StudioFailed(f"{master}: is {size / 1e6:.0f} MB, far too long for a sentence; cut it")
        return master.read_bytes()
    except OSError as problem:
        raise StudioFailed(f"{master}: cannot be read ({problem.strerror})") from None


# ------------------------------------------------------------------ pydub


def _decode(recording: Path, whose: str) -> Any:
    """Any recording as an AudioSegment, at most a little longer than we accept."""
    data = io.BytesIO(_read(recording))
    try:
        # pydub reads integer PCM well, and floats in an extensible WAV as if they were integers: ffmpeg reads those
        plain = _is_plain_pcm(data.getvalue())
        return AudioSegment.from_file(data, format="wav" if plain else None, duration=LONGEST_S + 1)
    except FileNotFoundError:
        raise StudioFailed(f"{whose}: needs ffmpeg to be read; install ffmpeg, or save it as 16-bit WAV") from None
    except Exception:  # pydub's parser stumbles over garbage in more ways than it has errors for
        raise StudioFailed(f"{whose}: is no sound that can be read; save it again as WAV, FLAC, MP3 or OGG") from None


def _is_plain_pcm(data: bytes) -> bool:
    try:
        with wave.open(io.BytesIO(data)) as wav:
            return wav.getnframes() >= 0 and int.from_bytes(data[20:22], "little") == 1
    except (wave.Error, EOFError):
        return False


def _samples(segment: Any) -> Samples:
    """Mono, full scale 1.0."""
    frames = np.array(segment.get_array_of_samples(), dtype=np.float64).reshape(-1, segment.channels)
    mono: Samples = frames.mean(axis=1) / float(1 << (8 * segment.sample_width - 1))
    return mono


def _segment(samples: Samples) -> Any:
    """32 bits wide, so that a quiet master loses nothing before it is raised."""
    whole = np.clip(np.rint(samples * 2.0**31), -(2.0**31), 2.0**31 - 1).astype("<i4")
    return AudioSegment(whole.tobytes(), sample_width=4, frame_rate=TELEPHONE_RATE, channels=1)


def _wav(segment: Any) -> bytes:
    out = io.BytesIO()
    segment.export(out, format="wav")
    return out.getvalue()
