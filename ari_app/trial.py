"""A whole hotline on this machine, for one's own softphone: an Asterisk, workers, and an agent who answers.

Rule 1: nothing is started again in silence: whatever ends on its own ends the trial, with its last words.
Rule 2: however the trial ends, nothing of it is left running; the kernel sees to it when we are killed.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ari_app import paths
from ari_app.errors import HotlineError, PbxFailed
from ari_app.pbx.frontline import Frontline
from ari_app.pbx.instance import PR_SET_PDEATHSIG, Pbx
from ari_app.pbx.place import Ports
from ari_app.pbx.provide import provide
from ari_app.standard import language_of

STANDARD = "hotline-standard"
AGENT = "Local/agent@hotline-try"
DRAIN = 2.0
STOPS_WITHIN = DRAIN + 5.0
CONNECTS_WITHIN = 20.0
"""Seconds."""
LAST_LINES = 8

_libc = ctypes.CDLL(None)


class TrialEnded(HotlineError):
    """A part of the trial ended on its own."""


@dataclass(frozen=True)
class Trial:
    """What to dial, and where to look."""

    sip_uri: str
    user: str
    password: str
    configuration: Path
    logs: tuple[Path, ...]
    asterisk: str
    address: str


class Worker:
    """One `hotline run`, its log, and its last words."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self.connected = asyncio.Event()
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self, configuration: Path) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ari_app", "run", "-c", str(configuration), "-w", self.name,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the terminal is for us; callers are finished before the PBX stops
            preexec_fn=_end_with_us,
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen(self._process))

    async def ended(self) -> str:
        """Wait until it ends; how it did, in words."""
        assert self._process is not None and self._listening is not None
        code = await self._process.wait()
        await self._listening
        last = "\n".join(f"    {line}" for line in self._last)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"worker {self.name} {how}; it said last ({self.log}):\n{last}"

    async def stop(self) -> None:
        """Tell it to drain; after STOPS_WITHIN make it."""
        if self._process is None or self._listening is None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOPS_WITHIN)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._listening

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        with self.log.open("ab") as log:
            async for line in process.stdout:
                log.write(line)
                log.flush()
                self._last.append(line.decode(errors="replace").rstrip())
                if b"connected to Asterisk as" in line:
                    self.connected.set()


@asynccontextmanager
async def trial(
    folder: Path, address: str | None, ports: Ports | None, worker_count: int, report: Callable[[str], None]
) -> AsyncIterator[tuple[Trial, Awaitable[str]]]:
    """A hotline that can be rung, and what ends when a part of it does (in words).

    Raises NoAsterisk, PbxFailed, TrialEnded before anything is left running.
    """
    report("Looking for an Asterisk …")
    asterisk = provide(report)
    report(f"Starting it and the hotline ({asterisk}); a busy machine takes half a minute.")
    async with AsyncExitStack() as stack:
        _alone(folder, stack)
        plan = _frontline(address)
        pbx = await stack.enter_async_context(Pbx(asterisk, folder, configuration=plan, address=address, ports=ports))
        configuration = _write_configuration(folder, pbx, plan)
        workers = [Worker(str(n), folder / "log" / f"worker-{n}.log") for n in range(1, worker_count + 1)]
        for worker in workers:
            stack.push_async_callback(worker.stop)
            await worker.start(configuration)
        over = asyncio.create_task(_first_end(pbx, workers))
        stack.callback(over.cancel)
        await _all_connected(workers, over)
        yield _what_to_dial(pbx, plan, configuration, workers), over


def _what_to_dial(pbx: Pbx, plan: Frontline, configuration: Path, workers: list[Worker]) -> Trial:
    return Trial(
        sip_uri=pbx.sip_uri,
        user=plan.softphone_user,
        password=plan.softphone_password,
        configuration=configuration,
        logs=(pbx.log_file, *(worker.log for worker in workers)),
        asterisk=str(pbx.asterisk),
        address=pbx.address,
    )


def _alone(folder: Path, stack: AsyncExitStack) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lock = stack.enter_context((folder / "lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise PbxFailed(f"Another `hotline try` runs in {folder}: stop it, or choose another --folder.") from None
    for log in (folder / "log/messages", folder / "log/output", *folder.glob("log/worker-*.log")):
        log.unlink(missing_ok=True)  # of the last trial


def _frontline(address: str | None) -> Frontline:
    voice = Path(__file__).resolve().parent / "qa/voices/agent"
    extra = {
        # The agent: says a sentence, then lets the caller hear themselves.
        "extensions.conf": (
            "[hotline-try]\nexten => agent,1,Answer()\n same => n,Wait(0.5)\n"
            f" same => n,Playback({voice})\n same => n,Echo()\n"
        )
    }
    if address is not None:
        extra["manager.conf"] = f"[hotline](+)\npermit = {address}/255.255.255.255\n"
    spoken = paths.standard_folder(STANDARD)
    sounds = spoken / language_of(spoken)
    return Frontline(sounds=sounds, members=[AGENT], extra=extra)


def _write_configuration(folder: Path, pbx: Pbx, plan: Frontline) -> Path:
    """The hotline.yaml of the trial, for its owner's eyes only: it holds the passwords."""
    host, port = pbx.ami
    text = (
        f"# Written by `hotline try`; new passwords every time.\n"
        f"ari: {{url: '{pbx.ari_url}', user: '{plan.ari_user}', password: '{plan.ari_password}'}}\n"
        f"ami: {{host: '{host}', port: {port}, user: '{plan.ami_user}', password: '{plan.ami_password}'}}\n"
        f"standard: {STANDARD}\n"
        f"sounds: '{paths.shipped('prompts').absolute()}'\n"
        f"drain_seconds: {DRAIN:g}\n"
    )
    file = folder / "hotline.yaml"
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:  # noqa: PTH123
        opened.write(text)
    return file


async def _first_end(pbx: Pbx, workers: list[Worker]) -> str:
    ends = [asyncio.create_task(_pbx_ended(pbx)), *(asyncio.create_task(worker.ended()) for worker in workers)]
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for end in ends:
            end.cancel()


async def _pbx_ended(pbx: Pbx) -> str:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    watched = os.pidfd_open(pbx.pid)
    loop.add_reader(watched, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(watched)
        os.close(watched)
    last = "\n".join(f"    {line}" for line in pbx.complaints()[-LAST_LINES:])
    return f"Asterisk ended; it complained last ({pbx.log_file}):\n{last or '    of nothing'}"


async def _all_connected(workers: list[Worker], over: asyncio.Task[str]) -> None:
    everyone = asyncio.gather(*(worker.connected.wait() for worker in workers))
    try:
        async with asyncio.timeout(CONNECTS_WITHIN):
            await asyncio.wait((everyone, over), return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        raise TrialEnded(f"a worker did not connect to Asterisk; see {workers[0].log}") from None
    finally:
        everyone.cancel()
    if over.done():
        raise TrialEnded(over.result())


def _end_with_us() -> None:
    """In the child: be told to stop when the process that started us ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
