"""Reading a standard again: new calls speak the new one, a broken one is refused, and nobody on the line waits."""

import asyncio
import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from ari_app import paths, standard
from ari_app.rereading import Rereading
from ari_app.standard import Standard


@dataclass
class Speaker:
    standard: Standard

    def speak(self, new: Standard) -> str:
        self.standard = new
        return new.name


def rereads(load: Callable[[], Standard], speaker: Speaker) -> Rereading[Standard]:
    return Rereading(load, speaker.speak, "the old standard stays")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    shutil.copytree(paths.shipped("prompts") / "hotline-standard", tmp_path / "hotline-standard")
    return tmp_path / "hotline-standard"


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / "standard.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


async def read_again(load: Callable[[], Standard], speaker: Speaker) -> None:
    rereading = rereads(load, speaker)
    rereading.begin()
    assert rereading._reading is not None
    await rereading._reading


async def test_a_new_standard_is_taken_for_new_calls(mine: Path) -> None:
    speaker = Speaker(standard.load(mine))
    old = speaker.standard
    rewrite(mine, "version: 1", "version: 2")
    await read_again(partial(standard.load, mine), speaker)
    assert (old.version, speaker.standard.version) == (1, 2)


async def test_a_broken_standard_is_refused_and_the_old_one_stays(mine: Path, caplog: pytest.LogCaptureFixture) -> None:
    speaker = Speaker(standard.load(mine))
    old = speaker.standard
    rewrite(mine, "wait: 5", "wait: -5")
    with caplog.at_level(logging.ERROR):
        await read_again(partial(standard.load, mine), speaker)
    assert speaker.standard is old
    assert "standard.yaml:" in caplog.text and "the old standard stays" in caplog.text


async def test_a_standard_that_is_gone_is_refused_too(mine: Path, caplog: pytest.LogCaptureFixture) -> None:
    speaker = Speaker(standard.load(mine))
    old = speaker.standard
    shutil.rmtree(mine)
    await read_again(partial(standard.load, mine), speaker)
    assert speaker.standard is old and "the old standard stays" in caplog.text


async def test_callers_go_on_while_a_slow_disk_is_read_and_who_asks_meanwhile_gets_the_newest(mine: Path) -> None:
    first, slow, reads = standard.load(mine), threading.Event(), []

    def load() -> Standard:
        reads.append(slow.wait(10))
        return standard.load(mine)

    rereading = rereads(load, speaker := Speaker(first))
    rereading.begin()
    reading = rereading._reading
    assert reading is not None
    await asyncio.wait((reading,), timeout=0)  # a turn of the loop passes: nobody waits for the disk
    assert not reading.done() and speaker.standard is first
    for _ in range(3):
        rereading.begin()
    slow.set()
    await reading
    assert len(reads) == 2 and all(reads)
