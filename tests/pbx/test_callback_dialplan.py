"""The dialplan by which callers are rung back, on a real Asterisk: agent first, then the caller, and never wrongly.

The carrier's line leads back to the same Asterisk, into `far-side`, where the people live who are rung.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from pydantic import SecretStr

from ari_app.check.ari import Ari
from ari_app.config import AriSettings
from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.frontline import Frontline
from ari_app.pbx.instance import Pbx
from ari_app.pbx.place import Place

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

ANSWERS, BUSY, ABROAD = "+8613800138000", "+8613800138001", "+4989123456"
FAR_SIDE = f"""
[far-side]
exten => {ANSWERS},1,Answer()
 same => n,Wait(60)
exten => {BUSY},1,Hangup(17)
exten => {ABROAD},1,Answer()
 same => n,Wait(60)
[agents]
exten => agent,1,Answer()
 same => n,Wait(60)
[hotline-extensions](+)
exten => 8001,1,Answer()
 same => n,Wait(60)
"""
PLAN = Frontline(members=["Local/agent@agents/n"])
APP = "hotline-callbacks"
IN_TIME = 10.0


def zone_where_it_is(hour: int) -> str:
    """A time zone in which it is this hour now; Etc/GMT-8 is eight hours east."""
    east = (hour - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


def configuration(place: Place) -> Mapping[str, str]:
    files = dict(PLAN(place))
    files["extensions.conf"] += FAR_SIDE
    line = f"{place.address}:{place.ports.sip}"
    files["pjsip.conf"] += (
        f"\n[carrier](hotline-trunk,here)\ncontext = far-side\naors = carrier\n"
        f"[carrier]\ntype = aor\ncontact = sip:{line}\n"
        f"[carrier]\ntype = identify\nendpoint = carrier\nmatch = {place.address}\n"
    )
    return files


@dataclass(frozen=True)
class Exchange:
    """The PBX, our hold on its ARI, and what it tells us."""

    pbx: Pbx
    ari: Ari
    events: aiohttp.ClientWebSocketResponse

    async def set(self, **settings: str) -> None:
        for name, value in settings.items():
            await self.pbx.console(f"dialplan set global HOTLINE_{name} {value}")

    async def ring(self, endpoint: str, **variables: str) -> dict[str, Any]:
        """Ring somebody; the event that says what became of it: StasisStart, or ChannelDestroyed with a cause."""
        channel = secrets.token_hex(6)
        session: aiohttp.ClientSession = self.ari._session()
        async with session.post(
            f"{self.pbx.ari_url}/channels/{channel}",
            params={"endpoint": endpoint, "app": APP, "appArgs": "callback", "timeout": "20"},
            json={"variables": variables},
        ) as answer:
            assert answer.status == 200, await answer.text()
        async with asyncio.timeout(IN_TIME):
            while True:
                event = await self.events.receive_json()
                told = event.get("channel", {}).get("id") == channel
                if told and event["type"] in ("StasisStart", "ChannelDestroyed"):
                    return dict(event)

    async def hang_up(self, event: dict[str, Any]) -> None:
        await self.ari.ask("DELETE", f"channels/{event['channel']['id']}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    async with Pbx(asterisk, tmp_path_factory.mktemp("callback"), configuration=configuration) as pbx:
        settings = AriSettings(url=pbx.ari_url, password=SecretStr(PLAN.ari_password))
        async with Ari(settings) as ari, ari.events(APP) as events:
            here = Exchange(pbx, ari, events)
            await here.set(ZONE=zone_where_it_is(15))
            yield here


def caller(number: str) -> str:
    return f"Local/{number}@hotline-callback-caller/n"


@pytest.mark.rule("S000-32", "S004-F06", "S004-M11")
async def test_agent_and_caller_are_rung_and_can_be_joined(exchange: Exchange) -> None:
    agent = await exchange.ring("Local/hotline@hotline-callback-agent/n")
    assert (agent["type"], agent["args"]) == ("StasisStart", ["callback"])
    rung = await exchange.ring(caller(ANSWERS))
    assert rung["type"] == "StasisStart"
    status, bridge = await exchange.ari.ask("POST", "bridges", type="mixing")
    assert status == 200
    both = ",".join(str(event["channel"]["id"]) for event in (agent, rung))
    assert (await exchange.ari.ask("POST", f"bridges/{bridge['id']}/addChannel", channel=both))[0] == 204
    _, joined = await exchange.ari.ask("GET", f"bridges/{bridge['id']}")
    assert sorted(joined["channels"]) == sorted(both.split(","))
    for event in (agent, rung):
        await exchange.hang_up(event)
    await exchange.ari.ask("DELETE", f"bridges/{bridge['id']}")


async def test_a_busy_caller_is_told_as_busy(exchange: Exchange) -> None:
    event = await exchange.ring(caller(BUSY))
    assert (event["type"], event["cause"]) == ("ChannelDestroyed", 17)


@pytest.mark.parametrize("number", [ABROAD, f"+86{'0' * 3}&Local"])
async def test_a_number_that_is_not_allowed_is_not_rung(exchange: Exchange, number: str) -> None:
    event = await exchange.ring(caller(number))
    assert event["type"] == "ChannelDestroyed"
    assert event["cause"] == 21 or number != ABROAD


@pytest.mark.rule("S004-N13")
@pytest.mark.parametrize("hour", [22, 23, 0, 6, 12])
async def test_in_quiet_hours_the_dialplan_rings_nobody(exchange: Exchange, hour: int) -> None:
    await exchange.set(ZONE=zone_where_it_is(hour))
    try:
        event = await exchange.ring(caller(ANSWERS))
    finally:
        await exchange.set(ZONE=zone_where_it_is(15))
    assert (event["type"], event["cause"]) == ("ChannelDestroyed", 21)


@pytest.mark.rule("S004-F06")
async def test_whose_line_dropped_is_rung_in_quiet_hours_too(exchange: Exchange) -> None:
    await exchange.set(ZONE=zone_where_it_is(23))
    try:
        event = await exchange.ring(caller(ANSWERS), HOTLINE_CALLBACK_DROPPED="yes")
    finally:
        await exchange.set(ZONE=zone_where_it_is(15))
    assert event["type"] == "StasisStart"
    await exchange.hang_up(event)


async def test_the_carrier_gets_the_number_as_it_wants_it(exchange: Exchange) -> None:
    """+86 is stripped and +86 is put before it again: the far side answers to that number only."""
    await exchange.set(CALLBACK_STRIP="3", CALLBACK_ADD="+86")
    try:
        event = await exchange.ring(caller(ANSWERS))
    finally:
        await exchange.set(CALLBACK_STRIP="0", CALLBACK_ADD="")
    assert event["type"] == "StasisStart"
    await exchange.hang_up(event)


async def test_an_extension_of_the_house_is_rung_and_one_that_does_not_exist_is_not(exchange: Exchange) -> None:
    event = await exchange.ring(caller("8001"))
    assert event["type"] == "StasisStart"
    await exchange.hang_up(event)
    assert (await exchange.ring(caller("8002")))["cause"] == 1


@pytest.mark.parametrize("agent", ["Local/agent@agents/n", "nobody", "x,60)&System(id"])
async def test_who_had_the_caller_is_rung_first_and_whoever_else_when_that_one_is_not_there(
    exchange: Exchange, agent: str
) -> None:
    event = await exchange.ring("Local/hotline@hotline-callback-agent/n", HOTLINE_CALLBACK_AGENT=agent)
    assert event["type"] == "StasisStart"
    await exchange.hang_up(event)


async def test_without_an_agent_nobody_answers(exchange: Exchange) -> None:
    event = await exchange.ring("Local/no-such-queue@hotline-callback-agent/n")
    assert event["type"] == "ChannelDestroyed"
