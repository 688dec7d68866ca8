"""What is wrong with the recordings of a script, told before a caller hears it.

Rule 1: nothing is rendered and nothing is changed here.
Rule 2: a finding names the sentence, what is wrong and what to do; a `note` is no fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np

from ari_app.errors import StudioFailed
from ari_app.studio import native
from ari_app.studio.acoustics import Samples
from ari_app.studio.cutting import CEILING_DBFS, LEVEL_DBOV, SENTENCE, decode
from ari_app.studio.manifest import Entry, Manifest, fingerprint
from ari_app.studio.masters import FOLDER as MASTERS
from ari_app.studio.masters import master_of, strays
from ari_app.studio.recording import Sound, inspect
from ari_app.studio.scripts import Saying, Script

LONGEST_S: Final = 20.0  # a caller who is told more than this at a time does not listen
LONGEST_PIECE_S: Final = 2.0
LEVEL_WITHIN_DB: Final = 1.0
PEAK_WITHIN_DB: Final = 0.1
SILENCE_MS: Final = 60  # more at an end than the build leaves there
FLAT_TOP: Final = 4  # samples in a row at the loudest value there is
FULL_SCALE: Final = 0.999
NOTE: Final = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the person who looks after the recordings should know."""

    folder: Path
    name: str
    kind: str  # one word a program can sort by
    what: str
    mend: str = ""

    @property
    def grave(self) -> bool:
        return self.kind != NOTE

    def __str__(self) -> str:
        return f"{self.folder / self.name}: {self.what}{'; ' if self.mend else ''}{self.mend}"


def lint(script: Script, longest: float = LONGEST_S) -> list[Finding]:
    """Everything wrong with the recordings of one script, in the script's order."""
    return [*_Lint(script, longest)]


class _Lint:
    def __init__(self, script: Script, longest: float) -> None:
        self.script, self.folder = script, script.folder
        self.longest = longest if script.cut == SENTENCE else min(longest, LONGEST_PIECE_S)
        self.manifest = Manifest.read(script.folder)
        self.build = f"run `hotline prompts build {_argument(script)}`"

    def __iter__(self) -> Iterator[Finding]:
        for silent in (*self.script.silences, *self.script.tones):
            if not (self.folder / f"{silent}.wav").is_file():
                yield self._found(silent, "missing", "has no recording", self.build)
        for saying in self.script.sayings:
            yield from self._sentence(saying)
        yield from self._folder()

    def _sentence(self, saying: Saying) -> Iterator[Finding]:
        name, path = saying.name, self.folder / f"{saying.name}.wav"
        if name in self.script.unused:
            what = "is said by no procedure, by no reception and not by the dialplan"
            yield self._found(name, "unused", what, "use it or delete it")
        if not path.is_file():
            yield self._found(name, "missing", "has no recording", self.build)
            return
        yield from self._words(saying, self.manifest.get(name), path)
        try:
            sound = inspect(path)
        except StudioFailed as problem:
            yield self._found(name, "format", str(problem).removeprefix(f"{path}: "))
            return
        yield from self._sound(name, sound)
        yield from self._master(name)

    def _words(self, saying: Saying, entry: Entry | None, path: Path) -> Iterator[Finding]:
        name = saying.name
        if entry is None or entry.wave != fingerprint(path):
            mend = "move it to masters/ if it is a recording, then build"
            yield self._found(name, "origin", "was not made by a build: nobody knows what it says", mend)
        elif (entry.text, entry.say) != (saying.text, saying.say):
            yield self._found(name, "words", "was rendered from other words than the script has now", self.build)
        if entry and entry.recorded and spoken(entry.recorded) != spoken(saying.text):
            yield self._found(
                name, "words", f"the text changed since it was recorded: the master says {entry.recorded!r}",
                "record it again (`hotline prompts record`)",
            )  # fmt: skip

    def _sound(self, name: str, sound: Sound) -> Iterator[Finding]:
        cut, record = self.script.cut, "build it again, or record it again"
        if sound.seconds > self.longest:
            yield self._found(name, "long", f"lasts {sound.seconds:.1f} s, more than {self.longest:g}", "say less")
        if not abs(sound.level_dbov - LEVEL_DBOV) <= LEVEL_WITHIN_DB:
            word = "loud" if sound.level_dbov > LEVEL_DBOV else "quiet"
            yield self._found(name, word, f"is too {word}: {sound.level_dbov:.1f} dBov, not {LEVEL_DBOV:g}", record)
        if sound.peak_dbfs > CEILING_DBFS + PEAK_WITHIN_DB:
            what = f"peaks at {sound.peak_dbfs:.1f} dBFS, above {CEILING_DBFS:g}: it may be clipped on the line"
            yield self._found(name, "clipped", what, record)
        for where, there, wanted in (("begins", sound.lead_ms, cut.lead_ms), ("ends", sound.tail_ms, cut.tail_ms)):
            if there > wanted + SILENCE_MS:
                yield self._found(name, "silence", f"{where} with {there} ms of silence", record)

    def _master(self, name: str) -> Iterator[Finding]:
        try:
            master = master_of(self.folder, name)
            if master and (flat := flat_tops(decode(master, str(master))[0])):
                yield self._found(name, "clipped", f"its master is clipped in {flat} places", "record it again, softer")
        except StudioFailed as problem:
            yield self._found(name, "format", str(problem))

    def _folder(self) -> Iterator[Finding]:
        names = {*self.script.silences, *self.script.tones, *(saying.name for saying in self.script.sayings)}
        for complaint in strays(self.folder / MASTERS, names):
            yield Finding(self.folder, MASTERS, "stray", complaint)
        for path in sorted(self.folder.glob("[!.]*.wav")):
            if path.stem not in names:
                what = "belongs to no sentence of the script"
                yield self._found(path.stem, "stray", what, "delete it, or write the sentence")
        for name, old in groupby(native.stale(self.folder), key=lambda path: path.stem):
            what = f"{' '.join(path.suffix for path in old)} are not of this recording: the PBX would play them instead"
            yield self._found(name, "stale", what, self.build)
        yield from self._wanting(sorted(names))

    def _wanting(self, names: Iterable[str]) -> Iterator[Finding]:
        made = native.Native.read(self.folder)
        for reason in sorted({reason for name in names if (reason := made.wanting(name))}):
            which = [name for name in names if made.wanting(name) == reason]
            what = f"{len(which)} prompts lack native formats ({reason}): on such calls Asterisk transcodes"
            yield Finding(self.folder, "", NOTE, what, self.build)

    def _found(self, name: str, kind: str, what: str, mend: str = "") -> Finding:
        return Finding(self.folder, name, kind, what, mend)


def spoken(text: str) -> str:
    """The words of a sentence without punctuation, spaces and capitals, which nobody hears."""
    return re.sub(r"[\W_]+", "", text).casefold()


def flat_tops(samples: Samples) -> int:
    """How often a recording was cut off at full scale: the microphone was too loud."""
    full = np.abs(samples) >= FULL_SCALE
    run = np.convolve(full, np.ones(FLAT_TOP), "valid") >= FLAT_TOP if len(full) >= FLAT_TOP else full
    return int(np.count_nonzero(np.diff(run.astype(np.int8), prepend=0) == 1))


def _argument(script: Script) -> str:
    return str(script.folder.parent)
