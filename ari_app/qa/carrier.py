"""The carrier: a second PBX between us and the hotline, through which callers ring and agents are rung.

Rule 1: all a caller and an agent do passes the real trunk: SIP, G.711, RTP, RFC 4733 keys.
Rule 2: a leg's mouth and ear are in its bridge before the hotline is dialled: not a syllable is missed.
Rule 3: what comes from the other end (numbers, names) is hostile text: kept as a value, never in a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from ari_app.qa.carrier_ari import CarrierAri, CarrierTrouble, Event
from ari_app.qa.carrier_config import APP, CarrierPlan
from ari_app.qa.handset import Handset
from ari_app.qa.mouth import Clip, Metronome

ENTERS_WITHIN = 10.0  # seconds a channel on our own carrier may take to be ours

_names = (f"caller-{secrets.token_hex(4)}-{n}" for n in itertools.count(1))


class By(StrEnum):
    """Who put the phone down: the person at our end, or the hotline."""

    US = "person"
    THEM = "hotline"


@dataclass(frozen=True, slots=True)
class CallerId:
    """What a caller claims to be; the carrier passes it on unread."""

    number: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    withheld: bool = False  # the caller wants it told to nobody

    def __post_init__(self) -> None:
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in self.number + self.name):
            raise ValueError("a caller id with control characters cannot be sent over SIP")


class Leg:
    """One telephone on the carrier: a channel towards the hotline, bridged with a handset of ours."""

    def __init__(self, ari: CarrierAri, handset: Handset, channel: str) -> None:
        self._ari, self._loop = ari, asyncio.get_running_loop()
        self.handset = handset
        self.channel, self.media, self.bridge = channel, f"{channel}-media", f"{channel}-bridge"
        self._in_stasis = {self.channel: asyncio.Event(), self.media: asyncio.Event()}
        self.answered: asyncio.Future[float] = self._loop.create_future()
        self.ended: asyncio.Future[float] = self._loop.create_future()
        self.dialled_at: float | None = None
        self.hung_up_by: By | None = None
        self.cause = 0
        self.pressed: list[tuple[float, str]] = []
        self.claims = CallerId()
        self.rung = ""  # the telephone, when it is an agent's

    def hear(self, event: Event, at: float) -> None:
        """An event of our channel, at `at` of the loop's clock."""
        match event["type"]:
            case "StasisStart":
                self._in_stasis[event["channel"]["id"]].set()
            case _ if event["channel"]["id"] != self.channel:
                return
            case "ChannelStateChange" if event["channel"]["state"] == "Up":
                self._answered(at)
            case "ChannelHangupRequest":
                self._ended(at, event.get("cause", 0))
            case "ChannelDestroyed" | "StasisEnd":
                self._ended(at, event.get("cause", 0))

    def say(self, clip: Clip) -> float:
        """Begin to speak; seconds it takes."""
        return self.handset.say(clip)

    async def press(self, key: str) -> None:
        """Press a key: a tone of 100 ms, as RFC 4733 on the trunk."""
        self.pressed.append((self._loop.time(), key))
        with contextlib.suppress(CarrierTrouble):  # the line may have ended under the finger
            await self._ari.post(f"/channels/{self.channel}/dtmf", dtmf=key, duration=100)

    async def pick_up(self) -> None:
        """An agent answers."""
        await self._ari.post(f"/channels/{self.channel}/answer")

    async def hang_up(self) -> None:
        """Put the phone down, unless the line has ended already."""
        self._ended(self._loop.time(), 16, By.US)
        await self._ari.delete(f"/channels/{self.channel}")

    async def connect(self) -> None:
        """Make the bridge and the handset's channel, and find where the handset is to send."""
        media = self._ari.post(
            "/channels/externalMedia",
            channelId=self.media,
            app=APP,
            external_host=self.handset.address,
            format="ulaw",
            encapsulation="rtp",
            transport="udp",
        )
        made, _ = await asyncio.gather(media, self._ari.post("/bridges", type="mixing", bridgeId=self.bridge))
        variables = made["channelvars"]
        self.handset.connect(variables["UNICASTRTP_LOCAL_ADDRESS"], int(variables["UNICASTRTP_LOCAL_PORT"]))
        for entered in self._in_stasis.values():
            await asyncio.wait_for(entered.wait(), ENTERS_WITHIN)
        await self._ari.post(
            f"/bridges/{self.bridge}/addChannel",
            channel=f"{self.media},{self.channel}",
            inhibitConnectedLineUpdates="true",  # or the nameless handset would overwrite the caller's claims
        )

    async def break_off(self, cause: int) -> None:
        """The line fails under a caller: the network ends it, and says so by its cause (Q.850)."""
        self._ended(self._loop.time(), cause, By.US)
        await self._ari.delete(f"/channels/{self.channel}", reason_code=str(cause))

    async def clear(self) -> None:
        """Leave nothing behind on the carrier."""
        self._ended(self._loop.time(), 0, By.US)
        self.handset.close()
        self._ari.forget(self.channel)
        self._ari.forget(self.media)
        for path in (f"/channels/{self.channel}", f"/channels/{self.media}", f"/bridges/{self.bridge}"):
            with contextlib.suppress(CarrierTrouble, asyncio.TimeoutError):
                await self._ari.delete(path)

    def _answered(self, at: float) -> None:
        if not self.answered.done():
            self.answered.set_result(at)

    def _ended(self, at: float, cause: int, by: By = By.THEM) -> None:
        if not self.ended.done():
            self.ended.set_result(at)
            self.hung_up_by, self.cause = by, cause


AgentArrives = Callable[[Leg], Awaitable[None]]


class Carrier:
    """Rings the hotline for callers, and lets `agent_rings` live each call that reaches an agent's phone."""

    def __init__(self, plan: CarrierPlan, agent_rings: AgentArrives | None = None) -> None:
        self.plan = plan
        self._agent_rings = agent_rings
        self.metronome = Metronome()
        self._agents: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Carrier:
        self._ari = CarrierAri(self.plan.ari, self.plan.user, self.plan.password, APP)
        self._ari.unclaimed = self._unclaimed
        await self._ari.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._agents:
            task.cancel()
        await asyncio.gather(*self._agents, return_exceptions=True)
        await self._ari.__aexit__()

    @contextlib.asynccontextmanager
    async def ring(self, dialled: str, claims: CallerId) -> AsyncIterator[Leg]:
        """Ring the hotline as a caller; the leg is cleared away in the end, whatever happened."""
        leg = self._leg(next(_names))
        try:
            await self._ari.post(
                "/channels/create",
                {"variables": _claims(claims)},
                channelId=leg.channel,
                endpoint=f"PJSIP/{dialled}@hotline",
                app=APP,
                formats="ulaw",
            )
            await leg.connect()
            leg.dialled_at = asyncio.get_running_loop().time()
            await self._ari.post(f"/channels/{leg.channel}/dial", timeout=60)
            yield leg
        finally:
            await leg.clear()

    def _leg(self, channel: str) -> Leg:
        leg = Leg(self._ari, Handset(self.metronome, self.plan.address), channel)
        self._ari.listen_to(leg.channel, leg.hear)
        self._ari.listen_to(leg.media, leg.hear)
        return leg

    def _unclaimed(self, event: Event, at: float) -> None:
        """An agent's phone rings: a new leg, lived in a task of its own."""
        if event["type"] != "StasisStart" or event["args"][:1] != ["agent"] or self._agent_rings is None:
            return
        leg = self._leg(event["channel"]["id"])
        leg.hear(event, at)
        leg.rung = event["channel"]["dialplan"]["exten"]
        caller = event["channel"]["caller"]
        leg.claims = CallerId(caller.get("number", ""), caller.get("name", ""))
        task = asyncio.create_task(self._live(leg), name="agent")
        self._agents.add(task)
        task.add_done_callback(self._agents.discard)

    async def _live(self, leg: Leg) -> None:
        assert self._agent_rings is not None
        try:
            await leg.connect()
            await self._agent_rings(leg)
        except CarrierTrouble:
            if not leg.ended.done():  # the caller may have left before the agent's phone was ready
                raise
        finally:
            await leg.clear()


def _claims(claims: CallerId) -> dict[str, str]:
    """A caller id as Asterisk sends it on an outgoing line."""
    return {
        "CONNECTEDLINE(num,i)": claims.number,
        "CONNECTEDLINE(name,i)": claims.name,
        "CONNECTEDLINE(pres,i)": "prohib" if claims.withheld else "allowed",
    }
