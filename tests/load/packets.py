"""Hundreds of UDP packets in one system call: recvmmsg and sendmmsg of the C library, on numpy arrays.

Rule: the kernel stamps every packet when it arrives, so that a reader who comes late still knows when.
Linux on 64 bits only (the layout of struct mmsghdr).
"""

from __future__ import annotations

import ctypes
import os
import socket
from typing import Any

import numpy as np
from numpy.typing import NDArray

SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
BATCH = 1024

MESSAGE = np.dtype(
    {
        "names": ["name", "namelen", "iov", "iovlen", "control", "controllen", "flags", "len"],
        "formats": ["u8", "u4", "u8", "u8", "u8", "u8", "i4", "u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 48, 56],
        "itemsize": 64,
    }
)
SPAN = np.dtype([("base", "u8"), ("len", "u8")])
ADDRESS = np.dtype([("family", "=u2"), ("port", ">u2"), ("host", "u1", 4), ("zero", "u1", 8)])
RTP = np.dtype([("first", "u1"), ("type", "u1"), ("seq", ">u2"), ("stamp", ">u4"), ("source", ">u4")])
PACKET = np.dtype([("head", RTP), ("sound", "u1", 160)])
CONTROL = np.dtype([("len", "u8"), ("level", "i4"), ("type", "i4"), ("s", "i8"), ("ns", "i8"), ("rest", "u1", 32)])
HEARD = np.dtype([("port", "u2"), ("seq", "u2"), ("at", "i8")])
"""One packet as heard: the port it came from, its number, and when (nanoseconds since 1970)."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]
_libc.sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]

Array = NDArray[Any]


def _at(array: Array) -> int:
    return int(array.ctypes.data)


def _rows(array: Array) -> Array:
    return _at(array) + np.arange(len(array), dtype="u8") * array.itemsize


def open_socket(address: str, port: int, room: int) -> socket.socket:
    """A UDP socket that stamps what arrives, with room for so many bytes."""
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    try:
        ear.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, room)
    except PermissionError:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    ear.bind((address, port))
    ear.setblocking(False)
    return ear


class Receiver:
    """Takes whatever has arrived, headers only."""

    def __init__(self, ear: socket.socket) -> None:
        self._fd = ear.fileno()
        self._names = np.zeros(BATCH, ADDRESS)
        self._heads = np.zeros(BATCH, RTP)
        self._control = np.zeros(BATCH, CONTROL)
        self._spans = np.zeros(BATCH, SPAN)
        self._spans["base"], self._spans["len"] = _rows(self._heads), RTP.itemsize
        self._messages = np.zeros(BATCH, MESSAGE)
        self._messages["name"] = _rows(self._names)
        self._messages["iov"], self._messages["iovlen"] = _rows(self._spans), 1
        self._messages["control"] = _rows(self._control)
        self.heard: list[Array] = []

    def take_all(self) -> None:
        """Append what is there to `heard`."""
        while True:
            self._messages["namelen"], self._messages["controllen"] = ADDRESS.itemsize, CONTROL.itemsize
            count = _libc.recvmmsg(self._fd, _at(self._messages), BATCH, socket.MSG_DONTWAIT, None)
            if count <= 0:
                return
            heard = np.empty(count, HEARD)
            heard["port"], heard["seq"] = self._names["port"][:count], self._heads["seq"][:count]
            heard["at"] = self._control["s"][:count] * 1_000_000_000 + self._control["ns"][:count]
            self.heard.append(heard)
            if count < BATCH:
                return


class Row:
    """Callers who speak at the same moment: one silent µ-law packet to each of their ports per `send`."""

    def __init__(self, voice: socket.socket, host: str, room: int) -> None:
        self._fd = voice.fileno()
        self._packets = np.zeros(room, PACKET)
        self._packets["head"]["first"], self._packets["sound"] = 0x80, 0xFF
        self._names = np.zeros(room, ADDRESS)
        self._names["family"] = socket.AF_INET
        self._names["host"] = list(socket.inet_aton(host))
        self._spans = np.zeros(room, SPAN)
        self._spans["base"], self._spans["len"] = _rows(self._packets), PACKET.itemsize
        self._messages = np.zeros(room, MESSAGE)
        self._messages["name"], self._messages["namelen"] = _rows(self._names), ADDRESS.itemsize
        self._messages["iov"], self._messages["iovlen"] = _rows(self._spans), 1
        self._calls: list[int] = []
        self._place: dict[int, int] = {}
        self.sent = 0
        self.unsent = 0

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: int, port: int) -> None:
        """A caller begins to speak to this port."""
        here = len(self._calls)
        self._calls.append(call)
        self._place[call] = here
        self._names["port"][here] = port
        head = self._packets["head"]
        head["seq"][here], head["stamp"][here], head["source"][here] = 0, 0, call

    def remove(self, call: int) -> None:
        """The caller is gone; the last one in the row takes their place."""
        here = self._place.pop(call)
        last = self._calls.pop()
        if last != call:
            self._calls[here] = last
            self._place[last] = here
            self._packets[here] = self._packets[len(self._calls)]
            self._names[here] = self._names[len(self._calls)]

    def send(self) -> None:
        """The next 20 ms of silence from everybody in the row."""
        count = len(self._calls)
        if not count:
            return
        head = self._packets["head"][:count]
        head["seq"] += 1
        head["stamp"] += 160
        done = 0
        while done < count:
            sent = _libc.sendmmsg(self._fd, _at(self._messages) + done * MESSAGE.itemsize, count - done, 0)
            if sent <= 0:
                if ctypes.get_errno() in (11, 105):  # EAGAIN, ENOBUFS: this packet is lost
                    self.unsent += 1
                    sent = 1
                else:
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            done += sent
        self.sent += count


def drops(ear: socket.socket) -> int:
    """Packets the kernel threw away because nobody took them in time."""
    inode = os.fstat(ear.fileno()).st_ino
    with open("/proc/net/udp") as table:  # noqa: PTH123
        for line in table:
            words = line.split()
            if len(words) > 12 and words[9] == str(inode):
                return int(words[12])
    return 0
