"""When what was promised is due, and how a chain of promises goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from ari_app.errors import BrokenStandard
from ari_app.hours import Hours, Span
from ari_app.requests.clocks import Clock, Stage, at_night, begin, chain, due, overdue, to_the_minute
from ari_app.requests.clocks_file import ClocksFile
from ari_app.yamlfile import YamlFile
from tests.requests.office import ALWAYS, PROMISED, SHANGHAI, shanghai


def when(clock: str, started: str, agreed: str = "") -> datetime | None:
    return due(PROMISED[clock], shanghai(started), ALWAYS, shanghai(agreed) if agreed else None)


@pytest.mark.rule("S000-20")
def test_a_simple_complaint_is_answered_in_two_hours_a_complex_one_in_a_day() -> None:
    assert when("complaint-simple", "2026-11-24 15:00") == shanghai("2026-11-24 17:00")
    assert when("complaint-complex", "2026-11-24 15:00") == shanghai("2026-11-25 15:00")


@pytest.mark.rule("S004-U17")
def test_an_insistent_caller_for_somebody_in_a_meeting_is_tried_again_in_five_minutes() -> None:
    assert when("meeting-retry", "2026-11-24 15:00:40") == shanghai("2026-11-24 15:05:40")


@pytest.mark.rule("S004-I09", "S004-N13")
def test_who_got_goods_is_rung_on_the_same_day_and_before_nobody_may_be_rung() -> None:
    assert when("delivery-call", "2026-11-24 09:00") == shanghai("2026-11-24 22:00")
    assert when("delivery-call", "2026-11-24 00:00") == shanghai("2026-11-24 22:00")
    assert when("delivery-call", "2026-11-24 22:30") == shanghai("2026-11-25 00:00")  # the day ends with it


@pytest.mark.rule("S004-I10")
def test_a_purchase_is_followed_up_within_25_days_over_a_leap_day_too() -> None:
    assert when("purchase-call", "2026-11-24 09:00") == shanghai("2026-12-19 22:00")
    assert when("purchase-call", "2024-02-10 23:00") == shanghai("2024-03-06 22:00")


@pytest.mark.rule("S004-G04")
def test_a_reply_promised_in_days_is_due_on_that_day() -> None:
    assert when("reply-in-days", "2026-11-24 23:30") == shanghai("2026-11-27 22:00")


@pytest.mark.rule("S000-C12")
@pytest.mark.parametrize(
    ("filed", "reported"),
    [("11-24 23:10", "11-25 08:00"), ("11-25 02:10", "11-25 08:00"), ("11-25 07:59", "11-25 08:00"),
     ("11-25 08:00", "11-26 08:00"), ("11-25 12:00", "11-26 08:00")],
)  # fmt: skip
def test_what_comes_at_night_is_reported_the_next_morning(filed: str, reported: str) -> None:
    assert when("night-report", f"2026-{filed}") == shanghai(f"2026-{reported}")


@pytest.mark.rule("S004-O05")
def test_a_promised_time_is_the_due_time_and_without_one_nothing_is_due() -> None:
    assert when("promised", "2026-11-24 15:00") is None
    assert when("promised", "2026-11-24 15:00", "2026-11-26 10:30") == shanghai("2026-11-26 10:30")


def test_a_clock_without_a_figure_runs_and_is_never_due(tmp_path: Path) -> None:
    file = tmp_path / "standard.yaml"
    file.write_text("clocks:\n  c: {rule: [S000-23], from: restored, to: callback}\n", encoding="utf-8")
    clock = YamlFile(file, BrokenStandard).parse(_Standard).clocks["c"].clock("c")
    assert due(clock, shanghai("2026-11-24 15:00"), ALWAYS) is None
    assert clock.rule == "S000-23"


def test_a_promise_is_broken_in_the_minute_after_it() -> None:
    at = shanghai("2026-11-24 17:00")
    assert not overdue(at, at + timedelta(seconds=59.9))
    assert overdue(at, at + timedelta(seconds=60))
    assert not overdue(None, at)


BERLIN = Hours.always(ZoneInfo("Europe/Berlin"))


def test_minutes_are_real_minutes_when_the_clocks_change_and_days_are_days_on_the_wall() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN.zone)
    assert due(Clock("c", minutes=1440), before, BERLIN) == before.astimezone(UTC) + timedelta(hours=24)
    assert due(Clock("c", days=1), before, BERLIN) == datetime(2026, 3, 29, 22, 0, tzinfo=BERLIN.zone)
    assert due(Clock("c", next_day=480), before, BERLIN) == datetime(2026, 3, 29, 8, 0, tzinfo=BERLIN.zone)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([ALWAYS, BERLIN, Hours.always(ZoneInfo("Africa/Cairo"))]),
    st.one_of(
        st.floats(1, 100_000).map(lambda m: Clock("c", minutes=m)),
        st.integers(0, 366).map(lambda d: Clock("c", days=d)),
        st.integers(0, 1439).map(lambda m: Clock("c", next_day=m)),
    ),
)
def test_nothing_is_due_before_it_was_promised(started: datetime, hours: Hours, clock: Clock) -> None:
    at = due(clock, started, hours)
    assert at is not None and at > started
    assert clock.next_day is None or at - started <= timedelta(hours=25)


# ------------------------------------------------------------------ a fault's way


@pytest.mark.rule("S002-01", "S002-02", "S002-03", "S002-05", "S002-06")
def test_a_fault_goes_its_way_by_30_10_30_minutes_24_hours_and_20_minutes() -> None:
    clocks = chain(PROMISED, "fault-preprocess")
    assert [c.name for c in clocks] == [
        "fault-preprocess", "fault-dispatch", "engineer-reply", "fault-plan", "fault-clear",
    ]  # fmt: skip
    ran: list[Stage] = []
    walked = []
    for moment in ("09:00:42", "09:20:10", "09:29:59", "09:45", "11:00"):
        now = shanghai(f"2026-11-24 {moment}")
        if ran:
            ran[-1] = Stage(ran[-1].clock, ran[-1].started, ran[-1].due, to_the_minute(now))
        stage = begin(clocks, ran, now, ALWAYS)
        assert stage is not None and stage.due is not None
        ran.append(stage)
        walked.append(tuple(f"{at.astimezone(SHANGHAI):%d %H:%M:%S}" for at in (stage.started, stage.due)))
    assert walked == [
        ("24 09:00:00", "24 09:30:00"),
        ("24 09:20:00", "24 09:30:00"),
        ("24 09:29:00", "24 09:59:00"),
        ("24 09:29:00", "25 09:29:00"),  # the plan counts from the dispatch, not from the first reply (CON-39)
        ("24 11:00:00", "24 11:20:00"),
    ]
    assert [stage.kept for stage in ran] == [True, True, True, True, None]
    ran[-1] = Stage(ran[-1].clock, ran[-1].started, ran[-1].due, shanghai("2026-11-24 11:21"))
    assert ran[-1].kept is False
    assert begin(clocks, ran, shanghai("2026-11-24 12:00"), ALWAYS) is None


def test_a_clock_nobody_knows_is_no_chain_and_a_ring_of_clocks_ends() -> None:
    assert chain(PROMISED, "no-such-clock") == ()
    ring = {"a": Clock("a", minutes=1, then="b"), "b": Clock("b", minutes=1, then="a")}
    assert [clock.name for clock in chain(ring, "a")] == ["a", "b"]


@pytest.mark.rule("S000-C12")
def test_night_is_when_night_duty_has_the_telephone() -> None:
    office = Hours(SHANGHAI, workdays=(Span(510, 1050),))
    assert at_night(shanghai("2026-11-24 23:00"), ALWAYS) and at_night(shanghai("2026-11-24 06:59"), ALWAYS)
    assert not at_night(shanghai("2026-11-24 12:30"), ALWAYS)
    assert at_night(shanghai("2026-11-24 18:00"), office) and not at_night(shanghai("2026-11-24 10:00"), office)


# ------------------------------------------------------------------ as people write them


class _Standard(BaseModel):
    clocks: ClocksFile = {}


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("{minutes: 0}", "greater than 0"),
        ("{minutes: -5}", "greater than 0"),
        ("{minutes: .inf}", "finite"),
        ("{minutes: 5, days: 1}", "has minutes and days; write one of them"),
        ('{next_day: "25:00"}', "is no time of day"),
        ("{minutes: 5, then: nowhere}", "there is no such clock"),
        ("{minutes: 5, then: c}", "leads to itself again"),
        ("{minute: 5}", "typing mistake"),
    ],
)
def test_a_mistake_in_a_clock_is_told_in_one_line(tmp_path: Path, written: str, complaint: str) -> None:
    file = tmp_path / "standard.yaml"
    file.write_text(f"clocks:\n  c: {written}\n", encoding="utf-8")
    with pytest.raises(BrokenStandard) as told:
        YamlFile(file, BrokenStandard).parse(_Standard)
    assert complaint in str(told.value) and "\n" not in str(told.value)


def test_the_clock_of_the_documentation_is_read(tmp_path: Path) -> None:
    file = tmp_path / "standard.yaml"
    file.write_text(
        "clocks:\n  complaint-simple: {minutes: 120, rule: S000-20, from: complaint accepted, to: definite reply}\n",
        encoding="utf-8",
    )
    clock = YamlFile(file, BrokenStandard).parse(_Standard).clocks["complaint-simple"].clock("complaint-simple")
    assert clock == Clock(
        "complaint-simple", minutes=120, rule="S000-20", starts="complaint accepted", stops="definite reply"
    )
