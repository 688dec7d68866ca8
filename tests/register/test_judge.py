"""Verdicts: pure, so each is one line of facts and one of outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.procedures.screening import (
    Admit,
    Between,
    Burst,
    Caller,
    Challenge,
    Divert,
    Identity,
    Listing,
    Mark,
    Reach,
    Reason,
    Reject,
    Repeat,
    Screening,
    Treatment,
    faded,
    happened,
    judge,
)

HOUR = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)
AT = HOUR.timestamp()
DAY = 86400.0
SOMEBODY = Caller(Identity.NUMBER, "+8613800138000", "13800138000", "+864008123123")


@dataclass
class Book:
    """A register somebody wrote down."""

    listed: Sequence[Listing] = ()
    marked: dict[Mark, Sequence[float]] = field(default_factory=dict)
    rang: Sequence[float] = ()

    def lookup(self, caller: Caller) -> Sequence[Listing]:
        return self.listed

    def marks(self, caller: Caller, mark: Mark) -> Sequence[float]:
        return self.marked.get(mark, ())

    def arrivals(self, caller: Caller, digits: int) -> Sequence[float]:
        return self.rang


def listing(entry: int, treatment: Treatment, reach: Reach = Reach.EXACT, **more: object) -> Listing:
    return Listing(entry, reach, treatment, **more)  # type: ignore[arg-type]


def test_who_is_unknown_is_admitted() -> None:
    assert judge(SOMEBODY, Book(), Screening(), HOUR) == Admit(Reason.NOTHING_KNOWN)


@pytest.mark.parametrize("identity", [Identity.ANONYMOUS, Identity.EMPTY, Identity.MALFORMED])
def test_who_has_no_number_is_admitted_unless_the_standard_says_otherwise(identity: Identity) -> None:
    assert judge(Caller(identity), Book(), Screening(), HOUR) == Admit()
    strict = Screening(identities=MappingProxyType({identity: Treatment.CHALLENGE}))
    assert judge(Caller(identity), Book(), strict, HOUR) == Challenge(Reason(identity))


def test_allow_beats_block_even_a_narrower_one() -> None:
    listed = [listing(1, Treatment.REJECT), listing(2, Treatment.ALLOW, Reach.PREFIX)]
    assert judge(SOMEBODY, Book(listed), Screening(rejects=True), HOUR) == Admit(Reason.LISTED, 2)


def test_who_is_allowed_is_not_challenged_by_any_rule() -> None:
    rules = Screening(repeats=(Repeat(Mark.SILENT, 1, 60, Treatment.CHALLENGE, 60),))
    book = Book([listing(1, Treatment.ALLOW)], {Mark.SILENT: [AT - 1]})
    assert judge(SOMEBODY, book, rules, HOUR) == Admit(Reason.LISTED, 1)


def test_the_narrowest_block_decides_and_of_equals_the_strictest() -> None:
    narrow = [listing(1, Treatment.STATION, Reach.PREFIX), listing(2, Treatment.CHALLENGE)]
    assert judge(SOMEBODY, Book(narrow), Screening(), HOUR) == Challenge(Reason.LISTED, 2)
    equal = [listing(1, Treatment.CHALLENGE), listing(2, Treatment.STATION)]
    assert judge(SOMEBODY, Book(equal), Screening(), HOUR) == Divert(Reason.LISTED, 2)


def test_whom_the_register_rejects_goes_to_the_station_where_the_standard_hangs_up_on_nobody() -> None:
    book = Book([listing(1, Treatment.REJECT)])
    assert judge(SOMEBODY, book, Screening(), HOUR) == Divert(Reason.LISTED, 1)
    assert judge(SOMEBODY, book, Screening(rejects=True), HOUR) == Reject(Reason.LISTED, 1)


def test_a_doubted_entry_rejects_nobody() -> None:
    book = Book([listing(1, Treatment.REJECT, under_review=True)])
    assert judge(SOMEBODY, book, Screening(rejects=True), HOUR) == Divert(Reason.LISTED, 1)


def test_an_entry_expires() -> None:
    book = Book([listing(1, Treatment.STATION, expires=AT + 60)])
    assert isinstance(judge(SOMEBODY, book, Screening(), HOUR + timedelta(seconds=59)), Divert)
    assert isinstance(judge(SOMEBODY, book, Screening(), HOUR + timedelta(seconds=60)), Admit)


def test_an_expired_allowance_no_longer_beats_a_block() -> None:
    book = Book([listing(1, Treatment.ALLOW, expires=AT), listing(2, Treatment.STATION)])
    assert judge(SOMEBODY, book, Screening(), HOUR) == Divert(Reason.LISTED, 2)


def test_one_report_speaks_for_a_half_life_two_for_twice_as_long() -> None:
    def spoken(score: float, days: float) -> bool:
        book = Book([listing(1, Treatment.STATION, score=score, scored_at=AT)])
        verdict = judge(SOMEBODY, book, Screening(half_life=30 * DAY), HOUR + timedelta(days=days))
        return isinstance(verdict, Divert)

    assert spoken(1, 29.9) and not spoken(1, 30.1)
    assert spoken(2, 59.9) and not spoken(2, 60.1)


def test_a_clock_that_went_back_gives_nobody_a_higher_score() -> None:
    assert faded(1, AT + 1000 * DAY, 1, AT) == 1


def test_many_silent_calls_lead_to_a_challenge_for_a_while() -> None:
    rules = Screening(repeats=(Repeat(Mark.SILENT, 3, 600, Treatment.CHALLENGE, 3600),))
    book = Book(marked={Mark.SILENT: [AT - 500, AT - 300, AT - 10]})
    assert judge(SOMEBODY, book, rules, HOUR) == Challenge(Reason.SILENT)
    assert isinstance(judge(SOMEBODY, book, rules, HOUR + timedelta(seconds=3589)), Challenge)
    assert isinstance(judge(SOMEBODY, book, rules, HOUR + timedelta(seconds=3590)), Admit)
    assert judge(SOMEBODY, Book(marked={Mark.SILENT: [AT - 700, AT - 300, AT - 10]}), rules, HOUR) == Admit()
    assert judge(SOMEBODY, Book(marked={Mark.NUISANCE: [AT - 1] * 9}), rules, HOUR) == Admit()


def test_callers_without_a_number_do_not_answer_for_each_other() -> None:
    rules = Screening(repeats=(Repeat(Mark.SILENT, 1, 600, Treatment.STATION, 3600),))
    assert judge(Caller(Identity.ANONYMOUS), Book(marked={Mark.SILENT: [AT]}), rules, HOUR) == Admit()


def test_a_burst_from_one_prefix_is_challenged() -> None:
    rules = Screening(bursts=(Burst(7, 3, 60, Treatment.CHALLENGE, 600),))
    assert judge(SOMEBODY, Book(rang=[AT - 2, AT - 1, AT]), rules, HOUR) == Challenge(Reason.BURST)
    assert judge(SOMEBODY, Book(rang=[AT - 1, AT]), rules, HOUR) == Admit()


def test_a_rule_applies_only_at_its_hours_also_over_midnight() -> None:
    night = Between(time(22), time(6))
    rules = Screening(repeats=(Repeat(Mark.SILENT, 1, 1e6, Treatment.CHALLENGE, 1e6, night),))
    book = Book(marked={Mark.SILENT: [AT - 1]})
    assert isinstance(judge(SOMEBODY, book, rules, HOUR), Admit)
    assert isinstance(judge(SOMEBODY, book, rules, HOUR.replace(hour=23)), Challenge)
    assert isinstance(judge(SOMEBODY, book, rules, HOUR.replace(hour=5) + timedelta(days=1)), Challenge)


def test_who_claims_our_own_number_or_the_one_they_dial_is_found_out() -> None:
    rules = Screening(own_numbers=frozenset({"+8613800138000"}), own_then=Treatment.CHALLENGE)
    assert judge(SOMEBODY, Book(), rules, HOUR) == Challenge(Reason.OWN_NUMBER)
    itself = Caller(Identity.NUMBER, "+864008123123", "4008123123", "+864008123123")
    assert judge(itself, Book(), rules, HOUR) == Challenge(Reason.OWN_NUMBER)


def test_the_networks_word_counts_where_the_standard_knows_it() -> None:
    rules = Screening(attestations=MappingProxyType({"failed": Treatment.CHALLENGE}))
    failed = Caller(Identity.NUMBER, "+8613800138000", "13800138000", "", "failed")
    assert judge(failed, Book(), rules, HOUR) == Challenge(Reason.ATTESTATION)
    passed = Caller(Identity.NUMBER, "+8613800138000", "13800138000", "", "passed")
    assert judge(passed, Book(), rules, HOUR) == Admit()


@given(
    st.lists(st.integers(0, 500), max_size=30).map(sorted),
    st.integers(1, 5),
    st.integers(1, 100),
    st.integers(1, 300),
    st.integers(0, 900),
)
def test_so_many_within_so_long_is_what_it_says(
    moments: list[int], calls: int, within: int, lasts: int, at: int
) -> None:
    rule = Repeat(Mark.SILENT, calls, within, Treatment.STATION, lasts)
    so_far = [m for m in moments if m <= at]
    plainly = any(
        sum(last - within <= m <= last for m in so_far[: i + 1]) >= calls and at < last + lasts
        for i, last in enumerate(so_far)
    )
    assert happened(so_far, rule, at) == plainly
