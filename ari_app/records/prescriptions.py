"""What the standard prescribes, as the ledger compares it with what was measured. Pure; made once per standard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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


def of_standard(standard: Standard, sentences: Iterable[Sentence] = ()) -> Prescriptions:
    """Everything a call by this standard is measured against.

    `sentences` are those of the standard's own language: others say the same under the same names. A step in which
    keys or a message are taken has no wait to be kept: the caller decides how long it lasts.
    """
    waits = {
        Place(name, number): step.wait
        for name, ladder in standard.procedures.items()
        for number, step in enumerate(ladder.steps, start=1)
        if step.wait > 0 and step.take is None and not step.record
    }
    waits[Place(GREETING)] = standard.desk.patience
    procedures = {
        name: Procedure(ladder.rules, len(ladder.steps), ladder.then == "hang_up")
        for name, ladder in standard.procedures.items()
    }
    rules = {s.name: s.rule or (LATE_RULE if LATE.search(s.text) else "") for s in sentences}
    return Prescriptions(waits, procedures, {name: rule for name, rule in rules.items() if rule})
