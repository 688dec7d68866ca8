"""Every key of an agent on a real Asterisk, but those of test_cast.py and test_procedures.py, judged at both ends.

Who presses is rid of the caller at once; the caller hears the procedure; whom it brings back to their agent comes back
to the same telephone, and both hear each other again.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from ari_app import paths, standard
from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.cast import SENT_BACK, SENTENCE, Agent, CastCaller, Outcome
from ari_app.qa.hearing import Hearing
from ari_app.qa.setting import Setting
from ari_app.qa.stage import Stage
from ari_app.qa.verdict import judge
from ari_app.records.database import Database
from ari_app.records.facts import Service
from ari_app.records.store import Calls
from ari_app.rehearsal.script import Act, HangsUp, Hears, Presses, Waits
from ari_app.standard import Then
from tests.pbx import test_procedures

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

HOTLINE = standard.load(paths.standard_folder("hotline-standard"))
KEYS = {ladder.agent_key: ladder for ladder in HOTLINE.procedures.values() if ladder.agent_key}
RID_WITHIN = 1.5
"""Seconds from when an agent begins to press a key until their line is free; three tones and two pauses are 0.5."""

RESTED = 6
"""Agents who have had no caller yet: they are rung first for those whom a procedure leads to the queue, and so nobody's
agent is with another caller when theirs comes back."""

MOMENTS = (1.0 + 0.05 * n for n in itertools.count())
"""When each begins to speak: not everybody comes to an agent in the same instant, and all of them before the greeting's
"客服代表", which the matcher would look for in the announcement that follows."""


def given_back(key: str, *hears: str, then: tuple[Act, ...] = (), outcome: Outcome = Outcome.SERVED) -> CastCaller:
    """Speaks at once, talks with an agent who presses the key, hears this, and comes to an agent again or leaves."""
    return CastCaller(
        f"{key} {KEYS[key].name}", "", (Waits(next(MOMENTS)), SENTENCE), ("greeting", "connecting", *hears), outcome,
        Agent.SENDS_BACK, agent_presses=key, afterwards=then, meetings=2 if outcome is Outcome.SERVED else 1,
    )  # fmt: skip


def leaves(key: str, *hears: str) -> CastCaller:
    """Hangs up when the last of these has been said."""
    return given_back(key, *hears, then=(Hears(hears[-1]), Waits(0.5), HangsUp()), outcome=Outcome.LEFT)


def presses_one(key: str, menu: str) -> CastCaller:
    return given_back(key, menu, "connecting", then=(Hears(menu), Waits(1.0), Presses("1")))


COURTESIES = (
    given_back("*46", "agent-slow"),
    given_back("*50", "repeat"),
    given_back("*51", "take-notes"),
    given_back("*52", "what-can-i-do"),
    given_back("*53", "check-understanding"),
    given_back("*54", "agent-identity.1", "agent-identity.2"),
    given_back("*55", "suggestion"),
    given_back("*56", "welcome"),
    given_back("*57", "welcome-again"),
    given_back("*58", "never-mind"),
    given_back("*59", "invitation"),
    given_back("*60", "cannot-help"),
)
COMPLAINTS = (
    leaves("*40", "number-please"),
    leaves("*41", "number-please"),
    leaves("*42", "number-please"),
    leaves("*44", "complaint-error", "supervisor-will-call", "number-please"),
)
TO_SUPERVISORS = (
    given_back("*43", "complaint-attitude", "connecting"),
    given_back("*45", "what-can-i-do", "connecting"),
    given_back("*77", "speak-mandarin", "find-mandarin-speaker", "connecting"),
    given_back("*80", "supervisor-please", "connecting"),
)
OTHERS = (
    given_back("*47", "late-answer", "connecting"),
    leaves("*61", "internal-department", "number-please"),
    leaves("*62", "leave-your-number", "number-please"),
    leaves("*64", "message-please"),
    presses_one("*65", "opening-hours"),
    presses_one("*66", "directory"),
    given_back("*72", "offer", "connecting", then=(Hears("offer"), Waits(1.0), SENTENCE)),
    presses_one("*73", "station-menu"),
)
CAST = (*COURTESIES, *COMPLAINTS, *TO_SUPERVISORS, *OTHERS)
PROVEN = {
    "*45": ["S000-16"],
    "*46": ["S000-17"],
    "*50": ["S000-11"],
    "*53": ["S000-33"],
    "*56": ["S000-31"],
    "*57": ["S000-31"],
    "*58": ["S000-27"],
    "*59": ["S000-29"],
    "*60": ["S000-30"],
    "*77": ["S000-07"],
    "*80": ["S000-16"],
}
"""Which rules the treatment after a key shows; of the others only a part is heard here."""


@dataclass(frozen=True)
class Evening:
    stage: Stage
    heard: dict[str, Hearing]
    services: tuple[Service, ...]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def evening(asterisk: Asterisk, stage_folder: Path) -> AsyncIterator[Evening]:
    async with Stage(asterisk, stage_folder, Setting(agents=len(CAST) + RESTED, supervisors=1)) as stage:
        hearings = await stage.perform_fairly(CAST)
        database = await Database.open(f"sqlite:///{stage_folder}/hotline.db")
        services = [service async for record in Calls(database).find() for service in record.services]
        await database.close()
        yield Evening(stage, {h.caller.name: h for h in hearings}, tuple(services))


@pytest.mark.parametrize(
    "caller",
    [pytest.param(c, id=c.name, marks=pytest.mark.rule(*PROVEN.get(c.agent_presses, ()))) for c in CAST],
)
async def test_the_key_leads_into_its_procedure_and_both_hear_each_other_before_and_after(
    evening: Evening, caller: CastCaller
) -> None:
    verdict = await asyncio.to_thread(judge, evening.heard[caller.name], evening.stage.standard)
    # 28 callers at once may starve two cores: sound that is missing inside a sentence is test_cast's to judge.
    faults = [fault for fault in verdict.faults if "ms are missing inside" not in fault.what]
    assert faults == []


@pytest.mark.parametrize("caller", CAST, ids=lambda caller: caller.name)
async def test_the_agent_is_free_at_once(evening: Evening, caller: CastCaller) -> None:
    agent = evening.heard[caller.name].agent
    assert agent is not None and agent.pressed is not None
    assert agent.ended - agent.pressed < RID_WITHIN


@pytest.mark.parametrize("caller", CAST, ids=lambda caller: caller.name)
async def test_the_caller_comes_back_to_whom_the_procedure_names(evening: Evening, caller: CastCaller) -> None:
    telephones = [agent.phone for agent in evening.heard[caller.name].agents]
    assert len(telephones) == caller.meetings
    assert telephones[0].startswith("agent-")
    match KEYS[caller.agent_presses].then:
        case Then.RESUME:
            assert telephones == [telephones[0]] * 2
        case Then.SUPERVISOR:
            assert telephones[1] == "supervisor-001"
        case _:
            assert all(telephone.startswith("agent-") for telephone in telephones)


async def test_records_tell_how_long_agents_talked_and_not_how_long_their_callers_stayed(evening: Evening) -> None:
    longest = max(agent.ended - agent.answered for hearing in evening.heard.values() for agent in hearing.agents)
    assert len(evening.services) >= len(CAST)
    assert [service for service in evening.services if not service.agent] == []
    assert max(service.talked or 0.0 for service in evening.services) < longest + 1.0


async def test_no_key_of_the_standard_is_left_out() -> None:
    elsewhere = (SENT_BACK, *(caller for caller in test_procedures.CAST if caller.agent is Agent.SENDS_BACK))
    assert {caller.agent_presses for caller in (*elsewhere, *CAST)} == KEYS.keys()
