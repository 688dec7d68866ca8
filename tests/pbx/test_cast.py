"""The cast rings a real Asterisk, all at once; every test looks at what one of them heard.

The same scripts play against the twin, and the two must tell the same story: a difference is a bug in one of them.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from ari_app.journal import What
from ari_app.pbx.asterisk import Asterisk
from ari_app.qa import cast
from ari_app.qa.cast import CAST, HOSTILE, SENT_BACK, CastCaller, Outcome
from ari_app.qa.hearing import Hearing
from ari_app.qa.stage import Stage
from ari_app.qa.verdict import judge
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import Standard

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

TWIN_AGREES = 0.1
"""Seconds by which line and twin may differ at each prompt."""
EVERYBODY = (*CAST, *HOSTILE, SENT_BACK)


@dataclass(frozen=True)
class Evening:
    """What everybody heard, and what the PBX and the application wrote meanwhile."""

    standard: Standard
    heard: dict[str, Hearing]
    complaints: list[str]
    application_log: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def evening(asterisk: Asterisk, stage_folder: Path) -> AsyncIterator[Evening]:
    async with Stage(asterisk, stage_folder) as stage:
        hearings = await stage.perform_fairly(EVERYBODY)
        log = (stage_folder / "application-1.log").read_text(errors="replace")
        yield Evening(stage.standard, {h.caller.name: h for h in hearings}, stage.pbx.complaints(), log)


PROVES = {
    cast.SILENT: ("S000-01", "S000-03", "CON-02", "CON-03"),
    cast.SPEAKS_IN_LAST_WAIT: ("CON-04",),
    cast.WRONG_NUMBER: ("S000-13",),
    cast.LINGERS: ("S000-35", "CON-31"),
    SENT_BACK: ("S000-13",),
}
"""What is measured at these callers' ears: sentences and waits of a rule."""


@pytest.mark.parametrize(
    "caller",
    [pytest.param(caller, id=caller.name, marks=pytest.mark.rule(*PROVES.get(caller, ()))) for caller in EVERYBODY],
)
async def test_every_caller_is_treated_by_the_standard(evening: Evening, caller: CastCaller) -> None:
    verdict = judge(evening.heard[caller.name], evening.standard)
    assert verdict.kept, verdict.faults


@pytest.mark.parametrize("caller", [c for c in EVERYBODY if not c.application_down], ids=lambda caller: caller.name)
async def test_the_line_tells_the_same_story_as_the_twin(evening: Evening, caller: CastCaller) -> None:
    rehearsal = await asyncio.to_thread(rehearse, evening.standard, caller.script)
    told = [(m.at, m.detail) for m in rehearsal.journal if m.what is What.PLAY]
    heard = evening.heard[caller.name].prompts(frozenset(evening.standard.prompts))
    assert [name for _, name in told] == [found.prompt for found in heard][: len(told)]
    lead_in = evening.standard.lead_in.seconds
    for (at, name), found in zip(told, heard, strict=False):
        late = found.start - at - (lead_in if name == told[0][1] else 0.0)
        # a key and a voice reach the real line through buffers and detectors the twin does not have
        assert -TWIN_AGREES <= late <= TWIN_AGREES + 0.25, (name, late)


@pytest.mark.parametrize("caller", [c for c in EVERYBODY if c.outcome is Outcome.SERVED], ids=lambda c: c.name)
async def test_caller_and_agent_hear_each_other(evening: Evening, caller: CastCaller) -> None:
    hearing = evening.heard[caller.name]
    assert hearing.agent is not None
    assert "agent" in [found.prompt for found in hearing.found]
    assert "caller" in [found.prompt for found in hearing.agent.found]


async def test_no_prompt_is_heard_that_was_not_due(evening: Evening) -> None:
    for hearing in evening.heard.values():
        assert "busy-farewell" not in [found.prompt for found in hearing.found]


async def test_asterisk_had_nothing_to_complain_of(evening: Evening) -> None:
    expected = (
        "not claimed within",  # the caller who rings while the application is down
        "Playback failed",  # those who hang up in a prompt: Asterisk's words for it
    )
    assert [line for line in evening.complaints if not any(words in line for words in expected)] == []


async def test_no_number_and_no_name_of_a_caller_is_in_the_application_log(evening: Evening) -> None:
    assert "call over" in evening.application_log
    assert "Traceback" not in evening.application_log
    for secret in ("1380000000", "script", "DROP", "99999999"):
        assert secret not in evening.application_log
