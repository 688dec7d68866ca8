"""Proofreading a standard: what must not be said, what must be, and where no procedure may lead.

Rule 1: what cannot answer a telephone is refused when it is loaded, and is the only thing told of that standard.
Rule 2: every finding is one line: file, line, what, the rule it comes from, and the mend.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ari_app.errors import BrokenStandard
from ari_app.paths import shipped
from ari_app.standard import Goto, Ladder, Lead, Standard, Then, Written, load
from ari_app.standard.file import Strict
from ari_app.standard.words import Spoken, spoken_in, words_file
from ari_app.yamlfile import Location, YamlFile

FORBIDDEN = "forbidden.yaml"
HANZI = "zh"
"""Languages in which the wording of the standards can be looked for."""


class _Phrase(Strict):
    id: str
    rule: str
    pattern: str
    instead: str


class _Required(Strict):
    id: str
    of: str
    where: Annotated[Literal["first", "last", "any", "every"], Field(alias="in")] = "any"
    pattern: str = ""
    either: Annotated[Literal["consent", "callback", ""], Field(alias="or")] = ""
    rule: str
    instead: str
    grave: bool = True


class _Never(Strict):
    id: str
    of: list[str] = Field(default_factory=list)
    standards: list[str] = Field(default_factory=list)
    leads: Then
    rule: str
    instead: str


class Wording(Strict):
    """The shape of forbidden.yaml."""

    phrases: list[_Phrase]
    avoid: list[_Phrase] = Field(default_factory=list)
    kinds: dict[str, list[str]] = Field(default_factory=dict)
    required: list[_Required] = Field(default_factory=list)
    never: list[_Never] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend (grave), or to think about."""

    told: str
    grave: bool = True

    def __str__(self) -> str:
        return self.told


def wording(folder: Path) -> Wording:
    """The list beside a standard, else the shipped one; raises BrokenStandard."""
    beside = folder.parent / FORBIDDEN
    file = YamlFile(beside if beside.is_file() else shipped("prompts") / FORBIDDEN, BrokenStandard)
    found = file.parse(Wording)
    for group in ("phrases", "avoid", "required"):
        for i, entry in enumerate(getattr(found, group)):
            try:
                re.compile(entry.pattern)
            except re.error as problem:
                raise file.complaint((group, i, "pattern"), f"is no regular expression: {problem}") from None
    return found


def proofread(folder: Path) -> list[Finding]:
    """Everything that is wrong, or doubtful, in one standard; nothing when there is nothing."""
    try:
        asked = wording(folder)
        standard = load(folder)
        return [*_Reader(standard, asked).findings()]
    except BrokenStandard as problem:
        return [Finding(str(problem))]


class _Reader:
    """One standard, read by the rules of forbidden.yaml."""

    def __init__(self, standard: Standard, asked: Wording) -> None:
        self.standard, self.asked = standard, asked
        self.written = Written(standard.folder)
        languages = [language for language in standard.languages if language.startswith(HANZI)]
        self.words = {language: spoken_in(standard.folder, language) for language in languages}

    def findings(self) -> Iterator[Finding]:
        for language, words in self.words.items():
            yield from self._doubtful(language, words)
        for ladder in self.standard.procedures.values():
            yield from self._lacking(ladder)
            yield from self._misled(ladder)
        yield from self._late_greetings()
        if self.standard.hours is not None and self.standard.desk.closed is None:
            yield self._finding(
                ("hours",), "who rings outside them is served as within: reception.closed is missing", grave=False
            )

    def _finding(self, where: Location, what: str, grave: bool = True) -> Finding:
        return Finding(str(self.written.complaint(where, what)), grave)

    # ------------------------------------------------------------------ words

    def _doubtful(self, language: str, words: dict[str, Spoken]) -> Iterator[Finding]:
        for name, spoken in words.items():
            for phrase in self.asked.avoid:
                if re.search(phrase.pattern, spoken.text):
                    what = f"to be avoided by {phrase.rule} ({phrase.id}): {phrase.instead}"
                    yield self._about_words(language, name, what)

    def _about_words(self, language: str, name: str, what: str) -> Finding:
        where = ("prompts", name, "text")
        if language == self.standard.language:
            return self._finding(where, what, grave=False)
        file, _ = words_file(self.standard.folder, language)
        return Finding(str(file.complaint(where, what)), grave=False)

    def _lacking(self, ladder: Ladder) -> Iterator[Finding]:
        for required in self.asked.required:
            if required.of in self._kinds(ladder) and not self._kept(ladder, required):
                which = {"first": "its first sentence", "last": "its last sentence", "every": "a sentence"}
                said = f"{which.get(required.where, 'it')} lacks what is asked by {required.rule} ({required.id})"
                yield self._finding(("procedures", ladder.name), f"{said}: {required.instead}", required.grave)

    def _kept(self, ladder: Ladder, required: _Required) -> bool:
        if required.either == "consent" and _asks_consent(ladder):
            return True
        if required.either == "callback" and (_files(ladder) or Then.CALLBACK in self._led(ladder)):
            return True
        return bool(required.pattern) and all(
            _contain(required, [words[step.say.name].text for step in ladder.steps if step.say is not None])
            for words in self.words.values()
        )

    def _late_greetings(self) -> Iterator[Finding]:
        for i, greeting in enumerate(self.standard.desk.greetings):
            for required in self.asked.required:
                texts = [words[greeting.say.name].text for words in self.words.values()]
                if greeting.late and required.of == "late-answer" and not all(_contain(required, [t]) for t in texts):
                    what = f"lacks what is asked by {required.rule} ({required.id}): {required.instead}"
                    yield self._finding(("reception", "greetings", i), what, required.grave)

    # ------------------------------------------------------------------ ways

    def _misled(self, ladder: Ladder) -> Iterator[Finding]:
        names = {self.standard.name, *self.standard.extends}
        for never in self.asked.never:
            meant = names & {*never.standards} or self._kinds(ladder) & {*never.of}
            if meant and never.leads in self._led(ladder):
                what = f"leads to `{never.leads}`, which {never.rule} forbids ({never.id}): {never.instead}"
                yield self._finding(("procedures", ladder.name), what)

    def _led(self, ladder: Ladder) -> set[Lead]:
        """Where its caller can come to, by way of procedures it names itself."""
        found: set[Lead] = set()
        waiting = [ladder]
        while waiting:
            for lead in waiting.pop().leads():
                if lead not in found:
                    found.add(lead)
                    if isinstance(lead, Goto):
                        waiting.append(self.standard.procedures[lead.procedure])
        return found

    def _kinds(self, ladder: Ladder) -> set[str]:
        by_rule = {kind for kind, rules in self.asked.kinds.items() if ladder.rules and ladder.rules[0] in rules}
        by_name = {ladder.name} & {*self.asked.kinds}
        return by_name or by_rule - {self._owner(kind) for kind in by_rule}

    def _owner(self, kind: str) -> str:
        """A kind whose own procedure is there is not looked for by rules as well."""
        return kind if kind in self.standard.procedures else ""


def _contain(required: _Required, texts: list[str]) -> bool:
    found = [re.search(required.pattern, text) is not None for text in texts]
    match required.where:
        case "first":
            return bool(found) and found[0]
        case "last":
            return bool(found) and found[-1]
        case "every":
            return bool(found) and all(found)
        case _:
            return any(found)


def _asks_consent(ladder: Ladder) -> bool:
    first = next((step for step in ladder.steps if step.say is not None), None)
    return (
        first is not None and first.wait > 0 and not first.music and (bool(first.keys) or first.on_response is not None)
    )


def _files(ladder: Ladder) -> bool:
    return any(step.file is not None for step in ladder.steps)
