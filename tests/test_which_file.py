"""Which hotline.yaml a command goes by when none is named, and what is told when there is none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ari_app import cli_config, paths
from ari_app.cli import hotline

DEFAULTS = "hotline: no configuration file, so defaults are used: "


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with nothing on it; the shell is in an empty folder."""
    monkeypatch.delenv("HOTLINE_CONFIG", raising=False)
    monkeypatch.delenv("HOTLINE_RECORDS_URL", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(cli_config, "USUAL", tmp_path / "etc" / "hotline.yaml")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def names(file: Path) -> Path:
    """A hotline.yaml that names a database which is not there: the message tells which file was read."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"records: {{url: 'sqlite:////nowhere/{file.parent.name}.db'}}\n", encoding="utf-8")
    return file


def asked(*words: str) -> str:
    done = CliRunner().invoke(hotline, list(words))
    return done.stderr + str(done.exception)


LOOKING = (["calls", "list"], ["report"], ["requests", "list"], ["register", "list"], ["register", "misdialled"])


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_the_nearest_file_is_read(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names(tmp_path / "etc" / "hotline.yaml")
    assert asked(*words).startswith("/nowhere/etc.db: no such file")
    names(tmp_path / "here" / "hotline.yaml")
    assert asked(*words).startswith("/nowhere/here.db: no such file")
    monkeypatch.setenv("HOTLINE_CONFIG", str(names(tmp_path / "named" / "hotline.yaml")))
    assert asked(*words).startswith("/nowhere/named.db: no such file")
    given = ["-c", str(names(tmp_path / "given" / "hotline.yaml"))]
    with_it = [words[0], *given, *words[1:]] if words[0] == "register" else [*words, *given]
    assert asked(*with_it).startswith("/nowhere/given.db: no such file")


@pytest.mark.parametrize("words", [*LOOKING, ["agent", "list"], ["notice", "show"], ["reload"]], ids=" ".join)
def test_without_any_file_the_defaults_are_told_of_once(words: list[str]) -> None:
    told = asked(*words)
    assert told.count(DEFAULTS) == 1 and told.count("\n") == 1


def test_a_named_file_that_is_not_there_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_CONFIG", "nowhere.yaml")
    assert asked("calls", "list") == "nowhere.yaml: no such file"


def test_who_asks_for_help_is_not_told_of_files() -> None:
    done = CliRunner().invoke(hotline, ["register", "list", "--help"])
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.fixture
def folder_of_root() -> Iterator[Path]:
    """A folder somebody else stands in and may not look into, as /root is to `sudo -u hotline`."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    folder = Path(tempfile.mkdtemp())
    (folder / "hotline.yaml").touch()
    folder.chmod(0o700)
    yield folder
    shutil.rmtree(folder)


def test_a_current_folder_that_may_not_be_looked_into_is_passed_over(
    folder_of_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder_of_root)
    monkeypatch.setattr(cli_config, "USUAL", folder_of_root / "hotline.yaml")
    os.seteuid(65534)
    try:
        assert cli_config.found() == folder_of_root / "hotline.yaml"  # there, perhaps: reading it tells
        assert paths.standard_folder("after-sales") == paths.shipped("prompts") / "after-sales"
    finally:
        os.seteuid(0)
