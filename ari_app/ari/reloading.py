"""Telling every worker of an Asterisk to read its standard again, from anywhere that reaches ARI.

Rule: calls in progress keep the standard they began with; a worker refuses a broken file and says so in its log.
"""

from __future__ import annotations

from ari_app.ari.peers import FAMILY
from ari_app.ari.wire import Wire
from ari_app.config import AriSettings
from ari_app.errors import PbxRefused, PbxUnreachable

RELOAD = "hotline-reload"


async def tell_workers(settings: AriSettings) -> list[str]:
    """The names of the workers that were told. Raises PbxUnreachable, PbxRefused."""
    wire = Wire(settings, f"{FAMILY}reload", lambda event: None)
    try:
        listed = await wire.request_aside("GET", "applications")
        if listed.status in (401, 403):
            raise PbxRefused(f"Asterisk refuses ARI user {settings.user!r} ({listed.status}): wrong user or password")
        if not listed.ok:
            raise PbxUnreachable(f"Asterisk answered {listed.status} at {settings.url}: is ARI enabled (ari.conf)?")
        told = []
        for name in sorted(app["name"] for app in listed.json() if app["name"].startswith(FAMILY)):
            if (await wire.request_aside("POST", f"events/user/{RELOAD}", {"application": name})).ok:
                told.append(name.removeprefix(FAMILY))
        return told
    finally:
        await wire.close()
