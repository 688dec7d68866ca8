"""`python -m tests.coverage write | check | prune`: docs/coverage.md, and whether it may be believed.

Rule: a person reads what is printed; exit code 0 only when nothing is untrue.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.coverage.claims import Uncollectable, claims, gather
from tests.coverage.house import keepers
from tests.coverage.judging import Ran, judge
from tests.coverage.page import Facts, written
from tests.coverage.pruning import prune
from tests.coverage.results import STAGES, read, result_file
from tests.coverage.rules import LATER, Automation, later, rules
from tests.coverage.sources import fingerprint

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "coverage.md"
TOLD = 40
"""Complaints printed; who has more begins with these."""
USAGE = """\
python -m tests.coverage write   make docs/coverage.md
python -m tests.coverage check   fail when it is not true, as the last `make test` has shown
python -m tests.coverage prune   take the rules that have a test off tests/coverage/later.yaml"""


def main(arguments: list[str]) -> int:
    verbs = {"write": write, "check": check, "prune": take_off}
    if len(arguments) != 1 or arguments[0] not in verbs:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        return verbs[arguments[0]](gathered())
    except Uncollectable as problem:
        print(f"coverage: the tests cannot be collected:\n{problem}", file=sys.stderr)
        return 1


def gathered() -> Facts:
    return Facts(rules(), later(), keepers(ROOT), claims(gather(ROOT)))


def write(facts: Facts) -> int:
    PAGE.write_text(written(facts), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} written: {counted(facts)}")
    return 0


def check(facts: Facts) -> int:
    stages = {stage: run for stage in STAGES if (run := read(result_file(ROOT, stage)))}
    ran = Ran(stages, fingerprint(ROOT))
    if parts := ran.parts():
        said = "; ".join(f"{stage} ({part})" for stage, part in parts.items())
        print(f"coverage: not judged, only a part was run: {said}")
        return 0
    page = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    verdict = judge(facts, ran, page, written(facts))
    for complaint in verdict.complaints[:TOLD]:
        print(f"coverage: {complaint}", file=sys.stderr)
    if (more := len(verdict.complaints) - TOLD) > 0:
        print(f"coverage: … and {more} more", file=sys.stderr)
    if verdict.not_run:
        print(f"coverage: not run here, for want of containers: {', '.join(verdict.not_run)}")
    print(f"coverage: {'true' if not verdict.complaints else 'not true'}: {counted(facts)}")
    return 1 if verdict.complaints else 0


def take_off(facts: Facts) -> int:
    text = LATER.read_text(encoding="utf-8")
    kept = prune(text, set(facts.claims))
    LATER.write_text(kept, encoding="utf-8")
    print(f"{len(facts.later)} rules were left for later, now {len(later())}")
    return 0


def counted(facts: Facts) -> str:
    full = [rule.id for rule in facts.rules.values() if rule.automation is Automation.FULLY]
    tested = [rule for rule in full if rule in facts.claims]
    unkept = [rule for rule in tested if rule not in facts.keepers]
    said = f"{len(tested)} of {len(full)} rules performed fully have a test, {len(facts.later)} are left for later"
    return said + (f"; named nowhere in the house: {', '.join(unkept)}" if unkept else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
