"""When the hotline is attended, how the clock greets, and when nobody may be rung."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from ari_app.errors import BrokenStandard
from ari_app.hours import DAY, QUIET, Daypart, Hours, Opening, Span
from ari_app.hours_file import HoursFile
from ari_app.yamlfile import YamlFile

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
CAIRO = ZoneInfo("Africa/Cairo")  # its summer time begins at midnight: 00:00 does not exist on that day
OFFICE = HoursFile.model_validate(
    {"zone": "Asia/Shanghai", "workdays": ["08:30-12:00", "13:00-17:30"], "lunch": ["12:00-13:00"],
     "holidays": "CN", "closed_on": ["2026-12-24"], "open_on": ["2026-11-28"]}
).hours()  # fmt: skip
ZONES = st.sampled_from([SHANGHAI, BERLIN, CAIRO, ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe")])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


# ------------------------------------------------------------------ open, lunch, closed


@pytest.mark.rule("S004-B01")
@pytest.mark.parametrize(
    ("moment", "met"),
    [
        ("2026-11-24 08:29:59", Opening.CLOSED),
        ("2026-11-24 08:30", Opening.OPEN),
        ("2026-11-24 11:59:59", Opening.OPEN),
        ("2026-11-24 12:00", Opening.LUNCH),
        ("2026-11-24 13:00", Opening.OPEN),
        ("2026-11-24 17:29:59.999999", Opening.OPEN),
        ("2026-11-24 17:30", Opening.CLOSED),
        ("2026-11-24 00:00", Opening.CLOSED),
        ("2026-11-29 10:00", Opening.CLOSED),  # Sunday
        ("2026-11-29 12:30", Opening.CLOSED),  # nobody lunches on a closed day
        ("2026-11-28 10:00", Opening.OPEN),  # a Saturday the admin opened
        ("2026-12-24 10:00", Opening.CLOSED),  # a Thursday the admin closed
        ("2026-02-17 10:00", Opening.CLOSED),  # spring festival, a Tuesday
        ("2026-02-14 10:00", Opening.OPEN),  # a Saturday worked for it
        ("2026-02-14 12:30", Opening.LUNCH),
    ],
)
def test_what_a_caller_meets(moment: str, met: Opening) -> None:
    assert OFFICE.at(shanghai(moment)) is met


def test_a_worked_weekend_in_december_is_known_from_next_years_decree() -> None:
    assert OFFICE.of_day(date(2005, 12, 31)) == OFFICE.workdays


def test_the_zone_of_the_moment_does_not_matter() -> None:
    assert OFFICE.at(datetime(2026, 11, 24, 0, 30, tzinfo=UTC)) is Opening.OPEN
    assert OFFICE.at(datetime(2026, 11, 24, 1, 30, tzinfo=BERLIN)) is Opening.OPEN


def test_lunch_within_the_hours_is_lunch_and_outside_them_it_is_not() -> None:
    hours = Hours(SHANGHAI, workdays=(Span(510, 1050),), saturday=(Span(840, 960),), lunch=(Span(720, 780),))
    assert hours.at(shanghai("2026-11-24 12:30")) is Opening.LUNCH
    assert hours.at(shanghai("2026-11-28 12:30")) is Opening.CLOSED


@given(MOMENTS, ZONES)
def test_always_open_is_open_at_every_moment(moment: datetime, zone: ZoneInfo) -> None:
    hours = Hours.always(zone)
    assert hours.at(moment) is Opening.OPEN
    assert hours.next_opening(moment) == moment


# ------------------------------------------------------------------ the next opening


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-24 10:00:30", "2026-11-24 10:00:30"),
        ("2026-11-24 12:10:30", "2026-11-24 13:00"),
        ("2026-11-24 17:30", "2026-11-25 08:30"),
        ("2026-11-27 20:00", "2026-11-28 08:30"),
        ("2026-11-28 20:00", "2026-11-30 08:30"),
        ("2026-12-23 18:00", "2026-12-25 08:30"),
        ("2026-09-30 18:00", "2026-10-08 08:30"),  # national week
        ("2024-02-28 23:59:59", "2024-02-29 08:30"),  # a leap day is a day
    ],
)
def test_the_next_opening(moment: str, opens: str) -> None:
    assert OFFICE.next_opening(shanghai(moment)) == shanghai(opens)


def test_hours_that_never_come_again_are_told_as_none() -> None:
    assert Hours(SHANGHAI, workdays=()).next_opening(shanghai("2026-11-24 10:00")) is None


def test_an_opening_in_the_hour_that_spring_skips_is_at_the_first_moment_that_exists() -> None:
    hours = Hours(BERLIN, (), (), sunday=(Span(150, 300),))  # 02:30 to 05:00
    assert hours.next_opening(berlin("2026-03-28 12:00")) == berlin("2026-03-29 03:00")


def test_an_opening_in_the_hour_that_autumn_repeats_is_at_its_first_time() -> None:
    hours = Hours(BERLIN, (), (), sunday=(Span(150, 180),))
    first, again = (berlin("2026-10-25 02:30", fold=fold).astimezone(UTC) for fold in (0, 1))
    assert hours.next_opening(berlin("2026-10-24 12:00")) == first
    assert hours.next_opening(first + timedelta(minutes=31)) == again


def test_a_day_whose_midnight_does_not_exist_begins_with_its_first_moment() -> None:
    hours = Hours.always(CAIRO)
    assert hours.midnight(date(2024, 4, 26)) == datetime(2024, 4, 25, 22, 0, tzinfo=UTC)
    assert hours.today(hours.midnight(date(2024, 4, 26))) == date(2024, 4, 26)


SPANS = st.tuples(st.integers(0, DAY - 1), st.integers(1, 300)).map(lambda s: (Span(s[0], min(DAY, s[0] + s[1])),))


@given(MOMENTS, ZONES, SPANS, SPANS)
def test_the_next_opening_is_open_and_no_minute_before_it_is(
    moment: datetime, zone: ZoneInfo, workdays: tuple[Span, ...], sunday: tuple[Span, ...]
) -> None:
    hours = Hours(zone, workdays, (), sunday)
    opens = hours.next_opening(moment)
    assert opens is not None and opens >= moment
    assert hours.at(opens) is Opening.OPEN
    before = opens - timedelta(microseconds=1)
    assert before < moment or hours.at(before) is not Opening.OPEN
    assert opens - moment <= timedelta(days=4)


# ------------------------------------------------------------------ greeting


@pytest.mark.rule("S004-H01")
@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ("04:59:59", Daypart.EVENING), ("05:00", Daypart.MORNING), ("11:59", Daypart.MORNING),
        ("12:00", Daypart.AFTERNOON), ("17:59", Daypart.AFTERNOON), ("18:00", Daypart.EVENING),
        ("23:59", Daypart.EVENING), ("00:00", Daypart.EVENING),
    ],
)  # fmt: skip
def test_the_clock_chooses_the_greeting(clock: str, part: Daypart) -> None:
    assert OFFICE.daypart(shanghai(f"2026-11-24 {clock}")) is part


# ------------------------------------------------------------------ quiet hours


@pytest.mark.rule("S004-N13")
@pytest.mark.parametrize(
    ("clock", "allowed"),
    [
        ("06:59:59", False), ("07:00", True), ("11:59:59", True), ("12:00", False), ("12:59:59", False),
        ("13:00", True), ("21:59:59", True), ("22:00", False), ("00:00", False),
    ],
)  # fmt: skip
def test_nobody_is_rung_at_night_or_at_noon(clock: str, allowed: bool) -> None:
    assert OFFICE.may_dial(shanghai(f"2026-11-28 {clock}")) is allowed


@pytest.mark.rule("S004-N13")
def test_a_call_that_may_not_be_made_now_waits_for_the_end_of_the_quiet() -> None:
    assert OFFICE.next_dialling(shanghai("2026-11-24 22:00")) == shanghai("2026-11-25 07:00")
    assert OFFICE.next_dialling(shanghai("2026-11-24 12:20:10")) == shanghai("2026-11-24 13:00")
    assert OFFICE.next_dialling(shanghai("2026-11-24 15:00:10")) == shanghai("2026-11-24 15:00:10")


@pytest.mark.rule("S004-N13")
@given(MOMENTS, ZONES)
def test_the_next_dialling_is_the_first_allowed_moment(moment: datetime, zone: ZoneInfo) -> None:
    hours = Hours.always(zone)
    allowed = hours.next_dialling(moment)
    assert moment <= allowed <= moment + timedelta(hours=10, minutes=1)
    assert hours.may_dial(allowed)
    assert allowed == moment or not hours.may_dial(allowed - timedelta(microseconds=1))


@pytest.mark.rule("S004-N13", "S004-B01")
def test_a_callback_needs_an_agent_and_a_caller_who_may_be_rung() -> None:
    early = Hours(SHANGHAI, workdays=(Span(360, 1380),))  # 06:00 to 23:00
    for quiet in ("11-24 06:59", "11-24 12:10", "11-24 22:00", "11-28 10:00"):  # a Saturday
        assert not early.may_call_back(shanghai(f"2026-{quiet}"))
    for both in ("11-24 07:00", "11-24 11:59", "11-24 13:00", "11-24 21:59"):
        assert early.may_call_back(shanghai(f"2026-{both}"))
    assert not OFFICE.may_call_back(shanghai("2026-11-24 07:00"))


def test_the_quiet_is_as_printed() -> None:
    assert [str(span) for span in QUIET] == ["22:00-24:00", "00:00-07:00", "12:00-13:00"]


# ------------------------------------------------------------------ as people write it


class _Standard(BaseModel):
    hours: HoursFile


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ('workdays: ["08:30-25:00"]', "25:00 is no time of day"),
        ('workdays: ["08:75-12:00"]', "08:75 is no time of day"),
        ('workdays: ["half past eight"]', 'write it as "08:30-12:00"'),
        ('workdays: ["22:00-06:00"]', "ends before it begins"),
        ('workdays: ["08:00-08:00"]', "ends before it begins"),
        ('workdays: ["08:00-12:00", "11:00-13:00"]', "08:00-12:00 and 11:00-13:00 overlap"),
        ('workdays: "08:00-12:00"', "list"),
        ("workdays: []", "no day has hours"),
        ('saturday: ["08:00-12:00"]\n  open_on: ["2026-10-10"]', "open_on gives a day the hours of workdays"),
        ('workdays: ["08:00-12:00"]\n  holidays: XX', "is no calendar of holidays"),
        ('workdays: ["08:00-12:00"]\n  holidays: DE-XX', "is no calendar of holidays"),
        ('workdays: ["08:00-12:00"]\n  closed_on: ["24.12."]', "is no date"),
        ('workdays: ["08:00-12:00"]\n  closed_on: ["2026-02-29"]', "is no date"),
        ('workdays: ["08:00-12:00"]\n  closed_on: [2026-12-24]\n  open_on: ["2026-12-24"]', "in closed_on and in"),
        ('weekdays: ["08:00-12:00"]', "typing mistake"),
        ('zone: Mars/Olympus\n  workdays: ["08:00-12:00"]', "is no time zone"),
        ('zone: ../../etc/passwd\n  workdays: ["08:00-12:00"]', "is no time zone"),
        ('zone: ""\n  workdays: ["08:00-12:00"]', "is no time zone"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_place(tmp_path: Path, written: str, complaint: str) -> None:
    zone = "" if written.startswith("zone") else "zone: Asia/Shanghai\n  "
    file = tmp_path / "standard.yaml"
    file.write_text(f"hours:\n  {zone}{written}\n", encoding="utf-8")
    with pytest.raises(BrokenStandard) as told:
        YamlFile(file, BrokenStandard).parse(_Standard)
    line = str(told.value)
    assert complaint in line and line.startswith(f"{file}:") and "\n" not in line


def test_a_day_may_be_written_without_quotes_and_a_calendar_with_its_part() -> None:
    written = {
        "zone": "Europe/Berlin",
        "workdays": ["8:00-24:00"],
        "holidays": "DE-BY",
        "closed_on": [date(2026, 1, 7)],
    }
    hours = HoursFile.model_validate(written).hours()
    assert hours.of_day(date(2026, 1, 6)) == ()  # Epiphany is a holiday there
    assert hours.of_day(date(2026, 1, 7)) == ()
    assert hours.of_day(date(2026, 1, 8)) == (Span(480, 1440),)


@pytest.mark.parametrize(
    ("day", "workday"),
    [
        ("2026-11-24", "2026-11-24"),
        ("2026-11-29", "2026-11-30"),  # Sunday
        ("2026-11-28", "2026-11-28"),  # a Saturday the admin opened
        ("2026-12-24", "2026-12-25"),  # a Thursday the admin closed
        ("2026-02-16", "2026-02-24"),  # spring festival
    ],
)
def test_the_next_workday_is_this_one_or_the_first_after_it(day: str, workday: str) -> None:
    assert OFFICE.next_workday(date.fromisoformat(day)) == date.fromisoformat(workday)


def test_where_no_day_is_a_workday_the_day_stays_what_it_is() -> None:
    day = date(2026, 11, 29)
    assert Hours(SHANGHAI, workdays=()).next_workday(day) == day
