"""The rules, and which of them are left for later.

Rule: the list is data, `rules.yaml` and `later.yaml` beside this file; nothing else says what has to be proven.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

HERE = Path(__file__).parent
RULES, LATER = HERE / "rules.yaml", HERE / "later.yaml"
NAMED = re.compile(r"(?<![\w-])(?:S\d{3}-[A-Z]?\d{2}[a-z]?|CON-\d{2})(?![\w-])")
"""A rule or a resolution, as it is named in any text."""


class Automation(StrEnum):
    """How far a program can keep a rule."""

    FULLY = "fully"
    ASSIST = "agent-assist"
    RECORD = "record-only"
    NONE = "not telephony"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing the documents ask for, or what was decided where they contradict each other."""

    id: str
    automation: Automation
    says: str


def rules(file: Path = RULES) -> Mapping[str, Rule]:
    """Every rule and every resolution, in the order of the documents."""
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    found = [Rule(r["id"], Automation(r["automation"]), r["en"]) for r in written["rules"]]
    found += [Rule(r["id"], Automation.RESOLUTION, r["en"]) for r in written.get("resolutions") or ()]
    return {rule.id: rule for rule in found}


@dataclass(frozen=True, slots=True)
class Later:
    """A rule that is not proven yet, and why."""

    id: str
    reason: str


def later(file: Path = LATER) -> tuple[Later, ...]:
    """The rules left for later, as written; a rule may stand there twice, which is a complaint of judging.py."""
    written = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    return tuple(
        Later(str(rule), str(group["reason"] or "").strip())
        for group in written.get("later") or ()
        for rule in group["rules"] or ()
    )
