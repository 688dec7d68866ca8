"""The callers' ears and mouths: one process, one UDP socket, RTP both ways for every call of a round.

SIPp writes a line into a pipe at every INVITE, 200 and BYE; from the 200 on, the caller sends 50 packets of
silence a second to the port Asterisk named there, as a telephone does, and everything heard is written down
with the kernel's time of arrival. Calls are told apart by Asterisk's port.
"""

from __future__ import annotations

import gc
import os
import select
import socket
import sys
import time
from pathlib import Path

import numpy as np

from .packets import HEARD, Receiver, Row, drops, open_socket

ROWS = 8
TURN = 0.020 / ROWS
"""Callers speak in eight rows, 2.5 ms apart, so that they do not all speak at once."""
ROOM = 1000
"""Callers in one row: 8000 at once are more than two cores carry."""
EAR_ROOM = 64 << 20
LINGER = 0.3
"""Seconds we go on hearing when SIPp has ended."""

MOMENT = np.dtype([("kind", "S1"), ("call", "i4"), ("at", "i8"), ("port", "u2")])
"""A line of SIPp: I(NVITE), A(nswer), B(ye)."""


class Mate:
    """One round."""

    def __init__(self, address: str, port: int, pbx: str, pipe: int) -> None:
        self.ear = open_socket(address, port, EAR_ROOM)
        self._rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # never read: reports find an open port
        self._rtcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._rtcp.bind((address, port + 1))
        self.receiver = Receiver(self.ear)
        self.rows = [Row(self.ear, pbx, ROOM) for _ in range(ROWS)]
        self.moments: list[tuple[bytes, int, int, int]] = []
        self.late = 0.0
        self._pipe = pipe
        self._rest = b""
        self._row_of: dict[int, Row] = {}
        self._turn = 0
        self._wrote = False

    def run(self) -> None:
        """Until SIPp has closed its end."""
        due, end = time.monotonic(), float("inf")
        while (now := time.monotonic()) < end:
            listening = end == float("inf")
            if now < due:
                # before SIPp has opened the pipe, and after it has closed it, the pipe always seems ready
                select.select([self._pipe] if self._wrote and listening else [], [], [], due - now)
            if listening and not self._read():
                end = time.monotonic() + LINGER
            if now >= due:
                self.late = max(self.late, now - due)
                self._turn = (self._turn + 1) % ROWS
                self.rows[self._turn].send()
                self.receiver.take_all()
                due += TURN

    def _read(self) -> bool:
        """What SIPp wrote; False when it has closed the pipe."""
        try:
            read = os.read(self._pipe, 1 << 16)
        except BlockingIOError:
            return True
        if not read:
            return not self._wrote
        self._wrote = True
        *lines, self._rest = (self._rest + read).split(b"\n")
        for line in lines:
            self._note(line.split())
        return True

    def _note(self, words: list[bytes]) -> None:
        kind, call = words[0], int(words[1])
        seconds, _, fraction = words[4].partition(b".")
        port = int(words[5]) if len(words) > 5 else 0
        self.moments.append((kind, call, int(seconds) * 1_000_000_000 + int(fraction.ljust(9, b"0")), port))
        if kind == b"A":
            # the row whose turn is next: this caller's first packet leaves within 2.5 ms
            row = self._row_of[call] = self.rows[(self._turn + 1) % ROWS]
            row.add(call, port)
        elif kind == b"B" and call in self._row_of:
            self._row_of.pop(call).remove(call)


def main(address: str, port: str, pbx: str, pipe: str, out: str) -> None:
    """Hear one round and write it down."""
    fd = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    mate = Mate(address, int(port), pbx, fd)
    print("ready", flush=True)
    gc.freeze()
    gc.disable()
    mate.run()
    heard = np.concatenate(mate.receiver.heard) if mate.receiver.heard else np.empty(0, HEARD)
    np.savez(
        Path(out),
        heard=heard,
        moments=np.array(mate.moments, MOMENT),
        late=mate.late,
        dropped=drops(mate.ear),
        unsent=sum(row.unsent for row in mate.rows),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
