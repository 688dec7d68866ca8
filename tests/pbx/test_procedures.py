"""Each kind of procedure of the hotline standard, on a real Asterisk, judged by what the caller heard.

Most begin with an agent's key: the caller speaks at once, an agent talks with them, finds what is wrong, presses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ari_app.call import Arrival
from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.carrier import CallerId
from ari_app.qa.cast import SENTENCE, Agent, CastCaller, Outcome
from ari_app.qa.hearing import Hearing
from ari_app.qa.setting import Setting
from ari_app.qa.stage import DIALLED, Stage
from ari_app.qa.verdict import judge
from ari_app.rehearsal.script import Hears, Presses, Waits
from ari_app.standard import Standard

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

TO_AN_AGENT = ("greeting", "connecting")
STATION = ("station-menu", "station-menu")
LINGERS = ("anything-else", "hanging-up")
SPEAKS = (Waits(1.0), SENTENCE)
NUMBER = "13900000001"
NOTICED = "13900000002"


def given_back(name: str, key: str, *hears: str, **more: object) -> CastCaller:
    """Speaks at once, talks with an agent, and is given back by the agent's key."""
    facts = {"outcome": Outcome.LET_GO, "agent": Agent.SENDS_BACK, "agent_presses": key, **more}
    return CastCaller(name, f"is given back with {key}", SPEAKS, (*TO_AN_AGENT, *hears), **facts)  # type: ignore[arg-type]


def keys(number: str) -> tuple[Presses | Waits, ...]:
    return tuple(act for key in number for act in (Presses(key), Waits(0.4)))


CAST = (
    given_back("too quiet", "*74", "louder", "too-quiet"),
    given_back(
        "too quiet, then louder", "*74", "louder", afterwards=(Hears("louder"), Waits(2.0), SENTENCE),
        outcome=Outcome.SERVED, meetings=2,
    ),
    given_back("noisy", "*75", "noisy"),
    given_back("on a speakerphone", "*76", "speakerphone", outcome=Outcome.SERVED, meetings=2),
    given_back("wants an agent for private reasons", "*78", "private-call", *LINGERS),
    given_back("nuisance who talks on", "*79", "harassment", *STATION, "hanging-up",
               afterwards=(Hears("hanging-up"), Waits(0.3), SENTENCE)),
    given_back("closing", "*82", "anything-else", "farewell", *LINGERS),
    given_back("does not want to wait", "*83", "hold-please", outcome=Outcome.SERVED, meetings=2,
               afterwards=(Hears("hold-please"), Waits(1.0), Presses("2"))),
    given_back(
        "leaves a number when our systems fail", "*81",
        "system-failure", "number-please", "number-is.1", "number-is.2", "surname-please", "thanks-for-cooperation",
        *LINGERS,
        afterwards=(Hears("number-please"), Waits(0.5), *keys(NUMBER), Presses("#"), Hears("number-is"), Waits(2.0),
                    Presses("1"), Hears("surname-please"), Waits(0.7), SENTENCE),
    ),
    CastCaller(
        "wrong number, wants to know the right one", "presses 9, then 3 in the station",
        (Waits(3.0), Presses("9"), Hears("station-menu"), Waits(1.0), Presses("3")),
        ("greeting", "wrong-number", "station-menu", "directory", *STATION, *LINGERS), Outcome.LET_GO,
    ),
    CastCaller(
        "wrong number, wants a person after all", "presses 9, then 1 in the station",
        (Waits(3.0), Presses("9"), Hears("station-menu"), Waits(1.0), Presses("1")),
        ("greeting", "wrong-number", "station-menu", "connecting"), Outcome.SERVED, Agent.STAYS,
    ),
    CastCaller(
        "leaves a message", "presses 9, then 4 in the station",
        (Waits(3.0), Presses("9"), Hears("station-menu"), Waits(1.0), Presses("4"),
         Hears("message-please"), Waits(0.7), SENTENCE,
         Hears("number-please"), Waits(0.5), *keys(NUMBER), Presses("#"), Hears("number-is"), Waits(2.0), Presses("1")),
        ("greeting", "wrong-number", "station-menu", "message-please", "number-please", "number-is.1", "number-is.2",
         "message-taken", *LINGERS), Outcome.LET_GO,
    ),
    CastCaller(
        "has heard ringing for too long", "is silent", (),
        ("late-answer", "offer", "offer", "no-sound"), Outcome.LET_GO,
        dialled="late", arrival=Arrival(rang=12.0), answered_within=14.0,
    ),
    CastCaller(
        "rings from an area with an outage", "is silent", (), ("area-outage", "callback-or-agent", "connecting"),
        Outcome.SERVED, Agent.STAYS, claims=CallerId(NOTICED, ""),
        arrival=Arrival(number=NOTICED, notice="outage", areas=("139",)),
    ),
)  # fmt: skip

PROVEN = {
    "too quiet": ["S000-05"],
    "too quiet, then louder": ["S000-05"],
    "noisy": ["S000-06"],
    "on a speakerphone": ["S000-04"],
    "wants an agent for private reasons": ["S000-10", "S000-35"],
    "nuisance who talks on": ["S000-28", "S000-35"],
    "closing": ["S000-34", "S000-35"],
    "does not want to wait": ["S000-22"],
    "leaves a number when our systems fail": ["S000-23", "S000-32", "S004-F07"],
    "wrong number, wants to know the right one": ["S000-13"],
    "wrong number, wants a person after all": ["S000-13", "S000-28"],
    "leaves a message": ["S000-10", "S004-L11"],
    "has heard ringing for too long": ["S000-15", "S000-03"],
    "rings from an area with an outage": ["S002-19"],
}
"""Which rules each caller's treatment shows."""

LATE = f"""
[carrier-late]
exten => late,1,Ringing()
 same => n,Wait(11)
 same => n,Goto(hotline,{DIALLED},1)
[hotline](+)
exten => _l.,1,Goto(carrier-late,late,1)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def evening(asterisk: Asterisk, stage_folder: Path) -> AsyncIterator[tuple[Standard, dict[str, Hearing]]]:
    settings = {"HOTLINE_NOTICE": "outage", "HOTLINE_NOTICE_AREA": "139"}
    async with Stage(asterisk, stage_folder, Setting(agents=12, globals=settings, dialplan=LATE)) as stage:
        hearings = await stage.perform_fairly(CAST)
        yield stage.standard, {h.caller.name: h for h in hearings}


@pytest.mark.parametrize("caller", [pytest.param(c, id=c.name, marks=pytest.mark.rule(*PROVEN[c.name])) for c in CAST])
async def test_the_caller_is_treated_by_the_standard(
    evening: tuple[Standard, dict[str, Hearing]], caller: CastCaller
) -> None:
    standard, heard = evening
    verdict = await asyncio.to_thread(judge, heard[caller.name], standard)
    assert verdict.kept, verdict.faults
