"""What the standard prescribes, as the ledger compares it with what was measured. Pure; made once per standard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ari_app.journal import Place
from ari_app.standard import GREETING, Sentence, Standard


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure of the standard: its rules, how many steps it has, and whether it ends with our hanging up."""

    rules: tuple[str, ...]
    steps: int
    hangs_up: bool


@dataclass(frozen=True, slots=True)
class Prescriptions:
    """The waits of every place, the procedures, and the rules of the sentences."""

    waits: Mapping[Place, float] = field(default_factory=dict)
    procedures: Mapping[str, Procedure] = field(default_factory=dict)
    sentences: Mapping[str, str] = field(default_factory=dict)  # prompt -> rule


NONE = Prescriptions()
LATE = re.compile("(对不起|不好意思|抱歉).*久等")
LATE_RULE = "S000-15"
"""What an apology for lateness must say, and the rule that wants it: a sentence like this is one, whatever its name."""


class _Step(Protocol):
    @property
    def wait(self) -> float: ...


def of_standard(standard: Standard, sentences: Iterable[Sentence] = ()) -> Prescriptions:
    """Everything a call by this standard is measured against.

    `sentences` are those of the standard's own language: others say the same under the same names. A step in which
    keys or a message are taken has no wait to be kept: the caller decides how long it lasts.
    """
    waits = {
        Place(name, number): float(step.wait)
        for name, ladder in standard.procedures.items()
        for number, step in enumerate(ladder.steps, start=1)
        if step.wait > 0 and not _taken_up(step)
    }
    waits[Place(GREETING)] = standard.desk.patience
    procedures = {
        name: Procedure(_rules(ladder), len(ladder.steps), ladder.then == "hang_up")
        for name, ladder in standard.procedures.items()
    }
    rules = {s.name: s.rule or (LATE_RULE if LATE.search(s.text) else "") for s in sentences}
    return Prescriptions(waits, procedures, {name: rule for name, rule in rules.items() if rule})


def _taken_up(step: _Step) -> bool:
    return bool(getattr(step, "take", None) or getattr(step, "record", 0))


def _rules(ladder: object) -> tuple[str, ...]:
    """A ladder has one rule or several."""
    several: tuple[str, ...] = tuple(getattr(ladder, "rules", ()))
    one = str(getattr(ladder, "rule", ""))
    return several or ((one,) if one else ())
