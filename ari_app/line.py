"""Our hold on one caller: the verbs of a `Call`, over any `Channel`.

Rule 1: the real channel (ari/channel.py) and the twin's (rehearsal/twin.py) are played by this same code.
Rule 2: open the ear, then send the request: the id of a playback is ours and chosen first.
Rule 3: a line that is gone becomes CallerHungUp (or LineTaken) here and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import NoReturn, Protocol

from ari_app.call import (
    ANYTHING,
    NOTHING,
    Arrival,
    CallId,
    Destination,
    Digit,
    Filing,
    Heed,
    Prompt,
    Silence,
    Speech,
    ToQueue,
)
from ari_app.ear import Attention, Gone, Inbox, PlaybackEnded, RecordingEnded
from ari_app.errors import CallerHungUp, LineTaken, PbxUnreachable
from ari_app.journal import Bookmark, Journal, What
from ari_app.standard import Hearing

Heard = Digit | Speech | PlaybackEnded | RecordingEnded | Gone

OVERDUE = 2.0
"""Seconds after a prompt's length when we stop believing that the PBX will tell us of its end."""
LATE = 1.0
"""Seconds by which this worker may wake up too late and still be sure that the caller is its own."""
LONG = 30.0
"""Seconds of a wait of which the PBX is told before: it takes a caller away from an application that seems dead."""
LOOK_EVERY = 2.0
"""Seconds between two looks at a recording whose end we may have missed."""
SETTLING = 1.0
"""Seconds we wait for the PBX to confirm that a prompt stopped or a caller left."""


class Channel(Protocol):
    """What a line needs of a PBX. Every verb raises CallerHungUp when the caller has left."""

    @property
    def blind(self) -> bool:
        """Whether sounds may have gone unreported since we began to listen."""

    async def answer(self, hearing: Hearing) -> None:
        """Answer and begin to report sounds."""

    async def listen_anew(self, hearing: Hearing) -> None:
        """Report sounds again, one in the air included; nothing may be playing."""

    async def verify(self) -> None:
        """Nothing, when the caller is still ours."""

    async def start(self, playback: str, prompts: tuple[Prompt, ...], left: Bookmark) -> None:
        """Begin to play; a PlaybackEnded with this id follows. `left` stays on the channel for an adopter."""

    async def stop(self, playback: str) -> None:
        """Stop a playback; its PlaybackEnded follows. One that is already over is no error."""

    async def stay(self, seconds: float) -> None:
        """Nothing is asked for so long, and the caller is in good hands all the same; nothing is playing but music."""

    async def music(self, on: bool) -> None:
        """Music on hold begins or ends; nothing else may be playing."""

    async def record(self, recording: str, longest: float) -> None:
        """Begin to record after a tone; a RecordingEnded with this name follows, at `longest` seconds at the latest."""

    async def records(self, recording: str) -> bool:
        """Whether it is still being made."""

    async def depart(self, to: Destination, briefing: Mapping[str, str]) -> None:
        """Leave for an agent or an extension; the briefing is for who answers there."""

    async def hang_up(self) -> None:
        """End the call."""

    async def refuse(self) -> None:
        """End a call that was not answered: the line is engaged."""


class Line:
    """A `Call` over one channel. See call.py for what each verb means to the caller."""

    def __init__(
        self,
        call_id: CallId,
        arrival: Arrival,
        channel: Channel,
        inbox: Inbox,
        hearing: Hearing,
        lead_in: Prompt,
        keep: Callable[[Filing], None] = lambda filing: None,
        place: Callable[[], bool] = lambda: True,
    ) -> None:
        self.id = call_id
        self.arrival = arrival
        self._loop = asyncio.get_running_loop()
        self.journal = Journal(self._loop.time)
        self._channel = channel
        self._hearing = hearing
        self._lead_in: Prompt | None = lead_in
        self._attention = Attention(inbox, hearing.speech_minimum)
        self._keep = keep
        self._place_at_station = place
        self._taken: dict[str, str] = {}
        self._owed: Filing | None = None
        self._heard = ""
        self._sounds = 0
        self._stint = secrets.token_hex(3)
        self._filings, self._filed_formerly = _filed(arrival.filed, self._stint)
        self._quiet_since = self._began = self._loop.time()

    @property
    def taken(self) -> Mapping[str, str]:
        return self._taken

    def take(self, name: str, keys: str) -> None:
        self._taken[name] = keys
        self.journal.note(What.TAKE, name)

    def file(self, filing: Filing) -> None:
        self.journal.note(What.FILE, f"{filing.kind}{f' to {filing.to}' if filing.to else ''}")
        self._keep(replace(filing, key=self._key(self.journal.filed)))

    def _key(self, count: int) -> str:
        """Which filing of this call it is, by its number: whoever adopts the call counts on from the place it is at,
        and what it files again is known by its key.
        """  # fmt: skip
        return f"{self._filings} {self._filed_formerly + count}"

    def owe(self, filing: Filing | None) -> None:
        self._owed = filing

    def take_place(self) -> bool:
        return self._place_at_station()

    async def refuse(self) -> None:
        self.journal.note(What.REFUSE)
        await self._ask(self._channel.refuse())
        await self._attention.settle("", self._loop.time() + SETTLING)

    async def answer(self) -> None:
        await self._ask(self._channel.answer(self._hearing))
        self.journal.note(What.ANSWER)

    async def play(self, prompt: Prompt, heed: Heed = ANYTHING) -> Digit | Speech | None:
        prompts = prompt.parts or (prompt,)
        prompts = prompts if self._lead_in is None else (self._lead_in, *prompts)
        self._lead_in = None
        playback = self._next_id()
        length = sum(p.seconds for p in prompts)
        await self._open_ear()
        self.journal.note(What.PLAY, prompt.name)
        await self._start(playback, prompts)
        heard = await self._attention.hear(self._loop.time() + length + OVERDUE, heed, playback)
        self._quiet_since = self._loop.time()
        match heard:
            case Gone():
                self._gone(heard)
            case PlaybackEnded(played=True):
                self.journal.note(What.PLAYED, prompt.name)
                return None
            case PlaybackEnded() | RecordingEnded():
                await self._unheard(prompt)
            case None:
                self.journal.note(What.FAILED, f"{prompt.name}: no end reported")
                await self._stop(playback)
                self._quiet_since = self._loop.time()
                return None
        self._note_heard(heard)
        await self._stop(playback)
        self.journal.note(What.INTERRUPTED, prompt.name)
        return heard

    async def listen(self, patience: float, heed: Heed = ANYTHING, *, music: bool = False) -> Digit | Speech | Silence:
        if not music:
            return await self._listen(patience, heed)
        with contextlib.suppress(PbxUnreachable):  # a PBX without music: they wait in silence
            await self._ask(self._channel.music(True))
        try:
            return await self._listen(patience, heed)
        finally:
            with contextlib.suppress(CallerHungUp, PbxUnreachable):  # who has left hears no music anyway
                await self._channel.music(False)

    async def _listen(self, patience: float, heed: Heed) -> Digit | Speech | Silence:
        if patience >= LONG:
            await self._ask(self._channel.stay(patience))
        since, until = self._quiet_since, self._quiet_since + patience
        heard = await self._attention.hear(until, heed)
        while heard is None and await self._open_ear():  # what they said meanwhile we cannot know: the wait begins anew
            heard = await self._attention.hear(self._loop.time() + patience, heed)
        if heard is None and self._loop.time() - until > LATE:
            await self._ask(self._channel.verify())
        self._quiet_since = self._loop.time()
        match heard:
            case Gone():
                self._gone(heard)
            case None | PlaybackEnded() | RecordingEnded():
                self.journal.note(What.SILENCE, f"{patience:g}")
                return Silence(self._quiet_since - since)
        self._note_heard(heard)
        return heard

    async def record(self, longest: float, tone: Prompt | None = None) -> str:
        self.journal.note(What.RECORD)
        if tone is not None:
            playback = self._next_id()
            await self._start(playback, (tone,))
            heard = await self._attention.hear(self._loop.time() + tone.seconds + OVERDUE, NOTHING, playback)
            if isinstance(heard, Gone):
                self._gone(heard)
        recording = f"hotline-{self._next_id()}"
        try:
            await self._ask(self._channel.record(recording, longest))
        except PbxUnreachable:  # a full disk, no folder: the caller goes on without
            self.journal.note(What.FAILED, "no recording was made")
            return ""
        heard = await self._recorded(recording, self._loop.time() + longest + OVERDUE)
        self._quiet_since = self._loop.time()
        self._attention.listen_anew()  # their last word, said into the recording, is no answer to what comes next
        match heard:
            case Gone():
                self._gone(heard)
            case RecordingEnded(made=True):
                return recording
        self.journal.note(What.FAILED, "no recording was made")
        return ""

    async def _recorded(self, recording: str, until: float) -> Heard | None:
        """Its end, or the line's; the end that came while the connection was lost was told to nobody."""
        heard: Heard | None = None
        while heard is None and self._loop.time() < until:
            heard = await self._attention.hear(min(until, self._loop.time() + LOOK_EVERY), NOTHING, recording)
            if heard is None and self._channel.blind:
                with contextlib.suppress(PbxUnreachable):  # then we look again
                    if not await self._channel.records(recording):
                        return RecordingEnded(recording)
        return heard

    async def hand_off(self, to: Destination) -> None:
        briefing = {
            "round": str(self.arrival.queue_round + isinstance(to, ToQueue)),
            "heard": self._heard,
            "waited": f"{self._loop.time() - self._began:.0f}",
            "step": str(self.journal.place or ""),
            "late": "yes" if self.arrival.late else "",
        }
        await self._ask(self._channel.depart(to, briefing))
        self.journal.note(What.HAND_OFF, str(to))
        await self._attention.settle("", self._loop.time() + SETTLING)

    async def hang_up(self) -> None:
        self.journal.note(What.HANG_UP)
        await self._ask(self._channel.hang_up())
        await self._attention.settle("", self._loop.time() + SETTLING)

    def _next_id(self) -> str:
        """For a playback or a recording; never one of a former stint, whose end may still be reported."""
        self._sounds += 1
        return f"{self.id}-{self._stint}.{self._sounds}"

    async def _start(self, playback: str, prompts: tuple[Prompt, ...]) -> None:
        left = Bookmark(self.journal.place, self._key(self.journal.filed_before), self.arrival.suspected)
        await self._ask(self._channel.start(playback, prompts, left))

    async def _open_ear(self) -> bool:
        """Listen again if the connection was lost; whether it was."""
        blind = self._channel.blind
        if blind:
            await self._ask(self._channel.listen_anew(self._hearing))
        return blind

    async def _unheard(self, prompt: Prompt) -> NoReturn:
        """The PBX could not play: the caller is hanging up, or hears nothing and must not be led on in silence."""
        gone = await self._attention.settle("", self._loop.time() + SETTLING)
        if gone is not None:
            self._gone(gone)
        self.journal.note(What.FAILED, prompt.name)
        raise PbxUnreachable(f"Asterisk could not play prompt {prompt.name!r}: is its recording there?")

    async def _stop(self, playback: str) -> None:
        await self._ask(self._channel.stop(playback))
        gone = await self._attention.settle(playback, self._loop.time() + SETTLING)
        if gone is not None:
            self._gone(gone)

    def _note_heard(self, heard: Digit | Speech) -> None:
        match heard:
            case Digit(key):
                self._heard = f"key {key}"
                self.journal.note(What.DIGIT, key)
            case Speech():
                self._heard = "speech"
                self.journal.note(What.SPEECH)

    async def _ask(self, request: Awaitable[None]) -> None:
        try:
            await request
        except CallerHungUp:
            self._gone(Gone())

    def _gone(self, gone: Gone) -> NoReturn:
        if gone.taken:
            raise LineTaken
        owed, self._owed = self._owed, None
        if owed is not None:
            self.file(owed)
        self.journal.note(What.CALLER_HUNG_UP)
        raise CallerHungUp


def _filed(left: str, stint: str) -> tuple[str, int]:
    """Whose filings are counted, and how many there are: a former worker's, or those of a stint of our own."""
    name, _, count = left.partition(" ")
    return (name, int(count)) if count.isdecimal() and count.isascii() else (stint, 0)
