"""A filing on its way into the database: complete, so that it can wait on disk and be written days later.

Rule: made without waiting and without the database; its key is its identity, and it is written once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from ari_app.call import Filing, Kind
from ari_app.hours import Hours
from ari_app.requests.clocks import Clock, begin, chain
from ari_app.requests.numbers import Refused, vet
from ari_app.requests.settings import RequestsSettings

NUMBER = "number"
"""The name under which a standard takes the number to ring; without it, the number the caller rang from."""
URGENT = "urgent"
"""The name under which a standard takes the key 1 for a message that cannot wait (S004-C04)."""
DROPPED = "dropped-call"
"""The procedure that files a call that broke off while the caller was with an agent."""


class Promises(Protocol):
    """What a filing needs of a standard: the standard itself, or anything that looks like it from here."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def hours(self) -> Hours | None: ...

    @property
    def clocks(self) -> Mapping[str, Clock]: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """One filing with everything that was true when it was filed."""

    key: str
    at: datetime
    kind: Kind
    procedure: str
    standard: str
    zone: str
    call_id: str
    to: str = ""
    agent: str = ""
    number: str = field(default="", repr=False)
    given: str = field(default="", repr=False)
    refused: str = ""
    urgent: bool = False
    confirmed: bool = False
    recording: str = ""
    taken: dict[str, str] = field(default_factory=dict, repr=False)
    clocks: tuple[Clock, ...] = ()
    not_before: datetime | None = None
    by: str = ""  # who filed it by hand; "": a call did

    @property
    def due(self) -> datetime | None:
        """When the first of its clocks has run out, if it has one with a figure."""
        stage = begin(self.clocks, (), self.at, Hours.always(ZoneInfo(self.zone)))
        return None if stage is None else stage.due


def write(
    call_id: str,
    number: str,
    filing: Filing,
    standard: Promises,
    settings: RequestsSettings,
    at: datetime | None = None,
    agent: str = "",
    key: str = "",
) -> Letter:
    """The letter of a filing. A number we may not ring is kept for people to read, and is not dialled.

    `key`: what makes two letters the same one, when several workers may write it.
    """
    at = at or datetime.now(UTC)
    given = plain(filing.taken.get(NUMBER) or number, 80)
    vetted = vet(given, settings.region, tuple(settings.allowed_prefixes), settings.internal_digits)
    hours = standard.hours or settings.always
    dropped = filing.procedure == DROPPED
    return Letter(
        key=uuid.uuid5(uuid.NAMESPACE_OID, key).hex if key else uuid.uuid4().hex,
        at=at,
        kind=filing.kind,
        procedure=plain(filing.procedure, 80),
        standard=plain(f"{standard.name} {standard.version}", 80),
        zone=hours.zone.key,
        call_id=plain(call_id, 200),
        to=plain(filing.to, 80),
        agent=plain(agent, 80),
        number="" if isinstance(vetted, Refused) else vetted.number,
        given=given,
        refused=vetted.reason if isinstance(vetted, Refused) else "",
        urgent=filing.kind is Kind.ALERT or filing.taken.get(URGENT) == "1",
        confirmed=filing.confirmed,
        recording=plain(filing.recording, 200),
        taken={plain(name, 80): plain(value, 80) for name, value in list(filing.taken.items())[:20]},
        clocks=chain(standard.clocks, filing.clock),
        not_before=at + timedelta(seconds=settings.redial) if dropped else None,
    )


def follow_up(
    standard: Promises, settings: RequestsSettings, number: str, why: str, within: int | None, after: int, rule: str,
    to: str, dial: bool, at: datetime, by: str,
) -> Letter:  # fmt: skip
    """The letter of a call that is to be made without anybody having rung: a follow-up (S004-I09, S004-I10).

    `within` and `after`: days, counted from the day of `at`. Without `within` the reason's own clock runs.
    """
    vetted = vet(plain(number, 80), settings.region, tuple(settings.allowed_prefixes), settings.internal_digits)
    hours = standard.hours or settings.always
    first_day = hours.midnight(hours.today(at) + timedelta(days=after))
    return Letter(
        key=uuid.uuid4().hex,
        at=at,
        kind=Kind.TICKET,
        procedure=plain(why, 80),
        standard=plain(f"{standard.name} {standard.version}", 80),
        zone=hours.zone.key,
        call_id="",
        to=plain(to, 80),
        number="" if isinstance(vetted, Refused) else vetted.number,
        given=plain(number, 80),
        refused=vetted.reason if isinstance(vetted, Refused) else "",
        clocks=_by_hand(standard, plain(why, 80), within, plain(rule, 120), dial),
        not_before=first_day if after else None,
        by=plain(by, 80),
    )


def _by_hand(standard: Promises, why: str, within: int | None, rule: str, dial: bool) -> tuple[Clock, ...]:
    """The clocks of a reason: its own, of which the first has the limit and the rule that somebody gave instead.

    Somebody is to be rung from the first one on, unless people ring.
    """
    first, *others = chain(standard.clocks, why) or (Clock(why),)
    if within is not None:
        first = replace(first, minutes=None, days=within, next_day=None, agreed=False)
    first = replace(first, rule=rule or first.rule, dial=dial)
    return (first, *(replace(clock, dial=clock.dial and dial) for clock in others))


def plain(text: str, longest: int) -> str:
    """Text a terminal and PostgreSQL show as it is, no longer than its column: no control or direction characters."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", "", text)[:longest]


def to_line(letter: Letter) -> bytes:
    """One line of JSON, without its end."""
    return msgspec.json.encode(letter)


def from_line(line: bytes) -> Letter:
    """The letter of a line. Raises ValueError for a line that is none."""
    try:
        return msgspec.json.decode(line, type=Letter)
    except msgspec.MsgspecError as problem:
        raise ValueError(str(problem)) from None
