"""Places at the automated station: whoever finds none, or has had theirs for long, goes to the queue (S000-28)."""

from __future__ import annotations

import asyncio

import pytest

from ari_app.call import Arrival, Door
from ari_app.rehearsal.script import Hears, Presses, Script, Waits
from ari_app.rehearsal.twin import rehearse
from ari_app.station import Station, StationSettings
from tests.rehearsal.walks import CONNECTED, shipped, walk

HOTLINE = shipped("hotline-standard")
DIVERTED = Arrival(verdict="station")
FOR_EVER: Script = tuple(
    act for n in range(1, 60) for act in (Hears("station-menu", n), Waits(0.5), Presses("2"))
)  # the hours, and again the hours


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.rule("S000-28")
def test_a_caller_for_whom_there_is_no_place_goes_to_the_queue() -> None:
    assert walk(rehearse(HOTLINE, (), DIVERTED, lambda: False)) == CONNECTED


@pytest.mark.rule("S000-28")
def test_a_nuisance_caller_for_whom_there_is_no_place_is_not_hung_up_on() -> None:
    given_back = Arrival(Door.PROCEDURE, procedure="harassment")
    assert walk(rehearse(HOTLINE, (), given_back, lambda: False))[-2:] == CONNECTED


@pytest.mark.rule("S000-28")
def test_who_asks_for_the_hours_for_ever_does_not_hold_the_line_for_ever() -> None:
    station = Station(StationSettings(minutes=2), now)
    happened = rehearse(HOTLINE, FOR_EVER, DIVERTED, lambda: station.take_place("twin"))
    assert walk(happened)[-2:] == CONNECTED
    assert 120 <= happened.journal[-1].at < 160


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
