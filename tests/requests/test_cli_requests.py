"""`hotline requests`: what people see and do."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ari_app.call import Kind
from ari_app.cli_requests import requests
from ari_app.errors import RequestRefused, StoreUnreachable
from ari_app.records.database import Database
from ari_app.requests.letter import URGENT, Letter
from ari_app.requests.showing import FORMULA
from ari_app.requests.store import Store
from tests.requests.office import NUMBER, OTHER, filing, posted

Hotline = Callable[..., Result]
NOW = datetime.now(UTC)


@pytest.fixture
def hotline(tmp_path: Path) -> Hotline:
    """Runs `hotline requests … -c hotline.yaml`."""
    config = tmp_path / "hotline.yaml"
    (tmp_path / "hotline.db").touch()  # a worker has run
    records = f"records: {{url: 'sqlite:///{tmp_path}/hotline.db'}}\n"
    config.write_text(f"standard: retail-showroom\n{records}", encoding="utf-8")

    def run(*arguments: str) -> Result:
        with_config = arguments if arguments[0] == "reply" else (arguments[0], "-c", str(config), *arguments[1:])
        return CliRunner().invoke(requests, with_config)

    return run


@pytest.fixture
def left(tmp_path: Path) -> Callable[..., None]:
    """Calls have left these behind."""

    def leave(*letters: Letter) -> None:
        async def do() -> None:
            database = await Database.open(f"sqlite:///{tmp_path}/hotline.db")
            for letter in letters:
                await Store(database).file(letter)
            await database.close()

        asyncio.run(do())

    return leave


def test_a_desk_that_is_not_there_is_told_of_and_not_empty(hotline: Hotline, tmp_path: Path) -> None:
    (tmp_path / "hotline.db").unlink()
    for looking in (["list"], ["due"], ["digest"], ["show", "1"], ["claim", "1"]):
        told = hotline(*looking)
        assert isinstance(told.exception, StoreUnreachable) and "no such file" in str(told.exception)
    assert not (tmp_path / "hotline.db").exists()


def ticket(clock: str = "complaint-simple", **more: object) -> Letter:
    at = more.pop("at", NOW)
    assert isinstance(at, datetime)
    return posted(at, filing(Kind.TICKET, clock, **more))


def test_an_empty_desk_says_so(hotline: Hotline) -> None:
    assert hotline("list").output == "nothing is open\n"
    assert hotline("digest").output == "nothing is open\n"
    late = hotline("due")
    assert (late.output, late.exit_code) == ("no promise is broken\n", 0)


def test_the_list_shows_what_is_open_and_what_is_late_and_hides_what_is_over(
    hotline: Hotline, left: Callable[..., None]
) -> None:
    left(ticket(at=NOW - timedelta(hours=3)), posted(NOW), posted(NOW, number=OTHER))
    hotline("done", "3", "--by", "li")
    told = hotline("list").output.splitlines()
    assert len(told) == 2
    assert told[0].startswith("#1  ticket  enquiry  due ") and "LATE" in told[0]
    assert told[1] == f"#2  callback  enquiry  no clock  {NUMBER}"
    assert "(done)" in hotline("list", "--all").output
    assert hotline("list", "--state", "done", "--json").output.count("\n") == 1
    late = hotline("due")
    assert late.exit_code == 1 and late.output.splitlines() == [told[0]]


@pytest.mark.rule("S000-C14")
def test_what_people_do_is_in_the_history_with_their_name(hotline: Hotline, left: Callable[..., None]) -> None:
    left(posted(NOW))
    assert hotline("claim", "1", "--by", "wang").output == "request 1 is yours\n"
    assert hotline("note", "1", "the", "engineer", "is", "asked", "--by", "wang").output == "noted at request 1\n"
    assert hotline("done", "1", "--by", "wang", "--note", "answered").output == "request 1 is done\n"
    told = hotline("show", "1").output
    assert "claimed (claimed) by wang" in told and "note (claimed) by wang  the engineer is asked" in told
    assert "done (done) by wang  answered" in told and NUMBER in told


@pytest.mark.parametrize(("text", "said"), [("", "is empty"), (" \n", "is empty"), ("x" * 2001, "at most 2000")])
def test_a_note_says_something_and_is_kept_whole(
    hotline: Hotline, left: Callable[..., None], text: str, said: str
) -> None:
    left(posted(NOW))
    refused = hotline("note", "1", text)
    assert isinstance(refused.exception, RequestRefused) and said in str(refused.exception)
    assert "note (" not in hotline("show", "1").output
    assert hotline("note", "1", "x" * 2000).exit_code == 0


@pytest.mark.rule("S002-01", "S002-02")
def test_a_fault_is_advanced_from_the_command_line(hotline: Hotline, left: Callable[..., None]) -> None:
    left(ticket("fault-preprocess"))
    assert hotline("advance", "1", "--by", "li").output.startswith("request 1: fault-dispatch runs, due ")
    told = hotline("show", "1").output
    assert "fault-preprocess:" in told and "pre-processed, in time [S002-01]" in told
    assert "fault-dispatch:" in told and "runs [S002-02]" in told
    for _ in range(3):
        hotline("advance", "1")
    assert hotline("advance", "1").output == "request 1 is done: its last clock was stopped\n"


@pytest.mark.rule("S004-O05")
def test_a_promised_time_is_by_the_wall_of_the_request(hotline: Hotline, left: Callable[..., None]) -> None:
    left(posted(NOW))
    assert hotline("promise", "1", "2031-03-01 15:00").output == "request 1 is promised for 2031-03-01 15:00\n"
    assert "promised for  2031-03-01 15:00" in hotline("show", "1").output


def test_what_cannot_be_done_is_one_line_and_no_traceback(hotline: Hotline, left: Callable[..., None]) -> None:
    left(posted(NOW))
    hotline("cancel", "1")
    again = hotline("done", "1")
    assert isinstance(again.exception, RequestRefused)  # `hotline` prints it and exits 1
    assert str(again.exception) == "request 1 is cancelled: it cannot become done"
    assert "there is no request 99" in str(hotline("show", "99").exception)
    assert hotline("show", "-1").exit_code == 2
    assert hotline("show", "99999999999999999999").exit_code == 2


@pytest.mark.rule("S004-C04")
def test_the_digest_collects_for_each_reader_and_leaves_what_was_urgent_apart(
    hotline: Hotline, left: Callable[..., None]
) -> None:
    left(
        posted(NOW, filing(Kind.MESSAGE, to="leader", procedure="meeting")),
        posted(NOW, filing(Kind.MESSAGE, to="leader", procedure="visit")),
        posted(NOW, filing(Kind.MESSAGE, to="leader", procedure="fire", taken={URGENT: "1"})),
        ticket(to="repair", at=NOW - timedelta(hours=3)),
    )
    told = [" ".join(line.split("  ")[:4]).strip() for line in hotline("digest").output.splitlines()]
    assert told == [
        "urgent, told at once and still open: 1", "#3 message fire", "for leader: 2, 0 late",
        "#1 message meeting", "#2 message visit", "for repair: 1, 1 late", "#4 ticket enquiry",
    ]  # fmt: skip
    assert "for leader" not in hotline("digest", "--to", "repair").output


@pytest.mark.rule("S000-C12")
def test_the_report_of_the_night_has_what_came_at_night_and_is_still_open(
    hotline: Hotline, left: Callable[..., None]
) -> None:
    night, day = datetime(2026, 1, 10, 16, 30, tzinfo=UTC), datetime(2026, 1, 11, 3, 0, tzinfo=UTC)  # 00:30 and 11:00
    left(
        posted(night, filing(Kind.TICKET, "night-report", procedure="smell")),
        posted(night, filing(Kind.TICKET, procedure="solved")),
        posted(night, filing(Kind.ALERT, procedure="fire")),
        posted(day, filing(Kind.TICKET, procedure="by-day")),
    )
    hotline("done", "2")
    told = hotline("digest", "--night").output
    assert "smell" in told and "due 01-11 08:00" in told
    assert not any(word in told for word in ("solved", "fire", "by-day"))


def test_no_cell_of_the_export_is_a_formula_and_all_of_it_is_there(
    hotline: Hotline, left: Callable[..., None], tmp_path: Path
) -> None:
    for n, nasty in enumerate(("=cmd|'/c calc'!A0", "@SUM(1)", "-2+3", "+1", '"a", "b"', "%0A=1")):
        left(posted(NOW, filing(Kind.MESSAGE, to=nasty, recording=nasty, procedure=f"p{n}"), number=nasty))
    left(posted(NOW))
    rows = list(csv.DictReader(io.StringIO(hotline("export", "--csv").output)))
    assert [row["id"] for row in rows] == [str(n) for n in range(1, 8)]
    assert rows[6]["number"] == f"'{NUMBER}"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(FORMULA)]
    assert rows[4]["to"] == '"a", "b"'
    file = tmp_path / "out.csv"
    assert hotline("export", "--csv", "-o", str(file)).output == f"7 requests written to {file}\n"
    assert file.read_bytes().startswith(b"\xef\xbb\xbfid,kind,")
    assert "cannot be written" in str(hotline("export", "--csv", "-o", str(tmp_path / "no" / "x.csv")).exception)
    assert hotline("export", "--csv", "--since", "2099-01-01").output.count("\n") == 1


def test_machines_get_one_object_a_line(hotline: Hotline, left: Callable[..., None]) -> None:
    left(posted(NOW), ticket())
    told = [json.loads(line) for line in hotline("list", "--json").output.splitlines()]
    assert {(one["id"], one["kind"], one["late"]) for one in told} == {(1, "callback", False), (2, "ticket", False)}


@pytest.mark.rule("S004-E02", "S004-E03")
def test_a_reply_is_drafted_and_one_with_a_gap_is_not(hotline: Hotline) -> None:
    words = ("--unit", "市税务局", "--department", "纳税处", "--enterprise", "某某公司", "--content", "可以网上办理")
    told = hotline("reply", "enquiry", *words, "--attitude", "满意", "--at", "2026-11-04 09:40").output
    assert told.startswith("市税务局纳税处工作人员2026年11月04日09时电话联系某某公司企业来电人，就企业咨询问题")
    gap = hotline("reply", "complaint", *words, "--attitude", " ")
    assert gap.exit_code == 2 and "a reply needs its attitude" in gap.output
    assert hotline("reply", "complaint", *words, "--attitude", "x", "--zone", "Mars/X").exit_code == 2


@pytest.mark.rule("S004-I09", "S004-I10")
def test_a_follow_up_call_is_filed_by_whoever_delivers_and_sells(hotline: Hotline) -> None:
    filed = hotline("add", "13800138000", "--why", "delivery-call", "--within", "0", "--rule", "S004-I09").output
    assert filed.startswith("request 1 is filed, due ")
    hotline("add", "13900139000", "--why", "purchase-call", "--within", "25", "--after", "20", "--by", "shop")
    told = hotline("show", "2").output
    assert "purchase-call:" in told and "not before" in told
    assert (
        "filed (open) by shop  purchase-call, added by hand" in told and "by hand, for purchase-call of retail" in told
    )
    assert "by call" not in told and "by procedure" not in told
    today, later = (json.loads(line) for line in hotline("list", "--json").output.splitlines())
    days = (datetime.fromisoformat(later["due"]) - datetime.fromisoformat(today["due"])).days
    assert days in (24, 25)  # late in the evening today's call is due at midnight


def test_a_request_added_by_hand_has_the_clock_of_its_reason(hotline: Hotline) -> None:
    """It was filed with no clock, so that nothing was ever due (a newcomer's finding)."""
    assert "is filed, due " in hotline("add", "13800138000", "--why", "complaint-simple").output
    hotline("add", "13900139000", "--why", "purchase-call", "--after", "20", "--by-hand")
    hotline("add", "13700137000", "--why", "complaint-simple", "--within", "3", "--rule", "ours")
    told = {one["id"]: one for one in map(json.loads, hotline("list", "--json").output.splitlines())}
    filed, until = (datetime.fromisoformat(told[1][name]) for name in ("filed", "due"))
    assert (told[1]["clock"], until - filed) == ("complaint-simple", timedelta(minutes=120))
    days = {n: (datetime.fromisoformat(told[n]["due"]) - filed).days for n in (2, 3)}
    assert days[2] in (24, 25) and days[3] in (2, 3)
    assert "[S000-20]" in hotline("show", "1").output and "[ours]" in hotline("show", "3").output
    assert hotline("add", "13600136000", "--why", "failure-callback").output == (
        "request 4 is filed, with no due time\n"  # the standard prints no figure
    )


def test_nobody_is_to_be_rung_later_than_by_when(hotline: Hotline) -> None:
    for days in (("--after", "9", "--within", "5"), ("--after", "2")):
        refused = hotline("add", "13800138000", "--why", "complaint-simple", *days)
        assert isinstance(refused.exception, RequestRefused), refused.output
        assert str(refused.exception).startswith("it would be due ") and "\n" not in str(refused.exception)
    assert hotline("list").output == "nothing is open\n"
    assert hotline("add", "13800138000", "--why", "complaint-simple", "--after", "5", "--within", "5").exit_code == 0


@pytest.mark.parametrize("why", ["nope", "dropped-call"])  # of a line that broke off its caller is rung at any hour
def test_a_reason_the_standard_does_not_know_is_refused_with_those_it_knows(hotline: Hotline, why: str) -> None:
    told = str(hotline("add", "13800138000", "--why", why).exception)
    assert told.startswith("the standard 'retail-showroom' knows no such reason; it has: complaint-by-class, ")
    assert "delivery-call" in told and "dropped-call" not in told and "\n" not in told
    assert hotline("list").output == "nothing is open\n"


def test_nothing_is_promised_for_a_time_that_is_over(hotline: Hotline, left: Callable[..., None]) -> None:
    left(posted(NOW))
    refused = hotline("promise", "1", "2020-03-01 15:00")
    assert isinstance(refused.exception, RequestRefused)
    assert str(refused.exception) == "2020-03-01 15:00 is over: nobody can be rung by then any more"
    assert "no clock" in hotline("list").output


def test_a_number_that_is_not_rung_is_refused_before_anything_is_filed(hotline: Hotline) -> None:
    refused = hotline("add", "4001234567", "--why", "purchase-call", "--within", "25")
    assert isinstance(refused.exception, RequestRefused) and "allowed_prefixes" in str(refused.exception)
    assert "4001234567" not in str(refused.exception)
    assert hotline("list").output == "nothing is open\n"
