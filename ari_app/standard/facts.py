"""What a service standard is, once it is loaded: frozen facts.

Rule: a loaded standard never changes; a call keeps the one it began with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from ari_app.call import ANYTHING, Heed, Kind, Prompt
from ari_app.hours import Hours
from ari_app.journal import Place
from ari_app.procedures.screening import Screening
from ari_app.requests.clocks import Clock

LEAD_IN = "lead-in"
GREETING = "greeting"
CONNECTING = "connecting"
"""Places that are no ladders; a ladder cannot have these names."""
MINIMUM_CONFIRMATIONS = 2  # prompts before the farewell of a silent call: S000-03, S004-M10
EXTENSION = "extension"
"""What a caller took under this name can be connected with `then: transfer`."""


TOLD = "told"
"""Among a ladder's keys: the one a challenged caller is told to press, another one on each call."""


class Then(StrEnum):
    """What happens when a ladder is at its end, or when the caller answers it."""

    HANG_UP = "hang_up"
    RELEASE = "release"
    QUEUE = "queue"
    URGENT = "urgent"
    SUPERVISOR = "supervisor"
    RESUME = "resume"
    TRANSFER = "transfer"
    STATION = "station"
    CALLBACK = "callback"
    MESSAGE = "message"
    STAY = "stay"
    NEXT = "next"


class Goto(NamedTuple):
    """Another procedure of the standard serves the caller."""

    procedure: str


Lead = Then | Goto


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a voice says: Hanzi for people, toned pinyin for a text-to-speech that misreads Hanzi.

    `home` is the folder of the standard whose recording it is: an inherited sentence is recorded once.
    """

    name: str
    text: str
    say: str
    rule: str
    home: Path = Path()


@dataclass(frozen=True, slots=True)
class Take:
    """Keys are collected under a name: `least` to `most` of `keys`, until #."""

    name: str
    least: int
    most: int
    keys: frozenset[str]
    read_back: Prompt | None = None
    tries: int = 3


@dataclass(frozen=True, slots=True)
class Step:
    """Say a prompt, then wait so many seconds from its end; or take keys, or a message; and file what is owed."""

    say: Prompt | None
    wait: float
    music: bool = False
    take: Take | None = None
    record: float = 0.0
    file: Kind | None = None
    to: str = ""
    on_response: Lead | None = None
    keys: Mapping[str, Lead] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Say, wait, say, wait … then."""

    name: str
    steps: tuple[Step, ...]
    then: Lead
    on_response: Lead
    keys: Mapping[str, Lead]
    rules: tuple[str, ...] = ()
    title: str = ""
    when: tuple[str, ...] = ()
    agent_key: str = ""
    clock: str = ""
    queue: str = ""

    def leads(self) -> Iterator[Lead]:
        """Everywhere this ladder can lead."""
        yield self.then
        yield self.on_response
        yield from self.keys.values()
        for step in self.steps:
            yield from step.keys.values()
            if step.on_response is not None:
                yield step.on_response

    def telling(self, key: str) -> Ladder:
        """This ladder for a caller who is told to press `key`."""
        if TOLD not in self.keys:
            return self
        return replace(self, keys={key if name == TOLD else name: lead for name, lead in self.keys.items()})

    def for_a_nuisance(self) -> Ladder:
        """This ladder for a nuisance: a word that would lead them to a person is not heard, a key is (S000-28).

        Not where that word is all that keeps us from hanging up (CON-04).
        """
        if self.then is Then.HANG_UP and Then.QUEUE not in self.keys.values():
            return self
        steps = tuple(replace(step, on_response=_unheard(step.on_response)) for step in self.steps)
        return replace(self, on_response=_unheard(self.on_response) or Then.STAY, steps=steps)

    def heed(self, step: Step) -> Heed:
        """A step that stays when it is answered heeds only the keys that are named."""
        if (step.on_response or self.on_response) is Then.STAY:
            return Heed(False, frozenset(self.keys) | frozenset(step.keys))
        return ANYTHING


def _unheard(lead: Lead | None) -> Lead | None:
    return Then.STAY if lead in (Then.QUEUE, Then.URGENT, Then.SUPERVISOR, Then.RESUME) else lead


@dataclass(frozen=True, slots=True)
class Hearing:
    """When a sound is a voice: so many seconds of it, above a mean sample magnitude (TALK_DETECT)."""

    speech_minimum: float
    threshold: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is spoken to in a language: by key in the greeting, number rung, or the channel's language."""

    key: str = ""
    dialled: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Greeting:
    """A greeting for some callers; every condition that is given must hold."""

    say: Prompt
    late: bool = False
    dialled: tuple[str, ...] = ()
    caller: str = ""  # "internal" or "external"
    hours: tuple[int, int] | None = None  # minutes of the day, [from, to); over midnight when from > to
    days: tuple[str, ...] = ()  # MM-DD


@dataclass(frozen=True, slots=True)
class QueueChoice:
    """A queue for some callers."""

    queue: str
    dialled: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """How callers are received: which procedure serves whom."""

    greeting: Prompt
    connecting: Prompt
    patience: float
    keys: Mapping[str, Ladder]
    silent: Ladder
    station: Ladder
    after_agent: Ladder
    no_agent: Ladder
    exhausted: Ladder
    queue_rounds: int = 3
    greetings: tuple[Greeting, ...] = ()
    internal_digits: int = 5
    late_after: float = 10.0
    queue_exits: Mapping[str, Ladder] = field(default_factory=dict)
    notices: Mapping[str, Ladder] = field(default_factory=dict)
    queues: tuple[QueueChoice, ...] = ()
    supervisors: str = "hotline-supervisor"
    lingers: Ladder | None = None  # of whoever stays when they were to be released; None: after_agent
    rings_back: Mapping[str, Prompt] = field(default_factory=dict)  # what is said to whom we ring (S004-M03)
    callback: Ladder | None = None
    message: Ladder | None = None
    dials: Ladder | None = None
    busy: Ladder | None = None
    no_answer: Ladder | None = None
    lunch: Ladder | None = None
    closed: Ladder | None = None
    challenge: Ladder | None = None
    let_go: Ladder | None = None  # of a nuisance who is to be released; None: as everybody else


@dataclass(frozen=True, slots=True)
class Standard:
    """A named, versioned set of words, ladders and keys. Frozen: a call keeps the one it began with."""

    name: str
    version: int
    language: str
    folder: Path
    lead_in: Prompt
    desk: Desk
    procedures: Mapping[str, Ladder]
    prompts: Mapping[str, Prompt]
    hearing: Hearing
    title: str = ""
    extends: tuple[str, ...] = ()
    pieces: Mapping[str, Prompt] = field(default_factory=dict, repr=False)
    known: Mapping[str, str] = field(default_factory=dict)  # values a placeholder falls back to
    hours: Hours | None = None
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    screening: Screening = field(default_factory=Screening)
    kpis: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    holds: Mapping[str, object] = field(default_factory=dict)
    languages: Mapping[str, Standard] = field(default_factory=dict, repr=False, compare=False)
    choices: Mapping[str, Choice] = field(default_factory=dict)

    @property
    def recordings(self) -> tuple[Prompt, ...]:
        """Every file a caller of this language may hear: sentences, fragments, pieces, and the silence before them."""
        prompts = self.prompts.values()
        fragments = (part for prompt in prompts for part in prompt.slots if isinstance(part, Prompt))
        whole = (prompt for prompt in prompts if not prompt.slots)
        return (self.lead_in, *whole, *fragments, *self.pieces.values())

    def knows(self, place: Place) -> bool:
        """Whether a call can be taken up at this place."""
        ladder = self.procedures.get(place.procedure)
        return place.procedure == GREETING or (ladder is not None and 1 <= place.step <= len(ladder.steps))

    def procedure_of(self, lead: Lead) -> Ladder | None:
        """The procedure that serves a caller next; None when they leave us.

        Who is to be released, and stays on the line, is asked by the procedure for those who linger (CON-06, CON-19).
        """
        match lead:
            case Goto(name):
                return self.procedures[name]
            case Then.STATION:
                return self.desk.station
            case Then.RELEASE:
                return self.desk.lingers or self.desk.after_agent
            case Then.CALLBACK:
                return self.desk.callback
            case Then.MESSAGE:
                return self.desk.message
        return None

    def in_language(self, language: str) -> Standard:
        """The same standard in another language; this one when it does not speak it."""
        return self if language == self.language else self.languages.get(language, self)

    def chosen_by_key(self, key: str) -> str:
        """The language a caller asks for with this key; "" for none."""
        return next((language for language, choice in self.choices.items() if choice.key == key), "")

    def for_caller(self, dialled: str, caller_language: str) -> Standard:
        """The language of this number, else of this caller, else our own."""
        by_number = (language for language, choice in self.choices.items() if dialled in choice.dialled)
        by_caller = (language for language, choice in self.choices.items() if caller_language in choice.callers)
        return self.in_language(next(by_number, next(by_caller, self.language)))
