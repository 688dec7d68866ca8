"""The highest rate a contestant holds, by steps that are bounded in number and size."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rich.console import Console

from .scenario import DIALPLAN, OURS, Contestant
from .stage import Stage

STRIDE = 1.4
FINE = 0.07
"""The search ends when held and not held are this close together (share of the rate)."""
TRIES = 2
"""A rate that fails is tried again: one hiccup of the machine is no limit."""
MOST_STEPS = 12


@dataclass
class Bracket:
    """What is known of one contestant: the highest rate held and the lowest one not held."""

    contestant: Contestant
    start: float
    limit: float
    held: float = 0
    broken: float = math.inf
    steps: int = 0

    @property
    def next_rate(self) -> float | None:
        """The next rate to try; None when the limit is known well enough."""
        if self.steps >= MOST_STEPS or self.held >= min(self.limit, self.broken * (1 - FINE)):
            return None
        if not self.held:
            rate = self.start if self.broken == math.inf else self.broken / STRIDE
        else:
            rate = min(self.held * STRIDE, self.limit, (self.held + self.broken) / 2)
        return None if round(rate) in (0, self.held, self.broken) else round(rate)

    def __str__(self) -> str:
        beyond = f"{self.broken:g} was not held" if self.broken < math.inf else "the limit of this search"
        return f"{self.contestant.title}: {self.held:g} calls/s held, {beyond}"


async def search(
    up: Stage,
    contestants: list[Contestant],
    start: float,
    limit: float,
    seconds: float,
    console: Console,
    written: list[dict[str, object]],
) -> None:
    """Step by step, the contestants in turn; then ours at 80 % of what the dialplan held."""
    brackets = [Bracket(contestant, start, limit) for contestant in contestants]
    while any(bracket.next_rate for bracket in brackets):
        for bracket in brackets:
            rate = bracket.next_rate
            if rate is None:
                continue
            bracket.steps += 1
            if await _holds(up, bracket.contestant, rate, seconds, console, written):
                bracket.held = rate
            else:
                bracket.broken = rate
    for bracket in brackets:
        console.print(str(bracket), highlight=False)
    found = {bracket.contestant.name: bracket.held for bracket in brackets}
    if found.get(DIALPLAN.name) and OURS.name in found:
        console.print(f"ours ÷ dialplan: {found[OURS.name] / found[DIALPLAN.name]:.2f}", highlight=False)
        await _holds(up, OURS, round(found[DIALPLAN.name] * 0.8), seconds, console, written)


async def _holds(
    up: Stage, contestant: Contestant, rate: float, seconds: float, console: Console, written: list[dict[str, object]]
) -> bool:
    for _ in range(TRIES):
        figures = await up.round(contestant, rate, seconds)
        written.append({"contestant": contestant.name, **figures.as_json()})
        console.print(
            f"{contestant.title:26} {rate:5g}/s  {'held' if figures.held else 'NOT held':8}  failed {figures.failed}, "
            f"gaps {figures.gaps}, 200 p99 {figures.answer_p99:.0f} ms, app {figures.app_cpu:.2f} + Asterisk "
            f"{figures.asterisk_cpu:.2f} ms a call, idle {figures.idle:.2f} cores, mate lost {figures.mate_lost}",
            highlight=False,
        )
        if figures.held:
            return True
    return False
