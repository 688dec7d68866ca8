"""The watch over the queues: whatever AMI does, the state is right again within a stated bound, and nothing is left."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from ari_app.ami.agents import interface
from ari_app.ami.connection import FIRST_PAUSE, LONGEST_PAUSE, pause_after
from ari_app.ami.queues import Kind, News, Queues, interface_of
from ari_app.ami.watch import RIGHT_AGAIN_WITHIN, QueueWatch
from ari_app.errors import PbxRefused, PbxUnreachable
from tests.wire.manager import (
    Fields,
    Manager,
    abandons,
    completes,
    connects,
    day,
    entry,
    joins,
    leaves,
    listed_member,
    status,
    talking,
)
from tests.wire.watched import watching

AGENT = "PJSIP/agent-001"
HOSTILE = "=1+1\"'; DROP TABLE calls"


@pytest.fixture
async def manager() -> AsyncIterator[Manager]:
    async with Manager() as manager:
        yield manager


# ------------------------------------------------------------------ the fold


def heard(*events: Fields) -> tuple[Queues, list[News]]:
    queues = Queues()
    news = [told for event in events if (told := queues.hear(event, 100.0)) is not None]
    return queues, news


def test_who_waits_is_known_in_their_order() -> None:
    queues, _ = heard(joins("a", 1), joins("b", 2), joins("urgent", 1))
    assert [(w.call, w.position) for w in queues.queue("hotline")] == [("urgent", 1), ("a", 2), ("b", 3)]
    queues.hear(leaves("urgent"), 101.0)
    assert [(w.call, w.position, w.since) for w in queues.queue("hotline")] == [("a", 1, 100.0), ("b", 2, 100.0)]


@pytest.mark.parametrize("who", ["张三", "agent-001", AGENT])
def test_an_agent_is_called_by_any_name_their_queue_knows(who: str) -> None:
    queues = Queues()
    queues.list_anew([listed_member("1") | {"Name": "张三"}], [], 100.0)
    assert interface(who, queues) == AGENT
    with pytest.raises(PbxRefused, match="no queue has an agent of that name"):
        interface("李四", queues)
    assert (interface("agent-009", queues), interface("Local/9@x", queues)) == ("PJSIP/agent-009", "Local/9@x")


def test_who_serves_whom_is_known_until_they_part() -> None:
    queues, news = heard(joins("a", 1), leaves("a"), connects("a"))
    served = queues.serves(AGENT)
    assert served is not None and served.channel == "PJSIP/carrier-a"
    assert queues.serves("001") == served
    assert queues.waiting == {}
    queues.hear(completes("a", "agent"), 130.0)
    assert queues.serves(AGENT) is None
    assert [n.kind for n in news] == [Kind.JOINED, Kind.LEFT, Kind.CONNECTED]
    assert (news[-1].agent, news[-1].name, news[-1].waited) == (AGENT, "001", 12.0)


def test_a_caller_pulled_away_by_amis_redirect_is_told_by_their_agent() -> None:
    """Asterisk's AgentComplete does not name a caller who has left the bridge by Redirect."""
    queues, _ = heard(joins("a", 1), connects("a"))
    nameless = {name: value for name, value in completes("", "transfer").items() if name != "Uniqueid"}
    told = queues.hear(nameless, 120.0)
    assert told is not None and (told.kind, told.call, told.reason) == (Kind.COMPLETED, "a", "transfer")
    assert queues.serving == {}
    assert queues.hear(nameless, 121.0) is None


def test_the_end_of_a_talk_that_was_over_long_ago_does_not_end_the_one_that_is() -> None:
    """An agent's key gave the caller back, another agent serves: the queue tells of the first when both are over."""
    queues, _ = heard(joins("a", 1), connects("a"), joins("a", 1), connects("a", "PJSIP/agent-002"))
    queues.hear(completes("a", "caller"), 120.0)
    assert [s.agent for s in queues.serving.values()] == ["PJSIP/agent-002"]


def test_a_caller_who_hangs_up_while_waiting_has_abandoned() -> None:
    queues, news = heard(joins("a", 1), abandons("a"), leaves("a"))
    assert queues.waiting == {}
    assert [(n.kind, n.waited) for n in news] == [(Kind.JOINED, 0.0), (Kind.ABANDONED, 7.0)]


def test_an_event_that_comes_twice_changes_nothing() -> None:
    queues, news = heard(joins("a", 1), joins("a", 1), joins("b", 2), leaves("a"), leaves("a"))
    assert [(w.call, w.position) for w in queues.queue("hotline")] == [("b", 1)]
    assert [n.kind for n in news] == [Kind.JOINED, Kind.JOINED, Kind.LEFT]


def test_members_come_go_and_pause() -> None:
    queues, _ = heard(status("1"))
    assert queues.members["hotline", AGENT].reachable
    queues.hear(status("1", paused=True), 1.0)
    assert (queues.members["hotline", AGENT].paused, queues.members["hotline", AGENT].reason) == (True, "break")
    queues.hear(status("5"), 1.0)
    assert queues.members["hotline", AGENT].state == "unavailable"
    queues.hear({"Event": "QueueMemberRemoved", "Queue": "hotline", "Interface": AGENT}, 1.0)
    assert queues.members == {}


def test_a_caller_s_number_is_in_no_text_of_ours() -> None:
    queues, _ = heard(joins("a", 1) | {"CallerIDNum": HOSTILE})
    assert HOSTILE not in repr(queues.waiting)
    assert queues.waiting["a"].number == HOSTILE


def test_a_channel_s_name_tells_whose_telephone_it_is() -> None:
    assert interface_of("PJSIP/agent-001-0000001a") == AGENT
    assert interface_of("Local/agent@agents-0000001a;1") == "Local/agent@agents"


# ------------------------------------------------------------------ the connection


async def test_a_wrong_password_is_told_and_not_tried_for_ever(manager: Manager) -> None:
    manager.refuses = True
    with pytest.raises(PbxRefused, match="wrong user or password"):
        await asyncio.wait_for(QueueWatch(manager.settings).run(), RIGHT_AGAIN_WITHIN)


async def test_a_refusal_after_a_restart_is_tried_again(manager: Manager) -> None:
    """An Asterisk that restarts opens the port before it has read its users."""
    async with watching(manager) as seen:
        manager.refuses = True
        manager.cut()
        await seen.lost()
        async with asyncio.timeout(RIGHT_AGAIN_WITHIN):
            while sum(action["Action"] == "Login" for action in manager.asked) < 2:
                await asyncio.wait((seen.task,), timeout=0.01)
        manager.refuses = False
        await seen.right()
    assert manager.logins == 2


async def test_when_it_was_lost_is_when_it_last_told_the_truth(manager: Manager) -> None:
    """The attempts of a slow start lose nothing: a talk that a restart cut would seem to have lasted until the last."""
    async with watching(manager) as seen:
        manager.starting = True
        manager.cut()
        await seen.lost()
        lost = seen.watch.connection.lost_at
        async with asyncio.timeout(RIGHT_AGAIN_WITHIN):
            while manager.logins < 3:
                await asyncio.wait((seen.task,), timeout=0.01)
        assert seen.watch.connection.lost_at == lost > 0
        manager.starting = False
        await seen.right()


async def test_an_asterisk_that_has_not_loaded_its_queues_yet_is_asked_again(manager: Manager) -> None:
    """AMI answers before app_queue is there; the state would stay empty otherwise."""
    manager.starting = True
    manager.queue_lines = [entry("a", 1, 5)]
    watch = QueueWatch(manager.settings)
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(RIGHT_AGAIN_WITHIN):
        while manager.logins < 2:
            await asyncio.wait((task,), timeout=0.01)
        assert not watch.right.is_set()
        manager.starting = False
        await watch.right.wait()
    assert set(watch.queues.waiting) == {"a"}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_at_first_everything_is_asked_for(manager: Manager) -> None:
    manager.queue_lines = [{"Event": "QueueParams", "Queue": "hotline"}, listed_member("2"), entry("a", 1, 20)]
    manager.channel_lines = talking("b")
    async with watching(manager) as seen:
        queues = seen.watch.queues
        assert queues.names == {"hotline"}
        assert queues.members["hotline", AGENT].state == "in use"
        assert asyncio.get_running_loop().time() - queues.waiting["a"].since == pytest.approx(20, abs=1)
        served = queues.serves(AGENT)
        assert served is not None and (served.call, served.channel) == ("b", "PJSIP/carrier-b")


@pytest.mark.parametrize("how", ["cut", "restarted", "hung"])
async def test_after_a_lost_connection_the_state_is_right_again_within_the_bound(manager: Manager, how: str) -> None:
    manager.queue_lines = [entry("stays", 1, 5), entry("leaves", 2, 3)]
    async with watching(manager, ping_every=0.2) as seen:
        since = seen.watch.queues.waiting["stays"].since
        manager.queue_lines = [entry("stays", 1, 6), entry("new", 2, 0), listed_member("1")]
        if how == "cut":
            manager.cut()
        elif how == "hung":
            manager.hangs = True
        else:
            await manager.stop()
        await seen.lost()
        with pytest.raises(PbxUnreachable, match="no connection to AMI"):
            await seen.watch.connection.ask("Ping")
        manager.hangs = False
        if how == "restarted":
            await manager.start()
        began = time.monotonic()
        await seen.right()
        assert time.monotonic() - began < RIGHT_AGAIN_WITHIN
        assert set(seen.watch.queues.waiting) == {"stays", "new"}
        assert seen.watch.queues.waiting["stays"].since == since
        assert [(n.kind, n.call) for n in seen.news[-2:]] == [(Kind.MISSED, "leaves"), (Kind.JOINED, "new")]


async def test_what_happens_while_the_lists_are_told_is_not_lost(manager: Manager) -> None:
    """The list below was made before the event reached us: an event heard only before it would be undone by it."""
    manager.queue_lines = [entry("a", 1, 5)]
    manager.before_the_list = [abandons("a"), joins("b", 1)]
    async with watching(manager) as seen:
        assert set(seen.watch.queues.waiting) == {"b"}
        assert [(n.kind, n.call) for n in seen.news] == [(Kind.ABANDONED, "a"), (Kind.JOINED, "b")]


async def test_what_an_event_we_never_got_left_wrong_is_right_again(manager: Manager) -> None:
    manager.queue_lines = [entry("a", 1, 5)]
    async with watching(manager, resync_every=0.1) as seen:
        manager.queue_lines = []
        await seen.sees(lambda queues: queues.waiting == {})
        assert [n.kind for n in seen.news] == [Kind.JOINED, Kind.MISSED]


async def test_a_hearer_that_fails_stops_nothing(manager: Manager, caplog: pytest.LogCaptureFixture) -> None:
    def fail(news: News) -> None:
        raise RuntimeError("no database")

    watch = QueueWatch(manager.settings, fail)
    task = asyncio.create_task(watch.run())
    await asyncio.wait_for(watch.right.wait(), RIGHT_AGAIN_WITHIN)
    manager.tell(joins("a", 1), {"Event": "QueueCallerLeave"}, joins("b", 2))  # the second lacks what it must have
    await watch.connection.ask("Ping")
    assert set(watch.queues.waiting) == {"a", "b"}
    assert "news of a queue could not be told" in caplog.text
    assert "an AMI event was not understood" in caplog.text
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_agent_can_be_added_though_the_answer_looks_like_a_list(manager: Manager) -> None:
    """panoramisk waits for the end of a list that begins with "Added interface to queue" (its issue 54)."""
    async with watching(manager) as seen:
        answer = await seen.watch.connection.tell("QueueAdd", Queue="hotline", Interface=AGENT)
        assert answer["Message"] == "Added interface to queue"


async def test_a_question_without_an_answer_ends_with_its_deadline(manager: Manager) -> None:
    manager.deaf = {"QueuePause"}
    async with watching(manager) as seen:
        with pytest.raises(PbxUnreachable, match="did not answer"):
            await seen.watch.connection.tell("QueuePause", 0.1, Interface=AGENT)
        assert seen.watch.right.is_set()


async def test_a_thousand_events_a_second_are_heard_and_leave_nothing(manager: Manager) -> None:
    async with watching(manager) as seen:
        queues = seen.watch.queues
        manager.tell(*day(125))
        await seen.sees(lambda queues: True)
        seen.news.clear()
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        seconds, began = 4, time.process_time()
        for second in range(seconds):
            manager.tell(*day(125, 1000 * second))
            await manager.told()
            await seen.sees(lambda queues: not queues.waiting and not queues.serving)
        took = time.process_time() - began
        assert len(seen.news) == seconds * 125 * 4
        seen.news.clear()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert (queues.waiting, queues.serving, len(queues.members)) == ({}, {}, 1)
        assert took < seconds, "a second's events take less than a second, measuring included"
        assert grown < 200_000


async def test_no_task_and_no_connection_is_left(manager: Manager) -> None:
    before = asyncio.all_tasks()
    async with watching(manager, ping_every=0.05, resync_every=0.05) as seen:
        for _ in range(3):
            manager.cut()
            await seen.lost()
            await seen.right()
    async with asyncio.timeout(RIGHT_AGAIN_WITHIN):
        while manager.connections:
            manager.closed.clear()
            await manager.closed.wait()
    ours = {task for task in asyncio.all_tasks() - before if "_serve" not in repr(task.get_coro())}
    assert ours == set()


def test_the_pause_grows_to_its_limit_and_is_never_the_same_for_all() -> None:
    assert FIRST_PAUSE / 2 <= pause_after(0) <= FIRST_PAUSE
    assert all(LONGEST_PAUSE / 2 <= pause_after(n) <= LONGEST_PAUSE for n in (5, 50, 5000))
    assert len({pause_after(9) for _ in range(20)}) > 1
