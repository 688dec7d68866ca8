"""What queues tell becomes part of the callers' records, once, however many workers saw it and whatever AMI does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from ari_app.ami.watch import RIGHT_AGAIN_WITHIN
from ari_app.config import AmiSettings, Configuration
from ari_app.queue_facts import QueueFacts
from ari_app.records.facts import CallRecord, End, Outcome, Service, Side, Stint, together
from ari_app.records.timeline import timeline
from tests.wire.manager import Manager, abandons, completes, connects, joins, leaves

CALL, WITHIN = "1790000000.7", 5.0
AGENT_CHANNEL = "PJSIP/agent-001-0000001a"
WITH_US = CallRecord(CALL, (Stint("1-1", "1", 1.0, 9.0, "incoming", end=End.QUEUED, queue="hotline"),))


@pytest.fixture
async def manager() -> AsyncIterator[Manager]:
    async with Manager() as manager:
        yield manager


class Eyes:
    """One worker's, and what it kept."""

    def __init__(self, manager: Manager) -> None:
        self.kept: asyncio.Queue[CallRecord] = asyncio.Queue()
        self.facts = QueueFacts(Configuration(ami=manager.settings), self.kept.put_nowait)

    async def service(self) -> Service:
        record = await asyncio.wait_for(self.kept.get(), WITHIN)
        assert (record.id, record.stints) == (CALL, ())
        return record.services[0]

    async def have_heard(self) -> None:
        await self.facts.watch.connection.ask("Ping")


@asynccontextmanager
async def watching(manager: Manager, workers: int = 1) -> AsyncIterator[list[Eyes]]:
    eyes = [Eyes(manager) for _ in range(workers)]
    tasks = [asyncio.create_task(one.facts.run()) for one in eyes]
    for one in eyes:
        await asyncio.wait_for(one.facts.watch.right.wait(), WITHIN)
    try:
        yield eyes
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def served(reason: str) -> list[dict[str, str]]:
    return [joins(CALL, 1), leaves(CALL), connects(CALL), completes(CALL, reason)]


@pytest.mark.parametrize(
    ("reason", "side"), [("caller", Side.CALLER), ("agent", Side.AGENT), ("transfer", Side.UNKNOWN)]
)
async def test_the_queue_tells_who_served_a_caller_and_who_hung_up(manager: Manager, reason: str, side: Side) -> None:
    async with watching(manager) as [eyes]:
        manager.tell(*served(reason))
        service = await eyes.service()
        assert (service.agent, service.queue, service.released_by) == ("001", "hotline", side)
        assert service.talked is not None
        assert WITH_US.merged(CallRecord(CALL, (), (service,))).outcome is Outcome.ANSWERED


async def test_who_hangs_up_in_the_queue_has_abandoned(manager: Manager) -> None:
    async with watching(manager) as [eyes]:
        manager.tell(joins(CALL, 1), abandons(CALL), leaves(CALL))
        service = await eyes.service()
        assert (service.agent, service.talked, service.released_by) == ("", None, Side.CALLER)
        assert WITH_US.merged(CallRecord(CALL, (), (service,))).outcome is Outcome.ABANDONED


async def test_our_own_looking_for_an_agent_is_no_call_but_whom_we_rang_and_who_waits_is_a_caller(
    manager: Manager,
) -> None:
    """Each time no agent was free for a callback, the report once counted an abandoned call."""
    ours, theirs = "hotline-rung-0a1b2c-agent;2", "hotline-rung-0a1b2c-caller"
    async with watching(manager) as [eyes]:
        for call in (ours, theirs):
            manager.tell(joins(call, 1), abandons(call), leaves(call))
        await eyes.have_heard()
        assert [eyes.kept.get_nowait().id for _ in range(eyes.kept.qsize())] == [theirs]


async def test_two_workers_who_see_the_same_tell_the_same(manager: Manager) -> None:
    async with watching(manager, workers=2) as both:
        manager.tell(joins(CALL, 1), leaves(CALL), *served("caller"))
        told = [[await eyes.service(), await eyes.service()] for eyes in both]
        record = CallRecord(CALL, (), tuple(told[0])).merged(CallRecord(CALL, (), tuple(told[1])))
        assert sorted(service.id for service in record.services) == ["queue-1", f"served-{AGENT_CHANNEL}"]


async def test_each_round_without_an_agent_is_told(manager: Manager) -> None:
    async with watching(manager) as [eyes]:
        manager.tell(joins(CALL, 1), leaves(CALL), joins(CALL, 1), leaves(CALL), joins(CALL, 1), abandons(CALL))
        told = [await eyes.service() for _ in range(3)]
        assert [service.id for service in told] == ["queue-1", "queue-2", "abandoned"]
        assert [service.released_by for service in told] == [Side.UNKNOWN, Side.UNKNOWN, Side.CALLER]


SECOND_AGENT = "PJSIP/agent-002"
BY_SECOND = {"Interface": SECOND_AGENT, "MemberName": "002"}


@pytest.mark.parametrize("again", ["another agent", "the same agent"])
async def test_a_caller_whom_an_agents_key_gave_back_and_who_is_served_again_was_served_twice(
    manager: Manager, again: str
) -> None:
    """Asterisk tells of the first talk when the caller hangs up, beside the second: the two were mixed up."""
    second = BY_SECOND if again == "another agent" else {}
    last = {**second, "DestChannel": "PJSIP/agent-0000001b"}
    async with watching(manager) as [eyes]:
        manager.tell(joins(CALL, 1), leaves(CALL), connects(CALL))
        manager.tell(joins(CALL, 1), leaves(CALL), {**connects(CALL), **last})
        manager.tell(completes(CALL, "caller"), {**completes(CALL, "caller"), **last})
        await eyes.have_heard()
        told = [eyes.kept.get_nowait() for _ in range(eyes.kept.qsize())]
        first, later = next(iter(together(told))).services
        assert (first.id, first.agent, first.talked) == (f"served-{AGENT_CHANNEL}", "001", None)
        assert (later.id, later.agent) == ("served-PJSIP/agent-0000001b", second.get("MemberName", "001"))
        assert (later.released_by, later.talked is not None) == (Side.CALLER, True)


async def test_who_is_given_back_and_gives_up_in_the_queue_was_served_once(manager: Manager) -> None:
    async with watching(manager) as [eyes]:
        manager.tell(joins(CALL, 1), leaves(CALL), connects(CALL), joins(CALL, 1))
        manager.tell(completes(CALL, "caller"), abandons(CALL), leaves(CALL))
        served, gone = await eyes.service(), await eyes.service()
        assert (served.agent, gone.agent, gone.released_by) == ("001", "", Side.CALLER)
        assert eyes.kept.empty()


async def test_what_is_known_when_a_worker_stops_is_kept(manager: Manager) -> None:
    async with watching(manager) as [eyes]:
        manager.tell(joins(CALL, 1), leaves(CALL), joins("other", 1))
        await eyes.have_heard()
        eyes.facts.close()
        assert (await eyes.service()).id == "queue-1"
        assert eyes.kept.empty()


async def test_a_worker_that_came_during_the_talk_tells_it_by_the_queues_own_seconds(manager: Manager) -> None:
    async with watching(manager) as [eyes]:
        manager.tell({**completes(CALL, "caller"), "DestChannel": AGENT_CHANNEL})
        service = await eyes.service()
        assert (service.id, service.waited, service.talked) == (f"served-{AGENT_CHANNEL}", 12.0, 33.0)


async def test_a_talk_that_ended_while_ami_was_cut_has_an_agent_and_no_end(manager: Manager) -> None:
    async with watching(manager) as [eyes]:
        manager.tell(joins(CALL, 1), leaves(CALL), connects(CALL))
        await eyes.have_heard()
        manager.cut()
        service = await asyncio.wait_for(eyes.service(), RIGHT_AGAIN_WITHIN)
        assert (service.agent, service.talked, service.released_by) == ("001", None, Side.UNKNOWN)
        await asyncio.wait_for(eyes.facts.watch.right.wait(), RIGHT_AGAIN_WITHIN)
        manager.tell(completes(CALL, "caller"))  # an agent's key had given the caller back: told without a channel
        await eyes.have_heard()
        assert eyes.kept.empty()


async def test_who_waited_when_ami_was_cut_and_is_gone_is_not_guessed_at(manager: Manager) -> None:
    async with watching(manager) as [eyes]:
        manager.tell(joins("other", 1))
        await eyes.have_heard()
        manager.cut()
        await asyncio.wait_for(manager.closed.wait(), WITHIN)
        async with asyncio.timeout(RIGHT_AGAIN_WITHIN):
            while manager.logins < 2:
                await asyncio.wait((asyncio.create_task(eyes.facts.watch.right.wait()),), timeout=0.05)
        await asyncio.wait_for(eyes.facts.watch.right.wait(), RIGHT_AGAIN_WITHIN)
        manager.tell(*served("caller"))
        assert (await eyes.service()).agent == "001"


@pytest.mark.parametrize("with_agent", [False, True], ids=["waits", "talks"])
async def test_whom_a_restart_of_asterisk_cut_off_has_not_hung_up(manager: Manager, with_agent: bool) -> None:
    async with watching(manager) as [eyes]:
        manager.tell(joins(CALL, 1), *([leaves(CALL), connects(CALL)] if with_agent else []))
        await eyes.have_heard()
        manager.started = "09:00:00"
        manager.starting = True  # it answers before it knows its queues
        manager.cut()
        async with asyncio.timeout(RIGHT_AGAIN_WITHIN):
            while not [a for a in manager.asked if a["Action"] == "QueueStatus"][1:]:
                await asyncio.wait((asyncio.create_task(eyes.facts.watch.right.wait()),), timeout=0.02)
        manager.starting = False
        service = await asyncio.wait_for(eyes.service(), RIGHT_AGAIN_WITHIN)
        assert (service.agent, service.released_by) == ("001" if with_agent else "", Side.ASTERISK)
        assert (service.talked is not None) is with_agent
        record = WITH_US.merged(CallRecord(CALL, (), (service,)))
        assert record.outcome is (Outcome.ANSWERED if with_agent else Outcome.CUT)
        assert record.released_by is Side.ASTERISK
        assert "Asterisk went away" in timeline(record)[-1]


async def test_other_peoples_queues_are_not_recorded_unless_we_lead_there(manager: Manager) -> None:
    async with watching(manager) as [eyes]:
        manager.tell(joins(CALL, 1, "sales"), abandons(CALL, "sales"))
        await eyes.have_heard()
        assert eyes.kept.empty()
        eyes.facts.follow(CallRecord(CALL, (Stint("1-1", "1", 1.0, 9.0, "incoming", end=End.QUEUED, queue="sales"),)))
        manager.tell(joins(CALL, 1, "sales"), abandons(CALL, "sales"))
        assert (await eyes.service()).queue == "sales"


async def test_a_wrong_password_is_told_in_one_line_and_nothing_else_happens(
    manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    manager.refuses = True
    await asyncio.wait_for(Eyes(manager).facts.run(), WITHIN)
    [line] = [r.getMessage() for r in caplog.records if r.name == "ari_app.queue_facts"]
    assert "wrong user or password" in line
    assert "\n" not in line


async def test_without_a_password_ami_is_left_alone(manager: Manager) -> None:
    settings = AmiSettings(host="127.0.0.1", port=manager.port, password=SecretStr(""))
    facts = QueueFacts(Configuration(ami=settings), lambda _: None)
    await asyncio.wait_for(facts.run(), WITHIN)
    assert manager.logins == 0
