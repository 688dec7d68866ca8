"""Walks: what a caller lives through in a shipped standard, read aloud.

Rule: the waits are measured; how long a recording lasts is nobody's business here, so it may be recorded anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby

from ari_app import paths
from ari_app.call import Arrival, Door
from ari_app.journal import Milestone, What
from ari_app.rehearsal.script import Hears, Presses, Says, Script, Waits
from ari_app.rehearsal.twin import Rehearsal, rehearse
from ari_app.standard import Standard, load
from tests.timelines import timeline

NUMBER = "02987654321"
"""A number the caller is to be rung at."""
AGENT = "1001"
CALLER = Arrival(number="13800138000", agent=AGENT)

LINGERS = timeline("""
    play anything-else
    wait 5
    play hanging-up
    wait 5
    hang up
""")
"""Who is to hang up first, and does not (CON-06, S000-35)."""
LET_GO = LINGERS[2:]
CONNECTED = ("play connecting", "hand off hotline")
CONNECTED_FIRST = ("play connecting", "hand off hotline urgent")
TO_SUPERVISORS = ("file alert to supervisor", "play connecting", "hand off hotline-supervisor urgent")
BACK_TO_THE_AGENT = ("hand off agent",)


@cache
def shipped(name: str) -> Standard:
    """A standard of ours, loaded once."""
    return load(paths.standard_folder(name))


def walk(happened: Rehearsal) -> tuple[str, ...]:
    """What happened, one line each: prompts, measured waits, what the caller did, what was filed, how it ended."""
    lines = _lines(happened.journal)
    return tuple(line for is_key, some in groupby(lines, _is_key) for line in (_together(some) if is_key else some))


def _lines(journal: Iterable[Milestone]) -> Iterator[str]:
    quiet_since = 0.0
    for milestone in journal:
        match milestone.what:
            case What.ANSWER | What.ENTER:
                continue
            case What.PLAYED | What.INTERRUPTED:
                quiet_since = milestone.at
            case What.SILENCE:
                if waited := round(milestone.at - quiet_since, 3):
                    yield f"wait {waited:g}"
                quiet_since = milestone.at
            case What.DIGIT | What.SPEECH:
                quiet_since = milestone.at
                yield f"{milestone.what} {milestone.detail}".rstrip()
            case _:
                yield f"{milestone.what} {milestone.detail}".rstrip()


def _is_key(line: str) -> bool:
    return line.startswith("digit ")


def _together(keys: Iterable[str]) -> tuple[str]:
    return ("presses " + "".join(key.removeprefix("digit ") for key in keys),)


def by_agent(standard: Standard, procedure: str, *script: Script) -> tuple[str, ...]:
    """The walk of a caller whose agent pressed the key of a procedure; the scripts follow one another."""
    return walk(given_by_agent(standard, procedure, *script))


def given_by_agent(standard: Standard, procedure: str, *script: Script) -> Rehearsal:
    """The same, with all that was filed."""
    arrival = Arrival(Door.PROCEDURE, procedure=procedure, number=CALLER.number, agent=AGENT)
    return rehearse(standard, sum(script, ()), arrival)


def answers(prompt: str, times: int = 1) -> Script:
    """Hears a prompt to its end, thinks, and speaks."""
    return Hears(prompt, times), Waits(1.0), Says(1.0)


def presses(prompt: str, keys: str, times: int = 1) -> Script:
    """Hears a prompt to its end, and presses keys."""
    return Hears(prompt, times), Waits(0.5), *(Presses(key) for key in keys)


def leaves_number() -> Script:
    """Keys in a number when asked, and confirms it."""
    return (*presses("number-please", f"{NUMBER}#"), *presses("number-is.2", "1"))
