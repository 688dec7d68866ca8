"""The ear: what the caller hears, on a time axis that starts when the call is answered.

Rule 1: inside a talk spurt a packet is placed by its RTP timestamp: a lost packet is silence, a late one
        comes to its place. A hotline that waits sends nothing, so every spurt is anchored anew by the
        clock: a recording that merely joined the packets would swallow the very waits we measure.
Rule 2: times are seconds of `loop.time()` while the call runs, seconds since the answer afterwards.
Rule 3: nothing here opens a socket; whoever holds one calls `hear`.
"""

from __future__ import annotations

import struct
import wave
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ari_app.qa.ulaw import FRAME, RATE, Samples, decode

NEW_SPURT = 0.1  # seconds without a packet, or off the beat, after which a packet starts a new spurt
ANCHOR = 10  # packets whose arrivals vote on where a spurt lies


class Packet(NamedTuple):
    """One RTP packet as it arrived."""

    arrived: float
    ssrc: int
    seq: int
    timestamp: int
    marker: bool
    payload: bytes


class Ear:
    """Keeps every packet of one leg with its time of arrival; thinking is left for after the call."""

    __slots__ = ("packets",)

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def hear(self, datagram: bytes, arrived: float) -> None:
        """Take in one RTP packet; anything that is not G.711 audio is not heard."""
        if len(datagram) <= 12 or datagram[0] >> 6 != 2 or datagram[1] & 0x7F != 0:
            return
        first, second, seq, timestamp, ssrc = struct.unpack_from("!BBHII", datagram)
        if first & 0x1F:  # contributing sources or an extension: no Asterisk sends them here
            return
        self.packets.append(Packet(arrived, ssrc, seq, timestamp, bool(second & 0x80), datagram[12:]))

    def recording(self, answered: float, ended: float) -> Recording:
        """What was heard from the answer to the end of the call."""
        return reconstruct(self.packets, answered, ended)


class Spurt(NamedTuple):
    """A stretch of sound without a pause in its packets: seconds since the answer, packets lost in it."""

    start: float
    end: float
    packets: int
    lost: int


@dataclass(frozen=True)
class Recording:
    """8 kHz sound from the answer onwards, silence where nothing came; and how the packets came."""

    samples: Samples
    spurts: tuple[Spurt, ...] = ()

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    @property
    def lost(self) -> int:
        """Packets that never came, of the 20 ms each that a caller would have missed."""
        return sum(spurt.lost for spurt in self.spurts)

    def save(self, path: Path) -> None:
        """As a WAV file anybody can play."""
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(self.samples.astype("<i2").tobytes())


def reconstruct(packets: list[Packet], answered: float, ended: float) -> Recording:
    """Lay the packets on the time axis of the caller."""
    heard = np.zeros(max(0, round((ended - answered) * RATE)), np.int16)
    told = []
    for spurt in spurts_of(packets):
        placed = _offsets(spurt)
        anchor = _anchor(spurt, placed) - answered
        for packet, offset in zip(spurt, placed, strict=True):
            _lay(heard, decode(packet.payload), round(anchor * RATE) + offset)
        end = anchor + max(o + len(p.payload) for p, o in zip(spurt, placed, strict=True)) / RATE
        told.append(Spurt(anchor, end, len(spurt), _lost(spurt)))
    return Recording(heard, tuple(told))


def spurts_of(packets: list[Packet]) -> list[list[Packet]]:
    """Cut the stream where the sender started anew: source or marker changed, a pause, or off the beat."""
    spurts: list[list[Packet]] = []
    newest: Packet | None = None
    for packet in packets:
        if newest is None or _starts_anew(newest, packet):
            spurts.append([])
            newest = packet
        elif _ahead(packet.seq - newest.seq, 16) > 0:
            newest = packet
        spurts[-1].append(packet)
    return spurts


def _starts_anew(newest: Packet, packet: Packet) -> bool:
    if packet.ssrc != newest.ssrc:
        return True
    if _ahead(packet.seq - newest.seq, 16) <= 0:  # a straggler belongs to what is already there
        return False
    quiet = packet.arrived - newest.arrived
    off_beat = quiet - _ahead(packet.timestamp - newest.timestamp, 32) / RATE
    return packet.marker or quiet > NEW_SPURT or abs(off_beat) > NEW_SPURT


def _ahead(difference: int, bits: int) -> int:
    """A difference of counters that wrap around, as a signed number."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half


def _offsets(spurt: list[Packet]) -> list[int]:
    """Samples from the spurt's first packet to each packet, by RTP timestamp."""
    return [_ahead(packet.timestamp - spurt[0].timestamp, 32) for packet in spurt]


def _anchor(spurt: list[Packet], placed: list[int]) -> float:
    """When the spurt's first sample sounds: the middle of what its first packets say, so no late one rules."""
    votes = [p.arrived - o / RATE for p, o in zip(spurt[:ANCHOR], placed[:ANCHOR], strict=True)]
    return float(np.median(votes))


def _lay(heard: Samples, sound: Samples, at: int) -> None:
    """Put a packet's sound in its place; what lies before the answer or after the end is not heard."""
    start, end = max(0, at), min(len(heard), at + len(sound))
    if start < end:
        heard[start:end] = sound[start - at : end - at]


def _lost(spurt: list[Packet]) -> int:
    numbers = sorted({_ahead(packet.seq - spurt[0].seq, 16) for packet in spurt})
    return sum(b - a - 1 for a, b in pairwise(numbers))


def silence(seconds: float) -> Samples:
    """Nothing, for so long."""
    return np.zeros(round(seconds * RATE / FRAME) * FRAME, np.int16)
