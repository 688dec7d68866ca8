"""An Asterisk made of paper: ARI over HTTP and WebSocket, in process, and every way it can go wrong.

Rule 1: what the real one does (asterisk-notes C) is modelled: the event filter holds back RESTResponse too; one
        request at a time per WebSocket; a playback makes `answer`, variables, `move` wait; what nobody hears is lost.
Rule 2: it waits for events, never for time; a fault happens because a test planned it.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import WSMsgType, web

USER, PASSWORD = "hotline", "secret"
PATIENCE = 10.0
"""Seconds until a test that waits for something gives up."""

Json = dict[str, Any]


class Bell:
    """Rings when something changed; a test waits for what it wants to see, not for time."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def until(self, wanted: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not wanted():
                waiter = asyncio.get_running_loop().create_future()
                self._waiters.add(waiter)
                await waiter


@dataclass
class Fault:
    """What goes wrong with requests such as `POST channels/c1/play`, `times` times."""

    request: str
    status: int | None = None  # answered with this, and not done
    lost: bool = False  # done, and never answered
    held: asyncio.Event | None = None  # done, and answered when the test says so
    times: int = 1


@dataclass
class StubChannel:
    """A caller."""

    id: str
    app: str = ""
    number: str = "100"
    variables: dict[str, str] = field(default_factory=dict)
    playing: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    answered: bool = False
    departed: str = ""
    hung_up_by: str = ""
    music: list[bool] = field(default_factory=list)
    recording: str = ""
    records: bool = False  # now
    rings: str = ""  # the endpoint, when somebody is rung
    quiet: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def idle(self) -> bool:
        """Nothing is played to the caller and nothing recorded: commands are carried out at once."""
        return not self.playing and not self.records

    def snapshot(self) -> Json:
        return {
            "id": self.id,
            "name": f"PJSIP/trunk-{self.id}",
            "state": "Up" if self.answered else "Ring",
            "protocol_id": "",
            "caller": {"name": "", "number": self.number},
            "connected": {"name": "", "number": ""},
            "accountcode": "",
            "dialplan": {"context": "hotline", "exten": "4000", "priority": 1, "app_name": "Stasis", "app_data": ""},
            "creationtime": "2026-01-01T00:00:00.000+0000",
            "language": "en",
        }


@dataclass
class StubApp:
    """A program connected under a name, or one that was."""

    name: str
    socket: web.WebSocketResponse | None = None
    outgoing: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    allowed: frozenset[str] | None = None
    frozen: bool = False
    connections: int = 0


class StubAri:
    """The stub. `ring` a caller, let things go wrong, look at `requests` and `channels`."""

    def __init__(self) -> None:
        self.url = ""
        self.bell = Bell()
        self.apps: dict[str, StubApp] = {}
        self.channels: dict[str, StubChannel] = {}
        self.requests: list[str] = []
        self.stalled: list[str] = []
        self.faults: list[Fault] = []
        self.knocks = 0
        self.refuse = 0  # HTTP status for a WebSocket handshake; 0: welcome
        self.hears = True  # whether TALK_DETECT is there
        self.started: str | None = "2026-11-24T08:00:00.000+0000"  # None: it says something else
        self.bridges: dict[str, list[str]] = {}
        self.missing: set[str] = set()  # DIALPLAN_EXISTS(…) of what the dialplan lacks
        self.prompt_seconds: float | None = 0.02  # None: no prompt ever ends
        self.prompt_state = "done"
        self.echoes = 1  # how often each event is sent
        self._held: list[tuple[StubApp, Json]] | None = None
        self._ids = itertools.count(1)
        self._background: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------------ the server

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[StubAri]:
        site = web.Application()
        site.router.add_get("/ari/events", self._open)
        site.router.add_route("*", "/ari/{rest:.*}", self._http)
        runner = web.AppRunner(site, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ari"
        try:
            yield self
        finally:
            for app in self.apps.values():
                self.abort(app.name)
            for task in self._background:
                task.cancel()
            await asyncio.gather(*self._background, return_exceptions=True)
            await runner.cleanup()

    async def _open(self, request: web.Request) -> web.StreamResponse:
        self.knocks += 1
        self.bell.ring()
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return web.Response(status=401)
        if self.refuse:
            return web.Response(status=self.refuse)
        socket = web.WebSocketResponse(autoping=False, autoclose=False)
        await socket.prepare(request)
        app = self.apps.setdefault(request.query["app"], StubApp(request.query["app"]))
        if app.socket is not None:
            self.emit(app.name, {"type": "ApplicationReplaced"})
        app.socket, app.outgoing, app.allowed, app.frozen = socket, asyncio.Queue(), None, False
        app.connections += 1
        writer = asyncio.create_task(self._write(socket, app.outgoing))
        self.bell.ring()
        try:
            await self._read(socket, app)
        finally:
            writer.cancel()
            if app.socket is socket:
                app.socket = None
            self.bell.ring()
        return socket

    async def _write(self, socket: web.WebSocketResponse, outgoing: asyncio.Queue[str | None]) -> None:
        while (message := await outgoing.get()) is not None:
            if not socket.closed:
                await socket.send_str(message)

    async def _read(self, socket: web.WebSocketResponse, app: StubApp) -> None:
        async for message in socket:
            if app.frozen:
                continue
            if message.type is WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type is WSMsgType.CLOSE:
                await socket.close()
            elif message.type is WSMsgType.TEXT:
                asked: Json = json.loads(message.data)
                query = {q["name"]: q["value"] for q in asked.get("query_strings", [])}
                body = json.loads(asked.get("message_body") or "{}")
                status, answer = await self._ask(asked["method"], asked["uri"], query, body, over_socket=True)
                if status:
                    self._answer(app, asked["request_id"], status, answer)

    def _answer(self, app: StubApp, request_id: str, status: int, answer: object) -> None:
        response = {
            "type": "RESTResponse",
            "request_id": request_id,
            "status_code": status,
            "reason_phrase": "",
            "uri": "",
            "headers": [],
            "message_body": "" if answer is None else json.dumps(answer),
        }
        if app.allowed is None or "RESTResponse" in app.allowed:
            app.outgoing.put_nowait(json.dumps(response))

    async def _http(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else {}
        uri = request.rel_url.raw_path.removeprefix("/ari/")
        status, answer = await self._ask(request.method, uri, dict(request.query), body, over_socket=False)
        if not status:
            await asyncio.Event().wait()
        return web.Response(status=status, text="" if answer is None else json.dumps(answer))

    async def _ask(
        self, method: str, uri: str, query: dict[str, str], body: Json, over_socket: bool
    ) -> tuple[int, object]:
        """One request, with what is planned to go wrong; status 0: never answered."""
        said = f"{method} {uri}"
        self.requests.append(said)
        self.bell.ring()
        fault = next((f for f in self.faults if f.times and re.fullmatch(f.request, said)), None)
        if fault is not None:
            fault.times -= 1
            if fault.status is not None:
                return fault.status, {"message": "Channel not found" if fault.status == 404 else "as planned"}
        status, answer = await self._do(method, [unquote(part) for part in uri.split("/")], query, body, over_socket)
        if fault is not None and fault.held is not None:
            await fault.held.wait()
        self.bell.ring()
        return (0, None) if fault is not None and fault.lost else (status, answer)

    # ------------------------------------------------------------------ what ARI does

    async def _do(
        self, method: str, parts: list[str], query: dict[str, str], body: Json, over_socket: bool
    ) -> tuple[int, object]:
        match method, *parts:
            case "PUT", "applications", app, "eventFilter":
                self.apps[app].allowed = frozenset(kind["type"] for kind in body["allowed"])
                return 200, self._application(app)
            case "GET", "applications":
                return 200, [self._application(app) for app in self.apps]
            case "GET", "applications", app:
                return (200, self._application(app)) if app in self.apps else (404, None)
            case "GET", "asterisk", "modules", _:
                return 200, {"status": "Running" if self.hears else "Not Running"}
            case "GET", "asterisk", "info":
                return 200, {"status": {"startup_time": self.started}} if self.started else {}
            case "POST", "events", "claim":
                return self._claim(query["channelId"], query["application"]), None
            case "POST", "events", "user", name:
                userevent = {"eventname": name, **body.get("variables", {})}
                self.emit(query["application"], {"type": "ChannelUserevent", "eventname": name, "userevent": userevent})
                return 204, None
            case "POST", "channels", channel_id:
                return self._originate(channel_id, query, body)
            case _, "bridges", bridge, *rest:
                return self._bridge(method, bridge, rest, query)
            case "DELETE", "playbacks", playback:
                return self._finish(playback, "done"), None
            case "GET", "recordings", "live", recording:
                made = any(c.records and c.recording == recording for c in self.channels.values())
                return (200, {"name": recording, "state": "recording"}) if made else (404, {"message": "Not found"})
            case "POST", "recordings", "live", recording, "stop":
                speakers = [c for c in self.channels.values() if c.records and c.recording == recording]
                for speaker in speakers:
                    self.said_enough(speaker)
                return (204, None) if speakers else (404, {"message": "Recording not found"})
            case _, "channels", channel_id, *rest:
                channel = self.channels.get(channel_id)
                if channel is None:
                    return 404, {"message": "Channel not found"}
                return await self._do_channel(channel, method, rest, query, body, over_socket)
        return 404, {"message": "Invalid URI"}

    async def _do_channel(
        self,
        channel: StubChannel,
        method: str,
        rest: list[str],
        query: dict[str, str],
        body: Json,
        over_socket: bool,
    ) -> tuple[int, object]:
        match method, *rest:
            case ("GET",):
                return 200, channel.snapshot()
            case ("DELETE",):
                self.hang_up(channel, "us")
                return 204, None
            case "GET", "variable":
                return self._variable(channel, query["variable"])
        if not channel.app:
            return 409, {"message": "Channel not in Stasis application"}
        if rest[0] in ("answer", "variables", "move") and not channel.idle:
            if over_socket:
                self.stalled.append(rest[0])
            await channel.quiet.wait()
        match method, *rest:
            case "POST", "answer":
                channel.answered = True
            case "POST", "variables":
                channel.variables.update(body["variables"])
            case "POST", "play", playback:
                return self._play(channel, playback, query["media"])
            case "POST" | "DELETE", "moh":
                channel.music.append(method == "POST")
            case "POST", "record":
                channel.recording, channel.records = query["name"], True
                channel.quiet.clear()
                return 201, {"name": query["name"], "state": "queued"}
            case "POST", "continue":
                self._soon(self._continue(channel, f"{query['context']},{query['extension']}"))
            case "POST", "move":
                if self.apps[query["app"]].socket is None:
                    return 404, {"message": "Application not found"}
                self.enter(channel, query["app"], query.get("appArgs", "").split(","))
            case _:
                return 404, {"message": "Invalid URI"}
        return 204, None

    def _originate(self, channel_id: str, query: dict[str, str], body: Json) -> tuple[int, object]:
        """Somebody is rung, and answers or not when the test says so."""
        rung = self.arrives(channel_id, rings=query["endpoint"], app=query["app"], variables=dict(body["variables"]))
        self.bell.ring()
        return 200, rung.snapshot()

    def _bridge(self, method: str, bridge: str, rest: list[str], query: dict[str, str]) -> tuple[int, object]:
        match method, *rest:
            case ("POST",):
                self.bridges[bridge] = []
            case "POST", "addChannel" if query["channel"] not in self.channels:
                return 400, {"message": "Channel not found"}
            case "POST", "addChannel":
                self.bridges[bridge].append(query["channel"])
            case ("GET",) if bridge in self.bridges:
                return 200, {"id": bridge, "channels": [c for c in self.bridges[bridge] if c in self.channels]}
            case ("DELETE",) if self.bridges.pop(bridge, None) is not None:
                return 204, None
            case _:
                return 404, {"message": "Bridge not found"}
        return 204, None

    def _application(self, app: str) -> Json:
        return {"name": app, "channel_ids": [c.id for c in self.channels.values() if c.app == app]}

    def _claim(self, channel_id: str, app: str) -> int:
        channel = self.channels.get(channel_id)
        if channel is None:
            return 404
        if channel.app:
            return 409
        channel.app = app
        asyncio.get_running_loop().call_soon(self.enter, channel, app, ["incoming"])
        return 204

    def _variable(self, channel: StubChannel, name: str) -> tuple[int, object]:
        if name.startswith("DIALPLAN_EXISTS"):
            return 200, {"value": "0" if name in self.missing else "1"}
        if name not in channel.variables:
            return 404, {"message": "Provided variable was not found"}
        return 200, {"value": channel.variables[name]}

    def _play(self, channel: StubChannel, playback: str, media: str) -> tuple[int, object]:
        channel.playing.append(playback)
        channel.quiet.clear()
        channel.heard.append(media.rpartition("/")[2])
        if self.prompt_seconds is not None:
            asyncio.get_running_loop().call_later(self.prompt_seconds, self._finish, playback, self.prompt_state)
        return 201, {"id": playback, "state": "queued"}

    def _finish(self, playback: str, state: str) -> int:
        channel = next((c for c in self.channels.values() if playback in c.playing), None)
        if channel is None:
            return 404
        channel.playing.remove(playback)
        if channel.idle:
            channel.quiet.set()
        self.emit(channel.app, {"type": "PlaybackFinished", "playback": {"id": playback, "state": state}})
        return 204

    async def _continue(self, channel: StubChannel, where: str) -> None:
        if not channel.idle:
            await channel.quiet.wait()
        if channel.app and channel.id in self.channels:
            self.leave(channel)
            channel.departed = where
            self.bell.ring()

    def _soon(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # ------------------------------------------------------------------ what callers and agents do

    def ring(self, channel_id: str = "") -> StubChannel:
        """A caller rings; every connected worker is offered the call."""
        channel = self.arrives(channel_id)
        for app in self.apps:
            self.emit(app, {"type": "CallBroadcast", "channel": channel.snapshot(), "application": app})
        return channel

    def arrives(self, channel_id: str = "", **facts: Any) -> StubChannel:
        """A channel exists; nobody is told."""
        channel = StubChannel(channel_id or f"1.{next(self._ids)}", **facts)
        self.channels[channel.id] = channel
        return channel

    def enter(self, channel: StubChannel, app: str, args: list[str]) -> None:
        """The dialplan gives a caller to an application."""
        if channel.app and channel.app != app:
            self.emit(channel.app, {"type": "StasisEnd", "channel": channel.snapshot()})
        channel.app = app
        self.emit(app, {"type": "StasisStart", "args": args, "channel": channel.snapshot()})

    def leave(self, channel: StubChannel) -> None:
        """The caller goes on in the dialplan."""
        app, channel.app = channel.app, ""
        self.emit(app, {"type": "StasisEnd", "channel": channel.snapshot()})

    def pick_up(self, channel: StubChannel) -> None:
        """Somebody who is rung answers."""
        channel.answered = True
        self.enter(channel, channel.app, ["rung"])

    def hang_up(self, channel: StubChannel, by: str = "caller", cause: int = 16) -> None:
        channel.hung_up_by = by
        self.channels.pop(channel.id, None)
        for playback in channel.playing:
            self.emit(channel.app, {"type": "PlaybackFinished", "playback": {"id": playback, "state": "failed"}})
        channel.playing.clear()
        if channel.records:
            self.said_enough(channel)
        channel.quiet.set()
        app, channel.app = channel.app, ""
        self.emit(app, {"type": "StasisEnd", "channel": channel.snapshot()})
        self.emit(app, {"type": "ChannelDestroyed", "cause": cause, "channel": channel.snapshot()})

    def press(self, channel: StubChannel, key: str) -> None:
        self.emit(
            channel.app,
            {"type": "ChannelDtmfReceived", "digit": key, "duration_ms": 100, "channel": channel.snapshot()},
        )

    def speak(self, channel: StubChannel, milliseconds: int | None = None) -> None:
        """A sound begins; with a length it ends as well."""
        self.emit(channel.app, {"type": "ChannelTalkingStarted", "channel": channel.snapshot()})
        if milliseconds is not None:
            event = {"type": "ChannelTalkingFinished", "duration": milliseconds, "channel": channel.snapshot()}
            self.emit(channel.app, event)

    def said_enough(self, channel: StubChannel, kept: bool = True) -> None:
        """A message is at its end, and kept or not."""
        channel.records = False
        if channel.idle:
            channel.quiet.set()
        kind = "RecordingFinished" if kept else "RecordingFailed"
        self.emit(channel.app, {"type": kind, "recording": {"name": channel.recording, "state": "done"}})

    # ------------------------------------------------------------------ what goes wrong

    def emit(self, app: str, event: Json) -> None:
        """An event for an application; lost when nobody is connected or the filter holds it back."""
        known = self.apps.get(app)
        if known is None or known.socket is None or known.frozen:
            self.bell.ring()
            return
        event = {"application": app, "timestamp": "2026-01-01T00:00:00.000+0000", **event}
        for _ in range(self.echoes):
            if self._held is not None:
                self._held.append((known, event))
            elif known.allowed is None or event["type"] in known.allowed or event["type"] == "ApplicationReplaced":
                known.outgoing.put_nowait(json.dumps(event))
        self.bell.ring()

    def send_raw(self, app: str, text: str) -> None:
        """Whatever text, whether an event or not."""
        self.apps[app].outgoing.put_nowait(text)

    def send_garbage(self, app: str) -> None:
        """Bytes that are no WebSocket frame."""
        socket = self.apps[app].socket
        if socket is not None and socket._req is not None and socket._req.transport is not None:
            socket._req.transport.write(b"\xff" * 64)

    @contextmanager
    def holding_events(self, backwards: bool = False) -> Iterator[None]:
        """Events are late: they are sent at the end of the block, `backwards` when so told."""
        self._held = []
        yield
        held, self._held = self._held, None
        for app, event in reversed(held) if backwards else held:
            app.outgoing.put_nowait(json.dumps(event))

    def abort(self, app: str) -> None:
        """The TCP connection is reset."""
        socket = self.apps[app].socket
        self.apps[app].socket = None
        if socket is not None and socket._req is not None and socket._req.transport is not None:
            socket._req.transport.abort()

    async def close(self, app: str) -> None:
        """Asterisk closes the WebSocket politely."""
        socket = self.apps[app].socket
        if socket is not None:
            await socket.close()

    def freeze(self, app: str) -> None:
        """The connection is half open: nothing is answered, pings least of all."""
        self.apps[app].frozen = True

    def count(self, request: str) -> int:
        """How often a request such as `POST channels/.*/answer` was made."""
        return sum(1 for said in self.requests if re.fullmatch(request, said))
