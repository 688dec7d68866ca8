"""What a worker's calls teach the register, and what the register makes of the next call."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ari_app import paths
from ari_app.back_office import BackOffice
from ari_app.call import Arrival, CallId, Door, Filing, Kind
from ari_app.config import AgiSettings, Configuration
from ari_app.front_office import Stint
from ari_app.journal import Journal, Place, What
from ari_app.procedures.screening import Burst, Mark, Screening, Treatment
from ari_app.records.database import Database
from ari_app.records.settings import RecordsSettings
from ari_app.register.entries import Entry
from ari_app.register.numbers import pattern
from ari_app.register.store import CannotUndo, Store
from ari_app.requests.settings import RequestsSettings
from ari_app.standard import Standard, load
from ari_app.station import StationSettings

NUMBER = "13800138000"
KNOWN = Arrival(number=NUMBER, dialled="4008008000")
NUISANCE = Arrival(Door.PROCEDURE, number=NUMBER, procedure="harassment", agent="001")
STANDARD = load(paths.standard_folder("hotline-standard"))
_ids = (f"call-{n}" for n in itertools.count())


def configured(folder: Path, **more: object) -> Configuration:
    kept = Configuration(
        records=RecordsSettings(url=f"sqlite:///{folder}/hotline.db", spool=str(folder / "spool")),
        requests=RequestsSettings(spool=str(folder / "spool/requests")),
    )
    return kept.model_copy(update=more)


@asynccontextmanager
async def at_work(
    folder: Path, standard: Standard = STANDARD, **more: object
) -> AsyncIterator[tuple[BackOffice, Store]]:
    config = configured(folder, **more)
    async with BackOffice.open(config, standard) as office:
        await asyncio.wait_for(office.screens(), 10)
        database = await Database.open(config.records.database)
        yield office, Store(database)
        await database.close()


def live_through(office: BackOffice, arrival: Arrival, ways: Iterable[tuple[What, str]], call: str = "") -> str:
    """A stint: the verdict, what happened, the end; which call it was."""
    call = call or next(_ids)
    if arrival.door is Door.INCOMING:
        arrival = replace(arrival, verdict=office.verdict(call, arrival, STANDARD))
    journal = Journal(lambda: 0.0)
    stint = Stint(CallId(call), arrival, STANDARD, 0.0, journal)
    for what, detail in ways:
        if what is What.ENTER:
            journal.enter(Place(detail))
            if detail == "station" and not office.place(call):
                continue
        elif what is What.FILE:
            office.file(stint, Filing(Kind.ALERT, "harassment", to="supervisor"))
        else:
            journal.note(what, detail)
    office.over(stint)
    return call


IN_THE_STATION = ((What.ENTER, "station"), (What.DIGIT, "1"), (What.ENTER, "connecting"), (What.HAND_OFF, "hotline"))
HARASSED = ((What.ENTER, "harassment"), (What.FILE, ""), (What.ENTER, "station"), (What.HANG_UP, ""))


@pytest.mark.rule("S000-28")
async def test_a_reported_number_is_for_the_station_the_next_time_and_its_entry_is_doubtful_when_it_asks_for_a_person(
    tmp_path: Path,
) -> None:
    async with at_work(tmp_path) as (office, store):
        call = live_through(office, NUISANCE, HARASSED)
        await office.learnt()
        assert office.verdict("next", KNOWN, STANDARD) == "station"
        (entry,) = [entry async for entry in store.all()]
        assert (entry.evidence, entry.entered_by, entry.under_review) == ((call,), "001", False)
        live_through(office, KNOWN, IN_THE_STATION)
        await office.learnt()
        (entry,) = [entry async for entry in store.all(under_review=True)]
        assert entry.treatment is Treatment.STATION


async def test_a_nuisance_caller_who_hangs_up_at_the_first_word_is_reported_all_the_same(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (office, _):
        live_through(office, NUISANCE, [(What.ENTER, "harassment"), (What.CALLER_HUNG_UP, "")])
        await office.learnt()
        assert office.verdict("next", KNOWN, STANDARD) == "station"


async def test_one_call_is_one_report(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (office, store):
        live_through(office, NUISANCE, HARASSED)
        await office.learnt()
        (entry,) = [entry async for entry in store.all()]
        assert entry.score == 1


async def test_an_agent_takes_their_last_report_back_and_not_twice(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (office, store):
        live_through(office, NUISANCE, HARASSED)
        await office.learnt()
        with pytest.raises(CannotUndo):
            await store.withdraw_last("002")
        await store.withdraw_last("001")
        assert [entry async for entry in store.all()] == []
        with pytest.raises(CannotUndo):
            await store.withdraw_last("001")


async def test_who_finds_no_place_in_the_station_does_not_make_their_entry_doubtful(tmp_path: Path) -> None:
    async with at_work(tmp_path, station=StationSettings(callers=0)) as (office, store):
        await store.add([Entry(pattern(NUMBER), Treatment.STATION)], "ada")
        live_through(office, NUISANCE, HARASSED)  # makes the worker look
        await office.learnt()
        live_through(office, KNOWN, IN_THE_STATION)
        await office.learnt()
        assert [entry async for entry in store.all(under_review=True)] == []


async def test_who_passes_a_challenge_does_not_make_the_entry_doubtful(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (office, store):
        await store.add([Entry(pattern("+86138*"), Treatment.CHALLENGE)], "ada")
        live_through(office, replace(NUISANCE, number="13900139000"), HARASSED)
        await office.learnt()
        assert office.verdict("next", KNOWN, STANDARD) == "challenge"
        live_through(office, KNOWN, [(What.ENTER, "challenge"), (What.DIGIT, "5"), (What.HAND_OFF, "hotline")])
        await office.learnt()
        assert [entry async for entry in store.all(under_review=True)] == []


async def test_a_call_that_comes_back_from_an_agent_is_not_counted_as_one_more_of_a_burst(tmp_path: Path) -> None:
    burst = Screening(bursts=(Burst(5, 3, 60, Treatment.CHALLENGE, 60),))
    wary = replace(STANDARD, screening=burst)
    async with at_work(tmp_path, wary) as (office, _):
        assert office.verdict("one", KNOWN, wary) == ""
        live_through(office, NUISANCE, [(What.ENTER, "closing"), (What.HANG_UP, "")])
        assert office.verdict("two", replace(KNOWN, number="13800138001"), wary) == ""
        assert office.verdict("three", replace(KNOWN, number="13800138002"), wary) == "challenge"


async def test_rules_that_were_read_anew_count_from_the_next_call(tmp_path: Path) -> None:
    burst = Screening(bursts=(Burst(5, 2, 60, Treatment.CHALLENGE, 60),))
    wary = replace(STANDARD, screening=burst)
    async with at_work(tmp_path) as (office, _):
        office.verdict("one", KNOWN, STANDARD)
        assert [office.verdict(call, KNOWN, wary) for call in ("two", "three")] == ["", "challenge"]


async def test_a_silent_call_counts_and_one_that_ends_with_a_person_does_not(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (office, store):
        live_through(office, KNOWN, [(What.ENTER, "silent"), (What.SPEECH, ""), (What.HAND_OFF, "hotline")])
        live_through(office, KNOWN, [(What.ENTER, "silent"), (What.HANG_UP, "")])
        await office.learnt()
        assert [mark.mark for mark in await store.marks(0, [])] == [Mark.SILENT]


async def test_the_worker_answers_at_its_agi_door(tmp_path: Path, unused_tcp_port: int) -> None:
    async with at_work(tmp_path, agi=AgiSettings(port=unused_tcp_port)) as (office, _):
        live_through(office, NUISANCE, HARASSED)
        await office.learnt()
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(f"agi_network_script: screen\nagi_callerid: {NUMBER}\n\n".encode())
        said = await reader.readline()
        writer.write(b"200 result=1\n")
        said += await reader.readline()
        writer.close()
        assert said == b'SET VARIABLE HOTLINE_REASON "listed"\nSET VARIABLE HOTLINE_VERDICT "station"\n'
