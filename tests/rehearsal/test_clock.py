"""The virtual clock: an hour takes no time, nothing of real time comes in, and nothing stands still for ever."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import pytest

from ari_app.rehearsal import clock
from ari_app.rehearsal.clock import StandsStill, VirtualTimeLoop


def alarm(seconds: float) -> asyncio.Future[None]:
    """Something that happens after so many seconds."""
    loop = asyncio.get_running_loop()
    rung: asyncio.Future[None] = loop.create_future()
    loop.call_later(seconds, rung.set_result, None)
    return rung


def test_a_week_passes_in_no_time_and_to_the_second() -> None:
    async def week() -> float:
        for _ in range(7):
            await alarm(24 * 3600)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert clock.run(week()) == 7 * 24 * 3600
    assert time.monotonic() - began < 5


def test_time_stands_still_while_we_think() -> None:
    async def think() -> float:
        sum(range(100_000))
        await asyncio.gather(*(asyncio.ensure_future(alarm(0)) for _ in range(100)))
        return asyncio.get_running_loop().time()

    assert clock.run(think()) == 0.0


def test_alarms_ring_in_order_and_those_of_one_moment_as_they_were_set() -> None:
    rung: list[str] = []

    async def ring() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(2, rung.append, "third")
        loop.call_later(1, rung.append, "first")
        loop.call_later(1, rung.append, "second")
        await alarm(3)

    clock.run(ring())
    assert rung == ["first", "second", "third"]


def test_a_tenth_ten_times_is_one_second() -> None:
    async def tenths() -> float:
        for _ in range(10):
            await alarm(0.1)
        return asyncio.get_running_loop().time()

    assert clock.run(tenths()) == pytest.approx(1.0, abs=1e-9)


def test_timeouts_are_in_virtual_time() -> None:
    async def wait() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.gather(alarm(4000))
        return asyncio.get_running_loop().time()

    assert clock.run(wait()) == 3600


def test_a_rehearsal_that_would_wait_for_ever_ends_with_a_sentence() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(StandsStill, match="every task waits"):
        clock.run(wait())


def test_a_rehearsal_that_stands_still_lets_go_of_what_it_holds() -> None:
    released: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            released.append("in order")

    with pytest.raises(StandsStill):
        clock.run(wait())
    assert released == ["in order"]


def a_thread() -> Awaitable[object]:
    return asyncio.to_thread(print)


def an_executor() -> Awaitable[object]:
    return asyncio.get_running_loop().run_in_executor(None, print)


def a_name_look_up() -> Awaitable[object]:
    return asyncio.get_running_loop().getaddrinfo("localhost", 80)


def a_connection() -> Awaitable[object]:
    return asyncio.open_connection("127.0.0.1", 9)


def a_server() -> Awaitable[object]:
    return asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)


def a_datagram() -> Awaitable[object]:
    return asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))


def a_unix_socket() -> Awaitable[object]:
    return asyncio.open_unix_connection("/nowhere")


def a_bare_socket() -> Awaitable[object]:
    near, _ = socket.socketpair()
    near.setblocking(False)
    return asyncio.get_running_loop().sock_recv(near, 1)


def another_program() -> Awaitable[object]:
    return asyncio.create_subprocess_exec("true")


def a_shell() -> Awaitable[object]:
    return asyncio.create_subprocess_shell("true")


@pytest.mark.parametrize(
    "real",
    [
        a_thread, an_executor, a_name_look_up, a_connection, a_server, a_datagram, a_unix_socket, a_bare_socket,
        another_program, a_shell,
    ],
)  # fmt: skip
def test_what_lives_in_real_time_is_refused(real: Callable[[], Awaitable[object]]) -> None:
    async def try_it() -> None:
        await real()

    with pytest.raises(RuntimeError, match="real time"):
        clock.run(try_it())


def test_each_rehearsal_begins_at_zero() -> None:
    async def now() -> float:
        at = asyncio.get_running_loop().time()
        assert isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
        await alarm(5)
        return at

    assert (clock.run(now()), clock.run(now())) == (0.0, 0.0)
