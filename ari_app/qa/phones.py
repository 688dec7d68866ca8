"""Agents' telephones on a PBX of their own: they can lose their power while the carrier's lines stay.

Rule: a telephone without power says nothing: no BYE, no packet; what the hotline makes of that is its own affair.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from ari_app.errors import PbxFailed
from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.instance import Pbx
from ari_app.qa.carrier import AgentArrives, Carrier
from ari_app.qa.carrier_config import CarrierPlan, Phone


def plan_at(pbx: Pbx, hotline: Pbx, phones: tuple[Phone, ...]) -> CarrierPlan:
    """What a PBX on the far side of the hotline is told: who it rings, and which telephones are behind it."""
    return CarrierPlan(
        pbx.place.address,
        hotline.place.address,
        _beside(pbx.place.address),
        phones,
        sip_port=pbx.place.ports.sip,
        hotline_sip_port=hotline.place.ports.sip,
        http_port=pbx.place.ports.http,
        rtp_ports=(20000, 24999),
    )


class Telephones:
    """The agents' PBX: `async with telephones:` they are switched on."""

    def __init__(
        self, asterisk: Asterisk, folder: Path, hotline: Pbx, phones: tuple[Phone, ...], rings: AgentArrives
    ) -> None:
        self.pbx = Pbx(asterisk, folder, configuration=lambda _place: self._plan.texts())
        self._plan = plan_at(self.pbx, hotline, phones)
        self._rings = rings
        self._line = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Telephones:
        await self.switch_on()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._line.aclose()
        await self.pbx.stop()
        self.pbx.release()

    async def switch_on(self) -> None:
        """They boot, register with the hotline and know nothing of the calls they had."""
        await self.pbx.start()
        await self._line.enter_async_context(Carrier(self._plan, self._rings))

    async def lose_power(self) -> None:
        """All at once, in the midst of a word."""
        await self.pbx.kill()
        await self._line.aclose()


def _beside(address: str) -> str:
    """The loopback address after this one, for the agents' phones."""
    parts = address.split(".")
    if parts[0] != "127":
        raise PbxFailed(f"the carrier's PBX is to live on a loopback address, not {address}")
    return ".".join((*parts[:2], str((int(parts[2]) + 128) % 256), parts[3]))
