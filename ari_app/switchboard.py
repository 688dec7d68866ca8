"""Every live call of this worker, one task each: claim, attend, drain. Adopting is next door, ari/adoption.py.

Rule 1: a broken call must not touch its neighbours: nothing but cancellation leaves `_attend`.
Rule 2: whatever breaks, the caller goes to the queue; only then do we write about it.
Rule 3: events are delivered without waiting, in the order Asterisk sent them.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ari_app.ari import dialler, events
from ari_app.ari.adoption import Adoption
from ari_app.ari.arrival import arrival_of
from ari_app.ari.channel import AriChannel, rescue
from ari_app.ari.era import Eras
from ari_app.ari.events import ChannelFacts, Event
from ari_app.ari.peers import Peers
from ari_app.ari.reloading import RELOAD
from ari_app.ari.wire import State, Wire
from ari_app.call import NOTHING, Arrival, CallId, Door, Filing, QueueName, ToAgent, ToQueue
from ari_app.config import Configuration
from ari_app.ear import Gone, Inbox, KeyPressed, PlaybackEnded, RecordingEnded, Sign, TalkFinished, TalkStarted
from ari_app.errors import CallerHungUp, LineTaken, PbxUnreachable
from ari_app.front_office import NoOffice, Office, Stint
from ari_app.journal import What
from ari_app.line import Line
from ari_app.procedures.reception import receive
from ari_app.standard import Standard

log = logging.getLogger(__name__)

COMING_WITHIN = 1.0
"""Seconds after a claim that was ours until we no longer expect the caller; they come within milliseconds."""
RESCUED_WITHIN = 30.0
"""Seconds to wait for an Asterisk that is away while a caller is to go to the queue; who ends us waits no longer."""
LET_GO_WITHIN = 15.0
"""Seconds in which everybody still on the line must have been handed to the queue."""
TALK_DETECT = "func_talkdetect.so"


class Switchboard:
    """One worker: a connection to one Asterisk, and the calls it attends."""

    def __init__(self, config: Configuration, standard: Standard, office: Office | None = None) -> None:
        self.standard = standard
        self.draining = False
        self.on_reload: Callable[[], None] = lambda: None
        self.wire = Wire(config.ari, config.app, self._deliver)
        self._config = config
        self._queue = QueueName(config.queue)
        self._office = office or NoOffice()
        self._inboxes: dict[str, Inbox] = {}
        self.dialler = dialler.AriDialler(self.wire, config.sounds, self._queue, self._inboxes, lambda: self.standard)
        self._calls: dict[asyncio.Task[None], str] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._coming: set[str] = set()  # claimed, perhaps ours
        self._leaving: set[str] = set()  # on their way to the queue: leave them alone
        self._deaf = False
        self._eras = Eras(self.wire)
        self._peers = Peers(self.wire)
        self._adoption = Adoption(
            self.wire,
            self._queue,
            attended=self._inboxes.keys,
            begin=self._begin,
            inbox=self._inboxes.get,
            chore=self._chore,
        )
        self._idle = asyncio.Event()
        self._idle.set()
        self._hurried = asyncio.Event()

    @property
    def live(self) -> int:
        """How many callers are on the line with this worker."""
        return len(self._calls)

    async def run(self) -> None:
        """Serve callers until cancelled. Raises PbxRefused when Asterisk will not have us."""
        watch = asyncio.create_task(self._peers.watch(self._adoption.look_after, self._adoption.adopt_from))
        try:
            await self.wire.run(self._connected)
        finally:
            chores = (watch, *self._chores)
            for task in chores:
                task.cancel()
            await self._let_go()
            await asyncio.gather(*chores, return_exceptions=True)
            await self.wire.close()

    async def drain(self) -> None:
        """Take no more callers and finish those on the line; after drain_seconds the rest goes to the queue.

        Over within drain_seconds + LET_GO_WITHIN, whatever Asterisk does.
        """
        self.draining = self._adoption.draining = True
        seconds = max(self._config.drain_seconds, COMING_WITHIN)
        log.info("draining: %d calls to finish, %g s at most", self.live, seconds)
        ways = {asyncio.create_task(event.wait()) for event in (self._idle, self._hurried)}
        await asyncio.wait(ways, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        if not self._idle.is_set():
            log.warning("draining: %d calls handed to the queue", self.live)
            await self._let_go()

    def hurry(self) -> None:
        """Drain no longer: whoever is on the line goes to the queue now."""
        self._hurried.set()

    async def _let_go(self) -> None:
        """Everybody still on the line goes to the queue."""
        await asyncio.sleep(0)  # a task cancelled before its first step would never save its caller
        for call, channel_id in self._calls.items():
            if channel_id not in self._leaving:
                call.cancel()
        if self._calls:
            await asyncio.wait(tuple(self._calls), timeout=LET_GO_WITHIN)

    # ------------------------------------------------------------------ what Asterisk says

    def _deliver(self, event: Event) -> None:
        match event:
            case events.CallBroadcast(channel):
                if not self.draining and not self._deaf:
                    self._chore(self._claim(channel.id))
            case events.StasisStart(channel, args=[dialler.RUNG]):
                self.dialler.answered(channel.id)
            case events.StasisStart(channel, args=args, timestamp=now):
                self._begin(channel, args, now)
            case events.ChannelDestroyed(channel, cause=cause):
                self.dialler.ended(channel.id, cause)
                self._sign(channel.id, Gone())
            case events.StasisEnd(channel):
                self._sign(channel.id, Gone())
            case events.ChannelTalkingStarted(channel):
                self._sign(channel.id, TalkStarted())
            case events.ChannelTalkingFinished(channel, duration=milliseconds):
                self._sign(channel.id, TalkFinished(milliseconds / 1000))
            case events.ChannelDtmfReceived(channel, digit=key):
                self._sign(channel.id, KeyPressed(key))
            case events.PlaybackFinished(playback):
                call_id = playback.id.rpartition("-")[0]
                self._sign(call_id, PlaybackEnded(playback.id, playback.state != "failed"))
            case events.RecordingFinished(recording):
                self._recorded(recording.name, made=True)
            case events.RecordingFailed(recording):
                self._recorded(recording.name, made=False)
            case events.ApplicationMoveFailed(channel):
                self._begin(channel, [Door.ADOPTED])
            case events.ChannelUserevent(eventname=name) if name == RELOAD:
                self.on_reload()
            case events.ChannelUserevent():
                self._peers.heard(event)
            case events.ApplicationReplaced():
                pass

    def _recorded(self, name: str, *, made: bool) -> None:
        call_id = name.removeprefix("hotline-").rpartition("-")[0]
        self._sign(call_id, RecordingEnded(name, made))

    def _sign(self, call_id: str, sign: Sign) -> None:
        inbox = self._inboxes.get(call_id)
        if inbox is not None:
            inbox.put(sign)

    async def _claim(self, channel_id: str) -> None:
        """Offer to serve a caller; another worker may be quicker, and that is well."""
        self._coming.add(channel_id)
        self._idle.clear()
        ours = True  # as long as nobody says otherwise
        try:
            claim = {"channelId": channel_id, "application": self.wire.app}
            ours = (await self.wire.request("POST", "events/claim", claim)).ok
        finally:
            asyncio.get_running_loop().call_later(COMING_WITHIN if ours else 0, self._no_longer_expect, channel_id)

    def _no_longer_expect(self, channel_id: str) -> None:
        self._coming.discard(channel_id)
        if not self._calls and not self._coming:
            self._idle.set()

    # ------------------------------------------------------------------ attending

    def _begin(self, channel: ChannelFacts, args: list[str], now: str = "") -> None:
        self._sign(channel.id, Gone(taken=True))  # it left and is back before its former task has noticed
        inbox = self._inboxes[channel.id] = Inbox(asyncio.get_running_loop())
        self._coming.discard(channel.id)
        self._idle.clear()
        call = asyncio.create_task(self._attend(channel, args, now, inbox))
        self._calls[call] = channel.id
        call.add_done_callback(self._over)

    async def _attend(self, channel: ChannelFacts, args: list[str], now: str, inbox: Inbox) -> None:
        """One caller, to the end. Whatever goes wrong, they reach the queue."""
        line: Line | None = None
        stint: Stint | None = None
        era = self._eras.now
        try:
            arrival = await arrival_of(self.wire, channel, args, now)
            standard = self._spoken_to(arrival)
            back_to = self._returning(arrival)
            if arrival.door is Door.INCOMING:
                arrival = replace(arrival, late=arrival.rang > standard.desk.late_after)
            if arrival.door is Door.INCOMING and not back_to:
                arrival = replace(arrival, verdict=self._verdict(channel.id, arrival, standard))
            arrival = replace(arrival, told_key=secrets.choice("23456789"))
            line = Line(
                CallId(channel.id),
                arrival,
                AriChannel(self.wire, channel.id, self._config.sounds),
                inbox,
                standard.hearing,
                standard.lead_in,
                lambda filing: self._file(stint, filing),
                lambda: self._place(channel.id),
            )
            stint = Stint(line.id, arrival, standard, time.time(), line.journal)
            if self.draining and arrival.door is Door.INCOMING:  # a plain Stasis() asks nobody whether we are free
                await line.hand_off(ToQueue(self._queue))
            elif back_to:
                await self._bring_back(line, standard, back_to)
            else:
                await receive(line, standard, self._queue)
        except (CallerHungUp, LineTaken):
            pass
        except asyncio.CancelledError:
            if self.wire.state is not State.REPLACED:  # then the program that took our name adopts our callers
                await self._rescue(channel.id, line)
        except Exception:
            await self._rescue(channel.id, line)
            log.exception("a call broke and went to the queue")
        finally:
            if self._inboxes.get(channel.id) is inbox:
                del self._inboxes[channel.id]
            if stint is not None:
                try:
                    if await self._eras.cut(era, stint.journal.last):
                        stint.journal.note(What.CUT)
                finally:  # cancelled meanwhile or not: a call that is over is written about, and its place is free
                    self._tell(stint)

    async def _bring_back(self, line: Line, standard: Standard, agent: str) -> None:
        """A caller whose line broke off rings again: to the agent they were with, or before others (CON-28)."""
        known = {"HOTLINE_AGENT": agent}
        await self.wire.request("POST", f"channels/{quote(line.id, safe='')}/variables", None, {"variables": known})
        await line.answer()
        await line.play(standard.desk.connecting, NOTHING)
        await line.hand_off(ToAgent(self._queue))

    def _over(self, call: asyncio.Task[None]) -> None:
        self._no_longer_expect(self._calls.pop(call))

    # ------------------------------------------------------------------ what the office is told

    def _verdict(self, call_id: str, arrival: Arrival, standard: Standard) -> str:
        try:
            return self._office.verdict(call_id, arrival, standard)
        except Exception:
            log.exception("screening failed; the caller is let in")
            return ""

    def _place(self, call_id: str) -> bool:
        try:
            return self._office.place(call_id)
        except Exception:
            log.exception("whether the station has a place is not known; there is one")
            return True

    def _returning(self, arrival: Arrival) -> str:
        try:
            return self._office.returning(arrival) if arrival.door is Door.INCOMING else ""
        except Exception:
            log.exception("whether a caller redials is not known; they are received as ever")
            return ""

    def _file(self, stint: Stint | None, filing: Filing) -> None:
        try:
            if stint is not None:
                self._office.file(stint, filing)
        except Exception:
            log.exception("a %s could not be filed", filing.kind)

    def _tell(self, stint: Stint) -> None:
        try:
            self._office.over(stint)
        except Exception:
            log.exception("a call is over, but could not be written about")

    async def _rescue(self, channel_id: str, line: Line | None) -> None:
        if line is not None:
            line.journal.note(What.RESCUED)
        self._leaving.add(channel_id)
        try:
            async with asyncio.timeout(RESCUED_WITHIN):
                await rescue(self.wire, channel_id, self._queue)
        except CallerHungUp:
            pass
        except (PbxUnreachable, TimeoutError) as problem:
            log.error("a caller could not be handed to the queue: %s", problem or "Asterisk does not answer")
        except Exception:
            log.exception("a caller could not be handed to the queue")
        finally:
            self._leaving.discard(channel_id)

    def _spoken_to(self, arrival: Arrival) -> Standard:
        """The standard in the language of this caller: the one they were spoken to in, or the one they should be."""
        if arrival.door is Door.INCOMING:
            return self.standard.for_caller(arrival.dialled, arrival.language)
        return self.standard.in_language(arrival.language)

    def _connected(self) -> None:
        log.info("connected to Asterisk as %s", self.wire.app)
        self._peers.connected()
        self._chore(self._eras.begin())
        self._chore(self._adoption.reconcile())
        self._chore(self._check_hearing())

    async def _check_hearing(self) -> None:
        """Without TALK_DETECT every caller would be taken for silent: then the dialplan's queue serves them better."""
        reply = await self.wire.request("GET", f"asterisk/modules/{TALK_DETECT}")
        self._deaf = not (reply.ok and reply.json().get("status") == "Running")
        if self._deaf:
            log.error("Asterisk has no %s: no caller would be heard, so none is claimed; load it", TALK_DETECT)

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        """Something to do beside the calls; its failure is told and harms nobody."""

        async def do() -> None:
            try:
                await work
            except CallerHungUp:
                pass
            except PbxUnreachable as problem:
                log.warning("%s", problem)
            except Exception:
                log.exception("a chore failed")

        task = asyncio.create_task(do())
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
