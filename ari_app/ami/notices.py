"""A notice to callers, switched on and off over AMI: an outage in an area, a failure of our own.

Rule 1: the dialplan hands it to every new caller's door; a caller on the line does not notice.
Rule 2: it lives in two global variables of the dialplan, so that every worker knows it. A restart of Asterisk
forgets it; a reload forgets it only where extensions.conf says clearglobalvars = yes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ari_app.ami.agents import Manager
from ari_app.errors import PbxRefused

NAME, AREA = "HOTLINE_NOTICE", "HOTLINE_NOTICE_AREA"
BETWEEN_AREAS = "&"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_PREFIX = re.compile(r"\+?[0-9]{1,15}")
LONGEST = 1000
"""Characters of all areas together: they are arguments of a dialplan application."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Which notice is on, and for callers whose numbers begin how; no areas: for everybody."""

    name: str
    areas: tuple[str, ...] = ()


async def switch_on(ami: Manager, notice: Notice) -> None:
    """New callers hear of it from now on. Raises PbxRefused for a name or an area that cannot be one."""
    if not _NAME.fullmatch(notice.name):
        raise PbxRefused("a notice's name is of a-z, 0-9 and -, as in `notices` of the standard: outage")
    if not all(_PREFIX.fullmatch(area) for area in notice.areas):
        raise PbxRefused("an area is the beginning of callers' numbers: 1 to 15 digits, like 0571 or +86571")
    area = BETWEEN_AREAS.join(notice.areas)
    if len(area) > LONGEST:
        raise PbxRefused(f"the areas are longer than {LONGEST} characters together; shorten the beginnings")
    await ami.tell("Setvar", Variable=NAME, Value="")  # never the new notice for the old area
    await ami.tell("Setvar", Variable=AREA, Value=area)
    await ami.tell("Setvar", Variable=NAME, Value=notice.name)


async def switch_off(ami: Manager) -> None:
    """New callers hear nothing of it any more."""
    await ami.tell("Setvar", Variable=NAME, Value="")
    await ami.tell("Setvar", Variable=AREA, Value="")


async def shown(ami: Manager) -> Notice | None:
    """The notice that is on."""
    name, area = await _global(ami, NAME), await _global(ami, AREA)
    return Notice(name, tuple(filter(None, area.split(BETWEEN_AREAS)))) if name else None


async def _global(ami: Manager, variable: str) -> str:
    return (await ami.ask("Getvar", Variable=variable))[0].get("Value", "")
