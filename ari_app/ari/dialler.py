"""Ringing people: channels into the dialplan's callback contexts, each a line of ours, two of them in a bridge.

Rule 1: the id of a channel is ours and chosen first; whatever becomes of an attempt, that channel is hung up.
Rule 2: who talks is left alone: a worker that stops takes nobody off the line.
Rule 3: what is dialled was left by a stranger: the dialplan checks it again (extensions-hotline-callback.conf).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import re
import secrets
from collections.abc import Callable, MutableMapping
from urllib.parse import quote

from ari_app.ari.channel import ROUND, AriChannel, left_on
from ari_app.ari.wire import Wire
from ari_app.call import NOTHING, Arrival, CallId, QueueName, ToQueue
from ari_app.ear import Gone, Inbox
from ari_app.errors import CallerHungUp, PbxUnreachable
from ari_app.line import Line
from ari_app.requests.dialling import Leg, Outcome, Unreached
from ari_app.requests.letter import DROPPED
from ari_app.requests.request import Request
from ari_app.standard import Standard

log = logging.getLogger(__name__)

FAR_HALF = ";2"
"""How Asterisk names the dialplan's half of a Local channel, which it lists as ours, too: it ends with our half."""
RUNG = "rung"
"""The word by which Asterisk gives us somebody who answered: not a caller, who comes by a `Door`."""
FAMILY = "hotline-rung-"
"""How the ids of channels and bridges of ours begin."""
AGENT, CALLER = "agent", "caller"
MIXED = "mixing,video_sfu"
"""The kind of bridge in which two talk: one that mixes, and so sends sound of its own. Passed through from the agent,
it would carry their telephone's sequence numbers to where our sentences had none, and Debian's Asterisk drops what
seems to come late there: every other caller would hear nobody (docs/decisions/0009)."""
FORMATS = "slin16"
"""What the Local channels carry: enough for any telephone; unsaid, Asterisk takes 192 kHz."""
LATE = 5.0
"""Seconds after its ringing time until we no longer believe that Asterisk will end a channel by itself."""
LOOK_AGAIN = 3600.0
"""Seconds of one wait for the end of a conversation, before the next begins."""
BUSY, UNANSWERED = frozenset({17}), frozenset({0, 16, 18, 19, 127})
"""Causes (Q.850, as in Asterisk's causes.h) of a channel that nobody answered; all others are a refusal."""
NOT_THERE = frozenset({400, 422})
"""What `addChannel` answers for a channel that is gone, or no longer ours (rest-api/bridges.json)."""


class RungLine(Line):
    """Somebody whom we rang: a line like a caller's, over a channel we made."""

    def __init__(self, attempt: str, who: str, wire: Wire, sounds: str, inboxes: Inboxes, spoken: Standard) -> None:
        channel_id = f"{attempt}-{who}"
        self._inboxes = inboxes
        self._inbox = inboxes[channel_id] = Inbox(asyncio.get_running_loop())
        channel = AriChannel(wire, channel_id, sounds, offered=False)
        super().__init__(CallId(channel_id), Arrival(), channel, self._inbox, spoken.hearing, spoken.lead_in)
        self.attempt = attempt
        self.is_gone = self._left = False

    async def gone(self) -> None:
        """Until they have hung up."""
        while not self.is_gone:
            sign = await self._attention.hear(self._loop.time() + LOOK_AGAIN, NOTHING)
            self.is_gone = isinstance(sign, Gone)

    def leave(self) -> None:
        """This line is no more ours to end."""
        self._left = True
        if self._inboxes.get(self.id) is self._inbox:
            del self._inboxes[self.id]

    async def hang_up(self) -> None:
        if self._left:
            return
        try:
            await super().hang_up()
        finally:
            self.leave()


Inboxes = MutableMapping[str, Inbox]


class AriDialler:
    """A `Dialler` (requests/dialling.py) over one worker's connection; events come by the switchboard."""

    def __init__(
        self, wire: Wire, sounds: str, queue: QueueName, inboxes: Inboxes, standard: Callable[[], Standard]
    ) -> None:
        self._wire, self._sounds, self._queue, self._inboxes, self._standard = wire, sounds, queue, inboxes, standard
        self._ringing: dict[str, asyncio.Future[int | None]] = {}

    # ------------------------------------------------------------------ what Asterisk says

    def answered(self, channel_id: str) -> None:
        """Somebody whom we ring has answered; who was given up a moment ago is being hung up on."""
        self._over(channel_id, None)

    def ended(self, channel_id: str, cause: int) -> None:
        """A channel is no more. Not ours: nothing happens."""
        self._over(channel_id, cause)

    def _over(self, channel_id: str, cause: int | None) -> None:
        ringing = self._ringing.get(channel_id)
        if ringing is not None and not ringing.done():
            ringing.set_result(cause)

    # ------------------------------------------------------------------ what an attempt asks

    async def ring_agent(self, request: Request, seconds: float) -> Leg | Unreached:
        """An agent's telephone rings: the one who had this caller, when free; else one of the queue."""
        attempt = f"{FAMILY}{secrets.token_hex(6)}"
        known = {"HOTLINE_CALLBACK_AGENT": request.agent, "HOTLINE_CALLBACK_REQUEST": str(request.id)}
        return await self._ring(attempt, AGENT, f"{self._queue}@hotline-callback-agent", seconds, known)

    async def ring_caller(self, request: Request, agent: Leg, seconds: float) -> Leg | Unreached:
        """The caller's telephone rings, and stops when the agent leaves; the agent hears nothing meanwhile."""
        assert isinstance(agent, RungLine)
        dropped = {"HOTLINE_CALLBACK_DROPPED": "yes" if request.procedure == DROPPED else ""}
        where = f"{re.sub('[^+0-9]', '', request.number)}@hotline-callback-caller"
        return await self._ring(agent.attempt, CALLER, where, seconds, dropped, agent)

    async def connect(self, agent: Leg, caller: Leg) -> Outcome:
        """They talk until one of them hangs up. If they cannot, the caller, who wants to, goes to the queue, urgently.

        Cancelled, it is over for us, and they go on talking.
        """
        assert isinstance(agent, RungLine) and isinstance(caller, RungLine)
        bridge = f"bridges/{agent.attempt}"
        try:
            made = await self._granted(bridge, {"type": MIXED})
            together = made and await self._join(bridge, agent) and await self._join(bridge, caller)
        except BaseException:
            await self._end(bridge)
            raise
        if not together:
            await self._end(bridge)
            return await self._to_the_queue(caller)
        try:
            await _first(agent.gone(), caller.gone())
        except asyncio.CancelledError:  # not ours to end: they have each other
            agent.leave()
            caller.leave()
            return Outcome.CONNECTED
        with contextlib.suppress(asyncio.CancelledError):  # that they have talked stays true
            await self._end(bridge)
        return Outcome.CONNECTED

    # ------------------------------------------------------------------ how

    async def _ring(
        self, attempt: str, who: str, where: str, seconds: float, variables: dict[str, str],
        agent: RungLine | None = None,
    ) -> RungLine | Unreached:  # fmt: skip
        line = RungLine(attempt, who, self._wire, self._sounds, self._inboxes, self._standard())
        rung = self._ringing[line.id] = asyncio.get_running_loop().create_future()
        how = {
            "endpoint": f"Local/{where}/n", "formats": FORMATS,
            "app": self._wire.app, "appArgs": RUNG, "timeout": f"{seconds:.0f}",
        }  # fmt: skip
        became: RungLine | Unreached | None = None
        try:
            reply = await self._wire.request_aside("POST", _channel(line.id), how, {"variables": variables})
            became = await self._until_answered(rung, line, agent, seconds) if reply.ok else Unreached.FAILED
        finally:
            del self._ringing[line.id]
            if became is not line:
                line.leave()
                await self._end(_channel(line.id))
        return became

    async def _until_answered(
        self, rung: asyncio.Future[int | None], line: RungLine, agent: RungLine | None, seconds: float
    ) -> RungLine | Unreached:
        others = (line.gone(),) if agent is None else (line.gone(), agent.gone())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(math.ceil(seconds) + LATE):
                await _first(asyncio.shield(rung), *others)
        if agent is not None and agent.is_gone:
            return Unreached.AGENT_LEFT
        if not rung.done():
            return Unreached.FAILED if line.is_gone else Unreached.NO_ANSWER
        cause = rung.result()
        return line if cause is None else _unreached(cause)

    async def _join(self, bridge: str, line: RungLine) -> bool:
        """Whether they are in the bridge; False when they have hung up, or Asterisk does not want them there."""
        if line.is_gone:
            return False
        return await self._granted(f"{bridge}/addChannel", {"channel": line.id})

    async def _granted(self, uri: str, how: dict[str, str]) -> bool:
        """Whether Asterisk did it; that it would not, and not because somebody has hung up, is told."""
        reply = await self._wire.request_aside("POST", uri, how)
        if not reply.ok and reply.status not in NOT_THERE:
            log.error("Asterisk answered %d when two who were rung were to talk", reply.status)
        return reply.ok

    async def _to_the_queue(self, caller: RungLine) -> Outcome:
        """Who has said that they want to talk reaches a person, also when the agent did not wait."""
        try:
            await caller.hand_off(ToQueue(self._queue, urgent=True))
        except CallerHungUp:
            return Outcome.CALLER_LEFT
        caller.leave()
        return Outcome.QUEUED

    async def _end(self, uri: str) -> None:
        """Best effort: what is left over is ended by who looks after it (`looked_after`)."""
        with contextlib.suppress(PbxUnreachable):
            await self._wire.request_aside("DELETE", uri)


def is_far_half(channel_id: str) -> bool:
    """Whether it is the dialplan's half of a channel of ours: in a queue, it is we who look for an agent, no caller."""
    return channel_id.startswith(FAMILY) and channel_id.endswith(FAR_HALF)


async def looked_after(wire: Wire, channel_id: str) -> bool:
    """Whether a channel nobody attends was one of somebody we rang, and needs no adopting.

    Two who talk are left alone; one without the other is hung up on. Somebody who went to the queue and came back
    is a caller like others: False.
    """
    if is_far_half(channel_id):
        return True
    if not channel_id.startswith(FAMILY) or (await left_on(wire, channel_id))[ROUND]:
        return False
    uri = f"bridges/{quote(channel_id.rpartition('-')[0], safe='')}"
    bridge = await wire.request_aside("GET", uri)
    if not (bridge.ok and len(bridge.json()["channels"]) > 1):
        await wire.request_aside("DELETE", _channel(channel_id))
        if bridge.ok:
            await wire.request_aside("DELETE", uri)
    return True


def _channel(channel_id: str) -> str:
    return f"channels/{quote(channel_id, safe='')}"


def _unreached(cause: int) -> Unreached:
    if cause in BUSY:
        return Unreached.BUSY
    return Unreached.NO_ANSWER if cause in UNANSWERED else Unreached.FAILED


async def _first(*those: object) -> None:
    """Until the first of these is over; the others are not waited for any more."""
    tasks = {asyncio.ensure_future(one) for one in those}  # type: ignore[call-overload]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
