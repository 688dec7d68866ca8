"""The watch over Asterisk's queues: always connected, and right again soon after it was not.

Rule 1: nobody's call depends on it: without AMI callers are served all the same, we only do not see it.
Rule 2: state is asked for after every connection and every RESYNC_EVERY seconds; between, events change it.
Rule 3: news is told to one hearer, at once, in Asterisk's order; what it raises is its own trouble.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from ari_app.ami.client import Fields
from ari_app.ami.connection import AmiConnection
from ari_app.ami.queues import RESTARTED, Kind, News, Queues
from ari_app.config import AmiSettings
from ari_app.errors import PbxRefused, PbxUnreachable

log = logging.getLogger(__name__)

RIGHT_AGAIN_WITHIN = 6.0
"""Seconds after AMI answers again until the state is right: an attempt under way (3 s), a pause (2 s), the lists."""
RESYNC_EVERY = 60.0
LISTED_WITHIN = 10.0

OnNews = Callable[[News], None]


def _nobody(news: News) -> None:
    """Nobody listens."""


class QueueWatch:
    """Who waits, who is there, who serves whom: `watch = QueueWatch(settings, hear); create_task(watch.run())`.

    `queues` is the state (see queues.py); it is right while `right` is set. Clock: the loop's time.
    """

    def __init__(
        self, settings: AmiSettings, on_news: OnNews = _nobody, *, resync_every: float = RESYNC_EVERY,
        ping_every: float | None = None,
    ) -> None:  # fmt: skip
        self.queues = Queues()
        self._on_news = on_news
        self._resync_every = resync_every
        self._meanwhile: list[Fields] | None = None
        self._asterisk = ""  # which one: the moment it started
        pinging = {} if ping_every is None else {"ping_every": ping_every, "ping_within": ping_every}
        self.connection = AmiConnection(settings, self._hear, self._list, **pinging)

    @property
    def right(self) -> asyncio.Event:
        """Set while AMI is connected and has told everything."""
        return self.connection.up

    async def run(self) -> None:
        """Watch until cancelled. Raises PbxRefused when the first login is refused."""
        refreshing = asyncio.create_task(self._refresh())
        try:
            await self.connection.run()
        finally:
            refreshing.cancel()
            await asyncio.gather(refreshing, return_exceptions=True)

    async def _refresh(self) -> None:
        """What an event we never got would leave wrong is right again after RESYNC_EVERY."""
        while True:
            await asyncio.sleep(self._resync_every)
            try:
                await self._list()
            except PbxUnreachable:
                continue  # the connection is told of, and lists by itself when it is made again

    def _hear(self, event: Fields) -> None:
        if self._meanwhile is not None:
            self._meanwhile.append(event)
            return
        self._apply(event)

    def _apply(self, event: Fields) -> None:
        news = self.queues.hear(event, asyncio.get_running_loop().time())
        if news is not None:
            self._tell(news)

    async def _list(self) -> None:
        """Ask for everything. What happens meanwhile is heard after the list: known twice is no harm, lost would be."""
        if self._meanwhile is not None:
            return
        self._meanwhile = []
        try:
            since = await self._started()
            reason = RESTARTED if self._asterisk and since not in ("", self._asterisk) else ""
            queues = await self.connection.ask("QueueStatus", LISTED_WITHIN)
            channels = await self.connection.ask("CoreShowChannels", LISTED_WITHIN)
            await self.connection.ask("Ping", LISTED_WITHIN)  # events older than the lists come before its answer
            told = {event.get("Uniqueid") for event in self._meanwhile}
            for news in self.queues.list_anew(queues, channels, asyncio.get_running_loop().time()):
                if news.call not in told:
                    self._tell(replace(news, reason=reason) if news.kind is Kind.MISSED else news)
            self._asterisk = since  # now, and not before: one that boots says since when, and knows no queues yet
        finally:
            meanwhile, self._meanwhile = self._meanwhile, None
            for event in meanwhile:
                self._apply(event)

    async def _started(self) -> str:
        """When Asterisk started, to the second; "" when our user may not know."""
        try:
            told = await self.connection.tell("CoreStatus", LISTED_WITHIN)
        except PbxRefused:
            return ""
        return f"{told.get('CoreStartupDate', '')} {told.get('CoreStartupTime', '')}".strip()

    def _tell(self, news: News) -> None:
        try:
            self._on_news(news)
        except Exception:
            log.exception("news of a queue could not be told")
