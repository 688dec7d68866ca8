"""What can happen to the place where records go: its database is stopped, its disk is full.

Rule: it is really so. A server is stopped, a disk has no byte left; nothing is made to look like it.
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.records import postgres

ROOM = "6m"
"""How large the small disk is: a database and what waits for it."""
BLOCK = 4096


class Outage(Protocol):
    """A place for records that can fail and be mended."""

    disk_takes: bool  # whether they can wait on disk meanwhile

    @property
    def records(self) -> Mapping[str, str]:
        """`records:` of hotline.yaml."""

    def strike(self) -> None:
        """From now on."""

    def mend(self) -> None:
        """As before."""


class Unmountable(Exception):
    """No disk can be mounted here, and why."""


class StoppedServer:
    """PostgreSQL, stopped as by a power cut and started again."""

    disk_takes = True

    def __init__(self, server: postgres.Server, folder: Path) -> None:
        self._server = server
        self.records = {"url": server.fresh("hotline"), "spool": str(folder / "spool")}

    def strike(self) -> None:
        self._server.stop()

    def mend(self) -> None:
        self._server.start()


class MovedFile:
    """SQLite's file and what belongs to it, moved away and put back: it has no server to stop."""

    disk_takes = True

    def __init__(self, folder: Path) -> None:
        self._folder, self._elsewhere = folder, folder / "elsewhere"
        self.records = {"url": f"sqlite:///{folder}/hotline.db", "spool": str(folder / "spool")}

    def strike(self) -> None:
        self._elsewhere.mkdir()
        for file in self._folder.glob("hotline.db*"):
            file.rename(self._elsewhere / file.name)

    def mend(self) -> None:
        for file in self._elsewhere.iterdir():
            file.rename(self._folder / file.name)


class FullDisk:
    """A disk that holds database and spool, and then not one byte more."""

    disk_takes = False

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "somebody-elses"
        self.records = {"url": f"sqlite:///{folder}/hotline.db", "spool": str(folder / "spool")}

    def strike(self) -> None:
        with self._filler.open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(BLOCK)):
                    pass
            except OSError as full:
                assert full.errno == errno.ENOSPC

    def mend(self) -> None:
        self._filler.unlink()


@contextmanager
def stopped_database(folder: Path) -> Iterator[Outage]:
    """A database that can be stopped: PostgreSQL where it is installed."""
    folder.mkdir()
    if postgres.binaries() is None:
        print("no PostgreSQL on this machine (Debian: apt install postgresql): a SQLite file is moved away instead")
        yield MovedFile(folder)
        return
    with postgres.running() as server:
        yield StoppedServer(server, folder)


@contextmanager
def full_disk(folder: Path) -> Iterator[Outage]:
    """A small disk of its own. Raises Unmountable."""
    folder.mkdir()
    if os.geteuid() != 0:
        raise Unmountable("only root can mount the small disk that is to be full")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "hotline-records", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        raise Unmountable(f"the small disk that is to be full cannot be mounted: {mounted.stderr.strip()}")
    try:
        yield FullDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # a test that failed may hold it
