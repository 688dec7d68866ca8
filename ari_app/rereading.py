"""A file read again while callers are on the line: for new calls, and for nobody's wait.

Rule: what was in force stays in force until the new is whole; a broken file is refused, and the log says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from ari_app.errors import HotlineError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Rereading(Generic[T]):
    """Reads in a thread: no caller on the line waits for a file.

    One reading at a time; asked meanwhile, it reads once more, for the file may have changed since. `take` puts the
    new in force and says what it is; `stays` is what the log says of the old.
    """

    def __init__(self, load: Callable[[], T], take: Callable[[T], str], stays: str) -> None:
        self._load, self._take, self._stays = load, take, stays
        self._reading: asyncio.Task[None] | None = None
        self._asked = False

    def begin(self) -> None:
        """Returns at once."""
        self._asked = True
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(), name="reading again")

    async def _read(self) -> None:
        while self._asked:
            self._asked = False
            try:
                new = self._take(await asyncio.to_thread(self._load))
            except HotlineError as problem:
                log.error("not reloaded, %s: %s", self._stays, problem)
            except Exception:
                log.exception("not reloaded, %s", self._stays)
            else:
                log.info("reloaded %s", new)
