"""A PostgreSQL of our own for the contract tests, where the machine has one installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`: on the path, or where Debian keeps them."""
    places = [Path(found).resolve().parent for found in (shutil.which("postgres"), shutil.which("initdb")) if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((p for p in places if (p / "initdb").exists() and (p / "postgres").exists()), None)


def _somebody() -> str | None:
    """Whom PostgreSQL runs as: it refuses root."""
    if os.getuid() != 0:
        return None
    return next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})


class Server:
    """One PostgreSQL on a loopback port; it can be stopped and started again."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self._folder, self._bin, self._user = folder, bin_folder, _somebody()
        if self._user is not None:
            shutil.chown(folder, self._user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "hotline", "-E", "UTF8", "--no-sync")

    def _run(self, command: str, *arguments: str) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        path = str(self._bin / command)
        subprocess.run([path, *arguments], check=True, user=self._user, cwd=self._folder, **quiet)  # type: ignore[call-overload]

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -k {self._folder}"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", how, "-w", "stop")

    def fresh(self, name: str) -> str:
        """The URL of a new, empty database."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "hotline", name)
        return f"postgresql://hotline@127.0.0.1:{self.port}/{name}"


@contextmanager
def running() -> Iterator[Server]:
    """A server, up; only where `binaries()` finds one."""
    found = binaries()
    assert found is not None
    with tempfile.TemporaryDirectory(prefix="hotline-postgres-") as folder:
        server = Server(Path(folder), found)
        server.start()
        try:
            yield server
        finally:
            server.stop()
