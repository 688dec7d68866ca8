"""Takes come back from a voice talent: a folder of files named as the sheet says. The good ones become masters.

Rule 1: a take is judged before it is copied; what is refused is named with the reason, and changes nothing.
Rule 2: a master that is there already is replaced only when asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ari_app.errors import StudioFailed
from ari_app.studio import acoustics
from ari_app.studio.acoustics import WIDE, Samples
from ari_app.studio.cutting import decode, telephone_ready
from ari_app.studio.lint import flat_tops, spoken
from ari_app.studio.manifest import Manifest, write_whole
from ari_app.studio.masters import FOLDER, SUFFIXES, master_of, read_master
from ari_app.studio.scripts import Script
from ari_app.studio.sheet import Line

SYLLABLE_S: Final = (0.07, 0.9)  # nobody speaks faster or slower; two seconds more for pauses
NOISE_BELOW_DB: Final = 35.0  # a room quieter than this, next to the speech, is quiet enough
_VOWELS = re.compile(r"[aeiouyü]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a folder of takes."""

    taken: tuple[str, ...]
    remarks: tuple[str, ...]  # taken all the same, but somebody should listen
    refused: tuple[str, ...]
    awaited: tuple[str, ...]  # on the sheet, and not in the folder


def take_in(script: Script, lines: Sequence[Line], folder: Path, *, replace: bool = False) -> TakenIn:
    """The good takes of a folder are masters now, with the words of the sheet; raises StudioFailed."""
    if not folder.is_dir():
        raise StudioFailed(f"{folder}: is no folder of takes")
    on_sheet = {line.name: line for line in lines}
    now = {saying.name: saying.text for saying in script.sayings}
    takes, refused = _sorted_out(folder, on_sheet, now)
    taken, remarks = [], []
    for name, take in sorted(takes.items()):
        try:
            remarks += [f"{take.name}: {remark}" for remark in _judge(take, on_sheet[name], now[name])]
            _keep(script.folder, name, take, on_sheet[name].text, replace)
            taken.append(name)
        except StudioFailed as problem:
            refused.append(str(problem))
    awaited = tuple(name for name in on_sheet if name in now and name not in takes)
    return TakenIn(tuple(taken), tuple(remarks), tuple(refused), awaited)


def _sorted_out(
    folder: Path, on_sheet: Mapping[str, Line], now: Mapping[str, str]
) -> tuple[dict[str, Path], list[str]]:
    takes: dict[str, Path] = {}
    refused = []
    for path in sorted(folder.glob("[!.]*")):
        if path.suffix.lower() not in SUFFIXES:
            refused.append(f"{path.name}: is not read; save it as WAV, FLAC, MP3 or OGG")
        elif path.stem not in on_sheet:
            refused.append(f"{path.name}: is not on the sheet; name it as the sheet says")
        elif path.stem not in now:
            refused.append(f"{path.name}: its sentence is no longer in the script")
        elif path.stem in takes:
            refused.append(f"{path.name}: is a second take of {path.stem}; leave one in the folder")
        else:
            takes[path.stem] = path
    return takes, refused


def _judge(take: Path, line: Line, text_now: str) -> Iterator[str]:
    """Remarks about a take that will do; raises StudioFailed for one that will not."""
    samples, rate = decode(take, str(take))
    if flat := flat_tops(samples):
        raise StudioFailed(f"{take}: is clipped in {flat} places; record it again, softer")
    ready = telephone_ready(take)
    seconds, syllables = len(ready.telephone) / acoustics.TELEPHONE_RATE, _syllables(line)
    fastest, slowest = SYLLABLE_S[0] * syllables, SYLLABLE_S[1] * syllables + 2
    if not fastest <= seconds <= slowest:
        raise StudioFailed(f"{take}: lasts {seconds:.1f} s for {syllables} syllables; is it the right sentence?")
    if rate < WIDE.rate:
        yield f"has only {rate} samples a second; wide-band callers hear it as from an old telephone"
    if (noise := _noise(samples, rate)) > -NOISE_BELOW_DB:
        yield f"the room is only {-noise:.0f} dB below the voice; a quieter one would be better"
    if spoken(line.text) != spoken(text_now):
        yield f"says {line.text!r}, but the sentence is {text_now!r} now; record it again"


def _keep(folder: Path, name: str, take: Path, recorded: str, replace: bool) -> None:
    content, known = read_master(take), master_of(folder, name)
    if known and known.read_bytes() != content and not replace:
        raise StudioFailed(f"{take}: there is a master already, {known}; --replace puts the new one in its place")
    target = folder / FOLDER / f"{name}{take.suffix.lower()}"
    write_whole(target, content)
    if known and known != target:
        known.unlink()
    Manifest.read(folder).took_in(name, content, recorded)


def _syllables(line: Line) -> int:
    """About how many a line has: Hanzi and digits one each, Latin words by their vowels."""
    return max(1, sum(not letter.isascii() and letter.isalpha() for letter in line.text)
               + len(_VOWELS.findall(line.text)) + sum(letter.isdigit() for letter in line.text))  # fmt: skip


def _noise(samples: Samples, rate: int) -> float:
    """How loud the room is in the pauses, dB next to the voice; -inf when there is no pause to tell by."""
    banded = acoustics.in_band(samples, rate)
    frames = banded[: len(banded) // 160 * 160].reshape(-1, 160)
    levels = np.sqrt((frames**2).mean(axis=1))
    quiet = float(np.percentile(levels, 5)) if len(levels) >= 50 else 0.0
    level = acoustics.active_level(banded, acoustics.TELEPHONE_RATE)
    room = acoustics.decibels(quiet) - level
    return room if room < -15 else float("-inf")
