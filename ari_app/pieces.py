"""Numbers, digits, positions, times and dates, as lists of recorded pieces a caller hears as one sentence.

Rule 1: a value in, names of recordings out; no file, no channel, no clock is known here.
Rule 2: every name lies in `prompts/pieces/<language>/`, and `vocabulary` tells them all, so that a missing
        recording is found when the hotline starts.
A number is spoken below 10^12; ValueError says what cannot be spoken.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

Pieces = tuple[str, ...]

LARGEST: Final = 10**12 - 1
PAUSE: Final = "pause"
_TELEPHONE_NUMBER = re.compile(r"[0-9]+(?:[ .\-]+[0-9]+)*")
_MONTHS: Final = tuple(
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)


def number(value: int, language: str) -> Pieces:
    """A quantity: 两千零五, two thousand five."""
    if not 0 <= value <= LARGEST:
        raise ValueError(f"no whole number from 0 to {LARGEST}")
    return tuple(_speaker(language).number(value))


def digits(text: str, language: str, *, telephone: bool = False) -> Pieces:
    """Digit by digit, with a pause where `text` has a space, dot or hyphen: 138-0013 → 一三八, 零零一三.

    A telephone number says 幺 for 1 in Mandarin and "oh" for 0 in English.
    """
    if not _TELEPHONE_NUMBER.fullmatch(text):
        raise ValueError("only digits in groups can be spoken one by one")
    instead = _speaker(language).on_the_telephone if telephone else {}
    groups = re.split(r"[ .\-]+", text)
    return tuple(piece for group in groups for piece in (PAUSE, *(instead.get(digit, digit) for digit in group)))[1:]


def position(value: int, language: str) -> Pieces:
    """Where a caller stands in a queue: 第三位, number three."""
    if not 1 <= value <= LARGEST:
        raise ValueError(f"no position from 1 to {LARGEST}")
    return tuple(_speaker(language).position(value))


def time(value: datetime.time, language: str) -> Pieces:
    """The time of day to the minute: 下午三点十五分, three fifteen p.m."""
    return tuple(_speaker(language).time(value.hour, value.minute))


def date(value: datetime.date, language: str, *, year: bool = False) -> Pieces:
    """A day: 十一月二十二日, November twenty-second; with its year when asked."""
    return tuple(_speaker(language).date(value, year))


def vocabulary(language: str) -> frozenset[str]:
    """Every piece a value of this language may need."""
    return _speaker(language).vocabulary


# ------------------------------------------------------------------ Mandarin


def _zh_number(value: int) -> Iterator[str]:
    """Groups of four digits: 亿, 万, units. A gap between digits that sound is one 零."""
    if not value:
        yield "0"
        return
    begun = gap = False
    for unit in (10**8, 10**4, 1):
        group = value // unit % 10**4
        if not group:
            gap = begun
            continue
        if begun and (gap or group < 1000):
            yield "0"
        yield from _zh_group(group, unit, begun)
        begun, gap = True, False


def _zh_group(group: int, unit: int, begun: bool) -> Iterator[str]:
    name = {10**8: "100000000", 10**4: "10000", 1: ""}[unit]
    if name and group <= 2:
        yield f"{group}x{name}"  # 一万, 两万: 一 changes its tone, 二 its word
        return
    yield from _zh_below_ten_thousand(group, begun)
    if name:
        yield f"x{name}"


def _zh_below_ten_thousand(group: int, begun: bool) -> Iterator[str]:
    thousands, hundreds, tens, ones = (group // unit % 10 for unit in (1000, 100, 10, 1))
    if thousands:
        yield f"{thousands}000"
    if hundreds:
        yield f"{hundreds}00"
    if tens:
        if thousands and not hundreds:
            yield "0"
        if tens > 1 or begun or group >= 20:  # 十五, but 一百一十五
            yield str(tens)
        yield "10"
    if ones:
        if not tens and (thousands or hundreds):
            yield "0"
        yield str(ones)


def _zh_position(value: int) -> Iterator[str]:
    return iter(("nth", *_zh_number(value), "place"))


def _zh_time(hour: int, minute: int) -> Iterator[str]:
    yield next(name for begins, name in _ZH_PARTS if hour >= begins)
    yield f"hour-{hour if hour <= 12 else hour - 12}"
    if minute:
        yield from ("0",) if minute < 10 else ()
        yield from _zh_number(minute)
        yield "minute"


def _zh_date(value: datetime.date, year: bool) -> Iterator[str]:
    if year:
        yield from str(value.year)
        yield "year"
    yield f"month-{value.month}"
    yield from _zh_number(value.day)
    yield "day"


_ZH_PARTS: Final = ((18, "evening"), (13, "afternoon"), (12, "noon"), (6, "morning"), (0, "before-dawn"))
_ZH_VOCABULARY: Final = frozenset({
    *map(str, range(11)), "yao", *(f"{n}00" for n in range(1, 10)), *(f"{n}000" for n in range(1, 10)),
    *("x10000", "1x10000", "2x10000", "x100000000", "1x100000000", "2x100000000", "nth", "place"),
    *(name for _, name in _ZH_PARTS), *(f"hour-{n}" for n in range(13)), "minute",
    *(f"month-{n}" for n in range(1, 13)), "day", "year", PAUSE,
})  # fmt: skip


# ------------------------------------------------------------------ English


def _en_number(value: int) -> Iterator[str]:
    if not value:
        yield "0"
    for unit, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (1, "")):
        if group := value // unit % 1000:
            yield from _en_below_a_thousand(group)
            yield from (name,) if name else ()


def _en_below_a_thousand(group: int) -> Iterator[str]:
    hundreds, rest = divmod(group, 100)
    if hundreds:
        yield from (str(hundreds), "hundred")
    yield from _en_below_a_hundred(rest) if rest else ()


def _en_below_a_hundred(value: int) -> Iterator[str]:
    tens, ones = (value - value % 10, value % 10) if value > 20 else (0, value)
    yield from (str(tens),) if tens else ()
    yield from (str(ones),) if ones else ()


def _en_position(value: int) -> Iterator[str]:
    return iter(("number", *_en_number(value)))


def _en_time(hour: int, minute: int) -> Iterator[str]:
    if not minute and hour % 12 == 0:
        yield "noon" if hour else "midnight"
        return
    yield str((hour - 1) % 12 + 1)
    if minute:
        yield from ("oh",) if minute < 10 else ()
        yield from _en_below_a_hundred(minute)
    yield "pm" if hour >= 12 else "am"


def _en_date(value: datetime.date, year: bool) -> Iterator[str]:
    yield _MONTHS[value.month - 1]
    tens, ones = divmod(value.day, 10)
    if value.day > 20 and ones:
        yield from (f"{tens}0", _en_ordinal(ones))
    else:
        yield _en_ordinal(value.day)
    yield from _en_year(value.year) if year else ()


def _en_ordinal(value: int) -> str:
    return f"{value}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(value, 'th') }"


def _en_year(year: int) -> Iterator[str]:
    """Nineteen ninety-nine, two thousand five, twenty twenty-six."""
    century, rest = divmod(year, 100)
    if year < 1000 or (not century % 10 and rest < 10):
        yield from _en_number(year)
        return
    yield from _en_below_a_hundred(century)
    yield from ("hundred",) if not rest else ("oh",) if rest < 10 else ()
    yield from _en_below_a_hundred(rest) if rest else ()


_EN_VOCABULARY: Final = frozenset({
    *map(str, range(21)), *(f"{n}0" for n in range(3, 10)), "hundred", "thousand", "million", "billion",
    *("number", "oh", "am", "pm", "noon", "midnight", PAUSE), *_MONTHS,
    *(_en_ordinal(n) for n in (*range(1, 21), 30)),
})  # fmt: skip


# ------------------------------------------------------------------ by language


class _Speaker(NamedTuple):
    number: Callable[[int], Iterator[str]]
    position: Callable[[int], Iterator[str]]
    time: Callable[[int, int], Iterator[str]]
    date: Callable[[datetime.date, bool], Iterator[str]]
    on_the_telephone: dict[str, str]
    vocabulary: frozenset[str]


_SPEAKERS: Final = {
    "zh": _Speaker(_zh_number, _zh_position, _zh_time, _zh_date, {"1": "yao"}, _ZH_VOCABULARY),
    "en": _Speaker(_en_number, _en_position, _en_time, _en_date, {"0": "oh"}, _EN_VOCABULARY),
}


def _speaker(language: str) -> _Speaker:
    try:
        return _SPEAKERS[language.partition("-")[0].lower()]
    except KeyError:
        raise ValueError(f"numbers cannot be spoken in {language}; there are {', '.join(_SPEAKERS)}") from None
