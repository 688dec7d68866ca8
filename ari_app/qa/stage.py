"""The stage: a hotline with its PBX and application, a carrier with callers and agents; any number of calls.

Rule 1: nothing hangs: every call has a deadline, and the stage leaves no process behind.
Rule 2: the hotline's PBX runs on the files of `dialplan/`, the application as its own process.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import warnings
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from ari_app import standard
from ari_app.config import AmiSettings
from ari_app.errors import HotlineError, PbxFailed
from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.instance import Pbx
from ari_app.pbx.place import Place
from ari_app.qa.application import Application
from ari_app.qa.carrier import AgentArrives, Carrier
from ari_app.qa.cast import AGENT_CLIP, CALLER_CLIP, COUGH_CLIP, CastCaller
from ari_app.qa.ears import Ears
from ari_app.qa.hearing import Hearing
from ari_app.qa.machine import SCARCE, STOOD_STILL, Scarcity, Watch, telephones_first, think
from ari_app.qa.mouth import Clip, load_clip
from ari_app.qa.phones import Telephones, plan_at
from ari_app.qa.player import Director, Plan, Player, rehearsed
from ari_app.qa.setting import Setting
from ari_app.qa.verdict import judge
from ari_app.standard import Standard

VOICES = Path(__file__).parent / "voices"
DIALLED = "4008008000"
REGISTERED_WITHIN = 60.0
"""Seconds: a phone that did not answer once is asked again, and registers again, well within them."""
APART = 0.05
"""Seconds from one caller's ringing to the next one's. Twenty in one instant are nobody's evening, and on a small
machine the work of twenty calls' beginnings would be heard by all of them."""
Progress = Callable[[CastCaller, str], None]


def _no_progress(caller: CastCaller, news: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Voices:
    """What the people on the stage have to say."""

    caller: Clip
    agent: Clip
    cough: Clip

    @classmethod
    def load(cls, folder: Path = VOICES) -> Voices:
        return cls(*(load_clip(folder / f"{name}.wav") for name in (CALLER_CLIP, AGENT_CLIP, COUGH_CLIP)))


class StoodStill(UserWarning):
    """Callers rang again: what they heard says more of this machine than of the hotline."""


class Stage:
    """`async with Stage(asterisk, folder) as stage: hearings = await stage.perform(CAST)`."""

    def __init__(
        self,
        asterisk: Asterisk,
        folder: Path,
        setting: Setting = Setting(),  # noqa: B008 - frozen
        rings: AgentArrives | None = None,
    ) -> None:
        self._folder = folder
        self.setting = setting
        self.standard: Standard = standard.load(setting.standard_folder)
        self.voices = Voices.load()
        self._carrier_pbx = Pbx(asterisk, folder / "carrier", configuration=self._carrier_files)
        self._frontline = setting.frontline(self.standard, self._carrier_pbx.place)
        self.pbx = Pbx(asterisk, folder / "hotline", configuration=self._frontline)
        self.director = Director(self.voices)
        rings = rings or self.director.agent_rings
        there = () if setting.phones_apart else setting.phones
        self.carrier = Carrier(plan_at(self._carrier_pbx, self.pbx, there), rings)
        self.telephones = (
            Telephones(asterisk, folder / "phones", self.pbx, setting.phones, rings) if setting.phones_apart else None
        )
        self.applications: list[Application] = []
        self._plans: dict[CastCaller, Plan] = {}
        self.ears = Ears(self.standard, setting.sounds_folder, (self.voices.caller, self.voices.agent))
        self._numbers = itertools.count(13_800_000_001)
        self.meanwhile: tuple[float | None, float] = (None, 0.0)
        """While `perform` had callers on the line: how scarce CPU was, and for how long one stood still (seconds)."""

    async def __aenter__(self) -> Stage:
        self._exits = contextlib.AsyncExitStack()
        self._exits.enter_context(telephones_first())
        self.scarcity, self.watch = Scarcity(), self._exits.enter_context(Watch())
        try:
            for pbx in (self.pbx, self._carrier_pbx):
                await self._exits.enter_async_context(pbx)
            await self._exits.enter_async_context(self.carrier)
            if self.telephones is not None:
                await self._exits.enter_async_context(self.telephones)
            await self.agents_ready()
        except BaseException:
            await self._exits.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for application in self.applications:
            if application.running:
                await application.kill()
        await self._exits.aclose()

    async def carrier_fails(self) -> None:
        """The power cut of a telephone company: every line of the callers is dead, and nobody is told."""
        await self._carrier_pbx.kill()

    async def start(self, worker: str = "1") -> Application:
        """The application begins to answer callers."""
        application = Application(
            self._config(),
            worker=worker,
            command=self.setting.command,
            password=self._frontline.ari_password,
            ami_password=self._frontline.ami_password,
            log=self._folder / f"application-{worker}.log",
        )
        self.applications.append(application)
        await application.start()
        return application

    async def perform(self, cast: Sequence[CastCaller], progress: Progress = _no_progress) -> list[Hearing]:
        """The whole cast, the application included: it starts when those who find it down have been answered."""
        self.begin_to_watch()
        early = [caller for caller in cast if caller.application_down]
        players = {caller.name: await self._player(caller, progress) for caller in cast}
        try:
            async with asyncio.TaskGroup() as calls:
                for turn, caller in enumerate(early):
                    calls.create_task(self._call(players[caller.name], turn))
                for caller in early:
                    await players[caller.name].answered.wait()
                application = await self.start()
                for turn, caller in enumerate(cast):
                    if not caller.application_down:
                        calls.create_task(self._call(players[caller.name], turn))
        except* HotlineError as troubles:
            raise troubles.exceptions[0] from None
        await application.stop()
        self.meanwhile = self.scarcity.share(), self.watch.longest()
        return await self._hearings(players[caller.name] for caller in cast)

    async def perform_fairly(self, cast: Sequence[CastCaller], times: int = 3) -> list[Hearing]:
        """The cast; whoever was not treated well while this machine stood still rings again, all in all `times` times.

        Whoever is treated badly on a machine that had time for it is not heard twice. A `StoodStill` warning tells who
        was heard again: what is wrong with the hotline is wrong every time.
        """
        return await self._fairly(self.perform, cast, times)

    async def play_fairly(
        self, cast: Sequence[CastCaller], progress: Progress = _no_progress, times: int = 3
    ) -> list[Hearing]:
        """The same, whatever runs or does not."""
        return await self._fairly(lambda callers: self.play(callers, progress), cast, times)

    async def _fairly(
        self,
        ring: Callable[[Sequence[CastCaller]], Awaitable[list[Hearing]]],
        cast: Sequence[CastCaller],
        times: int,
    ) -> list[Hearing]:
        heard = {h.caller.name: h for h in await ring(cast)}
        for _ in range(times - 1):
            spoilt = self.spoilt(heard.values())
            if not spoilt:
                break
            heard |= {h.caller.name: h for h in await ring(spoilt)}
        return [heard[caller.name] for caller in cast]

    def spoilt(self, hearings: Iterable[Hearing]) -> list[CastCaller]:
        """Who was not treated well, if it may be this machine's fault: by its own word, or because sound is missing.

        Its word is about the time since this was last asked.
        """
        faults = {h.caller: f for h in hearings if (f := judge(h, self.standard).faults)}
        stood_still = self.stood_still()
        self.begin_to_watch()
        if not stood_still and not any(fault.starved for each in faults.values() for fault in each):
            return []
        if faults:
            told = "; ".join(f"{caller.name} ({each[0].what})" for caller, each in faults.items())
            warnings.warn(StoodStill(f"this machine stood still; again: {told}"), stacklevel=2)
        return list(faults)

    def begin_to_watch(self) -> None:
        """What this machine did before says nothing of the calls that begin now."""
        self.scarcity = Scarcity()
        self.watch.forget()

    def stood_still(self) -> bool:
        """Whether this machine had too little time for telephones since it began to be watched."""
        return (self.scarcity.share() or 0.0) > SCARCE or self.watch.longest() > STOOD_STILL

    async def play(self, cast: Sequence[CastCaller], progress: Progress = _no_progress) -> list[Hearing]:
        """All these callers ring, one after the other, whatever runs or does not; what they heard, in that order."""
        players = [await self._player(caller, progress) for caller in cast]
        await asyncio.gather(*(self._call(player, turn) for turn, player in enumerate(players)))
        return await self._hearings(players)

    async def _player(self, caller: CastCaller, progress: Progress) -> Player:
        if caller not in self._plans:  # a rehearsal has an event loop of its own, and so a thread
            self._plans[caller] = await asyncio.to_thread(rehearsed, caller, self.standard)
        number = str(next(self._numbers))
        return Player(caller, self._plans[caller], self.voices, number, lambda news: progress(caller, news))

    async def _call(self, player: Player, turn: int) -> None:
        await asyncio.sleep(turn * APART)
        await player.play(self.carrier, self.director, player.caller.dialled or DIALLED)

    async def _hearings(self, players: Iterable[Player]) -> list[Hearing]:
        return [await think(player.hearing, self.ears.matcher(player.caller)) for player in players]

    @property
    def ami(self) -> AmiSettings:
        """How to watch the hotline's queues."""
        host, port = self.pbx.ami
        password = SecretStr(self._frontline.ami_password)
        return AmiSettings(host=host, port=port, user=self._frontline.ami_user, password=password)

    def _config(self) -> Path:
        folder = self._folder.absolute()
        path = folder / "hotline.yaml"
        ari = {"url": self.pbx.ari_url, "user": self._frontline.ari_user}
        path.write_text(self.setting.hotline_yaml(folder, ari, self.ami))
        return path

    async def agents_ready(self) -> None:
        """Every agent's phone is registered and the queue knows that it can be rung."""
        silent: set[str] = set()
        try:
            async with asyncio.timeout(REGISTERED_WITHIN):
                while silent := await self._phones_that_do_not_ring():  # noqa: ASYNC110 - only the PBX knows
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise PbxFailed(
                f"not rung within {REGISTERED_WITHIN:.0f} s: {', '.join(sorted(silent))}; "
                f"see {self.pbx.log_file} and {self._carrier_pbx.log_file}\n{await self._what_is_known_of_phones()}"
            ) from None

    async def _phones_that_do_not_ring(self) -> set[str]:
        ready = re.findall(r"PJSIP/(\S+) .*\(Not in use\)", await self.pbx.console("queue show"))
        return {phone.user for phone in self.setting.phones} - set(ready)

    async def _what_is_known_of_phones(self) -> str:
        """At the queue, at the hotline's registrar and at the phones themselves."""
        asked = ((self.pbx, "queue show"), (self.pbx, "pjsip show contacts"))
        phones = self.telephones.pbx if self.telephones is not None else self._carrier_pbx
        return "\n".join([await pbx.console(what) for pbx, what in (*asked, (phones, "pjsip show registrations"))])

    def _carrier_files(self, _place: Place) -> dict[str, str]:
        return self.carrier.plan.texts()
