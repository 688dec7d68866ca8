"""The clocks that run for what people have been promised, and when each is due.

Rule 1: pure; the moment is handed in. A limit is in the standard, never here.
Rule 2: a clock that was promised stays as it was promised: a request keeps the clocks it began with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ari_app.hours import DAY, QUIET, Hours, Opening

LAST_CALL = min(span.begin for span in QUIET if span.end == DAY)
"""Minutes after midnight: a call promised for a day is made before nobody may be rung (S004-N13)."""
NIGHT = tuple(span for span in QUIET if span.begin == 0 or span.end == DAY)


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise: from one thing to another within a limit. At most one of the limits is set; none: no figure.

    `minutes` are real minutes, day and night. `days` ends with the day so many days later (0: the same day).
    `next_day` is the minute of the next morning's report. `agreed`: the time the caller was promised.
    """

    name: str
    minutes: float | None = None
    days: int | None = None
    next_day: int | None = None
    agreed: bool = False
    rule: str = ""
    starts: str = ""  # what starts it, in the standard's words
    stops: str = ""  # what stops it
    then: str = ""  # the clock that runs next, for a chain such as a fault's
    dial: bool = False  # the caller is rung while it runs


@dataclass(frozen=True, slots=True)
class Stage:
    """A clock that runs or ran for a request; moments are to the minute (S002-01, S002-02, S002-06)."""

    clock: Clock
    started: datetime
    due: datetime | None
    stopped: datetime | None = None

    @property
    def kept(self) -> bool | None:
        """Whether it was stopped in time; None while it runs."""
        return None if self.stopped is None else not overdue(self.due, self.stopped)


def to_the_minute(moment: datetime) -> datetime:
    """The minute a moment lies in, in UTC, as faults are registered (S002-01: 列明具体时间到几点几分)."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def due(clock: Clock, started: datetime, hours: Hours, agreed: datetime | None = None) -> datetime | None:
    """When a clock that started at a moment has run out. None: it has no figure, or no time is agreed yet."""
    if clock.agreed:
        return agreed
    if clock.minutes is not None:
        return started.astimezone(UTC) + timedelta(minutes=clock.minutes)
    if clock.days is not None:
        return _end_of_day(started, clock.days, hours)
    return None if clock.next_day is None else _next_report(started, clock.next_day, hours)


def overdue(due: datetime | None, now: datetime) -> bool:
    """Whether a promise is broken; at the very minute it is due it is not."""
    return due is not None and to_the_minute(now) > due


def _end_of_day(started: datetime, days: int, hours: Hours) -> datetime:
    """The last moment somebody may be rung on that day; what started later than that has until midnight."""
    day = hours.today(started) + timedelta(days=days)
    last_call = _wall(hours, day_minutes=LAST_CALL, started=started, days=days)
    return last_call if started < last_call else hours.midnight(day + timedelta(days=1))


def _next_report(started: datetime, minute: int, hours: Hours) -> datetime:
    """The first report after a moment: what came at two in the morning is reported at eight (S000-C12)."""
    today = _wall(hours, minute, started, 0)
    return today if started < today else _wall(hours, minute, started, 1)


def _wall(hours: Hours, day_minutes: int, started: datetime, days: int) -> datetime:
    local = started.astimezone(hours.zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (local + timedelta(days=days, minutes=day_minutes)).astimezone(UTC)


# ------------------------------------------------------------------ chains


def chain(clocks: Mapping[str, Clock], first: str) -> tuple[Clock, ...]:
    """A clock and those that run after it, in order; nothing for a name that is not known."""
    found: list[Clock] = []
    while first and (clock := clocks.get(first)) is not None and clock not in found:
        found.append(clock)
        first = clock.then
    return tuple(found)


def begin(
    clocks: Sequence[Clock], ran: Sequence[Stage], now: datetime, hours: Hours, agreed: datetime | None = None
) -> Stage | None:
    """The next stage of a chain; None when every clock has run.

    A clock counts from the stamp its `starts` names, when an earlier stage was stopped by just that: the solution
    plan is due 24 hours after the dispatch, not after the engineer's first reply (S002-05, CON-39).
    """  # fmt: skip
    if len(ran) >= len(clocks):
        return None
    clock = clocks[len(ran)]
    stamps = {stage.clock.stops: stage.stopped for stage in ran if stage.stopped is not None and stage.clock.stops}
    started = to_the_minute(stamps.get(clock.starts, now))
    return Stage(clock, started, due(clock, started, hours, agreed))


def at_night(moment: datetime, hours: Hours) -> bool:
    """Whether night duty has the telephone: nobody else is there, or it is between 22:00 and 07:00 (S000-C12)."""
    local = moment.astimezone(hours.zone)
    minute = local.hour * 60 + local.minute
    return any(minute in span for span in NIGHT) or hours.at(moment) is Opening.CLOSED
