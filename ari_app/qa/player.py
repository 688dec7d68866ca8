"""Lets one caller live their script on the carrier, and the agents theirs; collects what both heard.

Rule 1: a script's moments come from the twin, counted from the answer; on the line they are only kept.
Rule 2: the talk with an agent is no moment of a script: it begins when the agent answers, whenever that is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from ari_app.call import Arrival, Door
from ari_app.journal import What
from ari_app.qa.carrier import By, CallerId, Carrier, Leg
from ari_app.qa.carrier_ari import CarrierTrouble
from ari_app.qa.cast import Agent, CastCaller
from ari_app.qa.ear import Recording, silence
from ari_app.qa.hearing import Act, AgentSide, Deed, Hearing
from ari_app.qa.matcher import Matcher
from ari_app.qa.mouth import Clip
from ari_app.rehearsal import script
from ari_app.rehearsal.twin import Rehearsal, rehearse
from ari_app.standard import Standard

RINGS_FOR = 0.5  # seconds until an agent picks up
BREATH = 0.3  # seconds between two speakers
ANSWERED_WITHIN = 15.0
AGENT_CALL = 60.0  # seconds after the rehearsed end by which queue, talk and lingering are over
GIVEN_BACK = 0.5  # seconds from an agent's last key to the first word of its procedure, about
A_COUGH = 0.25  # seconds of sound below which a caller has only coughed


class Voices(Protocol):
    @property
    def caller(self) -> Clip: ...
    @property
    def agent(self) -> Clip: ...
    @property
    def cough(self) -> Clip: ...


@dataclass(frozen=True)
class Plan:
    """A script on the clock: acts with their seconds after the answer, and after an agent's key; how long it lasts."""

    acts: tuple[tuple[float, script.Act], ...] = ()
    afterwards: tuple[tuple[float, script.Act], ...] = ()
    length: float = 0.0


def rehearsed(caller: CastCaller, standard: Standard) -> Plan:
    """The caller's plan, by the twin. Not to be called where an event loop runs."""
    if caller.application_down:
        return Plan()
    acts, length = _on_the_clock(rehearse(standard, caller.script, _arrival(caller)))
    by_key = next((p.name for p in standard.procedures.values() if p.agent_key == caller.agent_presses), "")
    if caller.agent is not Agent.SENDS_BACK or not by_key:
        return Plan(acts, (), length)
    back = Arrival(Door.PROCEDURE, procedure=by_key, agent="agent")
    afterwards, longer = _on_the_clock(rehearse(standard, caller.afterwards, back))
    return Plan(acts, afterwards, length + longer)


def _arrival(caller: CastCaller) -> Arrival:
    """How the twin meets this caller: what a late answer or a notice makes of them, the stage sees to."""
    return caller.arrival or Arrival(number=caller.claims.number if caller.claims else "", dialled=caller.dialled)


def _on_the_clock(rehearsal: Rehearsal) -> tuple[tuple[tuple[float, script.Act], ...], float]:
    answered = next(m.at for m in rehearsal.journal if m.what is What.ANSWER)
    return tuple((at - answered, act) for at, act in rehearsal.acts), rehearsal.journal[-1].at - answered


class Director:
    """Brings callers and agents together: an agent's phone shows whose call it is."""

    def __init__(self, voices: Voices) -> None:
        self._voices = voices
        self._waiting: dict[str, Player] = {}

    def expect(self, player: Player) -> None:
        self._waiting[player.number] = player

    def forget(self, player: Player) -> None:
        self._waiting.pop(player.number, None)

    async def agent_rings(self, leg: Leg) -> None:
        """One call at an agent's phone, from the first ring."""
        player = self._whose(leg.claims)
        if player is None:
            return
        await player.met_by(leg)

    def _whose(self, claims: CallerId) -> Player | None:
        """By number; a number the hotline had to shorten, by its beginning; else the only caller left."""
        if claims.number in self._waiting:
            return self._waiting[claims.number]
        left = [player for player in self._waiting.values() if not player.agent_legs]
        alike = [player for player in left if claims.number and player.number.startswith(claims.number)]
        return alike[0] if alike else left[0] if len(left) == 1 else None


class Player:
    """One caller on the line."""

    def __init__(
        self,
        caller: CastCaller,
        plan: Plan,
        voices: Voices,
        number: str,
        report: Callable[[str], None],
    ) -> None:
        self.caller = caller
        self.claims = caller.claims or CallerId(number, "")
        self.number = self.claims.number
        self._plan, self._voices, self._report = plan, voices, report
        self._loop = asyncio.get_running_loop()
        self._leg: Leg | None = None
        self._acts: list[Act] = []
        self._met: asyncio.Queue[Leg] = asyncio.Queue()
        self.answered = asyncio.Event()  # or given up
        self._trouble = ""
        self.agent_legs: list[tuple[Leg, float]] = []  # each time an agent's phone rang for us, and when
        self._with_agents = 0
        self._agents_done = asyncio.Event()
        self._agents_done.set()

    async def play(self, carrier: Carrier, director: Director, dialled: str) -> None:
        """Ring, live the script, and be gone."""
        director.expect(self)
        try:
            async with carrier.ring(dialled, self.claims) as leg:
                self._leg = leg
                self._report("rings")
                if await _first(leg.answered, leg.ended, within=ANSWERED_WITHIN) is not leg.answered:
                    self._trouble = "nobody answered" if not leg.ended.done() else f"refused (cause {leg.cause})"
                    return
                await self._live(leg)
            async with asyncio.timeout(5):
                await self._agents_done.wait()
        except CarrierTrouble as trouble:
            self._trouble = f"the carrier failed: {trouble}"
        except TimeoutError:
            self._trouble = "the agent's telephone was never put down"
        finally:
            director.forget(self)
            self.answered.set()
            self._report("done" if not self._trouble else self._trouble)

    async def _live(self, leg: Leg) -> None:
        """The script and the talk with an agent, until the line ends or the deadline comes."""
        self._report("is answered")
        self.answered.set()
        lives = [asyncio.create_task(life) for life in (self._keep_script(leg), self._talk(leg))]
        try:
            if await _first(leg.ended, within=self._plan.length + AGENT_CALL) is None:
                self._trouble = "the call did not end in time"
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)

    async def _keep_script(self, leg: Leg) -> None:
        await self._keep_time(leg, leg.answered.result(), self._plan.acts)

    async def _keep_time(self, leg: Leg, began: float, acts: tuple[tuple[float, script.Act], ...]) -> None:
        for at, act in acts:
            await asyncio.sleep(began + at - self._loop.time())
            await self._do(leg, act)

    async def _do(self, leg: Leg, act: script.Act) -> None:
        at = self._loop.time() - leg.answered.result()
        match act:
            case script.Says(seconds) if seconds < A_COUGH:
                self._note(Act(at, Deed.COUGHED, leg.say(self._voices.cough.lasting(seconds))))
            case script.Says(seconds):
                self._note(Act(at, Deed.SPOKE, leg.say(self._voices.caller.lasting(seconds))))
            case script.Presses(key):
                self._note(Act(at, Deed.PRESSED, detail=key))
                await leg.press(key)
            case script.HangsUp():
                self._note(Act(at, Deed.HUNG_UP))
                await leg.hang_up()

    async def _talk(self, leg: Leg) -> None:
        """With an agent, if one comes: the agent speaks first, then we do; then one of us hangs up.

        Who was given back and comes to an agent again talks once more, and hangs up.
        """
        does = self.caller.agent
        while True:
            agent = await self._met.get()
            await self._talk_once(leg, agent, does)
            does = Agent.STAYS

    async def _talk_once(self, leg: Leg, agent: Leg, does: Agent | None) -> None:
        await asyncio.sleep(BREATH + self._voices.agent.seconds + BREATH)
        clip = self._voices.caller
        self._note(Act(self._loop.time() - leg.answered.result(), Deed.TALKED, clip.seconds))
        await asyncio.sleep(leg.say(clip) + BREATH)
        if does is Agent.LEAVES_FIRST:
            await agent.hang_up()
            self._report("is left by the agent")
        elif does is Agent.SENDS_BACK:
            await agent.press(self.caller.agent_presses)
            self._report("is sent back by the agent's key")
            await self._keep_time(leg, self._loop.time() + GIVEN_BACK, self._plan.afterwards)
        else:
            self._note(Act(self._loop.time() - leg.answered.result(), Deed.HUNG_UP))
            await leg.hang_up()

    async def met_by(self, agent: Leg) -> None:
        """An agent's phone rings for us; lives the agent's side until the line ends."""
        if self._leg is None:
            return
        self.agent_legs.append((agent, self._loop.time()))
        self._with_agents += 1
        self._agents_done.clear()
        try:
            await asyncio.sleep(RINGS_FOR)
            await agent.pick_up()
            if await _first(agent.answered, agent.ended, within=ANSWERED_WITHIN) is agent.answered:
                self._report("talks with an agent")
                self._met.put_nowait(agent)
                await asyncio.sleep(BREATH)
                agent.say(self._voices.agent)
                await _first(agent.ended, within=AGENT_CALL)
        finally:
            await agent.hang_up()
            self._with_agents -= 1
            if not self._with_agents:
                self._agents_done.set()

    def _note(self, act: Act) -> None:
        self._acts.append(act)
        self._report(f"{act.deed} {act.detail}".strip())

    def hearing(self, matcher: Matcher) -> Hearing:
        """What was heard at both ends; thinks for about 20 ms per second of call."""
        leg = self._leg
        if leg is None or not leg.answered.done() or not leg.ended.done() or leg.dialled_at is None:
            nothing = Recording(silence(0))
            return Hearing(self.caller, None, None, None, nothing, trouble=self._trouble or "never answered")
        answered, ended = leg.answered.result(), leg.ended.result()
        recording = leg.handset.ear.recording(answered, ended)
        return Hearing(
            caller=self.caller,
            answered_after=answered - leg.dialled_at,
            ended=ended - answered,
            hung_up_by=leg.hung_up_by,
            recording=recording,
            found=matcher.find(recording),
            acts=tuple(sorted(self._acts, key=lambda act: act.at)),
            agents=tuple(self._agent_sides(matcher, answered)),
            trouble=self._trouble,
        )

    def _agent_sides(self, matcher: Matcher, zero: float) -> Iterator[AgentSide]:
        for leg, rang in self.agent_legs:
            if leg.answered.done() and leg.ended.done():
                answered, ended = leg.answered.result(), leg.ended.result()
                recording = leg.handset.ear.recording(answered, ended)
                by = leg.hung_up_by or By.THEM
                pressed = leg.pressed[-1][0] - zero if leg.pressed else None
                found = matcher.find(recording)
                yield AgentSide(
                    rang - zero, answered - zero, ended - zero, by, recording, found, leg.rung, pressed
                )  # fmt: skip


async def _first(*futures: asyncio.Future[Any], within: float) -> asyncio.Future[Any] | None:
    """The first of these to be done, in this order; None when time is up. Cancels none."""
    await asyncio.wait(futures, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    return next((future for future in futures if future.done()), None)
