"""Opening hours, dayparts and quiet hours: what the clock on the wall says about a moment.

Rule 1: everything here is pure; moments are aware datetimes, and no one reads the clock.
Rule 2: a day is looked at minute by minute in real time, never by adding hours to a wall clock: so an hour that
does not exist, or exists twice, cannot be got wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

import holidays

DAY = 24 * 60
MINUTE = timedelta(minutes=1)
FARTHEST = 400
"""Days we look ahead for an opening: a year of closed days, and then some."""


class Opening(StrEnum):
    """What a caller meets who rings at a moment."""

    OPEN = "open"
    LUNCH = "lunch"
    CLOSED = "closed"


class Daypart(StrEnum):
    """How a caller is greeted by the clock (S004-H01)."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A part of a day in minutes after midnight: `begin` belongs to it, `end` does not; 24:00 is 1440."""

    begin: int
    end: int

    def __contains__(self, minute: object) -> bool:
        return isinstance(minute, int) and self.begin <= minute < self.end

    def __str__(self) -> str:
        return f"{self.begin // 60:02}:{self.begin % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


ALL_DAY = (Span(0, DAY),)
DAYPARTS = {Daypart.MORNING: Span(5 * 60, 12 * 60), Daypart.AFTERNOON: Span(12 * 60, 18 * 60)}
"""The rest of the day, 18:00 to 05:00, is evening."""
QUIET = (Span(22 * 60, DAY), Span(0, 7 * 60), Span(12 * 60, 13 * 60))
"""Nobody is rung after ten in the evening, before seven in the morning, or at noon (S004-N13)."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a hotline is attended. A day has the hours of workdays, of Saturday or of Sunday; a holiday has none."""

    zone: ZoneInfo
    workdays: tuple[Span, ...] = ALL_DAY
    saturday: tuple[Span, ...] = ()
    sunday: tuple[Span, ...] = ()
    lunch: tuple[Span, ...] = ()
    holidays: str = ""  # a country of the `holidays` library, or country-subdivision; "" for none
    closed_on: frozenset[date] = field(default_factory=frozenset)
    open_on: frozenset[date] = field(default_factory=frozenset)

    @classmethod
    def always(cls, zone: ZoneInfo) -> Hours:
        """A hotline attended day and night."""
        return cls(zone, ALL_DAY, ALL_DAY, ALL_DAY)

    # ------------------------------------------------------------------ open or not

    def of_day(self, day: date) -> tuple[Span, ...]:
        """When the hotline is attended on a day. What the admin wrote for the day goes before any calendar."""
        if day in self.closed_on:
            return ()
        if day in self.open_on:
            return self.workdays
        if self.holidays:
            free, worked = _calendar(self.holidays, day.year)
            if day in free:
                return ()
            if day in worked:  # a weekend day worked instead of a bridge day
                return self.workdays
        return {5: self.saturday, 6: self.sunday}.get(day.weekday(), self.workdays)

    def at(self, moment: datetime) -> Opening:
        """What a caller meets at a moment (S004-B01). Lunch is lunch only between the day's first and last hour."""
        local, minute = self._wall(moment)
        attended = self.of_day(local)
        if not attended or not min(attended).begin <= minute < max(span.end for span in attended):
            return Opening.CLOSED
        if any(minute in span for span in self.lunch):
            return Opening.LUNCH
        return Opening.OPEN if any(minute in span for span in attended) else Opening.CLOSED

    def next_opening(self, moment: datetime) -> datetime | None:
        """The first moment, from this one on, at which somebody answers; None: not for more than a year."""
        return self._first(moment, lambda at: self.at(at) is Opening.OPEN, self.of_day)

    # ------------------------------------------------------------------ greeting and ringing

    def daypart(self, moment: datetime) -> Daypart:
        """Good morning from 05:00, good afternoon from 12:00, good evening from 18:00 (S004-H01)."""
        _, minute = self._wall(moment)
        return next((part for part, span in DAYPARTS.items() if minute in span), Daypart.EVENING)

    def may_dial(self, moment: datetime) -> bool:
        """Whether we may ring somebody: not from 22:00 to 07:00 and not from 12:00 to 13:00 (S004-N13)."""
        _, minute = self._wall(moment)
        return not any(minute in span for span in QUIET)

    def next_dialling(self, moment: datetime) -> datetime:
        """The first moment, from this one on, at which we may ring somebody."""
        found = self._first(moment, self.may_dial, lambda _day: QUIET)
        assert found is not None  # every day has an afternoon
        return found

    def may_call_back(self, moment: datetime) -> bool:
        """Whether we may ring somebody, and an agent is there to talk to them."""
        return self.may_dial(moment) and self.at(moment) is Opening.OPEN

    # ------------------------------------------------------------------ days

    def today(self, moment: datetime) -> date:
        """The date on the wall."""
        return moment.astimezone(self.zone).date()

    def next_workday(self, day: date) -> date:
        """The first day, from this one on, that has the hours of workdays; the day itself when none has in a year."""
        days = (day + timedelta(days=n) for n in range(FARTHEST))
        return next((found for found in days if self.workdays and self.of_day(found) == self.workdays), day)

    def midnight(self, day: date) -> datetime:
        """The moment a day begins, in UTC; where its midnight does not exist, the first moment after it."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def _wall(self, moment: datetime) -> tuple[date, int]:
        local = moment.astimezone(self.zone)
        return local.date(), local.hour * 60 + local.minute

    def _first(
        self, moment: datetime, fits: Callable[[datetime], bool], of_day: Callable[[date], Collection[Span]]
    ) -> datetime | None:
        """`moment` when it fits, else the first full minute after it that does; in UTC, where minutes can be added."""
        moment = moment.astimezone(UTC)
        if fits(moment):
            return moment
        at = moment.replace(second=0, microsecond=0) + MINUTE
        last = self.today(moment) + timedelta(days=FARTHEST)
        while (day := self.today(at)) <= last:
            tomorrow = self.midnight(day + timedelta(days=1))
            if not of_day(day):
                at = tomorrow
            while at < tomorrow:
                if fits(at):
                    return at
                at += MINUTE
        return None


@cache
def _calendar(name: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Holidays of a year, and its weekend days that are worked; next year's decree may name days in December."""
    country, _, subdivision = name.partition("-")
    known = holidays.country_holidays(country, subdiv=subdivision or None, years=(year, year + 1))
    return frozenset(known), frozenset(known.weekend_workdays)
