"""A driver of SQLite that never ends, however often it is cancelled; run as a program, a worker that has it."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Generator
from contextlib import suppress
from typing import NoReturn

import aiosqlite

from ari_app import back_office, cli
from ari_app.records import ledger

ASKED = "the driver is asked for a connection"


class Stubborn:
    """What stands in for `aiosqlite.connect`: it connects until `released`, and does nothing else."""

    def __init__(self) -> None:
        self.asked, self.released = asyncio.Event(), asyncio.Event()

    def __call__(self, *_: object, **__: object) -> Connecting:
        return Connecting(self)


class Connecting:
    """A connection that is never there."""

    def __init__(self, driver: Stubborn) -> None:
        self._driver = driver
        self._thread = threading.Thread()

    def __await__(self) -> Generator[object, None, NoReturn]:
        return self._connect().__await__()

    async def _connect(self) -> NoReturn:
        print(ASKED, file=sys.stderr, flush=True)
        self._driver.asked.set()
        while not self._driver.released.is_set():
            with suppress(asyncio.CancelledError):
                await self._driver.released.wait()
        raise asyncio.CancelledError  # as it was told


if __name__ == "__main__":
    aiosqlite.connect = Stubborn()  # type: ignore[assignment]
    back_office.CLOSES_WITHIN = ledger.LAST_TRY = 0.1
    cli.GONE_WITHIN = 0.5
    cli.main()
