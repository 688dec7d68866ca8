"""The `clocks:` of a standard.yaml as people write them.

Rule: a clock has one limit or none (a standard may print no figure), and a chain of clocks comes to an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ari_app.requests.clocks import Clock
from ari_app.words import Name

LIMITS = ("minutes", "days", "next_day", "agreed")


def _time(written: object) -> object:
    if isinstance(written, str):
        hour, colon, minute = written.partition(":")
        if not (colon and hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
            raise ValueError('is no time of day; write it as "08:00"')
        return int(hour) * 60 + int(minute)
    return written  # YAML reads 12:30 without quotes as 750, which is the same minute


def _rules(written: object) -> object:
    return ", ".join(map(str, written)) if isinstance(written, list) else written


class ClockFile(BaseModel):
    """The shape of one clock. `minutes: 120`, or `days: 25`, or `next_day: "08:00"`, or `agreed: true`, or no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minutes: Annotated[float, Field(gt=0, le=527_040, allow_inf_nan=False)] | None = None
    days: Annotated[int, Field(ge=0, le=366)] | None = None
    next_day: Annotated[int, BeforeValidator(_time), Field(ge=0, lt=1440)] | None = None
    agreed: bool = False
    rule: Annotated[str, BeforeValidator(_rules)] = ""
    from_: Annotated[str, Field(alias="from")] = ""
    to: str = ""
    then: str = ""
    dial: bool = False

    @model_validator(mode="after")
    def _one_limit_at_most(self) -> ClockFile:
        given = [name for name in LIMITS if getattr(self, name) is not None and getattr(self, name) is not False]
        if len(given) > 1:
            raise ValueError(f"has {' and '.join(given)}; write one of them")
        return self

    def clock(self, name: str) -> Clock:
        """What runs."""
        return Clock(
            name,
            self.minutes,
            self.days,
            self.next_day,
            self.agreed,
            self.rule,
            self.from_,
            self.to,
            self.then,
            self.dial,
        )


def _ends(written: dict[str, ClockFile]) -> dict[str, ClockFile]:
    for name, clock in written.items():
        seen = [name]
        while clock.then:
            if clock.then not in written:
                raise ValueError(f"{seen[-1]} leads to {clock.then!r}, and there is no such clock")
            if clock.then in seen:
                raise ValueError(f"{name} leads to itself again: {' → '.join((*seen, clock.then))}")
            seen.append(clock.then)
            clock = written[clock.then]
    return written


ClocksFile = Annotated[dict[Name, ClockFile], AfterValidator(_ends)]
"""The shape of `clocks:`; a field of the standard's model: `clocks: ClocksFile = {}`."""


def clocks(written: Mapping[str, ClockFile]) -> Mapping[str, Clock]:
    """The clocks of a standard, by name."""
    return MappingProxyType({name: clock.clock(name) for name, clock in written.items()})
