"""The `requests:` of hotline.yaml: whom we ring back, how often, and who is told when a promise is broken.

Rule: every value has a default that rings nobody abroad and tells nobody but the log.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from ari_app.hours import Hours
from ari_app.records.settings import state_folder
from ari_app.yamlfile import spelled


def known_region(region: str) -> str:
    """The region, as phonenumbers knows it. Raises ValueError."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("is no country with telephone numbers; write two capital letters, CN or DE")
    return region


class RequestsSettings(BaseModel):
    """How callback requests, messages and tickets are kept and worked off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str = "CN"
    """The country whose national numbers are understood."""
    zone: str = "Asia/Shanghai"
    """The time zone of a standard without `hours:`."""
    allowed_prefixes: list[Annotated[str, spelled(r"\+[1-9][0-9]{0,14}", "write a prefix as +86 or +49")]] = []
    """Prefixes that may be rung, in E.164; none: the region's own."""
    internal_digits: Annotated[int, Field(ge=0, le=8)] = 0
    """A number of at most so many digits is an extension of our own; 0: none is."""
    spool: str = ""
    """The folder where filings wait while the database is away; "": in the state folder."""
    ring: bool = True
    """Whether callers are rung back by the hotline; false: people do it, by the list."""
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    pause: Annotated[float, Field(ge=60, le=86_400)] = 1800
    """Seconds between two attempts to reach a caller."""
    at_once: Annotated[int, Field(ge=1, le=50)] = 2
    """How many callers this worker rings or has connected at a time."""
    ring_agent: Annotated[float, Field(ge=5, le=600)] = 60
    ring_caller: Annotated[float, Field(ge=5, le=120)] = 30
    redial: Annotated[float, Field(ge=0, le=600)] = 30
    """Seconds a caller is given to redial when a call with an agent dropped (CON-28)."""
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = 180
    """So long after a request is over its number and what the caller pressed are forgotten."""
    look_every: Annotated[float, Field(ge=1, le=3600)] = 15
    """Seconds between two looks at the clocks."""
    webhook: SecretStr = SecretStr("")
    """Where alarms are posted as JSON; its URL may hold a token and is never shown."""
    webhook_within: Annotated[float, Field(gt=0, le=60)] = 5
    """Seconds in which the webhook must have answered."""

    @field_validator("region")
    @classmethod
    def _known_region(cls, region: str) -> str:
        return known_region(region)

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError('is no time zone; write one like "Asia/Shanghai" or "Europe/Berlin"') from None
        return zone

    @field_validator("webhook")
    @classmethod
    def _is_a_url(cls, webhook: SecretStr) -> SecretStr:
        if webhook.get_secret_value() and not webhook.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("is no http:// or https:// address")
        return webhook

    @property
    def spool_folder(self) -> Path:
        """Where filings wait; apart from the records that wait for the same database."""
        return Path(self.spool) if self.spool else state_folder() / "spool" / "requests"

    @property
    def always(self) -> Hours:
        """The hours of a standard that has none."""
        return Hours.always(ZoneInfo(self.zone))
