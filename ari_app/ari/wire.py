"""The connection to ARI: one events WebSocket, REST over it, and a small HTTP pool.

Rule 1: the reader only decodes and hands on; it never awaits and never runs a procedure.
Rule 2: REST goes over the WebSocket, where Asterisk serves one request at a time; what may wait behind a
        running playback (a call we did not start the playback of) goes over HTTP. docs/decisions/0002.
Rule 3: every way out of the reading loop is a disconnect; only `ApplicationReplaced` is final.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import logging
import random
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import aiohttp
import msgspec
from picows import (
    WSAutoPingStrategy,
    WSCloseCode,
    WSError,
    WSInvalidStatusError,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from ari_app.ari import events
from ari_app.ari.events import ApplicationReplaced, Event, Query, RESTRequest, RESTResponse
from ari_app.ari.refusal import in_short, refusal, unanswered
from ari_app.ari.socket import Socket
from ari_app.config import AriSettings
from ari_app.errors import NameTaken, PbxRefused, PbxUnreachable

log = logging.getLogger(__name__)

PING_EVERY = 4.0
"""Seconds between pings; with as long a wait for the pong a dead connection is noticed within 8 s."""
CONNECT_WITHIN = 5.0
"""Seconds for TCP and the WebSocket handshake: a silent network must not keep us waiting for minutes."""
STABLE_AFTER = 10.0
"""Seconds a connection must last before the next back-off starts from the beginning."""
BACK_OFF = (0.1, 4.0)
"""First and longest pause between attempts, seconds; each is drawn between half and the whole of it."""
BOOTS_WITHIN = 30.0
"""Seconds in which an Asterisk that was not there a moment ago is not believed that it has no ARI: it opens its web
server long before its modules, and answers 404 to everything meanwhile."""
ANSWER_WITHIN = 5.0
"""Seconds Asterisk has to answer a request, waiting for a reconnection included."""
HTTP_POOL = 16
KEEP_ALIVE = 10.0
"""Seconds; Asterisk closes idle connections after 15."""


class State(Enum):
    """Where the connection is in its life."""

    CONNECTING = "connecting"
    READY = "ready"
    RECONNECTING = "reconnecting"
    REPLACED = "replaced"
    CLOSED = "closed"


class Reply(msgspec.Struct, frozen=True):
    """What Asterisk answered: an HTTP status and a JSON body."""

    status: int
    body: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The channel left (404, by name), or is not ours any more (409). Any other refusal is no departure."""
        return self.status == 409 or (self.status == 404 and "channel" in self.body.lower())

    def json(self) -> Any:
        return msgspec.json.decode(self.body) if self.body else None


class Wire:
    """One worker's connection to one Asterisk."""

    def __init__(self, settings: AriSettings, app: str, deliver: Callable[[Event], None]) -> None:
        self.app = app
        self.state = State.CONNECTING
        self.connections = 0
        self._settings = settings
        self._deliver = deliver
        self._ids = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._later: set[asyncio.Future[Reply]] = set()  # waiting for a connection
        self._transport: WSTransport | None = None
        self._ready = asyncio.Event()
        self._http: aiohttp.ClientSession | None = None
        self._basic = base64.b64encode(f"{settings.user}:{settings.password.get_secret_value()}".encode()).decode()

    # ------------------------------------------------------------------ living and dying

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Keep the connection up until cancelled; `on_ready` is called after every (re)connection.

        Raises PbxRefused when Asterisk refuses us before it ever served us and is not just booting, or when another
        program took our name (`state` is REPLACED then).
        """
        attempt, first, booting_until = 0, True, 0.0
        loop = asyncio.get_running_loop()
        try:
            while True:
                since = loop.time()
                try:
                    await self._serve(on_ready)
                    first = False
                except PbxRefused as problem:
                    if (first and since >= booting_until) or self.state is State.REPLACED:
                        raise
                    log.error("%s; trying again", problem)
                except PbxUnreachable as problem:
                    log.warning("%s; trying again", problem)
                    booting_until = loop.time() + BOOTS_WITHIN
                if self.state is State.REPLACED:
                    raise NameTaken(f"another program connected to Asterisk as {self.app!r}; this one stops")
                self.state = State.CONNECTING if first else State.RECONNECTING
                attempt = 0 if loop.time() - since > STABLE_AFTER else attempt + 1
                await asyncio.sleep(pause_before(attempt))
        finally:
            self.state = State.CLOSED if self.state is not State.REPLACED else self.state

    async def close(self) -> None:
        """Nothing more will be asked; callers have been looked after."""
        for later in tuple(self._later):  # who asked is gone, and nobody waits for the answer
            later.cancel()
        if self._later:
            await asyncio.wait(tuple(self._later))
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _serve(self, on_ready: Callable[[], None]) -> None:
        """One connection, from handshake to its end."""
        url = self._events_url()
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                transport, _ = await ws_connect(
                    lambda: Socket(self._receive, self._lost),
                    url,
                    extra_headers={"Authorization": f"Basic {self._basic}"},
                    websocket_handshake_timeout=CONNECT_WITHIN,
                    enable_auto_ping=True,
                    auto_ping_strategy=WSAutoPingStrategy.PING_PERIODICALLY,
                    auto_ping_idle_timeout=PING_EVERY,
                    auto_ping_reply_timeout=PING_EVERY,
                    logger_name="hotline",
                )
        except WSInvalidStatusError as problem:
            raise refusal(problem, self._settings) from None
        except (WSError, OSError, TimeoutError) as problem:
            raise unanswered(problem, self._settings) from None
        self._transport = transport
        try:
            await self._filter_events()
            self.state = State.READY
            self.connections += 1
            self._ready.set()
            on_ready()
            await transport.wait_disconnected()
        except WSError as problem:  # what arrived is not WebSocket any more
            raise PbxUnreachable(f"the connection to Asterisk broke: {in_short(problem)}") from None
        finally:
            self._lost(transport)
            self._transport = None
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        log.warning("connection to Asterisk lost")

    def _lost(self, transport: WSTransport) -> None:
        """Nobody waits for an answer that cannot come, the event filter's included."""
        if transport is not self._transport:
            return
        self._ready.clear()
        for answer in tuple(self._waiting.values()):
            if not answer.done():
                answer.set_exception(PbxUnreachable("the connection to Asterisk was lost before it answered"))

    async def _filter_events(self) -> None:
        body = msgspec.json.encode({"allowed": [{"type": kind} for kind in events.EVENT_TYPES]})
        reply = await self._answer(self._send("PUT", f"applications/{quote(self.app)}/eventFilter", None, body))
        if not reply.ok:
            raise PbxRefused(
                f"Asterisk refuses the event filter ({reply.status}); is ARI user {self._settings.user!r} read-only? "
                "set read_only=no in ari.conf"
            )

    # ------------------------------------------------------------------ asking

    async def request(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Reply:
        """Ask over the WebSocket. For requests that cannot wait behind a playback.

        Raises PbxUnreachable when no answer came within ANSWER_WITHIN: then nobody knows whether it was done.
        """
        return await self.ask(method, uri, query, body)

    def ask(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> asyncio.Future[Reply]:
        """The same, sent now and awaited later: requests are served in the order they were sent."""
        encoded = None if body is None else msgspec.json.encode(body)
        if self._ready.is_set():
            return self._answer(self._send(method, uri, query, encoded))
        later = asyncio.ensure_future(self._ask_when_ready(method, uri, query, encoded))
        self._later.add(later)
        later.add_done_callback(self._later.discard)
        later.add_done_callback(_seen)
        return later

    async def request_aside(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Reply:
        """Ask over HTTP: what may take long there makes nobody else wait. Raises PbxUnreachable."""
        if self._http is None:
            self._http = aiohttp.ClientSession(
                headers={"Authorization": f"Basic {self._basic}"},
                connector=aiohttp.TCPConnector(limit=HTTP_POOL, keepalive_timeout=KEEP_ALIVE),
                timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN),
            )
        url = f"{str(self._settings.url).rstrip('/')}/{uri}"
        try:
            async with self._http.request(method, url, params=query, json=body) as response:
                return Reply(response.status, await response.text())
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise unanswered(problem, self._settings) from None

    async def _ask_when_ready(
        self, method: str, uri: str, query: Mapping[str, str] | None, body: bytes | None
    ) -> Reply:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._ready.wait()
                return await self._answer(self._send(method, uri, query, body))
        except TimeoutError:
            raise PbxUnreachable("Asterisk did not come back in time") from None

    def _send(
        self, method: str, uri: str, query: Mapping[str, str] | None, body: bytes | None
    ) -> tuple[str, asyncio.Future[Reply]]:
        request_id = str(next(self._ids))
        message = RESTRequest(
            request_id=request_id,
            method=method,
            uri=uri,
            query_strings=[Query(k, v) for k, v in query.items()] if query else msgspec.UNSET,
            content_type=msgspec.UNSET if body is None else "application/json",
            message_body=msgspec.UNSET if body is None else body.decode(),
        )
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_disconnected:
            answer.set_exception(PbxUnreachable("not connected to Asterisk"))
            return request_id, answer
        self._waiting[request_id] = answer
        self._transport.send(WSMsgType.TEXT, events.encode(message))
        return request_id, answer

    def _answer(self, sent: tuple[str, asyncio.Future[Reply]]) -> asyncio.Future[Reply]:
        request_id, answer = sent
        alarm = asyncio.get_running_loop().call_later(ANSWER_WITHIN, _give_up, answer)

        def forget(done: asyncio.Future[Reply]) -> None:
            alarm.cancel()
            self._waiting.pop(request_id, None)
            _seen(done)

        answer.add_done_callback(forget)
        return answer

    # ------------------------------------------------------------------ hearing

    def _receive(self, message: bytes) -> None:
        try:
            event = events.decode(message)
        except events.Unreadable:  # its text may be a caller's: only its length is told
            log.warning("a message of Asterisk (%d bytes) could not be read", len(message))
            return
        match event:
            case None:
                return
            case RESTResponse():
                answer = self._waiting.pop(event.request_id, None)
                if answer is not None and not answer.done():
                    answer.set_result(Reply(event.status_code, event.message_body))
            case ApplicationReplaced():
                self.state = State.REPLACED
                if self._transport is not None:
                    self._transport.disconnect()
            case _:
                try:
                    self._deliver(event)
                except Exception:  # one event that we stumble over must not cost every caller the connection
                    log.exception("an event of Asterisk could not be delivered")

    def _events_url(self) -> str:
        parts = urlsplit(str(self._settings.url))
        query = urlencode({"app": self.app, "subscribeAll": "false"})
        scheme = {"http": "ws", "https": "wss"}[parts.scheme]
        return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/events", query, ""))


def pause_before(attempt: int) -> float:
    """Seconds to wait before the next attempt to connect; longer each time, and drawn, lest workers knock together."""
    longest = min(BACK_OFF[1], BACK_OFF[0] * 2 ** min(attempt, 30))
    return random.uniform(longest / 2, longest)


def _give_up(answer: asyncio.Future[Reply]) -> None:
    if not answer.done():
        answer.set_exception(PbxUnreachable("Asterisk did not answer in time"))


def _seen(answer: asyncio.Future[Reply]) -> None:
    """Who asked may have left meanwhile; then nobody misses the answer."""
    if not answer.cancelled():
        answer.exception()
