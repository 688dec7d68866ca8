"""One worker and its callers, when Asterisk, the network, another worker or our own code misbehaves."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NoReturn

import pytest

from ari_app import ear, line
from ari_app.ari import channel as ari_channel
from ari_app.ari import peers, wire
from ari_app.ari.channel import RESCUED, ROUND
from ari_app.front_office import Stint
from ari_app.journal import What
from ari_app.standard import Ladder, Standard, Then
from tests.wire.callers import QUEUE, hears, reaches_an_agent, serves_the_next_caller, told
from tests.wire.conftest import Employ
from tests.wire.stub import Fault, StubAri

SILENT_LADDER = ["greeting", "offer", "offer", "no-sound"]


# ------------------------------------------------------------------ one call, well treated


async def test_a_silent_caller_hears_the_ladder_and_is_let_go(pbx: StubAri, employ: Employ) -> None:
    async with employ() as worker:
        caller = pbx.ring()
        await pbx.bell.until(lambda: caller.hung_up_by)
        assert (caller.hung_up_by, caller.heard) == ("us", SILENT_LADDER)
        assert (await told(worker, caller))[-1] == What.HANG_UP
        await pbx.bell.until(lambda: worker.board.live == 0)


async def test_every_prompt_begins_the_dialplans_clock_anew(pbx: StubAri, employ: Employ) -> None:
    """It is for the caller of a dead application: a living one once lost every caller after five minutes."""
    async with employ():
        caller = pbx.ring()
        caller.variables["HOTLINE_LONGEST"] = "300"
        await pbx.bell.until(lambda: len(caller.heard) > 2)
        assert caller.variables["TIMEOUT(absolute)"] == "300"


async def test_a_long_wait_comes_on_top_of_the_dialplans_clock(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    async with employ(spoken=patient):  # 300 s after the greeting
        caller = pbx.ring()
        caller.variables["HOTLINE_LONGEST"] = "20"
        await pbx.bell.until(lambda: caller.variables.get("TIMEOUT(absolute)") == "320")
        assert caller.heard == ["greeting"]


@pytest.mark.parametrize("left", [{}, *({"HOTLINE_LONGEST": told} for told in ("", "5m", "0"))], ids=str)
async def test_where_the_dialplan_has_no_clock_none_is_begun(
    pbx: StubAri, employ: Employ, left: dict[str, str]
) -> None:
    async with employ():
        caller = pbx.ring()
        caller.variables |= left
        await pbx.bell.until(lambda: len(caller.heard) > 2)
        assert "TIMEOUT(absolute)" not in caller.variables


async def test_a_caller_who_speaks_goes_to_an_agent(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    async with employ(spoken=patient) as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        pbx.speak(caller, 900)
        await reaches_an_agent(pbx, caller)
        assert caller.heard == ["greeting", "connecting"]
        assert caller.variables[ROUND] == "1"
        assert caller.variables["TALK_DETECT(remove)"] == ""
        assert (await told(worker, caller))[-1] == What.HAND_OFF


async def test_a_key_in_the_greeting_stops_it(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    pbx.prompt_seconds = None  # no prompt ends of itself
    async with employ(spoken=patient) as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        pbx.press(caller, "9")
        await hears(pbx, caller, "greeting", "wrong-number")
        pbx.hang_up(caller)
        happened = await told(worker, caller)
        assert happened[-5:] == [What.DIGIT, What.INTERRUPTED, What.ENTER, What.PLAY, What.CALLER_HUNG_UP]


async def test_no_request_over_the_socket_waits_behind_a_prompt(pbx: StubAri, employ: Employ) -> None:
    """Asterisk serves one request at a time there: one that waits makes every caller wait."""
    async with employ():
        silent, speaker, presser = (pbx.ring() for _ in range(3))
        await hears(pbx, speaker, "greeting")
        pbx.speak(speaker, 900)
        pbx.press(presser, "9")
        await reaches_an_agent(pbx, speaker)
        await pbx.bell.until(lambda: silent.hung_up_by and presser.hung_up_by)
        assert pbx.stalled == []


async def test_the_caller_is_back_from_the_queue_before_we_noticed_that_they_left(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    """A queue that does not exist gives the caller back at once: StasisEnd and StasisStart in one breath."""
    async with employ(spoken=patient) as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        caller.variables["HOTLINE_QUEUESTATUS"] = "CONTINUE"
        pbx.leave(caller)
        pbx.enter(caller, worker.app, ["after-queue"])
        await hears(pbx, caller, "greeting", "anything-else")
        pbx.hang_up(caller)
        await pbx.bell.until(lambda: worker.board.live == 0 and caller.id in worker.journals)


async def test_three_rounds_in_the_queue_are_enough(pbx: StubAri, employ: Employ) -> None:
    async with employ() as worker:
        caller = pbx.arrives("c1", answered=True)
        for played in (1, 2):
            caller.variables.update({"HOTLINE_QUEUESTATUS": "TIMEOUT", ROUND: str(played)})
            caller.departed = ""
            pbx.enter(caller, worker.app, ["after-queue"])
            await reaches_an_agent(pbx, caller)
            assert caller.variables[ROUND] == str(played + 1)
        pbx.enter(caller, worker.app, ["after-queue"])
        await pbx.bell.until(lambda: caller.hung_up_by)
        assert caller.heard == ["busy", "busy", "busy-farewell"]


async def test_an_agents_key_gives_the_caller_to_its_procedure(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    async with employ(spoken=patient) as worker:
        known, unknown = pbx.arrives("c1"), pbx.arrives("c2")
        pbx.enter(known, worker.app, ["procedure", "wrong-number"])
        pbx.enter(unknown, worker.app, ["procedure", "no-such-thing"])
        await hears(pbx, known, "wrong-number")
        await reaches_an_agent(pbx, unknown)


# ------------------------------------------------------------------ the caller leaves


@pytest.mark.parametrize("status", [404, 409])
@pytest.mark.parametrize("request_", ["answer", "variables", "play/.*"])
async def test_a_404_means_the_caller_left(pbx: StubAri, employ: Employ, request_: str, status: int) -> None:
    pbx.faults.append(Fault(f"POST channels/c1/{request_}", status))
    async with employ() as worker:
        caller = pbx.ring("c1")
        assert (await told(worker, caller))[-1] == What.CALLER_HUNG_UP
        assert not pbx.count("POST channels/c1/continue")  # nobody is there to be rescued


async def test_a_hang_up_in_the_greeting_ends_the_call_at_once(
    pbx: StubAri, employ: Employ, caplog: pytest.LogCaptureFixture
) -> None:
    pbx.prompt_seconds = None
    async with employ() as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        pbx.hang_up(caller)  # the playback fails first, then the channel is gone
        assert (await told(worker, caller))[-1] == What.CALLER_HUNG_UP
    assert "went to the queue" not in caplog.text


async def test_a_hang_up_while_we_stop_a_prompt_is_a_hang_up(pbx: StubAri, employ: Employ) -> None:
    pbx.prompt_seconds = None
    held = asyncio.Event()
    pbx.faults.append(Fault("DELETE playbacks/.*", held=held))
    async with employ() as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        pbx.press(caller, "5")
        await pbx.bell.until(lambda: pbx.count("DELETE playbacks/.*"))
        pbx.hang_up(caller)
        held.set()
        assert (await told(worker, caller))[-1] == What.CALLER_HUNG_UP
        assert not caller.departed


async def test_a_hang_up_before_our_claim_is_no_error(
    pbx: StubAri, employ: Employ, caplog: pytest.LogCaptureFixture
) -> None:
    async with employ() as worker:
        with pbx.holding_events():
            caller = pbx.ring()
            pbx.hang_up(caller)
        await pbx.bell.until(lambda: pbx.count("POST events/claim"))
        await serves_the_next_caller(worker)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


# ------------------------------------------------------------------ events late, twice, in disorder, or never


async def test_duplicated_events_change_nothing(pbx: StubAri, employ: Employ) -> None:
    async with employ() as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        pbx.echoes = 2
        await pbx.bell.until(lambda: caller.hung_up_by)
        assert caller.heard == SILENT_LADDER
        assert (await told(worker, caller)).count(What.PLAY) == 4


async def test_late_events_of_a_former_call_reach_nobody(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    async with employ(spoken=patient) as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        pbx.hang_up(caller)
        await told(worker, caller)
        caller.app = worker.app
        pbx.speak(caller, 900)
        pbx.press(caller, "9")
        pbx.leave(caller)
        await serves_the_next_caller(worker)
        assert len(worker.journals) == 2


async def test_the_end_of_a_sound_before_its_beginning_is_still_speech(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    async with employ(spoken=patient):
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        with pbx.holding_events(backwards=True):
            pbx.speak(caller, 900)
        await reaches_an_agent(pbx, caller)


@pytest.mark.parametrize("milliseconds", [20, 150, -180, 0])
async def test_a_cough_or_a_negative_length_is_no_speech(pbx: StubAri, employ: Employ, milliseconds: int) -> None:
    async with employ():
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        pbx.speak(caller, milliseconds)
        await pbx.bell.until(lambda: caller.hung_up_by)
        assert caller.heard == SILENT_LADDER


async def test_a_sound_whose_end_is_never_told_is_speech(
    pbx: StubAri, employ: Employ, patient: Standard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ear, "TALK_GAP", 0.01)
    async with employ(spoken=patient):
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        pbx.speak(caller)
        await reaches_an_agent(pbx, caller)


async def test_a_prompt_whose_end_is_never_told_does_not_hold_the_caller(
    pbx: StubAri, employ: Employ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "OVERDUE", 0.05)
    pbx.prompt_seconds = None
    async with employ() as worker:
        caller = pbx.ring()
        await pbx.bell.until(lambda: caller.hung_up_by)
        assert caller.heard == SILENT_LADDER
        assert (await told(worker, caller)).count(What.FAILED) == 4


async def test_a_prompt_that_cannot_be_played_sends_the_caller_to_an_agent(pbx: StubAri, employ: Employ) -> None:
    """A caller who hears nothing must not be asked three times in silence and let go."""
    pbx.prompt_state = "failed"
    async with employ() as worker:
        caller = pbx.ring()
        await reaches_an_agent(pbx, caller)
        assert (await told(worker, caller))[-2:] == [What.FAILED, What.RESCUED]


async def test_a_slow_start_does_not_cut_a_prompt_short(
    pbx: StubAri, employ: Employ, patient: Standard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time a prompt is given counts from Asterisk's answer, not from our question."""
    monkeypatch.setattr(line, "OVERDUE", 0.2)
    held = asyncio.Event()
    pbx.prompt_seconds = None
    pbx.faults.append(Fault("POST channels/c1/play/.*", held=held))
    async with employ(spoken=patient) as worker:
        caller = pbx.ring("c1")
        await hears(pbx, caller, "greeting")
        asyncio.get_running_loop().call_later(0.5, held.set)
        await held.wait()
        asyncio.get_running_loop().call_later(0.05, pbx._finish, caller.playing[0], "done")
        await pbx.bell.until(lambda: not caller.playing)
        pbx.hang_up(caller)
        assert What.PLAYED in await told(worker, caller)


# ------------------------------------------------------------------ Asterisk refuses, is slow, is silent


@pytest.mark.parametrize("request_", ["answer", "variables", "play/.*"])
async def test_a_500_sends_the_caller_to_the_queue(pbx: StubAri, employ: Employ, request_: str) -> None:
    pbx.faults.append(Fault(f"POST channels/c1/{request_}", 500))
    async with employ() as worker:
        caller = pbx.ring("c1")
        await reaches_an_agent(pbx, caller)
        assert (await told(worker, caller))[-1] == What.RESCUED


async def test_who_cannot_be_watched_over_by_the_dialplans_clock_reaches_a_person(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    pbx.prompt_seconds = 0.2
    pbx.faults.append(Fault("GET channels/c1/variable", 500))
    async with employ(spoken=patient):
        await reaches_an_agent(pbx, pbx.ring("c1"))
        waits = pbx.ring("c2")
        waits.variables["HOTLINE_LONGEST"] = "300"
        await hears(pbx, waits, "greeting")
        pbx.faults.append(Fault("POST channels/c2/variables", 500))  # before the long wait after it
        await reaches_an_agent(pbx, waits)
        assert waits.heard == ["greeting"] and not any(fault.times for fault in pbx.faults)


async def test_a_prompt_that_cannot_be_stopped_is_left_playing_and_the_caller_queued(
    pbx: StubAri, employ: Employ
) -> None:
    pbx.prompt_seconds = 0.2
    pbx.faults.append(Fault("DELETE playbacks/.*", 500, times=1))
    async with employ() as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        pbx.press(caller, "5")
        await reaches_an_agent(pbx, caller)
        assert (await told(worker, caller))[-1] == What.RESCUED


async def test_a_rescue_that_is_refused_is_tried_again(pbx: StubAri, employ: Employ) -> None:
    pbx.faults.append(Fault("POST channels/c1/answer", 500))
    pbx.faults.append(Fault("POST channels/c1/continue", 500, times=2))
    async with employ():
        await reaches_an_agent(pbx, pbx.ring("c1"))
        assert pbx.count("POST channels/c1/continue") == 3


async def test_a_caller_whom_no_rescue_reached_is_adopted(
    pbx: StubAri, employ: Employ, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = ari_channel.RESCUE_TRIES
    pbx.faults.append(Fault("POST channels/c1/answer", 500))
    pbx.faults.append(Fault("POST channels/c1/continue", 500, times=tries))
    async with employ():
        caller = pbx.ring("c1")
        await pbx.bell.until(lambda: caller.hung_up_by == "us")
        assert caller.heard == SILENT_LADDER


async def test_an_answer_that_never_comes_sends_the_caller_to_the_queue(
    pbx: StubAri, employ: Employ, monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx.faults.append(Fault("POST channels/c1/answer", lost=True))
    async with employ():
        monkeypatch.setattr(wire, "ANSWER_WITHIN", 0.1)
        await reaches_an_agent(pbx, pbx.ring("c1"))


# ------------------------------------------------------------------ neighbours


def stumble(stint: Stint) -> NoReturn:
    """A bug in whoever writes about calls."""
    raise ZeroDivisionError("a bug")


class Bomb(tuple[Any, ...]):
    """A ladder's steps with a bug in them."""

    def __iter__(self) -> Iterator[Any]:
        raise ZeroDivisionError("a bug")


def with_a_bug_behind_key_9(standard: Standard) -> Standard:
    broken = Ladder("broken", Bomb(), Then.QUEUE, Then.QUEUE, {})
    return replace(standard, desk=replace(standard.desk, keys=MappingProxyType({"9": broken})))


async def test_broken_procedure_sends_its_caller_to_the_queue_and_no_neighbour_notices(
    pbx: StubAri, employ: Employ, patient: Standard, caplog: pytest.LogCaptureFixture
) -> None:
    async with employ(spoken=with_a_bug_behind_key_9(patient)) as worker:
        unlucky, neighbour = pbx.ring(), pbx.ring()
        await hears(pbx, unlucky, "greeting")
        await hears(pbx, neighbour, "greeting")
        pbx.press(unlucky, "9")
        await reaches_an_agent(pbx, unlucky)
        assert (await told(worker, unlucky))[-1] == What.RESCUED
        assert unlucky.variables[RESCUED] == "yes"
        pbx.speak(neighbour, 900)
        await reaches_an_agent(pbx, neighbour)
        assert What.RESCUED not in await told(worker, neighbour)
        assert neighbour.variables[RESCUED] == ""
    assert "ZeroDivisionError" in caplog.text


async def test_a_bug_in_what_is_written_about_a_call_harms_no_call(
    pbx: StubAri, employ: Employ, patient: Standard, caplog: pytest.LogCaptureFixture
) -> None:
    async with employ(spoken=patient) as worker:
        worker.over = stumble  # type: ignore[method-assign]
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        pbx.hang_up(caller)
        await pbx.bell.until(lambda: "could not be written about" in caplog.text)
        del worker.over
        await serves_the_next_caller(worker)
    assert "could not be written about" in caplog.text


async def test_reader_never_waits_for_a_handler(
    pbx: StubAri, employ: Employ, patient: Standard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty calls wait for an answer of Asterisk that does not come; the next event is read all the same."""
    monkeypatch.setattr(wire, "ANSWER_WITHIN", 1.0)
    pbx.faults.append(Fault("POST channels/.*/answer", lost=True, times=50))
    async with employ(spoken=patient) as worker:
        stuck = [pbx.arrives(answered=True) for _ in range(50)]
        for caller in stuck:
            pbx.enter(caller, worker.app, ["after-queue"])
        await pbx.bell.until(lambda: worker.board.live == 50)
        next_one = pbx.ring()
        await hears(pbx, next_one, "greeting")
        await reaches_an_agent(pbx, *stuck)


async def test_a_flood_of_five_thousand_keys_drowns_nobody(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    async with employ(spoken=patient) as worker:
        child, neighbour = pbx.ring(), pbx.ring()
        await hears(pbx, child, "greeting")
        for _ in range(5000):
            pbx.press(child, "5")
        pbx.speak(neighbour, 900)
        await reaches_an_agent(pbx, child, neighbour)
        assert pbx.apps[worker.app].connections == 1


# ------------------------------------------------------------------ draining


async def test_drain_finishes_the_calls_and_takes_no_more(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    async with employ(spoken=patient, drain_seconds=30) as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        draining = asyncio.create_task(worker.board.drain())
        await pbx.bell.until(lambda: worker.board.draining)
        late = pbx.ring()
        pbx.speak(caller, 900)
        await reaches_an_agent(pbx, caller)
        await draining
        assert worker.board.live == 0
        assert not late.app and not late.heard


async def test_drain_hands_to_the_queue_whoever_stays_too_long(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    async with employ(spoken=patient, drain_seconds=0.05) as worker:
        callers = [pbx.ring() for _ in range(5)]
        for caller in callers:
            await hears(pbx, caller, "greeting")
        await worker.board.drain()
        assert worker.board.live == 0
        await reaches_an_agent(pbx, *callers)


async def test_drain_with_nobody_on_the_line_is_over_at_once(pbx: StubAri, employ: Employ) -> None:
    async with employ(drain_seconds=0) as worker:
        await worker.board.drain()


async def test_drain_waits_for_a_caller_it_has_just_claimed(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    held = asyncio.Event()
    pbx.faults.append(Fault("POST events/claim", held=held))
    async with employ(spoken=patient, drain_seconds=30) as worker:
        caller = pbx.ring()
        await pbx.bell.until(lambda: pbx.count("POST events/claim"))
        draining = asyncio.create_task(worker.board.drain())
        await pbx.bell.until(lambda: worker.board.draining)
        held.set()
        await draining
        assert caller.departed == QUEUE
        assert caller.heard == []  # a draining worker greets nobody


async def test_drain_does_not_cut_off_a_rescue(pbx: StubAri, employ: Employ) -> None:
    held = asyncio.Event()
    pbx.faults.append(Fault("POST channels/c1/answer", 500))
    pbx.faults.append(Fault("GET channels/c1/variable", held=held))
    async with employ(drain_seconds=0.01) as worker:
        caller = pbx.ring("c1")
        await pbx.bell.until(lambda: pbx.count("GET channels/c1/variable"))
        draining = asyncio.create_task(worker.board.drain())
        asyncio.get_running_loop().call_later(0.05, held.set)
        await draining
        await reaches_an_agent(pbx, caller)


async def test_a_draining_worker_still_saves_a_dead_peers_callers(
    pbx: StubAri, employ: Employ, patient: Standard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the first of the living by name: nobody else would."""
    monkeypatch.setattr(peers, "SILENT_FOR", 0.1)
    async with employ("2", patient):
        pass
    async with employ("1", patient, drain_seconds=30) as worker:
        mine = pbx.ring()
        await hears(pbx, mine, "greeting")
        draining = asyncio.create_task(worker.board.drain())
        orphan = pbx.arrives("c9", app="hotline-2", answered=True)
        await reaches_an_agent(pbx, orphan)
        pbx.hang_up(mine)
        await draining


async def test_asked_twice_it_hands_everybody_to_the_queue_at_once(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    async with employ(spoken=patient, drain_seconds=300) as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        draining = asyncio.create_task(worker.board.drain())
        worker.board.hurry()
        await draining
        await reaches_an_agent(pbx, caller)


async def test_without_talk_detect_no_caller_is_claimed(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    """Everybody would be taken for silent: the dialplan's queue serves them better."""
    pbx.hears = False
    async with employ(spoken=patient) as worker:
        await pbx.bell.until(lambda: pbx.count("GET asterisk/modules/func_talkdetect.so"))
        looks = pbx.count("GET applications")
        await pbx.bell.until(lambda: pbx.count("GET applications") > looks)  # it has heard of the missing module
        caller = pbx.ring()
        await pbx.bell.until(lambda: pbx.count("GET applications") > looks + 2)
        assert not caller.app and worker.board.live == 0


async def test_a_stopped_worker_leaves_every_caller_in_the_queue(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    """Stopped without draining; the HTTP connection once closed before the callers were saved over it."""
    async with employ(spoken=patient) as worker:
        callers = [pbx.ring() for _ in range(5)]
        for caller in callers:
            await hears(pbx, caller, "greeting")
        await worker.stop()
        await reaches_an_agent(pbx, *callers)


# ------------------------------------------------------------------ nothing is left behind


async def test_no_task_is_left_behind(pbx: StubAri, employ: Employ, standard: Standard) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with employ(spoken=with_a_bug_behind_key_9(standard)) as worker:
        leaver, speaker, unlucky, silent, last = (pbx.ring() for _ in range(5))
        await pbx.bell.until(lambda: all(c.heard for c in (leaver, speaker, unlucky, silent, last)))
        pbx.hang_up(leaver)
        pbx.speak(speaker, 900)
        pbx.press(unlucky, "9")
        await reaches_an_agent(pbx, speaker, unlucky)
        pbx.abort(worker.app)
        await worker.connected(2)
        await worker.stop()
        ours = [task for task in asyncio.all_tasks() if "ari_app" in str(task.get_coro())]
        left = [task for task in asyncio.all_tasks() if "Switchboard" in repr(task) or "Wire" in repr(task)]
        assert ours == left == []
        assert not worker.board._inboxes and not worker.board._calls and not worker.board._chores
    gc.collect()
    assert complaints == []
