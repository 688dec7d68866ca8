"""The twin: a scripted caller on a simulated channel, served by the very code that serves real ones.

Rule: only the PBX is simulated. Line, ear, ladders and reception are the real ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ari_app.call import Arrival, CallId, Destination, Door, Filing, Prompt, QueueName
from ari_app.ear import TALK_GAP, Gone, Inbox, KeyPressed, PlaybackEnded, RecordingEnded, TalkFinished, TalkStarted
from ari_app.errors import CallerHungUp
from ari_app.journal import Bookmark, Milestone, What
from ari_app.line import Line
from ari_app.procedures.reception import AGENT_LEFT_FIRST, receive
from ari_app.rehearsal import clock
from ari_app.rehearsal.script import Act, HangsUp, Hears, Presses, Says, Script, Waits
from ari_app.standard import Hearing, Standard

QUEUE = QueueName("hotline")
MESSAGE_GAP = 3.0
"""Seconds of silence that end a message (ari/channel.py asks Asterisk for as many)."""


class SimulatedChannel:
    """A channel in virtual time: prompts last as long as their recordings, and a script acts on it."""

    def __init__(self, inbox: Inbox) -> None:
        self._loop = asyncio.get_running_loop()
        self._inbox = inbox
        self._ends: dict[str, asyncio.TimerHandle] = {}
        self._sound_began = 0.0
        self._sound_ends: asyncio.TimerHandle | None = None
        self._recording = ""
        self.gone = False
        self.heard: list[str] = []
        self.heard_one = asyncio.Event()

    @property
    def blind(self) -> bool:
        return False

    async def answer(self, hearing: Hearing) -> None:
        self._check()

    async def listen_anew(self, hearing: Hearing) -> None:
        self._check()

    async def verify(self) -> None:
        self._check()

    async def start(self, playback: str, prompts: tuple[Prompt, ...], left: Bookmark) -> None:
        self._check()
        length = sum(prompt.seconds for prompt in prompts)
        sentences = {part.name.partition(".")[0] for part in prompts if "." in part.name}  # of fragments
        self._ends[playback] = self._loop.call_later(length, self._end, playback, (prompts[-1].name, *sentences))

    async def stop(self, playback: str) -> None:
        self._check()
        end = self._ends.pop(playback, None)
        if end is not None:
            end.cancel()
            self._inbox.put(PlaybackEnded(playback))

    async def stay(self, seconds: float) -> None:
        self._check()

    async def music(self, on: bool) -> None:
        self._check()

    async def record(self, recording: str, longest: float) -> None:
        self._check()
        self._recording = recording
        self._recording_ends = self._loop.call_later(longest, self._recorded)
        self._silent_again = self._loop.call_later(MESSAGE_GAP, self._recorded)

    async def records(self, recording: str) -> bool:
        return self._recording == recording

    def _recorded(self) -> None:
        """The recording is over: it was long enough, or the caller said nothing for a while, or pressed #."""
        if self._recording:
            self._inbox.put(RecordingEnded(self._recording))
            self._recording = ""
            self._recording_ends.cancel()
            self._silent_again.cancel()

    async def depart(self, to: Destination, briefing: Mapping[str, str]) -> None:
        self._check()
        self.leave()

    async def hang_up(self) -> None:
        self._check()
        self.leave()

    async def refuse(self) -> None:
        self._check()
        self.leave()

    def leave(self) -> None:
        """The channel is no longer ours; a recording ends first, and is kept."""
        self._recorded()
        self.gone = True
        self._inbox.put(Gone())

    def _end(self, playback: str, heard: tuple[str, ...]) -> None:
        if not self.gone and self._ends.pop(playback, None) is not None:
            self._inbox.put(PlaybackEnded(playback))
            self.heard += heard
            self.heard_one.set()

    def _sound(self) -> None:
        """Two sounds with less than TALK_GAP between them are one to Asterisk."""
        if self._sound_ends is not None:
            self._sound_ends.cancel()
        else:
            self._sound_began = self._loop.time()
            self._inbox.put(TalkStarted())
        if self._recording:
            self._silent_again.cancel()

    def _quiet(self, lasted: float) -> None:
        self._sound_ends = None
        self._inbox.put(TalkFinished(lasted))
        if self._recording:
            self._silent_again = self._loop.call_later(MESSAGE_GAP - TALK_GAP, self._recorded)

    def _check(self) -> None:
        if self.gone:
            raise CallerHungUp

    async def act(self, act: Act) -> None:
        """The caller does one thing of the script."""
        match act:
            case Waits(seconds):
                await asyncio.sleep(seconds)
            case Hears(prompt, times):
                while self.heard.count(prompt) < times:
                    self.heard_one.clear()
                    await self.heard_one.wait()
            case Says(seconds):
                self._sound()
                await asyncio.sleep(seconds)
                lasted = self._loop.time() - self._sound_began
                self._sound_ends = self._loop.call_later(TALK_GAP, self._quiet, lasted)
            case Presses(key):
                self._inbox.put(KeyPressed(key))
                if key == "#":
                    self._recorded()
            case HangsUp():
                self.leave()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What happened: the journal, and when the caller did each act (seconds from the answer)."""

    journal: tuple[Milestone, ...]
    acts: tuple[tuple[float, Act], ...]
    filed: tuple[Filing, ...] = ()
    in_vain: Hears | None = None
    """What the caller waited for and never heard to its end: nothing they would have done after it has happened."""

    @property
    def timeline(self) -> tuple[str, ...]:
        """Lines such as ` 8.2  play offer`: what a caller notices, offsets in seconds."""
        return tuple(f"{m.at:.1f} {m.what}{' ' + m.detail if m.detail else ''}" for m in noticed(self.journal))


def noticed(journal: Iterable[Milestone]) -> list[Milestone]:
    """The milestones a caller notices; the rest is our own bookkeeping."""
    hidden = {What.ENTER, What.PLAYED, What.SILENCE}
    return [m for m in journal if m.what not in hidden]


def rehearse(
    standard: Standard, script: Script, arrival: Arrival | None = None, place: Callable[[], bool] = lambda: True
) -> Rehearsal:
    """Play a scripted caller through a standard in virtual time; `place`: whether the station has one for them."""
    return clock.run(_rehearse(standard, script, arrival or Arrival(), place))


def returned_by_agent(standard: Standard, script: Script = ()) -> Rehearsal:
    """The same for a caller whose agent hung up first."""
    return rehearse(standard, script, Arrival(Door.AFTER_QUEUE, queue_status=AGENT_LEFT_FIRST, queue_round=1))


async def _rehearse(standard: Standard, script: Script, arrival: Arrival, place: Callable[[], bool]) -> Rehearsal:
    loop = asyncio.get_running_loop()
    inbox = Inbox(loop)
    channel = SimulatedChannel(inbox)
    filed: list[Filing] = []
    line = Line(CallId("twin"), arrival, channel, inbox, standard.hearing, standard.lead_in, filed.append, place)
    acts: list[tuple[float, Act]] = []
    caller = asyncio.create_task(_play(channel, script, acts))
    try:
        await receive(line, standard, QUEUE)
    except CallerHungUp:
        pass
    finally:
        caller.cancel()
    return Rehearsal(tuple(line.journal), tuple(acts), tuple(filed), _in_vain(script, channel.heard))


def _in_vain(script: Script, heard: list[str]) -> Hears | None:
    return next((act for act in script if isinstance(act, Hears) and heard.count(act.prompt) < act.times), None)


async def _play(channel: SimulatedChannel, script: Script, acts: list[tuple[float, Act]]) -> None:
    loop = asyncio.get_running_loop()
    for act in script:
        if channel.gone:
            return
        if not isinstance(act, Waits | Hears):
            acts.append((loop.time(), act))
        await channel.act(act)
