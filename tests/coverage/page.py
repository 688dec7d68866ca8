"""docs/coverage.md: every rule, what keeps it and what has shown it.

Rule: the same tests, standards and sources make the same page, on any machine and any day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.coverage.results import stage_of
from tests.coverage.rules import Automation, Later, Rule

HEAD = """\
# What is kept of the service standards

Written by `make coverage`, not by hand. Each rule of the five documents, what keeps it, and the tests that show it.
`make test` ends with a check of this page: it fails when a rule that is performed fully has no test that passed, when
a test named here failed or did not run, or when this page is not what would be written now. What only containers can
show is run where there is a container engine, and is reported as not run elsewhere.

*Fully*: performed by the application once it is triggered. *Agent-assist*: the agent speaks, the application helps.
*Record-only*: a field, a figure, or a matter for QA. *Not telephony*: none of ours.
"""

DOCUMENTS = {
    "S000": "000: hotline standard, bus station, gas operations staff",
    "S001": "001: property switchboard",
    "S002": "002: after-sales fault desk",
    "S003": "003: gas company",
    "S004": "004: twenty shorter texts",
    "CON": "Where the documents contradict each other",
}
PLACES = {"pbx": "PBX", "docker": "containers", "wire": "wire", "rehearsal": "rehearsal"}
TEST = re.compile(r"`(tests/[^`]+?\.py::[^`]+)`")


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the page is made of."""

    rules: Mapping[str, Rule]
    later: tuple[Later, ...]
    keepers: Mapping[str, tuple[str, ...]]
    claims: Mapping[str, Mapping[str, tuple[str, ...]]]


def written(facts: Facts) -> str:
    """The page."""
    parts = [HEAD, _summary(facts)]
    for prefix, title in DOCUMENTS.items():
        chosen = [rule for rule in facts.rules.values() if rule.id.startswith(f"{prefix}-")]
        if chosen:
            parts.append("\n".join(_table(facts, title, chosen)))
    if facts.later:
        parts.append("\n".join(_waiting(facts)))
    return "\n".join(parts).rstrip("\n") + "\n"


def named_in(page: str) -> tuple[str, ...]:
    """Every test a page names."""
    return tuple(dict.fromkeys(name.replace(r"\|", "|") for name in TEST.findall(page)))


def place_of(test: str) -> str:
    """Where a test is played: rehearsal, wire, PBX, containers, or the folder it lies in; `desk` for the rest."""
    folders = test.partition("::")[0].split("/")[1:-1]
    return PLACES.get(stage_of(test), "") if stage_of(test) != "rehearsal" else _quiet_place(folders)


def _quiet_place(folders: list[str]) -> str:
    return PLACES.get(folders[0], folders[0]) if folders else "desk"


def _summary(facts: Facts) -> str:
    lines = ["| | rules | with tests | of these on the PBX | left for later |", "|---|---|---|---|---|"]
    waiting = {left.id for left in facts.later}
    for automation in Automation:
        ids = [rule.id for rule in facts.rules.values() if rule.automation is automation]
        tested = [rule for rule in ids if rule in facts.claims]
        on_pbx = [rule for rule in tested if any(stage_of(name) == "pbx" for name in facts.claims[rule])]
        left = sum(rule in waiting for rule in ids)
        if ids:
            lines.append(f"| {automation} | {len(ids)} | {len(tested)} | {len(on_pbx)} | {left} |")
    return "\n".join([*lines, ""])


def _table(facts: Facts, title: str, rules: list[Rule]) -> Iterator[str]:
    yield from (
        f"## {title}",
        "",
        "| rule | what it says | by us | kept by | shown by | where |",
        "|---|---|---|---|---|---|",
    )
    waiting = {left.id for left in facts.later}
    for rule in rules:
        names = facts.claims.get(rule.id, {})
        where = dict.fromkeys(place_of(name) for name in names)
        shown = "<br>".join(f"`{name}`" for name in names) or ("*later*" if rule.id in waiting else "")
        kept = "<br>".join(facts.keepers.get(rule.id, ()))
        cells = (rule.id, _cell(rule.says), rule.automation, _cell(kept), _cell(shown), ", ".join(where))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _waiting(facts: Facts) -> Iterator[str]:
    yield from ("## Left for later", "", "| rules | why |", "|---|---|")
    reasons: dict[str, list[str]] = {}
    for left in facts.later:
        reasons.setdefault(left.reason, []).append(left.id)
    for reason, ids in reasons.items():
        yield f"| {', '.join(ids)} | {_cell(reason)} |"


def _cell(text: str) -> str:
    """What would end a table's cell does not; asterisks of the documents' own are no emphasis."""
    return text.replace("|", r"\|").replace("\n", " ").replace("**", r"\*\*")
