"""The key figures of a number of calls: what was done, measured against what the rules want.

Rule 1: pure, and each figure says by which formula it was reckoned and which rules want it.
Rule 2: a figure without calls to reckon from is None, never 0 or 100.
Rule 3: what only people know (was the caller content, did the agent apologise) is not guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ari_app.records.facts import Broken, CallRecord, Cut, End, Outcome, Service, Side, Stint, agent_left
from ari_app.records.figure import Kpi, count, share

T = TypeVar("T")

LATE = 10.0
"""Seconds of three rings (S004-P01, CON-08)."""
WITHIN = 20.0
"""Seconds of the service level when nothing else is asked for."""
BRIEF = 180.0
"""Seconds of a call that is settled quickly (S003-07)."""

SILENT = frozenset({"S000-03", "S002-10", "S004-M10"})
NUISANCE = frozenset({"S000-28"})
WRONG_NUMBER = frozenset({"S000-13", "S004-N06", "S004-P05", "S004-U07"})
POOR_LINE = frozenset({"S000-04", "S000-05", "S000-06", "S002-11", "S002-12"})
APOLOGY = frozenset({"S000-15", "S002-24", "S002-28", "S004-L01", "S004-M01", "S004-G02", "S004-U08"})
NEED_CHECK = frozenset({"S000-34", "S002-09"})
CLOSING = frozenset({"S000-34", "S000-35", "S002-09", "S003-10", "S004-M02"})
GREETING = "greeting"


@dataclass(frozen=True, slots=True)
class RuleKept:
    """How well one rule's waits were kept; `worst` is the largest miss in seconds."""

    rule: str
    kept: int
    waits: int
    worst: float


@dataclass(frozen=True, slots=True)
class Report:
    """The key figures of some calls."""

    calls: int
    outcomes: Mapping[str, int]
    kpis: tuple[Kpi, ...]
    ledger: tuple[RuleKept, ...]


def report(calls: Sequence[CallRecord], within: float = WITHIN) -> Report:
    """Every figure these calls allow; `within` is the service level's threshold in seconds."""
    outcomes = Counter(str(call.outcome) for call in calls)
    figures = (*_reception(calls), *_procedures(calls), *_release(calls), *_queue(calls, within), *_closing(calls))
    return Report(len(calls), {str(o): outcomes[str(o)] for o in Outcome}, figures, ledger(calls))


def ledger(calls: Iterable[CallRecord]) -> tuple[RuleKept, ...]:
    """The conformance ledger, rule by rule; a wait the caller ended is kept."""
    found: dict[str, list[tuple[bool, float]]] = {}
    for wait in (wait for call in calls for wait in call.waits):
        missed = wait.measured - wait.prescribed if wait.end is Broken.SILENCE else 0.0
        for rule in wait.rules or (f"({wait.procedure})",):
            found.setdefault(rule, []).append((wait.kept, abs(missed)))
    return tuple(
        RuleKept(rule, sum(kept for kept, _ in waits), len(waits), round(max(missed for _, missed in waits), 3))
        for rule, waits in sorted(found.items())
    )


# ---------------------------------------------------------------------- ringing and greeting


def _reception(calls: Sequence[CallRecord]) -> list[Kpi]:
    first = [stint for call in calls if (stint := call.first) is not None]
    incoming = [stint for stint in first if stint.door == "incoming" and stint.end is not End.REFUSED]
    answered = [stint for stint in incoming if stint.rang is not None]
    late = [(call, since) for call in calls for since in _late_since(call)]
    return [
        share(
            "ring_answer_rate",
            incoming,
            lambda stint: stint.rang is not None and stint.rang <= LATE,
            ("S000-15", "S001-01", "S003-03", "S004-J02", "S004-P01"),
            f"calls we answered within {LATE:g} s (three rings) / calls that reached us",
        ),
        share(
            "late_apology_rate",
            late,
            lambda found: _apologised(*found),
            ("S000-15", "S004-L01", "S004-M01"),
            f"apologies played / times a caller rang, or waited in a queue, over {LATE:g} s and then was with us; "
            "what an agent says is not heard here",
            target=100,
        ),
        share(
            "greeting_compliance",
            answered,
            lambda stint: (
                bool(stint.prompts)
                and stint.prompts[0].procedure == GREETING
                and stint.prompts[0].end is not Cut.FAILED
            ),
            ("S000-01", "S001-01", "S002-07", "S003-04"),
            "answered calls whose first sentence was the greeting, until its end or until the caller spoke / "
            "answered calls",
            target=100,
        ),
    ]


def _late_since(call: CallRecord) -> list[float]:
    """From when on this caller was owed an apology by us, each time they were."""
    first = call.first
    owed = [first.began] if first is not None and (first.rang or 0.0) > LATE else []
    left = [s.began + s.waited for s in call.services if s.waited > LATE and not _served(s)]
    return owed + [since for since in left if any(stint.began >= since - 1.0 for stint in call.stints)]


def _apologised(call: CallRecord, since: float) -> bool:
    return any(
        said.rule in APOLOGY and said.end in (Cut.PLAYED, Cut.INTERRUPTED)
        for stint in call.stints
        if stint.began >= since - 1.0
        for said in stint.prompts
    )


# ---------------------------------------------------------------------- procedures


def _procedures(calls: Sequence[CallRecord]) -> list[Kpi]:
    let_go = [(call, last) for call in calls if (last := call.last) is not None and _hung_up_in(last, SILENT)]
    waits = [wait for call in calls for wait in call.waits]
    kinds = {"silent": SILENT, "nuisance": NUISANCE, "wrong number": WRONG_NUMBER, "poor line": POOR_LINE}
    counts = {kind: float(sum(bool(call.rules_entered & rules) for call in calls)) for kind, rules in kinds.items()}
    troubled = [call for call in calls if any(call.rules_entered & rules for rules in kinds.values())]
    callers = Counter(call.first.number for call in troubled if call.first is not None and call.first.number)
    again = float(sum(times > 1 for times in callers.values()))
    return [
        share(
            "silent_ladder_complete",
            let_go,
            lambda found: _complete(*found),
            ("S000-03", "S002-10", "S004-M10"),
            "silent calls we hung up on after every sentence was played and every wait was kept / silent calls we "
            "hung up on",
            target=100,
        ),
        share(
            "waits_kept",
            waits,
            lambda wait: wait.kept,
            tuple(sorted({rule for wait in waits for rule in wait.rules})),
            "waits within 0.1 s of the rule's, or ended by the caller / waits",
            target=100,
        ),
        count(
            "nuisance_counts",
            float(len(troubled)),
            ("S000-03", "S000-13", "S000-28", "S000-06"),
            "calls that a silent, nuisance, wrong-number or poor-line procedure served; callers who did so twice",
            {**counts, "callers again": again},
        ),
    ]


def _hung_up_in(stint: Stint, rules: frozenset[str]) -> bool:
    return stint.end is End.HUNG_UP and bool(stint.procedures) and bool(rules & set(stint.procedures[-1].rules))


def _complete(call: CallRecord, last: Stint) -> bool:
    """All of the last procedure, also when another worker took it over in between."""
    entered = last.procedures[-1]
    kept = {w.step for w in call.waits if w.procedure == entered.procedure and w.kept and w.end is Broken.SILENCE}
    said = [said for said in last.prompts if said.procedure == entered.procedure]
    return bool(said) and len(kept) >= entered.waits > 0 and all(s.end is Cut.PLAYED for s in said)


# ---------------------------------------------------------------------- who hung up


def _release(calls: Sequence[CallRecord]) -> list[Kpi]:
    ours = float(sum(s.end is End.HUNG_UP and not s.permitted for call in calls for s in call.stints))
    agents = float(sum(call.released_by is Side.AGENT for call in calls))
    normal = [call for call in calls if call.outcome is Outcome.ANSWERED]
    known = [call for call in normal if call.released_by not in (Side.UNKNOWN, Side.ASTERISK)]
    return [
        count(
            "own_release_violations",
            ours + agents,
            ("S000-05", "S000-06", "S000-35", "S003-10", "S004-L07"),
            "times we hung up anywhere but after the last wait of a procedure that ends so + calls an agent's "
            "hanging up ended",
            {"us": ours, "agents": agents},
            target=0,
        ),
        share(
            "caller_release_rate",
            known,
            lambda call: call.released_by is Side.CALLER,
            ("S003-10", "S004-N09"),
            "calls with an agent that the caller ended / calls with an agent of which it is known who ended them",
        ),
        share(
            "handle_time_3min",
            normal,
            lambda call: call.ended - call.began <= BRIEF,
            ("S003-07",),
            f"calls with an agent over within {BRIEF:g} s of reaching us / calls with an agent",
        ),
        count(
            "transfer_failures",
            float(sum(stint.door == "transferred" for call in calls for stint in call.stints)),
            ("S001-07", "S004-A06"),
            "times a caller came back because an extension was engaged, did not answer or did not exist",
            target=0,
        ),
    ]


# ---------------------------------------------------------------------- the queue


def _queue(calls: Sequence[CallRecord], within: float) -> list[Kpi]:
    services = [service for call in calls for service in call.services]
    answered = [service for service in services if _served(service)]
    abandoned = [service for service in services if not _served(service) and service.released_by is Side.CALLER]
    both, asterisk = [*answered, *abandoned], "ASTERISK-26559"
    longest = max((service.waited for service in answered), default=0.0)
    waited = sum(service.waited for service in answered)
    return [
        share(
            "service_level",
            answered,
            lambda service: service.waited <= within,
            (asterisk,),
            f"answered by an agent within {within:g} s / answered (Asterisk's ServicelevelPerf)",
        ),
        share(
            "service_level_2",
            both,
            lambda service: service.waited <= within,
            (asterisk,),
            f"(answered + abandoned, within {within:g} s) / (answered + abandoned) (Asterisk's ServicelevelPerf2)",
        ),
        share(
            "abandon_rate",
            both,
            lambda service: not _served(service),
            ("S000-15", "S002-24"),
            "abandoned by the caller while waiting / (answered + abandoned)",
        ),
        Kpi(
            "average_wait",
            round(waited / len(answered), 1) if answered else None,
            "seconds",
            round(waited, 3),
            float(len(answered)),
            None,
            ("S000-15", "CON-10"),
            "seconds waited in queues by those an agent answered / their number",
            {"longest": longest},
        ),
        share(
            "hotline_busy_rate",
            calls,
            lambda call: any(_turned_away(service) for service in call.services),
            ("S000-15", "S002-24"),
            f"calls refused by a queue, abandoned in it, or over {LATE:g} s in it / calls",
        ),
    ]


def _served(service: Service) -> bool:
    return bool(service.agent) or service.talked is not None


def _turned_away(service: Service) -> bool:
    return service.waited > LATE or not _served(service)


# ---------------------------------------------------------------------- closing


def _closing(calls: Sequence[CallRecord]) -> list[Kpi]:
    ours = [stint for call in calls for stint in call.stints if agent_left(stint) and stint.end is End.HUNG_UP]
    return [
        share(
            "closing_compliance",
            ours,
            _closed_well,
            ("S000-34", "S002-09", "S003-10", "S004-M02"),
            "callers who stayed after their agent had left, whom we asked for more and bade farewell / such callers "
            "we hung up on; an agent's own farewell is not heard here",
            target=100,
        ),
    ]


def _closed_well(stint: Stint) -> bool:
    said = [said for said in stint.prompts if said.end is Cut.PLAYED]
    return any(s.rule in NEED_CHECK for s in said) and bool(said) and said[-1].rule in CLOSING
