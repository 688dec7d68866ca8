"""standard.yaml and words.yaml as people write them.

Rule: what is a typing mistake is found here; what needs the recordings is found in loading.py.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ari_app.call import Kind
from ari_app.hours_file import HoursFile
from ari_app.register.rules import ScreeningFile
from ari_app.requests.clocks_file import ClocksFile
from ari_app.standard.facts import Then
from ari_app.words import Name, QueueWord
from ari_app.yamlfile import spelled


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


Seconds = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
Key = Annotated[str, spelled(r"[0-9*#A-D]", "a key is one of 0 to 9, *, # and A to D")]
LadderKey = Annotated[str, spelled(r"[0-9*#A-D]|told", "a key is one of 0 to 9, *, #, A to D, or the word told")]
PlaceholderName = Annotated[
    str, spelled(r"[a-z][a-z0-9_]{0,30}", "a placeholder's name is at most 31 small letters, digits, _, a letter first")
]
ClockTime = Annotated[str, spelled(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", "write a time of day as 08:00")]
Language = Annotated[str, spelled(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", "write a language as en or zh-CN")]
TakenKeys = Annotated[str, spelled(r"[0-9*]{1,11}", "the keys to choose from are 0 to 9 and *, as 123*")]
AgentKey = Annotated[str, spelled(r"\*[0-9]{1,4}", "an agent's key is a star and 1 to 4 digits, as *71")]
DayOfYear = Annotated[str, spelled(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "write a day of the year as 01-31")]

When = Literal[
    "silence", "caller_key", "agent_key", "after_agent", "queue_exit", "late", "notice", "hours", "supervisor",
    "schedule", "procedure", "transfer", "screening",
]  # fmt: skip
QueueExit = Literal["TIMEOUT", "FULL", "JOINEMPTY", "LEAVEEMPTY", "JOINUNAVAIL", "LEAVEUNAVAIL", "WITHDRAW", "UNKNOWN"]


class Value(Strict):
    text: str
    say: str


class Words(Strict):
    text: Annotated[str, Field(min_length=1)]
    say: Annotated[str, Field(min_length=1)]
    rule: str | list[str] = ""


class PlaceholderFile(Strict):
    """Where a word comes from that is known only during a call, and how it is spoken."""

    source: Annotated[
        Literal["taken", "caller", "agent", "challenge", "queue.position", "queue.minutes"], Field(alias="from")
    ]
    spoken: Literal["digits", "telephone", "number", "position"] = "digits"


class TakeFile(Strict):
    """Keys that are collected."""

    name: Name
    least: Annotated[int, Field(ge=1, le=30)] = 1
    most: Annotated[int, Field(ge=1, le=30)] = 20
    one_of: TakenKeys | None = None
    read_back: str | None = None
    tries: Annotated[int, Field(ge=1, le=9)] = 3

    @model_validator(mode="after")
    def _least_is_not_more(self) -> TakeFile:
        if self.least > self.most:
            raise ValueError(f"takes at least {self.least} keys, and at most {self.most}")
        return self


class StepFile(Strict):
    say: str | None = None
    wait: Seconds = 0
    music: bool = False
    take: TakeFile | None = None
    record: Annotated[float, Field(gt=0, le=600)] | None = None
    file: Kind | None = None
    to: str = ""
    on_response: str | None = None
    keys: dict[Key, str] = {}


class ProcedureFile(Strict):
    steps: Annotated[list[StepFile], Field(min_length=1)]
    then: str
    when: When | list[When] = []
    rule: str | list[str] = []
    title: str = ""
    agent_key: AgentKey | None = None
    on_response: str = Then.QUEUE.value
    keys: dict[LadderKey, str] = {}
    clock: str | None = None
    queue: QueueWord | None = None


class HearingFile(Strict):
    speech_minimum: Annotated[float, Field(ge=0.02, le=5)] = 0.25
    threshold: Annotated[int, Field(ge=1, le=32767)] = 128


class GreetingFile(Strict):
    """A greeting for some callers."""

    say: str
    late: bool = False
    dialled: list[str] = []
    caller: Literal["internal", "external"] | None = None
    from_: ClockTime | None = Field(default=None, alias="from")
    to: ClockTime | None = None
    days: list[DayOfYear] = []

    @model_validator(mode="after")
    def _hours_have_two_ends(self) -> GreetingFile:
        if (self.from_ is None) != (self.to is None):
            raise ValueError("`from` and `to` go together")
        return self


class QueueFile(Strict):
    """A queue for some callers."""

    queue: QueueWord
    dialled: list[str] = []
    language: Language | None = None


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
    greetings: list[GreetingFile] = []
    internal_digits: Annotated[int, Field(ge=1, le=15)] = 5
    late_after: Seconds = 10
    queue_exits: dict[QueueExit, str] = {}
    notices: dict[Name, str] = {}
    queues: list[QueueFile] = []
    supervisors: QueueWord = "hotline-supervisor"
    lingers: str | None = None
    rings_back: dict[Literal["introduce", "verify", "reason", "apology"], str] = {}
    callback: str | None = None
    message: str | None = None
    dials: str | None = None
    busy: str | None = None
    no_answer: str | None = None
    lunch: str | None = None
    closed: str | None = None
    challenge: str | None = None
    let_go: str | None = None


class StandardFile(Strict):
    """The shape of a standard.yaml, with what it inherits."""

    standard: Name
    version: Annotated[int, Field(ge=1)]
    title: str = ""
    language: Language
    extends: str | None = None
    values: dict[str, Value] = {}
    placeholders: dict[PlaceholderName, PlaceholderFile] = {}
    prompts: dict[Name, Words]
    hearing: HearingFile = HearingFile()
    reception: ReceptionFile
    hours: HoursFile | None = None
    procedures: dict[Name, ProcedureFile]
    clocks: ClocksFile = {}
    screening: ScreeningFile = ScreeningFile()
    kpis: dict[Name, dict[str, Any]] = {}
    holds: dict[str, Any] = {}


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
    chosen_by: ChoiceFile | None = None
    values: dict[str, TranslatedValue] = {}
    prompts: dict[Name, TranslatedWords] = {}
