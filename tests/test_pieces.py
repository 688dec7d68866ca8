"""What a caller hears of a number, a time, a date: said by the pieces, understood by a listener who knows no code.

The listeners below read words, not pieces, and were written from grammar books, not from ari_app/pieces.py.
"""

from __future__ import annotations

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app import pieces
from ari_app.paths import shipped
from ari_app.standard.words import words_in

LANGUAGES = ("zh-CN", "en")
WORDS = {language: words_in(shipped("prompts") / "pieces", language)[1].prompts for language in LANGUAGES}


def said(names: pieces.Pieces, language: str) -> str:
    """The words of these pieces, as a caller would write them down."""
    texts = ["，" if name == pieces.PAUSE else WORDS[language][name].text for name in names]
    return "".join(texts) if language == "zh-CN" else " ".join(texts).replace(" ，", ",")


# ------------------------------------------------------------------ by hand


@pytest.mark.parametrize(
    ("value", "mandarin", "english"),
    [
        (0, "零", "zero"),
        (2, "二", "two"),
        (10, "十", "ten"),
        (12, "十二", "twelve"),
        (20, "二十", "twenty"),
        (22, "二十二", "twenty two"),
        (99, "九十九", "ninety nine"),
        (100, "一百", "one hundred"),
        (101, "一百零一", "one hundred one"),
        (110, "一百一十", "one hundred ten"),
        (115, "一百一十五", "one hundred fifteen"),
        (200, "两百", "two hundred"),
        (222, "两百二十二", "two hundred twenty two"),
        (1000, "一千", "one thousand"),
        (1001, "一千零一", "one thousand one"),
        (1010, "一千零一十", "one thousand ten"),
        (1100, "一千一百", "one thousand one hundred"),
        (2025, "两千零二十五", "two thousand twenty five"),
        (10_000, "一万", "ten thousand"),
        (10_010, "一万零一十", "ten thousand ten"),
        (12_345, "一万两千三百四十五", "twelve thousand three hundred forty five"),
        (20_000, "两万", "twenty thousand"),
        (100_000, "十万", "one hundred thousand"),
        (120_000, "十二万", "one hundred twenty thousand"),
        (1_150_000, "一百一十五万", "one million one hundred fifty thousand"),
        (100_000_001, "一亿零一", "one hundred million one"),
        (110_000_000, "一亿一千万", "one hundred ten million"),
        (100_100_000, "一亿零一十万", "one hundred million one hundred thousand"),
    ],
)
def test_numbers_as_people_say_them(value: int, mandarin: str, english: str) -> None:
    assert said(pieces.number(value, "zh-CN"), "zh-CN") == mandarin
    assert said(pieces.number(value, "en-US"), "en") == english


@pytest.mark.parametrize(
    ("clock", "mandarin", "english"),
    [
        ("00:00", "凌晨零点", "midnight"),
        ("00:05", "凌晨零点零五分", "twelve oh five a.m."),
        ("03:15", "凌晨三点十五分", "three fifteen a.m."),
        ("08:30", "上午八点三十分", "eight thirty a.m."),
        ("12:00", "中午十二点", "noon"),
        ("12:02", "中午十二点零二分", "twelve oh two p.m."),
        ("14:02", "下午两点零二分", "two oh two p.m."),
        ("15:15", "下午三点十五分", "three fifteen p.m."),
        ("22:22", "晚上十点二十二分", "ten twenty two p.m."),
        ("23:00", "晚上十一点", "eleven p.m."),
    ],
)
def test_times_as_people_say_them(clock: str, mandarin: str, english: str) -> None:
    value = datetime.time.fromisoformat(clock)
    assert said(pieces.time(value, "zh-CN"), "zh-CN") == mandarin
    assert said(pieces.time(value, "en"), "en") == english


@pytest.mark.parametrize(
    ("day", "mandarin", "english"),
    [
        ("2026-11-22", "二零二六年十一月二十二日", "November twenty second twenty twenty six"),
        ("2000-01-01", "二零零零年一月一日", "January first two thousand"),
        ("2005-02-10", "二零零五年二月十日", "February tenth two thousand five"),
        ("1999-12-31", "一九九九年十二月三十一日", "December thirty first nineteen ninety nine"),
        ("1900-10-30", "一九零零年十月三十日", "October thirtieth nineteen hundred"),
        ("1905-03-20", "一九零五年三月二十日", "March twentieth nineteen oh five"),
    ],
)
def test_dates_as_people_say_them(day: str, mandarin: str, english: str) -> None:
    value = datetime.date.fromisoformat(day)
    assert said(pieces.date(value, "zh-CN", year=True), "zh-CN") == mandarin
    assert said(pieces.date(value, "en", year=True), "en") == english
    assert mandarin.endswith(said(pieces.date(value, "zh-CN"), "zh-CN"))


@pytest.mark.parametrize(
    ("value", "mandarin", "english"),
    [
        (1, "第一位", "number one"),
        (2, "第二位", "number two"),
        (3, "第三位", "number three"),
        (12, "第十二位", "number twelve"),
    ],
)
def test_positions_as_people_say_them(value: int, mandarin: str, english: str) -> None:
    assert said(pieces.position(value, "zh-CN"), "zh-CN") == mandarin
    assert said(pieces.position(value, "en"), "en") == english


def test_telephone_numbers_are_told_in_groups() -> None:
    assert said(pieces.digits("138-0013 8000", "zh-CN", telephone=True), "zh-CN") == "幺三八，零零幺三，八零零零"
    assert said(pieces.digits("10", "zh-CN"), "zh-CN") == "一零"
    assert said(pieces.digits("400 8008", "en", telephone=True), "en") == "four oh oh, eight oh oh eight"
    assert said(pieces.digits("10", "en"), "en") == "one zero"


# ------------------------------------------------------------------ what cannot be said


@pytest.mark.parametrize("value", [-1, 10**12])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_nobody_says_is_refused(value: int, language: str) -> None:
    with pytest.raises(ValueError, match="no whole number from 0"):
        pieces.number(value, language)


@pytest.mark.parametrize("text", ["", "12a", "+86", " 1", "1-", "１２", "1--\n2"])
def test_what_is_no_row_of_digits_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="only digits in groups") as refusal:
        pieces.digits(text, "en")
    assert not text or text not in str(refusal.value), "a caller's number never enters a message"


def test_nobody_is_the_zeroth_in_a_queue() -> None:
    with pytest.raises(ValueError, match="no position"):
        pieces.position(0, "en")


def test_a_language_without_pieces_is_named() -> None:
    with pytest.raises(ValueError, match=r"spoken in fr-FR; there are zh, en"):
        pieces.number(1, "fr-FR")


# ------------------------------------------------------------------ by a listener


def understood_zh(words: str) -> int:
    """Digits wait for a unit; 万 and 亿 multiply all that came since the last greater one."""
    units = {"十": 10, "百": 100, "千": 1000}
    total = section = digit = 0
    for sign in words:
        if sign in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(sign)
        elif sign == "两":
            digit = 2
        elif sign in units:
            section += (digit or 1) * units[sign]
            digit = 0
        elif sign == "万":
            total += (section + digit) * 10**4
            section = digit = 0
        elif sign == "亿":
            total = (total + section + digit) * 10**8
            section = digit = 0
        else:
            raise AssertionError(f"{sign} is no part of a number")
    return total + section + digit


_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
ENGLISH = {w: n for n, w in enumerate((_ONES + "seventeen eighteen nineteen").split())} | {
    w: 10 * n
    for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)  # noqa: SIM905
}


def understood_en(words: str) -> int:
    total = group = 0
    for word in words.split():
        if word == "hundred":
            group *= 100
        elif word in ("thousand", "million", "billion"):
            total += group * {"thousand": 10**3, "million": 10**6, "billion": 10**9}[word]
            group = 0
        else:
            group += ENGLISH[word]
    return total + group


borders = st.sampled_from([10**n + d for n in range(1, 12) for d in (-1, 0, 1)])
numbers = st.one_of(st.integers(0, pieces.LARGEST), st.integers(0, 99_999), borders)


@given(numbers)
def test_every_number_is_understood_in_mandarin(value: int) -> None:
    words = said(pieces.number(value, "zh-CN"), "zh-CN")
    assert understood_zh(words) == value
    if value:
        assert "零零" not in words and not words.endswith("零") and not words.startswith("零")
        assert not re.search("零[百千万亿十]|(?<![一二三四五六七八九两])[百千]", words)
        assert not words.startswith("一十"), "十五, never 一十五"
        assert not re.search("二[千万亿]$|^二[百千]", words), "两千, never 二千"


@given(numbers)
def test_a_gap_inside_a_mandarin_number_is_one_ling(value: int) -> None:
    """零 is said wherever digits that sound have zeros between them, within a group of four or across its border."""
    gaps = 0
    groups = re.findall(".{4}", f"{value:012}")
    begun = zero_since = False
    for group in groups:
        if group == "0000":
            zero_since = begun
            continue
        if begun and (zero_since or group[0] == "0"):
            gaps += 1
        gaps += len(re.findall("[1-9]0+(?=[1-9])", group))
        begun, zero_since = True, False
    assert said(pieces.number(value, "zh-CN"), "zh-CN").count("零") == (gaps if value else 1)


@given(numbers)
def test_every_number_is_understood_in_english(value: int) -> None:
    words = said(pieces.number(value, "en"), "en")
    assert understood_en(words) == value
    assert not value or "zero" not in words


@given(st.times())
def test_every_time_is_understood(value: datetime.time) -> None:
    part, hour, minute = re.fullmatch(
        "(凌晨|上午|中午|下午|晚上)(.+?)点(?:(.+)分)?", said(pieces.time(value, "zh-CN"), "zh-CN")
    ).groups()  # type: ignore[union-attr]
    noon = 12 if part in ("下午", "晚上") else 0
    assert (understood_zh(hour) + noon, understood_zh(minute or "")) == (value.hour, value.minute)
    words = said(pieces.time(value, "en"), "en").replace("noon", "twelve p.m.").replace("midnight", "twelve a.m.")
    spoken_hour, *spoken_minute, half = words.split()
    assert ENGLISH[spoken_hour] % 12 + 12 * (half == "p.m.") == value.hour
    assert sum(ENGLISH.get(word, 0) for word in spoken_minute) == value.minute
    assert ("oh" in spoken_minute) == (0 < value.minute < 10)


# ------------------------------------------------------------------ recordings


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_piece_is_in_the_script_and_nothing_else(language: str) -> None:
    assert {*WORDS[language], pieces.PAUSE} == pieces.vocabulary(language)


@given(value=numbers, moment=st.datetimes(), language=st.sampled_from(LANGUAGES), telephone=st.booleans())
def test_no_value_needs_a_piece_that_is_not_recorded(
    value: int, moment: datetime.datetime, language: str, telephone: bool
) -> None:
    said_of_it = (
        *pieces.number(value, language),
        *pieces.position(max(1, value), language),
        *pieces.digits(str(value), language, telephone=telephone),
        *pieces.time(moment.time(), language),
        *pieces.date(moment.date(), language, year=True),
    )
    assert {*said_of_it} <= pieces.vocabulary(language)


MANDARIN_CHANGES = {  # where 一 and the third tone change before their neighbour, from the grammar book
    "100": "yi4 bai3", "500": "wu2 bai3", "900": "jiu2 bai3", "1000": "yi4 qian1", "9000": "jiu3 qian1",
    "1x10000": "yi2 wan4", "1x100000000": "yi2 yi4", "hour-1": "yi4 dian3", "hour-2": "liang2 dian3",
    "hour-5": "wu2 dian3", "hour-9": "jiu2 dian3", "month-1": "yi1 yue4", "month-11": "shi2 yi1 yue4",
}  # fmt: skip


def test_tones_change_where_they_must() -> None:
    assert {name: WORDS["zh-CN"][name].say for name in MANDARIN_CHANGES} == MANDARIN_CHANGES
