"""Everything a round needs: a PBX, the workers, SIPp and the RTP mate.

Rule: whatever is started here is ended here, by its handle.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np

from ari_app.errors import HotlineError
from ari_app.pbx.frontline import Frontline
from ari_app.pbx.instance import Pbx
from ari_app.pbx.place import Place
from ari_app.pbx.provide import provide

from . import scenario
from .figures import ON_TIME, Figures, Floats, error, hear, percentile
from .processes import Usage, cpu_seconds, memory_kb
from .scenario import Contestant

TREE = Path(__file__).resolve().parents[2]
SETTLE = 1.0
"""Seconds between two rounds."""
MEDIA_PORT = 7000  # SIPp takes 6000 and the following for itself
SIPP_PORT = 5070
RTP_PORTS = (10000, 29999)
"""Five thousand calls of two ports each, below the ports the kernel gives to others."""


class LoadTrouble(HotlineError):
    """The measurement itself went wrong; says nothing about a contestant."""


@dataclass
class Worker:
    """One application process."""

    process: asyncio.subprocess.Process
    log: Path
    lag: Path
    memory_at_rest: float = 0.0

    def complaints(self) -> int:
        return sum(1 for line in self.log.read_text().splitlines() if " WARNING " in line or " ERROR " in line)

    def lags(self, since: float) -> Floats:
        """How late the event loop was, seconds, since that moment."""
        rows = [line.split() for line in self.lag.read_text().splitlines() if line.count(" ") == 1]
        return np.array([float(lag) for at, lag in rows if lag and float(at) >= since])


@dataclass
class Stage:
    """A PBX with its contestants, and how to ring them."""

    pbx: Pbx
    folder: Path
    workers: dict[str, Worker] = field(default_factory=dict)
    rounds: int = 0

    @property
    def caller(self) -> str:
        return _callers_at(self.pbx.address)

    async def warm_up(self, contestants: list[Contestant], rate: float, calls: int) -> None:
        """The first calls load code and files; they are rung side by side and not measured."""
        await asyncio.gather(*(self._ring(c, rate, calls, place) for place, c in enumerate(contestants)))
        for worker in self.workers.values():
            worker.memory_at_rest = memory_kb(worker.process.pid)

    async def at_rest(self, seconds: float) -> str:
        """What everybody uses while nobody rings; at few calls a second it is most of the cost a call."""
        processes = {"Asterisk": self.pbx.pid} | {name: worker.process.pid for name, worker in self.workers.items()}
        before = {name: cpu_seconds(pid) for name, pid in processes.items()}
        await asyncio.sleep(seconds)
        used = {name: (cpu_seconds(pid) - before[name]) / seconds * 1000 for name, pid in processes.items()}
        return "at rest, ms CPU a second: " + ", ".join(f"{name} {spent:.1f}" for name, spent in used.items())

    async def round(self, contestant: Contestant, rate: float, seconds: float) -> Figures:
        """So many callers a second for so many seconds, measured to the end of the last call."""
        await asyncio.sleep(SETTLE)
        worker = self.workers.get(contestant.worker)
        pid = worker.process.pid if worker is not None else None
        complaints = worker.complaints() if worker is not None else 0
        before, began = Usage.read(self.pbx.pid, pid), time.time()
        memory = asyncio.create_task(self._most_memory(pid))
        out = await self._ring(contestant, rate, round(rate * seconds))
        used = Usage.read(self.pbx.pid, pid).since(before)
        memory.cancel()
        lasted = time.time() - began
        with np.load(out) as written:
            data = {name: written[name] for name in written.files}
        out.unlink()
        heard = hear(data["moments"], data["heard"])
        calls, late = max(heard.placed, 1), worker.lags(began) if worker is not None else np.zeros(0)
        with contextlib.suppress(asyncio.CancelledError):
            await memory
        failed = round(rate * seconds) - heard.completed
        return Figures(
            rate=rate,
            calls=round(rate * seconds),
            failed=failed,
            gaps=heard.gaps,
            rate_done=heard.rate,
            answer_p50=percentile(heard.answers, 50),
            answer_p99=percentile(heard.answers, 99),
            first_p50=percentile(heard.firsts, 50),
            first_p99=percentile(heard.firsts, 99),
            pause_p50=percentile(error(heard.pauses), 50),
            pause_p99=percentile(error(heard.pauses), 99),
            bye_p50=percentile(error(heard.byes), 50),
            most_at_once=heard.most_at_once,
            app_cpu=used.app / calls * 1000,
            asterisk_cpu=used.asterisk / calls * 1000,
            share=used.app / used.asterisk if used.asterisk else float("nan"),
            caller_cpu=used.ours / calls * 1000,
            others_cpu=max(0.0, used.busy - used.asterisk - used.app - used.ours) / lasted,
            idle=used.idle / lasted,
            memory_kb=self._memory_per_call(worker, heard.most_at_once),
            loop_lag_p99=percentile(late, 99),
            loop_lag_max=percentile(late, 100),
            mate_late=float(data["late"]) * 1000,
            mate_lost=int(data["dropped"]) + int(data["unsent"]),
            complaints=(worker.complaints() - complaints) if worker is not None else 0,
            held=not failed and not heard.gaps and percentile(heard.answers, 99) < ON_TIME * 1000,
        )

    _peak = 0.0

    async def _most_memory(self, pid: int | None) -> None:
        self._peak = 0.0
        while pid is not None:
            self._peak = max(self._peak, memory_kb(pid))
            await asyncio.sleep(0.5)

    def _memory_per_call(self, worker: Worker | None, calls: int) -> float:
        return (self._peak - worker.memory_at_rest) / calls if worker is not None and calls else 0.0

    async def _ring(self, contestant: Contestant, rate: float, calls: int, place: int = 0) -> Path:
        """Place the calls; returns the file in which the mate wrote what was heard."""
        self.rounds += 1
        here = self.folder / f"round-{self.rounds}"
        here.mkdir()
        pipe, out, script = here / "pipe", here / "heard.npz", here / "caller.xml"
        os.mkfifo(pipe)
        media = MEDIA_PORT + 2 * place
        script.write_text(scenario.sipp_scenario(self.caller, media))
        mate = await self._start_mate(media, pipe, out)
        try:
            await self._run_sipp(contestant, rate, calls, script, pipe, place)
            await asyncio.wait_for(mate.wait(), 60)
        finally:
            if mate.returncode is None:
                mate.kill()
                await mate.wait()
        if mate.returncode:
            raise LoadTrouble(f"the RTP mate ended with {mate.returncode}")
        return out

    async def _start_mate(self, media: int, pipe: Path, out: Path) -> asyncio.subprocess.Process:
        mate = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.load.mate", self.caller, str(media), self.pbx.address, str(pipe), str(out),
            cwd=TREE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert mate.stdout is not None
        if await mate.stdout.readline() != b"ready\n":
            raise LoadTrouble("the RTP mate did not start")
        return mate

    async def _run_sipp(
        self, contestant: Contestant, rate: float, calls: int, script: Path, pipe: Path, place: int
    ) -> None:
        """SIPp, to the end of its last call; a failed call is no error here, it is a figure."""
        sip = self.pbx.place.ports.sip
        bound = calls / rate + scenario.LENGTH + 30
        sipp = await asyncio.create_subprocess_exec(
            "sipp", f"{self.pbx.address}:{sip}", "-sf", str(script), "-s", contestant.number, "-i", self.caller,
            "-p", str(SIPP_PORT + place), "-mp", str(6000 + 4 * place), "-buff_size", "4000000", "-nostdin",
            "-r", f"{rate:g}", "-m", str(calls), "-l", "100000", "-timeout", f"{bound:.0f}s",
            "-trace_logs", "-log_file", str(pipe),
            "-trace_err", "-error_file", str(script.with_suffix(".errors")),
            cwd=script.parent, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await asyncio.wait_for(sipp.wait(), bound + 30)
        finally:
            if sipp.returncode is None:
                sipp.kill()
                await sipp.wait()
        if sipp.returncode not in (0, 1):
            raise LoadTrouble(f"SIPp ended with {sipp.returncode}: see {script.parent}")


@contextlib.asynccontextmanager
async def stage(folder: Path, contestants: list[Contestant], profile: Path | None = None) -> AsyncIterator[Stage]:
    """The PBX and every contestant's worker, up and connected; all down afterwards."""
    if shutil.which("sipp") is None:
        raise LoadTrouble("sipp is missing: apt-get install sip-tester")
    standard, password = scenario.write_standard(folder), secrets.token_urlsafe(12)

    def configuration(place: Place) -> Mapping[str, str]:
        extra = {
            "extensions.conf": scenario.extensions(folder),
            "pjsip.conf": scenario.trunk(_callers_at(place.address)),
            "rtp.conf": _RTP,
        }
        return Frontline(sounds=standard / scenario.LANGUAGE, extra=extra, ari_password=password)(place)

    async with Pbx(provide(), folder / "pbx", configuration=configuration) as pbx:
        up = Stage(pbx, folder)
        settings = (
            f"worker: '1'\nari: {{url: '{pbx.ari_url}', password: '{password}'}}\n"
            f"standard: {standard}\nsounds: {folder}\n"
        )
        (folder / "hotline.yaml").write_text(settings)
        try:
            for contestant in contestants:
                if contestant.worker:
                    up.workers[contestant.worker] = await _start_worker(folder, contestant, profile)
            await _all_connected(pbx, password, set(up.workers))
            yield up
        finally:
            for worker in up.workers.values():
                await _stop(worker.process)


async def _start_worker(folder: Path, contestant: Contestant, profile: Path | None) -> Worker:
    log, lag = folder / f"{contestant.worker}.log", folder / f"{contestant.worker}.lag"
    lag.touch()
    options = ["--aside"] if contestant is scenario.ASIDE else []
    if profile is not None:
        options += ["--profile", str(profile)]
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.load.worker", "--config", str(folder / "hotline.yaml"), "--lag", str(lag),
            *options, cwd=TREE, stderr=written,
        )  # fmt: skip
    return Worker(process, log, lag)


async def _all_connected(pbx: Pbx, password: str, wanted: set[str]) -> None:
    async with aiohttp.ClientSession(auth=aiohttp.BasicAuth("hotline", password)) as session, asyncio.timeout(20):
        while True:
            async with session.get(f"{pbx.ari_url}/applications") as reply:
                if wanted <= {application["name"] for application in await reply.json()}:
                    return
            await asyncio.sleep(0.1)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


def _callers_at(pbx: str) -> str:
    """The address SIPp and the mate speak from: the PBX's own, one network further."""
    return pbx.replace("127.77.", "127.78.")


_RTP = f"[general]\nrtpstart = {RTP_PORTS[0]}\nrtpend = {RTP_PORTS[1]}\nstrictrtp = yes\nicesupport = no\n"
