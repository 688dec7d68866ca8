"""The nine callers for any standard: the same people, who hear that standard's words and are given its waits.

Rule: what they are owed is the standard's ladders read aloud; what they do is the cast's (qa/cast.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ari_app.qa import cast
from ari_app.qa.cast import CastCaller
from ari_app.rehearsal.script import Hears, Presses, Script, Waits
from ari_app.standard import Ladder, Standard


def cast_for(standard: Standard) -> tuple[CastCaller, ...]:
    """The cast as this standard has to treat it; without a wrong-number key, nobody presses it."""
    return tuple(_cast(standard))


def _cast(standard: Standard) -> Iterator[CastCaller]:
    desk = standard.desk
    greeting, connecting, silent = desk.greeting.name, desk.connecting.name, says(desk.silent)
    ladder = (greeting, *silent)
    lingers = led_through(standard, desk.after_agent)
    second, last = (Hears(silent[1], silent[:2].count(silent[1])), Hears(silent[-1], silent.count(silent[-1])))
    before_the_end = max(0.2, desk.silent.steps[-1].wait - 1.5)
    yield replace(cast.SILENT, expects=ladder)
    yield replace(cast.SPEAKS_AT_ONCE, expects=(greeting, connecting))
    after_second: Script = (second, Waits(min(1.5, desk.silent.steps[1].wait / 2)), cast.SENTENCE)
    yield replace(cast.SPEAKS_AFTER_SECOND_OFFER, script=after_second, expects=(*ladder[:3], connecting))
    in_last: Script = (last, Waits(before_the_end), cast.SENTENCE)
    yield replace(cast.SPEAKS_IN_LAST_WAIT, script=in_last, expects=(*ladder, connecting))
    for key, wrong in desk.keys.items():
        expects = (greeting, *led_through(standard, wrong))
        yield replace(cast.WRONG_NUMBER, script=(Waits(1.0), Presses(key)), expects=expects)
        break
    coughs: Script = (Hears(greeting), Waits(min(2.0, desk.patience / 2)), cast.COUGH)
    yield replace(cast.COUGHS_ONCE, script=coughs, expects=ladder)
    yield replace(cast.HANGS_UP_IN_GREETING, script=(Waits(1.0), *cast.HANGS_UP_IN_GREETING.script[1:]))
    if "late-answer" in standard.prompts and standard.prompts["late-answer"].recording.startswith(root(standard)):
        yield cast.APPLICATION_DOWN
    yield replace(cast.LINGERS, expects=(greeting, connecting, *lingers))


def root(standard: Standard) -> str:
    """The oldest standard this one extends, whose sentences the dialplan says by itself."""
    return (standard.name, *standard.extends)[-1]


def within_reach(standard: Standard) -> frozenset[str]:
    """What any caller may come to hear whom nobody has sent anywhere."""
    desk = standard.desk
    ladders = (desk.silent, desk.station, desk.after_agent, desk.no_agent, desk.exhausted, *desk.keys.values())
    said = (name for ladder in ladders for name in says(ladder))
    return frozenset((*said, desk.greeting.name, desk.connecting.name)) & frozenset(standard.prompts)


def says(ladder: Ladder) -> tuple[str, ...]:
    """What a caller hears who does nothing."""
    return tuple(step.say.name for step in ladder.steps if step.say is not None)


def led_through(standard: Standard, ladder: Ladder) -> tuple[str, ...]:
    """What a caller hears who does nothing, in this ladder and whatever it leads to."""
    following = standard.procedure_of(ladder.then)
    return says(ladder) if following is None else (*says(ladder), *led_through(standard, following))
