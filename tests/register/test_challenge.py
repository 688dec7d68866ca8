"""The challenge as a caller lives through it, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from ari_app.call import Arrival, CallId, Prompt
from ari_app.ear import Inbox
from ari_app.errors import CallerHungUp
from ari_app.line import Line
from ari_app.procedures.challenge import Outcome, Riddle, challenge
from ari_app.rehearsal import clock
from ari_app.rehearsal.script import Act, HangsUp, Presses, Says, Script, Waits
from ari_app.rehearsal.twin import Rehearsal, SimulatedChannel
from ari_app.standard import Hearing
from tests.timelines import timeline

RIDDLE = Riddle({key: Prompt(f"press-{key}", 3, f"x/press-{key}") for key in "357"}, wait=5, rounds=2)


def challenged(*script: Act) -> tuple[Outcome | None, tuple[str, ...]]:
    """How it ended (None: the caller left), and what the caller noticed."""
    return clock.run(_challenged(script))


async def _challenged(script: Script) -> tuple[Outcome | None, tuple[str, ...]]:
    inbox = Inbox(asyncio.get_running_loop())
    channel = SimulatedChannel(inbox)
    line = Line(CallId("twin"), Arrival(), channel, inbox, Hearing(0.25, 128), Prompt("lead-in", 0, "x/lead-in"))

    async def act() -> None:
        for one in script:
            await channel.act(one)

    caller, outcome = asyncio.create_task(act()), None
    try:
        outcome = await challenge(line, RIDDLE, "5")
    except CallerHungUp:
        pass
    finally:
        caller.cancel()
    return outcome, Rehearsal(tuple(line.journal), ()).timeline


def test_who_presses_the_key_they_are_told_passes_at_once() -> None:
    assert challenged(Waits(2), Presses("5")) == (
        Outcome.PASSED,
        timeline("""
            0.0  play press-5
            2.0  digit 5
            2.0  interrupted press-5
        """),
    )


def test_who_says_nothing_is_asked_twice_and_not_hung_up_on() -> None:
    assert challenged() == (Outcome.NOT_PASSED, timeline("0.0  play press-5\n8.0  play press-5"))


def test_who_presses_another_key_is_asked_again() -> None:
    outcome, noticed = challenged(Waits(4), Presses("9"), Waits(4), Presses("5"))
    assert outcome is Outcome.PASSED
    assert noticed == timeline("0.0 play press-5\n4.0 digit 9\n4.0 play press-5\n8.0 digit 5")


def test_a_voice_is_no_key() -> None:
    assert challenged(Waits(4), Says(2))[0] is Outcome.NOT_PASSED


def test_a_caller_may_leave() -> None:
    assert challenged(Waits(4), HangsUp())[0] is None


@pytest.mark.parametrize("chance", [0, 1, 2, 10**18])
def test_every_key_has_its_sentence(chance: int) -> None:
    assert RIDDLE.key_for(chance) in RIDDLE.asks
