"""What is to be said, and where it lies: one script for each language of a standard, and of the pieces.

Rule: the words are the standard's (`ari_app.standard`); here they are only found and put side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from ari_app.errors import BrokenStandard
from ari_app.paths import shipped
from ari_app.standard import LEAD_IN, Sentence, Written, languages_of, sentences
from ari_app.standard.words import WORDS, words_in
from ari_app.studio.cutting import PIECE, SENTENCE, Cut

STANDARD: Final = "standard.yaml"
LEAD_IN_MS: Final = 300  # ARI's answer does not wait for media: this much may be clipped and nobody misses it
PAUSE: Final = "pause"
TONE: Final = "tone"
TONE_MS: Final = 250  # after it, a caller is recorded; an Asterisk without sounds of its own has no "beep"
PAUSE_MS: Final = 240  # between the groups of a telephone number
_SAID_BY_THE_DIALPLAN = re.compile(r"\$\{HOTLINE_SOUNDS\}/([a-z0-9-]+)")


class Saying(Protocol):
    """A sentence: its name, its words, and how they are pronounced."""

    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def say(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Script:
    """All a voice has to say in one folder, in one language; `silences` lie there too, in milliseconds."""

    title: str
    folder: Path
    language: str
    sayings: tuple[Saying, ...]
    cut: Cut = SENTENCE
    silences: Mapping[str, int] = field(default_factory=lambda: {LEAD_IN: LEAD_IN_MS})
    tones: Mapping[str, int] = field(default_factory=dict)  # in milliseconds, too
    unused: frozenset[str] = frozenset()  # sentences no procedure says


def scripts(path: Path) -> list[Script]:
    """Every script at a path: a standard's folder, the pieces, or a folder of them all.

    Raises BrokenStandard, naming file, line and path.
    """
    if (path / STANDARD).is_file():
        return list(_of_standard(path))
    if any(path.glob(f"*/{WORDS}")):
        return list(_of_pieces(path))
    found = sorted(
        {f.parent for f in path.glob(f"*/{STANDARD}")} | {f.parent.parent for f in path.glob(f"*/*/{WORDS}")}
    )
    if not found:
        raise BrokenStandard(f"{path / STANDARD}: no such file; give the folder of a standard, or of several")
    return [script for folder in found for script in scripts(folder)]


def _of_standard(folder: Path) -> Iterator[Script]:
    """What is recorded in this folder: not what is inherited, word for word, with its recording."""
    unused, parents = _unused(folder), Written(folder).folders[1:]
    for language in languages_of(folder):
        title = f"{folder.absolute().name} {language}"
        own = tuple(sentence for sentence in sentences(folder, language) if sentence.home == folder)
        begun = any((parent / language / f"{LEAD_IN}.wav").is_file() for parent in parents)
        silences = {} if begun else {LEAD_IN: LEAD_IN_MS}
        if own or not begun:
            yield Script(title, folder / language, language, own, silences=silences, unused=unused)


def _of_pieces(folder: Path) -> Iterator[Script]:
    for path in sorted(folder.glob(f"*/{WORDS}")):
        language = path.parent.name
        _, words = words_in(folder, language)
        pieces = tuple(Sentence(name, word.text, word.say or word.text, "") for name, word in words.prompts.items())
        title = f"{folder.absolute().name} {language}"
        yield Script(title, path.parent, language, pieces, PIECE, {PAUSE: PAUSE_MS}, {TONE: TONE_MS})


def _unused(folder: Path) -> frozenset[str]:
    """Sentences that neither a procedure, the reception nor the dialplan names."""
    content: dict[str, Any] = Written(folder).content
    said = {*_words({key: part for key, part in content.items() if key not in ("prompts", "values")})}
    for dialplan in shipped("dialplan").glob("extensions*.conf"):
        said.update(_SAID_BY_THE_DIALPLAN.findall(dialplan.read_text(encoding="utf-8")))
    silent = frozenset(content["prompts"]) - said
    fragments = {s.name for s in sentences(folder) if s.name.rpartition(".")[0] in silent}
    return silent | fragments


def _words(part: object) -> Iterator[str]:
    """Every word a file says anywhere below; whatever a new part of it may be called."""
    match part:
        case str():
            yield part
        case dict():
            for value in part.values():
                yield from _words(value)
        case list():
            for value in part:
                yield from _words(value)
