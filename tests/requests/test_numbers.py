"""Which numbers are rung, and which are not, whatever a caller leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.requests.numbers import Refused, Vetted, vet


@pytest.mark.parametrize(
    ("given", "rung"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("010-62345678", "+861062345678"),
        ("01062345678", "+861062345678"),
    ],
)
@pytest.mark.rule("S000-32", "S002-08")
def test_a_number_is_understood_as_people_press_it(given: str, rung: str) -> None:
    assert vet(given, "CN") == Vetted(rung)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "no number is known"),
        ("anonymous", "is no telephone number"),
        ("138", "is no number anybody has"),
        ("110", "is no number anybody has"),  # the police is not rung
        ("4001234567", "is of a kind"),  # shared cost
        ("+4989123456789", "is not below an allowed prefix"),  # another country
        ("+881612345678", "is not"),  # a satellite
        ("13800138000;ext=9", "is no telephone number"),
        ("13800138000&Local/1@default", "is no telephone number"),
        ("1380013800\n", "is no telephone number"),
        ("１３８００１３８０００", "is no telephone number"),
        ("1" * 1000, "is no telephone number"),
    ],
)
def test_what_could_cost_or_harm_is_not_rung(given: str, reason: str) -> None:
    verdict = vet(given, "CN")
    assert isinstance(verdict, Refused) and verdict.reason.startswith(reason)


def test_the_admin_says_which_countries_are_rung() -> None:
    assert isinstance(vet("+4989123456", "CN", ("+49", "+86")), Vetted)
    assert isinstance(vet("13800138000", "CN", ("+49",)), Refused)
    assert isinstance(vet("+4930123456", "CN", ("+4989",)), Refused)


def test_premium_rate_is_never_rung_even_below_an_allowed_prefix() -> None:
    assert isinstance(vet("+499001123456", "DE", ("+49",)), Refused)


def test_a_short_number_is_an_extension_only_where_the_admin_says_so() -> None:
    assert vet("8001", "CN", internal_digits=4) == Vetted("8001")
    assert isinstance(vet("8001", "CN"), Refused)
    assert isinstance(vet("+8001", "CN", internal_digits=4), Refused)


REASONS = {
    "no number is known",
    "is no telephone number",
    "is no number anybody has",
    "is of a kind that is not rung: premium rate, shared cost or the like",
    "is not below an allowed prefix",
}
LIKE_NUMBERS = st.from_regex(r"(\+|00)?(86|49|852)?1[3-9][0-9]{5,12}", fullmatch=True)


@given(st.one_of(st.text(max_size=40), st.text("0123456789+-() ./;,&@", max_size=40), LIKE_NUMBERS))
def test_whatever_is_given_only_digits_are_rung_and_a_reason_is_one_of_ours(given: str) -> None:
    match vet(given, "CN", internal_digits=4):
        case Vetted(number):
            assert number.isascii() and number.removeprefix("+").isdecimal()
            assert number.startswith("+86") or len(number) <= 4
        case Refused(reason):
            assert reason in REASONS
