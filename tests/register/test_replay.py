"""Yesterday judged again: only what would change is told."""

from __future__ import annotations

import json
from datetime import UTC

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ari_app.procedures.screening import Admit, Burst, Challenge, Mark, Reason, Repeat, Screening, Treatment
from ari_app.register.index import Index
from ari_app.register.replay import BrokenCalls, PastCall, of_lines, replay
from tests.register.conftest import NOON

NOTHING = Screening()
SILENT = Screening(repeats=(Repeat(Mark.SILENT, 2, 600, Treatment.CHALLENGE, 600),))


def silent(call: str, at: float, number: str = "13800138000") -> PastCall:
    return PastCall(call, NOON + at, NOON + at + 30, number, marks=(Mark.SILENT,))


def test_the_calls_after_two_silent_ones_would_be_challenged_whatever_their_order_in_the_file() -> None:
    calls = [silent("4", 300), silent("1", 0), silent("2", 100), silent("3", 200), silent("x", 210, "13900139000")]
    found = list(replay(calls, Index().lookup, NOTHING, SILENT, UTC))
    assert [(f.call, f.before, f.after) for f in found] == [
        ("3", Admit(), Challenge(Reason.SILENT)),
        ("4", Admit(), Challenge(Reason.SILENT)),
    ]


def test_a_call_counts_when_it_is_over_not_while_it_lasts() -> None:
    calls = [silent("1", 0), silent("2", 1), silent("3", 2), silent("4", 32)]
    assert [f.call for f in replay(calls, Index().lookup, NOTHING, SILENT, UTC)] == ["4"]


def test_the_same_rules_change_nothing() -> None:
    burst = Screening(bursts=(Burst(3, 2, 600, Treatment.STATION, 600),))
    calls = [silent(str(n), n * 100) for n in range(5)]
    assert list(replay(calls, Index().lookup, burst, burst, UTC)) == []
    assert len(list(replay(calls, Index().lookup, NOTHING, burst, UTC))) == 4


def test_calls_are_read_from_lines() -> None:
    lines = [
        '{"at": "2026-09-21T20:00:00+08:00", "number": "138", "marks": ["silent"]}',
        "",
        '{"at": 5, "call": "1.1"}',
    ]
    first, second = of_lines(lines)
    assert (first.call, first.at, first.marks) == ("line 1", 1_789_992_000.0, (Mark.SILENT,))
    assert (second.call, second.at, second.ended) == ("1.1", 5.0, 5.0)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["at", "number", "marks", "x"]), inner),
    max_leaves=5,
)


@given(ODD.map(json.dumps) | st.text())
@example(json.dumps({"at": 67_768_036_191_676_800}))  # a year too many for the C library: an OSError
def test_any_line_is_a_call_or_refused_with_its_place(line: str) -> None:
    try:
        list(replay(of_lines(["", line]), Index().lookup, NOTHING, SILENT, UTC))
    except BrokenCalls as problem:
        assert str(problem).startswith("line 2: not a call")


def test_an_unknown_mark_is_refused_with_those_there_are() -> None:
    with pytest.raises(BrokenCalls, match="silent, nuisance, wrong-number"):
        list(of_lines(['{"at": 5, "marks": ["rude"]}']))
