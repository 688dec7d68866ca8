"""Numbers as callers send them and as people write them, both to one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.procedures.screening import Identity, Reach
from ari_app.register.numbers import BrokenPattern, identify, pattern

HOSTILE = st.one_of(
    st.text(max_size=400),
    st.text(st.sampled_from("+0123456789０１٣٤()-. \t\r\n\x00'\"`;${}=@|&<>\\匿名aA*#\ud800"), max_size=60),
    st.sampled_from(["${SHELL(id)}", "=1+1", '"; DROP TABLE x;--', "9" * 300, "+" + "1" * 300, "sip:a@b", "\x1b[2J"]),
)


@pytest.mark.parametrize(
    "sent",
    [
        "13800138000", "013800138000", "+8613800138000", "008613800138000", "8613800138000", "１３８００１３８０００",
        " +86 (138) 0013-8000 ",
    ],
)  # fmt: skip
def test_one_number_has_one_form_however_it_is_sent(sent: str) -> None:
    caller = identify(sent)
    assert (caller.identity, caller.number, caller.national) == (Identity.NUMBER, "+8613800138000", "13800138000")


@pytest.mark.parametrize("sent", ["8008", "110", "10086", "95588"])
def test_extensions_and_service_numbers_stay_as_they_are(sent: str) -> None:
    assert identify(sent).identity is Identity.LOCAL and identify(sent).number == sent


def test_a_number_from_abroad_has_no_form_at_home() -> None:
    assert (identify("+442079460000").number, identify("+442079460000").national) == ("+442079460000", "")


def test_another_home_gives_other_numbers() -> None:
    assert identify("020 7946 0000", home="GB").number == "+442079460000"


@pytest.mark.parametrize("sent", ["anonymous", "Restricted", "unavailable", "unknown"])
def test_withheld_numbers_are_anonymous(sent: str) -> None:
    assert identify(sent).identity is Identity.ANONYMOUS


@pytest.mark.parametrize("sent", ["=1+1", "${SHELL(id)}", "alice", "9" * 300, "+", "\x00", "*72", "+999123456789"])
def test_what_nobody_could_ring_back_is_malformed(sent: str) -> None:
    assert identify(sent).identity is Identity.MALFORMED and identify(sent).number == ""


@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_is_sent_a_number_is_digits_or_nothing(sent: str, dialled: str, attestation: str) -> None:
    caller = identify(sent, dialled, attestation)
    for number in (caller.number, caller.dialled):
        bare = number.removeprefix("+")
        assert number == "" or (bare.isascii() and bare.isdecimal() and len(bare) <= 17)
    assert (caller.number == "") == (caller.identity not in (Identity.NUMBER, Identity.LOCAL))


@pytest.mark.parametrize(
    ("written", "reach", "shown"),
    [
        ("13800138000", Reach.EXACT, "+8613800138000"),
        ("010-62345678", Reach.EXACT, "+861062345678"),
        ("+86170*", Reach.PREFIX, "+86170*"),
        ("010*", Reach.PREFIX, "+8610*"),
        ("0044*", Reach.PREFIX, "+44*"),
        ("170*", Reach.PREFIX, "170*"),
        ("13800138000-13800138999", Reach.RANGE, "+8613800138000-+8613800138999"),
        ("95000-95999", Reach.RANGE, "95000-95999"),
        ("anonymous", Reach.ANONYMOUS, "anonymous"),
    ],
)
def test_a_pattern_is_what_a_person_means(written: str, reach: Reach, shown: str) -> None:
    assert (pattern(written).reach, str(pattern(written))) == (reach, shown)
    assert pattern(shown) == pattern(written)


@pytest.mark.parametrize("written", ["", "*", "+*", "alice", "13800138999-13800138000", "95000-+8613800138000"])
def test_what_is_no_pattern_is_refused_with_the_mend(written: str) -> None:
    with pytest.raises(BrokenPattern, match=r"^not a .*: "):
        pattern(written)


@pytest.mark.parametrize(
    "written", ["-1", "-13800138000", "\N{MINUS SIGN}1", "138\n001", "138\x00*", "95000-\u202e95999"]
)
def test_a_minus_is_no_number_and_nothing_unseen_is_in_one(written: str) -> None:
    with pytest.raises(BrokenPattern, match="not a telephone number: it begins with a minus, or has characters nobody"):
        pattern(written)


@given(HOSTILE)
def test_a_hostile_pattern_is_understood_or_refused_and_never_repeated(written: str) -> None:
    try:
        assert pattern(str(pattern(written))) == pattern(written)
    except BrokenPattern as problem:
        assert len(written) < 8 or written not in str(problem)
