"""What the PBX plays without transcoding: beside each NAME.wav the formats its codecs speak.

    .ulaw .alaw   G.711, from the WAV itself, sample by sample
    .sln16 .g722  wide band, from the master or the voice; never blown up from 8 kHz

Rule 1: these are build products, not kept in git: `hotline prompts build` makes them, and NAME.wav alone will do.
Rule 2: Asterisk prefers them to the WAV. One left over from an older WAV would say old words: `stale` finds it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ari_app.errors import StudioFailed
from ari_app.studio.manifest import fingerprint, hash_of, recipe, write_whole

STATE: Final = ".native.json"
NARROW: Final = (".ulaw", ".alaw")
WIDE: Final = (".sln16", ".g722")
SUFFIXES: Final = NARROW + WIDE
_VERSION: Final = 1
_FFMPEG_WITHIN = 60.0

Pcm = NDArray[np.int16]
Files = Mapping[str, bytes]  # suffix -> content


# ------------------------------------------------------------------ the formats


def _mu_law_levels() -> NDArray[np.int32]:
    byte = ~np.arange(256) & 0xFF
    magnitude = ((((byte & 0x0F) << 3) + 0x84) << ((byte & 0x70) >> 4)) - 0x84
    return np.where(byte & 0x80, -magnitude, magnitude).astype(np.int32)


def _a_law_levels() -> NDArray[np.int32]:
    byte = np.arange(256) ^ 0x55
    exponent = (byte & 0x70) >> 4
    mantissa = ((byte & 0x0F) << 4) + np.where(exponent, 0x108, 8)
    magnitude = mantissa * 2 ** np.maximum(exponent - 1, 0)
    levels: NDArray[np.int32] = np.where(byte & 0x80, magnitude, -magnitude).astype(np.int32)
    return levels


def _nearest(levels: NDArray[np.int32], silence: int) -> NDArray[np.uint8]:
    """For every 16-bit sample, plus 32768, the code of the nearest level."""
    order = np.argsort(levels, kind="stable")
    middles = (levels[order][1:] + levels[order][:-1]) / 2
    codes = order[np.searchsorted(middles, np.arange(-32768, 32768))].astype(np.uint8)
    codes[32768] = silence
    return codes


LEVELS: Final = {".ulaw": _mu_law_levels(), ".alaw": _a_law_levels()}
_CODES: Final = {".ulaw": _nearest(LEVELS[".ulaw"], 0xFF), ".alaw": _nearest(LEVELS[".alaw"], 0xD5)}


def narrow_files(telephone: Pcm) -> dict[str, bytes]:
    """G.711 of 8 kHz sound: one byte a sample, the nearest level."""
    return {suffix: codes[telephone.astype(np.int32) + 32768].tobytes() for suffix, codes in _CODES.items()}


def wide_files(wide: Pcm, whose: str) -> dict[str, bytes]:
    """16 kHz sound as it is, and as G.722 where there is an ffmpeg. Raises StudioFailed."""
    raw = wide.astype("<i2").tobytes()
    return {".sln16": raw, **({".g722": _g722(raw, whose)} if has_ffmpeg() else {})}


def has_ffmpeg() -> bool:
    return shutil.which("ffmpeg") is not None


def _g722(raw: bytes, whose: str) -> bytes:
    shape = ("-f", "s16le", "-ar", "16000", "-ac", "1")
    command = ("ffmpeg", "-v", "error", "-threads", "1", *shape, "-i", "pipe:0", "-c:a", "g722", "-f", "g722", "pipe:1")
    try:
        made = subprocess.run(command, input=raw, capture_output=True, timeout=_FFMPEG_WITHIN, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        raise StudioFailed(f"{whose}: ffmpeg could not make G.722 of it; try `ffmpeg -encoders | grep g722`") from None
    if len(made) * 4 != len(raw):  # 64 kbit/s of 256 kbit/s
        raise StudioFailed(f"{whose}: ffmpeg made {len(made)} bytes of G.722 where {len(raw) // 4} are due")
    return made


# ------------------------------------------------------------------ what lies in a folder


@dataclass(frozen=True, slots=True)
class Made:
    """The formats of one recording: what they were made from, each file's hash, and why some are wanting."""

    key: str
    wave: str
    files: Mapping[str, str]
    wanting: str = ""


class Native:
    """The formats that lie beside the recordings of one folder."""

    def __init__(self, folder: Path, made: dict[str, Made]) -> None:
        self._folder, self._made = folder, made

    @classmethod
    def read(cls, folder: Path) -> Native:
        """What was made so far; nothing when the note is missing or damaged, for all of it can be made again."""
        try:
            written = json.loads((folder / STATE).read_text(encoding="utf-8"))
            return cls(folder, {name: Made(**made) for name, made in written.items()})
        except (OSError, ValueError, TypeError, AttributeError):
            return cls(folder, {})

    def lies_there(self, name: str, key: str) -> bool:
        """Whether the formats made from exactly this lie in the folder, untouched."""
        made = self._made.get(name)
        return made is not None and made.key == key and not any(self._wrong(name, made))

    def wanting(self, name: str) -> str:
        """Why some formats of a recording could not be made; empty when all are there."""
        made = self._made.get(name)
        return made.wanting if made else "never built"

    def publish(self, name: str, key: str, wave: str, files: Files, wanting: str) -> None:
        """The formats are there, each whole; those of an older recording are gone."""
        self.withdraw(name)
        for suffix, content in files.items():
            write_whole(self._folder / f"{name}{suffix}", content)
        self._made[name] = Made(key, wave, {suffix: hash_of(content) for suffix, content in files.items()}, wanting)
        self._write()

    def withdraw(self, name: str) -> None:
        """Before a recording changes its formats go, so that nobody hears old words meanwhile."""
        for suffix in SUFFIXES:
            (self._folder / f"{name}{suffix}").unlink(missing_ok=True)
        if self._made.pop(name, None):
            self._write()

    def forget_all_but(self, names: Collection[str]) -> None:
        for name in {*self._made, *(path.stem for path in _native_files(self._folder))} - set(names):
            self.withdraw(name)

    def stale(self) -> Iterator[Path]:
        """Files that do not say what NAME.wav says, or that nobody knows."""
        for path in _native_files(self._folder):
            made = self._made.get(path.stem)
            said_by = fingerprint(path.with_suffix(".wav")), fingerprint(path)
            if made is None or said_by != (made.wave, made.files.get(path.suffix)):
                yield path

    def _wrong(self, name: str, made: Made) -> Iterator[bool]:
        there = {path.suffix for path in self._folder.glob(f"{name}.*") if path.suffix in SUFFIXES}
        yield there != set(made.files)
        for suffix, known in made.files.items():
            yield fingerprint(self._folder / f"{name}{suffix}") != known

    def _write(self) -> None:
        made = {
            name: {"key": m.key, "wave": m.wave, "files": dict(m.files), "wanting": m.wanting}
            for name, m in sorted(self._made.items())
        }
        write_whole(self._folder / STATE, f"{json.dumps(made, ensure_ascii=False, indent=1)}\n".encode())


def key_of(wave: str, entry_recipe: str, source_can_speak: bool) -> str:
    """What the formats of a recording depend on; installing espeak-ng or ffmpeg later makes the missing ones."""
    return recipe(_VERSION, wave, entry_recipe, source_can_speak, has_ffmpeg())


def stale(folder: Path) -> list[Path]:
    """Files the PBX would prefer to a newer WAV: a caller would hear old words. Build the prompts again."""
    return sorted(Native.read(folder).stale())


def lacking(folder: Path, names: Iterable[str]) -> list[str]:
    """Recordings that some callers hear only by transcoding, for want of a format; no fault, but work for the PBX."""
    return [name for name in names if not all((folder / f"{name}{suffix}").is_file() for suffix in SUFFIXES)]


def _native_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("[!.]*") if path.suffix in SUFFIXES)
