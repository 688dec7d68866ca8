"""What every recording was made from: `manifest.json` in a language's folder.

Rule 1: a recording is published whole, by renaming a finished file; the manifest follows it in the same way.
Rule 2: a recording that no build made is somebody's work: it is never overwritten unasked.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ari_app.errors import StudioFailed

MANIFEST = "manifest.json"


def recipe(*parts: object) -> str:
    """One fingerprint of everything a recording is made from."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording: who spoke it, which words, the fingerprint of all it was made from, and its own.

    Of a master: its fingerprint, and the words that stood in the script when it was recorded.
    """

    source: str
    text: str
    say: str
    recipe: str
    wave: str = ""
    master: str = ""
    recorded: str = ""

    def still_lies_in(self, folder: Path, name: str, known: Entry | None) -> bool:
        """Whether the recording made from exactly this lies in the folder, untouched."""
        return known is not None and known.recipe == self.recipe and known.wave == fingerprint(folder / f"{name}.wav")


def fingerprint(recording: Path) -> str:
    """What `sha256sum` says of a recording as it lies there; empty when it is missing or unreadable."""
    try:
        return hash_of(recording.read_bytes())
    except OSError:
        return ""


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Manifest:
    """The recordings of one folder and what they were made from."""

    def __init__(self, folder: Path, entries: dict[str, Entry]) -> None:
        self._folder, self._entries = folder, entries

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest as it stands, empty for a new folder; raises StudioFailed when it was damaged."""
        path = folder / MANIFEST
        try:
            written = json.loads(path.read_text(encoding="utf-8"))
            return cls(folder, {name: Entry(**entry) for name, entry in written["prompts"].items()})
        except FileNotFoundError:
            return cls(folder, {})
        except OSError as problem:
            raise StudioFailed(f"{path}: cannot be read ({problem.strerror})") from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise StudioFailed(f"{path}: is damaged; delete it and build with --force") from None

    def get(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def __getitem__(self, name: str) -> Entry:
        return self._entries[name]

    def took_in(self, name: str, master: bytes, recorded: str) -> None:
        """A master was recorded from a script with these words; the next build renders it."""
        known = self._entries.get(name) or Entry("", "", "", "")
        self._entries[name] = replace(known, master=hash_of(master), recorded=recorded)
        self._write()

    def publish(self, name: str, entry: Entry, recording: bytes, *, overwrite: bool) -> None:
        """The recording is there, whole, and the manifest knows it."""
        path, wave = self._folder / f"{name}.wav", hash_of(recording)
        known = self._entries.get(name)
        if not overwrite and fingerprint(path) not in {"", wave, known.wave if known else ""}:
            raise StudioFailed(
                f"{path}: was not made by a build; move it to masters/ if it is a recording,"
                " or build with --force to replace it"
            )
        write_whole(path, recording)
        self._entries[name] = replace(entry, wave=wave)
        self._write()

    def forget_all_but(self, names: Collection[str]) -> None:
        """Recordings of sentences that are gone go too, if a build made them."""
        gone = self._entries.keys() - set(names)
        for name in gone:
            path = self._folder / f"{name}.wav"
            if fingerprint(path) == self._entries.pop(name).wave:
                path.unlink(missing_ok=True)
        if gone:
            self._write()

    def _write(self) -> None:
        entries = {name: _known(entry) for name, entry in sorted(self._entries.items())}
        text = json.dumps({"prompts": entries}, ensure_ascii=False, indent=1)
        write_whole(self._folder / MANIFEST, f"{text}\n".encode())


def _known(entry: Entry) -> dict[str, str]:
    """As it is written down: what only masters have is left out for a voice."""
    always = ("source", "text", "say", "recipe", "wave")
    return {field: value for field, value in asdict(entry).items() if value or field in always}


def write_whole(path: Path, content: bytes) -> None:
    """The file is there whole or, whatever happens, as it was before."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as problem:
        raise StudioFailed(f"{path}: cannot be written ({problem.strerror})") from None
    finally:
        draft.unlink(missing_ok=True)
