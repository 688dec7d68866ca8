"""One running PBX: started when its callers can ring, stopped without leaving anything behind.

Rule 1: a PBX dies with the process that started it, also when that one is killed: the kernel is asked to
kill Asterisk with the thread that forked it (PR_SET_PDEATHSIG), so start a Pbx from a thread that stays.
Rule 2: "started" is an answer from Asterisk itself (`core waitfullybooted`), never a length of time.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ari_app.errors import PbxFailed
from ari_app.pbx import basics
from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.place import Claim, Place, Ports, claim

Configuration = Callable[[Place], Mapping[str, str]]

PR_SET_PDEATHSIG = 1
OPEN_FILES = 65536
BOOT_LIMIT = 30.0
CONSOLE_LIMIT = 20.0
STOP_LIMIT = 5.0

_libc = ctypes.CDLL(None)


class PbxDown(PbxFailed):
    """The PBX does not run, or does not answer; the message ends with what it said last."""


def plain(files: Mapping[str, str] | None = None) -> Configuration:
    """A configuration of ready-made texts; the basics are added to whatever is missing."""
    return lambda _place: dict(files or {})


class Pbx:
    """An Asterisk with an address, folders and ports of its own: `async with Pbx(asterisk, folder) as pbx:`.

    A configuration is asked for its files when the place is known (`pbx.place.address`, `pbx.place.ports`).
    """

    def __init__(
        self,
        asterisk: Asterisk,
        folder: Path,
        *,
        configuration: Configuration | None = None,
        address: str | None = None,
        ports: Ports | None = None,
    ) -> None:
        self.asterisk = asterisk
        self._configuration = configuration or plain()
        self._claim: Claim = claim(folder, address, ports)
        self._process: asyncio.subprocess.Process | None = None
        self.boot_seconds: float | None = None

    @property
    def place(self) -> Place:
        return self._claim.place

    @property
    def address(self) -> str:
        return self.place.address

    @property
    def sip_uri(self) -> str:
        """What a softphone or a trunk is pointed at; ends with the port only when it is not the usual one."""
        port = self.place.ports.sip
        return f"sip:{self.address}" + ("" if port == 5060 else f":{port}")

    @property
    def ari_url(self) -> str:
        return f"http://{self.address}:{self.place.ports.http}/ari"

    @property
    def ami(self) -> tuple[str, int]:
        return (self.address, self.place.ports.ami)

    @property
    def log_file(self) -> Path:
        """Warnings and errors, under the banner Asterisk prints when it opens the file."""
        return self.place.log / "messages"

    def complaints(self) -> list[str]:
        """The warnings and errors logged so far: none is a healthy PBX."""
        if not self.log_file.exists():
            return []
        lines = self.log_file.read_text(errors="replace").splitlines()
        return [line for line in lines if "WARNING[" in line or "ERROR[" in line]

    @property
    def output_file(self) -> Path:
        """What Asterisk printed before its logger was there."""
        return self.place.log / "output"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise PbxDown("The PBX has not been started.")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        self.release()

    async def start(self) -> None:
        """Write the configuration, start Asterisk and come back when a caller could ring."""
        if self.running:
            return
        began = time.monotonic()
        self.place.make_folders()
        self.place.control_socket.unlink(missing_ok=True)
        self.write(basics.files_for(self.place, self.asterisk) | dict(self._configuration(self.place)))
        with self.output_file.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command("-f", "-q"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.place.var,
                env=_environment(),
                start_new_session=True,  # Ctrl-C at the terminal is for us; we stop the PBX in our order
                preexec_fn=_before_asterisk,
            )
        try:
            await asyncio.wait_for(self._booted(), BOOT_LIMIT)
        except TimeoutError:
            await self.kill()
            raise PbxDown(f"Asterisk did not boot within {BOOT_LIMIT:.0f} s.{self._last_words()}") from None
        except BaseException:
            await self.kill()
            raise
        self.boot_seconds = time.monotonic() - began

    def write(self, files: Mapping[str, str]) -> None:
        """Put configuration files in place; a running PBX reads them at `reload`."""
        for name, text in files.items():
            file = self.place.etc / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    async def stop(self) -> None:
        """End every call and Asterisk itself: asked first, then told, then made."""
        if not self.running:
            return
        with contextlib.suppress(PbxDown, TimeoutError):
            await asyncio.wait_for(self.console("core stop now"), STOP_LIMIT)
        if not await self._ends_within(STOP_LIMIT):
            self._signal(signal.SIGTERM)
        if not await self._ends_within(STOP_LIMIT):
            await self.kill()

    async def kill(self) -> None:
        """The power cut: SIGKILL, as a test of what callers meet afterwards."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()

    def release(self) -> None:
        """Give the address back; the folders stay for whoever wants to read the log."""
        self._claim.release()

    async def console(self, command: str) -> str:
        """What `asterisk -rx` prints."""
        if not self.running:
            raise PbxDown(f"The PBX at {self.address} does not run.{self._last_words()}")
        asked = await asyncio.create_subprocess_exec(
            *self._command("-r", "-x", command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=_environment(),
            start_new_session=True,
            preexec_fn=_before_asterisk,
        )
        try:
            told, _ = await asyncio.wait_for(asked.communicate(), CONSOLE_LIMIT)
        except TimeoutError:
            raise PbxDown(f"The PBX at {self.address} said nothing to `{command}` for {CONSOLE_LIMIT:.0f} s.") from None
        finally:
            if asked.returncode is None:
                asked.kill()
                await asked.wait()
        text = told.decode(errors="replace").strip()
        if asked.returncode:
            raise PbxDown(f"The PBX at {self.address} does not answer: {text}")
        return text

    async def reload(self) -> None:
        """Read every configuration file again; calls go on."""
        await self.console("core reload")

    async def _booted(self) -> None:
        # Asterisk makes its control socket early; nothing tells of that, so look for it. From then on its
        # own answer is awaited.
        while not self.place.control_socket.exists():
            await self._still_alive()
        while "fully booted" not in await self._ask_whether_booted():
            await self._still_alive()

    async def _ask_whether_booted(self) -> str:
        try:
            return await self.console("core waitfullybooted")
        except PbxDown:
            return ""

    async def _still_alive(self) -> None:
        if await self._ends_within(0.02):
            raise PbxDown(f"Asterisk ended while starting.{self._last_words()}")

    async def _ends_within(self, seconds: float) -> bool:
        if self._process is None:
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), seconds)
        return self._process.returncode is not None

    def _signal(self, number: signal.Signals) -> None:
        if self.running and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _command(self, *options: str) -> list[str]:
        return [*self.asterisk.command, "-C", str(self.place.etc / "asterisk.conf"), *options]

    def _last_words(self) -> str:
        lines: list[str] = []
        for file in (self.output_file, self.log_file):
            if file.exists():
                lines += file.read_text(errors="replace").splitlines()
        said = " / ".join(line.strip() for line in lines[-4:] if line.strip())
        return f" It said last: {said} (see {self.log_file})" if said else f" See {self.log_file}."


def _environment() -> dict[str, str]:
    """Ours without the words that make a loader take other libraries than the PBX's own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LD_")}


def _before_asterisk() -> None:
    """In the child, before Asterisk: die with the parent, and have room for many calls."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))
