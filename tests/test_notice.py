"""`hotline notice set`: only a word that callers will hear of is taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ari_app import paths, standard
from ari_app.cli_notice import notice
from ari_app.errors import PbxUnreachable


def asked(word: str, file: Path) -> tuple[int, str, BaseException | None]:
    file.write_text("ami: {port: 1}\n")  # nobody is there: a word that is taken is told to nobody
    done = CliRunner().invoke(notice, ["set", word, "-c", str(file)])
    return done.exit_code, done.output, done.exception


@pytest.mark.parametrize("word", standard.load(paths.shipped("prompts") / "hotline-standard").desk.notices)
def test_every_notice_of_the_standard_can_be_switched_on(tmp_path: Path, word: str) -> None:
    _, _, problem = asked(word, tmp_path / "hotline.yaml")
    assert isinstance(problem, PbxUnreachable)


@pytest.mark.parametrize("word", ["area-outage", "silent", "nothing"])
def test_what_is_no_notice_is_refused(tmp_path: Path, word: str) -> None:
    """The name of a procedure among them: the application would say nothing of it to anybody."""
    code, said, _ = asked(word, tmp_path / "hotline.yaml")
    assert code == 2 and "failure, outage" in said
