"""Places at the automated station: so many, and so long (S000-28).

A nuisance caller who finds none hears the engaged tone, or is told that we hang up; others go to the queue.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ari_app.call import Arrival, Door
from ari_app.journal import Milestone, Place, What
from ari_app.records.facts import Outcome
from ari_app.records.kpis import report
from ari_app.records.record import fold
from ari_app.rehearsal.script import Hears, Presses, Says, Script, Waits
from ari_app.rehearsal.twin import rehearse
from ari_app.station import Station, StationSettings
from tests.rehearsal.walks import CONNECTED, LET_GO, shipped, walk

HOTLINE = shipped("hotline-standard")
DIVERTED = Arrival(verdict="station")
FOR_EVER: Script = tuple(
    act for n in range(1, 60) for act in (Hears("station-menu", n), Waits(0.5), Presses("2"))
)  # the hours, and again the hours


def now() -> float:
    return asyncio.get_running_loop().time()


def full() -> bool:
    return False


@pytest.mark.rule("S000-28")
def test_a_known_nuisance_for_whom_there_is_no_place_hears_the_engaged_tone_and_costs_nobody_a_word() -> None:
    assert [m.what for m in rehearse(HOTLINE, (), DIVERTED, full).journal] == [What.REFUSE]


@pytest.mark.rule("S000-28", "S000-35")
@pytest.mark.parametrize(
    ("caller", "heard"),
    [
        (replace(DIVERTED, answered=True), ()),
        (Arrival(verdict="challenge"), ("challenge", "challenge")),
        (Arrival(Door.PROCEDURE, procedure="harassment"), ("harassment",)),
    ],
    ids=["answered by the dialplan", "pressed no key", "called so by an agent"],
)
def test_a_nuisance_who_has_been_answered_is_never_hung_up_on_at_once(caller: Arrival, heard: tuple[str, ...]) -> None:
    lived = rehearse(HOTLINE, (), caller, full)
    assert walk(lived)[-3:] == LET_GO
    said = [str(m.detail).partition(".")[0] for m in lived.journal if m.what is What.PLAY]
    assert said == [*heard, "hanging-up"]


@pytest.mark.rule("S000-28")
@pytest.mark.parametrize("says", [(Says(2.0),), (Presses("4"),)], ids=["a word", "another key"])
def test_a_nuisance_who_is_let_go_and_talks_on_costs_no_agent(says: Script) -> None:
    """Any word to whoever lingers leads to an agent: a nuisance who finds the station full once came by it to one."""
    talks = (Hears("hanging-up"), Waits(0.5), *says)
    answered = replace(DIVERTED, answered=True)
    for lived in (rehearse(HOTLINE, talks, answered, full), rehearse(HOTLINE, talks, DIVERTED)):
        assert walk(lived)[-1] == "hang up"
        assert lived.journal[-1].at - said_at(lived.journal, "hanging-up") >= 5.0


def test_where_a_word_is_all_that_keeps_us_from_hanging_up_it_is_heard_from_a_nuisance_too() -> None:
    """An admin's own standard has perhaps no `let_go`: then who lingers is asked, and an answer is one (CON-04)."""
    asks = replace(HOTLINE, desk=replace(HOTLINE.desk, let_go=None))
    talks = (Hears("hanging-up"), Waits(2.0), Says(2.0))
    assert walk(rehearse(asks, talks, replace(DIVERTED, answered=True), full))[-2:] == CONNECTED


@pytest.mark.rule("S000-28")
def test_a_nuisance_who_leaves_a_message_and_talks_on_costs_no_agent() -> None:
    leaves = (Hears("station-menu"), Waits(1.0), Presses("4"), Hears("message-please"), Waits(2.0), Says(2.0))
    lived = rehearse(HOTLINE, (*leaves, Hears("message-taken"), Waits(1.0), Says(2.0)), DIVERTED)
    assert "play message-taken" in walk(lived)
    assert walk(lived)[-3:] == LET_GO


def said_at(journal: tuple[Milestone, ...], prompt: str) -> float:
    """When the caller had heard it to the end."""
    at = next(m.at for m in journal if m.what is What.PLAY and m.detail == prompt)
    return at + HOTLINE.prompts[prompt].seconds


@pytest.mark.rule("S000-28")
def test_key_1_is_the_way_to_a_person_to_the_last_moment() -> None:
    presses = (Hears("hanging-up"), Waits(1.0), Presses("1"))
    assert walk(rehearse(HOTLINE, presses, replace(DIVERTED, answered=True), full))[-2:] == CONNECTED


@pytest.mark.rule("S000-28")
@pytest.mark.parametrize("suspicion", ["station", "harassment"])
def test_a_nuisance_whose_worker_died_is_one_to_the_worker_who_takes_them_up(suspicion: str) -> None:
    adopted = Arrival(Door.ADOPTED, place=Place("station", 2), suspicion=suspicion)
    assert walk(rehearse(HOTLINE, (), adopted))[-3:] == LET_GO
    assert walk(rehearse(HOTLINE, (), adopted, full)) == LET_GO
    assert walk(rehearse(HOTLINE, (), replace(adopted, suspicion=""), full))[-2:] == CONNECTED


def test_who_dialled_wrongly_and_finds_no_place_goes_to_the_queue() -> None:
    assert walk(rehearse(HOTLINE, (Waits(3.0), Presses("9")), Arrival(), full))[-2:] == CONNECTED


@pytest.mark.rule("S000-28")
def test_who_asks_for_the_hours_for_ever_holds_no_line_for_ever_and_costs_no_agent() -> None:
    station = Station(StationSettings(minutes=2), now)
    happened = rehearse(HOTLINE, FOR_EVER, DIVERTED, lambda: station.take_place("twin"))
    assert walk(happened)[-3:] == LET_GO
    assert 120 <= happened.journal[-1].at < 180


@pytest.mark.rule("S000-28")
def test_key_1_leads_to_a_person_as_long_as_a_nuisance_has_a_place() -> None:
    assert walk(rehearse(HOTLINE, (Hears("station-menu"), Waits(1.0), Presses("1")), DIVERTED))[-2:] == CONNECTED


def test_there_are_so_many_places_and_no_more() -> None:
    station = Station(StationSettings(callers=2), lambda: 0.0)
    assert [station.take_place(caller) for caller in ("a", "b", "c", "a")] == [True, True, False, True]
    assert station.leave("c") and not station.leave("a")
    assert station.take_place("d") and len(station) == 2


def test_a_closed_station_has_no_place() -> None:
    assert not Station(StationSettings(callers=0), lambda: 0.0).take_place("a")


def test_the_time_of_a_caller_is_counted_from_their_first_word_there() -> None:
    clock = [0.0]
    station = Station(StationSettings(minutes=1), lambda: clock[0])
    assert station.take_place("a")
    clock[0] = 59.0
    assert station.take_place("a")
    clock[0] = 60.0
    assert not station.take_place("a")
    assert station.leave("a")
    assert station.take_place("a")


def test_who_is_refused_is_written_down_so_and_is_no_caller_who_rang_in_vain() -> None:
    journal = rehearse(HOTLINE, (), DIVERTED, full).journal
    record = fold(journal, call_id="1", worker="1", began=1.0, arrival=DIVERTED, verdict="station")
    assert record.outcome is Outcome.REFUSED
    (rate,) = [kpi for kpi in report([record]).kpis if kpi.id == "ring_answer_rate"]
    assert rate.value is None
