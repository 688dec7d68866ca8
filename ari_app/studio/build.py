"""The build: what changed is rendered, several sentences at a time, and everything else is left alone.

Rule 1: only what changed is rendered, known by content hash.
Rule 2: a file is there whole or not at all, and the manifest beside it says what it was made from.
Rule 3: a recording that cannot be made stops no other; all complaints come together at the end.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ari_app.errors import StudioFailed
from ari_app.studio import native
from ari_app.studio.cutting import Cut, Take, silence, telephone_ready, tone
from ari_app.studio.engines import voice_of
from ari_app.studio.manifest import Entry, Manifest, hash_of, recipe
from ari_app.studio.masters import FOLDER as MASTERS
from ari_app.studio.masters import master_of, read_master, strays
from ari_app.studio.native import Native
from ari_app.studio.recording import Sound, inspect, telephone_samples
from ari_app.studio.scripts import Saying, Script
from ari_app.studio.voice import Voice, speak

PIPELINE: Final = 1  # counts up when the same sentence would come out differently: everything is rendered anew
SILENCE: Final = "silence"
TONE: Final = "tone"
ONE_PACKET: Final = 160


@dataclass(frozen=True, slots=True)
class Rendered:
    """One prompt as it now lies in the folder; `fresh` when this build made it, `added` the formats it made."""

    name: str
    path: Path
    source: str  # a master's file name, the engine that spoke, or "silence"
    fresh: bool
    added: tuple[str, ...]
    wanting: str  # why some formats could not be made
    sound: Sound


Report = Callable[[str], None]  # this prompt is done


def build(
    scripts: Iterable[Script],
    voices: Callable[[Script], Voice] | None = None,
    *,
    force: bool = False,
    formats_only: bool = False,
    jobs: int | None = None,
    report: Report | None = None,
) -> list[Rendered]:
    """Every sentence of these scripts lies in its folder as recordings; what had not changed was left alone.

    With `formats_only` no WAV is touched: only the native formats of those that lie there are made.
    Raises StudioFailed with one line for each sentence that could not be made; the others are there all the same.
    """
    made, failures = [], []
    for script in scripts:
        try:
            voice = voices(script) if voices else voice_of(script.folder, script.language)
            made += render(script, voice, force=force, formats_only=formats_only, jobs=jobs, report=report)
        except StudioFailed as failure:
            failures += str(failure).splitlines()
    if failures:
        raise StudioFailed("\n".join(failures))
    return made


def render(
    script: Script,
    voice: Voice,
    *,
    force: bool = False,
    formats_only: bool = False,
    jobs: int | None = None,
    report: Report | None = None,
) -> list[Rendered]:
    """The sentences of one script lie in its folder, each whole, in every format, with their manifest.

    Raises StudioFailed, one line per failure; the recordings that could be made are there all the same.
    """
    wanted = {saying.name: saying for saying in script.sayings}
    if taken := sorted(wanted.keys() & (script.silences.keys() | script.tones.keys())):
        raise StudioFailed(f"{taken[0]}: is a sound of the studio's own; give the sentence another name")
    names = (*script.silences, *script.tones, *wanted)
    folder = script.folder
    shelf = _Shelf(Manifest.read(folder), Native.read(folder), force and not formats_only, formats_only)
    failures = [*strays(folder / MASTERS, wanted)]
    if not formats_only:
        shelf.manifest.forget_all_but(names)
    shelf.native.forget_all_but(names)
    works: list[_Silence | _Tone | _Work] = [_Silence(folder, name, ms) for name, ms in script.silences.items()]
    works += [_Tone(folder, name, ms) for name, ms in script.tones.items()]
    works += [_Work(folder, saying, voice, script.cut) for saying in wanted.values()]
    with ThreadPoolExecutor(jobs or min(4, os.cpu_count() or 1)) as booth:
        takes = {booth.submit(_take, work, shelf): work for work in works}
        try:
            for take in as_completed(takes):
                name = takes[take].name
                try:
                    shelf.put(name, take.result())
                except StudioFailed as failure:
                    failures.append(str(failure))
                if report:
                    report(name)
        except BaseException:
            booth.shutdown(wait=True, cancel_futures=True)
            raise
    if failures:
        raise StudioFailed("\n".join(sorted(failures)))
    there = [name for name in names if shelf.manifest.get(name) and (folder / f"{name}.wav").is_file()]
    return [shelf.rendered(folder, name) for name in there]


# ------------------------------------------------------------------ one prompt's way through the studio


@dataclass(frozen=True, slots=True)
class _Made:
    """What is to be put on the shelf: a new WAV, or only the formats of the one that lies there."""

    entry: Entry
    wave: bytes | None
    key: str
    files: native.Files
    wanting: str = ""


@dataclass(frozen=True, slots=True)
class _Silence:
    folder: Path
    name: str
    milliseconds: int
    ready: bool = True

    def entry(self, _known: Entry | None) -> Entry:
        return Entry(SILENCE, "", "", recipe=recipe(PIPELINE, self.milliseconds))

    def take(self) -> Take:
        return silence(self.milliseconds)


@dataclass(frozen=True, slots=True)
class _Tone(_Silence):
    def entry(self, _known: Entry | None) -> Entry:
        return Entry(TONE, "", "", recipe=recipe(PIPELINE, TONE, self.milliseconds))

    def take(self) -> Take:
        return tone(self.milliseconds)


@dataclass(frozen=True, slots=True)
class _Work:
    folder: Path
    saying: Saying
    voice: Voice
    cut: Cut

    @property
    def name(self) -> str:
        return self.saying.name

    @property
    def ready(self) -> bool:
        """Whether it can be rendered here and now: a master is there, or a voice is installed."""
        return self.voice.installed or master_of(self.folder, self.name) is not None

    def entry(self, known: Entry | None) -> Entry:
        """What the recording is made from."""
        text, say, voice = self.saying.text, self.saying.say, self.voice
        cut = () if self.cut == Cut() else (self.cut,)
        master = master_of(self.folder, self.name)
        if master is None:
            made_of = (voice.command, voice.ssml)
            return Entry(voice.engine, text, say, recipe(PIPELINE, text, say, made_of, *cut))
        content = read_master(master)
        taken = hash_of(content)
        recorded = known.recorded if known and known.master == taken and known.recorded else text
        return Entry(
            f"{MASTERS}/{master.name}", text, say, recipe(PIPELINE, text, say, content, *cut),
            master=taken, recorded=recorded,
        )  # fmt: skip

    def take(self) -> Take:
        if master := master_of(self.folder, self.name):
            return telephone_ready(master, cut=self.cut)
        with tempfile.TemporaryDirectory(prefix="hotline-studio-") as booth:
            spoken = Path(booth) / f"{self.name}.wav"
            speak(self.voice, self.name, self.saying.text, self.saying.say, spoken)
            return telephone_ready(spoken, self.name, self.cut)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What lies in the folder before and after; only the thread that began the build puts anything on it."""

    manifest: Manifest
    native: Native
    force: bool
    formats_only: bool
    fresh: dict[str, tuple[str, ...]] = field(default_factory=dict)  # prompt -> formats this build made

    def put(self, name: str, made: _Made | None) -> None:
        if made is None:
            return
        if made.wave is not None:
            self.native.withdraw(name)
            self.manifest.publish(name, made.entry, made.wave, overwrite=self.force)
        self.native.publish(name, made.key, self.manifest[name].wave, made.files, made.wanting)
        self.fresh[name] = (*((".wav",) if made.wave is not None else ()), *made.files)

    def rendered(self, folder: Path, name: str) -> Rendered:
        path, fresh = folder / f"{name}.wav", self.fresh.get(name, ())
        added = tuple(suffix for suffix in fresh if suffix != ".wav")
        source, wanting = self.manifest[name].source, self.native.wanting(name)
        return Rendered(name, path, source, ".wav" in fresh, added, wanting, inspect(path))


def _take(work: _Silence | _Work, shelf: _Shelf) -> _Made | None:
    """The finished files and what they were made from; None when those very files lie there already."""
    known = shelf.manifest.get(work.name)
    entry = work.entry(known)
    if shelf.force or not entry.still_lies_in(work.folder, work.name, known):
        if shelf.formats_only:
            return None  # lint tells what is to be rendered
        take = work.take()
        recording = take.wav
        key = native.key_of(hash_of(recording), entry.recipe, work.ready)
        return _Made(entry, recording, key, *_files(take, work.name))
    assert known is not None
    key = native.key_of(known.wave, entry.recipe, work.ready)
    if shelf.native.lies_there(work.name, key):
        return None
    return _Made(known, None, key, *_formats_of_what_lies_there(work))


def _files(take: Take, name: str) -> tuple[dict[str, bytes], str]:
    files = native.narrow_files(take.telephone)
    if take.wide is None:
        return files, "the master has fewer than 16000 samples a second"
    files |= native.wide_files(take.wide, name)
    return files, "" if native.has_ffmpeg() else "ffmpeg is not installed"


def _formats_of_what_lies_there(work: _Silence | _Work) -> tuple[dict[str, bytes], str]:
    """The WAV stays as it is: G.711 from it, wide band from its source, if that still speaks as it did then."""
    telephone = telephone_samples(work.folder / f"{work.name}.wav")
    narrow = native.narrow_files(telephone)
    if isinstance(work, _Work) and not work.ready:
        return narrow, f"{work.voice.engine} is not installed"
    take = work.take()
    if abs(len(take.telephone) - len(telephone)) > ONE_PACKET:
        return narrow, "what speaks here speaks otherwise than the recording; --force renders it anew"
    return _files(take.lasting_as(telephone), work.name)
