"""The hotline standard (S000): what callers live through, procedure by procedure."""

from __future__ import annotations

import pytest

from ari_app.call import Arrival, Door, Kind
from ari_app.rehearsal.script import Hears, Presses, Says, Script, Waits
from ari_app.rehearsal.twin import rehearse, returned_by_agent
from ari_app.standard import spoken
from tests import callers
from tests.rehearsal.walks import (
    BACK_TO_THE_AGENT,
    CALLER,
    CONNECTED,
    LET_GO,
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

HOTLINE = shipped("hotline-standard")
SILENT_LADDER = timeline("""
    play offer
    wait 5
    play offer
    wait 5
    play no-sound
    wait 5
    hang up
""")
STATION = timeline("""
    play station-menu
    wait 5
    play station-menu
    wait 5
""")
A_NUMBER_IS_TAKEN = (
    "play number-please", f"presses {NUMBER}#", "take number", "play number-is", "presses 1",
)  # fmt: skip
SURNAME_AND_FAREWELL = timeline("""
    play surname-please
    record
    file callback
    play thanks-for-cooperation
    wait 5
""")

# ------------------------------------------------------------------ how callers are received


@pytest.mark.rule("S000-01", "S000-03")
def test_a_silent_caller_is_greeted_asked_twice_told_and_let_go_five_seconds_after_each() -> None:
    assert walk(rehearse(HOTLINE, callers.SILENT)) == ("play greeting", "wait 5", *SILENT_LADDER)


@pytest.mark.rule("S000-03")
@pytest.mark.parametrize(("prompt", "times"), [("offer", 1), ("offer", 2), ("no-sound", 1)])
def test_whoever_speaks_in_any_of_the_silent_waits_reaches_an_agent(prompt: str, times: int) -> None:
    assert walk(rehearse(HOTLINE, answers(prompt, times)))[-3:] == ("speech", *CONNECTED)


@pytest.mark.rule("S000-03")
def test_an_agent_may_send_a_silent_caller_up_the_same_ladder() -> None:
    assert by_agent(HOTLINE, "silent") == SILENT_LADDER


@pytest.mark.rule("S000-15", "S004-P01")
@pytest.mark.parametrize(("rang", "greeting"), [(0.0, "greeting"), (10.0, "greeting"), (10.1, "late-answer")])
def test_who_rang_for_more_than_ten_seconds_hears_an_apology_instead_of_the_greeting(
    rang: float, greeting: str
) -> None:
    happened = walk(rehearse(HOTLINE, answers(greeting), Arrival(rang=rang)))
    assert happened == (f"play {greeting}", "speech", *CONNECTED)


@pytest.mark.rule("S000-15")
def test_who_complains_that_we_are_hard_to_reach_hears_the_apology_and_talks_on() -> None:
    assert by_agent(HOTLINE, "late-answer", answers("late-answer")) == (
        "play late-answer",
        "speech",
        *BACK_TO_THE_AGENT,
    )
    assert by_agent(HOTLINE, "late-answer") == ("play late-answer", "wait 5", *CONNECTED)


# ------------------------------------------------------------------ not heard well enough


@pytest.mark.rule("S000-05")
def test_a_caller_too_quiet_is_asked_to_speak_up_then_to_change_telephones_and_let_go_after_five_seconds() -> None:
    assert by_agent(HOTLINE, "too-quiet") == timeline("""
        play louder
        wait 5
        play too-quiet
        wait 5
        hang up
    """)


@pytest.mark.rule("S000-05")
@pytest.mark.parametrize("prompt", ["louder", "too-quiet"])
def test_a_quiet_caller_who_is_heard_after_all_is_back_with_the_agent(prompt: str) -> None:
    assert by_agent(HOTLINE, "too-quiet", answers(prompt))[-2:] == ("speech", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S000-06")
def test_a_caller_on_a_noisy_line_is_told_and_let_go_after_five_seconds() -> None:
    assert by_agent(HOTLINE, "noisy") == ("play noisy", "wait 5", "hang up")
    assert by_agent(HOTLINE, "noisy", answers("noisy")) == ("play noisy", "speech", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S000-04")
def test_a_caller_on_a_speakerphone_is_asked_to_pick_up_and_talks_on() -> None:
    assert by_agent(HOTLINE, "speakerphone") == ("play speakerphone", "wait 5", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S000-07")
def test_a_dialect_nobody_follows_is_asked_about_twice_and_goes_to_the_supervisors() -> None:
    assert by_agent(HOTLINE, "dialect") == timeline("""
        play speak-mandarin
        wait 5
        play find-mandarin-speaker
        wait 5
        file alert to supervisor
        play connecting
        hand off hotline-supervisor urgent
    """)
    assert by_agent(HOTLINE, "dialect", answers("speak-mandarin"))[-1:] == BACK_TO_THE_AGENT


def test_a_caller_who_cannot_hear_the_agent_is_asked_anew() -> None:
    assert by_agent(HOTLINE, "agent-inaudible") == ("play what-can-i-do", "wait 5", *BACK_TO_THE_AGENT)


# ------------------------------------------------------------------ wrong here


@pytest.mark.rule("S000-13", "S004-T04")
def test_a_wrong_number_is_put_right_and_told_where_other_numbers_are_known() -> None:
    keys = (Hears("greeting"), Presses("9"), *presses("station-menu", "3"))
    assert walk(rehearse(HOTLINE, keys)) == (
        *("play greeting", "presses 9", "play wrong-number", "wait 5"),
        *("play station-menu", "presses 3", "play directory", "wait 5"),
        *STATION,
        *LINGERS,
    )


@pytest.mark.rule("S000-13")
def test_an_agent_may_tell_a_caller_that_the_number_is_wrong() -> None:
    assert by_agent(HOTLINE, "wrong-number") == ("play wrong-number", "wait 5", *STATION, *LINGERS)


@pytest.mark.rule("S000-28")
def test_the_station_tells_our_hours_and_takes_a_message_and_lets_out_to_a_person() -> None:
    assert by_agent(HOTLINE, "station", presses("station-menu", "2"))[2:4] == ("play opening-hours", "wait 5")
    assert by_agent(HOTLINE, "station", presses("station-menu", "4"))[2:4] == ("play message-please", "record")
    assert by_agent(HOTLINE, "station", presses("station-menu", "1"))[2:] == CONNECTED
    assert by_agent(HOTLINE, "station", presses("station-menu", "2"), presses("opening-hours", "1"))[4:] == CONNECTED


@pytest.mark.rule("S000-28")
@pytest.mark.parametrize("script", [(), answers("harassment")], ids=["stays", "talks on"])
def test_a_nuisance_caller_hears_one_statement_the_supervisor_is_told_and_the_station_takes_over(
    script: Script,
) -> None:
    happened = by_agent(HOTLINE, "harassment", script)
    assert happened[0] == "play harassment"
    assert happened[2:] == ("file alert to supervisor", *STATION, *LET_GO)


@pytest.mark.rule("S000-28")
def test_a_suspicious_caller_presses_the_key_they_are_told_or_goes_to_the_station() -> None:
    suspected = Arrival(verdict="challenge")
    assert walk(rehearse(HOTLINE, presses("challenge", "5"), suspected)) == ("play challenge", "presses 5", *CONNECTED)
    talks = (Hears("challenge"), Says(2.0), Presses("4"))
    assert walk(rehearse(HOTLINE, talks, suspected))[2:6] == ("play challenge", "wait 5", *STATION[:2])


@pytest.mark.rule("S000-28")
@pytest.mark.parametrize("key", ["2", "7"])
def test_the_key_a_suspicious_caller_is_told_is_the_one_that_counts(key: str) -> None:
    suspected = Arrival(verdict="challenge", told_key=key)
    told = spoken(HOTLINE, HOTLINE.prompts["challenge"], {}, suspected)
    assert [part.name for part in told.parts] == ["challenge.1", HOTLINE.pieces[key].name]
    assert walk(rehearse(HOTLINE, presses("challenge", key), suspected))[-2:] == CONNECTED
    assert walk(rehearse(HOTLINE, presses("challenge", "5"), suspected))[-2:] == LINGERS[-2:]


@pytest.mark.rule("S000-28")
def test_whom_screening_sends_to_the_station_is_never_greeted_by_a_person() -> None:
    assert walk(rehearse(HOTLINE, (), Arrival(verdict="station"))) == (*STATION, *LET_GO)


@pytest.mark.rule("S000-10")
def test_a_private_call_is_declined_and_the_caller_hangs_up_first() -> None:
    assert by_agent(HOTLINE, "private-call") == ("play private-call", "wait 5", *LINGERS)


@pytest.mark.rule("S000-10")
def test_who_answers_when_a_private_call_is_declined_may_leave_a_message_and_a_number() -> None:
    words = (*answers("private-call"), *answers("message-please"))
    happened = given_by_agent(HOTLINE, "private-call", words, leaves_number())
    assert walk(happened) == (
        *("play private-call", "speech", "play message-please", "record"),
        *A_NUMBER_IS_TAKEN,
        *("file message", "play message-taken", "wait 5"),
        *LINGERS,
    )
    [message] = happened.filed
    assert (message.kind, message.taken, message.confirmed) == (Kind.MESSAGE, {"number": NUMBER}, True)
    assert message.recording


@pytest.mark.rule("S000-14")
def test_who_wants_another_department_is_not_transferred_but_leaves_a_number() -> None:
    happened = given_by_agent(HOTLINE, "internal-department", leaves_number())
    assert walk(happened) == (
        *("play internal-department", "wait 5"),
        *A_NUMBER_IS_TAKEN,
        *SURNAME_AND_FAREWELL,
        *LINGERS,
    )
    assert happened.filed[0].clock == "enquiry-callback"
    assert by_agent(HOTLINE, "internal-department", answers("internal-department"))[-1:] == BACK_TO_THE_AGENT


# ------------------------------------------------------------------ hold, failures, the end


@pytest.mark.rule("S000-22", "S004-M07")
@pytest.mark.parametrize("script", [(), answers("hold-please")], ids=["says nothing", "agrees"])
def test_a_hold_asks_first_lasts_a_minute_and_ends_with_an_apology_and_thanks(script: Script) -> None:
    happened = by_agent(HOTLINE, "hold", script)
    assert (happened[0], *happened[2:]) == ("play hold-please", "wait 60", "play hold-thanks", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S000-22")
def test_who_does_not_want_to_hold_is_back_with_the_agent_at_once() -> None:
    assert by_agent(HOTLINE, "hold", presses("hold-please", "2"))[-1:] == BACK_TO_THE_AGENT


@pytest.mark.rule("S000-22")
def test_who_talks_while_holding_goes_on_holding() -> None:
    aside = (Hears("hold-please"), Waits(20.0), Says(3.0))
    assert by_agent(HOTLINE, "hold", aside)[2:] == ("wait 60", "play hold-thanks", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S000-23")
@pytest.mark.parametrize("arrival", [Arrival(notice="failure"), Arrival(Door.PROCEDURE, procedure="system-failure")])
def test_when_our_equipment_fails_callers_hear_an_apology_and_are_rung_later(arrival: Arrival) -> None:
    happened = rehearse(HOTLINE, leaves_number(), arrival)
    assert walk(happened) == (
        *("play system-failure", "wait 5"),
        *A_NUMBER_IS_TAKEN,
        *SURNAME_AND_FAREWELL,
        *LINGERS,
    )
    [callback] = happened.filed
    assert (callback.kind, callback.taken, callback.clock) == (Kind.CALLBACK, {"number": NUMBER}, "failure-callback")


@pytest.mark.rule("S002-19")
def test_callers_of_an_area_in_outage_are_told_and_others_are_greeted() -> None:
    arrival = Arrival(number="02112345678", notice="outage", areas=("021", "022"))
    told = ("play area-outage", "wait 5", "play callback-or-agent")
    assert walk(rehearse(HOTLINE, (), arrival)) == (*told, "wait 5", *CONNECTED)
    assert walk(rehearse(HOTLINE, presses("callback-or-agent", "1"), arrival))[4] == "play number-please"
    elsewhere = Arrival(number="01012345678", notice="outage", areas=("021", "022"))
    assert walk(rehearse(HOTLINE, (), elsewhere))[0] == "play greeting"


@pytest.mark.rule("S000-34")
def test_a_call_is_closed_with_a_question_and_a_farewell_and_the_caller_hangs_up_first() -> None:
    assert (
        by_agent(HOTLINE, "closing")
        == timeline("""
        play anything-else
        wait 5
        play farewell
        wait 5
    """)
        + LINGERS
    )
    assert by_agent(HOTLINE, "closing", answers("anything-else"))[-1:] == BACK_TO_THE_AGENT


@pytest.mark.rule("S000-35")
def test_who_lingers_when_the_agent_has_left_is_asked_told_and_let_go_after_five_seconds() -> None:
    assert walk(returned_by_agent(HOTLINE)) == LINGERS
    assert walk(returned_by_agent(HOTLINE, answers("hanging-up")))[-3:] == ("speech", *CONNECTED)


@pytest.mark.rule("S000-15")
def test_whom_no_agent_took_hears_an_apology_and_waits_on_and_after_three_rounds_hangs_up_first() -> None:
    again = Arrival(Door.AFTER_QUEUE, queue_status="TIMEOUT", queue_round=1)
    assert walk(rehearse(HOTLINE, (), again)) == ("play busy", "wait 5", "hand off hotline")
    last = Arrival(Door.AFTER_QUEUE, queue_status="TIMEOUT", queue_round=3)
    assert walk(rehearse(HOTLINE, (), last)) == ("play busy-farewell", "wait 5", *LINGERS)


@pytest.mark.parametrize(("status", "prompt"), [("BUSY", "extension-busy"), ("NOANSWER", "extension-silent")])
def test_an_extension_that_does_not_answer_is_told_and_who_says_more_reaches_a_person(status: str, prompt: str) -> None:
    back = Arrival(Door.TRANSFERRED, dial_status=status)
    assert walk(rehearse(HOTLINE, (), back)) == (f"play {prompt}", "wait 5", *LINGERS)
    assert walk(rehearse(HOTLINE, answers(prompt), back))[-3:] == ("speech", *CONNECTED)


def test_transfer_without_an_extension_leads_to_a_person() -> None:
    assert walk(rehearse(HOTLINE, (), Arrival(Door.PROCEDURE, procedure="transfer"))) == ("play one-moment", *CONNECTED)


# ------------------------------------------------------------------ callbacks


@pytest.mark.rule("S000-32")
def test_an_enquiry_that_cannot_be_answered_takes_number_and_surname_thanks_and_is_rung_back() -> None:
    happened = given_by_agent(HOTLINE, "enquiry-callback", answers("leave-your-number"), leaves_number())
    assert walk(happened) == (
        *("play leave-your-number", "speech"),
        *A_NUMBER_IS_TAKEN,
        *SURNAME_AND_FAREWELL,
        *LINGERS,
    )
    [callback] = happened.filed
    assert (callback.kind, callback.clock, callback.confirmed) == (Kind.CALLBACK, "enquiry-callback", True)
    assert callback.recording, "the surname is on record"


@pytest.mark.rule("S000-32")
def test_a_number_that_was_misheard_is_keyed_in_again() -> None:
    wrong = (*presses("number-please", "123456#"), *presses("number-is.2", "2"))
    right = (*presses("number-please", f"{NUMBER}#", 2), *presses("number-is.2", "1", 2))
    happened = given_by_agent(HOTLINE, "callback", wrong, right)
    assert happened.filed[0].taken == {"number": NUMBER}


def test_who_keys_in_nothing_is_rung_at_the_number_they_ring_from() -> None:
    happened = rehearse(HOTLINE, (), Arrival(Door.PROCEDURE, procedure="callback", number=CALLER.number))
    assert [(filing.kind, dict(filing.taken)) for filing in happened.filed] == [(Kind.CALLBACK, {})]
