"""Which Asterisk serves us: one that went away and is back is another, and has none of our callers.

Rule 1: who is gone after the connection was lost has perhaps not hung up: Asterisk is asked since when it runs.
Rule 2: who ended while the connection stood costs no question.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ari_app.ari.wire import State, Wire
from ari_app.errors import PbxUnreachable
from ari_app.journal import What


@dataclass(frozen=True, slots=True)
class Era:
    """Under which connection a call began, and under which Asterisk: the moment it started, "" when not known."""

    connection: int
    since: str


class Eras:
    """What one worker knows of its Asterisk."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._known = Era(0, "")

    @property
    def now(self) -> Era:
        """What has not been told yet under this connection is not known."""
        connection = self._wire.connections
        return self._known if self._known.connection == connection else Era(connection, "")

    async def begin(self) -> None:
        """There is a connection (again). Raises PbxUnreachable."""
        connection = self._wire.connections
        self._known = Era(connection, await self._since())

    async def cut(self, began: Era, ended: str) -> bool:
        """Whether a call of that era, which ended so, was cut off by an Asterisk that went away."""
        if ended not in (What.CALLER_HUNG_UP, What.RESCUED):
            return False
        if began.connection == self._wire.connections and self._wire.state is State.READY:
            return False
        try:
            return await self._since() != began.since != ""
        except PbxUnreachable:
            return ended == What.RESCUED  # it is still away, and nobody was handed to its queue

    async def _since(self) -> str:
        reply = await self._wire.request_aside("GET", "asterisk/info", {"only": "status"})
        if not reply.ok:
            raise PbxUnreachable(f"Asterisk does not say since when it runs ({reply.status})")
        try:
            return str(reply.json()["status"]["startup_time"])
        except (msgspec.MsgspecError, LookupError, TypeError):
            raise PbxUnreachable("Asterisk does not say since when it runs: it answers something else") from None
