"""Other desks than the hotline standard's on a real Asterisk: their silent calls, poor lines, switchboard and hours.

One house after the other, each with its own standard, application and callers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ari_app import paths
from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.cast import SENTENCE, SILENT, Agent, CastCaller, Outcome
from ari_app.qa.casting import cast_for
from ari_app.qa.hearing import Hearing
from ari_app.qa.setting import Setting
from ari_app.qa.stage import Stage
from ari_app.qa.verdict import judge
from ari_app.rehearsal.script import Presses, Waits
from ari_app.standard import Standard
from tests.standards import child

pytestmark = pytest.mark.pbx

LINGERS = ("anything-else", "hanging-up")
HOUSE = """
[hotline-extensions](+)
exten => 8001,1,Dial(PJSIP/agent-004)
exten => 8002,1,Busy(1)
exten => 8003,1,Dial(PJSIP/nobody-there)
"""


@asynccontextmanager
async def house(asterisk: Asterisk, folder: Path, name: str, **more: object) -> AsyncIterator[Stage]:
    setting = Setting(standard_folder=paths.standard_folder(name), **more)  # type: ignore[arg-type]
    async with Stage(asterisk, folder, setting) as stage:
        yield stage


def all_kept(stage: Stage, hearings: list[Hearing]) -> None:
    broken = {h.caller.name: v.faults for h in hearings if not (v := judge(h, stage.standard)).kept}
    assert broken == {}


def of(standard: Standard, *names: str) -> list[CastCaller]:
    cast = {caller.name: caller for caller in cast_for(standard)}
    return [cast[name] for name in names]


def given_back(key: str, *hears: str, **more: object) -> CastCaller:
    facts = {"outcome": Outcome.LET_GO, "agent": Agent.SENDS_BACK, "agent_presses": key, **more}
    script = (Waits(1.0), SENTENCE)
    return CastCaller(f"given back with {key}", "", script, ("greeting", "connecting", *hears), **facts)  # type: ignore[arg-type]


@pytest.mark.rule("S002-07", "S002-09", "S002-10", "S002-11", "S002-12")
async def test_the_after_sales_desk_waits_three_three_and_two_seconds(asterisk: Asterisk, tmp_path: Path) -> None:
    """S002-10 silent 3/3/2, S002-11 noisy 3/3/2, S002-12 weak signal 3/2, S002-09 closing; coughs are no answer."""
    async with house(asterisk, tmp_path, "after-sales", agents=4) as stage:
        hearings = await stage.perform_fairly([
            *of(stage.standard, "silent", "coughs once", "speaks in the last wait"),
            given_back("*75", "speak-up", "speak-up", "noisy"),
            given_back("*84", "weak-signal", "another-telephone"),
            given_back("*82", "other-questions", "pleasant-day", *LINGERS),
        ])  # fmt: skip
        all_kept(stage, hearings)
        silent = next(h for h in hearings if h.caller.name == SILENT.name)
        waits = judge(silent, stage.standard).waits
        assert [(wait.after, wait.prescribed) for wait in waits][1:] == [
            ("connected", 3.0), ("can-you-hear-me", 3.0), ("no-sound", 2.0),
        ]  # fmt: skip


@pytest.mark.rule("S001-01", "S001-02", "S001-03", "S001-04")
async def test_the_switchboard_connects_tells_who_is_engaged_and_takes_the_caller_back(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    """S001-02 at once, S001-03 engaged, S001-04 no answer and an extension that does not exist."""

    def dials(name: str, extension: str, *hears: str, **more: object) -> CastCaller:
        keys = tuple(act for key in f"{extension}#" for act in (Presses(key), Waits(0.3)))
        facts = {"outcome": Outcome.LET_GO, **more}
        return CastCaller(name, f"dials {extension}", (Waits(2.2), *keys), ("greeting", "one-moment", *hears), **facts)  # type: ignore[arg-type]

    async with house(asterisk, tmp_path, "property-switchboard", agents=4, dialplan=HOUSE) as stage:
        given_up = ("extension-silent", "other-extension", *LINGERS)
        hearings = await stage.perform_fairly([
            dials("connected", "8001", outcome=Outcome.SERVED, agent=Agent.STAYS),
            dials("engaged", "8002", "extension-busy", "other-extension", *LINGERS),
            dials("not there", "8003", *given_up),
            dials("no such extension", "8999", *given_up),
        ])  # fmt: skip
        all_kept(stage, hearings)


@pytest.mark.rule("S004-M10")
async def test_the_utility_confirms_several_times(asterisk: Asterisk, tmp_path: Path) -> None:
    async with house(asterisk, tmp_path, "utility-service", agents=3) as stage:
        all_kept(stage, await stage.perform_fairly(of(stage.standard, "silent")))


DUTY = """
[hotline-duty](+)
member => PJSIP/agent-001
"""


@pytest.mark.rule("S004-B01")
@pytest.mark.parametrize("span", ["lunch", "closed"])
async def test_an_office_diverts_at_lunch_and_after_hours(asterisk: Asterisk, tmp_path: Path, span: str) -> None:
    """S004-B01: the same office with hours in which it is always lunch, or never open."""
    always = '["00:00-24:00"]'
    hours = f"workdays: {always}\n  saturday: {always}\n  sunday: {always}\n  lunch: {always}"
    if span == "closed":
        hours = 'workdays: ["00:00-00:01"]\n  saturday: []\n  sunday: []\n  lunch: []'
    office = child(tmp_path, "office-now", "office-reception", f"hours:\n  {hours}\n")
    told = "lunch" if span == "lunch" else "closed"
    caller = CastCaller("rings", f"when it is {span}", (), (told, "connecting"), Outcome.SERVED, Agent.STAYS)
    setting = Setting(standard_folder=office, sounds=paths.shipped("prompts"), agents=2, queues=DUTY)
    async with Stage(asterisk, tmp_path / "stage", setting) as stage:
        all_kept(stage, await stage.perform_fairly([caller]))
