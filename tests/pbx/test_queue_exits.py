"""Every way out of the queue on a real Asterisk: the caller hears what the standard has for it, and meets an agent.

The standard here is the hotline's, with a sentence of its own for each way out but two, and these are as shipped: who
waited in vain, or was taken out of the queue, is told so and waits again. CONTINUE, the agent who leaves first, is in
test_cast.py. The queue of today's Asterisk knows the words JOINUNAVAIL and LEAVEUNAVAIL and says JOINEMPTY and
LEAVEEMPTY in their place: here the dialplan says them for it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from ari_app import paths
from ari_app.ami.client import AmiClient
from ari_app.ami.queues import Kind, News
from ari_app.ami.watch import RIGHT_AGAIN_WITHIN, QueueWatch
from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.carrier import CallerId
from ari_app.qa.cast import SENTENCE, SPEAKS_AT_ONCE, CastCaller
from ari_app.qa.hearing import Hearing
from ari_app.qa.setting import Setting
from ari_app.qa.stage import Stage
from ari_app.qa.verdict import judge
from ari_app.records.database import Database
from ari_app.records.facts import CallRecord, End, Side
from ari_app.records.facts import Outcome as Ended
from ari_app.records.store import Calls

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

SENTENCES = {
    "TIMEOUT": "busy",
    "WITHDRAW": "busy",
    "FULL": "repeat",
    "JOINEMPTY": "cannot-help",
    "LEAVEEMPTY": "never-mind",
    "JOINUNAVAIL": "agent-slow",
    "LEAVEUNAVAIL": "welcome-again",
}
"""What a caller is told who comes out of the queue so."""
SHIPPED = ("TIMEOUT", "WITHDRAW")
NUMBERS = {status: f"400800{n:04}" for n, status in enumerate((*SENTENCES, "ABANDONED"), start=1)}
NIGHTS = 3  # at most: a machine that stood still is no verdict
NOBODY = "Local/ignore@others"
"""Rings in several queues: in that of whoever gives up rings somebody else, whom no other queue keeps busy."""
QUEUES = f"""
[night](!)
timeout = 2
retry = 1
joinempty = yes
ringinuse = no
setinterfacevar = yes
[hotline-timeout](night)
member => {NOBODY}
[hotline-withdraw](night)
[hotline-full](night)
maxlen = 1
member => {NOBODY}
[hotline-joinempty](night)
joinempty = unavailable,invalid
[hotline-leaveempty](night)
leavewhenempty = paused
member => {NOBODY}
[hotline-abandoned](night)
member => Local/never@others
"""
DIALPLAN = """
[others]
exten => ignore,1,Ringing()
 same => n,Wait(300)
exten => never,1,Ringing()
 same => n,Wait(300)
exten => waits,1,Answer()
 same => n,Queue(hotline-full,r)
[hotline-queue](+)
"""


def says(status: str) -> str:
    return f"""
exten => hotline-{status.lower()},1,Gosub(hotline-settings,s,1)
 same => n,Set(HOTLINE_QUEUE_NOW=${{EXTEN}})
 same => n,Set(HOTLINE_QUEUESTATUS={status})
 same => n,Goto(hotline-after-queue,s,1)
"""


def standard(folder: Path) -> Path:
    """The hotline's, with a queue for each number and a sentence for each way out of it."""
    ours = [status for status in SENTENCES if status not in SHIPPED]
    lines = ["standard: exits", "version: 1", "language: zh-CN", "extends: hotline-standard", "reception:", "  queues:"]
    lines += [f'    - {{queue: hotline-{s.lower()}, dialled: ["{number}"]}}' for s, number in NUMBERS.items()]
    lines += ["  queue_exits:", *(f"    {status}: out-{status.lower()}" for status in ours), "procedures:"]
    for status in ours:
        lines += [f"  out-{status.lower()}:", "    when: queue_exit", "    then: queue", "    queue: hotline"]
        lines += ["    on_response: stay", f"    steps: [{{say: {SENTENCES[status]}}}]"]
    home = folder / "exits"
    home.mkdir()
    (home / "standard.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return home


def caller(status: str) -> CastCaller:
    hears = ("greeting", "connecting", SENTENCES[status])
    return replace(SPEAKS_AT_ONCE, name=status, expects=hears, dialled=NUMBERS[status])


class Night:
    """What befalls whoever waits, as soon as AMI tells that they do."""

    def __init__(self, stage: Stage, ami: AmiClient) -> None:
        self._stage, self._ami = stage, ami
        self._joined: Counter[str] = Counter()
        self._doing: set[asyncio.Task[object]] = set()
        self._rang_in_vain = asyncio.Event()
        self.watch = QueueWatch(stage.ami, self._hear)

    def _hear(self, news: News) -> None:
        if news.kind is Kind.RANG_IN_VAIN and news.queue == "hotline-abandoned":
            self._rang_in_vain.set()
        if news.kind is not Kind.JOINED:
            return
        self._joined[news.queue] += 1
        channel = self.watch.queues.waiting[news.call].channel
        match news.queue, self._joined[news.queue]:
            case "hotline-leaveempty", 1:
                self._do("QueuePause", Queue=news.queue, Interface=NOBODY, Paused="true")
            case "hotline-withdraw", 1:
                self._do("QueueWithdrawCaller", Queue=news.queue, Caller=channel)
            case "hotline-withdraw", 2:
                self._do("QueueAdd", Queue=news.queue, Interface="PJSIP/supervisor-001")
            case "hotline-timeout", 2:
                self._do("QueueAdd", Queue=news.queue, Interface="PJSIP/supervisor-002")
            case _:
                pass

    def _do(self, action: str, **fields: str) -> None:
        task: asyncio.Task[object] = asyncio.create_task(self._ami.tell(action, **fields))
        self._doing.add(task)

    async def __aenter__(self) -> Night:
        self._watching = asyncio.create_task(self.watch.run())
        await asyncio.wait_for(self.watch.right.wait(), RIGHT_AGAIN_WITHIN)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Raises what went wrong with any of it; the queues are as they were."""
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        await asyncio.gather(*self._doing)
        await self._ami.tell("QueueRemove", Queue="hotline-withdraw", Interface="PJSIP/supervisor-001")
        await self._ami.tell("QueueRemove", Queue="hotline-timeout", Interface="PJSIP/supervisor-002")
        await self._ami.tell("QueuePause", Queue="hotline-leaveempty", Interface=NOBODY, Paused="false")

    async def hangs_up_while_waiting(self) -> tuple[str, ...]:
        """A caller who gives up in the queue, when no agent has answered; what they heard."""
        async with self._stage.carrier.ring(NUMBERS["ABANDONED"], CallerId("13700000001")) as leg:
            answered = await asyncio.wait_for(leg.answered, 10)
            leg.say(self._stage.voices.caller.lasting(SENTENCE.seconds))
            await asyncio.wait_for(self._rang_in_vain.wait(), 30)
            await leg.hang_up()
            recording = leg.handset.ear.recording(answered, await leg.ended)
        found = await asyncio.to_thread(self._stage.ears.matcher(SPEAKS_AT_ONCE).find, recording)
        return tuple(f.prompt for f in found)


@dataclass(frozen=True)
class Morning:
    """What everybody heard, and what is kept of their calls."""

    stage: Stage
    heard: dict[str, Hearing]
    abandoned: tuple[str, ...]
    records: dict[str, CallRecord]  # by the number dialled; the last call of each


async def pass_a_night(stage: Stage, ami: AmiClient) -> tuple[list[Hearing], tuple[str, ...]]:
    """Everybody rings at once; what the callers heard, and what the one heard who gave up."""
    application = await stage.start()
    async with Night(stage, ami) as night:
        cast = [caller(status) for status in SENTENCES]
        hearings, abandoned = await asyncio.gather(stage.play(cast), night.hangs_up_while_waiting())
    await application.stop()
    return hearings, abandoned


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def morning(asterisk: Asterisk, stage_folder: Path) -> AsyncIterator[Morning]:
    dialplan = DIALPLAN + says("JOINUNAVAIL") + says("LEAVEUNAVAIL")
    async with (
        Stage(
            asterisk,
            stage_folder,
            Setting(
                standard_folder=standard(stage_folder), sounds=paths.shipped("prompts"), agents=5, supervisors=2,
                queues=QUEUES, dialplan=dialplan, globals={"HOTLINE_QUEUE_SECONDS": "4"},
            ),
        ) as stage,
        await AmiClient.connect(stage.ami) as ami,
    ):  # fmt: skip
        await stage.pbx.console("channel originate Local/waits@others application Wait 300")
        for _ in range(NIGHTS):
            hearings, abandoned = await pass_a_night(stage, ami)
            if not stage.spoilt(hearings):
                break
        database = await Database.open(f"sqlite:///{stage_folder}/hotline.db")
        kept = {r.first.dialled: r async for r in Calls(database).find() if r.first is not None}
        await database.close()
        yield Morning(stage, {h.caller.name: h for h in hearings}, abandoned, kept)


@pytest.mark.parametrize("status", SENTENCES)
async def test_the_caller_hears_what_the_standard_has_for_this_way_out_and_talks_with_an_agent(
    morning: Morning, status: str
) -> None:
    verdict = await asyncio.to_thread(judge, morning.heard[status], morning.stage.standard)
    assert verdict.kept, verdict.faults


@pytest.mark.parametrize("status", SENTENCES)
async def test_the_record_has_the_way_out(morning: Morning, status: str) -> None:
    record = morning.records[NUMBERS[status]]
    assert [stint.queue_status for stint in record.stints] == ["", status]
    assert record.outcome is Ended.ANSWERED


async def test_who_hangs_up_while_waiting_has_abandoned(morning: Morning) -> None:
    record = morning.records[NUMBERS["ABANDONED"]]
    [stint], [service] = record.stints, record.services
    assert morning.abandoned[-1:] == ("connecting",), "they spoke at once"
    assert (stint.end, stint.queue) == (End.QUEUED, "hotline-abandoned")
    assert (service.id, service.queue, service.agent) == ("abandoned", "hotline-abandoned", "")
    assert (record.outcome, record.released_by) == (Ended.ABANDONED, Side.CALLER)
    assert service.waited > 1
