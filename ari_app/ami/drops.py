"""Lines that broke while their callers were with an agent, as the dialplan tells of them (hotline-dropped).

Rule: every worker hears of every one; whoever keeps them must not mind to be told what another knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ari_app.ami.client import Fields
from ari_app.ami.connection import AmiConnection
from ari_app.config import AmiSettings

NEWS = "HotlineDropped"


@dataclass(frozen=True, slots=True)
class Drop:
    """A call that broke off: Asterisk's id of it, the caller's number (hostile text), the agent's interface."""

    call_id: str
    agent: str
    number: str = field(repr=False)


async def watch_drops(settings: AmiSettings, tell: Callable[[Drop], None]) -> None:
    """Tell of each, until cancelled. Raises PbxRefused when the first login is refused.

    What breaks while AMI is away is not known; its callers ring again or do not.
    """

    def hear(event: Fields) -> None:
        if event.get("UserEvent") == NEWS:
            tell(Drop(event.get("Call", ""), event.get("Agent", ""), event.get("Number", "")))

    await AmiConnection(settings, hear, lambda: asyncio.sleep(0)).run()
