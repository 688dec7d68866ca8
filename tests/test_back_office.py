"""The office beside the calls: whatever happens to files, a call that is over leaves its record."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ari_app import back_office
from ari_app.ami.drops import Drop
from ari_app.back_office import BackOffice
from ari_app.call import Arrival, CallId, Filing, Kind
from ari_app.config import Configuration
from ari_app.front_office import Stint
from ari_app.journal import Journal, Place, What
from ari_app.records import ledger
from ari_app.records.database import Database
from ari_app.records.settings import RecordsSettings
from ari_app.register.live import LiveRegister
from ari_app.register.store import Store
from ari_app.requests.settings import RequestsSettings
from ari_app.requests.store import Store as RequestStore
from ari_app.standard import Standard, load
from tests.records.conftest import stubborn
from tests.records.stubborn import ASKED, Stubborn
from tests.standards import WRITTEN, write

__all__ = ["stubborn"]


def configured(folder: Path) -> Configuration:
    return Configuration(
        records=RecordsSettings(url=f"sqlite:///{folder}/calls.db", spool=str(folder / "records")),
        requests=RequestsSettings(spool=str(folder / "requests")),
    )


def finished(standard: Standard, end: What) -> Stint:
    """A call in which the silent ladder was climbed."""
    journal = Journal(asyncio.get_running_loop().time)
    journal.enter(Place("silent"))
    journal.note(end)
    return Stint(CallId("c1"), Arrival(number="13800138000"), standard, 0.0, journal)


async def test_a_call_is_recorded_while_somebody_breaks_the_standard(tmp_path: Path) -> None:
    """A worker keeps the standard it has; the first call that ends asks the file for its sentences."""
    home = write(tmp_path)
    standard = load(home)
    async with BackOffice.open(configured(tmp_path), standard) as office:
        (home / "standard.yaml").write_text(WRITTEN.replace("wait: 5", "wait: five"))
        office.over(finished(standard, What.HANG_UP))
        assert office._ledger.counts.kept == 1


async def kept(tmp_path: Path, *filings: Filing) -> list[tuple[str, str]]:
    """What people find when a call has filed this, each with another worker: whom to ring, and what was said."""
    standard, config = load(write(tmp_path)), configured(tmp_path)
    for filing in filings:
        async with BackOffice.open(config, standard) as office:
            office.file(finished(standard, What.HAND_OFF), filing)
    database = await Database.open(config.records.database)
    listed = await RequestStore(database).listing()
    await database.close()
    return [(request.given, request.recording) for request in listed]


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "the first one was in a spool meanwhile"])
async def test_what_an_adopted_call_files_again_is_filed_once(tmp_path: Path, order: int) -> None:
    """Its worker died after it had filed; whoever adopts the call knows neither keys nor recording."""
    taken = {"number": "13900139000"}
    first = Filing(Kind.MESSAGE, "message", taken=taken, recording="first", key="a 1")
    again = Filing(Kind.MESSAGE, "message", key="a 1")
    assert await kept(tmp_path, *(first, again)[::order]) == [("13900139000", "first")]


@pytest.mark.parametrize("kind", [Kind.TICKET, Kind.CALLBACK])
async def test_what_is_filed_twice_on_one_call_is_there_twice(tmp_path: Path, kind: Kind) -> None:
    """A second complaint was taken for the first one again; so was a number that was corrected."""
    wrong, right = (Filing(kind, "complaint", taken={"number": f"1390013900{n}"}, key=f"a {n}") for n in (1, 2))
    assert await kept(tmp_path, wrong, right) == [("13900139001", ""), ("13900139002", "")]


@pytest.mark.parametrize(("end", "marks"), [
    (What.HANG_UP, 1),
    (What.CALLER_HUNG_UP, 1),
    (What.HAND_OFF, 0),
    (What.RESCUED, 0),  # it broke: the caller may be speaking with an agent
    (What.SILENCE, 0),  # another worker has taken it
])  # fmt: skip
async def test_a_silent_call_counts_when_it_has_ended_in_silence(tmp_path: Path, end: What, marks: int) -> None:
    standard = load(write(tmp_path))
    office = BackOffice(configured(tmp_path), standard)
    database = await Database.open(f"sqlite:///{tmp_path}/calls.db")
    office._register = LiveRegister(Store(database))
    office.over(finished(standard, end))
    assert office._register._jobs.qsize() == marks
    await database.close()


# ------------------------------------------------------------------ a driver that does not end when it is cancelled


async def test_an_office_closes_though_a_driver_never_ends_and_says_what_did_not(
    stubborn: Stubborn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(back_office, "CLOSES_WITHIN", 0.1)
    monkeypatch.setattr(ledger, "LAST_TRY", 0.1)

    async def come_and_go() -> None:
        async with BackOffice.open(configured(tmp_path), load(write(tmp_path))):
            await stubborn.asked.wait()

    coming = asyncio.create_task(come_and_go())
    await asyncio.wait((coming,), timeout=20)
    assert coming.done()
    (told,) = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
    assert told.startswith("told to end, and not waited for any longer: records")


def test_a_worker_that_is_told_to_stop_is_gone_though_a_driver_never_ends(tmp_path: Path) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text(f"ari: {{url: 'http://127.0.0.1:9', password: x}}\nrecords: {{spool: '{tmp_path}'}}\n")
    environment = os.environ | {"HOTLINE_RECORDS_URL": f"sqlite:///{tmp_path}/calls.db"}
    command = [sys.executable, "-m", "tests.records.stubborn", "run", "-c", str(file)]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1], env=environment
    ) as worker:
        assert worker.stderr is not None
        said = ""
        while not (ASKED in said and "does not answer" in said):
            line = worker.stderr.readline()
            assert line, said
            said += line
        worker.send_signal(signal.SIGTERM)
        try:
            _, said = worker.communicate(timeout=30)
        finally:
            worker.kill()
    assert worker.returncode == 0
    assert "stopped without waiting any longer for: " in said and "Traceback" not in said


async def test_a_call_is_measured_by_the_standard_it_was_served_by_whatever_number_that_bears(tmp_path: Path) -> None:
    """Read anew without a new `version`, waits that were kept were once told as broken."""
    home = write(tmp_path)
    before = load(home)
    (home / "standard.yaml").write_text(WRITTEN.replace("wait: 5", "wait: 8"))
    after = load(home)
    office = BackOffice(configured(tmp_path), before)
    old, new = (office._prescribed(spoken) for spoken in (before, after))
    assert 8.0 not in old.waits.values() and 8.0 in new.waits.values()
    assert office._prescribed(before) is old and office._prescribed(after) is new


async def test_whose_line_breaks_after_a_reload_is_rung_by_the_new_standard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = load(write(tmp_path)), load(write(tmp_path))
    office, told = BackOffice(configured(tmp_path), before), list[Standard]()
    monkeypatch.setattr(office._desk, "dropped", lambda call, number, agent, spoken: told.append(spoken))
    office._drop(Drop("1.1", "PJSIP/agent-001", "13800138000"))
    office.standard = after
    office._drop(Drop("1.2", "PJSIP/agent-001", "13800138000"))
    assert [spoken is after for spoken in told] == [False, True]
