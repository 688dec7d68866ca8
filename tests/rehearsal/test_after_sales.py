"""The after-sales fault desk (S002): shorter waits, a callback after two minutes of holding, clocks for faults."""

from __future__ import annotations

import pytest

from ari_app.call import Arrival, Kind
from ari_app.rehearsal.script import Presses, Script, Waits
from ari_app.rehearsal.twin import rehearse
from tests import callers
from tests.rehearsal.walks import (
    BACK_TO_THE_AGENT,
    CONNECTED,
    CONNECTED_FIRST,
    LINGERS,
    NUMBER,
    answers,
    by_agent,
    given_by_agent,
    leaves_number,
    presses,
    shipped,
    walk,
)
from tests.timelines import timeline

DESK = shipped("after-sales")
SILENT_LADDER = timeline("""
    play connected
    wait 3
    play can-you-hear-me
    wait 3
    play no-sound
    wait 2
    hang up
""")
A_NUMBER_IS_TAKEN = (
    "play number-please", f"presses {NUMBER}#", "take number", "play number-is", "presses 1",
)  # fmt: skip
SURNAME = ("play surname-please", "record")
FAREWELL = ("play thanks-for-cooperation", "wait 5")


@pytest.mark.rule("S002-07", "S002-10")
def test_a_silent_caller_is_told_twice_that_they_are_through_then_to_change_telephones() -> None:
    assert walk(rehearse(DESK, callers.SILENT)) == ("play greeting", "wait 5", *SILENT_LADDER)
    assert DESK.desk.greeting.recording == "after-sales/zh-CN/greeting"


@pytest.mark.rule("S002-10")
@pytest.mark.parametrize("prompt", ["connected", "can-you-hear-me", "no-sound"])
def test_whoever_speaks_in_a_silent_wait_reaches_an_agent(prompt: str) -> None:
    assert walk(rehearse(DESK, answers(prompt)))[-3:] == ("speech", *CONNECTED)


@pytest.mark.rule("S002-24", "S002-28")
def test_who_rang_too_long_hears_that_the_lines_are_busy_and_is_asked_what_we_can_do() -> None:
    assert walk(rehearse(DESK, answers("late-answer"), Arrival(rang=12.0))) == (
        "play late-answer",
        "speech",
        *CONNECTED,
    )
    assert DESK.prompts["late-answer"].recording == "after-sales/zh-CN/late-answer"


@pytest.mark.rule("S002-11")
def test_a_caller_on_a_noisy_line_is_asked_twice_to_speak_up_then_to_change_telephones() -> None:
    assert by_agent(DESK, "noisy") == timeline("""
        play speak-up
        wait 3
        play speak-up
        wait 3
        play noisy
        wait 2
        hang up
    """)
    assert by_agent(DESK, "noisy", answers("speak-up", 2))[-2:] == ("speech", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S002-12")
def test_a_caller_with_a_weak_signal_is_asked_to_turn_the_telephone_then_to_change_it() -> None:
    assert by_agent(DESK, "weak-signal") == timeline("""
        play weak-signal
        wait 3
        play another-telephone
        wait 2
        hang up
    """)
    assert by_agent(DESK, "weak-signal", answers("another-telephone"))[-2:] == ("speech", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S002-13")
def test_a_caller_on_a_speakerphone_is_asked_to_pick_up() -> None:
    assert by_agent(DESK, "speakerphone") == ("play speakerphone", "wait 3", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S002-16")
def test_a_caller_who_cannot_hear_the_agent_is_asked_to_change_telephones() -> None:
    assert by_agent(DESK, "agent-inaudible") == timeline("""
        play need-help
        wait 3
        play change-telephone
        wait 3
        hand off agent
    """)


@pytest.mark.rule("S002-14", "S002-15", "S002-18", "S002-22", "S002-29")
@pytest.mark.parametrize(
    ("procedure", "prompt"),
    [
        ("partly-unclear", "partly-unclear"),
        ("repeat", "repeat"),
        ("reexplain", "reexplain"),
        ("anxious", "anxious"),
        ("thanks", "welcome"),
        ("praise", "welcome-again"),
    ],
)
def test_a_courtesy_is_said_and_the_caller_is_back_with_the_agent(procedure: str, prompt: str) -> None:
    assert by_agent(DESK, procedure) == (f"play {prompt}", *BACK_TO_THE_AGENT)
    assert DESK.prompts[prompt].recording == f"after-sales/zh-CN/{prompt}"


@pytest.mark.rule("S002-17")
def test_a_caller_who_does_not_react_is_asked_whether_they_follow_and_whether_they_hear() -> None:
    assert by_agent(DESK, "no-reaction") == timeline("""
        play do-you-follow
        wait 5
        play can-you-follow
        wait 5
        hand off agent
    """)


@pytest.mark.rule("S002-27")
def test_a_suggestion_is_thanked_for_and_kept() -> None:
    assert by_agent(DESK, "suggestion") == ("file ticket", "play suggestion", *BACK_TO_THE_AGENT)


# ------------------------------------------------------------------ hold


@pytest.mark.rule("S002-20", "S002-21", "S002-23")
def test_a_hold_asks_first_apologises_after_a_minute_offers_a_callback_after_two_and_ends_with_thanks() -> None:
    assert by_agent(DESK, "hold") == timeline("""
        play hold-please
        wait 5
        wait 60
        play hold-again
        wait 60
        play hold-callback
        wait 5
        play hold-thanks
        hand off agent
    """)


@pytest.mark.rule("S002-20")
def test_who_does_not_want_to_hold_is_back_with_the_agent_at_once() -> None:
    assert by_agent(DESK, "hold", presses("hold-please", "2"))[-1:] == BACK_TO_THE_AGENT


@pytest.mark.rule("S002-21")
def test_who_has_held_for_two_minutes_may_leave_a_number_instead() -> None:
    happened = given_by_agent(DESK, "hold", presses("hold-callback", "1"), leaves_number())
    assert walk(happened)[6:] == (
        *("presses 1",),
        *A_NUMBER_IS_TAKEN,
        *SURNAME,
        *("file callback", *FAREWELL),
        *LINGERS,
    )
    assert happened.filed[0].clock == "enquiry-callback"


@pytest.mark.rule("S002-23")
def test_who_prefers_to_wait_after_two_minutes_is_thanked_at_once() -> None:
    assert by_agent(DESK, "hold", presses("hold-callback", "2"))[6:] == (
        "presses 2",
        "play hold-thanks",
        *BACK_TO_THE_AGENT,
    )


# ------------------------------------------------------------------ callbacks and complaints


@pytest.mark.rule("S002-08")
@pytest.mark.parametrize("script", [(), answers("recorded"), presses("your-number.2", "1")])
def test_a_specialist_rings_back_the_number_the_caller_rings_from_after_it_was_read_out(script: Script) -> None:
    happened = given_by_agent(DESK, "record-and-call", script)
    assert [line for line in walk(happened) if line.startswith(("play", "file"))][:4] == [
        "play recorded",
        "play your-number",
        "file callback",
        "play thanks-for-cooperation",
    ]
    assert [(filing.kind, dict(filing.taken)) for filing in happened.filed] == [(Kind.CALLBACK, {})]


@pytest.mark.rule("S002-08")
@pytest.mark.parametrize("where", ["recorded", "your-number.2"])
def test_who_is_to_be_rung_at_another_number_keys_it_in(where: str) -> None:
    happened = given_by_agent(DESK, "record-and-call", presses(where, "2"), leaves_number())
    [callback] = happened.filed
    assert (callback.kind, callback.taken, callback.confirmed) == (Kind.CALLBACK, {"number": NUMBER}, True)


@pytest.mark.rule("S002-25")
def test_an_abusive_caller_is_soothed_and_when_that_fails_rung_later() -> None:
    assert by_agent(DESK, "abusive", answers("soothe")) == ("play soothe", "speech", *BACK_TO_THE_AGENT)
    happened = given_by_agent(DESK, "abusive", leaves_number())
    assert walk(happened)[:2] == ("play soothe", "wait 3")
    assert happened.filed[0].taken == {"number": NUMBER}


@pytest.mark.rule("S002-26")
def test_a_complaint_about_staff_is_for_the_supervisor_and_somebody_is_appointed_to_ring() -> None:
    happened = given_by_agent(DESK, "staff-complaint", leaves_number())
    assert walk(happened) == (
        *("play staff-complaint", "wait 3", "play we-will-contact-you", "wait 3"),
        *A_NUMBER_IS_TAKEN,
        *SURNAME,
        *("file callback to supervisor", *FAREWELL),
        *LINGERS,
    )


@pytest.mark.rule("S002-19")
def test_callers_of_an_area_in_outage_are_told_and_then_reach_an_agent() -> None:
    assert walk(rehearse(DESK, (), Arrival(notice="outage"))) == timeline("""
        play area-outage
        wait 5
        play callback-or-agent
        wait 5
        play connecting
        hand off hotline
    """)


@pytest.mark.rule("S002-09")
def test_a_call_is_closed_with_a_question_and_good_wishes_and_the_caller_hangs_up_first() -> None:
    assert (
        by_agent(DESK, "closing")
        == timeline("""
        play other-questions
        wait 5
        play pleasant-day
        wait 5
    """)
        + LINGERS
    )
    assert by_agent(DESK, "closing", answers("other-questions"))[-2:] == ("speech", *BACK_TO_THE_AGENT)


# ------------------------------------------------------------------ faults


@pytest.mark.rule("S002-01")
def test_a_fault_is_registered_and_its_first_clock_runs_for_thirty_minutes() -> None:
    happened = given_by_agent(DESK, "fault")
    assert walk(happened) == ("file ticket to engineers", "play fault-registered", *BACK_TO_THE_AGENT)
    assert DESK.clocks[happened.filed[0].clock].minutes == 30


@pytest.mark.rule("S002-06")
def test_the_customer_is_rung_and_says_by_key_that_the_fault_is_cleared() -> None:
    happened = given_by_agent(DESK, "clear-callback", presses("repaired", "1"))
    assert walk(happened) == (
        *("play repaired", "presses 1", "file ticket to engineers", "play pleasant-day", "wait 5"),
        *LINGERS,
    )
    assert [filing.procedure for filing in happened.filed] == ["fault-cleared"]


@pytest.mark.rule("S002-06")
def test_a_customer_whose_fault_is_not_cleared_reaches_an_agent_before_others() -> None:
    happened = given_by_agent(DESK, "clear-callback", presses("repaired", "2"))
    assert walk(happened) == ("play repaired", "presses 2", *CONNECTED_FIRST)
    assert happened.filed == ()


def test_every_stage_of_a_fault_has_its_clock() -> None:
    minutes = {name: clock.minutes for name, clock in DESK.clocks.items() if clock.rule.startswith("S002")}
    assert minutes == {
        "fault-preprocess": 30,
        "fault-dispatch": 10,
        "engineer-reply": 30,
        "fault-plan": 24 * 60,
        "fault-clear-callback": 20,
    }


def test_what_this_desk_does_not_say_otherwise_is_the_hotlines() -> None:
    hotline = shipped("hotline-standard")
    for procedure in ("too-quiet", "dialect", "harassment", "message", "linger"):
        assert by_agent(DESK, procedure) == by_agent(hotline, procedure)
    assert walk(rehearse(DESK, (Waits(1.0), Presses("9"))))[2] == "play wrong-number"
