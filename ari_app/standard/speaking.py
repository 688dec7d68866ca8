"""Which words for this caller: the greeting that fits, and sentences put together from fragments and pieces.

Rule: pure; what is not known about a caller is left out of a sentence, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from ari_app import pieces
from ari_app.call import Arrival, Prompt, Slot
from ari_app.hours import Opening
from ari_app.standard.facts import Desk, Greeting, Standard


def greeting_for(standard: Standard, arrival: Arrival) -> Prompt:
    """The first greeting whose conditions all hold; else the standard's own (S000-01, S000-15, S004-H01, S004-U02)."""
    desk = standard.desk
    for greeting in desk.greetings:
        if _fits(greeting, standard, desk, arrival):
            return greeting.say
    return desk.greeting


def _fits(greeting: Greeting, standard: Standard, desk: Desk, arrival: Arrival) -> bool:
    if greeting.late and arrival.rang <= desk.late_after:
        return False
    if greeting.dialled and arrival.dialled not in greeting.dialled:
        return False
    if greeting.caller and (greeting.caller == "internal") is not _is_internal(arrival.number, desk.internal_digits):
        return False
    if greeting.hours is None and not greeting.days:
        return True
    now = _wall(standard, arrival.at)
    return now is not None and _in_hours(greeting.hours, now) and _on_day(greeting.days, now)


def _is_internal(number: str, digits: int) -> bool:
    return number.isdecimal() and len(number) <= digits


def _wall(standard: Standard, moment: datetime | None) -> datetime | None:
    zone: ZoneInfo | None = None if standard.hours is None else standard.hours.zone
    return None if moment is None else moment.astimezone(zone)


def _in_hours(hours: tuple[int, int] | None, now: datetime) -> bool:
    if hours is None:
        return True
    begin, end = hours
    minute = now.hour * 60 + now.minute
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def _on_day(days: tuple[str, ...], now: datetime) -> bool:
    return not days or f"{now.month:02}-{now.day:02}" in days


def opening(standard: Standard, moment: datetime | None) -> Opening:
    """Whether anybody is there (S004-B01); a standard without hours is always open."""
    if standard.hours is None or moment is None:
        return Opening.OPEN
    return standard.hours.at(moment)


def spoken(standard: Standard, prompt: Prompt, taken: Mapping[str, str], arrival: Arrival) -> Prompt:
    """A sentence for this caller: as it was recorded, or put together from its fragments and recorded pieces."""
    if not prompt.slots:
        return prompt
    parts: list[Prompt] = []
    for slot in prompt.slots:
        parts += (slot,) if isinstance(slot, Prompt) else _pieces(standard, slot, taken, arrival)
    return replace(prompt, seconds=sum(part.seconds for part in parts), parts=tuple(parts))


def _pieces(standard: Standard, slot: Slot, taken: Mapping[str, str], arrival: Arrival) -> list[Prompt]:
    value = _value(standard, slot, taken, arrival)
    try:
        names = _SPOKEN[slot.spoken](value, standard.language)
        return [standard.pieces[name] for name in names]
    except (ValueError, KeyError):  # nothing known, or nothing a voice can say
        return []


def _value(standard: Standard, slot: Slot, taken: Mapping[str, str], arrival: Arrival) -> str:
    match slot.source:
        case "taken":
            return taken.get(slot.name, "")
        case "caller":
            return arrival.number
        case "agent":  # by number only (S000-24); an agent who is known by a name is not named
            return arrival.agent if arrival.agent.isdecimal() else standard.known.get("agent_id", "")
        case "challenge":
            return arrival.told_key
        case source:
            return taken.get(source, "")


def _telephone(value: str, language: str) -> tuple[str, ...]:
    return pieces.digits(value.removeprefix("+"), language, telephone=True)


_SPOKEN: Mapping[str, Callable[[str, str], tuple[str, ...]]] = {
    "digits": lambda value, language: pieces.digits(value, language),
    "telephone": _telephone,
    "number": lambda value, language: pieces.number(int(value), language),
    "position": lambda value, language: pieces.position(int(value), language),
}
