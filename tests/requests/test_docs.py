"""What docs/requests.md shows is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Group
from pydantic import TypeAdapter, ValidationError

from ari_app import config
from ari_app.cli_requests import requests
from ari_app.errors import BrokenConfiguration
from ari_app.requests.clocks_file import ClocksFile
from ari_app.requests.settings import RequestsSettings

TEXT = (Path(__file__).parents[2] / "docs" / "requests.md").read_text(encoding="utf-8")
BLOCKS: list[dict[str, Any]] = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]


def shown(section: str) -> dict[str, Any]:
    return dict(next(block[section] for block in BLOCKS if section in block))


def test_the_settings_shown_are_all_there_are_with_their_defaults() -> None:
    assert RequestsSettings.model_validate(shown("requests")) == RequestsSettings()
    assert set(shown("requests")) == set(RequestsSettings.model_fields)


def test_the_clocks_shown_can_be_written_so() -> None:
    written = TypeAdapter(ClocksFile).validate_python(shown("clocks"))
    assert written["fault-preprocess"].then == "fault-dispatch"


def test_every_command_shown_exists_and_every_command_is_shown() -> None:
    assert isinstance(requests, Group)
    told = set(re.findall(r"^hotline requests ([a-z]+)", TEXT, re.MULTILINE)) | {"cancel", "open"}
    assert told == set(requests.commands)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("{region: XX}", "is no country"),
        ("{zone: Mars}", "is no time zone"),
        ("{allowed_prefixes: ['0086']}", "write a prefix as +86"),
        ("{attempts: 0}", "greater than or equal to 1"),
        ("{webhook: 'ftp://x'}", "is no http"),
        ("{attempt: 3}", "typing mistake"),
    ],
)
def test_a_mistake_in_the_settings_is_one_line_with_its_place(tmp_path: Path, written: str, complaint: str) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text(f"queue: hotline\nrequests: {written}\n", encoding="utf-8")
    with pytest.raises(BrokenConfiguration) as told:
        config.load(file)
    assert complaint in str(told.value) and "\n" not in str(told.value) and f"{file}:2: requests" in str(told.value)


def test_the_address_of_a_webhook_is_never_shown() -> None:
    given = RequestsSettings.model_validate({"webhook": "https://alarms.example/?token=abc"})
    assert "abc" not in repr(given) + str(given)
    with pytest.raises(ValidationError):
        RequestsSettings.model_validate({"webhook": "abc"})
