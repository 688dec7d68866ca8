"""Reading a standard again while callers are on the line, and telling every worker of an Asterisk to do so.

Rule: calls in progress keep the standard they began with; a worker refuses a broken file and says so in its log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from ari_app.ari.peers import FAMILY
from ari_app.ari.refusal import password_refused
from ari_app.ari.wire import Wire
from ari_app.config import AriSettings
from ari_app.errors import BrokenStandard, PbxUnreachable
from ari_app.standard import Standard

log = logging.getLogger(__name__)

RELOAD = "hotline-reload"


class Speaks(Protocol):
    """Whoever says the standard's words to new callers."""

    standard: Standard


class Rereading:
    """A new standard for new calls, read in a thread: no caller on the line waits for a file.

    One reading at a time; asked meanwhile, it reads once more, for the file may have changed since.
    """

    def __init__(self, load: Callable[[], Standard], speaker: Speaks) -> None:
        self._load, self._speaker = load, speaker
        self._reading: asyncio.Task[None] | None = None
        self._asked = False

    def begin(self) -> None:
        """Returns at once."""
        self._asked = True
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(), name="reading the standard")

    async def _read(self) -> None:
        while self._asked:
            self._asked = False
            try:
                self._speaker.standard = new = await asyncio.to_thread(self._load)
            except BrokenStandard as problem:
                log.error("not reloaded, the old standard stays: %s", problem)
            except Exception:
                log.exception("not reloaded, the old standard stays")
            else:
                log.info("reloaded %s, version %d", new.name, new.version)


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
