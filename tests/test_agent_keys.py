"""Agents' keys as features.conf has them: what is shipped, and what would not work in Asterisk."""

from __future__ import annotations

import re

import pytest

from ari_app import paths
from ari_app.agent_keys import GROUP, features
from ari_app.check.conffile import read
from ari_app.errors import BrokenStandard

SHIPPED = {
    "wrong-number": "*71", "silent": "*72", "station": "*73", "too-quiet": "*74", "noisy": "*75",
    "speakerphone": "*76", "dialect": "*77", "private-call": "*78", "harassment": "*79", "supervisor": "*80",
    "system-failure": "*81", "closing": "*82", "hold": "*83",
}  # fmt: skip


def test_the_sample_is_what_would_be_written_for_these_keys() -> None:
    sample = (paths.shipped("dialplan") / "features.conf").read_text(encoding="utf-8")
    lines = [line for line in sample.splitlines() if line and not line.startswith(";")]
    assert lines[2:] == [line for line in features(SHIPPED).splitlines() if line]


def test_every_key_is_in_the_group_that_the_dialplan_switches_on() -> None:
    written = read(paths.shipped("dialplan") / "features.conf")
    assert set(written[GROUP]) == set(written["applicationmap"])


def test_keys_stand_in_their_order() -> None:
    keys = re.findall(r"=> (\*[0-9]+),", features({"noisy": "*75", "silent": "*72", "hold": "*83"}))
    assert keys == ["*72", "*75", "*83"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"silent": "7x"}, "'7x' is no key"),
        ({"silent": "*72,self"}, "is no key"),
        ({"silent": ""}, "'' is no key"),
        ({"silent,1)": "*72"}, "no name for a procedure"),
        ({"silent": "*7", "noisy": "*75"}, "begins with '*7' of 'silent'"),
        ({"silent": "*72", "noisy": "*72"}, "begins with '*72'"),
    ],
)
def test_what_asterisk_would_not_take_is_one_clear_line(keys: dict[str, str], said: str) -> None:
    with pytest.raises(BrokenStandard) as problem:
        features(keys)
    assert said in str(problem.value)
    assert "\n" not in str(problem.value)
