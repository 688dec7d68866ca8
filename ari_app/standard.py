"""A service standard: what is said, how long we wait, what happens then. standard.yaml -> frozen Standard.

Rule 1: a standard that loads can answer a telephone: every prompt has its recording, every name exists.
Rule 2: words, waits and keys live in the file, never in code; a loaded standard never changes.
"""

from __future__ import annotations

import re
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ari_app.call import Heed, Place, Prompt
from ari_app.errors import BrokenStandard, HotlineError
from ari_app.yamlfile import YamlFile

LEAD_IN = "lead-in"
GREETING = "greeting"
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
        """A ladder that does not react to a voice heeds keys only."""
        return Heed.KEYS if self.on_response is Then.STAY else Heed.VOICE_AND_KEYS


@dataclass(frozen=True, slots=True)
class Hearing:
    """When a sound is a voice: so many seconds of it, above a mean sample magnitude (TALK_DETECT)."""

    speech_minimum: float
    threshold: int


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

    def knows(self, place: Place) -> bool:
        """Whether a call can be taken up at this place."""
        ladder = self.procedures.get(place.procedure)
        return place.procedure == GREETING or (ladder is not None and 1 <= place.step <= len(ladder.steps))


# ------------------------------------------------------------------ the file as people write it


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Seconds = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
Key = Annotated[str, Field(pattern=r"^[0-9*#A-D]$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")]


class _Value(_Strict):
    text: str
    say: str


class _Sentence(_Strict):
    text: Annotated[str, Field(min_length=1)]
    say: Annotated[str, Field(min_length=1)]
    rule: str = ""


class _Step(_Strict):
    say: str
    wait: Seconds


class _Procedure(_Strict):
    steps: Annotated[list[_Step], Field(min_length=1)]
    then: Then
    when: str = ""
    rule: str = ""
    on_response: Then = Then.QUEUE
    keys: dict[Key, Then] = {}


class _Hearing(_Strict):
    speech_minimum: Annotated[float, Field(ge=0.02, le=5)] = 0.25
    threshold: Annotated[int, Field(ge=1, le=32767)] = 128


class _Reception(_Strict):
    greeting: str
    connecting: str
    patience: Seconds
    silent: str
    after_agent: str
    no_agent: str
    exhausted: str
    station: str
    queue_rounds: Annotated[int, Field(ge=1, le=100)] = 3
    keys: dict[Key, str] = {}


class StandardFile(_Strict):
    """The shape of a standard.yaml."""

    standard: Name
    version: Annotated[int, Field(ge=1)]
    title: str = ""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    values: dict[str, _Value] = {}
    prompts: dict[Name, _Sentence]
    hearing: _Hearing = _Hearing()
    reception: _Reception
    procedures: dict[Name, _Procedure]


# ------------------------------------------------------------------ loading


def load(folder: Path) -> Standard:
    """The standard in `folder`, ready to answer a telephone.

    Raises BrokenStandard, one line with file, line and path, for anything a caller could stumble over.
    """
    file = YamlFile(folder / "standard.yaml", BrokenStandard)
    written = file.parse(StandardFile)
    sentences(folder)
    prompts = {name: _prompt(file, written, name, ("prompts", name)) for name in written.prompts}
    lead_in = _prompt(file, written, LEAD_IN, ("prompts",))
    ladders = {name: _ladder(file, prompts, name, p) for name, p in written.procedures.items()}
    desk = written.reception

    def said(field: str) -> Prompt:
        return _named(file, prompts, getattr(desk, field), ("reception", field), "prompt")

    def ladder(field: str) -> Ladder:
        return _named(file, ladders, getattr(desk, field), ("reception", field), "procedure")

    standard = Standard(
        name=written.standard, version=written.version, language=written.language, folder=folder,
        lead_in=lead_in, greeting=said("greeting"), connecting=said("connecting"), patience=desk.patience,
        keys=MappingProxyType({
            key: _named(file, ladders, name, ("reception", "keys", key), "procedure")
            for key, name in desk.keys.items()
        }),
        silent=ladder("silent"), station=ladder("station"), after_agent=ladder("after_agent"),
        no_agent=ladder("no_agent"), exhausted=ladder("exhausted"), queue_rounds=desk.queue_rounds,
        procedures=MappingProxyType(ladders), prompts=MappingProxyType(prompts),
        hearing=Hearing(written.hearing.speech_minimum, written.hearing.threshold),
    )  # fmt: skip
    _check_manners(file, standard)
    return standard


def sentences(folder: Path) -> tuple[Sentence, ...]:
    """Every sentence of the standard with its placeholders filled in: what a voice has to record.

    Needs no recordings, so that the studio can make them. Raises BrokenStandard.
    """
    file = YamlFile(folder / "standard.yaml", BrokenStandard)
    written = file.parse(StandardFile)
    forbidden = _forbidden_phrases(folder)
    found = []
    for name, prompt in written.prompts.items():
        sentence = Sentence(
            name,
            _fill(file, prompt.text, {k: v.text for k, v in written.values.items()}, ("prompts", name, "text")),
            _fill(file, prompt.say, {k: v.say for k, v in written.values.items()}, ("prompts", name, "say")),
            prompt.rule,
        )
        for phrase in forbidden:
            if re.search(phrase.pattern, sentence.text):
                what = f"a phrase forbidden by {phrase.rule} ({phrase.id}); {phrase.instead}"
                raise file.complaint(("prompts", name, "text"), what)
        found.append(sentence)
    return tuple(found)


def language_of(folder: Path) -> str:
    """The language folder of a standard; raises BrokenStandard."""
    return YamlFile(folder / "standard.yaml", BrokenStandard).parse(StandardFile).language


def _fill(file: YamlFile, text: str, values: Mapping[str, str], where: tuple[str, ...]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise file.complaint(where, f"placeholder {{{match[1]}}} has no value under `values`")
        return values[match[1]]

    return re.sub(r"\{([^{}]*)\}", value, text)


def _prompt(file: YamlFile, written: StandardFile, name: str, where: tuple[str, ...]) -> Prompt:
    recording = file.path.parent / written.language / f"{name}.wav"
    mend = f"run `hotline prompts build {file.path.parent}`"
    try:
        with wave.open(str(recording)) as wav:
            shape = (wav.getframerate(), wav.getnchannels(), wav.getsampwidth())
            seconds = wav.getnframes() / wav.getframerate()
    except FileNotFoundError:
        raise file.complaint(where, f"has no recording {recording}; {mend}") from None
    except (OSError, EOFError, wave.Error) as problem:
        raise file.complaint(where, f"recording {recording} cannot be read ({problem}); {mend}") from None
    if shape != (8000, 1, 2):
        raise file.complaint(where, f"recording {recording} is not 8 kHz mono 16-bit; {mend}")
    if not seconds:
        raise file.complaint(where, f"recording {recording} is empty; {mend}")
    return Prompt(name, seconds, f"{written.standard}/{written.language}/{name}")


def _ladder(file: YamlFile, prompts: Mapping[str, Prompt], name: str, written: _Procedure) -> Ladder:
    where = ("procedures", name)
    if written.then is Then.STAY:
        raise file.complaint((*where, "then"), "a ladder cannot end with `stay`")
    steps = tuple(
        Step(_named(file, prompts, step.say, (*where, "steps", i, "say"), "prompt"), step.wait)
        for i, step in enumerate(written.steps)
    )
    if written.then is Then.HANG_UP and not steps[-1].wait:
        what = "we never hang up without a wait after the last prompt (S000-35)"
        raise file.complaint((*where, "steps", len(steps) - 1, "wait"), what)
    return Ladder(name, steps, written.then, written.on_response, MappingProxyType(dict(written.keys)), written.rule)


def _named(file: YamlFile, known: Mapping[str, Any], name: str, where: tuple[int | str, ...], kind: str) -> Any:
    if name not in known:
        raise file.complaint(where, f"there is no {kind} {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


def _check_manners(file: YamlFile, standard: Standard) -> None:
    silent = standard.silent
    if silent.then is Then.HANG_UP and len(silent.steps) <= MINIMUM_CONFIRMATIONS:
        what = (
            f"a silent caller is asked at least {MINIMUM_CONFIRMATIONS} times before the farewell (S000-03, S004-M10)"
        )
        raise file.complaint(("procedures", silent.name, "steps"), what)
    if standard.station.then is Then.STATION:
        raise file.complaint(("procedures", standard.station.name, "then"), "the station leads to itself for ever")


# ------------------------------------------------------------------ forbidden phrases


class _Phrase(_Strict):
    id: str
    rule: str
    pattern: str
    instead: str


class _Phrases(_Strict):
    phrases: list[_Phrase]


def _forbidden_phrases(folder: Path) -> list[_Phrase]:
    """The list beside the standards, or the shipped one for a standard that lives elsewhere."""
    from ari_app.paths import shipped

    beside = folder.parent / "forbidden.yaml"
    file = YamlFile(beside if beside.is_file() else shipped("prompts") / "forbidden.yaml", BrokenStandard)
    for i, phrase in enumerate((parsed := file.parse(_Phrases)).phrases):
        try:
            re.compile(phrase.pattern)
        except re.error as problem:
            raise file.complaint(("phrases", i, "pattern"), f"is no regular expression: {problem}") from None
    return parsed.phrases


__all__ = [
    "GREETING", "Hearing", "HotlineError", "Ladder", "Sentence", "Standard", "StandardFile", "Step", "Then",
    "language_of", "load", "sentences",
]  # fmt: skip
