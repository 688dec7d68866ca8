"""`records:` in hotline.yaml: where the records of calls are kept, for how long, and how much they say of callers.

Rule: every value has a default that works; a number is never kept in clear unless the admin says so.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from ari_app.errors import BrokenConfiguration
from ari_app.records.database import check_url

SECRET_LEAST = 16
"""Characters of a secret: with a shorter one, trying all numbers is easier than keeping it."""


class Numbers(StrEnum):
    """How callers' numbers are kept."""

    HASH = "hash"  # who rings twice is known to be the same, and nobody can tell who
    MASK = "mask"  # 138••••78: recognised by whoever knows the number
    CLEAR = "clear"


class RecordsSettings(BaseModel):
    """Where records are kept and what they say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = ""
    spool: str = ""
    spool_limit_mb: Annotated[int, Field(ge=1, le=100_000)] = 64
    numbers: Numbers = Numbers.MASK
    secret: SecretStr = SecretStr("")
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = 180

    @model_validator(mode="after")
    def _url_of_a_database(self) -> RecordsSettings:
        """Looked at here, not as a field: a complaint about a field shows its value, and a URL holds a password."""
        try:
            if self.url:
                check_url(self.url)
        except BrokenConfiguration as problem:
            raise ValueError(f"url: {problem}") from None
        return self

    @model_validator(mode="after")
    def _secret_enough(self) -> RecordsSettings:
        if self.numbers is Numbers.HASH and len(self.secret.get_secret_value()) < SECRET_LEAST:
            raise ValueError(
                f"numbers: hash needs a secret of {SECRET_LEAST} characters or more, in HOTLINE_RECORDS_SECRET or here"
            )
        return self

    @property
    def database(self) -> str:
        """The database's URL; without one said, a SQLite file in the state folder."""
        return self.url or f"sqlite:///{state_folder() / 'hotline.db'}"

    @property
    def spool_folder(self) -> Path:
        """Where records wait for a database that is away; beside the SQLite file when nothing is said."""
        return Path(self.spool) if self.spool else state_folder() / "spool"

    def kept(self, number: str) -> str:
        """A caller's number as it is kept, and as it is looked for."""
        return keep_number(number, self.numbers, self.secret.get_secret_value())


def state_folder() -> Path:
    """systemd's StateDirectory where it gives us one, else the user's own."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "hotline"


def keep_number(number: str, numbers: Numbers, secret: str = "") -> str:
    """A number hashed with a secret (HMAC-SHA-256, 64 bits shown), masked, or as it came; "" stays ""."""
    plain = "".join(c for c in number if c.isprintable())[:64]
    if not plain or numbers is Numbers.CLEAR:
        return plain
    if numbers is Numbers.HASH:
        told = "".join(c for c in plain if c.isalnum() or c in "+*#")
        return "h:" + hmac.new(secret.encode(), told.encode(), hashlib.sha256).hexdigest()[:16]
    if len(plain) < 7:  # an extension: two digits of four would give it away
        return "•" * len(plain)
    return plain[:3] + "•" * (len(plain) - 5) + plain[-2:]


def from_outside(said: Mapping[str, str]) -> dict[str, str]:
    """What the environment or the file of secrets says instead of hotline.yaml, so that it needs no secrets."""
    variables = {"url": "HOTLINE_RECORDS_URL", "secret": "HOTLINE_RECORDS_SECRET"}
    return {key: said[variable] for key, variable in variables.items() if variable in said}


def settle(content: dict[str, Any]) -> RecordsSettings:
    """Settings from plain values. Raises BrokenConfiguration, one line, no secret in it."""
    try:
        return RecordsSettings.model_validate(content)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in ("records", *first["loc"]))
        raise BrokenConfiguration(f"{where}: {str(first['msg']).removeprefix('Value error, ')}") from None
