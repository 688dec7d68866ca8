"""The `hours:` of a standard.yaml as people write them.

Rule: what loads here can be looked at on any day of any year; every mistake is told with its mend.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfo

import holidays as calendars
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from ari_app.hours import Hours, Span

WRITTEN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")


def _span(written: object) -> Span:
    if isinstance(written, Span):
        return written
    if not isinstance(written, str) or not (parts := WRITTEN.fullmatch(written.replace(" ", ""))):
        raise ValueError('is no part of a day; write it as "08:30-12:00"')
    begin, end = (_minutes(*parts.group(i, i + 1)) for i in (1, 3))
    if end <= begin:
        raise ValueError('ends before it begins; a night is written in two parts: "22:00-24:00" and "00:00-06:00"')
    return Span(begin, end)


def _minutes(hour: str, minute: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > 24 * 60:
        raise ValueError(f"{hour}:{minute} is no time of day; a day is from 00:00 to 24:00")
    return minutes


def _apart(spans: object) -> object:
    if isinstance(spans, list):
        read = sorted(_span(span) for span in spans)
        for earlier, later in pairwise(read):
            if later.begin < earlier.end:
                raise ValueError(f"{earlier} and {later} overlap")
    return spans


def _zone(written: object) -> object:
    try:
        return written if isinstance(written, ZoneInfo) else ZoneInfo(str(written))
    except (KeyError, ValueError, OSError):
        raise ValueError('is no time zone; write one like "Asia/Shanghai" or "Europe/Berlin"') from None


def _date(written: object) -> object:
    if isinstance(written, date):  # YAML reads 2026-12-24 without quotes as a date
        return written
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        raise ValueError('is no date; write it as "2026-12-24"') from None


def _calendar(written: object) -> object:
    if written in (None, ""):
        return ""
    country, _, subdivision = str(written).partition("-")
    try:
        calendars.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:
        raise ValueError(
            'is no calendar of holidays; write a country, "CN", or one and a part of it, "DE-BY"'
        ) from None
    return str(written)


Spans = Annotated[list[Annotated[Span, BeforeValidator(_span)]], BeforeValidator(_apart)]
Day = Annotated[date, BeforeValidator(_date)]


class HoursFile(BaseModel):
    """The shape of `hours:`. A list left out: nobody is there on such a day; without `lunch`, no lunch."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    zone: Annotated[ZoneInfo, BeforeValidator(_zone)]
    workdays: Spans = []
    saturday: Spans = []
    sunday: Spans = []
    lunch: Spans = []
    holidays: Annotated[str, BeforeValidator(_calendar)] = ""
    closed_on: list[Day] = []
    open_on: list[Day] = []

    @model_validator(mode="after")
    def _makes_sense(self) -> HoursFile:
        if both := sorted(set(self.closed_on) & set(self.open_on)):
            raise ValueError(f"{both[0]} is in closed_on and in open_on")
        if not (self.workdays or self.saturday or self.sunday):
            raise ValueError('no day has hours, so nobody would ever answer; write workdays: ["08:30-17:30"]')
        if self.open_on and not self.workdays:
            raise ValueError("open_on gives a day the hours of workdays, and these have none")
        return self

    def hours(self) -> Hours:
        """What the clock is asked."""
        return Hours(
            self.zone,
            tuple(sorted(self.workdays)),
            tuple(sorted(self.saturday)),
            tuple(sorted(self.sunday)),
            tuple(sorted(self.lunch)),
            self.holidays,
            frozenset(self.closed_on),
            frozenset(self.open_on),
        )
