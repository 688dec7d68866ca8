"""The connection to Asterisk breaks in the midst of calls, or Asterisk with it: nobody is lost, and records know it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ari_app.ari.wire import State
from ari_app.errors import PbxRefused
from ari_app.journal import What
from ari_app.standard import Standard
from tests.wire.callers import has_been_greeted, hears, reaches_an_agent, serves_the_next_caller, told
from tests.wire.conftest import Employ, Worker, whats
from tests.wire.stub import Fault, StubAri, StubChannel

LATER = "2026-11-24T09:00:00.000+0000"
"""Since when another Asterisk runs than the one the stub is."""


async def test_reconnects_after_an_abort_and_serves_the_next_caller(pbx: StubAri, employ: Employ) -> None:
    async with employ() as worker:
        pbx.abort(worker.app)
        await worker.connected(2)
        await serves_the_next_caller(worker)


async def test_live_call_survives_a_reconnect(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    async with employ(spoken=patient) as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        await pbx.bell.until(lambda: not caller.playing)
        pbx.abort(worker.app)
        await worker.connected(2)
        await pbx.bell.until(lambda: pbx.count("GET applications/hotline-1") == 4)  # two looks per connection
        pbx.speak(caller, 900)
        await reaches_an_agent(pbx, caller)
        assert caller.heard == ["greeting", "connecting"]


async def test_call_that_vanished_meanwhile_is_let_go(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    async with employ(spoken=patient) as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        await pbx.bell.until(lambda: not caller.playing)
        pbx.abort(worker.app)
        pbx.hang_up(caller)
        assert (await told(worker, caller))[-1] == What.CALLER_HUNG_UP


async def test_a_caller_whom_another_worker_took_up_meanwhile_has_not_hung_up(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    """The record said so, and a call in the silent ladder counted twice against its caller."""
    async with employ(spoken=patient) as worker:
        caller = await has_been_greeted(pbx)
        pbx.abort(worker.app)
        caller.app = "hotline-other"
        assert What.CALLER_HUNG_UP not in await told(worker, caller)
        assert caller.id in pbx.channels and not caller.hung_up_by


async def told_when_both_are_gone(worker: Worker, caller: StubChannel, pbx_started: str | None) -> list[Any]:
    """The connection breaks, and when it is there again the caller is not; since when Asterisk then says it runs."""
    worker.pbx.started = pbx_started
    worker.pbx.abort(worker.app)
    worker.pbx.hang_up(caller)
    return await told(worker, caller)


async def test_a_caller_who_is_gone_with_asterisk_has_not_hung_up(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    """The record once blamed the caller for a restart of the PBX."""
    async with employ(spoken=patient) as worker:
        caller = await has_been_greeted(pbx)
        assert (await told_when_both_are_gone(worker, caller, LATER))[-2:] == [What.CALLER_HUNG_UP, What.CUT]
        await serves_the_next_caller(worker)


async def test_a_call_is_told_of_also_when_nobody_learns_whether_asterisk_was_another(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    """An answer nobody understands once cost the record, and a place at the station for ever."""
    async with employ(spoken=patient) as worker:
        caller = await has_been_greeted(pbx)
        assert (await told_when_both_are_gone(worker, caller, None))[-1] == What.CALLER_HUNG_UP
        await serves_the_next_caller(worker)


async def test_who_could_not_be_handed_to_the_queue_since_asterisk_stayed_away_was_not_rescued(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    async with employ(spoken=patient) as worker:
        caller = await has_been_greeted(pbx)
        pbx.refuse = 503
        pbx.faults.append(Fault(".*", 503, times=100))
        pbx.abort(worker.app)
        await worker.stop()
        assert whats(worker.journals[caller.id])[-2:] == [What.RESCUED, What.CUT]


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_not_to_know_who_is_ours_is_not_to_have_nobody(
    pbx: StubAri, employ: Employ, patient: Standard, status: int
) -> None:
    """A refused look at the application once made every live call a departed one: in Stasis, attended by nobody."""
    async with employ(spoken=patient) as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        await pbx.bell.until(lambda: pbx.count("GET applications/hotline-1") == 2)
        pbx.faults.append(Fault("GET applications/hotline-1", status))
        pbx.abort(worker.app)
        await pbx.bell.until(lambda: pbx.count("GET applications/hotline-1") == 3)
        await worker.connected(2)
        pbx.speak(caller, 900)
        await reaches_an_agent(pbx, caller)


async def test_a_caller_who_arrives_while_we_look_is_not_taken_for_gone(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    held = asyncio.Event()
    async with employ(spoken=patient) as worker:
        await pbx.bell.until(lambda: pbx.count("GET applications/hotline-1") == 2)
        pbx.faults.append(Fault("GET applications/hotline-1", held=held))  # asked now, told later
        pbx.abort(worker.app)
        await pbx.bell.until(lambda: pbx.count("GET applications/hotline-1") == 3)
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        held.set()
        await pbx.bell.until(lambda: pbx.count("GET applications/hotline-1") == 4)
        await pbx.bell.until(lambda: not caller.playing)
        pbx.speak(caller, 900)
        await reaches_an_agent(pbx, caller)


async def test_a_claim_in_flight_when_the_connection_is_lost_loses_nobody(
    pbx: StubAri, employ: Employ, patient: Standard
) -> None:
    """Asterisk gave us the caller, and the news of it went to a dead socket."""
    pbx.faults.append(Fault("POST events/claim", lost=True))
    async with employ(spoken=patient) as worker:
        caller = pbx.ring()
        await pbx.bell.until(lambda: caller.app)
        pbx.abort(worker.app)
        await hears(pbx, caller, "greeting")


async def test_replaced_worker_stops_and_says_so(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    async with employ(spoken=patient) as worker:
        caller = pbx.ring()
        await hears(pbx, caller, "greeting")
        await pbx.bell.until(lambda: not caller.playing)
        async with employ(spoken=patient):  # the same name
            await asyncio.wait((worker.task,))
            problem = worker.task.exception()
            assert isinstance(problem, PbxRefused) and "another program" in str(problem)
            assert worker.board.wire.state is State.REPLACED
            assert not caller.departed
            await hears(pbx, caller, "greeting", "greeting")  # adopted by the one that took our name
