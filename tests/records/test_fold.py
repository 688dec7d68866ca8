"""A journal becomes a record: what a caller lived through, measured, whoever they are and whatever they send."""

from __future__ import annotations

import math
import random
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ari_app.call import Arrival, Door
from ari_app.journal import Milestone, Place, What
from ari_app.records.facts import Broken, CallRecord, Cut, End, Outcome, Service, Side
from ari_app.records.prescriptions import NONE, Prescriptions, of_standard
from ari_app.records.record import fold
from ari_app.records.settings import Numbers, RecordsSettings, settle
from ari_app.records.store import dump, parse
from ari_app.rehearsal.script import Script
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import Standard
from tests import callers
from tests.rehearsal.test_properties import doors, scripts
from tests.standards import rounded

BEGAN = 1_790_000_000.0
CLEAR = RecordsSettings(numbers=Numbers.CLEAR)


@cache
def standard() -> Standard:
    with TemporaryDirectory() as folder:
        return rounded(Path(folder))


def told(
    journal: tuple[Milestone, ...] | list[Milestone],
    arrival: Arrival | None = None,
    prescriptions: Prescriptions | None = None,
    began: float = BEGAN,
    how: RecordsSettings | None = None,
) -> CallRecord:
    return fold(
        journal,
        call_id="1790000000.1",
        worker="1",
        began=began,
        arrival=arrival or Arrival(number="13800138000", dialled="100"),
        standard="round",
        version=1,
        language="en",
        prescriptions=of_standard(standard()) if prescriptions is None else prescriptions,
        settings=how,
    )


def record_of(script: Script, arrival: Arrival | None = None) -> CallRecord:
    return told(rehearse(standard(), script, arrival).journal, arrival)


def waits(record: CallRecord) -> list[tuple[str, int, float, float, str]]:
    return [(w.procedure, w.step, w.prescribed, round(w.measured, 2), str(w.end)) for w in record.waits]


# ------------------------------------------------------------------ what the cast leaves behind


def test_a_silent_caller_leaves_four_waits_that_were_kept() -> None:
    record = record_of(callers.SILENT)
    assert waits(record) == [
        ("greeting", 1, 5, 5, "silence"),
        ("silent", 1, 5, 5, "silence"),
        ("silent", 2, 5, 5, "silence"),
        ("silent", 3, 5, 5, "silence"),
    ]
    assert all(wait.kept for wait in record.waits)
    assert [(said.name, said.end) for said in record.prompts] == [
        (name, Cut.PLAYED) for name in ("greeting", "offer", "offer", "no-sound")
    ]
    stint = record.stints[0]
    assert (record.outcome, record.released_by, stint.permitted) == (Outcome.RELEASED, Side.US, True)
    assert [entered.procedure for entered in stint.procedures] == ["greeting", "silent"]


def test_one_who_speaks_at_once_interrupts_the_greeting_and_is_queued() -> None:
    record = record_of(callers.SPEAKS_AT_ONCE)
    assert [(said.name, said.end) for said in record.prompts] == [
        ("greeting", Cut.INTERRUPTED),
        ("connecting", Cut.PLAYED),
    ]
    assert [heard.what for heard in record.stints[0].heard] == ["speech"]
    assert (record.outcome, record.stints[0].queue, record.waits) == (Outcome.QUEUED, "hotline", ())


def test_one_who_speaks_in_the_last_wait_ends_it_and_breaks_no_rule() -> None:
    record = record_of(callers.SPEAKS_IN_LAST_WAIT)
    last = record.waits[-1]
    assert (last.procedure, last.step, last.end, last.kept) == ("silent", 3, Broken.ANSWERED, True)
    assert 3 <= last.measured < 4


def test_one_who_hangs_up_in_the_greeting_has_left() -> None:
    record = record_of(callers.HANGS_UP_IN_GREETING)
    assert (record.outcome, record.released_by) == (Outcome.LEFT, Side.CALLER)
    assert [(said.name, said.end, round(said.until - said.at)) for said in record.prompts] == [
        ("greeting", Cut.LEFT, 3)
    ]


def test_a_caller_who_lingers_was_answered_and_is_let_go_by_us() -> None:
    record = record_of(callers.LINGERS, Arrival(Door.AFTER_QUEUE, queue_status="CONTINUE", queue_round=1))
    assert (record.outcome, record.released_by) == (Outcome.ANSWERED, Side.US)
    assert record.stints[0].permitted


@pytest.mark.parametrize("taken_for", [What.CALLER_HUNG_UP, What.RESCUED])
def test_whom_asterisk_took_with_it_has_neither_hung_up_nor_been_rescued(taken_for: What) -> None:
    journal = [Milestone(0, What.ANSWER), Milestone(0, What.ENTER, "greeting 1"), Milestone(0, What.PLAY, "greeting")]
    record = told([*journal, Milestone(3, taken_for), Milestone(3, What.CUT)])
    assert (record.stints[0].end, record.outcome, record.released_by) == (End.CUT, Outcome.CUT, Side.ASTERISK)
    assert [said.end for said in record.prompts] == [Cut.LEFT]


# ------------------------------------------------------------------ measured against the rule


def silent_step(pause: float) -> list[Milestone]:
    return [
        Milestone(0, What.ENTER, "silent 3"),
        Milestone(0, What.PLAY, "no-sound"),
        Milestone(4, What.PLAYED, "no-sound"),
        Milestone(4 + pause, What.SILENCE, "5"),
        Milestone(4 + pause, What.HANG_UP),
    ]


@pytest.mark.parametrize(
    ("pause", "kept", "permitted"),
    [(5.0, True, True), (5.1, True, True), (5.2, False, True), (4.9, True, True), (4.8, False, False)],
)
def test_a_wait_is_kept_within_a_tenth_of_a_second_and_nobody_may_be_hung_up_on_early(
    pause: float, kept: bool, permitted: bool
) -> None:
    record = told(silent_step(pause))
    assert ([wait.kept for wait in record.waits], record.stints[0].permitted) == ([kept], permitted)


@pytest.mark.parametrize(
    "journal",
    [
        [Milestone(1, What.HANG_UP)],
        [Milestone(0, What.ENTER, "greeting 1"), Milestone(1, What.HANG_UP)],
        [Milestone(0, What.ENTER, "silent 3"), Milestone(1, What.HANG_UP)],
        [*silent_step(5)[:4], Milestone(9, What.ENTER, "connecting 1"), Milestone(9, What.HANG_UP)],
        [*silent_step(5)[:4], Milestone(9, What.ENTER, "silent 1"), Milestone(9, What.HANG_UP)],
    ],
)
def test_hanging_up_anywhere_else_is_not_permitted(journal: list[Milestone]) -> None:
    record = told(journal)
    assert (record.stints[0].end, record.stints[0].permitted) == (End.HUNG_UP, False)


def test_the_time_the_call_rang_before_it_reached_us_counts() -> None:
    record = fold([Milestone(0.4, What.ANSWER)], call_id="1", worker="1", began=0, arrival=Arrival(), rang=9.8)
    assert record.stints[0].rang == pytest.approx(10.2)
    assert fold([], call_id="1", worker="1", began=0, arrival=Arrival(), rang=9.8).stints[0].rang is None


# ------------------------------------------------------------------ who rang


@pytest.mark.parametrize(
    ("numbers", "kept"),
    [("mask", "138••••••00"), ("clear", "13800138000"), ("hash", None)],
)
def test_a_number_is_kept_as_the_admin_says(numbers: str, kept: str | None) -> None:
    how = settle({"numbers": numbers, "secret": "a secret of some length"})
    number = told([], how=how).stints[0].number
    assert number == (kept or how.kept("13800138000"))
    assert numbers == "clear" or "13800138000" not in dump(told([], how=how)).decode()


def test_a_hash_is_the_same_for_the_same_caller_and_another_with_another_secret() -> None:
    one, other = (settle({"numbers": "hash", "secret": f"{word} of some length"}) for word in ("a secret", "another"))
    assert one.kept("138 0013-8000") == one.kept("13800138000") != other.kept("13800138000")
    assert one.kept("13800138000").startswith("h:")


def test_keys_that_may_be_a_number_are_not_kept() -> None:
    journal = [Milestone(0, What.ENTER, "callback 1"), *(Milestone(1, What.DIGIT, key) for key in "13800138000")]
    journal += [Milestone(3, What.ENTER, "callback 2"), Milestone(4, What.DIGIT, "1")]
    assert [heard.what for heard in told(journal).stints[0].heard] == ["•"] * 11 + ["1"]
    assert [heard.what for heard in told(journal, how=CLEAR).stints[0].heard] == [*"13800138000", "1"]


# ------------------------------------------------------------------ a call that comes back


def test_a_call_that_comes_back_is_one_call() -> None:
    first = told(rehearse(standard(), callers.SPEAKS_AT_ONCE).journal)
    queue = CallRecord(first.id, (), (Service("queue-1", BEGAN + 5, "hotline", 12.5, "PJSIP/7001", 60.0, Side.AGENT),))
    back = told(
        rehearse(standard(), callers.LINGERS, Arrival(Door.AFTER_QUEUE, queue_status="CONTINUE")).journal,
        Arrival(Door.AFTER_QUEUE, queue_status="CONTINUE"),
        began=BEGAN + 78,
    )
    call = back.merged(queue).merged(first)
    assert [stint.door for stint in call.stints] == ["incoming", "after-queue"]
    assert (call.began, call.queue_wait, call.agent, call.talked) == (BEGAN, 12.5, "PJSIP/7001", 60.0)
    assert (call.outcome, call.released_by) == (Outcome.ANSWERED, Side.US)


def test_who_hangs_up_while_waiting_for_an_agent_has_abandoned() -> None:
    first = told(rehearse(standard(), callers.SPEAKS_AT_ONCE).journal)
    queue = CallRecord(first.id, (), (Service("queue-1", BEGAN + 5, "hotline", 30.0, released_by=Side.CALLER),))
    assert first.merged(queue).outcome is Outcome.ABANDONED


# ------------------------------------------------------------------ whatever happens

words = st.text(max_size=200) | st.sampled_from(
    ["greeting 1", "silent 1", "silent 3", "hotline", "extension", "1", "#"]
)
moments = st.floats(0, 1e6) | st.floats()
milestones = st.builds(Milestone, moments, st.sampled_from(list(What)), words)
arrivals = st.builds(Arrival, st.sampled_from(list(Door)), words, words, words, words, words, words)


@given(st.lists(milestones, max_size=40), arrivals, moments)
@example([], Arrival(), 1.8e302)  # in microseconds it is no number any more
@settings(deadline=None)
def test_any_journal_becomes_a_record_that_can_be_written_and_read(
    journal: list[Milestone], arrival: Arrival, began: float
) -> None:
    record = told(journal, arrival, began=began, how=CLEAR)
    line = dump(record)
    assert b"\n" not in line and parse(line) == record
    assert "\x00" not in line.decode() and "\\u0000" not in line.decode()
    assert all(text.isprintable() for text in (record.stints[0].number, record.stints[0].dialled, record.id))
    assert math.isfinite(record.ended) and record.outcome in Outcome


@given(scripts, doors)
@settings(max_examples=60, deadline=None)
def test_prompts_and_waits_add_up_to_no_more_than_the_call_and_never_overlap(script: Script, arrival: Arrival) -> None:
    record = record_of(script, arrival)
    spans = [(said.at, said.until) for said in record.prompts]
    spans += [(wait.at, wait.at + wait.measured) for wait in record.waits]
    spans.sort()
    assert all(end <= begin + 0.002 for (_, end), (begin, _) in pairwise(spans))
    assert sum(end - begin for begin, end in spans) <= record.stints[0].lasted + 0.01


@given(scripts, doors)
@settings(max_examples=60, deadline=None)
def test_whatever_a_caller_does_every_wait_of_the_twin_is_kept(script: Script, arrival: Arrival) -> None:
    record = record_of(script, arrival)
    assert all(wait.kept for wait in record.waits)
    assert record.stints[0].end is not End.HUNG_UP or record.stints[0].permitted


@given(st.lists(st.lists(milestones, max_size=5), min_size=1, max_size=5), st.integers(0, 2**32))
@settings(deadline=None)
def test_stints_may_arrive_in_any_order_and_more_than_once(journals: list[list[Milestone]], seed: int) -> None:
    stints = [told(journal, began=BEGAN + i, prescriptions=NONE) for i, journal in enumerate(journals)]
    shuffled = stints * 2
    random.Random(seed).shuffle(shuffled)
    whole, again = stints[0], shuffled[0]
    for stint in stints[1:]:
        whole = whole.merged(stint)
    for stint in shuffled[1:]:
        again = again.merged(stint)
    assert again == whole and len(whole.stints) == len(journals)


def test_the_prescriptions_are_those_of_the_standard() -> None:
    found = of_standard(standard())
    assert found.waits[Place("greeting")] == 5 and found.waits[Place("silent", 3)] == 5
    assert Place("busy", 1) not in found.waits  # it waits not at all
    assert (found.procedures["silent"].steps, found.procedures["silent"].hangs_up) == (3, True)
    assert not found.procedures["station"].hangs_up
