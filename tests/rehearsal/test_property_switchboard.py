"""The switchboard of a property management (S001, S004-T): extensions dialled, busy, silent, and the operator."""

from __future__ import annotations

import pytest

from ari_app.call import Arrival, Door
from ari_app.rehearsal.script import Hears, Presses, Script, Waits
from ari_app.rehearsal.twin import rehearse
from tests import callers
from tests.rehearsal.walks import (
    BACK_TO_THE_AGENT,
    CALLER,
    CONNECTED,
    LINGERS,
    answers,
    by_agent,
    given_by_agent,
    presses,
    shipped,
    walk,
)
from tests.timelines import timeline

BOARD = shipped("property-switchboard")
BACK = {"BUSY": "extension-busy", "NOANSWER": "extension-silent", "CHANUNAVAIL": "extension-silent"}
"""What the telephone system says of an extension, and what the caller is told."""


@pytest.mark.rule("S001-01")
def test_a_caller_is_answered_at_once_with_the_name_of_the_company() -> None:
    happened = rehearse(BOARD, callers.SILENT)
    assert happened.timeline[:2] == ("0.0 answer", "0.0 play greeting")
    assert BOARD.desk.greeting.recording == "property-switchboard/zh-CN/greeting"


@pytest.mark.rule("S004-T02")
def test_who_rings_the_service_department_is_greeted_by_the_department() -> None:
    happened = rehearse(BOARD, answers("service-department"), Arrival(dialled="8002"))
    assert walk(happened) == ("play service-department", "speech", *CONNECTED)


@pytest.mark.rule("S001-02")
def test_an_extension_may_be_dialled_into_the_greeting_and_is_connected_at_once() -> None:
    dials: Script = (Waits(0.5), *(Presses(key) for key in "8012#"))
    assert walk(rehearse(BOARD, dials)) == timeline("""
        play greeting
        presses 8012#
        take extension
        play one-moment
        hand off extension
    """)


@pytest.mark.rule("S001-02")
def test_a_short_extension_is_connected_when_no_more_digits_come() -> None:
    happened = walk(rehearse(BOARD, (Hears("greeting"), *(Presses(key) for key in "61"))))
    assert happened == timeline("""
        play greeting
        presses 61
        wait 3
        take extension
        play one-moment
        hand off extension
    """)


def test_half_an_extension_leads_to_the_operator() -> None:
    happened = walk(rehearse(BOARD, (Hears("greeting"), Presses("6"))))
    assert happened[-3:] == ("play one-moment", *CONNECTED)


def test_nought_is_the_operator_and_the_hash_key_a_wrong_number_and_the_star_english() -> None:
    assert walk(rehearse(BOARD, presses("greeting", "0")))[2:] == ("play one-moment", *CONNECTED)
    assert walk(rehearse(BOARD, presses("greeting", "#")))[2] == "play wrong-number"
    assert walk(rehearse(BOARD, presses("greeting", "*")))[2] == "play greeting"


@pytest.mark.rule("S001-03", "S001-04")
@pytest.mark.parametrize("status", BACK)
def test_a_caller_whose_extension_is_engaged_or_silent_is_told_and_hangs_up_first(status: str) -> None:
    back = Arrival(Door.TRANSFERRED, dial_status=status, number=CALLER.number)
    assert walk(rehearse(BOARD, (), back)) == (
        *(f"play {BACK[status]}", "wait 5", "play other-extension", "wait 5"),
        *LINGERS,
    )


@pytest.mark.rule("S001-05")
@pytest.mark.parametrize("status", BACK)
def test_a_caller_may_then_ask_for_another_extension_and_is_connected_again(status: str) -> None:
    back = Arrival(Door.TRANSFERRED, dial_status=status)
    another = (*presses("other-extension", "1"), *presses("which-extension", "8013#"))
    assert walk(rehearse(BOARD, another, back)) == (
        *(f"play {BACK[status]}", "wait 5", "play other-extension", "presses 1"),
        *("play which-extension", "presses 8013#", "take extension", "play one-moment", "hand off extension"),
    )


@pytest.mark.rule("S001-05")
@pytest.mark.parametrize("script", [presses("other-extension", "0"), answers("extension-busy")])
def test_or_for_the_operator(script: Script) -> None:
    assert walk(rehearse(BOARD, script, Arrival(Door.TRANSFERRED, dial_status="BUSY")))[-2:] == CONNECTED


def test_who_has_talked_with_an_extension_and_stays_is_asked_and_let_go() -> None:
    assert walk(rehearse(BOARD, (), Arrival(Door.TRANSFERRED, dial_status="ANSWER"))) == LINGERS


def test_a_call_for_the_operator_to_put_through_is_kept_and_connected() -> None:
    happened = given_by_agent(BOARD, "operator-call", presses("long-distance-number", "8020#"))
    assert walk(happened) == timeline("""
        play long-distance-number
        presses 8020#
        take extension
        file ticket
        play long-distance
        hand off extension
    """)
    assert happened.filed[0].taken == {"extension": "8020"}


@pytest.mark.rule("S001-10")
def test_who_is_to_wait_for_an_answer_is_asked_first_and_thanked_afterwards() -> None:
    assert by_agent(BOARD, "check-answer") == timeline("""
        play check-answer
        wait 5
        wait 60
        play hold-thanks
        hand off agent
    """)
    assert by_agent(BOARD, "check-answer", presses("check-answer", "2"))[-1:] == BACK_TO_THE_AGENT


@pytest.mark.rule("S001-12")
def test_a_caller_for_somebody_who_is_out_is_told_and_hangs_up_first() -> None:
    assert by_agent(BOARD, "person-absent") == ("play person-absent", "wait 5", *LINGERS)


@pytest.mark.rule("S004-T03")
def test_a_caller_is_told_how_their_matter_stands_and_may_speak_with_a_person() -> None:
    assert by_agent(BOARD, "progress") == ("play progress", "wait 5", *LINGERS)
    assert by_agent(BOARD, "progress", answers("progress"))[-2:] == CONNECTED


@pytest.mark.rule("S004-T04")
def test_who_is_wrong_here_hears_where_other_numbers_are_known() -> None:
    assert by_agent(BOARD, "wrong-number", presses("station-menu", "3"))[4:6] == ("play directory", "wait 5")
