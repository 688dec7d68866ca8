"""The vocabulary of a call. Read this first.

Rule 1: a procedure awaits a `Call` and nothing else.
Rule 2: silence is a value, hang-up is an exception, shutdown is a cancellation.
Rule 3: nothing here knows Asterisk, asyncio or YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from ari_app.journal import Journal, Place

CallId = NewType("CallId", str)
QueueName = NewType("QueueName", str)


@dataclass(frozen=True, slots=True)
class Digit:
    """The caller pressed a key: 0-9, *, #, A-D."""

    key: str


@dataclass(frozen=True, slots=True)
class Speech:
    """The caller spoke long enough to be believed; `lasted` is seconds of sound so far."""

    lasted: float


@dataclass(frozen=True, slots=True)
class Silence:
    """The caller's patience ran out in silence, `lasted` seconds after the prompt's end."""

    lasted: float


@dataclass(frozen=True, slots=True)
class Heed:
    """What may interrupt us: the voice or not, and which keys. An announcement heeds nothing."""

    voice: bool
    keys: frozenset[str]


ANYTHING = Heed(True, frozenset("0123456789*#ABCD"))
NOTHING = Heed(False, frozenset())


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a sentence for what is known only during a call: where it comes from, and how it is spoken."""

    name: str
    source: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One sentence: its name, how many seconds it lasts, and where the PBX finds the recording.

    `recording` is the path below the sounds folder without an extension, as Asterisk wants it
    (`hotline-standard/zh-CN/greeting`). A sentence with `slots` is put together for each call from `slots`, its
    fragments and places, into `parts`, which are played as one.
    """

    name: str
    seconds: float
    recording: str
    language: str = ""
    slots: tuple[Prompt | Slot, ...] = ()
    parts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class ToQueue:
    """To an agent, by a queue; `urgent`: before other callers."""

    queue: QueueName
    urgent: bool = False

    def __str__(self) -> str:
        return f"{self.queue}{' urgent' if self.urgent else ''}"


@dataclass(frozen=True, slots=True)
class ToAgent:
    """Back to the agent who had this caller; by the queue, before others, when that one is gone."""

    queue: QueueName

    def __str__(self) -> str:
        return "agent"


@dataclass(frozen=True, slots=True)
class ToExtension:
    """To an extension of the house, dialled by the caller: hostile text."""

    extension: str = field(repr=False)

    def __str__(self) -> str:
        return "extension"


Destination = ToQueue | ToAgent | ToExtension


class Kind(StrEnum):
    """What can be filed during a call."""

    CALLBACK = "callback"  # the caller is to be rung
    MESSAGE = "message"  # the caller's words are to be passed on
    TICKET = "ticket"  # something is to be done, by a clock
    ALERT = "alert"  # somebody must know at once
    SURVEY = "survey"  # what the caller thought of us


@dataclass(frozen=True, slots=True)
class Filing:
    """Something a call leaves behind for people to do. What was taken are the caller's keys: hostile text."""

    kind: Kind
    procedure: str  # which procedure filed it
    clock: str = ""  # the standard's clock that runs from now
    to: str = ""  # for whom: "supervisor", "repair" …
    taken: Mapping[str, str] = field(default_factory=dict, repr=False)
    confirmed: bool = False  # the caller heard it read back and did not object
    recording: str = ""  # the caller's voice: a name below Asterisk's recordings folder, without an extension
    key: str = field(default="", compare=False)  # which of this call's filings it is: filed again, it is the same one


class Door(StrEnum):
    """How the caller came to us: the word the dialplan passes as first argument."""

    INCOMING = "incoming"
    AFTER_QUEUE = "after-queue"
    PROCEDURE = "procedure"
    TRANSFERRED = "transferred"
    ADOPTED = "adopted"


NUISANCE = "harassment"
"""The procedure by which an agent gives a nuisance caller to the station (S000-28)."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known when a caller reaches us. Number and name are the caller's claims: hostile text."""

    door: Door = Door.INCOMING
    number: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    dialled: str = field(default="", repr=False)
    procedure: str = ""  # door PROCEDURE: which one the agent's key asked for
    queue_status: str = ""  # door AFTER_QUEUE: Asterisk's QUEUESTATUS
    queue: str = ""  # where this caller has waited, or been served; "" for who has not
    dial_status: str = ""  # door TRANSFERRED: Asterisk's DIALSTATUS
    language: str = ""  # the channel's, or the one a former worker spoke with this caller
    queue_round: int = 0  # how often this caller has been handed to a queue
    place: Place | None = None  # door ADOPTED: where the former worker was
    filed: str = ""  # door ADOPTED: the key of the last filing before that place
    suspicion: str = ""  # door ADOPTED: what the former worker left as `suspected`
    at: datetime | None = None  # when, by the wall clock; None: opening hours are not asked
    rang: float = 0.0  # seconds the caller heard ringing before we were given the call
    late: bool = False  # longer than the standard lets anybody wait: an apology is due (S000-15)
    agent: str = ""  # who had this caller before: an agent's name in the queue
    notice: str = ""  # the notice that is on
    areas: tuple[str, ...] = ()  # whose numbers begin so the notice is for; empty: for everybody
    verdict: str = ""  # what screening says: "", challenge, station
    attestation: str = field(default="", repr=False)  # what the PBX says of the number: STIR/SHAKEN's word, or none
    answered: bool = False  # by the dialplan, before we were given the call
    told_key: str = "5"  # the key a challenged caller is told to press

    @property
    def is_nuisance(self) -> bool:
        """Whether screening suspects this caller, or an agent has just called them a nuisance."""
        return bool(self.suspected)

    @property
    def suspected(self) -> str:
        """Why: screening's verdict, or the procedure of the agent's key; "" for everybody else."""
        ejected = self.door is Door.PROCEDURE and self.procedure == NUISANCE
        return self.verdict or self.suspicion or (NUISANCE if ejected else "")


class Call(Protocol):
    """A caller on the line. Any await may raise CallerHungUp; let it pass."""

    @property
    def arrival(self) -> Arrival: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def taken(self) -> Mapping[str, str]:
        """What the caller pressed when asked, by name: only keys, and as true as a stranger's word."""

    def take(self, name: str, keys: str) -> None:
        """The caller pressed these keys when asked for `name`; none: what was taken before was wrong."""

    def take_place(self) -> bool:
        """A place at the automated station, kept until the call is over; False: there is none for this caller."""

    async def refuse(self) -> None:
        """The caller hears the engaged tone, and is not answered; the call is spent after this."""

    async def answer(self) -> None:
        """The caller hears the ringing stop, if it has not stopped yet, and we begin to listen."""

    async def play(self, prompt: Prompt, heed: Heed = ANYTHING) -> Digit | Speech | None:
        """The caller hears a prompt; None when it was played to its end, else what interrupted it."""

    async def listen(self, patience: float, heed: Heed = ANYTHING, *, music: bool = False) -> Digit | Speech | Silence:
        """We are quiet, or play music, until the caller acts, at most `patience` seconds from the last prompt's end."""

    async def record(self, longest: float, tone: Prompt | None = None) -> str:
        """The caller speaks after a tone, `longest` seconds at most; where Asterisk keeps it, "" when it could not."""

    def file(self, filing: Filing) -> None:
        """Something is left for people to do. Never waits, never fails."""

    def owe(self, filing: Filing | None) -> None:
        """What is filed should the caller hang up before it is; None: nothing is owed. Never waits, never fails."""

    async def hand_off(self, to: Destination) -> None:
        """The caller goes to an agent or an extension; the call is spent after this."""

    async def hang_up(self) -> None:
        """We hang up; the call is spent after this."""
