"""Telling every worker of an Asterisk to read its standard again (rereading.py).

Rule: calls in progress keep the standard they began with.
"""

from __future__ import annotations

import logging

from ari_app.ari.peers import FAMILY
from ari_app.ari.refusal import password_refused
from ari_app.ari.wire import Wire
from ari_app.config import AriSettings
from ari_app.errors import PbxUnreachable

log = logging.getLogger(__name__)

RELOAD = "hotline-reload"


async def tell_workers(settings: AriSettings) -> list[str]:
    """The names of the workers that were told. Raises PbxUnreachable, PbxRefused."""
    wire = Wire(settings, f"{FAMILY}reload", lambda event: None)
    try:
        listed = await wire.request_aside("GET", "applications")
        if listed.status in (401, 403):
            raise password_refused(settings)
        if not listed.ok:
            mend = "enabled = yes in ari.conf [general]; the path in ari.url"
            raise PbxUnreachable(f"what answers at {settings.url} is not ARI (status {listed.status})", mend)
        told = []
        for name in sorted(app["name"] for app in listed.json() if app["name"].startswith(FAMILY)):
            if (await wire.request_aside("POST", f"events/user/{RELOAD}", {"application": name})).ok:
                told.append(name.removeprefix(FAMILY))
        return told
    finally:
        await wire.close()
