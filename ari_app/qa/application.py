"""The application as an admin runs it: a process of its own, which can be asked to stop, or killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from ari_app.errors import PbxFailed

COMMAND = (sys.executable, "-m", "ari_app", "run")
CONNECTED = b"connected to Asterisk as"
READY_WITHIN = 20.0
STOPS_WITHIN = 75.0


class Application:
    """One worker beside the hotline's PBX; `command` is what is run, the options --config and --worker are added."""

    def __init__(
        self,
        config: Path,
        *,
        worker: str = "1",
        command: Sequence[str] = COMMAND,
        password: str,
        ami_password: str,
        log: Path,
    ) -> None:
        self._command = (*command, "--config", str(config), "--worker", worker)
        self._passwords = {"HOTLINE_ARI_PASSWORD": password, "HOTLINE_AMI_PASSWORD": ami_password}
        self._log = log
        self._said_before = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start it and come back when Asterisk knows it: from now on it is offered callers."""
        with self._log.open("ab") as log:
            self._said_before = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | self._passwords,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(READY_WITHIN):
                await self.connects(1)  # it says so itself: a PBX still lists the application of a worker that died
        except TimeoutError:
            await self.kill()
            words = self._last_words()
            raise PbxFailed(f"the application did not connect within {READY_WITHIN:.0f} s: {words}") from None
        except BaseException:
            await self.kill()
            raise

    async def connects(self, times: int) -> None:
        """Until it has told, since its start, that it is connected: so many times."""
        while self._log.read_bytes()[self._said_before :].count(CONNECTED) < times:
            if not self.running:
                raise PbxFailed(f"the application has ended: {self._last_words()}")
            await asyncio.sleep(0.05)

    async def stop(self) -> int | None:
        """SIGTERM: it finishes the calls it has; its exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> int | None:
        """SIGKILL: the power cut."""
        return await self._end(signal.SIGKILL)

    async def _end(self, by: signal.Signals) -> int | None:
        if self._process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(by)
        try:
            async with asyncio.timeout(STOPS_WITHIN):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        return lines[-1] if lines else "it said nothing"
