"""A house with a hotline: its PBX on the files of `dialplan/`, agents' telephones on a second one, callers, and a desk.

The desk is the least application there can be: it claims whoever is offered, and does what a test says. So a test
of the dialplan tests the dialplan.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from ari_app import paths
from ari_app.ami import agents
from ari_app.ami.client import AmiClient
from ari_app.ami.queues import News, Queues
from ari_app.ami.watch import QueueWatch
from ari_app.config import AmiSettings
from ari_app.errors import PbxRefused
from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.frontline import Frontline
from ari_app.pbx.instance import Pbx
from ari_app.pbx.place import Place

WITHIN = 15.0
"""Seconds until a test stops waiting for what should happen at once."""
CALLER = "callers"
PHONES = ("agent-001", "agent-002", "agent-003")


@dataclass
class Arrival:
    """A caller who has come to the desk, and by which words of the dialplan."""

    channel: str
    args: list[str]


class Desk:
    """An ARI application called hotline-1; it may be away."""

    def __init__(self, url: str, password: str) -> None:
        self._url = url
        self._headers = {"Authorization": "Basic " + base64.b64encode(f"hotline:{password}".encode()).decode()}
        self._came: dict[str, asyncio.Queue[Arrival]] = defaultdict(asyncio.Queue)
        self.gone: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.away: set[str] = set()  # callers who find nobody
        self._numbers = itertools.count(1)
        self._doing: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Desk:
        self._http = aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=WITHIN))
        self._events = await self._http.ws_connect(f"{self._url}/events", params={"app": "hotline-1,callers"})
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self._events.close()
        await self._http.close()

    async def _read(self) -> None:
        async for message in self._events:
            event = message.json()
            channel = (event.get("channel") or {}).get("id", "")
            match event["type"]:
                case "CallBroadcast" if channel not in self.away:
                    claim = self.ask("POST", "events/claim", channelId=channel, application="hotline-1")
                    task = asyncio.create_task(claim)
                    self._doing.add(task)
                    task.add_done_callback(self._doing.discard)
                case "StasisStart" if event["application"] == "hotline-1":
                    self._came[channel].put_nowait(Arrival(channel, event["args"]))
                case "ChannelDestroyed":
                    self.gone[channel].set()
                case _:
                    pass

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, /, **query: str) -> Any:
        async with self._http.request(method, f"{self._url}/{path}", params=query, json=body) as reply:
            if reply.status >= 400:
                return None
            return await reply.json() if reply.content_type == "application/json" else {}

    async def arrives(self, caller: Caller) -> list[str]:
        """The words with which this caller comes (again)."""
        return (await asyncio.wait_for(self._came[caller.channel].get(), WITHIN)).args

    def has_come(self, caller: Caller) -> bool:
        """Whether this caller is here and nobody has looked."""
        return not self._came[caller.channel].empty()

    @contextlib.asynccontextmanager
    async def caller(self, dialled: str = "4008", number: str = "", away: bool = False) -> AsyncIterator[Caller]:
        """Somebody rings the hotline, and has hung up in the end."""
        name = f"caller-{next(self._numbers)}"
        caller = Caller(self, name)
        if away:
            self.away.add(caller.channel)
        await self.ask(
            "POST", "channels", endpoint=f"Local/{dialled}@{CALLER}/n", app="callers", channelId=f"{name};1",
            otherChannelId=caller.channel, callerId=number or "13800000001",
        )  # fmt: skip
        try:
            yield caller
        finally:
            await caller.hang_up()


@dataclass
class Caller:
    """One who rings: `channel` is the hotline's end of the line."""

    desk: Desk
    name: str
    channel: str = field(init=False)

    def __post_init__(self) -> None:
        self.channel = f"{self.name};2"

    async def sent(self, door: str, **variables: str) -> None:
        """The desk lets the caller go by `context,extension`, with what it leaves on the channel."""
        context, extension = door.split(",")
        if variables:
            await self.desk.ask("POST", f"channels/{self.channel}/variables", {"variables": variables})
        await self.desk.ask("POST", f"channels/{self.channel}/continue", context=context, extension=extension)

    async def found(self, *names: str) -> list[str]:
        """What the dialplan left on the channel."""
        told = [await self.desk.ask("GET", f"channels/{self.channel}/variable", variable=name) for name in names]
        return [str(value["value"]) if value else "" for value in told]

    async def presses(self, key: str) -> None:
        await self.desk.ask("POST", f"channels/{self.name};1/dtmf", dtmf=key)

    async def hang_up(self) -> None:
        await self.desk.ask("DELETE", f"channels/{self.channel}")
        await self.desk.ask("DELETE", f"channels/{self.name};1")


@dataclass
class House:
    """Both PBXs and the desk."""

    pbx: Pbx
    phones: Pbx
    plan: Frontline
    desk: Desk
    ami: AmiClient

    @property
    def ami_settings(self) -> AmiSettings:
        host, port = self.pbx.ami
        return AmiSettings(host=host, port=port, password=SecretStr(self.plan.ami_password))

    watch: QueueWatch
    news: list[News]

    async def sees(self, is_so: Callable[[Queues], object], within: float = WITHIN) -> None:
        """Waits until AMI has told what must be so."""
        async with asyncio.timeout(within):
            while not is_so(self.watch.queues):
                await self.watch.connection.ask("Ping")

    async def waits(self, caller: Caller) -> None:
        """Until the caller is in a queue."""
        await self.sees(lambda queues: caller.channel in queues.waiting)

    async def gives_back(self, agent: str, key: str) -> str:
        """An agent's key by AMI, once the two are connected: the queue tells of it a moment before they are."""
        async with asyncio.timeout(WITHIN):
            while True:
                try:
                    return await agents.send(self.ami, agent, key)
                except PbxRefused:
                    await self.watch.connection.ask("Ping")

    async def does(self, phone: str, what: str) -> None:
        """How the telephone behaves from now on when it rings: talk, leave, ignore, busy, key74."""
        await self.phones.console(f"dialplan set global DO-{phone} {what}")

    async def forgets(self, *phones: str) -> None:
        for phone in phones:
            await self.phones.console(f"dialplan set global SEEN-{phone} none")

    async def rung(self, phone: str) -> tuple[str, dict[str, str]]:
        """What the telephone showed when it rang: the caller's name, and our header. Waits until it has."""
        async with asyncio.timeout(WITHIN):
            while (told := await self.shown(phone))[1] == "none":
                pass
        await self.forgets(phone)
        return told[0], dict(pair.split("=", 1) for pair in told[1].split("&") if "=" in pair)

    async def shown(self, phone: str) -> tuple[str, str]:
        listed = await self.phones.console("dialplan show globals")
        told = dict(line.strip().split("=", 1) for line in listed.splitlines() if "=" in line)
        return told.get(f"NAME-{phone}", ""), told.get(f"SEEN-{phone}", "none")

    async def dials(self, phone: str, code: str, speaks: bool = True) -> None:
        """An agent dials a code from their telephone, and says a word after the tone or not."""
        say = "speak" if speaks else "silent"
        await self.phones.console(f"channel originate PJSIP/{code}@out-{phone} extension {say}@mouths")


def phones_files(place: Place, hotline: Pbx) -> dict[str, str]:
    """The second PBX: three telephones which register with the hotline."""
    at = f"{hotline.address}:{hotline.place.ports.sip}"
    pjsip = f"""
[udp]
type=transport
protocol=udp
bind={place.address}:{place.ports.sip}
[hotline]
type=endpoint
transport=udp
context=agents
disallow=all
allow=ulaw
dtmf_mode=rfc4733
direct_media=no
media_address={place.address}
trust_id_inbound=yes
[hotline]
type=identify
endpoint=hotline
match={hotline.address}
"""
    for phone in PHONES:
        pjsip += f"""
[{phone}]
type=registration
transport=udp
outbound_auth={phone}
server_uri=sip:{at}
client_uri=sip:{phone}@{at}
contact_user={phone}
max_random_initial_delay=0
retry_interval=1
[{phone}]
type=auth
auth_type=userpass
username={phone}
password=secret
[out-{phone}]
type=endpoint
transport=udp
context=mouths
disallow=all
allow=ulaw
direct_media=no
media_address={place.address}
outbound_auth={phone}
from_user={phone}
aors=out-{phone}
[out-{phone}]
type=aor
contact=sip:{at}
"""
    extensions = """
[seen]
exten => s,1,Set(GLOBAL(NAME-${ARG1})=${CALLERID(name)})
 same => n,Set(GLOBAL(SEEN-${ARG1})=${IF($["${PJSIP_HEADER(read,X-Hotline)}" = ""]?-:${PJSIP_HEADER(read,X-Hotline)})})
 same => n,Return()
[agents]
; answers, talks, presses a key or hangs up, as the test says in the global DO-agent-001
AGENTS
[do]
exten => talk,1,Answer()
 same => n,Wait(60)
exten => leave,1,Answer()
 same => n,Wait(0.7)
 same => n,Hangup()
exten => ignore,1,Ringing()
 same => n,Wait(60)
exten => busy,1,Busy()
exten => _key.,1,Answer()
 same => n,Wait(0.7)
 same => n,SendDTMF(*${EXTEN:3},120,120)
 same => n,Wait(60)
[mouths]
exten => speak,1,Wait(0.8)
 same => n,Playtones(500/300,400/300)
 same => n,Wait(4)
exten => silent,1,Wait(8)
"""
    agents = "".join(
        f"exten => {phone},1,Gosub(seen,s,1({phone}))\n"
        f' same => n,Goto(do,${{IF($["${{DO-{phone}}}" = ""]?talk:${{DO-{phone}}})}},1)\n'
        for phone in PHONES
    )
    return {"pjsip.conf": pjsip, "extensions.conf": extensions.replace("AGENTS", agents)}


QUEUES = """
; no notes after a call: the tests follow each other
[hotline](+)
wrapuptime = 0
[night](!)
strategy = ringall
timeout = 5
retry = 1
setinterfacevar = yes
context = hotline-queue-keys
[patient](night)
member => Local/ignore@others
[quiet](night)
[crowded](night)
maxlen = 1
member => Local/ignore@others
[nobody](night)
joinempty = unavailable,invalid
[leaving](night)
joinempty = yes
leavewhenempty = paused
member => Local/ignore@others
"""
EXTENSIONS = """
[callers]
exten => _X.,1,Goto(hotline,${EXTEN},1)
[others]
exten => ignore,1,Ringing()
 same => n,Wait(60)
[hotline-extensions](+)
exten => 801,1,Answer()
 same => n,Wait(0.3)
 same => n,Hangup()
exten => 802,1,Busy()
exten => 803,1,Ringing()
 same => n,Wait(60)
exten => 804,1,Goto(hotline,804,1)
"""


def phone_lines() -> str:
    return "".join(
        f"[{phone}](hotline-agent-phone,here)\nauth = {phone}-login\naors = {phone}\n"
        f"[{phone}-login](hotline-agent-login)\nusername = {phone}\npassword = secret\n[{phone}](hotline-agent-place)\n"
        for phone in PHONES
    )


@contextlib.asynccontextmanager
async def built(asterisk: Asterisk, folder: Path, settings: Mapping[str, str]) -> AsyncIterator[House]:
    """The house, with every telephone registered."""
    plan = Frontline(
        sounds=paths.shipped("prompts") / "hotline-standard/zh-CN",
        members=("PJSIP/agent-001,0,001",),
        extra={
            "pjsip.conf": phone_lines(),
            "queues.conf": QUEUES,
            "extensions.conf": EXTENSIONS,
        },
        settings=settings,
    )
    hotline = Pbx(asterisk, folder / "hotline", configuration=plan)
    phones = Pbx(asterisk, folder / "phones", configuration=lambda place: phones_files(place, hotline))
    async with contextlib.AsyncExitStack() as exits:
        await asyncio.gather(*(exits.enter_async_context(pbx) for pbx in (hotline, phones)))
        host, port = hotline.ami
        settings_ = AmiSettings(host=host, port=port, password=SecretStr(plan.ami_password))
        ami = await exits.enter_async_context(await AmiClient.connect(settings_))
        desk = await exits.enter_async_context(Desk(hotline.ari_url, plan.ari_password))
        async with asyncio.timeout(WITHIN):
            for phone in PHONES:
                while not await ami.evaluate(f"PJSIP_DIAL_CONTACTS({phone})"):
                    pass
        news: list[News] = []
        watch = QueueWatch(settings_, news.append)
        watching = asyncio.create_task(watch.run())
        exits.callback(watching.cancel)
        await asyncio.wait_for(watch.right.wait(), WITHIN)
        house = House(hotline, phones, plan, desk, ami, watch, news)
        await house.forgets(*PHONES)
        yield house
