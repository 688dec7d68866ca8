"""The words of a standard in one language: what a voice has to record.

Rule 1: no recording is needed here, so that the studio can make them. Adding a language is adding a folder
with a words.yaml.
Rule 2: a sentence is recorded once, in the folder of the standard that wrote its words; who inherits it inherits
the recording. Other words, or another value in them, are another recording.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ari_app.call import Slot
from ari_app.errors import BrokenStandard
from ari_app.paths import shipped
from ari_app.standard.facts import Choice, Sentence
from ari_app.standard.file import StandardFile, Strict, WordsFile
from ari_app.standard.inheritance import Written, parent_of
from ari_app.yamlfile import YamlFile

WORDS = "words.yaml"
_PLACE = re.compile(r"\{([^{}]*)\}")


class Spoken(NamedTuple):
    """A sentence with its values filled in, and its placeholders still standing in it."""

    text: str
    say: str
    rule: str
    home: Path


def language_of(folder: Path) -> str:
    """The standard's own language, whose words stand in standard.yaml; raises BrokenStandard."""
    return Written(folder).parse(StandardFile).language


def languages_of(folder: Path) -> tuple[str, ...]:
    """Every language a standard speaks, its own first; raises BrokenStandard.

    A language of its parents counts when no sentence is missing in it.
    """
    written = Written(folder)
    own = written.parse(StandardFile).language
    begun = {path.parent.name for path in folder.glob(f"*/{WORDS}")} - {own}
    inherited = {path.parent.name for older in written.folders[1:] for path in older.glob(f"*/{WORDS}")} - {own}
    complete = {language for language in inherited - begun if not _missing(folder, language)}
    return (own, *sorted(begun | complete))


def sentences(folder: Path, language: str | None = None) -> tuple[Sentence, ...]:
    """Every recording of the standard in a language: its sentences, in fragments where they have placeholders.

    Raises BrokenStandard: an unknown placeholder, a forbidden phrase, a sentence missing in this language.
    """
    found: list[Sentence] = []
    for name, spoken in spoken_in(folder, language).items():
        pairs = fragments(spoken)
        if pairs is None:
            found.append(Sentence(name, spoken.text, spoken.say, spoken.rule, spoken.home))
            continue
        said = (pair for pair in pairs if not isinstance(pair, Slot))
        found += (
            Sentence(f"{name}.{n}", text, say, spoken.rule, spoken.home) for n, (text, say) in enumerate(said, start=1)
        )
    return tuple(found)


def spoken_in(folder: Path, language: str | None = None) -> dict[str, Spoken]:
    """Every sentence in a language, by name; raises BrokenStandard as `sentences` does."""
    written = Written(folder)
    whole = written.parse(StandardFile)
    if language is None or language == whole.language:
        return _own(written, whole)
    missing = _missing(folder, language)
    for name in missing:
        file, _ = words_file(folder, language)
        raise file.complaint(("prompts",), f"sentence {name!r} of {whole.standard} is missing in {language}")
    return _translated(folder, language)


def fragments(spoken: Spoken) -> list[tuple[str, str] | Slot] | None:
    """A sentence cut where its placeholders stand; None when it has none. Slots have a name only."""
    texts, says = _PLACE.split(spoken.text), _PLACE.split(spoken.say)
    if len(texts) == 1:
        return None
    found: list[tuple[str, str] | Slot] = []
    for i, (text, say) in enumerate(zip(texts, says, strict=True)):
        if i % 2:
            found.append(Slot(text, "", ""))
        elif any(letter.isalnum() for letter in text):
            found.append((text.strip(" ，,"), say.strip(" ，,")))
    return found


def words_file(folder: Path, language: str) -> tuple[YamlFile, WordsFile]:
    """A language's words.yaml, the standard's own or its nearest parent's; raises BrokenStandard."""
    nearest = next((f for f in Written(folder).folders if (f / language / WORDS).is_file()), folder)
    return words_in(nearest, language)


def choice_of(folder: Path, language: str) -> tuple[YamlFile, Choice]:
    """Who is spoken to in a language, and the file that says so; raises BrokenStandard."""
    for nearest in Written(folder).folders:
        if (nearest / language / WORDS).is_file():
            file, words = words_in(nearest, language)
            if words.chosen_by is not None:
                chosen = words.chosen_by
                return file, Choice(chosen.key or "", tuple(chosen.dialled), tuple(chosen.callers))
    return words_file(folder, language)[0], Choice()


def words_in(folder: Path, language: str) -> tuple[YamlFile, WordsFile]:
    """The words.yaml that lies in a folder itself; raises BrokenStandard."""
    file = YamlFile(folder / language / WORDS, BrokenStandard)
    words = file.parse(WordsFile)
    if words.language != language:
        raise file.complaint(("language",), f"is {words.language}, but the folder is {language}")
    return file, words


# ------------------------------------------------------------------ whose words


def _own(written: Written, whole: StandardFile) -> dict[str, Spoken]:
    folder = written.path.parent
    older = _parents(written.files[0])
    texts = {name: value.text for name, value in whole.values.items()}
    says = {name: value.say for name, value in whole.values.items()}
    forbidden = _forbidden_phrases(folder)
    found = {}
    for name, words in whole.prompts.items():
        text = _fill(written, words.text, texts, whole, ("prompts", name, "text"))
        say = _fill(written, words.say, says, whole, ("prompts", name, "say"))
        if _PLACE.findall(text) != _PLACE.findall(say):
            raise written.complaint(("prompts", name, "say"), "has other placeholders than `text`, or in another order")
        _refuse(written, forbidden, text, ("prompts", name, "text"))
        found[name] = _home(older.get(name), Spoken(text, say, _rules(words.rule), folder))
    return found


def _translated(folder: Path, language: str) -> dict[str, Spoken]:
    """The sentences that exist in another language; a sentence whose own words are new needs new ones there too."""
    written = Written(folder)
    whole = written.parse(StandardFile)
    own = _own(written, whole)
    parent = parent_of(written.files[0])
    older = {} if parent is None else _translated(parent, language)
    parents_own = {} if parent is None else spoken_in(parent)
    found: dict[str, Spoken] = {}
    if (folder / language / WORDS).is_file():
        file, words = words_in(folder, language)
        inherited = _values(parent, language)
        texts = inherited[0] | {name: value.text for name, value in words.values.items()}
        says = inherited[1] | {name: value.say or value.text for name, value in words.values.items()}
        forbidden = _forbidden_phrases(folder)
        for name in words.prompts:
            if name not in own:
                raise file.complaint(("prompts", name), f"is no sentence of {whole.standard}")
        source = _sources(folder, language)
        for name, (text, say) in source.items():
            if name not in own or (name not in words.prompts and _differs(own[name], parents_own.get(name))):
                continue
            where = ("prompts", name, "text")
            spoken = Spoken(
                _fill(file, text, texts, whole, where), _fill(file, say, says, whole, where), own[name].rule, folder
            )
            _refuse(file, forbidden, spoken.text, where)
            found[name] = _home(older.get(name), spoken)
        return {name: found[name] for name in own if name in found}
    return {name: older[name] for name in own if name in older and not _differs(own[name], parents_own.get(name))}


def _differs(new: Spoken, old: Spoken | None) -> bool:
    return old is None or (new.text, new.say) != (old.text, old.say)


def _sources(folder: Path, language: str) -> dict[str, tuple[str, str]]:
    """Words of a language as they are written, parents' first, values not yet filled in."""
    found: dict[str, tuple[str, str]] = {}
    for older in reversed(Written(folder).folders):
        if (older / language / WORDS).is_file():
            _, words = words_in(older, language)
            found |= {name: (prompt.text, prompt.say or prompt.text) for name, prompt in words.prompts.items()}
    return found


def _values(folder: Path | None, language: str) -> tuple[dict[str, str], dict[str, str]]:
    texts: dict[str, str] = {}
    says: dict[str, str] = {}
    for older in reversed(Written(folder).folders if folder is not None else ()):
        if (older / language / WORDS).is_file():
            _, words = words_in(older, language)
            texts |= {name: value.text for name, value in words.values.items()}
            says |= {name: value.say or value.text for name, value in words.values.items()}
    return texts, says


def _parents(file: YamlFile) -> dict[str, Spoken]:
    parent = parent_of(file)
    return {} if parent is None else spoken_in(parent)


def _home(older: Spoken | None, newer: Spoken) -> Spoken:
    """The parent's recording serves as long as the words are the parent's."""
    return newer._replace(home=older.home) if older is not None and not _differs(newer, older) else newer


def _missing(folder: Path, language: str) -> list[str]:
    there = _translated(folder, language)
    return [name for name in spoken_in(folder) if name not in there]


def _rules(rule: str | list[str]) -> str:
    return rule if isinstance(rule, str) else " ".join(rule)


def _refuse(file: Written | YamlFile, forbidden: list[_Phrase], text: str, where: tuple[str, ...]) -> None:
    for phrase in forbidden:
        if re.search(phrase.pattern, text):
            raise file.complaint(where, f"a phrase forbidden by {phrase.rule} ({phrase.id}); {phrase.instead}")


def _fill(
    file: Written | YamlFile, text: str, values: Mapping[str, str], whole: StandardFile, where: tuple[str, ...]
) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] in whole.placeholders:
            return match[0]
        if match[1] not in values:
            what = f"placeholder {{{match[1]}}} has no value under `values` and no source under `placeholders`"
            raise file.complaint(where, what)
        return values[match[1]]

    return re.sub(r" {2,}", " ", _PLACE.sub(value, text))


# ------------------------------------------------------------------ forbidden phrases


class _Phrase(Strict):
    id: str
    rule: str
    pattern: str
    instead: str


class _Phrases(Strict):
    phrases: list[_Phrase]
    avoid: Any = None  # this and what follows is for proofreading: callflow/lint.py
    kinds: Any = None
    required: Any = None
    never: Any = None


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
