"""Wrong and nuisance callers on a real Asterisk: who is known, who is not, and who sends what no telephone would.

Two waves of callers: what the first taught the register, the second is treated by.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner

from ari_app import paths
from ari_app.call import Arrival
from ari_app.cli import hotline
from ari_app.pbx.asterisk import Asterisk
from ari_app.procedures.screening import Reach, Treatment
from ari_app.qa.carrier import CallerId
from ari_app.qa.cast import SENTENCE, Agent, CastCaller, Outcome
from ari_app.qa.hearing import Hearing
from ari_app.qa.setting import Setting
from ari_app.qa.stage import Stage
from ari_app.qa.verdict import sayings_of
from ari_app.records.database import Database
from ari_app.register.entries import Entry
from ari_app.register.numbers import pattern
from ari_app.register.store import Store
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Waits

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

STANDARD = """standard: wary
version: 1
extends: hotline-standard
screening:
  caller_id: {anonymous: challenge}
"""
SUSPECTED, ALLOWED, NUISANCE = "17012345678", "17087654321", "13911112222"
SPEAKS = (Waits(1.0), SENTENCE)
TO_AN_AGENT = ("greeting", "connecting")
CHALLENGED = Arrival(verdict="challenge", told_key="9")
PASSES = (Hears("challenge"), *(act for key in "23456789" for act in (Waits(0.4), Presses(key))))
LEAVES = (Waits(2.0), HangsUp())

FIRST_TIME = CastCaller(
    "a nuisance for the first time", "talks with an agent, who presses *79; hangs up in the station", SPEAKS,
    (*TO_AN_AGENT, "harassment", "station-menu"), Outcome.LEFT, Agent.SENDS_BACK, claims=CallerId(NUISANCE, ""),
    agent_presses="*79", afterwards=(Hears("station-menu"), Waits(1.0), HangsUp()),
)  # fmt: skip
ALLOW_LISTED = CastCaller(
    "allow-listed below a challenged prefix", "speaks at once", SPEAKS, TO_AN_AGENT, Outcome.SERVED, Agent.STAYS,
    claims=CallerId(ALLOWED, ""),
)  # fmt: skip
SUSPICIOUS = CastCaller(
    "of a challenged prefix", "presses the key they are told, another each time: here, all", PASSES,
    ("challenge.1", "connecting"), Outcome.SERVED, Agent.STAYS, claims=CallerId(SUSPECTED, ""), arrival=CHALLENGED,
)  # fmt: skip
ANONYMOUS = CastCaller(
    "anonymous", "hangs up when asked for a key", (Waits(1.5), HangsUp()), ("challenge.1",), Outcome.LEFT,
    claims=CallerId("anonymous", "Anonymous"), arrival=CHALLENGED,
)  # fmt: skip
HOSTILE = tuple(
    CastCaller(f"hostile: {what}", "sends it and hangs up", LEAVES, ("greeting",), Outcome.LEFT, claims=claims)
    for what, claims in {
        "a formula": CallerId("=1+1", "=cmd|'/c calc'!A1"),
        "a command": CallerId("${SHELL(id)}", "`id`$(id)${SHELL(id)};DROP TABLE calls"),
        "markup": CallerId("'><script>", '"><script>alert(1)</script>\\r\\n'),
        "other digits": CallerId("１３８", "匿名'--"),
        "too long": CallerId("9" * 300, "x" * 200),
    }.items()
)
AGAIN = CastCaller(
    "the same nuisance again", "presses 1 in the station", (Hears("station-menu"), Waits(1.0), Presses("1")),
    ("station-menu", "connecting"), Outcome.SERVED, Agent.STAYS, claims=CallerId(NUISANCE, ""),
    arrival=Arrival(verdict="station"),
)  # fmt: skip
FIRST_WAVE = (FIRST_TIME, ALLOW_LISTED, SUSPICIOUS, ANONYMOUS, *HOSTILE)


@dataclass(frozen=True)
class Evening:
    """What everybody heard, what the register says afterwards, and where it is configured."""

    stage: Stage
    heard: dict[str, Hearing]
    entries: tuple[Entry, ...]
    config: Path
    globals: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def evening(asterisk: Asterisk, stage_folder: Path) -> AsyncIterator[Evening]:
    wary = stage_folder / "wary"
    wary.mkdir()
    (wary / "standard.yaml").write_text(STANDARD, encoding="utf-8")
    database = await Database.open(f"sqlite:///{stage_folder}/hotline.db")
    store = Store(database)
    await store.add(
        [Entry(pattern("170*"), Treatment.CHALLENGE), Entry(pattern(ALLOWED), Treatment.ALLOW)], "the supervisor"
    )
    setting = Setting(standard_folder=wary, sounds=paths.shipped("prompts"), agents=4)
    async with Stage(asterisk, stage_folder, setting) as stage:
        application = await stage.start()
        # Until the register is loaded everybody is let in: the listed ring when somebody has been served already.
        hearings = await stage.play(HOSTILE)
        hearings += await stage.play(FIRST_WAVE[: -len(HOSTILE)])
        hearings += await stage.play((AGAIN,))
        seen = await stage.pbx.console("dialplan show globals")
        await application.stop()
        entries = tuple([entry async for entry in store.all()])
        yield Evening(stage, {h.caller.name: h for h in hearings}, entries, stage_folder / "hotline.yaml", seen)
    await database.close()


async def told(evening: Evening, *arguments: str) -> str:
    """What the command line says, in a thread: it has a loop of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, hotline, [*arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    "caller",
    [
        pytest.param(caller, id=caller.name, marks=pytest.mark.rule("S000-28"))
        for caller in (*FIRST_WAVE, AGAIN)
    ],
)  # fmt: skip
async def test_the_caller_hears_what_they_are_owed(evening: Evening, caller: CastCaller) -> None:
    hearing = evening.heard[caller.name]
    assert not hearing.trouble
    names = tuple(found.prompt for found in hearing.prompts(sayings_of(evening.stage.standard)))
    assert names == caller.expects
    assert len(hearing.agents) == (caller.agent is not None)


@pytest.mark.rule("S000-28")
async def test_the_report_is_in_the_register_with_its_call_and_who_asked_for_a_person_made_it_doubtful(
    evening: Evening,
) -> None:
    (entry,) = [entry for entry in evening.entries if entry.treatment is Treatment.STATION]
    assert (entry.pattern.reach, entry.pattern.first) == (Reach.EXACT, f"+86{NUISANCE}")
    assert entry.under_review
    assert "agent-" in entry.entered_by and len(entry.evidence) == 2


async def test_nobody_elses_entry_is_doubtful(evening: Evening) -> None:
    assert {e.treatment for e in evening.entries if not e.under_review} == {Treatment.CHALLENGE, Treatment.ALLOW}


async def test_hostile_claims_are_executed_nowhere_and_break_no_table(evening: Evening) -> None:
    assert "uid=" not in evening.globals
    config = ("--config", str(evening.config))
    sheet = await told(evening, "calls", "export", "--csv", *config)
    rows = list(csv.reader(io.StringIO(sheet)))
    assert len(rows) == 1 + len(FIRST_WAVE) + 1
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]
    listed = await told(evening, "calls", "list", *config)
    entered = await told(evening, "register", *config, "list", "--all")
    assert all(c.isprintable() or c == "\n" for c in listed + entered)
    for caller in HOSTILE:
        assert caller.claims is not None
        explained = await told(evening, "register", *config, "explain", "--", caller.claims.number)
        assert "admit, because: nothing-known" in explained
        assert all(c.isprintable() or c == "\n" for c in explained)
