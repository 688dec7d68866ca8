"""SIGHUP: a new standard for new calls; a broken one is refused and the old stays."""

import logging
import shutil
from pathlib import Path

import pytest

from ari_app import cli, paths, standard
from ari_app.config import Configuration
from ari_app.switchboard import Switchboard


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    shutil.copytree(paths.shipped("prompts") / "hotline-standard", tmp_path / "hotline-standard")
    return tmp_path / "hotline-standard"


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / "standard.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_new_standard_is_taken_for_new_calls(mine: Path) -> None:
    settings = Configuration(standard=str(mine))
    switchboard = Switchboard(settings, standard.load(mine))
    old = switchboard.standard
    rewrite(mine, "version: 1", "version: 2")
    cli._reload(switchboard, settings)
    assert (old.version, switchboard.standard.version) == (1, 2)


def test_a_broken_standard_is_refused_and_the_old_one_stays(mine: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Configuration(standard=str(mine))
    switchboard = Switchboard(settings, standard.load(mine))
    old = switchboard.standard
    rewrite(mine, "wait: 5", "wait: -5")
    with caplog.at_level(logging.ERROR):
        cli._reload(switchboard, settings)
    assert switchboard.standard is old
    assert "standard.yaml:" in caplog.text and "the old standard stays" in caplog.text
