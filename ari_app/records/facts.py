"""What is kept of a call: frozen facts, as they are stored.

Rule 1: a record is stints with us and services by agents; all else (outcome, who hung up, waits kept) is derived.
Rule 2: a stint never changes once it is over. A call that comes back adds a stint; the same one twice is once.
Rule 3: a field is only added, with a default: records of last year are still read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

TOLERANCE = 0.1
"""Seconds by which a wait may miss the rule's and still be kept."""


class Cut(StrEnum):
    """How a prompt ended."""

    PLAYED = "played"
    INTERRUPTED = "interrupted"  # by the caller's voice or key
    FAILED = "failed"  # the PBX could not play it, or never told its end
    LEFT = "left"  # the line ended during it


class Broken(StrEnum):
    """How a wait ended."""

    SILENCE = "silence"  # it passed
    ANSWERED = "answered"  # the caller spoke or pressed a key
    LEFT = "left"  # the line ended during it


class End(StrEnum):
    """How a stint ended."""

    HUNG_UP = "we hung up"
    CALLER_HUNG_UP = "the caller hung up"
    QUEUED = "to a queue"
    TRANSFERRED = "to an extension"
    RESCUED = "rescued to the queue"
    CUT = "Asterisk went away"
    UNFINISHED = "unfinished"  # another worker took the caller over, or ours died
    REFUSED = "refused"  # not answered: engaged, for this caller


class Side(StrEnum):
    """Who hung up."""

    CALLER = "caller"
    US = "us"
    AGENT = "agent"
    ASTERISK = "asterisk"  # nobody: it went away, and every call with it
    UNKNOWN = ""


class Outcome(StrEnum):
    """How a call ended, in one word."""

    ANSWERED = "answered"  # an agent spoke with the caller
    QUEUED = "queued"  # went to a queue, and nothing is known of what came then
    ABANDONED = "abandoned"  # the caller hung up while waiting for an agent
    TRANSFERRED = "transferred"  # went to an extension
    RELEASED = "released"  # we hung up, at the end of a procedure
    LEFT = "left"  # the caller hung up while with us, and had spoken to nobody
    RESCUED = "rescued"  # we broke; the caller went to the queue
    CUT = "cut"  # Asterisk went away before an agent spoke with the caller
    UNFINISHED = "unfinished"
    REFUSED = "refused"  # a nuisance caller for whom the station had no place, not answered


@dataclass(frozen=True, slots=True)
class Entered:
    """A procedure took the caller, `at` seconds after they reached us."""

    at: float
    procedure: str
    rules: tuple[str, ...] = ()
    waits: int = 0  # how many waits it prescribes


@dataclass(frozen=True, slots=True)
class Said:
    """A prompt, from its start to its end."""

    at: float
    until: float
    name: str
    end: Cut
    procedure: str = ""
    step: int = 0
    rule: str = ""  # of the sentence


@dataclass(frozen=True, slots=True)
class Waited:
    """A wait of the standard, counted from the end of its prompt, as it was measured."""

    at: float
    procedure: str
    step: int
    rules: tuple[str, ...]
    prescribed: float
    measured: float
    end: Broken

    @property
    def kept(self) -> bool:
        """Not a tenth of a second longer than prescribed, and no shorter unless the caller ended it."""
        short = self.end is Broken.SILENCE and self.measured < self.prescribed - TOLERANCE
        return not short and self.measured <= self.prescribed + TOLERANCE


@dataclass(frozen=True, slots=True)
class Heard:
    """What the caller did: `speech`, or the key they pressed ("•" where keys may be a number)."""

    at: float
    what: str


@dataclass(frozen=True, slots=True)
class Note:
    """What else is worth knowing: filed, recorded, adopted, failed."""

    at: float
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stint:
    """One time a caller was with us, through one door. Moments are seconds after `began`."""

    id: str
    worker: str
    began: float  # the wall clock: seconds since 1970, UTC
    lasted: float
    door: str
    number: str = ""  # as configured: hashed, masked or clear
    dialled: str = ""
    procedure: str = ""  # the one an agent's key asked for
    queue_status: str = ""  # with what the queue gave the caller back
    dial_status: str = ""  # with what an extension did
    language: str = ""
    standard: str = ""
    version: int = 0
    verdict: str = ""
    rang: float | None = None  # seconds from the call's arrival at the PBX until we answered
    procedures: tuple[Entered, ...] = ()
    prompts: tuple[Said, ...] = ()
    waits: tuple[Waited, ...] = ()
    heard: tuple[Heard, ...] = ()
    notes: tuple[Note, ...] = ()
    end: End = End.UNFINISHED
    queue: str = ""  # where the caller was handed to
    permitted: bool = False  # we hung up where the standard hangs up, after its last wait


@dataclass(frozen=True, slots=True)
class Service:
    """One round in a queue, told by the queue itself; it may become known before or after the stints around it.

    `id` is the same whoever tells it (see queue_facts.py), so that two workers who both saw it tell it once.
    """

    id: str
    began: float
    queue: str
    waited: float  # seconds until an agent answered, or until the caller left the queue
    agent: str = ""  # "" : nobody answered
    talked: float | None = None
    released_by: Side = Side.UNKNOWN
    status: str = ""  # Asterisk's QUEUESTATUS, when nobody answered


@dataclass(frozen=True, slots=True)
class CallRecord:
    """Everything kept of one call; what is asked of it is derived from its parts."""

    id: str
    stints: tuple[Stint, ...] = ()
    services: tuple[Service, ...] = ()

    def merged(self, other: CallRecord) -> CallRecord:
        """Both together, in order of time; a part that both have is there once."""
        stints = {stint.id: stint for stint in (*other.stints, *self.stints)}
        services = {service.id: service for service in (*other.services, *self.services)}
        with_us = tuple(sorted(stints.values(), key=lambda s: (s.began, s.id)))
        served = (given_back(service, with_us) for service in services.values())
        return CallRecord(self.id, with_us, tuple(sorted(served, key=lambda s: (s.began, s.id))))

    @property
    def first(self) -> Stint | None:
        """How the call began."""
        return self.stints[0] if self.stints else None

    @property
    def last(self) -> Stint | None:
        """Its last stint with us."""
        return self.stints[-1] if self.stints else None

    @property
    def began(self) -> float:
        """When the call reached us, by the wall clock."""
        return min((*(s.began for s in self.stints), *(s.began for s in self.services)), default=0.0)

    @property
    def ended(self) -> float:
        """When the last that we know of was over, by the wall clock."""
        stints = (s.began + s.lasted for s in self.stints)
        services = (s.began + s.waited + (s.talked or 0.0) for s in self.services)
        return max((*stints, *services), default=0.0)

    @property
    def waits(self) -> tuple[Waited, ...]:
        """The conformance ledger: every wait of the standard, as it was measured."""
        return tuple(wait for stint in self.stints for wait in stint.waits)

    @property
    def prompts(self) -> tuple[Said, ...]:
        return tuple(said for stint in self.stints for said in stint.prompts)

    @property
    def rules_entered(self) -> frozenset[str]:
        """Rules of the procedures that served this caller."""
        return frozenset(r for stint in self.stints for entered in stint.procedures for r in entered.rules)

    @property
    def queue_wait(self) -> float | None:
        """Seconds waited for agents, all rounds together; None when the queue told nothing."""
        return sum(s.waited for s in self.services) if self.services else None

    @property
    def agent(self) -> str:
        """The agent who had the caller last; "" when that is not known."""
        return next((s.agent for s in reversed(self.services) if s.agent), "")

    @property
    def talked(self) -> float | None:
        """Seconds with agents; None when the queue told nothing of it."""
        told = [s.talked for s in self.services if s.talked is not None]
        return sum(told) if told else None

    @property
    def with_agent(self) -> bool:
        """Whether an agent spoke with the caller: the queue told so, or the caller came back from one."""
        came_back = any(s.door == "procedure" or agent_left(s) for s in self.stints)
        return came_back or any(s.agent or s.talked for s in self.services)

    @property
    def _last_part(self) -> Stint | Service | None:
        stint, service = self.last, self.services[-1] if self.services else None
        if stint is None or service is None:
            return stint or service
        return service if service.began > stint.began else stint

    @property
    def released_by(self) -> Side:
        """Who hung up."""
        match self._last_part:
            case Service(released_by=side):
                return side
            case Stint(end=End.HUNG_UP):
                return Side.US
            case Stint(end=End.CALLER_HUNG_UP):
                return Side.CALLER
            case Stint(end=End.CUT):
                return Side.ASTERISK
        return Side.UNKNOWN

    @property
    def outcome(self) -> Outcome:
        """How it ended, in one word."""
        if self.with_agent:
            return Outcome.ANSWERED
        match self._last_part:
            case Service(released_by=Side.CALLER):
                return Outcome.ABANDONED
            case Service(released_by=Side.ASTERISK):
                return Outcome.CUT
            case Service():
                return Outcome.QUEUED
            case Stint(end=end):
                return _OUTCOMES[end]
        return Outcome.UNFINISHED


_OUTCOMES = {
    End.HUNG_UP: Outcome.RELEASED,
    End.CALLER_HUNG_UP: Outcome.LEFT,
    End.QUEUED: Outcome.QUEUED,
    End.TRANSFERRED: Outcome.TRANSFERRED,
    End.RESCUED: Outcome.RESCUED,
    End.CUT: Outcome.CUT,
    End.UNFINISHED: Outcome.UNFINISHED,
    End.REFUSED: Outcome.REFUSED,
}


def agent_left(stint: Stint) -> bool:
    """The caller is back because the agent hung up first: Asterisk's QUEUESTATUS is then CONTINUE."""
    return stint.queue_status == "CONTINUE"


def given_back(service: Service, stints: Iterable[Stint]) -> Service:
    """A talk ends when the agent's key gives the caller back to us: Asterisk's queue counts on until they hang up.

    Nobody hung up then: whoever the queue says did, did so later.
    """
    answered = service.began + service.waited
    following = min((s for s in stints if s.began >= answered), key=lambda s: s.began, default=None)
    if not (service.agent or service.talked) or following is None or following.door != "procedure":
        return service
    talked = following.began - answered
    if service.talked is not None and service.talked < talked:
        return service
    return replace(service, talked=round(talked, 3), released_by=Side.UNKNOWN)


def together(records: Iterable[CallRecord]) -> Iterator[CallRecord]:
    """One record per call, in the order in which the calls first appear."""
    found: dict[str, CallRecord] = {}
    for record in records:
        found[record.id] = found[record.id].merged(record) if record.id in found else record.merged(record)
    yield from found.values()
