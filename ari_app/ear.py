"""What we hear of a caller: signs arrive in order, and a sound becomes speech once it has lasted.

Rule 1: one inbox per call, filled without waiting, read by that call's task alone.
Rule 2: nothing here knows ARI; the real channel and the twin put the same signs in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from ari_app.call import Digit, Heed, Speech

TALK_GAP = 0.2
"""Seconds of quiet after which a sound counts as ended (TALK_DETECT's first argument)."""
SLACK = 0.06
"""Seconds that the news of a sound's end may take to reach us."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class TalkStarted:
    """The line became loud."""


@dataclass(frozen=True, slots=True)
class TalkFinished:
    """The line has been quiet for TALK_GAP after `lasted` seconds of sound."""

    lasted: float


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """A playback is over; `played` is false when the PBX could not play it."""

    playback: str
    played: bool = True


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """The caller's voice is kept under this name; `made` is false when it could not be."""

    recording: str
    made: bool = True


@dataclass(frozen=True, slots=True)
class Gone:
    """The line is no longer ours: hung up, or `taken` by another worker."""

    taken: bool = False


Sign = KeyPressed | TalkStarted | TalkFinished | PlaybackEnded | RecordingEnded | Gone


class Inbox:
    """The signs of one call, in order of arrival."""

    __slots__ = ("_loop", "_signs", "_waiter")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._signs: deque[tuple[float, Sign]] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def put(self, sign: Sign) -> None:
        """A sign has arrived now; never waits."""
        self._signs.append((self._loop.time(), sign))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def put_back(self, signs: list[tuple[float, Sign]]) -> None:
        """Signs that were not meant for the reader, oldest first."""
        self._signs.extendleft(reversed(signs))

    async def take(self, until: float) -> tuple[float, Sign] | None:
        """The next sign and when it arrived; None when `until` (loop time, seconds) comes first."""
        while not self._signs:
            if self._loop.time() >= until:
                return None
            waiter = self._waiter = self._loop.create_future()
            alarm = self._loop.call_at(until, _wake, waiter)
            try:
                await waiter
            finally:
                alarm.cancel()
                self._waiter = None
        return self._signs.popleft()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class Ear:
    """Tells a voice from a click: a sound is speech when it has lasted `minimum` seconds."""

    __slots__ = ("_believed", "_minimum", "_since")

    def __init__(self, minimum: float) -> None:
        self._minimum = minimum
        self._since: float | None = None
        self._believed = False

    @property
    def believes_at(self) -> float | None:
        """When a sound in the air becomes speech, unless news of its end comes first.

        TALK_DETECT tells the end TALK_GAP late, so a sound is judged that much later than it has lasted.
        """
        if self._since is None or self._believed:
            return None
        return self._since + self._minimum + TALK_GAP + SLACK

    def started(self, at: float) -> None:
        """The line became loud at this moment."""
        self._since, self._believed = at, False

    def finished(self, lasted: float) -> Speech | None:
        """The sound is over; speech if it lasted and nobody was told yet.

        `lasted` may be negative (Asterisk issue 80): such a sound is no speech.
        """
        news = None if self._believed or lasted < self._minimum else Speech(lasted)
        self._since, self._believed = None, False
        return news

    def forget(self) -> None:
        """The sound in the air, if there is one, is nobody's news any more, nor is its end."""
        self._believed = self._since is not None

    def believe(self, now: float) -> Speech:
        """The sound in the air is speech."""
        self._believed = True
        return Speech(0.0 if self._since is None else now - self._since)


class Attention:
    """Listening with a purpose: the first thing that matters, in the order it happened."""

    __slots__ = ("_ear", "_inbox")

    def __init__(self, inbox: Inbox, speech_minimum: float) -> None:
        self._inbox = inbox
        self._ear = Ear(speech_minimum)

    async def hear(
        self, until: float, heed: Heed, playback: str = ""
    ) -> Digit | Speech | PlaybackEnded | RecordingEnded | Gone | None:
        """The first of: what `heed` lets through, the end of `playback` (or of a recording called so), the line gone.

        None when time is up.

        A sound in the air when time is up is judged first: nobody is cut off at the beginning of a word.
        """
        while True:
            verdict_at = self._ear.believes_at if heed.voice else None
            sound_first = verdict_at is not None and (not playback or verdict_at < until)
            taken = await self._inbox.take(verdict_at if verdict_at is not None and sound_first else until)
            if taken is None:
                return self._ear.believe(verdict_at) if verdict_at is not None and sound_first else None
            at, sign = taken
            match sign:
                case Gone():
                    return sign
                case PlaybackEnded() if sign.playback == playback:
                    return sign
                case RecordingEnded() if sign.recording == playback:
                    return sign
                case KeyPressed(key) if key in heed.keys:
                    return Digit(key)
                case TalkStarted():
                    self._ear.started(at)
                case TalkFinished(lasted):
                    speech = self._ear.finished(lasted)
                    if speech is not None and heed.voice:
                        return speech
                case _:
                    pass

    def listen_anew(self) -> None:
        """A sound in the air is forgotten: it was an answer to something else."""
        self._ear.forget()

    async def settle(self, playback: str, until: float) -> Gone | None:
        """Wait for the end of a stopped playback; what else arrives meanwhile is kept for later."""
        kept: list[tuple[float, Sign]] = []
        try:
            while (taken := await self._inbox.take(until)) is not None:
                sign = taken[1]
                if isinstance(sign, Gone):
                    return sign
                if isinstance(sign, PlaybackEnded) and sign.playback == playback:
                    return None
                kept.append(taken)
            return None
        finally:
            self._inbox.put_back(kept)
