"""A connection to AMI that stays: made again whenever it is lost, with Asterisk's events.

Rule 1: callers do not depend on it. While it is down, a question fails at once with PbxUnreachable.
Rule 2: what happened while it was down is never guessed: after each connection `on_connected` asks for all of it,
and only then is the connection `up`.
Rule 3: events are heard in the order Asterisk sent them, without waiting: nothing is queued, so nothing piles up.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable

from ari_app.ami.client import ANSWER_WITHIN, AmiClient, Fields, OnEvent
from ari_app.config import AmiSettings
from ari_app.errors import PbxRefused, PbxUnreachable

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
"""Seconds before the first and at most before a later attempt; each is shortened by up to a half, by chance."""
STEADY = 10.0
"""Seconds a connection must have lasted for the next pause to be the first one again."""
CONNECT_WITHIN = 3.0
PING_EVERY = 3.0
PING_WITHIN = 3.0
"""A server that hangs is given up after PING_EVERY + PING_WITHIN seconds."""


class AmiConnection:
    """Asterisk's manager, whenever it is there: `task = create_task(connection.run())`."""

    def __init__(
        self,
        settings: AmiSettings,
        on_event: OnEvent,
        on_connected: Callable[[], Awaitable[None]],
        *,
        ping_every: float = PING_EVERY,
        ping_within: float = PING_WITHIN,
        connect_within: float = CONNECT_WITHIN,
    ) -> None:
        self._settings, self._on_event, self._on_connected = settings, on_event, on_connected
        self._ping_every, self._ping_within, self._connect_within = ping_every, ping_within, connect_within
        self._client: AmiClient | None = None
        self._problem = ""
        self.up = asyncio.Event()
        self.connections = 0
        self.lost_at = 0.0
        """When the last connection ended, by the loop's clock."""

    async def run(self) -> None:
        """Stay connected until cancelled. Raises PbxRefused when the first login is refused: the password is wrong.

        A later refusal is tried again: an Asterisk that restarts may not know its users yet.
        """
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._connect_and_serve()
            except PbxRefused as problem:
                if not self.connections:
                    raise
                self._tell(str(problem))
            except PbxUnreachable as problem:
                self._tell(str(problem))
            failures = 0 if time.monotonic() - began > STEADY else failures + 1
            await asyncio.sleep(pause_after(failures))

    async def _connect_and_serve(self) -> None:
        """One connection, from the login to its end, which is always a PbxUnreachable."""
        client = await AmiClient.connect(self._settings, self._connect_within, self._on_event)
        self.connections += 1
        self._client = client
        try:
            await self._ask_for_everything()
            self._problem = ""
            log.info("connected to AMI")
            self.up.set()
            while not await client.ended(self._ping_every):
                await client.ask("Ping", self._ping_within)
            raise PbxUnreachable("AMI closed the connection")
        finally:
            self._client = None
            if self.up.is_set():  # a connection that never told anything has lost nothing
                self.lost_at = asyncio.get_running_loop().time()
            self.up.clear()
            await client.close()

    async def _ask_for_everything(self) -> None:
        """An Asterisk that starts opens AMI before it has loaded its queues: "unknown command", and we come again."""
        try:
            await self._on_connected()
        except PbxRefused as problem:
            raise PbxUnreachable(f"AMI says: {problem} (starting? else see dialplan/manager.conf)") from None

    async def ask(self, action: str, within: float = ANSWER_WITHIN, /, **fields: str) -> list[Fields]:
        """As AmiClient.ask; PbxUnreachable at once while there is no connection."""
        return await self._connected().ask(action, within, **fields)

    async def tell(self, action: str, within: float = ANSWER_WITHIN, /, **fields: str) -> Fields:
        """As AmiClient.tell; PbxUnreachable at once while there is no connection."""
        return await self._connected().tell(action, within, **fields)

    def _connected(self) -> AmiClient:
        if self._client is None:
            raise PbxUnreachable(f"there is no connection to AMI at {self._settings.host}:{self._settings.port}")
        return self._client

    def _tell(self, problem: str) -> None:
        """Each trouble once, not at every attempt."""
        if problem != self._problem:
            log.warning("%s; until then queues and agents are not seen", problem)
        self._problem = problem


def pause_after(failures: int) -> float:
    """Seconds until the next attempt; by chance shorter, so that workers do not come all at once."""
    longest: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures, 10))
    return longest * random.uniform(0.5, 1)
