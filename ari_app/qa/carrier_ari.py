"""The carrier's own small ARI client: REST by HTTP, events to whoever asked for a channel's.

Rule: the only code in QA that knows ARI's paths is `carrier`; the only code that knows its sockets is here.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import Callable, Container, Mapping
from datetime import datetime
from typing import Any

import aiohttp

from ari_app.errors import PbxFailed

Event = Mapping[str, Any]
Hearer = Callable[[Event, float], None]


class CarrierTrouble(PbxFailed):
    """The carrier did not do what was asked of it; the hotline is not to blame."""


def basic(user: str, password: str) -> dict[str, str]:
    """Who we are, as every HTTP request says it."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class CarrierAri:
    """One ARI application on the carrier. Events go to the hearer of their channel, the rest to `unclaimed`."""

    def __init__(self, url: str, user: str, password: str, app: str) -> None:
        self._url, self._app, self._headers = url, app, basic(user, password)
        self._loop = asyncio.get_running_loop()
        self._hearers: dict[str, Hearer] = {}
        self.unclaimed: Hearer = lambda event, at: None

    async def __aenter__(self) -> CarrierAri:
        connector = aiohttp.TCPConnector(limit=64, keepalive_timeout=10)
        timeout = aiohttp.ClientTimeout(total=20)
        self._http = aiohttp.ClientSession(headers=self._headers, connector=connector, timeout=timeout)
        try:
            self._events = await self._connect(within=30.0)
        except BaseException:
            await self._http.close()
            raise
        self._reader = asyncio.create_task(self._read(), name="carrier events")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self._events.close()
        await self._http.close()

    def listen_to(self, channel: str, hearer: Hearer) -> None:
        """Before the channel is made: its events go to the hearer, in order, with the time they happened."""
        self._hearers[channel] = hearer

    def forget(self, channel: str) -> None:
        self._hearers.pop(channel, None)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, /, **query: str | int) -> Any:
        """Do something on the carrier."""
        return await self._ask("POST", path, query, json=body or {})

    async def get(self, path: str, /, **query: str) -> Any:
        return await self._ask("GET", path, query)

    async def delete(self, path: str, /, **query: str) -> None:
        """End something; that it has already ended is what we wanted."""
        await self._ask("DELETE", path, query, fine=(404,))

    async def _ask(
        self, method: str, path: str, query: Mapping[str, str | int], *, fine: Container[int] = (), json: Any = None
    ) -> Any:
        try:
            async with self._http.request(method, f"{self._url}{path}", params=query, json=json) as reply:
                return None if reply.status in fine else await self._told(reply)
        except aiohttp.ClientError as reason:  # it has lost its power, perhaps
            raise CarrierTrouble(f"the carrier's ARI does not answer: {reason}") from None

    async def _told(self, reply: aiohttp.ClientResponse) -> Any:
        if reply.status >= 400:
            what = await reply.text()
            raise CarrierTrouble(f"carrier answered {reply.status} to {reply.method} {reply.url.path}: {what}")
        return await reply.json() if reply.content_type == "application/json" else None

    async def _connect(self, within: float) -> aiohttp.ClientWebSocketResponse:
        """The events socket; a carrier that is still starting is tried again."""
        deadline = self._loop.time() + within
        while True:
            try:
                return await self._http.ws_connect(
                    f"{self._url}/events", params={"app": self._app}, heartbeat=10, max_msg_size=0
                )
            except aiohttp.ClientError as reason:
                if self._loop.time() > deadline:
                    raise CarrierTrouble(f"the carrier's ARI does not answer: {reason}") from None
                await asyncio.sleep(0.1)

    async def _read(self) -> None:
        async for message in self._events:
            if message.type is aiohttp.WSMsgType.TEXT:
                event = message.json()
                at = self._loop.time() - _age(event.get("timestamp"))
                channel = (event.get("channel") or {}).get("id", "")
                self._hearers.get(channel, self.unclaimed)(event, at)


def _age(timestamp: str | None) -> float:
    """Seconds since the event happened, by Asterisk's own stamp (to the millisecond)."""
    if timestamp is None:
        return 0.0
    return min(max(time.time() - datetime.fromisoformat(timestamp).timestamp(), 0.0), 5.0)
