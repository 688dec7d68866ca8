"""What a hotel's guests and callers live through (S004/K, L, P, U). Every sentence lasts two seconds here."""

from __future__ import annotations

import pytest

from ari_app.call import Arrival, Kind
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Says, Waits
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import Standard
from tests.evenly import NUMBER, by_agent, evenly, hangs_up_after, on, owed, presses
from tests.timelines import timeline

ROOM, OUTSIDE = "8021", "075512345678"
MORNING, EVENING = on("2026-11-24 08:00"), on("2026-11-24 20:00")


@pytest.fixture(scope="module")
def standard() -> Standard:
    return evenly("hotel-service-centre")


# ------------------------------------------------------------------ the greeting, and its language


@pytest.mark.rule("S004-K01", "S004-P01", "S004-U01")
def test_a_caller_is_answered_at_once(standard: Standard) -> None:
    assert rehearse(standard, (HangsUp(),)).timeline[0] == "0.0 answer"


@pytest.mark.rule("S004-U02", "S004-K02", "S004-L02")
@pytest.mark.parametrize(
    ("arrival", "greeting"),
    [
        (Arrival(number=ROOM, at=MORNING), "centre-morning"),
        (Arrival(number=ROOM, at=EVENING), "centre"),
        (Arrival(number=OUTSIDE, at=MORNING), "good-morning"),
        (Arrival(number=OUTSIDE, at=EVENING), "greeting"),
    ],
)
def test_a_guest_hears_the_service_centre_and_who_rings_from_outside_the_hotel(
    standard: Standard, arrival: Arrival, greeting: str
) -> None:
    assert rehearse(standard, (HangsUp(),), arrival).timeline[1] == f"0.0 play {greeting}"


@pytest.mark.rule("S004-L01", "S004-U08")
def test_who_rang_too_long_hears_an_apology_first(standard: Standard) -> None:
    """After three rings, for all of the hotel's texts (CON-09)."""
    assert rehearse(standard, (HangsUp(),), Arrival(rang=10.1)).timeline[1] == "0.0 play late-answer"
    assert rehearse(standard, (HangsUp(),), Arrival(rang=10.0)).timeline[1] == "0.0 play greeting"


@pytest.mark.rule("S004-L06")
def test_who_says_nothing_for_two_seconds_is_spoken_to_in_english_and_only_then_missed(standard: Standard) -> None:
    assert rehearse(standard, (), Arrival(number=ROOM)).timeline == timeline("""
         0.0  answer
         0.0  play centre
         5.0  play hello
        12.0  play offer
        19.0  play offer
        26.0  play no-sound
        33.0  hang up
    """)


@pytest.mark.rule("S004-L06")
def test_who_answers_the_english_word_reaches_a_person(standard: Standard) -> None:
    assert rehearse(standard, (Hears("hello"), Waits(1.0), Says(1.0))).timeline[-3:] == timeline("""
         8.5  speech
         8.5  play connecting
        10.5  hand off hotline
    """)


def test_who_asks_for_english_by_key_is_greeted_in_it(standard: Standard) -> None:
    happened = rehearse(standard, (Hears("centre"), Waits(1.0), Presses("8")), Arrival(number=ROOM))
    assert happened.timeline[:4] == timeline("""
         0.0  answer
         0.0  play centre
         4.0  digit 8
         4.0  play centre
    """)


# ------------------------------------------------------------------ waits


@pytest.mark.rule("S004-L03", "S004-L04")
def test_an_interruption_is_over_after_fifteen_seconds(standard: Standard) -> None:
    assert by_agent(standard, "interrupt", (Hears("interrupt"), Waits(3.0), Says(1.0))).timeline == timeline("""
         0.0  answer
         0.0  play interrupt
        18.0  play hold-thanks
        20.0  hand off agent
    """)


@pytest.mark.rule("S004-U09")
def test_who_waits_while_another_telephone_is_answered_hears_so_and_an_apology(standard: Standard) -> None:
    assert by_agent(standard, "second-call").timeline == timeline("""
         0.0  answer
         0.0  play second-call
        63.0  play hold-thanks
        65.0  hand off agent
    """)


@pytest.mark.rule("S004-P04")
def test_who_waits_while_others_are_asked_hears_music_and_an_apology(standard: Standard) -> None:
    assert by_agent(standard, "hold", (Hears("hold-please"), Waits(1.0), Says(1.0))).timeline == timeline("""
         0.0  answer
         0.0  play hold-please
         4.5  speech
        64.5  play consulted
        66.5  hand off agent
    """)
    assert standard.procedures["hold"].steps[1].music


# ------------------------------------------------------------------ people who are not there


@pytest.mark.rule("S004-U16", "S004-P06", "S004-P09")
def test_a_message_is_taken_for_who_is_in_a_meeting(standard: Standard) -> None:
    leaves_message = (
        Hears("in-meeting"), Presses("1"), Hears("message-please"), Waits(0.5), Says(4.0), Waits(1.0), Presses("#"),
        Hears("number-please"), *presses(f"{NUMBER}#"), *hangs_up_after("message-taken"),
    )  # fmt: skip
    happened = by_agent(standard, "meeting", leaves_message)
    assert happened.timeline[:5] == timeline("""
         0.0  answer
         0.0  play in-meeting
         3.0  digit 1
         3.0  play message-please
         5.0  record
    """)
    message = happened.filed[0]
    assert message.kind is Kind.MESSAGE and message.recording and message.taken["number"] == NUMBER


@pytest.mark.rule("S004-U17")
def test_who_insists_is_asked_to_ring_in_five_minutes_and_the_meeting_is_told(standard: Standard) -> None:
    insists = (Hears("in-meeting"), Presses("2"), *hangs_up_after("five-minutes"))
    happened = by_agent(standard, "meeting", insists)
    assert happened.timeline == timeline("""
         0.0  answer
         0.0  play in-meeting
         3.0  digit 2
         3.0  file alert to meeting
         3.0  play five-minutes
         5.0  caller hung up
    """)
    assert owed(happened) == [(Kind.ALERT, "meeting-retry", "meeting")]
    assert standard.clocks["meeting-retry"].minutes == 5


def test_who_is_to_be_put_through_dials_the_extension(standard: Standard) -> None:
    assert by_agent(standard, "warm-transfer", (Hears("transfer-where"), *presses("6021#"))).timeline == timeline("""
         0.0  answer
         0.0  play transfer-where
         3.0  digit 6
         3.0  digit 0
         3.0  digit 2
         3.0  digit 1
         3.0  digit #
         3.0  take extension
         3.0  hand off extension
    """)


# ------------------------------------------------------------------ the rest


@pytest.mark.rule("S004-U07", "S004-P05")
def test_who_dialled_wrongly_is_told_so_and_the_right_number(standard: Standard) -> None:
    dialled_wrongly = (Waits(1.0), Presses("9"), *hangs_up_after("right-number"))
    assert rehearse(standard, dialled_wrongly).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         1.0  digit 9
         1.0  interrupted greeting
         1.0  play wrong-number
         3.0  play right-number
         5.0  caller hung up
    """)


@pytest.mark.rule("S004-K07")
def test_in_an_emergency_the_supervisor_is_told_and_speaks_with_the_caller(standard: Standard) -> None:
    assert by_agent(standard, "emergency").timeline == timeline("""
         0.0  answer
         0.0  play supervisor-please
         3.0  file alert to supervisor
         3.0  play connecting
         5.0  hand off hotline-supervisor urgent
    """)


@pytest.mark.rule("S004-L05")
def test_who_is_to_be_rung_back_hears_first_who_answers_for_it(standard: Standard) -> None:
    """The agent's number is 7: two fragments of a second, and a tenth for the digit."""
    leaves_number = (Hears("number-please"), *presses(f"{NUMBER}#"), *hangs_up_after("thanks-for-cooperation"))
    happened = by_agent(standard, "reply-pending", leaves_number, agent="7")
    assert happened.timeline[:3] == timeline("""
         0.0  answer
         0.0  play who-answers
         3.1  play number-please
    """)
    assert owed(happened) == [(Kind.CALLBACK, "enquiry-callback", "")]


@pytest.mark.rule("S004-U10")
def test_who_was_cut_off_and_is_back_hears_an_apology_and_is_with_their_agent_again(standard: Standard) -> None:
    assert by_agent(standard, "dropped-call").timeline == timeline("""
         0.0  answer
         0.0  play callback-apology
         3.0  hand off agent
    """)


@pytest.mark.rule("S004-L07", "S004-U04")
def test_a_caller_is_thanked_and_hangs_up_first(standard: Standard) -> None:
    assert by_agent(standard, "closing", (Hears("farewell"), Waits(4.0), HangsUp())).timeline == timeline("""
         0.0  answer
         0.0  play anything-else
         8.0  play farewell
        14.0  caller hung up
    """)
