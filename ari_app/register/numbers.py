"""Whom a number means: caller ids as they come, patterns as people write them, both to one normal form.

Rule 1: `identify` never raises, whatever a caller sends.
Rule 2: a normal form is `+` and digits (E.164), or digits alone for a local number; nothing else passes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

import phonenumbers

from ari_app.errors import HotlineError
from ari_app.procedures.screening import Caller, Identity, Reach

HOME = "CN"
"""The region numbers without a country code belong to, where nothing else is said."""
LONGEST = 40  # characters; no number of the world is longer, with all its punctuation
MOST_DIGITS = 17  # of an E.164 number as phonenumbers knows them, and of a local one
WITHHELD = frozenset({"anonymous", "unavailable", "restricted", "unknown", "private", "withheld", "blocked"})
"""What networks and Asterisk write in place of a number that is not told."""
_MINUS = ("-", "\N{MINUS SIGN}", "\N{FULLWIDTH HYPHEN-MINUS}")
_UNSEEN = ("Cc", "Cf")  # control characters, and those that turn or join the text around them
_PUNCTUATION = re.compile(r"[\s().\-/]")
_PLAIN = re.compile(r"\+?[0-9]+")


class BrokenPattern(HotlineError):
    """Somebody wrote a number or pattern nobody could ring from."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Whom an entry means: one number, a prefix, a range of equally long numbers, or callers without number."""

    reach: Reach
    first: str = field(default="", repr=False)
    last: str = field(default="", repr=False)  # of a range only

    def __str__(self) -> str:
        match self.reach:
            case Reach.EXACT:
                return self.first
            case Reach.PREFIX:
                return f"{self.first}*"
            case Reach.RANGE:
                return f"{self.first}-{self.last}"
            case Reach.ANONYMOUS:
                return "anonymous"


@lru_cache(maxsize=65536)
def identify(claimed: str, dialled: str = "", attestation: str = "", home: str = HOME) -> Caller:
    """The caller behind a caller id, as it was sent. Never raises."""
    number = _normalised(dialled, home).number if dialled else ""
    known = _normalised(claimed, home)
    return Caller(known.identity, known.number, known.national, number, attestation[:LONGEST].strip().lower())


@lru_cache(maxsize=65536)
def _normalised(claimed: str, home: str) -> Caller:
    text = claimed.strip()
    if not text:
        return Caller(Identity.EMPTY)
    if text.lower() in WITHHELD:
        return Caller(Identity.ANONYMOUS)
    digits = _digits(text)
    if digits is None:
        return Caller(Identity.MALFORMED)
    return _of_the_world(digits, home) or _local(digits)


def _digits(text: str) -> str | None:
    """Plain digits of any script, with a leading + or not; None for anything else."""
    if len(text) > LONGEST:
        return None
    plus = text[:1] in ("+", "\N{FULLWIDTH PLUS SIGN}")
    bare = phonenumbers.normalize_digits_only(_PUNCTUATION.sub("", text[plus:]), True)
    written = f"+{bare}" if plus else bare
    return written if _PLAIN.fullmatch(written) else None


def _of_the_world(digits: str, home: str) -> Caller | None:
    try:
        parsed = phonenumbers.parse(digits, home)
        reason = phonenumbers.is_possible_number_with_reason(parsed)
    except phonenumbers.NumberParseException:
        return None
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not _PLAIN.fullmatch(number) or len(number) > MOST_DIGITS + 1:
        return None
    at_home = parsed.country_code == phonenumbers.country_code_for_region(home)
    return Caller(Identity.NUMBER, number, phonenumbers.national_significant_number(parsed) if at_home else "")


def _local(digits: str) -> Caller:
    if digits.startswith("+") or len(digits) > MOST_DIGITS:
        return Caller(Identity.MALFORMED)
    return Caller(Identity.LOCAL, digits, digits)


def pattern(written: str, home: str = HOME) -> Pattern:
    """What a person means by `+8613800138000`, `138*`, `+8610*`, `+861380000-+861389999` or `anonymous`.

    Raises BrokenPattern. The message does not repeat what was written: it may be a caller's text.
    """
    text = written.strip()
    if text[:1] in _MINUS or any(unicodedata.category(c) in _UNSEEN for c in text):
        raise BrokenPattern("not a telephone number: it begins with a minus, or has characters nobody sees in it")
    if text.lower() in ("anonymous", "匿名"):
        return Pattern(Reach.ANONYMOUS)
    if text.endswith("*"):
        return Pattern(Reach.PREFIX, _beginning(text.removesuffix("*"), home))
    first, dash, last = text.partition("-")
    if dash and _digits(first) and _digits(last) and len(first.strip()) == len(last.strip()):
        return _range(first, last, home)
    caller = _normalised(text, home)
    if not caller.number:
        raise BrokenPattern(
            "not a telephone number: write it with its country code (+8613800138000), a prefix as +86138*, "
            "a range as +8613800138000-+8613800138999, or `anonymous`"
        )
    return Pattern(Reach.EXACT, caller.number)


def _beginning(text: str, home: str) -> str:
    """A prefix: international (+86 or 00), national (010), or as dialled at home (138)."""
    digits = _digits(text) if text else None
    if digits is None or len(digits.lstrip("+")) > MOST_DIGITS:
        raise BrokenPattern("not a prefix: write its first digits and a star (+86170*, 010*, 400*)")
    if digits.startswith("00") and len(digits) > 2:
        return f"+{digits[2:]}"
    if digits.startswith("0") and len(digits) > 1:
        return f"+{phonenumbers.country_code_for_region(home)}{digits[1:]}"
    return digits


def _range(first: str, last: str, home: str) -> Pattern:
    ends = _normalised(first, home).number, _normalised(last, home).number
    alike = len(ends[0]) == len(ends[1]) and ends[0].startswith("+") == ends[1].startswith("+")
    if not all(ends) or not alike:
        raise BrokenPattern(
            "not a range: both ends are whole numbers of the same length (+8613800138000-+8613800138999)"
        )
    if ends[0] > ends[1]:
        raise BrokenPattern("not a range: it ends before it begins")
    return Pattern(Reach.RANGE, *ends)
