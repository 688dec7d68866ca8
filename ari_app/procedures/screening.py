"""Screening: how a call is to be taken, before a word is said. Facts in, a verdict out.

Rule 1: fail open: whatever is unknown, missing or odd is Admit.
Rule 2: allow beats block, always; a person's word in the register beats every rule.
Rule 3: a reason is one of our own words, never a caller's: it goes into dialplans and logs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Protocol


class Identity(StrEnum):
    """What a caller's number is."""

    NUMBER = "number"  # a telephone number of the world's plan, in E.164
    LOCAL = "local"  # an extension or a service number: digits that mean something only here
    ANONYMOUS = "anonymous"  # the caller, or their network, keeps the number to itself
    EMPTY = "empty"  # the network sent none
    MALFORMED = "malformed"  # nothing anybody could ring back


class Treatment(StrEnum):
    """What the register or a rule wants for a caller."""

    ALLOW = "allow"
    CHALLENGE = "challenge"
    STATION = "station"
    REJECT = "reject"


class Reach(StrEnum):
    """Whom an entry of the register means; the narrowest first."""

    EXACT = "exact"
    RANGE = "range"
    PREFIX = "prefix"
    ANONYMOUS = "anonymous"


class Mark(StrEnum):
    """What a finished call was, when it was of no use to anybody."""

    SILENT = "silent"
    NUISANCE = "nuisance"
    WRONG_NUMBER = "wrong-number"


class Reason(StrEnum):
    """Why a verdict is as it is."""

    NOTHING_KNOWN = "nothing-known"
    LISTED = "listed"  # an entry of the register
    OWN_NUMBER = "own-number"  # the caller claims one of our own numbers, or the one they dialled
    ATTESTATION = "attestation"  # STIR/SHAKEN, as far as the PBX told us
    ANONYMOUS = "anonymous"
    EMPTY = "empty"
    MALFORMED = "malformed"
    SILENT = "silent"  # so many silent calls within so long
    NUISANCE = "nuisance"
    WRONG_NUMBER = "wrong-number"
    BURST = "burst"  # so many calls from one prefix within so long


@dataclass(frozen=True, slots=True)
class Caller:
    """Who rings, as far as their number says. Made by `register.numbers.identify`; "" when there is no number."""

    identity: Identity = Identity.EMPTY
    number: str = field(default="", repr=False)  # +8613800138000, or a local number's digits
    national: str = field(default="", repr=False)  # as it is dialled at home, without trunk prefix; "" for abroad
    dialled: str = field(default="", repr=False)
    attestation: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the register says about somebody, as far as a verdict needs it."""

    entry: int
    reach: Reach
    treatment: Treatment
    expires: float | None = None  # seconds since 1970
    score: float | None = None  # None: a person's word, which does not fade
    scored_at: float = 0
    under_review: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """Part of a day; over midnight when it ends before it begins."""

    start: time
    end: time

    def __contains__(self, hour: time) -> bool:
        if self.start <= self.end:
            return self.start <= hour < self.end
        return hour >= self.start or hour < self.end


@dataclass(frozen=True, slots=True)
class Repeat:
    """So many calls of a kind from one number within `within` seconds: `then`, for `lasts` seconds."""

    mark: Mark
    calls: int
    within: float
    then: Treatment
    lasts: float
    between: Between | None = None


@dataclass(frozen=True, slots=True)
class Burst:
    """So many calls from numbers alike in their first digits within `within` seconds: `then`, for `lasts`."""

    digits: int
    calls: int
    within: float
    then: Treatment
    lasts: float
    between: Between | None = None


@dataclass(frozen=True, slots=True)
class Screening:
    """The rules of a standard. Without any, everybody but those in the register is admitted."""

    repeats: tuple[Repeat, ...] = ()
    bursts: tuple[Burst, ...] = ()
    own_numbers: frozenset[str] = frozenset()
    own_then: Treatment = Treatment.ALLOW
    identities: Mapping[Identity, Treatment] = field(default_factory=dict)
    attestations: Mapping[str, Treatment] = field(default_factory=dict)
    half_life: float = 30 * 86400  # seconds in which a score halves
    least_score: float = 1 / 2  # an entry whose score fell below says nothing any more
    rejects: bool = False  # False: whom the register rejects goes to the station (S000-28)


class Register(Protocol):
    """What is known of callers, answered from memory."""

    def lookup(self, caller: Caller) -> Sequence[Listing]:
        """Every entry that means this caller, expired or not."""

    def marks(self, caller: Caller, mark: Mark) -> Sequence[float]:
        """When this number's calls of this kind were, oldest first, in seconds since 1970."""

    def arrivals(self, caller: Caller, digits: int) -> Sequence[float]:
        """When numbers with the same first digits rang, oldest first."""


@dataclass(frozen=True, slots=True)
class Admit:
    """The caller is greeted as everybody is."""

    reason: Reason = Reason.NOTHING_KNOWN
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """The caller is asked to press a key before an agent is rung."""

    reason: Reason
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Divert:
    """The caller is served by the automated station, which has a way out (S000-28)."""

    reason: Reason
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """The call is not taken; only where a standard says that it may be."""

    reason: Reason
    entry: int | None = None


Verdict = Admit | Challenge | Divert | Reject


def judge(caller: Caller, register: Register, rules: Screening, hour: datetime) -> Verdict:
    """How this call is taken. `hour` is the moment it arrived, with its time zone: the standard's local time.

    The register speaks first, then the claimed number, then what the number's network vouches for, then what
    kind of number it is, then what its former calls were, then what its neighbours do.
    """
    at = hour.timestamp()
    listed = [listing for listing in register.lookup(caller) if speaks(listing, rules, at)]
    if listed:
        return _as_listed(listed, rules)
    if caller.number and caller.number in (*rules.own_numbers, caller.dialled):
        return _verdict(rules.own_then, Reason.OWN_NUMBER, rules)
    if (vouched := rules.attestations.get(caller.attestation, Treatment.ALLOW)) is not Treatment.ALLOW:
        return _verdict(vouched, Reason.ATTESTATION, rules)
    if not caller.number:
        return _without_number(caller, rules)
    return _by_history(caller, register, rules, hour) or Admit()


def speaks(listing: Listing, rules: Screening, at: float) -> bool:
    """Whether an entry has anything to say at this moment: not expired, and its score not faded."""
    if listing.expires is not None and listing.expires <= at:
        return False
    return listing.score is None or faded(listing.score, listing.scored_at, rules.half_life, at) >= rules.least_score


def faded(score: float, scored_at: float, half_life: float, at: float) -> float:
    """What is left of a score: half after a half-life, a quarter after two."""
    return float(score * 2 ** (-max(0, at - scored_at) / half_life))


def strongest(listed: Sequence[Listing]) -> Listing:
    """The entry that decides: allow before all, then the narrowest, then the strictest."""
    reaches, treatments = tuple(Reach), tuple(Treatment)
    return min(
        listed,
        key=lambda listing: (
            listing.treatment is not Treatment.ALLOW,
            reaches.index(listing.reach),
            -treatments.index(listing.treatment),
            listing.entry,
        ),
    )


def _as_listed(listed: Sequence[Listing], rules: Screening) -> Verdict:
    one = listed[0] if len(listed) == 1 else strongest(listed)
    treatment = one.treatment
    if treatment is Treatment.REJECT and one.under_review:
        treatment = Treatment.STATION  # somebody doubts the entry: not before a person has looked
    return _verdict(treatment, Reason.LISTED, rules, one.entry)


def _without_number(caller: Caller, rules: Screening) -> Verdict:
    """Nothing is counted for callers without a number: each would answer for all the others."""
    treatment = rules.identities.get(caller.identity, Treatment.ALLOW)
    if treatment is Treatment.ALLOW:
        return Admit()
    return _verdict(treatment, Reason(caller.identity), rules)


def _by_history(caller: Caller, register: Register, rules: Screening, hour: datetime) -> Verdict | None:
    at, clock = hour.timestamp(), hour.time()
    for repeat in rules.repeats:
        if _applies(repeat, clock) and happened(register.marks(caller, repeat.mark), repeat, at):
            return _verdict(repeat.then, Reason(repeat.mark), rules)
    for burst in rules.bursts:
        if _applies(burst, clock) and happened(register.arrivals(caller, burst.digits), burst, at):
            return _verdict(burst.then, Reason.BURST, rules)
    return None


def _applies(rule: Repeat | Burst, clock: time) -> bool:
    return rule.between is None or clock in rule.between


def happened(moments: Sequence[float], rule: Repeat | Burst, at: float) -> bool:
    """Whether `rule.calls` moments once lay within `rule.within` seconds, and not longer than `rule.lasts` ago."""
    for last in range(len(moments) - 1, rule.calls - 2, -1):
        if moments[last] + rule.lasts <= at:
            return False  # this one and all before it are too long ago
        if moments[last] - moments[last - rule.calls + 1] <= rule.within:
            return True
    return False


def _verdict(treatment: Treatment, reason: Reason, rules: Screening, entry: int | None = None) -> Verdict:
    match treatment:
        case Treatment.ALLOW:
            return Admit(reason, entry)
        case Treatment.CHALLENGE:
            return Challenge(reason, entry)
        case Treatment.REJECT if rules.rejects:
            return Reject(reason, entry)
        case Treatment.STATION | Treatment.REJECT:
            return Divert(reason, entry)


def word_of(verdict: Verdict) -> str:
    """The verdict as dialplans and people read it."""
    match verdict:
        case Admit():
            return "admit"
        case Challenge():
            return "challenge"
        case Divert():
            return "station"
        case Reject():
            return "reject"
