"""What each caller lives through, to be read aloud."""

from __future__ import annotations

import pytest

from ari_app import paths
from ari_app.call import Arrival, Door
from ari_app.ear import TALK_GAP
from ari_app.journal import Place
from ari_app.rehearsal.script import HangsUp, Presses, Says, Waits
from ari_app.rehearsal.twin import rehearse, returned_by_agent
from ari_app.standard import Standard, load
from tests import callers
from tests.standards import rounded
from tests.timelines import timeline, waits


@pytest.fixture(scope="module")
def standard(tmp_path_factory: pytest.TempPathFactory) -> Standard:
    return rounded(tmp_path_factory.mktemp("standard"))


SILENT_LADDER = timeline("""
     0.0  answer
     0.0  play greeting
    10.3  play offer
    17.3  play offer
    24.3  play no-sound
    33.3  hang up
""")


@pytest.mark.rule("CON-02", "CON-03")
def test_a_silent_caller_is_asked_twice_told_that_we_hear_nothing_and_let_go(standard: Standard) -> None:
    assert rehearse(standard, callers.SILENT).timeline == SILENT_LADDER


def test_a_caller_who_speaks_at_once_interrupts_the_greeting(standard: Standard) -> None:
    assert rehearse(standard, callers.SPEAKS_AT_ONCE).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         1.5  speech
         1.5  interrupted greeting
         1.5  play connecting
         3.5  hand off hotline
    """)


def test_a_caller_who_speaks_after_the_second_offer_reaches_an_agent(standard: Standard) -> None:
    assert rehearse(standard, callers.SPEAKS_AFTER_SECOND_OFFER).timeline == timeline("""
         0.0  answer
         0.0  play greeting
        10.3  play offer
        17.3  play offer
        21.3  speech
        21.3  play connecting
        23.3  hand off hotline
    """)


@pytest.mark.rule("CON-04")
def test_a_caller_who_speaks_in_the_last_wait_is_not_hung_up_on(standard: Standard) -> None:
    assert rehearse(standard, callers.SPEAKS_IN_LAST_WAIT).timeline == timeline("""
         0.0  answer
         0.0  play greeting
        10.3  play offer
        17.3  play offer
        24.3  play no-sound
        31.8  speech
        31.8  play connecting
        33.8  hand off hotline
    """)


def test_a_wrong_number_is_put_right_and_goes_to_the_station(standard: Standard) -> None:
    assert rehearse(standard, callers.PRESSES_WRONG_NUMBER_KEY).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         3.0  digit 9
         3.0  interrupted greeting
         3.0  play wrong-number
        11.0  play station-menu
        19.0  play station-menu
        27.0  play anything-else
        34.0  play hanging-up
        40.0  hang up
    """)


def test_the_station_has_a_way_out(standard: Standard) -> None:
    assert rehearse(standard, callers.WANTS_A_PERSON_AFTER_ALL).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         3.0  digit 9
         3.0  interrupted greeting
         3.0  play wrong-number
        11.0  play station-menu
        15.0  digit 1
        15.0  play connecting
        17.0  hand off hotline
    """)


def test_the_station_does_not_listen_to_voices(standard: Standard) -> None:
    assert rehearse(standard, callers.TALKS_TO_THE_STATION).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         3.0  digit 9
         3.0  interrupted greeting
         3.0  play wrong-number
        11.0  play station-menu
        19.0  play station-menu
        27.0  play anything-else
        34.0  play hanging-up
        40.0  hang up
    """)


def test_any_other_key_in_the_greeting_is_a_caller_who_wants_somebody(standard: Standard) -> None:
    assert rehearse(standard, callers.PRESSES_ANY_KEY).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         1.0  digit 5
         1.0  interrupted greeting
         1.0  play connecting
         3.0  hand off hotline
    """)


def test_a_cough_is_not_a_caller(standard: Standard) -> None:
    assert rehearse(standard, callers.COUGHS_ONCE).timeline == SILENT_LADDER


def test_a_hundred_coughs_are_not_a_caller(standard: Standard) -> None:
    """One that is in the air as a wait ends is heard to its end first."""
    happened = rehearse(standard, callers.COUGHS_ALL_THE_TIME)
    assert [line.split(" ", 1)[1] for line in happened.timeline] == [line.split(" ", 1)[1] for line in SILENT_LADDER]
    assert all(5 <= wait <= 5.6 for wait in waits(happened.journal))


def test_a_stammer_is_a_caller(standard: Standard) -> None:
    """Two short sounds with a tenth of a second between them are one sound to Asterisk."""
    assert rehearse(standard, callers.STAMMERS).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         5.8  speech
         5.8  play connecting
         7.8  hand off hotline
    """)


def test_a_cough_as_time_runs_out_is_heard_to_its_end_and_then_we_hang_up(standard: Standard) -> None:
    assert rehearse(standard, callers.COUGHS_AS_TIME_RUNS_OUT).journal[-1].at == pytest.approx(33.2 + 0.15 + TALK_GAP)


def test_nobody_is_cut_off_at_the_beginning_of_a_word(standard: Standard) -> None:
    happened = rehearse(standard, callers.BEGINS_TO_SPEAK_AS_TIME_RUNS_OUT).timeline
    assert happened[-3:] == ("33.8 speech", "33.8 play connecting", "35.8 hand off hotline")


def test_a_caller_who_hangs_up_in_the_greeting_is_gone(standard: Standard) -> None:
    assert rehearse(standard, callers.HANGS_UP_IN_GREETING).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         3.0  caller hung up
    """)


def test_a_caller_who_hangs_up_while_being_connected_reaches_no_queue(standard: Standard) -> None:
    happened = rehearse(standard, callers.SPEAKS_AND_HANGS_UP_WHILE_BEING_CONNECTED).timeline
    assert happened[-2:] == ("1.5 play connecting", "2.0 caller hung up")


# ------------------------------------------------------------------ the other doors


def test_a_caller_who_lingers_after_the_agent_has_left_is_asked_and_told(standard: Standard) -> None:
    assert returned_by_agent(standard, callers.LINGERS).timeline == timeline("""
         0.0  answer
         0.0  play anything-else
         7.3  play hanging-up
        13.3  hang up
    """)


def test_a_lingering_caller_who_speaks_reaches_an_agent_again(standard: Standard) -> None:
    assert returned_by_agent(standard, (Waits(9.0), Says(1.0))).timeline == timeline("""
         0.0  answer
         0.0  play anything-else
         7.3  play hanging-up
         9.5  speech
         9.5  play connecting
        11.5  hand off hotline
    """)


def test_a_caller_whom_no_agent_took_waits_another_round(standard: Standard) -> None:
    arrival = Arrival(Door.AFTER_QUEUE, queue_status="TIMEOUT", queue_round=1)
    assert rehearse(standard, (), arrival).timeline == timeline("""
         0.0  answer
         0.0  play busy
         2.3  hand off hotline
    """)


def test_the_third_round_is_the_last(standard: Standard) -> None:
    arrival = Arrival(Door.AFTER_QUEUE, queue_status="TIMEOUT", queue_round=3)
    assert rehearse(standard, (), arrival).timeline == timeline("""
         0.0  answer
         0.0  play busy-farewell
         8.3  hang up
    """)


def test_an_agents_key_starts_its_procedure(standard: Standard) -> None:
    arrival = Arrival(Door.PROCEDURE, procedure="wrong-number")
    assert rehearse(standard, (HangsUp(),), arrival).timeline == timeline("""
         0.0  answer
         0.0  play wrong-number
         0.0  caller hung up
    """)
    assert rehearse(standard, (), arrival).timeline[1:3] == timeline("""
         0.0  play wrong-number
         8.3  play station-menu
    """)


def test_an_agents_key_without_a_procedure_leads_back_to_an_agent(standard: Standard) -> None:
    assert rehearse(standard, (), Arrival(Door.PROCEDURE, procedure="typo")).timeline == timeline("""
         0.0  answer
         0.0  play connecting
         2.3  hand off hotline
    """)


def test_an_adopted_caller_goes_on_with_the_step_they_were_at(standard: Standard) -> None:
    assert rehearse(standard, (), Arrival(Door.ADOPTED, place=Place("silent", 3))).timeline == timeline("""
         0.0  answer
         0.0  play no-sound
         9.3  hang up
    """)


@pytest.mark.parametrize("place", [None, Place("greeting"), Place("greeting", 7)])
def test_an_adopted_caller_of_whom_nothing_is_known_is_greeted(standard: Standard, place: Place | None) -> None:
    assert rehearse(standard, (), Arrival(Door.ADOPTED, place=place)).timeline == SILENT_LADDER


@pytest.mark.parametrize("place", [Place("silent", 4), Place("silent", 0), Place("abolished", 1)])
def test_an_adopted_caller_at_a_place_the_standard_lacks_reaches_an_agent(standard: Standard, place: Place) -> None:
    assert rehearse(standard, (), Arrival(Door.ADOPTED, place=place)).timeline[-1] == "2.3 hand off hotline"


# ------------------------------------------------------------------ the shipped standard: waits only


@pytest.fixture(scope="module")
def shipped() -> Standard:
    return load(paths.standard_folder("hotline-standard"))


@pytest.mark.rule("S000-03", "S004-M10", "CON-03")
def test_a_silent_caller_is_given_five_seconds_four_times(shipped: Standard) -> None:
    """S000-03: after the greeting, after each of the two offers, and after the farewell."""
    assert waits(rehearse(shipped, callers.SILENT).journal) == (5.0, 5.0, 5.0, 5.0)


def test_a_cougher_is_given_the_same(shipped: Standard) -> None:
    assert waits(rehearse(shipped, callers.COUGHS_ONCE).journal) == (5.0, 5.0, 5.0, 5.0)


@pytest.mark.rule("S000-35", "CON-31")
def test_a_lingering_caller_is_given_five_seconds_twice(shipped: Standard) -> None:
    """S000-34, S000-35."""
    assert waits(returned_by_agent(shipped, callers.LINGERS).journal) == (5.0, 5.0)


@pytest.mark.rule("S000-13", "CON-19")
def test_a_wrong_number_is_given_five_seconds_after_every_prompt(shipped: Standard) -> None:
    """S000-13, the station, and S000-35."""
    assert waits(rehearse(shipped, callers.PRESSES_WRONG_NUMBER_KEY).journal) == (5.0,) * 5


@pytest.mark.parametrize("key", "0123456789*#ABCD")
@pytest.mark.parametrize("moment", [0.0, 3.0, 9.0, 14.0, 23.0, 30.0, 38.0])
def test_whatever_key_is_pressed_whenever_nobody_is_hung_up_on_who_pressed_for_a_person(
    shipped: Standard, key: str, moment: float
) -> None:
    happened = rehearse(shipped, (Waits(moment), Presses(key))).timeline
    in_reception = moment < 15
    if in_reception and key == "9":
        assert happened[-1].endswith("hang up") and any("station-menu" in line for line in happened)
    elif in_reception and shipped.chosen_by_key(key):  # a language is not yet a wish for a person
        assert happened[-1].endswith("hang up") and sum("greeting" in line for line in happened) >= 2
    else:
        assert happened[-1].endswith("hand off hotline")
