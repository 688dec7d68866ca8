"""Two PBXs without a hotline: a far one that is called, and a carrier's that calls it, ahead of other work.

For tests whose far PBX does something simple and known, so that what is measured is not the hotline.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ari_app.pbx.instance import Pbx, plain
from ari_app.pbx.provide import provide
from ari_app.qa.carrier import Carrier
from ari_app.qa.carrier_config import CarrierPlan
from ari_app.qa.machine import telephones_first

TRUNK = """[udp]
type=transport
protocol=udp
bind={address}:{sip}
[carrier]
type=endpoint
transport=udp
context=trunk
disallow=all
allow={codec}
aors=carrier
direct_media=no
media_address={address}
bind_rtp_to_media_address=yes
[carrier]
type=aor
[carrier]
type=identify
endpoint=carrier
match={carrier}
"""


@dataclass(frozen=True)
class Pair:
    """The PBX that is called, in context [trunk], and the carrier that calls it."""

    pbx: Pbx
    carrier: Carrier


@contextlib.asynccontextmanager
async def pair(
    folder: Path,
    files: Mapping[str, str],
    *,
    codec: str = "ulaw",
    near: Callable[[dict[str, str]], None] = lambda texts: None,
) -> AsyncIterator[Pair]:
    """Both are up; `files` are the far PBX's beside its trunk, `near` may change the carrier's.

    Another stage on this machine goes ahead of other work; so does this one, or its packets would come late.
    """
    asterisk = provide()
    texts: dict[str, dict[str, str]] = {"far": {}, "near": {}}
    far = Pbx(asterisk, folder / "far", configuration=lambda place: plain(texts["far"])(place))
    by = Pbx(asterisk, folder / "near", configuration=lambda place: plain(texts["near"])(place))
    plan = CarrierPlan(
        by.address, far.address, phones_at=by.address, sip_port=by.place.ports.sip,
        hotline_sip_port=far.place.ports.sip, http_port=by.place.ports.http,
    )  # fmt: skip
    texts["near"] = dict(plan.texts())
    near(texts["near"])
    trunk = TRUNK.format(address=far.address, sip=far.place.ports.sip, carrier=by.address, codec=codec)
    texts["far"] = {"pjsip.conf": trunk, **files}
    with telephones_first():
        async with far, by, Carrier(plan) as carrier:
            yield Pair(far, carrier)
