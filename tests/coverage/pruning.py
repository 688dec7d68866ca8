"""Taking rules off later.yaml, without touching what people wrote around them.

Rule: a rule stands on a line of its own, `      - S000-05`; a group without rules goes with its reason.
"""

from __future__ import annotations

import re

RULE = re.compile(r"^\s*- (?P<id>[\w-]+)\s*(#.*)?$")
GROUP = re.compile(r"^  - reason:")


def prune(text: str, proven: set[str]) -> str:
    """The text of later.yaml without the proven rules."""
    head, groups = _groups(text)
    kept = []
    for group in groups:
        lines = [line for line in group if not ((found := RULE.match(line)) and found["id"] in proven)]
        if any(RULE.match(line) for line in lines):
            kept.append(lines)
    if groups and not kept:
        head = [line if line.rstrip() != "later:" else "later: []\n" for line in head]
    return "".join(line for part in (head, *kept) for line in part)


def _groups(text: str) -> tuple[list[str], list[list[str]]]:
    head: list[str] = []
    groups: list[list[str]] = []
    for line in text.splitlines(keepends=True):
        if GROUP.match(line):
            groups.append([])
        (groups[-1] if groups else head).append(line)
    return head, groups
