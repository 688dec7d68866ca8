"""Which numbers we ring: real ones, of the countries the admin allows, and none that costs by the minute.

Rule: a number is hostile text until it is vetted, and no reason names it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

LONGEST = 32
WRITTEN = re.compile(r"\+?[0-9][0-9 ()./-]*")
RUNG = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
    }
)
"""Kinds of numbers people are reached at. Premium rate, shared cost, personal numbers and pagers are not rung: whoever
leaves such a number is paid for our calls."""


@dataclass(frozen=True, slots=True)
class Vetted:
    """A number we may ring: E.164 (`+8613800138000`), or an extension of our own PBX (`4021`)."""

    number: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A number we will not ring; the reason is for people and names no digit."""

    reason: str


def vet(given: str, region: str, allowed: tuple[str, ...] = (), internal_digits: int = 0) -> Vetted | Refused:
    """Whether we may ring what a caller left or rang from.

    `region`: the country whose national numbers are understood ("CN"). `allowed`: prefixes in E.164 (`+86`,
    `+4930`); none: only numbers of that country. `internal_digits`: a number of at most so many digits is an
    extension of our own.
    """
    if len(given) > LONGEST or not WRITTEN.fullmatch(given):
        return Refused("is no telephone number" if given else "no number is known")
    digits = re.sub(r"[^0-9]", "", given)
    if not given.startswith("+") and 2 <= len(digits) <= internal_digits:
        return Vetted(digits)
    try:
        parsed = phonenumbers.parse(given, region)
    except NumberParseException:
        return Refused("is no telephone number")
    if not phonenumbers.is_valid_number(parsed):
        return Refused("is no number anybody has")
    if phonenumbers.number_type(parsed) not in RUNG:
        return Refused("is of a kind that is not rung: premium rate, shared cost or the like")
    number = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    prefixes = allowed or (f"+{phonenumbers.country_code_for_region(region)}",)
    if not number.startswith(prefixes):
        return Refused("is not below an allowed prefix")
    return Vetted(number)
