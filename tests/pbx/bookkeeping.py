"""Calls beside an outage, and afterwards two sets of books: the hotline's records, and what Asterisk wrote itself.

Rule 1: Asterisk's CDR and queue_log are read as files: nothing of ours has a hand in them.
Rule 2: who is to be in the books is known from the callers alone: each has a number of their own.
"""

from __future__ import annotations

import asyncio
import csv
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from ari_app.qa.carrier import By, CallerId
from ari_app.qa.cast import CastCaller
from ari_app.qa.hearing import Hearing
from ari_app.qa.stage import DIALLED, Stage
from ari_app.records.database import Database
from ari_app.records.facts import CallRecord
from ari_app.records.store import Calls, parse
from tests.pbx.outages import Outage

WITHIN = 60.0
TRUNK = "PJSIP/carrier-"
COMES_TO_US = ("rings", "is left by the agent", "is sent back by the agent's key")
"""What a caller's progress says when they come to us, or come again."""
CDR_COLUMNS = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid",
    "sequence",
)  # fmt: skip
CDR_CONF = """
[general]
enable = yes
unanswered = yes
[csv]
usegmtime = yes
loguniqueid = yes
loguserfield = yes
newcdrcolumns = yes
"""


@dataclass(frozen=True)
class Logged:
    """A line of queue_log."""

    at: int
    call: str
    event: str
    agent: str
    told: tuple[str, ...]


@dataclass(frozen=True)
class Books:
    """What Asterisk wrote of some calls."""

    cdr: tuple[dict[str, str], ...]  # of callers; where one was with us, and with each agent
    queue_log: tuple[Logged, ...]

    @property
    def callers(self) -> dict[str, str]:
        """Calls and the numbers they came from."""
        return {line["linkedid"]: line["src"] for line in self.cdr}

    @property
    def firsts(self) -> list[dict[str, str]]:
        """Each call's first line."""
        ordered = sorted(self.cdr, key=lambda line: int(line["sequence"]), reverse=True)
        return list({line["linkedid"]: line for line in ordered}.values())

    def logged(self, *events: str) -> list[Logged]:
        return [line for line in self.queue_log if line.event in events]

    def talked(self, connected: Logged) -> float:
        """Seconds from an agent's answer until caller and agent were parted, whoever came after that."""
        lines = [line for line in self.cdr if line["linkedid"] == connected.call and line["lastapp"] == "Queue"]
        ends = [moment(line["end"]) for line in lines if line["dstchannel"].rpartition("-")[0] == connected.agent]
        return min(end for end in ends if end >= connected.at) - connected.at

    def calls(self, *events: str) -> set[str]:
        return {line.call for line in self.logged(*events)}


@dataclass(frozen=True)
class Evening:
    """What callers heard while records had no place to go, and what is written of them.

    On a machine that stood still some callers have rung twice: they are in all books twice.
    """

    heard: tuple[Hearing, ...]
    in_vain: tuple[str, ...]  # numbers of those who waited for an agent and gave up
    rung: int  # calls
    stints: int  # times callers came to us: a call that an agent gives back comes again
    waiting: tuple[CallRecord, ...]  # on disk while the outage lasted
    log: str  # the application's
    books: Books
    records: tuple[CallRecord, ...]
    parts: int
    config: Path

    def of(self, kind: CastCaller) -> list[tuple[Hearing, CallRecord]]:
        """Every caller of this kind: what they heard last, and the record of that call."""
        latest = {record.first.number: record for record in self.records if record.first}
        return [(h, latest[number(h.caller)]) for h in self.heard if h.caller.name.startswith(kind.name)]


def number(caller: CastCaller) -> str:
    assert caller.claims is not None
    return caller.claims.number


def crowd(prefix: str, *kinds: tuple[CastCaller, int]) -> list[CastCaller]:
    """So many of each kind, each with a number of their own."""
    everybody = [replace(kind, name=f"{kind.name} {n + 1}") for kind, count in kinds for n in range(count)]
    return [replace(caller, claims=CallerId(f"{prefix}{n:04}")) for n, caller in enumerate(everybody)]


async def keep_books(stage: Stage) -> None:
    """Asterisk writes CDRs from now on, as an admin has it do."""
    (stage.pbx.place.log / "cdr-csv").mkdir(parents=True)
    stage.pbx.write({"cdr.conf": CDR_CONF})
    await stage.pbx.console("module reload cdr")
    await stage.pbx.console("module load cdr_csv.so")
    assert "Enabled" in (await stage.pbx.console("cdr show status")).split("Mode")[0]


async def spend(
    stage: Stage, folder: Path, outage: Outage, cast: Sequence[CastCaller], in_vain: Sequence[str] = ()
) -> Evening:
    """Everybody rings at once; the outage begins when the first is answered.

    It ends when the last has gone and the application has told, a minute after its start, that records wait.
    """
    stage.setting = replace(
        stage.setting,
        records={**outage.records, "numbers": "clear"},
        requests={**stage.setting.requests, "spool": f"{outage.records['spool']}/requests"},
    )
    log_file, spool = folder / "application-1.log", Path(outage.records["spool"]) / "records-1.jsonl"
    books, said = Shelf(stage), log_file.stat().st_size if log_file.exists() else 0
    application = await stage.start()
    answered, rung, stints = asyncio.Event(), len(in_vain), len(in_vain)

    def watch(caller: CastCaller, news: str) -> None:
        nonlocal rung, stints
        rung += news == "rings"
        stints += news in COMES_TO_US
        if news == "is answered":
            answered.set()

    async def strike() -> None:
        await asyncio.wait_for(answered.wait(), WITHIN)
        await asyncio.to_thread(outage.strike)

    try:
        async with asyncio.TaskGroup() as calls:
            calls.create_task(strike())
            for caller in in_vain:
                calls.create_task(wait_in_vain(stage, caller))
            playing = calls.create_task(stage.play_fairly(cast, watch))
        await until(log_file, lambda log: log.count("call over") >= stints, said)
        if outage.disk_takes:
            await until(spool, lambda lines: sum(len(record.stints) for record in records_in(lines)) >= stints)
        await until(log_file, lambda log: "call records wait: " in log, said)
        waiting = tuple(records_in(spool.read_bytes()))
        await asyncio.to_thread(outage.mend)
        await until(log_file, lambda log: "the database is back and has every record" in log, said)
        assert await application.stop() == 0
    finally:
        if application.running:
            await application.kill()
    log = log_file.read_bytes()[said:].decode(errors="replace")
    records, parts = await recorded(outage.records["url"])
    config = Path(shutil.copy(folder / "hotline.yaml", folder / f"{spool.parent.parent.name}.yaml"))
    return Evening(
        tuple(playing.result()), tuple(in_vain), rung, stints, waiting, log, books.new(), records, parts, config
    )


async def wait_in_vain(stage: Stage, caller: str) -> None:
    """Speaks at once, and hangs up as soon as they are in the queue: before any agent can be rung."""
    queue_log = stage.pbx.place.log / "queue_log"
    async with stage.carrier.ring(DIALLED, CallerId(caller)) as leg:
        await asyncio.wait_for(leg.answered, WITHIN)
        leg.say(stage.voices.caller)
        await until(queue_log, lambda log: f"|ENTERQUEUE||{caller}|" in log)
        await leg.hang_up()
        assert leg.hung_up_by is By.US


async def until(file: Path, reached: Callable[[str], bool], since: int = 0) -> None:
    """Until another program has written this, from so many bytes on; `tail` is told of each line by the kernel."""
    tail = ("tail", "-c", f"+{since + 1}", "-F", str(file))
    following = await asyncio.create_subprocess_exec(*tail, stdout=PIPE, stderr=DEVNULL)
    assert following.stdout is not None
    written = ""
    try:
        async with asyncio.timeout(WITHIN):
            while not reached(written):
                line = await following.stdout.readline()
                assert line, f"nobody tells what is written to {file}"
                written += line.decode(errors="replace")
    finally:
        following.kill()
        await following.wait()


def records_in(lines: str | bytes) -> list[CallRecord]:
    """Records of a spool; a line under way is none yet."""
    whole = lines.encode() if isinstance(lines, str) else lines
    return [parse(line) for line in whole.split(b"\n")[:-1]]


async def recorded(url: str) -> tuple[tuple[CallRecord, ...], int]:
    """Every call in the database, and of how many parts they are made there."""
    database = await Database.open(url, create=False)
    found = [record async for record in Calls(database).find()]
    async with database.reading() as connection:
        parts = (await connection.execute(sa.text("SELECT count(*) FROM call_parts"))).scalar()
    await database.close()
    return tuple(found), int(parts or 0)


class Shelf:
    """Where Asterisk keeps its books; what is in them from now on."""

    def __init__(self, stage: Stage) -> None:
        self._log = stage.pbx.place.log
        self._seen = tuple(len(lines) for lines in self._lines())

    def new(self) -> Books:
        cdr, queue_log = (lines[seen:] for lines, seen in zip(self._lines(), self._seen, strict=True))
        calls = [dict(zip(CDR_COLUMNS, line, strict=True)) for line in csv.reader(cdr)]
        parts = [line.split("|") for line in queue_log]
        return Books(
            tuple(line for line in calls if line["channel"].startswith(TRUNK)),
            tuple(Logged(int(at), call, event, agent, tuple(told)) for at, call, _, agent, event, *told in parts),
        )

    def _lines(self) -> tuple[list[str], list[str]]:
        files = (self._log / "cdr-csv" / "Master.csv", self._log / "queue_log")
        cdr, queue_log = (file.read_text().splitlines() if file.exists() else [] for file in files)
        return cdr, queue_log


def moment(told: str) -> float:
    """A moment of the CDR, which is in UTC."""
    return datetime.fromisoformat(f"{told}+00:00").timestamp()


async def hotline(*words: str) -> str:
    """What a command says, as an admin runs it."""
    command = (sys.executable, "-m", "ari_app", *words)
    asked = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    told, _ = await asyncio.wait_for(asked.communicate(), WITHIN)
    assert asked.returncode == 0
    return told.decode()
