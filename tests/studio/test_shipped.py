"""The recordings that are shipped: those of the words as they stand, and all alike."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import ari_app
from ari_app.paths import shipped
from ari_app.studio import cutting
from ari_app.studio.lint import lint
from ari_app.studio.recording import inspect
from ari_app.studio.scripts import Script, scripts

SCRIPTS = scripts(shipped("prompts"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.title)
def test_shipped_recordings_are_linted_clean(script: Script) -> None:
    """A word changed without `hotline prompts build` is found here, with nothing rendered."""
    assert [str(finding) for finding in lint(script) if finding.grave] == []


def test_a_changed_word_without_a_new_recording_is_found(tmp_path: Path) -> None:
    copy = tmp_path / "hotline-standard"
    shutil.copytree(shipped("prompts") / "hotline-standard", copy)
    yaml = copy / "standard.yaml"
    yaml.write_text(yaml.read_text(encoding="utf-8").replace("请问还有什么", "请问还需要什么"), encoding="utf-8")
    [finding] = [finding for finding in lint(scripts(copy)[0]) if finding.grave]
    assert (finding.name, finding.kind) == ("anything-else", "words")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.title)
def test_shipped_recordings_are_equally_loud(script: Script) -> None:
    for saying in script.sayings:
        sound = inspect(script.folder / f"{saying.name}.wav")
        assert sound.level_dbov == pytest.approx(cutting.LEVEL_DBOV, abs=0.5), saying.name
        assert sound.peak_dbfs <= cutting.CEILING_DBFS + 0.01, saying.name


def test_the_voices_of_qa_are_as_described() -> None:
    voices = Path(ari_app.__file__).parent / "qa" / "voices"
    caller, agent, cough = (inspect(voices / f"{name}.wav") for name in ("caller", "agent", "cough"))
    assert cough.seconds == 0.150 and cough.lead_ms == cough.tail_ms == 0
    assert 2 < caller.seconds < 3 and 2 < agent.seconds < 3
    for sound in (caller, agent, cough):
        assert sound.level_dbov == pytest.approx(-20, abs=0.5)
