"""What callers of a front desk live through, whose people cover for one another (S004/G). A sentence: two seconds."""

from __future__ import annotations

import pytest

from ari_app.call import Arrival, Kind
from ari_app.rehearsal.script import HangsUp, Hears, Says, Waits
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import Standard
from tests.evenly import NUMBER, by_agent, evenly, hangs_up_after, on, owed, presses
from tests.timelines import timeline


@pytest.fixture(scope="module")
def standard() -> Standard:
    return evenly("front-desk")


@pytest.mark.rule("S004-G02")
def test_whom_the_desk_answered_late_hears_an_apology_first(standard: Standard) -> None:
    assert rehearse(standard, (HangsUp(),), Arrival(rang=12.0)).timeline[1] == "0.0 play late-answer"
    assert rehearse(standard, (HangsUp(),), Arrival(rang=4.0)).timeline[1] == "0.0 play greeting"


@pytest.mark.rule("S004-G03")
def test_a_colleague_is_fetched_for_a_minute_and_another_and_then_a_message_is_taken(standard: Standard) -> None:
    waits_and_leaves_number = (
        Hears("number-please"), *presses(f"{NUMBER}#"), *hangs_up_after("message-taken"),
    )  # fmt: skip
    happened = by_agent(standard, "cover", waits_and_leaves_number)
    assert happened.timeline[:8] == timeline("""
         0.0  answer
         0.0  file alert to colleague
         0.0  play cover-wait
        63.0  play cover-longer
       125.0  play cover-message
       127.0  play message-please
       129.0  record
       132.0  play number-please
    """)
    assert owed(happened) == [(Kind.ALERT, "", "colleague"), (Kind.MESSAGE, "return-callback", "")]
    assert happened.filed[-1].taken["number"] == NUMBER


def test_who_does_not_want_to_wait_for_a_colleague_says_so_and_is_with_a_person_again(standard: Standard) -> None:
    assert by_agent(standard, "cover", (Hears("cover-wait"), Waits(10.0), Says(1.0))).timeline[-2:] == timeline("""
        13.5  speech
        13.5  hand off agent
    """)


@pytest.mark.rule("S004-G04")
def test_an_answer_is_promised_in_days_and_the_clock_says_as_many(standard: Standard) -> None:
    leaves_number = (Hears("number-please"), *presses(f"{NUMBER}#"), *hangs_up_after("thanks-for-cooperation"))
    happened = by_agent(standard, "enquiry-callback", leaves_number)
    assert happened.timeline[:3] == timeline("""
         0.0  answer
         0.0  play leave-your-number
         8.0  play number-please
    """)
    assert owed(happened) == [(Kind.CALLBACK, "reply-in-days", "")]
    assert standard.known["days"] == "三" and standard.clocks["reply-in-days"].days == 3


@pytest.mark.rule("S004-B01")
def test_the_desk_keeps_the_hours_of_the_office(standard: Standard) -> None:
    assert rehearse(standard, (), Arrival(at=on("2026-11-24 12:30"))).timeline[1] == "0.0 play lunch"
