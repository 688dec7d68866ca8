"""A shipped standard with recordings of even length: its words, waits and ways are what is tested, not the voice.

Rule: a sentence lasts two seconds, a fragment of one a second, a spoken digit a tenth, and the silence before the
first sentence a second: what a reader can add up in their head. A voice talent's recordings change no test.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from ari_app import paths, pieces
from ari_app.call import Arrival, Door, Kind
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Script
from ari_app.rehearsal.twin import Rehearsal, rehearse
from ari_app.standard import LEAD_IN, TONE, Standard, Written, languages_of, load, sentences
from tests.standards import record

SENTENCE, FRAGMENT, PIECE, BEFORE_THE_FIRST, A_BLINK = 2.0, 1.0, 0.1, 1.0, 0.01
AGENT = "Agent-7"
NUMBER = "02195598"


@cache
def evenly(name: str) -> Standard:
    """The shipped standard `name` in which every sentence lasts as long as the next; the files are gone again."""
    with TemporaryDirectory() as folder:
        return even(Path(folder), name)


def even(folder: Path, name: str) -> Standard:
    """The same, in a folder that stays: `name` and its parents below it."""
    for home in Written(paths.shipped("prompts") / name).folders:
        for file in (home / "standard.yaml", *home.glob("*/words.yaml")):
            copy = folder / home.name / file.relative_to(home)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    written = Written(folder / name)
    for language in languages_of(folder / name):
        record(written.folders[-1] / language / f"{LEAD_IN}.wav", BEFORE_THE_FIRST)
        for sentence in sentences(folder / name, language):
            seconds = FRAGMENT if "." in sentence.name else SENTENCE
            record(sentence.home / language / f"{sentence.name}.wav", seconds)
        for piece in pieces.vocabulary(language):
            record(folder / "pieces" / language / f"{piece}.wav", PIECE)
        record(folder / "pieces" / language / f"{TONE}.wav", A_BLINK)
    return load(folder / name)


def by_agent(standard: Standard, procedure: str, script: Script = (), agent: str = AGENT) -> Rehearsal:
    """An agent talking with the caller presses the key of a procedure."""
    return rehearse(standard, script, Arrival(Door.PROCEDURE, procedure=procedure, agent=agent))


def rung_by_us(standard: Standard, procedure: str, script: Script = ()) -> Rehearsal:
    """We ring somebody, and a procedure begins when they answer."""
    return rehearse(standard, script, Arrival(Door.PROCEDURE, procedure=procedure))


def on(written: str) -> datetime:
    """A moment in China: `2026-11-24 10:00`."""
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def presses(keys: str) -> Script:
    """One key after the other, without a pause."""
    return tuple(Presses(key) for key in keys)


def hangs_up_after(prompt: str) -> Script:
    """Listens to a prompt and puts the telephone down."""
    return (Hears(prompt), HangsUp())


def owed(happened: Rehearsal) -> list[tuple[Kind, str, str]]:
    """What was filed: its kind, its clock, for whom."""
    return [(filing.kind, filing.clock, filing.to) for filing in happened.filed]
