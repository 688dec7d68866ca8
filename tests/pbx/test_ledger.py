"""The records of real calls, beside what Asterisk itself counted: its CDR and its queue_log.

Twenty callers with different fates ring while the database is stopped, and twenty more while the disk is full. None
of them may notice, and each is in the books once when it is over.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ari_app import paths, standard
from ari_app.pbx.asterisk import Asterisk
from ari_app.qa import cast
from ari_app.qa.carrier import By
from ari_app.qa.casting import cast_for
from ari_app.qa.setting import Setting
from ari_app.qa.stage import DIALLED, Stage
from ari_app.qa.verdict import judge
from ari_app.records.facts import Broken, Outcome, Side
from ari_app.records.kpis import LATE
from ari_app.rehearsal.script import HangsUp, Hears, Waits
from tests.pbx.bookkeeping import Evening, crowd, hotline, keep_books, moment, number, spend
from tests.pbx.outages import Unmountable, full_disk, stopped_database

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

STANDARD = paths.standard_folder("after-sales")
"""Its waits are the shortest."""
KINDS = {caller.name: caller for caller in cast_for(standard.load(STANDARD))}
SILENT, COUGHS, SPEAKS, SPEAKS_LATE, LEAVES, LINGERS, MISDIALS = (
    KINDS[kind.name]
    for kind in (
        cast.SILENT,
        cast.COUGHS_ONCE,
        cast.SPEAKS_AT_ONCE,
        cast.SPEAKS_AFTER_SECOND_OFFER,
        cast.HANGS_UP_IN_GREETING,
        cast.LINGERS,
        cast.WRONG_NUMBER,
    )
)
LADDER = SILENT.expects
GIVES_UP = replace(
    SILENT,
    name="gives up",
    script=(Hears(LADDER[1]), Waits(1.0), HangsUp()),
    expects=LADDER[:2],
    outcome=cast.Outcome.LEFT,
)
MISDIALS = replace(
    MISDIALS,
    script=(*MISDIALS.script, Hears("station-menu"), Waits(1.0), HangsUp()),
    expects=MISDIALS.expects[:3],
    outcome=cast.Outcome.LEFT,
)
SENT_BACK = replace(
    cast.SENT_BACK,
    afterwards=(Hears("wrong-number"), Waits(2.0), HangsUp()),
    expects=(*SPEAKS.expects, "wrong-number"),
    outcome=cast.Outcome.LEFT,
)
SERVED_AGAIN = replace(
    cast.SENT_BACK,
    name="served again",
    afterwards=(Hears("wrong-number"), Waits(1.0), cast.SENTENCE),
    expects=(*SPEAKS.expects, "wrong-number", "connecting"),
    outcome=cast.Outcome.SERVED,
    meetings=2,
)
WHILE_STOPPED = crowd(
    "1380000",
    (SILENT, 4),
    (COUGHS, 1),
    (SPEAKS, 3),
    (SPEAKS_LATE, 3),
    (LEAVES, 2),
    (MISDIALS, 1),
    (SENT_BACK, 1),
    (SERVED_AGAIN, 1),
    (LINGERS, 2),
)
IN_VAIN = ("13700000001", "13700000002")
WHILE_FULL = crowd("1390000", (GIVES_UP, 12), (SPEAKS, 5), (LEAVES, 3))
CALLS = 20
WHOLE_SECONDS = 1.1
"""By so much a figure of Asterisk's may be off that is counted in whole seconds of the wall clock."""
SAYS = re.compile(r" +\d+\.\d\d +say ")
KEPT = re.compile(r" +\d+\.\d\d +wait  silence +\d\.\d\d s  rule \d s( \[[^]]+\])?: kept$")


@dataclass(frozen=True)
class Day(Evening):
    """And what an admin is told of it."""

    report: dict[str, Any]

    def figure(self, name: str) -> dict[str, Any]:
        return next(kpi for kpi in self.report["kpis"] if kpi["id"] == name)

    def share(self, name: str) -> tuple[float, float]:
        figure = self.figure(name)
        return figure["part"], figure["whole"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(asterisk: Asterisk, stage_folder: Path) -> AsyncIterator[Stage]:
    async with Stage(asterisk, stage_folder, Setting(standard_folder=STANDARD)) as stage:
        await keep_books(stage)
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(stage: Stage, stage_folder: Path) -> AsyncIterator[Day]:
    with stopped_database(stage_folder / "stopped") as outage:
        evening = await spend(stage, stage_folder, outage, WHILE_STOPPED, IN_VAIN)
        report = json.loads(await hotline("report", "-c", str(evening.config), "--json"))
        yield Day(**vars(evening), report=report)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def full(stage: Stage, stage_folder: Path) -> AsyncIterator[Evening]:
    with ExitStack() as exits:
        try:
            disk = exits.enter_context(full_disk(stage_folder / "full"))
        except Unmountable as why:
            print(why)
            pytest.skip(str(why))
        yield await spend(stage, stage_folder, disk, WHILE_FULL)


# ------------------------------------------------------------------ nobody notices, nothing is lost


def nobody_noticed(stage: Stage, evening: Evening) -> None:
    faults = {h.caller.name: judge(h, stage.standard).faults for h in evening.heard}
    assert {name: found for name, found in faults.items() if found} == {}
    assert len(evening.heard) + len(evening.in_vain) == CALLS


def each_is_there_once(evening: Evening) -> None:
    """As often as Asterisk counted them, and as often as they came."""
    assert evening.rung >= CALLS
    assert sorted(record.id for record in evening.records) == sorted(evening.books.callers)
    assert len(evening.records) == evening.rung
    assert {record.id: record.first.number for record in evening.records if record.first} == evening.books.callers
    assert sum(len(record.stints) for record in evening.records) == evening.stints > 0
    rounds = Counter(line.call for line in evening.books.logged("CONNECT", "ABANDON"))
    assert {record.id: len(record.services) for record in evening.records if record.services} == dict(rounds)
    assert evening.parts == evening.stints + rounds.total()


async def test_a_stopped_database_is_noticed_by_no_caller(stage: Stage, day: Day) -> None:
    nobody_noticed(stage, day)


@pytest.mark.rule("S004-T01")
async def test_each_call_is_recorded_once_with_number_and_time_though_the_database_was_stopped(day: Day) -> None:
    assert {record.id for record in day.waiting} == set(day.books.callers)
    each_is_there_once(day)
    began = {line["linkedid"]: moment(line["start"]) for line in day.books.firsts}
    assert all(abs(record.began - began[record.id]) <= WHOLE_SECONDS for record in day.records)


async def test_a_full_disk_is_noticed_by_no_caller(stage: Stage, full: Evening) -> None:
    nobody_noticed(stage, full)


async def test_each_call_is_recorded_once_though_the_disk_was_full(full: Evening) -> None:
    """A record that ends in a block begun before the disk was full still has a place there; most have none."""
    assert "No space left on device" in full.log and len(full.waiting) < CALLS / 2
    each_is_there_once(full)


# ------------------------------------------------------------------ the report adds up


async def test_every_call_has_one_outcome_and_it_is_the_one_asterisk_and_the_callers_saw(day: Day) -> None:
    outcomes: dict[str, int] = day.report["outcomes"]
    assert day.report["calls"] == sum(outcomes.values()) == len(day.books.callers)
    assert outcomes["answered"] == len(day.books.calls("CONNECT")) < len(day.books.logged("CONNECT"))
    assert outcomes["abandoned"] == len(day.books.calls("ABANDON")) == len(IN_VAIN)
    assert outcomes["released"] + outcomes["left"] == day.rung - outcomes["answered"] - outcomes["abandoned"]
    for event, outcome in (("CONNECT", Outcome.ANSWERED), ("ABANDON", Outcome.ABANDONED)):
        assert {record.id for record in day.records if record.outcome is outcome} == day.books.calls(event)
    for kinds, outcome, by in (
        ((SILENT, COUGHS), Outcome.RELEASED, By.THEM),
        ((LEAVES, MISDIALS), Outcome.LEFT, By.US),
    ):
        found = [pair for kind in kinds for pair in day.of(kind)]
        assert [(h.hung_up_by, r.outcome) for h, r in found] == [(by, outcome)] * len(found)


async def test_the_queues_figures_are_those_of_asterisks_own_log(day: Day) -> None:
    waits = [float(line.told[0]) for line in day.books.logged("CONNECT")]
    gone = [float(line.told[2]) for line in day.books.logged("ABANDON")]
    assert day.share("abandon_rate") == (len(gone), len(waits) + len(gone))
    assert day.share("service_level") == (sum(wait <= 20 for wait in waits), len(waits))
    assert day.share("service_level_2") == (sum(wait <= 20 for wait in waits + gone), len(waits + gone))
    waited, served = day.share("average_wait")
    assert served == len(waits)
    assert abs(waited - sum(waits)) <= WHOLE_SECONDS * len(waits)


async def test_each_wait_and_each_talk_is_asterisks_to_the_second(day: Day) -> None:
    """In order of time: who is given back by an agent may be served twice."""
    for record in day.records:
        served = [service for service in record.services if service.agent]
        connected = [line for line in day.books.logged("CONNECT") if line.call == record.id]
        assert [service.agent for service in served] == [line.agent for line in connected]
        for service, line in zip(served, connected, strict=True):
            assert abs(service.waited - float(line.told[0])) <= WHOLE_SECONDS
            assert service.talked is not None
            assert abs(service.talked - day.books.talked(line)) <= WHOLE_SECONDS


async def test_who_parted_from_whom_is_what_asterisk_says(day: Day) -> None:
    """But of agents whose key gave the caller back: the queue tells who hung up when it is all over."""
    given_back = {number(h.caller) for kind in (SENT_BACK, SERVED_AGAIN) for h, _ in day.of(kind)}
    by: dict[tuple[str, str], Side] = {}
    for record in day.records:
        parted = list(record.services)
        if day.books.callers[record.id] in given_back:
            assert parted.pop(0).released_by is Side.UNKNOWN
        by |= {(record.id, service.agent): service.released_by for service in parted}
    for event, side in (("COMPLETECALLER", Side.CALLER), ("COMPLETEAGENT", Side.AGENT)):
        told = {(line.call, line.agent) for line in day.books.logged(event)} & by.keys()
        assert told and {by[pair] for pair in told} == {side}
    assert {record.id for _, record in day.of(LINGERS)} <= day.books.calls("COMPLETEAGENT")
    assert day.figure("own_release_violations")["value"] == 0


@pytest.mark.rule("S003-03", "S004-J02")
async def test_every_caller_was_answered_within_three_rings(day: Day) -> None:
    rang = [int(line["duration"]) - int(line["billsec"]) for line in day.books.firsts]
    assert len(rang) == day.rung and max(rang) <= LATE
    assert day.share("ring_answer_rate") == (day.rung, day.rung)


async def test_the_waits_in_the_ledger_are_those_the_callers_measured(stage: Stage, day: Day) -> None:
    for heard, record in (*day.of(SILENT), *day.of(COUGHS)):
        told = [wait.measured for wait in record.waits if wait.end is Broken.SILENCE]
        measured = [wait.measured for wait in judge(heard, stage.standard).waits]
        assert len(told) == len(LADDER)
        assert told == pytest.approx(measured, abs=0.1)
    released = day.report["outcomes"]["released"]
    assert day.share("silent_ladder_complete") == (released, released)


# ------------------------------------------------------------------ a person can read it


async def test_a_person_reads_what_became_of_a_silent_caller(day: Day) -> None:
    heard, record = day.of(SILENT)[0]
    told = (await hotline("calls", "show", record.id, "-c", str(day.config))).splitlines()
    assert told[0] == f"call {record.id}"
    assert told[2].startswith(f"  caller {number(heard.caller)}, dialled {DIALLED}")
    assert tuple(line.split()[2] for line in told if SAYS.match(line)) == LADDER
    assert len([line for line in told if KEPT.match(line)]) == len(LADDER)
    moments = [float(line.split()[0]) for line in told if re.match(r" +[\d.]+  ", line)]
    assert moments == sorted(moments) and moments[-1] == pytest.approx(heard.ended, abs=0.5)
    assert told[-1] == "outcome released; we hung up; waits kept 4 of 4"


async def test_a_person_reads_who_served_a_caller_and_who_hung_up(day: Day) -> None:
    _, record = day.of(LINGERS)[0]
    told = await hotline("calls", "show", record.id, "-c", str(day.config))
    for line in ("with us, by door incoming", "in queue hotline: waited", "the agent hung up", "outcome answered"):
        assert line in told
    assert f"agent {record.agent} answered" in told


async def test_a_person_reads_the_report(day: Day) -> None:
    told = await hotline("report", "-c", str(day.config))
    released = day.report["outcomes"]["released"]
    assert told.splitlines()[0].endswith(f": {day.rung} calls")
    assert f"  released     {released:6d}\n" in told
    assert re.search(
        rf"^✓ silent_ladder_complete +100\.0 % +{released} of {released}, target 100 %$", told, re.MULTILINE
    )
