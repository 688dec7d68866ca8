"""standard.yaml and words.yaml as people write them.

Rule: what is a typing mistake is found here; what needs the recordings is found in loading.py.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ari_app.standard.facts import Then


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Seconds = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
Key = Annotated[str, Field(pattern=r"^[0-9*#A-D]$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")]


Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Value(Strict):
    text: str
    say: str


class Words(Strict):
    text: Annotated[str, Field(min_length=1)]
    say: Annotated[str, Field(min_length=1)]
    rule: str = ""


class StepFile(Strict):
    say: str
    wait: Seconds


class ProcedureFile(Strict):
    steps: Annotated[list[StepFile], Field(min_length=1)]
    then: Then
    when: str = ""
    rule: str = ""
    on_response: Then = Then.QUEUE
    keys: dict[Key, Then] = {}


class HearingFile(Strict):
    speech_minimum: Annotated[float, Field(ge=0.02, le=5)] = 0.25
    threshold: Annotated[int, Field(ge=1, le=32767)] = 128


class ReceptionFile(Strict):
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


class StandardFile(Strict):
    """The shape of a standard.yaml."""

    standard: Name
    version: Annotated[int, Field(ge=1)]
    title: str = ""
    language: Language
    values: dict[str, Value] = {}
    prompts: dict[Name, Words]
    hearing: HearingFile = HearingFile()
    reception: ReceptionFile
    procedures: dict[Name, ProcedureFile]


class ChoiceFile(Strict):
    """Who is spoken to in this language."""

    key: Key | None = None
    dialled: list[str] = []
    callers: list[str] = []


class TranslatedWords(Strict):
    """One sentence in another language; without `say` the voice reads the text."""

    text: Annotated[str, Field(min_length=1)]
    say: str = ""


class TranslatedValue(Strict):
    text: str
    say: str = ""


class WordsFile(Strict):
    """The shape of a <language>/words.yaml."""

    language: Language
    title: str = ""
    chosen_by: ChoiceFile = ChoiceFile()
    values: dict[str, TranslatedValue] = {}
    prompts: dict[Name, TranslatedWords]
