"""`python -m tests.load.flood [--places N]`: calls from blocked numbers, 30 a second, while 20 real callers are served.

Rule 1: over within FLOOD seconds and what the real callers' calls take; nothing of it is left.
Rule 2: the real callers are judged by what they heard, against the standard; see docs/register.md for figures.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast as cast_to

from ari_app.errors import HotlineError
from ari_app.pbx.provide import provide
from ari_app.procedures.screening import Treatment
from ari_app.qa.cast import SILENT, SPEAKS_AT_ONCE, CastCaller
from ari_app.qa.hearing import Hearing
from ari_app.qa.setting import Setting
from ari_app.qa.stage import DIALLED, Stage
from ari_app.qa.verdict import judge
from ari_app.records.database import Database
from ari_app.records.facts import End
from ari_app.records.store import Calls
from ari_app.register.entries import Entry
from ari_app.register.numbers import pattern
from ari_app.register.store import Store
from ari_app.station import StationSettings
from tests.load.processes import Usage

RATE = 30.0
FLOOD = 30.0
HOLD = 3.0
"""Seconds a blocked caller listens to the station before they ring again."""
SILENT_ONES, SPEAKING_ONES = 16, 4
BLOCKED = "170"
NUMBERS = (f"{BLOCKED}{n:08}" for n in itertools.count(1))


def cast() -> tuple[CastCaller, ...]:
    """The real callers: most are silent, and so have every wait of the standard measured."""
    silent = (replace(SILENT, name=f"silent {n}") for n in range(1, SILENT_ONES + 1))
    speaking = (replace(SPEAKS_AT_ONCE, name=f"speaks {n}") for n in range(1, SPEAKING_ONES + 1))
    return (*silent, *speaking)


@dataclass(slots=True)
class Ringing:
    """One call of the flood."""

    number: str
    call_id: str
    to: str = ""
    target: str = ""
    rang_at: float = 0.0
    answered_after: float | None = None


class Flood(asyncio.DatagramProtocol):
    """A telephone exchange with ill will: it rings, is answered, listens for HOLD seconds, and rings again."""

    def __init__(self, here: str, hotline: tuple[str, int]) -> None:
        self._here, self._hotline = here, hotline
        self._loop = asyncio.get_running_loop()
        self.calls: dict[str, Ringing] = {}
        self.refused = 0
        self._sink = socket.socket(type=socket.SOCK_DGRAM)  # for what is said to us: nobody reads it
        self._sink.bind((here, 0))

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast_to(asyncio.DatagramTransport, transport)  # by descent it is none
        self._port = int(transport.get_extra_info("sockname")[1])

    async def go_on(self, seconds: float) -> None:
        """RATE calls a second."""
        began = self._loop.time()
        for n in range(int(seconds * RATE)):
            await asyncio.sleep(began + n / RATE - self._loop.time())
            self._ring(next(NUMBERS))
        await asyncio.sleep(HOLD + 1)

    def _ring(self, number: str) -> None:
        call = Ringing(number, f"flood-{os.getpid()}-{number}", rang_at=self._loop.time())
        call.to = f"<sip:{DIALLED}@{self._hotline[0]}:{self._hotline[1]}>"
        call.target = call.to[1:-1]
        self.calls[call.call_id] = call
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {self._here}\r\ns=-\r\nc=IN IP4 {self._here}\r\nt=0 0\r\n"
            f"m=audio {self._sink.getsockname()[1]} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
        )
        self._send(call, "INVITE", 1, sdp)

    def _send(self, call: Ringing, method: str, number: int, body: str = "") -> None:
        branch = f"z9hG4bK-{call.number}-{method}"
        content = "Content-Type: application/sdp\r\n" if body else ""
        self._transport.sendto(
            f"{method} {call.target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self._here}:{self._port};branch={branch};rport\r\n"
            f"From: <sip:{call.number}@{self._here}>;tag={call.number}\r\nTo: {call.to}\r\n"
            f"Call-ID: {call.call_id}\r\nCSeq: {number} {method}\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:{call.number}@{self._here}:{self._port}>\r\n"
            f"{content}Content-Length: {len(body)}\r\n\r\n{body}".encode(),
            self._hotline,
        )

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        if not data.startswith((b"SIP/2.0", b"BYE ")):
            return
        first, *lines = data.decode("utf-8", "replace").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        call = self.calls.get(headers.get("call-id", ""))
        if call is None:
            return
        if first.startswith("BYE"):
            same = "".join(f"{name}: {headers[name.lower()]}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
            self._transport.sendto(f"SIP/2.0 200 OK\r\n{same}Content-Length: 0\r\n\r\n".encode(), self._hotline)
        elif headers.get("cseq", "").endswith("INVITE"):
            self._invited(call, int(first.split()[1]), headers)

    def _invited(self, call: Ringing, status: int, headers: dict[str, str]) -> None:
        if status < 200:
            return
        call.to = headers["to"]
        if status >= 300:
            self.refused += 1
            self._send(call, "ACK", 1)
            return
        call.target = headers["contact"].strip("<>").partition(">")[0]
        self._send(call, "ACK", 1)
        if call.answered_after is None:
            call.answered_after = self._loop.time() - call.rang_at
            self._loop.call_later(HOLD, self._send, call, "BYE", 2)


class Flooded(Stage):
    """The stage, and where its trunk may be flooded."""

    @property
    def trunk(self) -> tuple[str, tuple[str, int]]:
        return self._carrier_pbx.place.address, (self.pbx.place.address, self.pbx.place.ports.sip)


async def run(folder: Path, places: int) -> None:
    url = f"sqlite:///{folder}/hotline.db"
    database = await Database.open(url)
    await Store(database).add([Entry(pattern(f"{BLOCKED}*"), Treatment.STATION)], "the flood")
    setting = Setting(agents=SPEAKING_ONES + 2, station={"callers": places})
    stage = Flooded(await asyncio.to_thread(provide, print), folder, setting)
    async with stage:
        application = await stage.start()
        here, hotline = stage.trunk
        loop = asyncio.get_running_loop()
        transport, flood = await loop.create_datagram_endpoint(lambda: Flood(here, hotline), (here, 0))
        before = Usage.read(stage.pbx.pid, application.pid)
        flooding = asyncio.create_task(flood.go_on(FLOOD))
        playing = asyncio.create_task(stage.play(cast()))
        await flooding
        used = Usage.read(stage.pbx.pid, application.pid).since(before)
        hearings = await playing
        transport.close()
        stood_still = stage.stood_still()
        await application.stop()
        records = [record async for record in Calls(database).find()]
    await database.close()
    for line in report(flood, hearings, stage, stood_still):
        print(line)
    floods = [r for r in records if r.first is not None and r.first.verdict == "station"]
    queued = sum(any(stint.end is End.QUEUED for stint in record.stints) for record in floods)
    print(f"CPU in these {FLOOD + HOLD + 1:g} s: Asterisk {used.asterisk:.1f} s, our worker {used.app:.1f} s")
    print(f"records: {len(records)}, of the flood {len(floods)}, of these handed to an agent's queue {queued}")


def report(flood: Flood, hearings: list[Hearing], stage: Stage, stood_still: bool) -> Iterator[str]:
    answered = sorted(c.answered_after for c in flood.calls.values() if c.answered_after is not None)
    yield f"the flood: {len(flood.calls)} calls, {len(answered)} answered, {flood.refused} refused"
    if answered:
        yield f"  answered after p50 {answered[len(answered) // 2] * 1000:.0f} ms, longest {answered[-1] * 1000:.0f} ms"
    verdicts = [(hearing, judge(hearing, stage.standard)) for hearing in hearings]
    offs = [abs(wait.off) for _, verdict in verdicts for wait in verdict.waits]
    reactions = [reaction for _, verdict in verdicts for reaction in verdict.reactions]
    kept = sum(verdict.kept for _, verdict in verdicts)
    yield f"real callers: {len(hearings)}, treated by the standard {kept}"
    yield f"  {len(offs)} waits, the worst {max(offs, default=0) * 1000:.0f} ms off"
    yield f"  {len(reactions)} answers to a voice or key, the slowest after {max(reactions, default=0):.2f} s"
    for hearing, verdict in verdicts:
        waits = ", ".join(f"{wait.after} {wait.measured:.2f}/{wait.prescribed:g}" for wait in verdict.waits)
        answered_after = f"{hearing.answered_after * 1000:.0f} ms" if hearing.answered_after is not None else "never"
        yield f"  {hearing.caller.name:<10} answered {answered_after}; {waits}"
        yield from (f"    ✗ {fault.what}" for fault in verdict.faults)
    had = "too little time" if stood_still else "time"
    yield f"the machine had {had} for telephones; load {os.getloadavg()[0]:.1f}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--places", type=int, default=StationSettings().callers, help="at the station")
    places = options.parse_args().places
    try:
        with tempfile.TemporaryDirectory(prefix="hotline-flood-") as folder:
            asyncio.run(run(Path(folder), places))
    except HotlineError as problem:
        print(f"flood: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
