"""Virtual time: an event loop whose clock jumps to the next alarm instead of waiting for it.

Rule: no sockets and no threads here; they live in real time and would make a rehearsal lie.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


class StandsStill(RuntimeError):
    """Everything waits and no alarm is set: the rehearsal would never end."""


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for `timeout`, moves the clock on by it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise StandsStill("every task waits for something that will not happen")
        self.now += max(timeout, 0.0)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An asyncio loop in virtual time, starting at 0.0 seconds."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> NoReturn:  # type: ignore[override]
        raise RuntimeError("threads live in real time; a rehearsal has none")

    async def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError("sockets and other programs live in real time; a rehearsal has none")

    create_connection = create_server = create_datagram_endpoint = _refuse
    create_unix_connection = create_unix_server = connect_accepted_socket = _refuse
    sock_connect = sock_accept = sock_recv = sock_recv_into = sock_sendall = _refuse
    subprocess_exec = subprocess_shell = connect_read_pipe = connect_write_pipe = _refuse


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` in virtual time; returns in milliseconds whatever it waits for."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
