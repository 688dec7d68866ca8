"""The other workers of the same Asterisk: who lives, who is dead, whose callers need adopting.

Rule: Asterisk is the arbiter. Workers greet each other through it once a second; a worker that is listed,
has callers and has not been heard for SILENT_FOR seconds is dead, and the first of the living by name
adopts its callers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from ari_app.ari.events import ChannelUserevent
from ari_app.ari.wire import State, Wire
from ari_app.errors import PbxUnreachable

log = logging.getLogger(__name__)

GREET_EVERY = 1.0
SILENT_FOR = 3.0
SLOW = 1.0
"""Seconds: when Asterisk takes longer to list the workers, it was too busy to pass their greetings on."""
GREETING = "hotline-alive"
FAMILY = "hotline-"

Adopt = Callable[[str, set[str]], Awaitable[None]]


class Peers:
    """What this worker knows of the others."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._heard: dict[str, float] = {}
        self._known_since: dict[str, float] = {}
        self._greet_every = GREET_EVERY
        self._woken = asyncio.Event()

    def connected(self) -> None:
        """What we missed while disconnected says nothing about the others: listen anew."""
        self._forget()
        self._woken.set()

    def _forget(self) -> None:
        self._heard.clear()
        self._known_since.clear()

    def heard(self, event: ChannelUserevent) -> None:
        """A greeting arrived."""
        worker = event.userevent.get("worker")
        if event.eventname == GREETING and isinstance(worker, str):
            self._heard[worker] = asyncio.get_running_loop().time()

    async def watch(self, own: Callable[[set[str]], None], adopt: Adopt) -> None:
        """Greet and look around until cancelled.

        Calls `own(channel ids)` with what Asterisk calls ours, and `adopt(app, channel ids)` for a dead
        worker's callers.
        """
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._greet_every):
                    await self._woken.wait()  # just connected: the others must know at once that we live
            self._woken.clear()
            if self._wire.state is not State.READY:
                continue
            try:
                await self._look_around(own, adopt)
            except PbxUnreachable as problem:
                self._forget()
                log.warning("%s", problem)
            except Exception:
                log.exception("looking after the other workers failed")

    async def _look_around(self, own: Callable[[set[str]], None], adopt: Adopt) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        reply = await self._wire.request("GET", "applications")
        if not reply.ok:
            return
        callers = {a["name"]: set(a["channel_ids"]) for a in reply.json() if a["name"].startswith(FAMILY)}
        own(callers.pop(self._wire.app, set()))
        now = loop.time()
        if now - began > SLOW:  # Asterisk, or this machine, stood still: nobody's silence means anything
            self._forget()
        for peer in set(self._known_since) - set(callers):
            del self._known_since[peer]
            self._heard.pop(peer, None)
        for peer in callers:
            self._known_since.setdefault(peer, now)
            await self._wire.request(
                "POST",
                f"events/user/{GREETING}",
                {"application": peer},
                {"variables": {"worker": self._wire.app}},
            )
        living = {self._wire.app} | {p for p in callers if self._last_sign(p) > now - SILENT_FOR}
        for peer in sorted(set(callers) - living):
            if callers[peer] and min(living) == self._wire.app:
                await adopt(peer, callers[peer])

    def _last_sign(self, peer: str) -> float:
        return max(self._heard.get(peer, 0.0), self._known_since[peer])
