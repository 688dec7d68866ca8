"""The `screening` section of a standard.yaml: when a caller is challenged, or served by the station.

Rule: what is not written keeps everybody on their way to a person; a standard must say so to turn anyone away.
"""

from __future__ import annotations

import re
from datetime import time
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from ari_app.procedures.screening import Between, Burst, Identity, Mark, Repeat, Screening, Treatment
from ari_app.register.history import MOMENTS
from ari_app.register.numbers import HOME, identify

_UNITS = {"": 1, "s": 1, "min": 60, "h": 3600, "d": 86400}
LONGEST_TIME = 10 * 365 * 86400
"""Ten years: whoever means longer means for good."""


def seconds(written: Any) -> Any:
    """`90`, `90 s`, `10 min`, `2 h`, `30 d` in seconds; ValueError for anything else that is text."""
    if not isinstance(written, str):
        return written
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?) ?(s|min|h|d|)", written.strip())
    if found is None:
        raise ValueError("write a time as 90 s, 10 min, 2 h or 30 d")
    return float(found[1]) * _UNITS[found[2]]


def part_of_day(written: Any) -> Any:
    """`22:00-06:00`; ValueError for anything else that is text."""
    if not isinstance(written, str):
        return written
    start, _, end = written.partition("-")
    try:
        return Between(time.fromisoformat(start.strip()), time.fromisoformat(end.strip()))
    except ValueError:
        raise ValueError("write a part of the day as 22:00-06:00") from None


Duration = Annotated[float, BeforeValidator(seconds), Field(gt=0, le=LONGEST_TIME, allow_inf_nan=False)]
PartOfDay = Annotated[Between, BeforeValidator(part_of_day)]
Calls = Annotated[int, Field(ge=1, le=MOMENTS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class RepeatFile(_Strict):
    """So many calls of a kind from one number within so long."""

    mark: Mark
    calls: Calls
    within: Duration
    then: Treatment
    lasts: Duration = Field(alias="for")
    between: PartOfDay | None = None

    def fact(self) -> Repeat:
        return Repeat(self.mark, self.calls, self.within, self.then, self.lasts, self.between)


class BurstFile(_Strict):
    """So many calls from numbers alike in their first digits within so long."""

    digits: Annotated[int, Field(ge=1, le=15)]
    calls: Annotated[int, Field(ge=2, le=MOMENTS)]
    within: Duration
    then: Treatment
    lasts: Duration = Field(alias="for")
    between: PartOfDay | None = None

    def fact(self) -> Burst:
        return Burst(self.digits, self.calls, self.within, self.then, self.lasts, self.between)


class OwnNumbersFile(_Strict):
    """Who claims to ring from one of our own numbers, or from the very number they dialled."""

    numbers: list[str] = []
    then: Treatment = Treatment.CHALLENGE

    @field_validator("numbers")
    @classmethod
    def _are_numbers(cls, numbers: list[str]) -> list[str]:
        for number in numbers:
            if not identify(number).number:
                raise ValueError("not a telephone number: write it with its country code, in quotes")
        return numbers


class ScoreFile(_Strict):
    """How an agent's report fades: its score halves after `half_life`, and says nothing below `least`."""

    half_life: Duration = 30 * 86400
    least: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 0.5


class ScreeningFile(_Strict):
    """The shape of `screening:` in a standard.yaml, and of a file for `hotline register replay --rules`."""

    rule: str | list[str] = ""
    repeats: list[RepeatFile] = []
    bursts: list[BurstFile] = []
    own_numbers: OwnNumbersFile | None = None
    caller_id: dict[Literal["anonymous", "empty", "malformed"], Treatment] = {}
    attestation: dict[Annotated[str, Field(min_length=1, max_length=40)], Treatment] = {}
    score: ScoreFile = ScoreFile()
    rejects: bool = False

    def fact(self, home: str = HOME) -> Screening:
        """The rules as a verdict needs them; `home` is the region of numbers without a country code."""
        own = self.own_numbers
        return Screening(
            repeats=tuple(repeat.fact() for repeat in self.repeats),
            bursts=tuple(burst.fact() for burst in self.bursts),
            own_numbers=frozenset(identify(n, home=home).number for n in own.numbers) if own else frozenset(),
            own_then=own.then if own else Treatment.ALLOW,
            identities=MappingProxyType({Identity(name): then for name, then in self.caller_id.items()}),
            attestations=MappingProxyType({name.lower(): then for name, then in self.attestation.items()}),
            half_life=self.score.half_life,
            least_score=self.score.least,
            rejects=self.rejects,
        )


class RulesFile(BaseModel):
    """A standard.yaml, or any file with a `screening` section, of which only that is read."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    screening: ScreeningFile = ScreeningFile()
