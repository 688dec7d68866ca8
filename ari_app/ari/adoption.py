"""Whose callers are whose: what we missed, whom nobody attends, who is dead.

Rule 1: Asterisk is the arbiter: a caller is ours when its list of our application says so.
Rule 2: nobody waits in silence: a listed caller whom nobody attends at two looks is adopted, and at the second
adoption goes to the queue.
Rule 3: not to know is not the same as none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Set
from typing import Any
from urllib.parse import quote

import msgspec

from ari_app.ari.channel import left_on, listed, rescue, stop_adopted
from ari_app.ari.dialler import FAMILY, looked_after
from ari_app.ari.events import ChannelFacts
from ari_app.ari.wire import Wire
from ari_app.call import Door, QueueName
from ari_app.ear import Gone, Inbox

log = logging.getLogger(__name__)

SECOND_LOOK = 0.3
"""Seconds between two looks at a channel that Asterisk calls ours and we do not know: it may just be arriving."""


class Adoption:
    """Takes up callers whom nobody attends."""

    def __init__(
        self,
        wire: Wire,
        queue: QueueName,
        *,
        attended: Callable[[], Set[str]],
        begin: Callable[[ChannelFacts, list[str]], None],
        inbox: Callable[[str], Inbox | None],
        chore: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        """`inbox` is where the call of a channel is told that its caller has left us."""
        self._wire, self._queue = wire, queue
        self._attended, self._begin, self._inbox, self._chore = attended, begin, inbox, chore
        self._unattended: set[str] = set()
        self._adopted: set[str] = set()
        self._moving: set[str] = set()
        self.draining = False

    async def reconcile(self) -> None:
        """After a (re)connection: let go of callers who left meanwhile, adopt those nobody attends."""
        self._unattended.clear()
        known = set(self._attended())
        first = await listed(self._wire)
        self.look_after(first)
        await asyncio.sleep(SECOND_LOOK)
        second = await listed(self._wire)
        for channel_id in known - first - second:
            if (inbox := self._inbox(channel_id)) is not None:
                self._chore(self._part(channel_id, inbox))
        self.look_after(second)

    async def _part(self, channel_id: str, inbox: Inbox) -> None:
        """A caller is not ours any more: they hung up meanwhile, or another worker has taken them up."""
        taken = False
        try:
            taken = (await self._wire.request("GET", f"channels/{quote(channel_id, safe='')}")).ok
        finally:  # whether we learn it or not, they have left
            inbox.put(Gone(taken=taken))

    def look_after(self, ours: Set[str]) -> None:
        """Adopt each caller Asterisk calls ours whom nobody has attended at two looks."""
        unattended = set(ours) - self._attended()
        for channel_id in unattended & self._unattended:
            self._chore(self._adopt(channel_id))
        self._unattended = unattended
        self._adopted &= set(ours)

    async def _adopt(self, channel_id: str) -> None:
        """Take up a caller of our own name whose former worker died."""
        if await looked_after(self._wire, channel_id):
            return
        if channel_id in self._adopted:
            log.error("an adopted call was dropped; its caller goes to the queue")
            await rescue(self._wire, channel_id, self._queue)
            return
        self._adopted.add(channel_id)
        reply = await self._wire.request("GET", f"channels/{quote(channel_id, safe='')}")
        if reply.ok and channel_id not in self._attended():
            self._begin(msgspec.json.decode(reply.body, type=ChannelFacts), [Door.ADOPTED])

    async def adopt_from(self, peer: str, channel_ids: Set[str]) -> None:
        """Take over the callers of another worker, which is dead."""
        for channel_id in channel_ids - self._moving:
            if not channel_id.startswith(FAMILY):
                log.warning("worker %s is dead; adopting a call", peer)
            self._moving.add(channel_id)
            self._chore(self._move_here(channel_id, peer))

    async def _move_here(self, channel_id: str, peer: str) -> None:
        try:
            if await looked_after(self._wire, channel_id):
                return
            if self.draining:  # we stay no longer than the others: straight to the queue
                await rescue(self._wire, channel_id, self._queue, owner=peer)
                return
            left = await left_on(self._wire, channel_id)
            await stop_adopted(self._wire, left)
            where = {"app": self._wire.app, "appArgs": Door.ADOPTED}
            await self._wire.request_aside("POST", f"channels/{quote(channel_id, safe='')}/move", where)
        finally:
            self._moving.discard(channel_id)
