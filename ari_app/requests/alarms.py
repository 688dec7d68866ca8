"""Telling people at once: what is urgent, what is late, who could not be reached.

Rule 1: an alarm is always in the log; a webhook is told too, and its trouble is no trouble of ours.
Rule 2: an alarm says which request; the number is in the database, for those who may read it there.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import aiohttp

from ari_app.requests.letter import Letter
from ari_app.requests.request import Request
from ari_app.requests.settings import RequestsSettings

log = logging.getLogger(__name__)

AGAIN_AFTER = (1.0, 10.0, 60.0)
"""Seconds after which a webhook that did not listen is told again."""


class Why(StrEnum):
    """What people are told."""

    URGENT = "urgent"  # it cannot wait for the digest (S004-C04)
    OVERDUE = "overdue"  # a promise is broken
    NOT_REACHED = "not reached"  # rung as often as we ring


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to tell, without a word of the caller's."""

    why: Why
    request: int | None  # None: it could not be written yet
    kind: str
    procedure: str
    to: str
    clock: str = ""
    rule: str = ""
    due: datetime | None = None
    key: str = ""  # of the letter, for what could not be written yet

    def as_json(self) -> dict[str, str | int | None]:
        """What the webhook is posted."""
        return {
            "why": self.why, "request": self.request, "kind": self.kind, "procedure": self.procedure, "to": self.to,
            "clock": self.clock, "rule": self.rule, "due": self.due.isoformat() if self.due else None,
        }  # fmt: skip


def of_letter(letter: Letter, request: int | None) -> Alarm:
    """Something urgent was filed."""
    return Alarm(Why.URGENT, request, letter.kind, letter.procedure, letter.to, key=letter.key)


def of_request(why: Why, request: Request) -> Alarm:
    """Something is the matter with a request."""
    rule = request.running.rule if request.running else ""
    return Alarm(
        why, request.id, request.kind, request.procedure, request.to, request.clock, rule, request.due_at
    )  # fmt: skip


class Alarms:
    """The log, and the webhook when there is one."""

    def __init__(self, settings: RequestsSettings) -> None:
        self._webhook = settings.webhook.get_secret_value()
        self._within = aiohttp.ClientTimeout(total=settings.webhook_within)
        self._logged: set[tuple[object, ...]] = set()

    async def tell(self, alarm: Alarm) -> bool:
        """Tell people; False when the webhook could not be told and should be told again."""
        self._log(alarm)
        if not self._webhook:
            return True
        try:
            async with (
                aiohttp.ClientSession(timeout=self._within) as session,
                session.post(self._webhook, json=alarm.as_json(), allow_redirects=False) as answer,
            ):
                told = answer.status < 300
        except (TimeoutError, aiohttp.ClientError, OSError) as problem:
            log.warning("the alarm webhook does not answer: %s", type(problem).__name__)
            return False
        if not told:
            log.warning("the alarm webhook answers %d", answer.status)
        return told

    async def insist(self, alarm: Alarm) -> None:
        """Tell people, and a webhook that does not listen a few times more."""
        for pause in AGAIN_AFTER:
            if await self.tell(alarm):
                return
            await asyncio.sleep(pause)
        await self.tell(alarm)

    def _log(self, alarm: Alarm) -> None:
        """Once: an alarm is told again only to a webhook that did not listen."""
        this = (alarm.why, alarm.request or alarm.key, alarm.clock, alarm.due)
        if this not in self._logged:
            self._logged.add(this)
            log.warning(
                "%s: request %s, %s for %s, from procedure %s, clock %s, due %s",
                alarm.why, alarm.request or "(not written yet)", alarm.kind, alarm.to or "anybody", alarm.procedure,
                alarm.clock or "none", f"{alarm.due:%Y-%m-%d %H:%M} UTC" if alarm.due else "never",
            )  # fmt: skip
