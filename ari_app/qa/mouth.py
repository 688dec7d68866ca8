"""The mouth: a caller's or agent's own sound, sent as a telephone sends it.

Rule 1: a telephone never pauses: 20 ms of sound every 20 ms, silence included, from absolute deadlines.
Rule 2: one metronome beats for all mouths; fifty callers cost one timer.
"""

from __future__ import annotations

import asyncio
import struct
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from ari_app.qa.ulaw import FRAME, RATE, SILENCE, Samples, encode

BEAT = FRAME / RATE  # seconds between packets
QUIET = bytes([SILENCE]) * FRAME


@dataclass(frozen=True)
class Clip:
    """Something to say: its name, its samples."""

    name: str
    samples: Samples

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    def lasting(self, seconds: float) -> Clip:
        """As much of it as fills so many seconds, begun again when it is too short."""
        return Clip(self.name, np.resize(self.samples, round(seconds * RATE)))


def load_clip(path: Path) -> Clip:
    """A clip from an 8 kHz mono WAV; its name is the file's."""
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE):
            raise ValueError(f"{path} is not 8 kHz mono 16-bit: render it again.")
        return Clip(path.stem, np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16))


@dataclass
class Mouth:
    """Turns what is said into RTP packets, one a beat; `said` tells when, in seconds of the loop's clock."""

    ssrc: int
    now: Callable[[], float]
    said: list[tuple[float, float, str]] = field(default_factory=list)  # start, seconds, clip
    _pending: bytes = b""
    _at: int = 0
    _beats: int = 0

    def say(self, clip: Clip) -> float:
        """Begin to speak with the next beat, dropping what was being said; seconds it will take."""
        self._pending, self._at = encode(clip.samples), 0
        self.said.append((self.now(), clip.seconds, clip.name))
        return clip.seconds

    def packet(self) -> bytes:
        """The next 20 ms."""
        sound = self._pending[self._at : self._at + FRAME]
        self._at += FRAME
        first = self._beats == 0
        header = struct.pack(
            "!BBHII", 0x80, 0x80 if first else 0, self._beats & 0xFFFF, self._beats * FRAME & 0xFFFFFFFF, self.ssrc
        )
        self._beats += 1
        return header + (sound.ljust(FRAME, b"\xff") if sound else QUIET)


class Sender(Protocol):
    """What the metronome beats for."""

    def beat(self) -> None: ...


class Metronome:
    """Beats every 20 ms for all who speak, by absolute deadlines; beats missed are made up for at once."""

    def __init__(self) -> None:
        self._senders: set[Sender] = set()
        self._task: asyncio.Task[None] | None = None

    def join(self, sender: Sender) -> None:
        self._senders.add(sender)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="metronome")

    def leave(self, sender: Sender) -> None:
        self._senders.discard(sender)
        if not self._senders and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += BEAT
            await asyncio.sleep(due - loop.time())
            for sender in tuple(self._senders):
                sender.beat()
