"""A day or hour on the command line: one that does not exist is told so, one that is written otherwise is shown how."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from ari_app.cli_calls import calls
from ari_app.cli_report import report
from ari_app.cli_requests import requests

NONE_SUCH = "that day or hour does not exist"


@pytest.mark.parametrize(
    ("command", "words", "told"),
    [
        (report, ("--day", "2026-02-30"), f"there is no 2026-02-30: {NONE_SUCH}"),
        (report, ("--day", "2026-13-01"), f"there is no 2026-13-01: {NONE_SUCH}"),
        (report, ("--day", "0000-01-01"), f"there is no 0000-01-01: {NONE_SUCH}"),
        (report, ("--day", "24.11.2026"), "'24.11.2026': write it as 2026-01-31"),
        (calls, ("list", "--day", "2026-02-29"), f"there is no 2026-02-29: {NONE_SUCH}"),
        (requests, ("export", "--csv", "--since", "2026-04-31"), f"there is no 2026-04-31: {NONE_SUCH}"),
        (requests, ("promise", "1", "2026-11-25T25:00"), f"there is no 2026-11-25T25:00: {NONE_SUCH}"),
        (requests, ("promise", "1", "tomorrow"), "'tomorrow': write it as 2026-01-31 09:00"),
    ],
)
def test_a_day_that_does_not_exist_is_told_so(command: click.Command, words: tuple[str, ...], told: str) -> None:
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 2 and told in result.output and "%Y" not in result.output
