"""`hotline calls` and `hotline report`, as an admin types them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ari_app import config as configuration
from ari_app.call import Arrival
from ari_app.cli_calls import bounds, calls
from ari_app.cli_report import report
from ari_app.errors import BrokenConfiguration, StoreUnreachable
from ari_app.records.csvfile import COLUMNS, DANGEROUS, harmless
from ari_app.records.database import Database
from ari_app.records.facts import CallRecord, Outcome, Service, Side
from ari_app.records.prescriptions import of_standard
from ari_app.records.record import fold
from ari_app.records.settings import RecordsSettings
from ari_app.records.store import Calls, parse
from ari_app.rehearsal.twin import rehearse
from tests import callers
from tests.records.records import HOSTILE, call
from tests.standards import rounded

NOON = datetime(2026, 11, 24, 12).astimezone().timestamp()


def configure(folder: Path, *, url: str = "", more: str = "") -> Path:
    file = folder / "hotline.yaml"
    file.write_text(f"records:\n  url: {url or f'sqlite:///{folder}/hotline.db'}\n{more}")
    return file


def load(file: Path | None) -> RecordsSettings:
    return configuration.load(file).records


def recorded(config: Path, *records: CallRecord) -> None:
    async def add() -> None:
        database = await Database.open(load(config).database)
        await Calls(database).add(records)
        await database.close()

    asyncio.run(add())


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A day with one silent call, one with an agent, one hostile; and a call of the day before."""
    file = configure(tmp_path, more="  numbers: clear\n")
    standard = rounded(tmp_path)
    silent, speaks = (
        fold(
            rehearse(standard, script).journal, call_id=call_id, worker="1", began=NOON + at,
            arrival=Arrival(number=number, dialled="100"), standard="round", version=1, language="en",
            prescriptions=of_standard(standard), settings=load(file),
        )
        for script, call_id, at, number in (
            (callers.SILENT, "silent.1", 0, "13800138000"), (callers.SPEAKS_AT_ONCE, "speaks.1", 60, "+4930123456"),
        )
    )  # fmt: skip
    queue = CallRecord("speaks.1", (), (Service("queue-1", NOON + 65, "hotline", 7.5, "PJSIP/7001", 42, Side.CALLER),))
    hostile = call(3, began=NOON + 120, caller=HOSTILE, dialled=HOSTILE, worker=HOSTILE)
    recorded(file, silent, speaks, queue, hostile, call(4, began=NOON - 86400))
    return file


def run(command: Any, *arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)


def listed(*arguments: str | Path) -> list[str]:
    found = run(calls, "list", "--json", *arguments)
    assert found.exit_code == 0
    return [parse(json.dumps(record).encode()).id for record in json.loads(found.output)["calls"]]


@pytest.mark.rule("S004-T01")
def test_calls_are_listed_newest_last_and_found_by_day_number_and_outcome(config: Path) -> None:
    day = ("-c", config, "--day", "2026-11-24")
    assert listed(*day)[:2] == ["silent.1", "speaks.1"] and len(listed(*day)) == 3
    assert listed("-c", config) == ["1-4", *listed(*day)]
    assert listed("-c", config, "--number", "+4930123456") == ["speaks.1"]
    assert listed("-c", config, "--number", "100", "--outcome", "released") == ["silent.1"]
    for outcome in Outcome:  # each that is written can be asked for: `refused` could not
        listed("-c", config, "--outcome", outcome)
    assert listed("-c", config, "--last", "1") == listed(*day)[2:]
    assert listed("-c", config, "--day", "2025-01-01") == []


def test_a_hashed_number_is_found_by_the_number(tmp_path: Path) -> None:
    file = configure(tmp_path, more="  numbers: hash\n  secret: a secret of some length\n")
    hashed = fold([], call_id="1", worker="1", began=NOON, arrival=Arrival(number="13800138000"), settings=load(file))
    recorded(file, hashed)
    assert listed("-c", file, "--number", "13800138000") == ["1"]
    assert "13800138000" not in run(calls, "list", "-c", file, "--json").output


def test_the_list_is_a_line_per_call(config: Path) -> None:
    lines = run(calls, "list", "-c", config).output.splitlines()
    assert len(lines) == 5
    assert lines[0].split()[0] == "ID"
    assert lines[3].split()[:3] == ["speaks.1", "2026-11-24", "12:01:00"]
    assert all(word in lines[3] for word in ("PJSIP/7001", "7.5", "answered", "caller"))


def test_a_call_is_shown_as_a_timeline(config: Path) -> None:
    shown = run(calls, "show", "-c", config, "silent.1").output
    assert (
        shown
        == """\
call silent.1
  2026-11-24 12:00:00, 33.3 s
  caller 13800138000, dialled 100
  standard round version 1, en

    0.00  with us, by door incoming, worker 1
    0.00    greeting
    0.00      say   greeting                   5.30 s
    5.30      wait  silence                    5.00 s  rule 5 s: kept
   10.30    silent
   10.30      say   offer                      2.00 s
   12.30      wait  silence                    5.00 s  rule 5 s: kept
   17.30      say   offer                      2.00 s
   19.30      wait  silence                    5.00 s  rule 5 s: kept
   24.30      say   no-sound                   4.00 s
   28.30      wait  silence                    5.00 s  rule 5 s: kept
   33.30    we hung up

outcome released; we hung up; waits kept 4 of 4
"""
    )


def test_a_call_with_an_agent_is_shown_to_its_end(config: Path) -> None:
    shown = run(calls, "show", "-c", config, "speaks.1").output
    assert shown.splitlines()[-7:] == [
        "",
        "    5.00  in queue hotline: waited 7.5 s",
        "   12.50    agent PJSIP/7001 answered",
        "   54.50    talked 42.0 s",
        "   54.50    the caller hung up",
        "",
        "outcome answered; the caller hung up; waits kept 0 of 0",
    ]


def test_the_table_for_spreadsheets_has_no_formula_in_it(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "calls.csv"
    assert run(calls, "export", "-c", config, "--csv", "--out", out).exit_code == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    printed = run(calls, "export", "-c", config, "--csv").output
    rows = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"), newline="")))
    assert rows == list(csv.reader(io.StringIO(printed, newline="")))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 5
    assert not [cell for row in rows for cell in row if cell.startswith(DANGEROUS)]
    by_id = {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]}
    assert by_id["speaks.1"]["caller"] == "'+4930123456"
    assert by_id["speaks.1"]["queue wait"] == "7.5"


def test_hostile_text_is_shown_and_does_nothing(config: Path) -> None:
    for command in (("list",), ("list", "--json"), ("export", "--csv"), ("show", listed("-c", config)[-1])):
        shown = run(calls, command[0], "-c", config, *command[1:])
        assert shown.exit_code == 0
        assert not set(shown.output) & set("\x1b\x00\x07\ud800")
    assert "DROP TABLE" in run(calls, "list", "-c", config).output


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", " =1", "＝1", "|x"])
def test_a_cell_that_might_be_a_formula_is_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless(f"x{cell}") == f"x{cell}"


def test_a_report_is_of_a_day_and_says_how_it_reckons(config: Path) -> None:
    shown = run(report, "-c", config, "--day", "2026-11-24").output
    assert shown.startswith("2026-11-24: 3 calls\n")
    assert "S000-15 S001-01" in shown and "answered by an agent within 20 s / answered" in shown
    told = json.loads(run(report, "-c", config, "--day", "2026-11-24", "--within", "5", "--json").output)
    kpis = {kpi["id"]: kpi for kpi in told["kpis"]}
    assert (told["day"], told["calls"], kpis["service_level"]["value"]) == ("2026-11-24", 3, 0)
    assert kpis["average_wait"]["value"] == 7.5 and kpis["own_release_violations"]["met"] is True
    assert json.loads(run(report, "-c", config, "--day", "2020-01-01", "--json").output)["calls"] == 0


def test_a_database_that_is_not_there_is_told_of_and_not_made(tmp_path: Path) -> None:
    file = configure(tmp_path)
    for command, arguments in ((calls, ["list"]), (calls, ["export", "--csv"]), (report, [])):
        with pytest.raises(StoreUnreachable, match="no such file"):
            CliRunner().invoke(command, [*arguments, "-c", str(file)], catch_exceptions=False)
    assert not (tmp_path / "hotline.db").exists()


def test_a_call_that_is_not_there_is_told_of(config: Path) -> None:
    with pytest.raises(StoreUnreachable, match="no such call"):
        run(calls, "show", "-c", config, "nobody")


def test_a_full_disk_is_one_line_for_who_exports(config: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this machine")
    told = run(calls, "export", "-c", config, "--csv", "--out", "/dev/full")
    assert told.exit_code == 1 and told.output.startswith("Error: Could not open file")


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("records: {url: 'mysql://root:hush@h/x'}", "url"),
        ("records: {numbers: hash}", "HOTLINE_RECORDS_SECRET"),
        ("records: {numbers: hash, secret: hush}", "16 characters"),
        ("records: {keep_days: 0}", "keep_days"),
        ("records: {keep_day: 7}", "keep_day"),
    ],
)
def test_a_mistake_in_the_configuration_is_one_line_with_its_place(tmp_path: Path, written: str, wrong: str) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text(f"worker: '1'\n{written}\n")
    with pytest.raises(BrokenConfiguration) as told:
        load(file)
    message = str(told.value)
    assert f"{file}:2: records" in message and wrong in message and "\n" not in message and "hush" not in message


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text("records: {numbers: hash, url: 'sqlite:///here.db'}\n")
    monkeypatch.setenv("HOTLINE_RECORDS_SECRET", "a secret of some length")
    monkeypatch.setenv("HOTLINE_RECORDS_URL", "sqlite:///there.db")
    assert (load(file).database, load(file).numbers) == ("sqlite:///there.db", "hash")
    assert load(None).database == "sqlite:///there.db"


def test_without_a_word_records_are_in_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTLINE_RECORDS_URL", raising=False)
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/hotline")
    assert load(None).database == "sqlite:////var/lib/hotline/hotline.db"
    assert str(load(None).spool_folder) == "/var/lib/hotline/spool"


def test_a_day_is_from_midnight_to_midnight() -> None:
    since, until = bounds(datetime(2026, 11, 24))
    assert since is not None and until is not None
    assert since <= NOON < until and until - since == 86400


def test_the_database_file_can_be_copied_and_looked_at_elsewhere(config: Path, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "hotline.db", tmp_path / "copy.db")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert len(listed("-c", configure(elsewhere, url=f"sqlite:///{tmp_path}/copy.db"))) == 4
