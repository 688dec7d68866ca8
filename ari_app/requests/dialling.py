"""Ringing somebody back: when we may, and how one attempt goes.

Rule 1: the agent is rung first: nobody is rung by us only to wait.
Rule 2: whoever answers a stranger's call is told who rings, is asked whether they are the one, and told why (S004-M03);
only a key connects them: an answering machine presses none.
Rule 3: pure decisions and one coroutine; no PBX, no database, no wall clock here. Two lines are held at once, so that
one of them is gone is news to the other: this is the one place besides line.py where CallerHungUp is caught.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from ari_app.call import Digit, Heed, Prompt, Silence, Speech
from ari_app.errors import CallerHungUp, PbxUnreachable
from ari_app.hours import Hours
from ari_app.requests.letter import DROPPED
from ari_app.requests.request import Request
from ari_app.requests.states import State

FRESH = timedelta(minutes=5)
"""So long after a call dropped its caller is rung at any hour: they were on the telephone a moment ago (CON-28)."""


# ------------------------------------------------------------------ when


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient we are; seconds. From `requests:` in hotline.yaml."""

    attempts: int = 3
    pause: float = 1800
    ring_agent: float = 60
    ring_caller: float = 30


@dataclass(frozen=True, slots=True)
class RingNow:
    """It is time."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: it is looked at again and again."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It was tried as often as we try: people are told."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Not by us, and why."""

    why: str


def decide(request: Request, now: datetime, hours: Hours, policy: Policy) -> RingNow | Wait | GiveUp | Leave:
    """Whether a caller is to be rung now.

    Never in quiet hours (S004-N13), never when nobody is there to talk to them (S004-B01), not before a promised
    time. A line that dropped is the exception: for FRESH after it, its caller is rung whatever the hour.
    """
    if request.state is not State.OPEN:
        return Leave(f"it is {request.state}")
    if not request.number:
        return Leave(f"the number {request.refused or 'is not known'}")
    if request.attempts >= policy.attempts:
        return GiveUp()
    if request.not_before is not None and now < request.not_before:
        return Wait()
    if request.procedure == DROPPED and now - request.filed_at <= FRESH:
        return RingNow()
    return RingNow() if hours.may_call_back(now) else Wait()


# ------------------------------------------------------------------ how


class Unreached(StrEnum):
    """Why somebody who was rung is not on the line."""

    NO_ANSWER = "no answer"
    BUSY = "busy"
    FAILED = "failed"  # the PBX or the carrier said no
    AGENT_LEFT = "agent left"  # while the caller's telephone rang


class Outcome(StrEnum):
    """How an attempt ended."""

    CONNECTED = "connected"
    NO_AGENT = "no agent"
    NO_ANSWER = "no answer"
    BUSY = "busy"
    FAILED = "failed"
    NO_KEY = "no key"  # an answering machine, or somebody who did not want to
    DECLINED = "declined"  # "do not ring me again"
    CALLER_LEFT = "caller left"
    AGENT_LEFT = "agent left"
    QUEUED = "to the queue"  # the agent left before the two could talk: another one takes the caller


class Leg(Protocol):
    """What we do with one of the two: a `Call` can it."""

    async def play(self, prompt: Prompt, heed: Heed = ...) -> Digit | Speech | None: ...

    async def listen(self, patience: float, heed: Heed = ...) -> Digit | Speech | Silence: ...

    async def hang_up(self) -> None: ...


class Dialler(Protocol):
    """What we need of a PBX to ring somebody. A hang-up of a leg is CallerHungUp at the next verb of that leg."""

    async def ring_agent(self, request: Request, seconds: float) -> Leg | Unreached:
        """Ring an agent: the one who knows this caller (`request.agent`) when there, else one of the queue."""

    async def ring_caller(self, request: Request, agent: Leg, seconds: float) -> Leg | Unreached:
        """Ring the caller. When the agent leaves meanwhile, stop ringing: AGENT_LEFT."""

    async def connect(self, agent: Leg, caller: Leg) -> Outcome:
        """They hear each other, until one of them hangs up: CONNECTED, also when a worker stops and they talk on.

        QUEUED when the agent has gone already, and the caller goes to the queue; CALLER_LEFT when the caller has.
        """


@dataclass(frozen=True, slots=True)
class Opening:
    """What is said to the caller, in this order (S004-M03); words and seconds are the standard's."""

    introduce: Prompt  # who rings
    verify: Prompt  # are you the one? press 1; press 9 and we do not ring again
    reason: Prompt  # why we ring
    apology: Prompt  # the reason, when the line dropped: "very sorry, we were cut off" (S004-F06)
    patience: float  # for the key, after `verify`
    times: int = 2  # how often it is asked
    accept: str = "1"
    decline: str = "9"

    @property
    def heed(self) -> Heed:
        """Only keys count: an answering machine speaks, too."""
        return Heed(False, frozenset({self.accept, self.decline}))

    def why(self, request: Request) -> Prompt:
        """The reason for this call."""
        return self.apology if request.procedure == DROPPED else self.reason


def opening_of(prompts: Mapping[str, Prompt], patience: float) -> Opening | None:
    """The words of a standard that has them all; None: it says nothing to whom we ring, so nobody is rung."""
    said = [prompts.get(name) for name in ("introduce", "verify", "reason", "apology")]
    match said:
        case [Prompt() as introduce, Prompt() as verify, Prompt() as reason, Prompt() as apology]:
            return Opening(introduce, verify, reason, apology, patience)
        case _:
            return None


def _nobody(outcome: Outcome) -> None:
    """Nobody needs to know before the end."""


async def attempt(
    dialler: Dialler, request: Request, opening: Opening, policy: Policy, learn: Callable[[Outcome], None] = _nobody
) -> Outcome:
    """One attempt: agent, caller, introduction, key, conversation. Cancelled, both are let go.

    `learn` is told how it ended as soon as that is so, before the lines are cleared.
    """
    agent = await dialler.ring_agent(request, policy.ring_agent)
    if isinstance(agent, Unreached):
        return Outcome.NO_AGENT
    async with _let_go(agent):
        caller = await dialler.ring_caller(request, agent, policy.ring_caller)
        if isinstance(caller, Unreached):
            return Outcome(caller.value)
        async with _let_go(caller):
            outcome = await _speak(dialler, agent, caller, request, opening)
            learn(outcome)
            return outcome


async def _speak(dialler: Dialler, agent: Leg, caller: Leg, request: Request, opening: Opening) -> Outcome:
    try:
        await caller.play(opening.introduce, Heed(False, frozenset()))
        match await _ask(caller, opening):
            case Digit(key) if key == opening.accept:
                await caller.play(opening.why(request), Heed(False, frozenset()))
            case Digit():
                return Outcome.DECLINED
            case _:
                return Outcome.NO_KEY
    except CallerHungUp:
        return Outcome.CALLER_LEFT
    return await dialler.connect(agent, caller)


async def _ask(caller: Leg, opening: Opening) -> Digit | Speech | Silence:
    heard: Digit | Speech | Silence = Silence(0)
    for _ in range(opening.times):
        pressed = await caller.play(opening.verify, opening.heed)
        heard = pressed or await caller.listen(opening.patience, opening.heed)
        if isinstance(heard, Digit):
            break
    return heard


@asynccontextmanager
async def _let_go(leg: Leg) -> AsyncIterator[None]:
    """Whatever becomes of the attempt, nobody is left on a line alone."""
    try:
        yield
    finally:
        with suppress(CallerHungUp, PbxUnreachable):  # a PBX that is gone takes them along, or we look after them later
            await leg.hang_up()


# ------------------------------------------------------------------ and then


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of a request after an attempt. `counts`: whether it was an attempt to reach the caller."""

    then: State
    again: datetime | None = None
    counts: bool = True


def conclude(outcome: Outcome, request: Request, now: datetime, policy: Policy) -> Result:
    """Done, never again, again later, or tried often enough. No agent is no attempt: the caller noticed nothing."""
    match outcome:
        case Outcome.CONNECTED | Outcome.QUEUED:
            return Result(State.DONE)
        case Outcome.DECLINED:
            return Result(State.CANCELLED)
        case Outcome.NO_AGENT:
            return Result(State.OPEN, now + timedelta(seconds=policy.ring_agent), counts=False)
        case _ if request.attempts + 1 >= policy.attempts:
            return Result(State.FAILED)
        case Outcome.AGENT_LEFT:  # not the caller's fault, though their telephone rang
            return Result(State.OPEN, now + timedelta(seconds=policy.ring_agent))
        case _:
            return Result(State.OPEN, now + timedelta(seconds=policy.pause))
