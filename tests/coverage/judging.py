"""Whether the coverage may be believed: one complaint for everything that would make it a lie.

Rule: a test that was skipped, not run or run on other sources has proven nothing; what only containers can prove
is not a complaint where there are none, and is never called proven there either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.coverage.page import Facts, named_in
from tests.coverage.results import STAGES, Outcome, Stage, stage_of
from tests.coverage.rules import Automation, Later

OPTIONAL = "docker"
"""The stage that is left out where there is no engine."""


@dataclass(frozen=True, slots=True)
class Ran:
    """The stages' results, and the fingerprint of what lies here now."""

    stages: Mapping[str, Stage]
    sources: str

    def whole(self, stage: str) -> bool:
        run = self.stages.get(stage)
        return run is not None and not run.part and run.sources == self.sources

    def parts(self) -> dict[str, str]:
        """Stages run in part only, and which."""
        return {name: run.part for name, run in self.stages.items() if run.part}

    def outcome(self, test: str) -> Outcome | None:
        stage = stage_of(test)
        run = self.stages.get(stage)
        result = run.results.get(test) if run is not None and self.whole(stage) else None
        return None if result is None else result.outcome

    def passed(self, tests: Iterable[str]) -> bool:
        """Whether one of these tests passed and none failed."""
        outcomes = {self.outcome(test) for test in tests}
        return Outcome.PASSED in outcomes and Outcome.FAILED not in outcomes


@dataclass(slots=True)
class Verdict:
    """What is wrong, and what could not be looked at here."""

    complaints: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)


def judge(facts: Facts, ran: Ran, page: str, generated: str) -> Verdict:
    """Everything that makes docs/coverage.md untrue."""
    verdict = Verdict([*_unknown(facts), *_left_for_later(facts), *_unproven(facts, ran), *_stages(ran)])
    _look_at_page(facts, ran, page, generated, verdict)
    for rule, names in facts.claims.items():
        tests = [test for behind in names.values() for test in behind]
        absent = not any(ran.passed([test]) for test in tests)
        if absent and any(_excused(ran, test) for test in tests) and rule in facts.rules:
            verdict.not_run.append(rule)
    return verdict


def _unknown(facts: Facts) -> Iterator[str]:
    for rule, names in facts.claims.items():
        if rule not in facts.rules:
            yield f"{next(iter(names))}: marked with {rule!r}, which is no rule"
    for rule, places in facts.keepers.items():
        if rule not in facts.rules:
            yield f"{places[0]}: names {rule}, which is no rule"


def _left_for_later(facts: Facts) -> Iterator[str]:
    for rule, times in Counter(left.id for left in facts.later).items():
        if rule not in facts.rules:
            yield f"later.yaml: {rule} is no rule"
        elif facts.rules[rule].automation is not Automation.FULLY:
            yield f"later.yaml: {rule} is {facts.rules[rule].automation}: nobody waits for it"
        if times > 1:
            yield f"later.yaml: {rule} is written {times} times"
    for left in facts.later:
        if not left.reason:
            yield f"later.yaml: {left.id} is left for later without a reason"


def _unproven(facts: Facts, ran: Ran) -> Iterator[str]:
    waiting = {left.id for left in facts.later}
    for rule in facts.rules.values():
        names = facts.claims.get(rule.id, {})
        tests = [test for behind in names.values() for test in behind]
        proven = any(ran.passed(behind) for behind in names.values())
        if rule.id in waiting:
            if proven:
                yield f"{rule.id} is proven by {next(iter(names))}: take it off later.yaml"
        elif rule.automation is Automation.FULLY and not names:
            yield f"{rule.id} is performed fully, and no test proves it ({rule.says})"
        elif rule.automation is Automation.FULLY and not proven and not any(_excused(ran, test) for test in tests):
            yield f"{rule.id} is performed fully, and no test that proves it has passed: {', '.join(names)}"


def _excused(ran: Ran, test: str) -> bool:
    """Whether a test could not run because there are no containers here."""
    return stage_of(test) == OPTIONAL and ran.outcome(test) in (None, Outcome.SKIPPED)


def _stages(ran: Ran) -> Iterator[str]:
    for stage in STAGES:
        run = ran.stages.get(stage)
        if run is None and stage != OPTIONAL:
            yield f"stage {stage} did not run: `make test` runs it"
        elif run is not None and not run.part and run.sources != ran.sources:
            yield f"stage {stage} ran on other sources than lie here now: `make test` runs it again"


def _look_at_page(facts: Facts, ran: Ran, page: str, generated: str, verdict: Verdict) -> None:
    behind = {name: tests for names in facts.claims.values() for name, tests in names.items()}
    for name in named_in(page):
        if name not in behind:
            verdict.complaints.append(f"docs/coverage.md names {name}, which does not exist or proves nothing")
        elif any(ran.outcome(test) is Outcome.FAILED for test in behind[name]):
            verdict.complaints.append(f"docs/coverage.md names {name}, which failed")
        elif not ran.passed(behind[name]) and not any(_excused(ran, test) for test in behind[name]):
            verdict.complaints.append(f"docs/coverage.md names {name}, which did not run")
    if page != generated:
        verdict.complaints.append("docs/coverage.md is not what would be generated now: `make coverage` writes it")


def proofless(left: tuple[Later, ...], proven: set[str]) -> tuple[Later, ...]:
    """What stays for later."""
    return tuple(item for item in left if item.id not in proven)
