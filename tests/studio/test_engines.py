"""Which voice speaks: one line of configuration, and what is said when that line is wrong."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ari_app.cli_prompts import prompts as prompts_command
from ari_app.errors import BrokenConfiguration, BrokenStandard, HotlineError, StudioFailed
from ari_app.paths import shipped
from ari_app.studio.engines import voice_of
from ari_app.studio.scripts import scripts
from ari_app.studio.voice import ENGLISH, MANDARIN, voice_for
from tests.studio.booth import HUMS, names_in, needs_espeak

ELSEWHERE = "piper --model zh.onnx --output_file {out}"


@pytest.fixture
def language(tmp_path: Path) -> Path:
    """prompts/mine/zh-CN"""
    folder = tmp_path / "prompts" / "mine" / "zh-CN"
    folder.mkdir(parents=True)
    return folder


def settings(folder: Path, text: str) -> None:
    (folder / "studio.yaml").write_text(text, encoding="utf-8")


def test_without_a_word_the_packaged_voice_of_the_language_speaks(language: Path) -> None:
    assert voice_of(language, "zh-CN") == MANDARIN
    assert voice_of(language, "en-GB") == ENGLISH


def test_one_line_beside_the_standards_is_enough(language: Path) -> None:
    settings(language.parent.parent, f'voice: "{ELSEWHERE}"\n')
    voice = voice_of(language, "zh-CN")
    assert (voice.engine, voice.command[-1], voice.pinyin) == ("piper", "{out}", False)


def test_a_standard_may_have_a_voice_of_its_own_and_a_language_too(language: Path) -> None:
    settings(language.parent.parent, "voice: other {out}\n")
    settings(language.parent, f'voice:\n  zh-CN: "{ELSEWHERE}"\ntime_limit: 5\n')
    assert voice_of(language, "zh-CN").engine == "piper"
    assert voice_of(language, "zh-CN").time_limit == 5
    assert voice_of(language, "en").engine == "espeak-ng", "the nearest file counts, and names no English voice"


def test_what_is_asked_for_by_hand_comes_first(language: Path) -> None:
    settings(language.parent, "voice: other {out}\n")
    voice = voice_of(language, "zh-CN", asked_for="say -o {out}", time_limit=2)
    assert (voice.engine, voice.time_limit) == ("say", 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("voice: piper", r"studio\.yaml: voice: the voice must say where \{out\}"),
        ('voice: "piper \'{out}"', r"studio\.yaml: voice: the voice cannot be split into words"),
        ("voices: x", r"studio\.yaml:1: voices: is not a word this file knows"),
        ("time_limit: 0", r"studio\.yaml:1: time_limit: .*greater than 0"),
        ("[", r"studio\.yaml:1: not valid YAML"),
    ],
)
def test_a_setting_that_cannot_work_is_named_with_its_file(language: Path, text: str, message: str) -> None:
    settings(language.parent, text)
    with pytest.raises(BrokenConfiguration, match=message):
        voice_of(language, "zh-CN")


def test_a_language_nobody_speaks_is_named() -> None:
    with pytest.raises(StudioFailed, match="no packaged voice speaks xx-YY"):
        voice_for("xx-YY")


# ------------------------------------------------------------------ by command


NOT_MADE = shutil.ignore_patterns("words.yaml", "*.wav", "*.json")


def a_small_standard(folder: Path) -> Path:
    shutil.copytree(shipped("prompts") / "hotline-standard", folder, ignore=NOT_MADE)
    return folder


def test_a_voice_of_ones_own_speaks_by_the_settings(tmp_path: Path) -> None:
    mine = a_small_standard(tmp_path / "prompts" / "mine")
    program = tmp_path / "my-voice"
    program.write_text(f"#!{sys.executable}\n{HUMS.command[2]}\n")
    program.chmod(0o755)
    settings(tmp_path / "prompts", f"voice: {program} {{out}}\n")
    done = CliRunner().invoke(prompts_command, ["build", str(mine)], env={"HOTLINE_VOICE": ""}, catch_exceptions=False)
    assert done.exit_code == 0 and "my-voice" in done.output and "rendered, 0 unchanged" in done.output
    again = CliRunner().invoke(prompts_command, ["build", str(mine), "-q"], env={"HOTLINE_VOICE": ""})
    assert (again.exit_code, again.output) == (0, "")


@needs_espeak
def test_english_is_spoken_as_it_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "pieces" / "en"
    folder.mkdir(parents=True)
    (folder / "words.yaml").write_text('language: en\nprompts:\n  hello: {text: "Good morning; how may I help you?"}\n')
    done = CliRunner().invoke(prompts_command, ["build", str(tmp_path / "pieces")], env={"HOTLINE_VOICE": ""})
    assert done.exit_code == 0, done.output
    assert names_in(folder) == ["hello.wav", "manifest.json", "pause.wav", "tone.wav", "words.yaml"]


def test_every_shipped_script_is_found() -> None:
    found = [script.title for script in scripts(shipped("prompts"))]
    assert {"hotline-standard zh-CN", "pieces en", "pieces zh-CN"} <= {*found}
    assert len(found) == len({*found})


def test_a_folder_without_a_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenStandard, match=r"standard\.yaml: no such file; give the folder of a standard"):
        scripts(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_setting_that_cannot_be_read_is_named(language: Path) -> None:
    settings(language.parent, "voice: x {out}")
    (language.parent / "studio.yaml").chmod(0)
    with pytest.raises(HotlineError, match="cannot be read"):
        voice_of(language, "zh-CN")
