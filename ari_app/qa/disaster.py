"""Workers are killed in the midst of calls, and every caller is looked for afterwards.

Rule: a caller is lost unless they talked with an agent, or heard their ladder to its last prompt before we hung up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ari_app.qa.application import Application
from ari_app.qa.carrier import By
from ari_app.qa.cast import SILENT, SPEAKS_AFTER_SECOND_OFFER, WRONG_NUMBER, CastCaller, Outcome
from ari_app.qa.hearing import Hearing
from ari_app.qa.stage import Stage

LATE_WAVE = 12.0
"""Seconds after the first callers when the last ones ring: they are in the greeting when disaster strikes."""
STRIKES = 18.0
"""Seconds after the first callers when the worker is killed: in the ladder, in the station, in the greeting."""


@dataclass(frozen=True)
class Toll:
    """What a disaster cost."""

    hearings: tuple[Hearing, ...]
    back_after: float  # seconds from the kill until a worker was connected that could adopt

    @property
    def lost(self) -> tuple[Hearing, ...]:
        return tuple(hearing for hearing in self.hearings if not saved(hearing))

    @property
    def with_agent(self) -> int:
        return sum(hearing.agent is not None for hearing in self.hearings)

    @property
    def longest_silence(self) -> float:
        """The longest time any caller heard nothing between two prompts, seconds."""
        return max((_gap(hearing) for hearing in self.hearings), default=0.0)


def saved(hearing: Hearing) -> bool:
    """Whether this caller was looked after to the end."""
    if hearing.trouble:
        return False
    if hearing.agent is not None:
        return True
    last = hearing.found[-1].prompt if hearing.found else ""
    return hearing.hung_up_by is By.THEM and last == hearing.caller.expects[-1]


def crowd(size: int) -> tuple[list[CastCaller], list[CastCaller]]:
    """So many callers, those who ring first and those who ring late; one in ten speaks, one in five is misdialled."""
    kinds = [SPEAKS_AFTER_SECOND_OFFER if n % 10 == 0 else WRONG_NUMBER if n % 5 == 1 else SILENT for n in range(size)]
    callers = [replace(kind, name=f"{n + 1:02} {kind.name}") for n, kind in enumerate(kinds)]
    late = [c for n, c in enumerate(callers) if c.outcome is Outcome.LET_GO and n % 4 == 3]
    return [c for c in callers if c not in late], late


async def strike(stage: Stage, *, callers: int, workers: int, report: Callable[[str], None] = print) -> Toll:
    """Kill the first worker amid `callers` calls.

    With one worker, a loop starts it again as systemd would; with several, the others take over alone.
    """
    running = [await stage.start(str(n + 1)) for n in range(workers)]
    early, late = crowd(callers)
    first = asyncio.create_task(stage.play(early))
    await asyncio.sleep(LATE_WAVE)
    second = asyncio.create_task(stage.play(late))
    await asyncio.sleep(STRIKES - LATE_WAVE)
    victim, *survivors = running
    live = await _live(stage)
    struck = time.monotonic()
    await victim.kill()
    report(f"killed worker 1 of {workers} with {live} calls on the PBX")
    if not survivors:
        await victim.start()
        report(f"started again after {time.monotonic() - struck:.1f} s")
    back = time.monotonic() - struck
    hearings = [*await first, *await second]
    await _stop(running)
    return Toll(tuple(hearings), back)


async def _live(stage: Stage) -> int:
    """Calls the PBX has right now."""
    words = (await stage.pbx.console("core show channels count")).split()
    return int(words[words.index("active") - 1]) if "active" in words else 0


async def _stop(applications: Sequence[Application]) -> None:
    for application in applications:
        if application.running:
            await application.stop()


def _gap(hearing: Hearing) -> float:
    pairs = zip(hearing.found, hearing.found[1:], strict=False)
    return max((after.start - before.end for before, after in pairs), default=0.0)
