"""One Asterisk channel as a `Channel` of a line: what each verb of a call is in ARI.

Rule 1: a 404 naming the channel, or a 409, means that the caller left; it becomes CallerHungUp here. Any other
refusal is trouble, and the caller is rescued.
Rule 2: variables before `play`: while a prompt plays, a channel does nothing else (asterisk-notes 4.1).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Iterator, Mapping
from urllib.parse import quote

from ari_app.ari.wire import Reply, Wire
from ari_app.call import Destination, Prompt, QueueName, ToAgent, ToExtension, ToQueue
from ari_app.ear import TALK_GAP
from ari_app.errors import CallerHungUp, PbxUnreachable
from ari_app.journal import Bookmark
from ari_app.standard import Hearing

QUEUE_CONTEXT = "hotline-queue"
FALLBACK = ("hotline-fallback", "s")
"""Where the dialplan queues a caller whom we could not hand over."""

PLACE, PLAYBACK, LANGUAGE = "HOTLINE_PLACE", "HOTLINE_PLAYBACK", "HOTLINE_LANGUAGE"
RECORDING, FILED, SUSPICION = "HOTLINE_RECORDING", "HOTLINE_FILED", "HOTLINE_SUSPICION"
ROUND, QUEUE, QUEUE_STATUS = "HOTLINE_QUEUE_ROUND", "HOTLINE_QUEUE_NOW", "HOTLINE_QUEUESTATUS"
PRIORITY, AGENT, DIAL_STATUS = "HOTLINE_PRIORITY", "HOTLINE_AGENT_NAME", "HOTLINE_DIALSTATUS"
"""What we leave on the channel, for a worker that adopts the call or gets it back from the queue."""

SPENT = {"TALK_DETECT(remove)": "", PLACE: "", PLAYBACK: "", RECORDING: "", FILED: "", SUSPICION: ""}
"""What a call leaves behind when it leaves us: nobody listens, and it is nowhere."""
RESCUED = "HOTLINE_RESCUED"
"""Tells the dialplan not to offer us again a caller whom we could not serve and no agent took."""

PATIENCE, CLOCK = "HOTLINE_LONGEST", "TIMEOUT(absolute)"
"""How long the dialplan waits for a word from us before it takes the caller to the queue, and the clock it set for that
at the door. Each word of ours sets it anew: it is over only for the caller of an application that died."""

MESSAGE_GAP = 3
"""Seconds of silence that end a caller's message."""
RESCUE_TRIES = 4
RESCUE_PAUSE = 1.0
"""Seconds before the second try; one more before each later one."""


class AriChannel:
    """Asterisk's end of one call."""

    def __init__(self, wire: Wire, channel_id: str, sounds: str, *, offered: bool = True) -> None:
        """`offered`: by the dialplan, which runs a clock over this caller; over whom we ring there is none."""
        self._wire = wire
        self._id = channel_id
        self._connection = wire.connections
        self._uri = f"channels/{quote(channel_id, safe='')}"
        self._sounds = sounds
        self._offered, self._patience = offered, 0.0

    async def answer(self, hearing: Hearing) -> None:
        patience = self._wire.ask("GET", f"{self._uri}/variable", {"variable": PATIENCE}) if self._offered else None
        answered = self._wire.ask("POST", f"{self._uri}/answer")
        listening = self._set({"TALK_DETECT(set)": _detection(hearing)})
        self._connection = self._wire.connections
        _done(await answered)
        _done(await listening)
        if patience is not None:
            self._patience = _seconds(_value(await patience))

    @property
    def blind(self) -> bool:
        """Whether the connection was lost meanwhile: sounds that began then were told to nobody."""
        return self._connection != self._wire.connections

    async def listen_anew(self, hearing: Hearing) -> None:
        """Be told of sounds from now on; nothing may be playing. TALK_DETECT tells changes only, so it is set anew."""
        self._connection = self._wire.connections
        removed = self._set({"TALK_DETECT(remove)": ""})
        listening = self._set({"TALK_DETECT(set)": _detection(hearing)})
        _done(await removed)
        _done(await listening)

    async def verify(self) -> None:
        """Raises CallerHungUp when Asterisk does not call this caller ours any more."""
        if self._id not in await listed(self._wire):
            raise CallerHungUp

    async def start(self, playback: str, prompts: tuple[Prompt, ...], left: Bookmark) -> None:
        suspected = {SUSPICION: left.suspicion} if left.suspicion else {}
        noted = self._set({
            PLACE: str(left.place or ""), FILED: left.filed, PLAYBACK: playback, LANGUAGE: prompts[-1].language,
            **suspected, **self._alive(),
        })  # fmt: skip
        media = ",".join(f"sound:{self._sounds}/{prompt.recording}" for prompt in prompts)
        playing = self._wire.ask("POST", f"{self._uri}/play/{quote(playback, safe='')}", {"media": media})
        _done(await noted)
        _done(await playing)

    async def stop(self, playback: str) -> None:
        reply = await self._wire.request("DELETE", f"playbacks/{quote(playback, safe='')}")
        if not reply.ok and reply.status != 404:  # it was over already
            raise PbxUnreachable(f"Asterisk could not stop a prompt ({reply.status})")

    async def stay(self, seconds: float) -> None:
        if alive := self._alive(seconds):
            _done(await self._set(alive))

    async def music(self, on: bool) -> None:
        _done(await self._wire.request("POST" if on else "DELETE", f"{self._uri}/moh"))

    async def record(self, recording: str, longest: float) -> None:
        # No beep of Asterisk's own: where it has no such sound, it records nothing and says that it is done.
        how = {
            "name": recording, "format": "wav", "maxDurationSeconds": str(math.ceil(longest)),
            "maxSilenceSeconds": str(MESSAGE_GAP), "terminateOn": "#",
        }  # fmt: skip
        # Whoever takes the caller up must be able to end it.
        noted = self._set({RECORDING: recording, **self._alive(longest)})
        recording_on = self._wire.ask("POST", f"{self._uri}/record", how)
        _done(await noted)
        try:
            _done(await recording_on)
        except PbxUnreachable:  # perhaps it runs, and everything else would wait behind it
            await stop_adopted(self._wire, {PLAYBACK: "", RECORDING: recording})
            raise

    async def records(self, recording: str) -> bool:
        return (await self._wire.request("GET", f"recordings/live/{quote(recording, safe='')}")).status != 404

    async def depart(self, to: Destination, briefing: Mapping[str, str]) -> None:
        where, urgent = _door(to)
        exists = await self._wire.request("GET", f"{self._uri}/variable", {"variable": _exists(where)})
        noted = self._set({
            **SPENT, RESCUED: "", ROUND: briefing["round"], PRIORITY: "10" if urgent else "",
            "HOTLINE_HEARD": briefing["heard"], "HOTLINE_WAITED": briefing["waited"], "HOTLINE_STEP": briefing["step"],
            "HOTLINE_LATE": briefing["late"],
        })  # fmt: skip
        left = self._wire.ask("POST", f"{self._uri}/continue", _way_out(where, exists))
        _done(await noted)
        _done(await left)

    async def hang_up(self) -> None:
        _done(await self._wire.request("DELETE", self._uri, {"reason": "normal"}))

    async def refuse(self) -> None:
        _done(await self._wire.request("DELETE", self._uri, {"reason": "busy"}))

    def _alive(self, more: float = 0.0) -> dict[str, str]:
        """The dialplan's clock begins anew, with so many seconds `more`."""
        return {CLOCK: f"{self._patience + more:.0f}"} if self._patience else {}

    def _set(self, variables: Mapping[str, str]) -> Awaitable[Reply]:
        return self._wire.ask("POST", f"{self._uri}/variables", None, {"variables": variables})


def _done(reply: Reply) -> None:
    if reply.gone:
        raise CallerHungUp
    if not reply.ok:
        raise PbxUnreachable(f"Asterisk answered {reply.status} to a request about a call")


async def left_on(wire: Wire, channel_id: str, *more: str) -> dict[str, str]:
    """What a former worker or the queue left on a channel, `more` of it when wanted, "" for what is not there.

    Raises CallerHungUp. Reading never waits behind a prompt. One by one: Asterisk answers 404 to several as soon
    as one is missing.
    """
    uri = f"channels/{quote(channel_id, safe='')}/variable"
    names = (PLACE, PLAYBACK, RECORDING, LANGUAGE, ROUND, QUEUE, QUEUE_STATUS, AGENT, DIAL_STATUS, *more)
    replies = await asyncio.gather(*(wire.ask("GET", uri, {"variable": name}) for name in names))
    return {name: _value(reply) for name, reply in zip(names, replies, strict=True)}


def _value(reply: Reply) -> str:
    if reply.status == 404 and "variable" in reply.body:
        return ""
    _done(reply)
    return str(reply.json().get("value", ""))


def _seconds(told: str) -> float:
    """A number of the admin's; 0 for none, and for what is no number of seconds."""
    return float(told) if told.isascii() and told.isdecimal() else 0.0


def _door(to: Destination) -> tuple[tuple[str, str], bool]:
    """The door in the dialplan, and whether it is urgent. An extension is of digits alone, as it was taken."""
    match to:
        case ToQueue(queue, urgent):
            return (QUEUE_CONTEXT, queue), urgent
        case ToAgent(_):
            return ("hotline-resume", "s"), True
        case ToExtension(extension):
            return ("hotline-transfer", "".join(key for key in extension if key.isdecimal())), False


def _exists(where: tuple[str, str]) -> str:
    return f"DIALPLAN_EXISTS({where[0]},{where[1]},1)"


def _way_out(where: tuple[str, str], exists: Reply) -> dict[str, str]:
    """Where `continue` leads: Asterisk takes any target and drops the caller at one that does not exist."""
    context, extension = where if _value(exists) == "1" else FALLBACK
    return {"context": context, "extension": extension, "priority": "1"}


async def listed(wire: Wire, app: str = "") -> set[str]:
    """The channels Asterisk calls ours (or `app`'s). Raises PbxUnreachable: not to know is not the same as none."""
    reply = await wire.request_aside("GET", f"applications/{quote(app or wire.app, safe='')}")
    if not reply.ok:
        raise PbxUnreachable(f"Asterisk does not say whose callers are whose ({reply.status})")
    return set(reply.json()["channel_ids"])


def _detection(hearing: Hearing) -> str:
    return f"{round(TALK_GAP * 1000)},{hearing.threshold}"


async def stop_adopted(wire: Wire, left: Mapping[str, str]) -> None:
    """Stop what a former worker was playing or recording, no matter if it is over already; stopping never waits."""
    for method, uri in _running(left[PLAYBACK], left[RECORDING]):
        await wire.request(method, uri)


def _running(playback: str, recording: str) -> Iterator[tuple[str, str]]:
    """The requests that end what a channel is busy with: until then it does nothing else."""
    if playback:
        yield "DELETE", f"playbacks/{quote(playback, safe='')}"
    if recording:
        yield "POST", f"recordings/live/{quote(recording, safe='')}/stop"  # what was said is kept


async def rescue(wire: Wire, channel_id: str, queue: QueueName, owner: str = "") -> None:
    """Hand a caller to the queue whatever state the line is in; over HTTP, since it may wait behind a prompt.

    A caller whom another worker has adopted meanwhile is left alone. Tried RESCUE_TRIES times while Asterisk
    does not answer. Raises PbxUnreachable after the last, CallerHungUp.
    """
    uri, where = f"channels/{quote(channel_id, safe='')}", (QUEUE_CONTEXT, str(queue))
    for attempt in range(1, RESCUE_TRIES + 1):
        try:
            if channel_id not in await listed(wire, owner):
                return
            playing, recording = [
                _value(await wire.request_aside("GET", f"{uri}/variable", {"variable": name}))
                for name in (PLAYBACK, RECORDING)
            ]
            for method, running in _running(playing, recording):
                await wire.request_aside(method, running)
            await wire.request_aside("POST", f"{uri}/variables", None, {"variables": {**SPENT, RESCUED: "yes"}})
            exists = await wire.request_aside("GET", f"{uri}/variable", {"variable": _exists(where)})
            left = await wire.request_aside("POST", f"{uri}/continue", _way_out(where, exists))
            if not left.ok and not left.gone:
                raise PbxUnreachable(f"Asterisk answered {left.status} when a caller was to go to the queue")
        except PbxUnreachable:
            if attempt == RESCUE_TRIES:
                raise
            await asyncio.sleep(attempt * RESCUE_PAUSE)
        else:
            return
