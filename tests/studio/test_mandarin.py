"""The packaged Mandarin voice reads toned pinyin, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ari_app.errors import StudioFailed
from ari_app.paths import shipped
from ari_app.studio.scripts import Script, scripts
from ari_app.studio.voice import MANDARIN, phonemes
from tests.studio.booth import (
    Saying,
    needs_espeak,
    render,
)

MANDARIN_SCRIPTS = [script for script in scripts(shipped("prompts")) if script.language.startswith("zh")]


@pytest.mark.parametrize("say", ["nin2 hao3 ABC", "8008", "您好", "nin2 hao", "ni3hao3"])
def test_what_is_not_toned_pinyin_is_refused(tmp_path: Path, say: str) -> None:
    with pytest.raises(StudioFailed, match=r"hello: .* is not toned pinyin"):
        render(tmp_path, [Saying("hello", say=say)], MANDARIN)


@needs_espeak
def test_a_syllable_that_falls_back_to_english_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioFailed, match=r"hello: espeak-ng falls back to another language \(en\)"):
        render(tmp_path, [Saying("hello", say="zhogn1 wen2")], MANDARIN)


TONES = {1: {"55"}, 2: {"35"}, 3: {"214", "21", "35"}, 4: {"51"}, 5: {"11", "33", "44", "21", "22"}}


@needs_espeak
@pytest.mark.parametrize("script", MANDARIN_SCRIPTS, ids=lambda script: script.title)
def test_every_syllable_is_pronounced_with_its_written_tone(script: Script) -> None:
    for sentence in script.sayings:
        written = [int(tone) for tone in re.findall(r"[a-zü]([1-5])", sentence.say)]
        spoken = re.findall(r"\D(\d+)", phonemes(MANDARIN, sentence.name, sentence.text, sentence.say))
        assert len(spoken) == len(written), sentence.name
        wrong = [(i, w, s) for i, (w, s) in enumerate(zip(written, spoken, strict=True), 1) if s not in TONES[w]]
        assert not wrong, f"{sentence.name}: syllable, written tone, spoken contour: {wrong}"
