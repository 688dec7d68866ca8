"""Somebody is rung back, over a PBX that misbehaves: either side hangs up at any moment, and nobody is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ari_app.ari import adoption, dialler
from ari_app.ari.channel import ROUND
from ari_app.call import Kind, Prompt
from ari_app.requests.dialling import Opening, Outcome, Policy, attempt
from ari_app.requests.letter import DROPPED
from ari_app.requests.request import Request
from ari_app.requests.states import State
from ari_app.standard import Standard
from tests.wire.conftest import Employ, Worker
from tests.wire.stub import Fault, StubAri, StubChannel

NUMBER = "+8613800138000"
NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
POLICY = Policy(ring_agent=60, ring_caller=30)


def prompt(name: str) -> Prompt:
    return Prompt(name, 0.02, f"round/en/{name}")


OPENING = Opening(prompt("introduce"), prompt("verify"), prompt("reason"), prompt("sorry"), patience=0.3)


def asked(procedure: str = "enquiry", number: str = NUMBER) -> Request:
    return Request(
        id=7, kind=Kind.CALLBACK, state=State.CLAIMED, procedure=procedure, standard="round 1",
        zone=ZoneInfo("Asia/Shanghai"), call_id="c0", to="", agent="agent-001", urgent=False, rung=True,
        confirmed=True, recording="", filed_at=NOW, clock="", due_at=None, agreed_at=None, not_before=None, asked=1,
        attempts=0, claimed_by="worker 1", changed_at=NOW, alarmed="", refused="", number=number, given=number,
        taken={},
    )  # fmt: skip


@dataclass
class Ringing:
    """An attempt of a worker, and the two telephones."""

    pbx: StubAri
    worker: Worker
    task: asyncio.Task[Outcome]

    async def rings(self, who: str) -> StubChannel:
        """The telephone of the agent or the caller rings."""
        await self.pbx.bell.until(lambda: self._channels(who))
        return self._channels(who)[0]

    def _channels(self, who: str) -> list[StubChannel]:
        return [c for c in self.pbx.channels.values() if c.rings and c.id.endswith(f"-{who}")]

    async def answers(self, who: str) -> StubChannel:
        channel = await self.rings(who)
        self.pbx.pick_up(channel)
        return channel

    async def hears(self, channel: StubChannel, said: str) -> None:
        await self.pbx.bell.until(lambda: said in [part.partition(",")[0] for part in channel.heard])

    async def talk(self) -> tuple[StubChannel, StubChannel]:
        """Both have answered, and the caller has pressed the key."""
        agent, caller = await self.answers("agent"), await self.answers("caller")
        await self.hears(caller, "verify")
        self.pbx.press(caller, "1")
        await self.pbx.bell.until(lambda: [agent.id, caller.id] in self.pbx.bridges.values())
        return agent, caller

    async def became(self) -> Outcome:
        return await asyncio.wait_for(self.task, 10)

    def nothing_is_left(self) -> bool:
        return not self.pbx.channels and not self.pbx.bridges and not self.worker.board._inboxes


Ring = Callable[..., Ringing]


@pytest.fixture
async def ring(pbx: StubAri, employ: Employ, patient: Standard) -> AsyncIterator[Ring]:
    """`ringing = ring()`: a worker rings somebody back."""
    tasks: list[asyncio.Task[Outcome]] = []
    async with employ(spoken=patient) as worker:

        def begin(request: Request | None = None, opening: Opening = OPENING, policy: Policy = POLICY) -> Ringing:
            tasks.append(asyncio.create_task(attempt(worker.board.dialler, request or asked(), opening, policy)))
            return Ringing(pbx, worker, tasks[-1])

        yield begin
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# ------------------------------------------------------------------ as it should be


@pytest.mark.rule("S004-M03", "S000-32")
async def test_the_agent_is_rung_first_then_the_caller_who_presses_a_key_and_both_are_bridged(ring: Ring) -> None:
    ringing = ring()
    agent = await ringing.answers("agent")
    caller = await ringing.rings("caller")
    assert agent.rings == "Local/hotline@hotline-callback-agent/n"
    assert caller.rings == f"Local/{NUMBER}@hotline-callback-caller/n"
    assert agent.variables["HOTLINE_CALLBACK_AGENT"] == "agent-001"
    ringing.pbx.pick_up(caller)
    await ringing.hears(caller, "verify")
    ringing.pbx.press(caller, "1")
    await ringing.pbx.bell.until(lambda: [agent.id, caller.id] in ringing.pbx.bridges.values())
    assert (agent.music, agent.heard) == ([], [])
    ringing.pbx.hang_up(caller)
    assert await ringing.became() is Outcome.CONNECTED
    assert agent.hung_up_by == "us" and ringing.nothing_is_left()
    assert [part.rpartition("/")[2] for part in caller.heard] == ["introduce", "verify", "reason"]
    assert ringing.worker.board.live == 0 and not ringing.worker.journals  # nobody of them was taken for a caller


@pytest.mark.rule("S004-F06")
async def test_the_dialplan_is_told_that_a_line_dropped(ring: Ring) -> None:
    ringing = ring(asked(DROPPED))
    await ringing.answers("agent")
    assert (await ringing.rings("caller")).variables["HOTLINE_CALLBACK_DROPPED"] == "yes"


async def test_a_number_is_dialled_as_digits_whatever_is_in_the_database(ring: Ring) -> None:
    ringing = ring(asked(number="+861380013&PJSIP/x@carrier,60,g"))
    await ringing.answers("agent")
    assert (await ringing.rings("caller")).rings == "Local/+86138001360@hotline-callback-caller/n"


async def test_a_callers_call_meanwhile_is_served_as_ever(ring: Ring) -> None:
    ringing = ring()
    agent, _ = await ringing.talk()
    caller = ringing.pbx.ring()
    await ringing.pbx.bell.until(lambda: caller.heard == ["greeting"])
    ringing.pbx.hang_up(agent)
    assert await ringing.became() is Outcome.CONNECTED
    assert caller.id in ringing.pbx.channels


# ------------------------------------------------------------------ nobody answers


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [(17, Outcome.BUSY), (19, Outcome.NO_ANSWER), (0, Outcome.NO_ANSWER), (21, Outcome.FAILED), (34, Outcome.FAILED)],
)
async def test_why_a_caller_was_not_reached(ring: Ring, cause: int, outcome: Outcome) -> None:
    ringing = ring()
    agent = await ringing.answers("agent")
    ringing.pbx.hang_up(await ringing.rings("caller"), cause=cause)
    assert await ringing.became() is outcome
    assert agent.hung_up_by == "us" and ringing.nothing_is_left()


async def test_no_agent_answers_and_the_caller_is_not_rung(ring: Ring) -> None:
    ringing = ring()
    ringing.pbx.hang_up(await ringing.rings("agent"), cause=19)
    assert await ringing.became() is Outcome.NO_AGENT
    assert ringing.nothing_is_left() and not ringing.pbx.count("POST channels/.*-caller")


async def test_a_channel_that_never_ends_is_ended_by_us(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialler, "LATE", 0.05)
    ringing = ring(policy=Policy(ring_agent=0, ring_caller=0))
    agent = await ringing.rings("agent")
    assert await ringing.became() is Outcome.NO_AGENT
    assert agent.hung_up_by == "us" and ringing.nothing_is_left()


async def test_who_answers_when_we_have_given_up_is_not_taken_for_a_caller(ring: Ring, pbx: StubAri) -> None:
    ringing = ring()
    late = pbx.arrives("hotline-rung-000-caller", rings="Local/1@x/n", app=ringing.worker.app)
    pbx.pick_up(late)
    await ringing.answers("agent")
    await ringing.rings("caller")
    assert late.heard == [] and ringing.worker.board.live == 0


# ------------------------------------------------------------------ somebody leaves


async def test_an_agent_who_leaves_while_the_callers_telephone_rings_stops_the_ringing(ring: Ring) -> None:
    ringing = ring()
    agent = await ringing.answers("agent")
    caller = await ringing.rings("caller")
    ringing.pbx.hang_up(agent)
    assert await ringing.became() is Outcome.AGENT_LEFT
    assert caller.hung_up_by == "us" and ringing.nothing_is_left()


@pytest.mark.parametrize("sentence", ["introduce", "verify"])
async def test_a_caller_who_leaves_in_the_introduction_frees_the_agent(ring: Ring, sentence: str) -> None:
    ringing = ring()
    agent, caller = await ringing.answers("agent"), await ringing.answers("caller")
    await ringing.hears(caller, sentence)
    ringing.pbx.hang_up(caller)
    assert await ringing.became() is Outcome.CALLER_LEFT
    assert agent.hung_up_by == "us" and ringing.nothing_is_left()


async def test_a_caller_who_presses_nothing_is_asked_twice_and_connected_with_nobody(ring: Ring) -> None:
    ringing = ring()
    agent, caller = await ringing.answers("agent"), await ringing.answers("caller")
    assert await ringing.became() is Outcome.NO_KEY
    assert (agent.hung_up_by, caller.hung_up_by) == ("us", "us") and ringing.nothing_is_left()
    assert [part.rpartition("/")[2] for part in caller.heard] == ["introduce", "verify", "verify"]


async def test_when_the_agent_has_left_the_caller_who_pressed_the_key_goes_to_the_queue(ring: Ring) -> None:
    ringing = ring()
    agent, caller = await ringing.answers("agent"), await ringing.answers("caller")
    await ringing.hears(caller, "introduce")
    ringing.pbx.hang_up(agent)
    await ringing.hears(caller, "verify")
    ringing.pbx.press(caller, "1")
    assert await ringing.became() is Outcome.QUEUED
    assert (caller.departed, caller.variables["HOTLINE_PRIORITY"]) == ("hotline-queue,hotline", "10")
    assert not caller.hung_up_by and not ringing.pbx.bridges


@pytest.mark.parametrize("who", [0, 1])
async def test_when_one_of_two_who_talk_hangs_up_the_other_is_let_go(ring: Ring, who: int) -> None:
    ringing = ring()
    both = await ringing.talk()
    ringing.pbx.hang_up(both[who])
    assert await ringing.became() is Outcome.CONNECTED
    assert both[1 - who].hung_up_by == "us" and ringing.nothing_is_left()


# ------------------------------------------------------------------ Asterisk says no, or nothing


@pytest.mark.parametrize("who", ["agent", "caller"])
async def test_when_asterisk_rings_nobody_nothing_is_left(ring: Ring, pbx: StubAri, who: str) -> None:
    pbx.faults.append(Fault(f"POST channels/[^/]*-{who}", 500))
    ringing = ring()
    if who == "caller":
        await ringing.answers("agent")
    assert await ringing.became() is (Outcome.NO_AGENT if who == "agent" else Outcome.FAILED)
    assert ringing.nothing_is_left()


@pytest.mark.parametrize("request_", ["variables", "play/.*"])
async def test_a_404_means_that_the_caller_left(ring: Ring, pbx: StubAri, request_: str) -> None:
    pbx.faults.append(Fault(f"POST channels/[^/]*-caller/{request_}", 404))
    ringing = ring()
    await ringing.answers("agent")
    await ringing.answers("caller")
    assert await ringing.became() is Outcome.CALLER_LEFT
    assert ringing.nothing_is_left()


@pytest.mark.parametrize("request_", ["POST bridges/[^/]*", "POST bridges/[^/]*/addChannel"])
async def test_who_said_that_they_want_to_talk_reaches_a_person_also_without_a_bridge(
    ring: Ring, pbx: StubAri, request_: str
) -> None:
    pbx.faults.append(Fault(request_, 500))
    ringing = ring()
    await ringing.answers("agent")
    caller = await ringing.answers("caller")
    await ringing.hears(caller, "verify")
    pbx.press(caller, "1")
    assert await ringing.became() is Outcome.QUEUED
    assert caller.departed == "hotline-queue,hotline" and not pbx.bridges


async def test_asterisk_restarts_and_whoever_was_rung_is_forgotten(ring: Ring, pbx: StubAri) -> None:
    ringing = ring()
    agent = await ringing.answers("agent")
    caller = await ringing.rings("caller")
    pbx.abort(ringing.worker.app)
    for channel in (agent, caller):
        del pbx.channels[channel.id]
    await ringing.worker.connected(2)
    assert await ringing.became() in (Outcome.AGENT_LEFT, Outcome.FAILED)


# ------------------------------------------------------------------ the worker stops, or dies


@pytest.mark.parametrize("moment", ["agent", "caller", "introduce"])
async def test_a_worker_that_stops_before_they_talk_lets_both_go(ring: Ring, moment: str) -> None:
    ringing = ring()
    channels = [await ringing.rings("agent")]
    if moment != "agent":
        ringing.pbx.pick_up(channels[0])
        channels.append(await ringing.rings("caller"))
    if moment == "introduce":
        ringing.pbx.pick_up(channels[1])
        await ringing.hears(channels[1], "introduce")
    ringing.task.cancel()
    await asyncio.wait((ringing.task,))
    assert ringing.task.cancelled() and all(channel.hung_up_by == "us" for channel in channels)
    assert ringing.nothing_is_left()


async def test_a_worker_that_stops_takes_nobody_off_the_line_who_talks(ring: Ring) -> None:
    ringing = ring()
    agent, caller = await ringing.talk()
    await ringing.worker.board.wire.request_aside("GET", "applications")  # the answer before this one has come, too
    ringing.task.cancel()
    assert await ringing.became() is Outcome.CONNECTED
    assert not agent.hung_up_by and not caller.hung_up_by and ringing.pbx.bridges


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "SECOND_LOOK", 0.01)


async def two_who_were_rung(pbx: StubAri, app: str) -> list[StubChannel]:
    pbx.bridges["hotline-rung-ab"] = ["hotline-rung-ab-agent", "hotline-rung-ab-caller"]
    return [pbx.arrives(f"hotline-rung-ab-{who}", app=app, rings="Local/1@x/n") for who in ("agent", "caller")]


@pytest.mark.parametrize("app", ["hotline-1", "hotline-0"], ids=["the same name again", "another worker"])
async def test_two_who_talk_when_their_worker_dies_talk_on_and_the_last_is_let_go(
    pbx: StubAri, employ: Employ, app: str
) -> None:
    if app == "hotline-0":
        async with employ("0"):
            pass
    both = await two_who_were_rung(pbx, app)
    async with employ("1") as worker:
        looked = "GET bridges/hotline-rung-ab"
        await pbx.bell.until(lambda: pbx.count(looked) > 3)
        assert not any(channel.hung_up_by or channel.heard for channel in both)
        pbx.hang_up(both[0])
        await pbx.bell.until(lambda: both[1].hung_up_by == "us" and not pbx.bridges)
        assert worker.board.live == 0 and both[1].heard == []


async def test_the_dialplans_half_of_a_channel_is_left_alone(pbx: StubAri, employ: Employ) -> None:
    """Asterisk lists it as ours while we ring somebody: hung up on, it would take the conversation with it."""
    half = pbx.arrives("hotline-rung-ab-agent;2", app="hotline-1")
    async with employ("1") as worker:
        looks = pbx.count("GET applications")
        await pbx.bell.until(lambda: pbx.count("GET applications") > looks + 4)
        assert half.id in pbx.channels and worker.board.live == 0


async def test_somebody_who_was_rung_and_came_back_from_the_queue_is_adopted_as_a_caller(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    caller = pbx.arrives("hotline-rung-ab-caller", app="hotline-1", answered=True, variables={ROUND: "1"})
    async with employ("1", spoken=patient):
        await pbx.bell.until(lambda: caller.heard)
