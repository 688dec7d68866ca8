"""What voice talents record: `masters/NAME.wav`, or .flac, .mp3, .ogg, in a language's folder.

Rule 1: a master is never changed, and never passed over in silence.
Rule 2: what cannot be a sentence is refused before it is read: an empty file, hours of sound.
"""

from __future__ import annotations

import wave
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Final

from ari_app.errors import StudioFailed

FOLDER: Final = "masters"
SUFFIXES: Final = (".wav", ".flac", ".mp3", ".ogg")
LONGEST_S: Final = 120
LARGEST_BYTES: Final = 200_000_000  # 120 s of studio stereo fit


def master_of(folder: Path, name: str) -> Path | None:
    """The recording a voice talent gave for a sentence, if there is one; `folder` is the language's."""
    found = sorted(path for path in (folder / FOLDER).glob(f"{name}.*") if path.suffix.lower() in SUFFIXES)
    if len(found) > 1:
        raise StudioFailed(f"{name}: has several masters, {', '.join(path.name for path in found)}; keep one")
    return found[0] if found else None


def strays(masters: Path, names: Container[str]) -> Iterator[str]:
    """Complaints about recordings that would be passed over in silence."""
    for path in sorted(masters.glob("[!.]*")):
        if path.suffix.lower() not in SUFFIXES:
            yield f"{path}: is not read; save it as WAV, FLAC, MP3 or OGG"
        elif path.stem not in names:
            yield f"{path}: belongs to no sentence; name it as the sentence is in the script"


def read_master(master: Path, whose: str = "") -> bytes:
    """The whole file, when it can be a sentence at all; raises StudioFailed, naming the file and the mend."""
    name = whose or str(master)
    try:
        size = master.stat().st_size
        if not size:
            raise StudioFailed(f"{name}: is empty; record it again")
        if size > LARGEST_BYTES:
            raise StudioFailed(f"{name}: is {size / 1e6:.0f} MB, far too long for a sentence; cut it")
        if (seconds := _told_seconds(master)) > LONGEST_S:
            raise StudioFailed(f"{name}: lasts {seconds:.0f} s, longer than {LONGEST_S} s; cut one sentence out of it")
        return master.read_bytes()
    except OSError as problem:
        raise StudioFailed(f"{name}: cannot be read ({problem.strerror})") from None


def _told_seconds(master: Path) -> float:
    """What a WAV says of its length, without reading it; 0 when it does not say."""
    try:
        with wave.open(str(master)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return 0.0
