"""The caller who presses 8 hears English from then on, also from another worker."""

from pathlib import Path

import pytest

from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.cast import CastCaller, Outcome
from ari_app.qa.matcher import Matcher, load_prompts
from ari_app.qa.stage import Stage
from ari_app.rehearsal.script import HangsUp, Presses, Waits

pytestmark = pytest.mark.pbx

ENGLISH = CastCaller(
    "presses 8",
    "asks for English in the greeting",
    (Waits(2.0), Presses("8"), Waits(19.0), HangsUp()),
    ("greeting", "greeting", "offer"),
    Outcome.LEFT,
)


async def test_who_presses_8_hears_english(asterisk: Asterisk, tmp_path: Path) -> None:
    async with Stage(asterisk, tmp_path) as stage:
        await stage.start()
        [hearing] = await stage.play([ENGLISH])
        english = Matcher(load_prompts(sorted((stage.setting.standard_folder / "en").glob("[!l]*.wav"))))
    heard = english.find(hearing.recording)
    assert [found.prompt for found in heard] == ["greeting", "offer"]
    assert heard[1].start - heard[0].end == pytest.approx(stage.standard.desk.patience, abs=0.1)
    assert [found.prompt for found in hearing.found][:1] == ["greeting"]  # in Mandarin, until the key
