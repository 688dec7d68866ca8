"""A handset: one UDP socket with a mouth and an ear, joined to a carrier's channel as its external media.

Rule: a packet's arrival is what the kernel says, not when Python got round to reading it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import time

from ari_app.qa.ear import Ear
from ari_app.qa.mouth import Clip, Metronome, Mouth

_SO_TIMESTAMPNS = getattr(socket, "SO_TIMESTAMPNS", 35)  # Linux; elsewhere the time of reading is used
_ANCILLARY = socket.CMSG_SPACE(16)
_READ_AT_ONCE = 32


class Handset:
    """A telephone without a dial: speaks and hears RTP."""

    def __init__(self, metronome: Metronome, host: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._metronome = metronome
        self._socket = _open(host)
        self._loop.add_reader(self._socket, self._read)
        self._peer: tuple[str, int] | None = None
        self.ear = Ear()
        self.mouth = Mouth(random.getrandbits(32), self._loop.time)

    @property
    def address(self) -> str:
        """Where the carrier is to send what we hear: host:port."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def connect(self, host: str, port: int) -> None:
        """Begin to send to the carrier's end: silence until something is said."""
        self._peer = (host, port)
        self._metronome.join(self)

    def say(self, clip: Clip) -> float:
        return self.mouth.say(clip)

    def beat(self) -> None:
        """Send the next 20 ms; a full buffer or a vanished peer loses a packet, as on any line."""
        if self._peer is not None:
            try:
                self._socket.sendto(self.mouth.packet(), self._peer)
            except OSError:
                return

    def close(self) -> None:
        self._metronome.leave(self)
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _read(self) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                datagram, ancillary, _, _ = self._socket.recvmsg(2048, _ANCILLARY)
            except OSError:  # nothing more to read, or the peer's port is gone
                return
            self.ear.hear(datagram, self._loop.time() - _age(ancillary))


def _open(host: str) -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    with contextlib.suppress(OSError):
        udp.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    udp.bind((host, 0))
    return udp


def _age(ancillary: list[tuple[int, int, bytes]]) -> float:
    """Seconds since the kernel received the packet; 0 when it does not tell."""
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(value) >= 16:
            seconds, nanoseconds = struct.unpack_from("qq", value)
            age = time.time() - float(seconds) - float(nanoseconds) / 1e9
            return min(max(age, 0.0), 1.0)
    return 0.0
