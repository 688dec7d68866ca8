"""What a standard's sentences say, in its own language and beside it in English.

Rule: a placeholder stays in its sentence, `{number}`: it is spoken only during a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ari_app.standard import Standard
from ari_app.standard.words import spoken_in

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence as it is written; `english` is "" when there is none, or when it is English already."""

    text: str
    english: str = ""

    def __str__(self) -> str:
        return f"“{self.text}”" + (f" ({self.english})" if self.english else "")


@dataclass(frozen=True, slots=True)
class Texts:
    """Every sentence of a standard by name."""

    said: Mapping[str, Said]

    def __getitem__(self, name: str) -> Said:
        return self.said.get(name, Said(name))


def texts_of(standard: Standard) -> Texts:
    """The words of a loaded standard; raises BrokenStandard when they were changed meanwhile and are wrong now."""
    own = spoken_in(standard.folder, standard.language)
    english = spoken_in(standard.folder, ENGLISH) if ENGLISH in standard.languages else {}
    beside = {} if standard.language == ENGLISH else {name: spoken.text for name, spoken in english.items()}
    return Texts({name: Said(spoken.text, beside.get(name, "")) for name, spoken in own.items()})
