"""Where one PBX lives: its own loopback address, its ports and its folders.

Several PBXs live side by side, and beside one the machine already runs, because each has an address of
127.77.0.0/17 to itself; the telephones of `ari_app.qa.phones` have the other half of the /16. A PBX of the
machine that listens on every address holds the standard ports there too; ours then move up by 20000.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ari_app.errors import PbxFailed

SHIFTS = (0, 20000, 30000)
LONGEST_SOCKET_PATH = 100  # a unix socket's name holds 107 bytes; Asterisk cuts silently


class PortTaken(PbxFailed):
    """Another program listens where the PBX was told to."""


@dataclass(frozen=True)
class Ports:
    """SIP (UDP), HTTP with ARI (TCP) and AMI (TCP); RTP has a range of its own."""

    sip: int = 5060
    http: int = 8088
    ami: int = 5038
    rtp: tuple[int, int] = (10000, 14999)

    def shifted(self, by: int) -> Ports:
        return Ports(self.sip + by, self.http + by, self.ami + by, self.rtp)


@dataclass(frozen=True)
class Place:
    """Address, ports and folders of one PBX; what a configuration is written for."""

    address: str
    ports: Ports
    folder: Path
    run: Path

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    @property
    def var(self) -> Path:
        return self.folder / "var"

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def control_socket(self) -> Path:
        return self.run / "asterisk.ctl"

    def make_folders(self) -> None:
        for folder in (self.etc, self.var / "keys", self.spool / "recording", self.log, self.run):
            folder.mkdir(parents=True, exist_ok=True)

    def clear_run(self) -> None:
        """A run folder that had to be put under the system's temporary folder goes away with its PBX."""
        self.control_socket.unlink(missing_ok=True)
        if self.run != self.folder / "run":
            shutil.rmtree(self.run, ignore_errors=True)


class Claim:
    """An address held against every other PBX of ours; the kernel frees it when this process ends."""

    def __init__(self, place: Place, held: socket.socket) -> None:
        self.place = place
        self._held = held

    def release(self) -> None:
        self._held.close()
        self.place.clear_run()


def claim(folder: Path, address: str | None = None, ports: Ports | None = None) -> Claim:
    """Take a free address (or this one) with its ports, and choose the folders."""
    folder = folder.absolute()
    candidates = [address] if address else _some_addresses()
    for shift in (0,) if ports else SHIFTS:
        wanted = (ports or Ports()).shifted(shift)
        for candidate in candidates:
            held = _hold(candidate)
            if held is None:
                continue
            if _taken(candidate, wanted) is None:
                return Claim(Place(candidate, wanted, folder, _run_folder(folder)), held)
            held.close()
    raise _explain(candidates, ports or Ports())


def _some_addresses() -> list[str]:
    return [f"127.77.{random.randrange(128)}.{random.randrange(2, 255)}" for _ in range(20)]


def _hold(address: str) -> socket.socket | None:
    """An abstract socket named after the address: of two runs that choose at the same moment, one wins."""
    held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        held.bind(f"\0hotline-pbx-{address}")
    except OSError:
        held.close()
        return None
    return held


def _taken(address: str, ports: Ports) -> str | None:
    """The first port somebody else has, in words; None when all are free."""
    for kind, port, what in (
        (socket.SOCK_DGRAM, ports.sip, "SIP, UDP"),
        (socket.SOCK_STREAM, ports.http, "HTTP, TCP"),
        (socket.SOCK_STREAM, ports.ami, "AMI, TCP"),
    ):
        with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as reason:
                return f"{address}:{port} ({what}): {os.strerror(reason.errno or errno.EIO)}"
    return None


def _explain(candidates: list[str], ports: Ports) -> PortTaken:
    held = next((said for address in candidates if (said := _taken(address, ports))), None)
    where = held or f"{candidates[0]} is held by another PBX of ours"
    return PortTaken(f"No place for a PBX: {where}. Stop what listens there, or choose another address.")


def _run_folder(folder: Path) -> Path:
    near = folder / "run"
    if len(str(near / "asterisk.ctl")) <= LONGEST_SOCKET_PATH:
        return near
    return Path(tempfile.mkdtemp(prefix="hotline-"))
