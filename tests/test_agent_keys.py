"""Agents' keys as features.conf has them: what is shipped, and what would not work in Asterisk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from ari_app import paths
from ari_app.agent_keys import GROUP, features, keys_of
from ari_app.check.conffile import read
from ari_app.check.findings import Level
from ari_app.check.limits import agents_keys
from ari_app.cli_standard import standard_
from ari_app.errors import BrokenStandard
from ari_app.standard import load

STANDARDS = sorted(file.parent.name for file in paths.shipped("prompts").glob("*/standard.yaml"))

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


@pytest.mark.parametrize("name", STANDARDS)
def test_what_is_printed_for_a_standard_has_each_of_its_keys_in_both_sections(name: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(standard_, ["keys", name, "--features"])
    assert done.exit_code == 0, done.output
    (tmp_path / "features.conf").write_text(done.output, encoding="utf-8")
    written = read(tmp_path / "features.conf")
    spoken = load(paths.standard_folder(name))
    keys = {line.partition(",")[0]: line for line in written["applicationmap"].values()}
    assert set(keys) == set(keys_of(spoken).values())
    assert all(f"hotline-agent-key,{procedure},1" in keys[key] for procedure, key in keys_of(spoken).items())
    assert set(written[GROUP]) == set(written["applicationmap"])


def test_the_sample_and_its_page_say_how_many_keys_there_are_and_what_prints_them_all() -> None:
    """Both said that a command wrote features.conf, which only printed a table (a newcomer's finding)."""
    every = keys_of(load(paths.standard_folder("hotline-standard")))
    assert SHIPPED.items() <= every.items()
    for page in ("features.conf", "README.md"):
        told = (paths.shipped("dialplan") / page).read_text(encoding="utf-8")
        assert re.search(rf"\b{len(SHIPPED)}\b", told) and f"hotline standard's {len(every)}" in told
        assert "hotline standard keys hotline-standard --features" in told


def test_check_tells_which_keys_of_the_standard_features_conf_lacks() -> None:
    sample = read(paths.shipped("dialplan") / "features.conf")
    (told,) = agents_keys(sample, GROUP, load(paths.standard_folder("hotline-standard")))
    assert told.level is Level.FINE and "*72 silent" in told.what
    assert "; not in [hotline-agent-keys]: *40, *41, " in told.what
    assert told.what.endswith("*66 (hotline standard keys hotline-standard --features)")


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
