"""The words of a standard in one language: what a voice has to record.

Rule: no recording is needed here, so that the studio can make them. Adding a language is adding a folder
with a words.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ari_app.errors import BrokenStandard
from ari_app.paths import shipped
from ari_app.standard.facts import Sentence
from ari_app.standard.file import StandardFile, Strict, WordsFile
from ari_app.yamlfile import YamlFile

WORDS = "words.yaml"


def language_of(folder: Path) -> str:
    """The standard's own language, whose words stand in standard.yaml; raises BrokenStandard."""
    return YamlFile(folder / "standard.yaml", BrokenStandard).parse(StandardFile).language


def languages_of(folder: Path) -> tuple[str, ...]:
    """Every language a standard speaks, its own first; raises BrokenStandard."""
    own = language_of(folder)
    return (own, *sorted(path.parent.name for path in folder.glob(f"*/{WORDS}") if path.parent.name != own))


def sentences(folder: Path, language: str | None = None) -> tuple[Sentence, ...]:
    """Every sentence of the standard in a language, with its placeholders filled in.

    Raises BrokenStandard: an unknown placeholder, a forbidden phrase, a sentence missing in this language.
    """
    file = YamlFile(folder / "standard.yaml", BrokenStandard)
    written = file.parse(StandardFile)
    if language is None or language == written.language:
        own = {name: (prompt.text, prompt.say, prompt.rule) for name, prompt in written.prompts.items()}
        values = {name: (value.text, value.say) for name, value in written.values.items()}
        return _filled(file, own, values, _forbidden_phrases(folder))
    file, translated = words_file(folder, language)
    for name in written.prompts:
        if name not in translated.prompts:
            raise file.complaint(("prompts",), f"sentence {name!r} of {written.standard} is missing in {language}")
    for name in translated.prompts:
        if name not in written.prompts:
            raise file.complaint(("prompts", name), f"is no sentence of {written.standard}")
    theirs = {
        name: (prompt.text, prompt.say or prompt.text, written.prompts[name].rule)
        for name, prompt in translated.prompts.items()
    }
    values = {name: (value.text, value.say or value.text) for name, value in translated.values.items()}
    return _filled(file, theirs, values, _forbidden_phrases(folder))


def words_file(folder: Path, language: str) -> tuple[YamlFile, WordsFile]:
    """A language's words.yaml; raises BrokenStandard."""
    file = YamlFile(folder / language / WORDS, BrokenStandard)
    words = file.parse(WordsFile)
    if words.language != language:
        raise file.complaint(("language",), f"is {words.language}, but the folder is {language}")
    return file, words


def _filled(
    file: YamlFile,
    prompts: Mapping[str, tuple[str, str, str]],
    values: Mapping[str, tuple[str, str]],
    forbidden: list[_Phrase],
) -> tuple[Sentence, ...]:
    texts = {name: text for name, (text, _) in values.items()}
    says = {name: say for name, (_, say) in values.items()}
    found = []
    for name, (text, say, rule) in prompts.items():
        where = ("prompts", name)
        sentence = Sentence(
            name, _fill(file, text, texts, (*where, "text")), _fill(file, say, says, (*where, "say")), rule
        )
        for phrase in forbidden:
            if re.search(phrase.pattern, sentence.text):
                what = f"a phrase forbidden by {phrase.rule} ({phrase.id}); {phrase.instead}"
                raise file.complaint((*where, "text"), what)
        found.append(sentence)
    return tuple(found)


def _fill(file: YamlFile, text: str, values: Mapping[str, str], where: tuple[str, ...]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise file.complaint(where, f"placeholder {{{match[1]}}} has no value under `values`")
        return values[match[1]]

    return re.sub(r" {2,}", " ", re.sub(r"\{([^{}]*)\}", value, text))


# ------------------------------------------------------------------ forbidden phrases


class _Phrase(Strict):
    id: str
    rule: str
    pattern: str
    instead: str


class _Phrases(Strict):
    phrases: list[_Phrase]


def _forbidden_phrases(folder: Path) -> list[_Phrase]:
    """The list beside the standards, or the shipped one for a standard that lives elsewhere."""
    beside = folder.parent / "forbidden.yaml"
    file = YamlFile(beside if beside.is_file() else shipped("prompts") / "forbidden.yaml", BrokenStandard)
    for i, phrase in enumerate((parsed := file.parse(_Phrases)).phrases):
        try:
            re.compile(phrase.pattern)
        except re.error as problem:
            raise file.complaint(("phrases", i, "pattern"), f"is no regular expression: {problem}") from None
    return parsed.phrases
