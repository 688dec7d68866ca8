"""What a service standard is, once it is loaded: frozen facts.

Rule: a loaded standard never changes; a call keeps the one it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ari_app.call import ANYTHING, Heed, Prompt
from ari_app.journal import Place

LEAD_IN = "lead-in"
GREETING = "greeting"
CONNECTING = "connecting"
"""Places that are no ladders; a ladder cannot have these names."""
MINIMUM_CONFIRMATIONS = 2  # prompts before the farewell of a silent call: S000-03, S004-M10


class Then(StrEnum):
    """What happens when a ladder is at its end, or when the caller answers it."""

    HANG_UP = "hang_up"
    QUEUE = "queue"
    STATION = "station"
    RELEASE = "release"
    STAY = "stay"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a voice says: Hanzi for people, toned pinyin for a text-to-speech that misreads Hanzi."""

    name: str
    text: str
    say: str
    rule: str


@dataclass(frozen=True, slots=True)
class Step:
    """Say a prompt, then wait so many seconds from its end."""

    say: Prompt
    wait: float


@dataclass(frozen=True, slots=True)
class Ladder:
    """Say, wait, say, wait … then."""

    name: str
    steps: tuple[Step, ...]
    then: Then
    on_response: Then
    keys: Mapping[str, Then]
    rule: str = ""

    @property
    def heed(self) -> Heed:
        """A ladder that stays when it is answered heeds only the keys it names."""
        return Heed(False, frozenset(self.keys)) if self.on_response is Then.STAY else ANYTHING


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
class Standard:
    """A named, versioned set of words, ladders and keys. Frozen: a call keeps the one it began with."""

    name: str
    version: int
    language: str
    folder: Path
    lead_in: Prompt
    greeting: Prompt
    connecting: Prompt
    patience: float
    keys: Mapping[str, Ladder]
    silent: Ladder
    station: Ladder
    after_agent: Ladder
    no_agent: Ladder
    exhausted: Ladder
    queue_rounds: int
    procedures: Mapping[str, Ladder]
    prompts: Mapping[str, Prompt]
    hearing: Hearing
    languages: Mapping[str, Standard] = field(default_factory=dict, repr=False, compare=False)
    choices: Mapping[str, Choice] = field(default_factory=dict)

    def knows(self, place: Place) -> bool:
        """Whether a call can be taken up at this place."""
        ladder = self.procedures.get(place.procedure)
        return place.procedure == GREETING or (ladder is not None and 1 <= place.step <= len(ladder.steps))

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
