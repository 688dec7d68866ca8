"""From what the callers heard to the figures of a round: pure arithmetic on arrays.

A pause is measured between the last packet of a prompt, which lasts 20 ms, and the first of the next one:
the PBX sends nothing while nobody speaks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scenario import PAUSE, PROMPT, PROMPTS

PACKET = 0.020
SURELY_A_PAUSE = 0.5
GAP = 0.100
"""Seconds between two packets of a prompt that a telephone's jitter buffer no longer hides."""
EXPECTED_PACKETS = len(PROMPTS) * PROMPT / PACKET
ON_TIME = 0.2
"""Held: p99 of INVITE→200 below this, seconds."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """One round of one contestant. Times in milliseconds."""

    rate: float
    calls: int
    failed: int
    gaps: int  # calls in which a prompt was interrupted
    rate_done: float  # calls per second that SIPp really placed
    answer_p50: float
    answer_p99: float
    first_p50: float
    first_p99: float
    pause_p50: float
    pause_p99: float
    bye_p50: float  # the wait after the last prompt, against PAUSE
    most_at_once: int
    app_cpu: float  # per call
    asterisk_cpu: float
    share: float
    caller_cpu: float  # SIPp and the RTP mate
    others_cpu: float  # what else the machine did, in cores
    idle: float  # cores
    memory_kb: float  # per concurrent call
    loop_lag_p99: float
    loop_lag_max: float
    mate_late: float
    mate_lost: int
    complaints: int
    held: bool  # every call complete, answered in time, and heard without a gap; in every round

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Heard:
    """What the callers of one round lived through; seconds, one entry a call unless said."""

    placed: int
    answers: Floats
    firsts: Floats
    pauses: Floats  # three a call
    byes: Floats
    gaps: int
    completed: int
    rate: float
    most_at_once: int


def hear(moments: NDArray[Any], heard: NDArray[Any]) -> Heard:
    """Sort the packets by call and measure."""
    invited = {int(m["call"]): int(m["at"]) for m in moments[moments["kind"] == b"I"][::-1]}
    answered = {int(m["call"]): (int(m["at"]), int(m["port"])) for m in moments[moments["kind"] == b"A"][::-1]}
    ended = {int(m["call"]): int(m["at"]) for m in moments[moments["kind"] == b"B"]}
    heard = heard[np.lexsort((heard["at"], heard["port"]))]
    ports, starts, counts = np.unique(heard["port"], return_index=True, return_counts=True)
    bounds = {int(port): (start, start + count) for port, start, count in zip(ports, starts, counts, strict=True)}
    answers: list[float] = []
    firsts: list[float] = []
    pauses: list[float] = []
    byes: list[float] = []
    gaps = completed = 0
    for call, (at, port) in answered.items():
        answers.append((at - invited[call]) / 1e9)
        if call not in ended or port not in bounds:
            continue
        first, last = bounds[port]
        mine = heard["at"][first:last]
        mine = mine[np.searchsorted(mine, invited[call]) : np.searchsorted(mine, ended[call] + 50_000_000)]
        if not len(mine):
            continue
        firsts.append((int(mine[0]) - invited[call]) / 1e9)
        between = np.diff(mine) / 1e9
        silent = between > SURELY_A_PAUSE
        pauses.extend(between[silent] - PACKET)
        byes.append((ended[call] - int(mine[-1])) / 1e9 - PACKET)
        gaps += bool((between[~silent] > GAP).any()) or len(mine) < EXPECTED_PACKETS - len(PROMPTS)
        completed += int(silent.sum()) == len(PROMPTS) - 1
    begun = np.sort(np.array(list(invited.values()), "i8")) / 1e9
    over = np.sort(np.array(list(ended.values()), "i8")) / 1e9
    at_once = np.arange(1, len(begun) + 1) - np.searchsorted(over, begun)
    return Heard(
        placed=len(invited),
        answers=np.array(answers),
        firsts=np.array(firsts),
        pauses=np.array(pauses),
        byes=np.array(byes),
        gaps=gaps,
        completed=completed,
        rate=(len(begun) - 1) / (begun[-1] - begun[0]) if len(begun) > 1 else 0.0,
        most_at_once=int(at_once.max()) if len(at_once) else 0,
    )


def percentile(values: Floats, share: float) -> float:
    """In milliseconds; not a number when nothing was measured."""
    return float(np.percentile(values, share)) * 1000 if len(values) else float("nan")


def error(pauses: Floats) -> Floats:
    return np.abs(pauses - PAUSE)


def median(rounds: list[Figures]) -> Figures:
    """Figure by figure; failures are added up and worst cases kept, never averaged away."""
    summed = {"calls", "failed", "gaps", "mate_lost", "complaints"}
    worst = {"loop_lag_max", "mate_late", "most_at_once"}
    merged: dict[str, Any] = {}
    for field in fields(Figures):
        values = [getattr(one, field.name) for one in rounds]
        if field.name == "held":
            merged[field.name] = all(values)
        elif field.name in summed:
            merged[field.name] = sum(values)
        elif field.name in worst:
            merged[field.name] = max(values)
        else:
            merged[field.name] = float(np.median(values))
    return Figures(**merged)
