"""What callers of a utility live through (S004/M), to be read aloud. Every sentence lasts two seconds here."""

from __future__ import annotations

import pytest

from ari_app.call import Arrival, Kind
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Says, Waits
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import Standard
from tests import callers
from tests.evenly import NUMBER, by_agent, evenly, hangs_up_after, owed, presses, rung_by_us
from tests.timelines import timeline


@pytest.fixture(scope="module")
def standard() -> Standard:
    return evenly("utility-service")


@pytest.mark.rule("S004-M01")
def test_who_rang_longer_than_three_rings_hears_an_apology_first(standard: Standard) -> None:
    assert rehearse(standard, (), Arrival(rang=10.0)).timeline[:2] == timeline("""
         0.0  answer
         0.0  play greeting
    """)
    assert rehearse(standard, (), Arrival(rang=10.1)).timeline[:2] == timeline("""
         0.0  answer
         0.0  play late-answer
    """)


@pytest.mark.rule("S004-M10")
def test_a_silent_caller_is_asked_twice_before_we_let_go(standard: Standard) -> None:
    assert rehearse(standard, callers.SILENT).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         8.0  play offer
        15.0  play offer
        22.0  play no-sound
        29.0  hang up
    """)


@pytest.mark.rule("S004-M10")
def test_on_a_noisy_line_we_ask_twice_before_we_let_go(standard: Standard) -> None:
    assert by_agent(standard, "noisy").timeline == timeline("""
         0.0  answer
         0.0  play noisy-again
         8.0  play noisy-again
        15.0  play noisy
        22.0  hang up
    """)


@pytest.mark.rule("S004-M10")
def test_who_is_heard_on_a_noisy_line_after_all_is_with_their_agent_again(standard: Standard) -> None:
    assert by_agent(standard, "noisy", (Hears("noisy"), Waits(1.0), Says(1.0))).timeline == timeline("""
         0.0  answer
         0.0  play noisy-again
         8.0  play noisy-again
        15.0  play noisy
        18.5  speech
        18.5  hand off agent
    """)


@pytest.mark.rule("S004-M07")
def test_who_agrees_waits_a_minute_and_is_thanked(standard: Standard) -> None:
    """What they say while the music plays changes nothing: the thanks must not be missing."""
    agrees = (Hears("hold-please"), Waits(1.0), Says(1.0), Waits(20.0), Says(2.0))
    assert by_agent(standard, "hold", agrees).timeline == timeline("""
         0.0  answer
         0.0  play hold-please
         4.5  speech
        64.5  play hold-thanks
        66.5  hand off agent
    """)


@pytest.mark.rule("S004-M07")
def test_who_does_not_agree_to_wait_does_not(standard: Standard) -> None:
    assert by_agent(standard, "hold", (Hears("hold-please"), Waits(1.0), Presses("2"))).timeline == timeline("""
         0.0  answer
         0.0  play hold-please
         4.0  digit 2
         4.0  hand off agent
    """)


@pytest.mark.rule("S004-M08")
def test_an_angry_caller_reaches_the_supervisor_who_is_told(standard: Standard) -> None:
    assert by_agent(standard, "supervisor").timeline == timeline("""
         0.0  answer
         0.0  play supervisor-please
         3.0  file alert to supervisor
         3.0  play connecting
         5.0  hand off hotline-supervisor urgent
    """)


@pytest.mark.rule("S004-M05")
def test_a_fault_is_recorded_and_the_repair_team_told_at_once(standard: Standard) -> None:
    tells = (Hears("repair-fault"), Waits(0.5), Says(4.0), Waits(1.0), Presses("#"), *hangs_up_after("repair-noted"))
    happened = by_agent(standard, "repair", tells)
    assert happened.timeline == timeline("""
         0.0  answer
         0.0  play repair-fault
         3.0  record
         8.5  file ticket to repair
         8.5  file alert to repair
         8.5  play repair-noted
        10.5  caller hung up
    """)
    assert [filing.kind for filing in happened.filed if filing.recording] == [Kind.TICKET, Kind.ALERT]


@pytest.mark.rule("S004-M09")
def test_a_wrong_number_is_explained_and_the_caller_hangs_up_first(standard: Standard) -> None:
    dialled_wrongly = (Waits(2.0), Presses("9"), Hears("wrong-number"), Waits(2.0), HangsUp())
    assert rehearse(standard, dialled_wrongly).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         2.0  digit 9
         2.0  interrupted greeting
         2.0  play wrong-number
         6.0  caller hung up
    """)


@pytest.mark.rule("S004-M04")
def test_who_cannot_be_answered_now_leaves_a_number_and_is_rung_back(standard: Standard) -> None:
    leaves_number = (Hears("number-please"), *presses(f"{NUMBER}#"), *hangs_up_after("thanks-for-cooperation"))
    happened = by_agent(standard, "enquiry-callback", leaves_number)
    assert happened.timeline[:3] == timeline("""
         0.0  answer
         0.0  play leave-your-number
         8.0  play number-please
    """)
    assert owed(happened) == [(Kind.CALLBACK, "enquiry-callback", "")]
    assert happened.filed[0].taken["number"] == NUMBER and happened.filed[0].confirmed


@pytest.mark.rule("S004-M02")
def test_a_call_ends_when_the_caller_wants_nothing_else(standard: Standard) -> None:
    assert by_agent(standard, "closing", hangs_up_after("farewell")).timeline == timeline("""
         0.0  answer
         0.0  play anything-else
         8.0  play farewell
        10.0  caller hung up
    """)


@pytest.mark.rule("S004-M02")
def test_who_wants_something_else_is_with_their_agent_again(standard: Standard) -> None:
    assert by_agent(standard, "closing", (Hears("anything-else"), Waits(1.0), Says(1.0))).timeline[-2:] == timeline("""
         4.5  speech
         4.5  hand off agent
    """)


@pytest.mark.rule("S004-M03")
def test_whom_we_ring_hears_who_we_are_then_who_they_are_then_why(standard: Standard) -> None:
    assert rung_by_us(standard, "outbound-open", (Hears("callback-verify"), Presses("1"))).timeline == timeline("""
         0.0  answer
         0.0  play callback-introduce
         3.0  play callback-verify
         5.0  digit 1
         5.0  play callback-reason
         7.0  play connecting
         9.0  hand off hotline urgent
    """)


@pytest.mark.rule("S004-M03", "S004-N11")
def test_whom_we_rang_by_mistake_hears_an_apology_and_nothing_of_the_matter(standard: Standard) -> None:
    another = (Hears("callback-verify"), Presses("9"), *hangs_up_after("wrong-dial"))
    assert rung_by_us(standard, "outbound-open", another).timeline == timeline("""
         0.0  answer
         0.0  play callback-introduce
         3.0  play callback-verify
         5.0  digit 9
         5.0  play wrong-dial
         7.0  caller hung up
    """)


def test_who_was_cut_off_hears_an_apology_and_is_with_their_agent_again(standard: Standard) -> None:
    assert by_agent(standard, "dropped-call").timeline == timeline("""
         0.0  answer
         0.0  play callback-apology
         3.0  hand off agent
    """)


def test_who_was_cut_off_is_rung_within_a_minute(standard: Standard) -> None:
    assert standard.clocks[standard.procedures["dropped-call"].clock].minutes == 1
