"""What an agent has said for them, by a key: courtesies, complaints, and the way to a supervisor (S000)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from ari_app.call import Arrival, Kind
from ari_app.standard import Standard, spoken
from tests.rehearsal.walks import (
    BACK_TO_THE_AGENT,
    LINGERS,
    NUMBER,
    TO_SUPERVISORS,
    answers,
    by_agent,
    given_by_agent,
    leaves_number,
    shipped,
    walk,
)

HOTLINE = shipped("hotline-standard")
OURS = ["hotline-standard", "after-sales", "gas-company", "property-switchboard"]
A_NUMBER_IS_TAKEN = (
    "play number-please", f"presses {NUMBER}#", "take number", "play number-is", "presses 1",
)  # fmt: skip

COURTESIES = {
    "repeat": "repeat",  # S000-11
    "agent-slow": "agent-slow",  # S000-17
    "agent-identity": "agent-identity",  # S000-24
    "apology-accept": "never-mind",  # S000-27
    "invitation": "invitation",  # S000-29
    "cannot-help": "cannot-help",  # S000-30
    "thanks": "welcome",  # S000-31
    "praise": "welcome-again",
    "check-understanding": "check-understanding",  # S000-33
}
"""Procedure: its one sentence."""


@pytest.mark.rule("S000-11", "S000-17", "S000-24", "S000-27", "S000-29", "S000-30", "S000-31", "S000-33")
@pytest.mark.parametrize("procedure", COURTESIES)
def test_a_courtesy_is_said_and_the_caller_is_back_with_the_agent(procedure: str) -> None:
    assert by_agent(HOTLINE, procedure) == (f"play {COURTESIES[procedure]}", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S000-12")
def test_before_long_information_the_caller_is_given_three_seconds_to_find_a_pen() -> None:
    assert by_agent(HOTLINE, "take-notes") == ("play take-notes", "wait 3", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S000-25")
def test_a_suggestion_is_thanked_for_and_kept() -> None:
    happened = given_by_agent(HOTLINE, "suggestion")
    assert walk(happened) == ("file ticket", "play suggestion", *BACK_TO_THE_AGENT)
    assert [(filing.kind, filing.procedure) for filing in happened.filed] == [(Kind.TICKET, "suggestion")]


@pytest.mark.rule("S000-24")
@pytest.mark.parametrize(("agent", "digits"), [("1001", "1001"), ("", "001")], ids=["an agent", "nobody yet"])
def test_an_agent_is_known_by_number_only_and_before_one_came_by_the_standards(agent: str, digits: str) -> None:
    sentence = spoken(HOTLINE, HOTLINE.prompts["agent-identity"], {}, Arrival(agent=agent))
    assert [part.name for part in sentence.parts] == ["agent-identity.1", *digits, "agent-identity.2"]


# ------------------------------------------------------------------ complaints


@pytest.mark.rule("S000-16")
def test_an_abusive_caller_who_is_not_calmed_goes_to_the_supervisors_and_they_are_alerted() -> None:
    assert by_agent(HOTLINE, "abusive") == ("play what-can-i-do", "wait 5", *TO_SUPERVISORS)
    assert by_agent(HOTLINE, "abusive", answers("what-can-i-do"))[-2:] == ("speech", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S000-16")
def test_one_key_brings_a_caller_to_the_supervisors() -> None:
    assert by_agent(HOTLINE, "supervisor") == ("play supervisor-please", *TO_SUPERVISORS)


@pytest.mark.rule("S000-18")
def test_a_complaint_about_manners_is_kept_for_the_supervisors_who_take_the_call() -> None:
    happened = given_by_agent(HOTLINE, "complaint-attitude")
    assert walk(happened) == ("file ticket to supervisor", "play complaint-attitude", "wait 5", *TO_SUPERVISORS)
    assert happened.filed[0].clock == "complaint-simple"


@pytest.mark.rule("S000-19")
def test_who_does_not_accept_the_apology_for_a_mistake_is_rung_by_a_supervisor() -> None:
    agrees = answers("supervisor-will-call")
    happened = given_by_agent(HOTLINE, "complaint-error", agrees, leaves_number())
    assert walk(happened) == (
        *("play complaint-error", "wait 5", "play supervisor-will-call", "speech"),
        *A_NUMBER_IS_TAKEN,
        *("play surname-please", "record", "file callback to supervisor", "play thanks-for-cooperation", "wait 5"),
        *LINGERS,
    )
    [callback] = happened.filed
    assert (callback.to, callback.clock, callback.taken) == ("supervisor", "supervisor-contact", {"number": NUMBER})
    assert HOTLINE.clocks["supervisor-contact"].minutes == 10


@pytest.mark.rule("S000-19")
def test_who_has_more_to_say_about_a_mistake_says_it_to_the_agent() -> None:
    assert by_agent(HOTLINE, "complaint-error", answers("complaint-error"))[-2:] == ("speech", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S000-20", "S000-21")
@pytest.mark.parametrize(
    ("procedure", "promise", "hours"),
    [
        ("complaint-unresolved", "reply-in-two-hours", 2),
        ("complaint-complex", "reply-in-a-day", 24),
        ("complaint-close", "reply-by-class", 24),
    ],
)
def test_a_complaint_is_promised_an_answer_in_hours_and_the_clock_runs(
    procedure: str, promise: str, hours: int
) -> None:
    happened = given_by_agent(HOTLINE, procedure, leaves_number())
    assert walk(happened) == (*A_NUMBER_IS_TAKEN, "file callback", f"play {promise}", "wait 5", *LINGERS)
    [callback] = happened.filed
    assert callback.taken == {"number": NUMBER}
    assert HOTLINE.clocks[callback.clock].minutes == hours * 60


def test_the_hours_that_are_promised_are_the_hours_of_the_clock() -> None:
    minutes = HOTLINE.clocks["complaint-by-class"].minutes
    assert minutes is not None
    assert minutes / 60 == int(HOTLINE.known["reply_hours"])


# ------------------------------------------------------------------ the keys themselves


def agents_keys(standard: Standard) -> Iterator[str]:
    return (ladder.agent_key for ladder in standard.procedures.values() if ladder.agent_key)


@pytest.mark.parametrize("name", OURS)
def test_no_key_of_agents_is_the_beginning_of_another(name: str) -> None:
    """Asterisk acts as soon as a key is complete: *70 would hide *701."""
    keys = sorted(agents_keys(shipped(name)))
    assert [(a, b) for a, b in pairwise(keys) if b.startswith(a)] == []


@pytest.mark.parametrize("name", OURS)
def test_whatever_an_agent_can_start_has_a_key(name: str) -> None:
    standard = shipped(name)
    assert [p.name for p in standard.procedures.values() if ("agent_key" in p.when) != bool(p.agent_key)] == []


def test_the_keys_from_84_to_99_and_from_700_are_left_to_standards_that_extend_this_one() -> None:
    free = {f"*{n}" for n in (*range(84, 100), *range(700, 710))}
    assert free & set(agents_keys(HOTLINE)) == set()


@pytest.mark.parametrize("name", OURS)
def test_whom_an_agent_gives_up_is_back_with_that_agent_when_they_answer(name: str) -> None:
    """A ladder that ends in a hang-up, and that an agent began, leads back to the agent; a silent call to the queue."""
    standard = shipped(name)
    ending = [p for p in standard.procedures.values() if p.then == "hang_up" and p.agent_key]
    assert {p.on_response for p in ending if p.name != "silent"} == {"resume"}


@pytest.mark.parametrize("name", OURS)
def test_a_sentence_is_followed_by_one_wait_wherever_it_is_said(name: str) -> None:
    """Whoever listens from outside could not tell which wait is due."""
    waits: dict[str, set[float]] = {}
    for ladder in shipped(name).procedures.values():
        for step in ladder.steps:
            if step.say is not None:
                waits.setdefault(step.say.name, set()).add(step.wait)
    assert {prompt: seconds for prompt, seconds in waits.items() if len(seconds) > 1} == {}


@pytest.mark.parametrize("name", OURS)
def test_we_hang_up_first_only_where_the_standards_print_it(name: str) -> None:
    """CON-06: everywhere else the caller does."""
    ours = {"silent", "too-quiet", "noisy", "weak-signal", "linger", "let-go"}
    assert {p.name for p in shipped(name).procedures.values() if p.then == "hang_up"} <= ours
