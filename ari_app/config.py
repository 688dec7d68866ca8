"""hotline.yaml: where the PBX is, which standard is spoken, how calls are handed on.

Rule: every value has a default that works beside an Asterisk on the same machine, except the password.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from ari_app import secrets_file
from ari_app.errors import BrokenConfiguration
from ari_app.records import settings as records
from ari_app.records.settings import RecordsSettings
from ari_app.requests.settings import RequestsSettings
from ari_app.station import StationSettings
from ari_app.words import QueueWord
from ari_app.yamlfile import YamlFile, spelled, validated

WORKER = r"^[A-Za-z0-9_.-]{1,40}$"
WORKERS_NAME = "a worker's name is 1 to 40 letters, digits, dots, dashes"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AriSettings(_Strict):
    """How to reach ARI (http.conf, ari.conf)."""

    url: Annotated[str, spelled(r"https?://[^\s/]+(/\S*)?", "write it as http://127.0.0.1:8088/ari")] = (
        "http://127.0.0.1:8088/ari"
    )
    user: str = "hotline"
    password: SecretStr = SecretStr("")


class AmiSettings(_Strict):
    """How to reach AMI (manager.conf); used by `hotline check`."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 5038
    user: str = "hotline"
    password: SecretStr = SecretStr("")


class AgiSettings(_Strict):
    """Where the worker's AGI door is (docs/register.md); it has no password. Port 0: there is none."""

    host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0


class Configuration(_Strict):
    """One worker's configuration."""

    worker: Annotated[str, spelled(WORKER, WORKERS_NAME)] = "1"
    secrets: str = ""
    ari: AriSettings = AriSettings()
    ami: AmiSettings = AmiSettings()
    standard: str = "hotline-standard"
    sounds: Annotated[str, spelled(r"[^\s,&|]+", "a folder's name has no space, comma, & or |")] = "hotline"
    queue: QueueWord = "hotline"
    records: RecordsSettings = RecordsSettings()
    requests: RequestsSettings = RequestsSettings()
    station: StationSettings = StationSettings()
    agi: AgiSettings = AgiSettings()
    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 60
    log_level: Annotated[str, spelled("DEBUG|INFO|WARNING|ERROR", "is DEBUG, INFO, WARNING or ERROR")] = "INFO"

    @property
    def app(self) -> str:
        """The name under which Asterisk knows this worker; the dialplan looks for ^hotline-."""
        return f"hotline-{self.worker}"

    @field_validator("sounds")
    @classmethod
    def _no_trailing_slash(cls, sounds: str) -> str:
        return sounds.rstrip("/")


def load(path: Path | None, worker: str | None = None) -> Configuration:
    """The configuration in `path` (None: the defaults), with passwords from the environment or `secrets` where set.

    The environment wins over the file of secrets, and both over hotline.yaml, so that it needs none.
    Raises BrokenConfiguration, one line with file, line and path.
    """
    file = None if path is None else YamlFile(path, BrokenConfiguration)
    outside = _outside(file)
    config = Configuration() if file is None else _written(file, outside)
    changes: dict[str, Any] = {}
    for part, variable in (("ari", "HOTLINE_ARI_PASSWORD"), ("ami", "HOTLINE_AMI_PASSWORD")):
        if variable in outside:
            changes[part] = getattr(config, part).model_copy(update={"password": SecretStr(outside[variable])})
    if said := records.from_outside(outside):
        written = config.records.model_dump(exclude_unset=True)
        changes["records"] = records.settle({**written, **said})
    if worker is not None:
        if not re.fullmatch(WORKER, worker):
            raise BrokenConfiguration(f"{WORKERS_NAME}, not {worker!r}")
        changes["worker"] = worker
    return config.model_copy(update=changes)


def _outside(file: YamlFile | None) -> dict[str, str]:
    """What is said of secrets outside the file; a name with nothing behind it says nothing."""
    named = file.content.get("secrets") if file is not None and isinstance(file.content, dict) else None
    kept = secrets_file.read(file.path.parent / named) if file is not None and named and isinstance(named, str) else {}
    said = {name: os.environ.get(name) or kept.get(name, "") for name in secrets_file.NAMES}
    return {name: value for name, value in said.items() if value}


def _written(file: YamlFile, outside: Mapping[str, str]) -> Configuration:
    """A file as it is; with the secret from outside, for a file that hashes may leave it to that."""
    content, secret = file.content, records.from_outside(outside).get("secret")
    if secret is not None and isinstance(content, dict) and isinstance(kept := content.get("records"), dict):
        content = {**content, "records": {**kept, "secret": secret}}
    return validated(content, Configuration, file.complaint)
