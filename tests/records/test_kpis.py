"""Key figures: reckoned from records, compared with a count made by hand, and never guessed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.call import Arrival, Door
from ari_app.journal import Milestone, What
from ari_app.records.facts import CallRecord, End, Outcome, Service, Side
from ari_app.records.figure import Kpi
from ari_app.records.kpis import ledger, report
from ari_app.records.prescriptions import Prescriptions, of_standard
from ari_app.records.record import fold
from ari_app.rehearsal.script import Script
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import Sentence, Standard
from tests import callers
from tests.standards import rounded

RULES = {"silent": "S000-03", "wrong-number": "S000-13", "station": "S000-28", "linger": "S000-35"}
SENTENCES = [
    Sentence("anything-else", "", "", "S000-34"),
    Sentence("hanging-up", "", "", "S000-35"),
    Sentence("busy", "对不起，线路忙，让您久等了，请您继续等候。", "", ""),
]


@cache
def standard() -> Standard:
    with TemporaryDirectory() as folder:
        return rounded(Path(folder))


@cache
def prescriptions() -> Prescriptions:
    found = of_standard(standard(), SENTENCES)
    procedures = {n: replace(p, rules=(RULES[n],) if n in RULES else ()) for n, p in found.procedures.items()}
    return replace(found, procedures=procedures)


def stint(
    call: int, script: Script = (), arrival: Arrival | None = None, at: float = 0.0, rang: float = 0.0
) -> CallRecord:
    arrival = arrival or Arrival(number=f"1380000{call:04d}", dialled="100")
    return told(call, list(rehearse(standard(), script, arrival).journal), arrival, at, rang)


def told(
    call: int, journal: list[Milestone], arrival: Arrival | None = None, at: float = 0.0, rang: float = 0.0
) -> CallRecord:
    return fold(
        journal, call_id=str(call), worker="1", began=1000.0 * call + at, arrival=arrival or Arrival(),
        standard="round", version=1, prescriptions=prescriptions(), rang=rang,
    )  # fmt: skip


def queue(
    call: int, at: float, waited: float, agent: str = "", talked: float | None = None, by: Side = Side.UNKNOWN
) -> CallRecord:
    return CallRecord(str(call), (), (Service("queue-1", 1000.0 * call + at, "hotline", waited, agent, talked, by),))


def figures(*calls: CallRecord, within: float = 20.0) -> dict[str, Kpi]:
    return {kpi.id: kpi for kpi in report(calls, within).kpis}


AFTER_AGENT = Arrival(Door.AFTER_QUEUE, queue_status="CONTINUE", queue_round=1)
NOBODY_CAME = Arrival(Door.AFTER_QUEUE, queue_status="TIMEOUT", queue_round=1)


def test_a_day_of_the_cast_adds_up() -> None:
    day = [
        *(stint(n, callers.SILENT) for n in range(5)),
        *(stint(n, callers.HANGS_UP_IN_GREETING) for n in range(5, 8)),
        *(stint(n, callers.PRESSES_WRONG_NUMBER_KEY) for n in range(8, 10)),
        *(
            stint(n, callers.SPEAKS_AT_ONCE).merged(queue(n, 5, 4.0 * (n - 9), "PJSIP/7", 30, Side.CALLER))
            for n in range(10, 16)  # waited 4, 8 … 24 s
        ),
        stint(16, callers.SPEAKS_AT_ONCE).merged(queue(16, 5, 3, by=Side.CALLER)),
        stint(17, callers.SPEAKS_AT_ONCE).merged(queue(17, 5, 60, by=Side.CALLER)),
    ]
    found = report(day)
    assert found.calls == 18
    assert found.outcomes == {
        **dict.fromkeys(map(str, Outcome), 0), "released": 7, "left": 3, "answered": 6, "abandoned": 2,
    }  # fmt: skip
    kpis = {kpi.id: (kpi.value, kpi.part, kpi.whole) for kpi in found.kpis}
    assert kpis["ring_answer_rate"] == (100, 18, 18)
    assert kpis["greeting_compliance"] == (100, 18, 18)
    assert kpis["silent_ladder_complete"] == (100, 5, 5)
    assert kpis["own_release_violations"][0] == 0
    assert kpis["caller_release_rate"] == (100, 6, 6)
    assert kpis["service_level"] == (83.3, 5, 6)
    assert kpis["service_level_2"] == (75, 6, 8)
    assert kpis["abandon_rate"] == (25, 2, 8)
    assert kpis["average_wait"] == (14, 84, 6)
    detail = next(kpi.detail for kpi in found.kpis if kpi.id == "nuisance_counts")
    assert detail == {"silent": 5, "nuisance": 2, "wrong number": 2, "poor line": 0, "callers again": 0}


def test_a_call_answered_after_three_rings_is_late_and_owed_an_apology() -> None:
    late = figures(stint(1, callers.SILENT, rang=10.5), stint(2, callers.SILENT, rang=9.5))
    assert late["ring_answer_rate"].value == 50
    assert (late["late_apology_rate"].part, late["late_apology_rate"].whole, late["late_apology_rate"].met) == (
        0,
        1,
        False,
    )


def test_who_waited_in_vain_is_owed_an_apology_and_hears_it() -> None:
    call = stint(1, callers.SPEAKS_AT_ONCE).merged(queue(1, 10, 30)).merged(stint(1, (), NOBODY_CAME, at=41))
    assert (figures(call)["late_apology_rate"].part, figures(call)["late_apology_rate"].whole) == (1, 1)


def test_who_is_served_by_an_agent_after_a_long_wait_is_the_agents_to_apologise_to() -> None:
    call = stint(1, callers.SPEAKS_AT_ONCE).merged(queue(1, 10, 30, "PJSIP/7", 10, Side.CALLER))
    assert figures(call)["late_apology_rate"].value is None


def test_a_silent_caller_hung_up_on_early_is_counted_twice_over() -> None:
    whole = list(rehearse(standard(), callers.SILENT).journal)
    hurried = [m._replace(at=m.at - 3) if m.what is What.HANG_UP or m is whole[-2] else m for m in whole]
    found = figures(told(1, hurried), told(2, whole))
    assert (found["silent_ladder_complete"].part, found["silent_ladder_complete"].whole) == (1, 2)
    assert found["own_release_violations"].detail == {"us": 1, "agents": 0}
    assert found["waits_kept"].met is False


def test_a_silent_ladder_finished_by_another_worker_is_complete() -> None:
    whole = list(rehearse(standard(), callers.SILENT).journal)
    cut = next(i for i, m in enumerate(whole) if m.what is What.ENTER and m.detail == "silent 3")
    rest = [m._replace(at=m.at - whole[cut].at) for m in whole[cut:]]
    adopted = told(1, rest, Arrival(Door.ADOPTED), at=whole[cut].at)
    assert figures(told(1, whole[:cut]).merged(adopted))["silent_ladder_complete"].value == 100
    assert figures(adopted)["silent_ladder_complete"].value == 0


def test_an_agent_may_not_hang_up_on_a_caller_and_may_leave_one_to_us() -> None:
    hung_up_on = stint(1, callers.SPEAKS_AT_ONCE).merged(queue(1, 10, 3, "PJSIP/7", 10, Side.AGENT))
    left_to_us = hung_up_on.merged(stint(1, callers.LINGERS, AFTER_AGENT, at=30))
    assert figures(hung_up_on)["own_release_violations"].detail == {"us": 0, "agents": 1}
    assert figures(left_to_us)["own_release_violations"].value == 0
    assert figures(left_to_us)["closing_compliance"].value == 100
    assert figures(left_to_us)["caller_release_rate"].value == 0


def test_callers_who_ring_silently_again_and_again_are_counted() -> None:
    again = [
        told(n, list(rehearse(standard(), callers.SILENT).journal), Arrival(number="13800138000")) for n in range(3)
    ]
    assert figures(*again)["nuisance_counts"].detail["callers again"] == 1


def test_without_calls_nothing_is_claimed() -> None:
    found = report([])
    assert found.calls == 0 and found.ledger == ()
    assert {kpi.value for kpi in found.kpis} == {None, 0}
    assert all(kpi.met is None for kpi in found.kpis if kpi.value is None)


def test_every_figure_says_how_and_why() -> None:
    for kpi in report([]).kpis:
        assert kpi.formula and (kpi.rules or kpi.id == "waits_kept"), kpi.id


def test_the_ledger_counts_rule_by_rule() -> None:
    found = {line.rule: line for line in ledger([stint(1, callers.SILENT), stint(2, callers.SPEAKS_IN_LAST_WAIT)])}
    assert (found["S000-03"].kept, found["S000-03"].waits) == (6, 6)
    assert (found["(greeting)"].kept, found["(greeting)"].waits) == (2, 2)
    assert found["S000-03"].worst == pytest.approx(0, abs=0.001)


services = st.builds(
    Service,
    st.just("queue-1"), st.floats(0, 1e6), st.just("hotline"), st.floats(0, 300), st.sampled_from(["", "PJSIP/7"]),
    st.none() | st.floats(0, 600), st.sampled_from(list(Side)),
)  # fmt: skip


@given(st.lists(services, max_size=30), st.floats(0, 60))
@settings(deadline=None)
def test_the_queues_figures_agree_with_an_independent_count(told: list[Service], within: float) -> None:
    found = figures(*(CallRecord(str(n), (), (service,)) for n, service in enumerate(told)), within=within)
    answered = [s for s in told if s.agent or s.talked is not None]
    abandoned = [s for s in told if s not in answered and s.released_by is Side.CALLER]
    assert found["service_level"].whole == len(answered)
    assert found["service_level_2"].whole == len(answered) + len(abandoned)
    assert found["service_level"].part == len([s for s in answered if s.waited <= within])
    assert found["abandon_rate"].part == len(abandoned)
    for kpi in found.values():
        assert kpi.value is None or kpi.unit != "percent" or 0 <= kpi.value <= 100


def test_hanging_up_where_the_standard_does_not_is_a_violation() -> None:
    call = told(1, [Milestone(0, What.ANSWER), Milestone(0, What.ENTER, "greeting 1"), Milestone(1, What.HANG_UP)])
    assert call.stints[0].end is End.HUNG_UP
    assert figures(call)["own_release_violations"].met is False
