"""Callers who hang up when they have said what they wanted to say: what they left is not lost."""

from __future__ import annotations

import pytest

from ari_app.call import Arrival, Door, Kind
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Says, Script, Waits
from ari_app.rehearsal.twin import Rehearsal, rehearse
from ari_app.standard import Standard, load
from tests.standards import WRITTEN, write

PROCEDURES = """\
  callback:
    steps:
      - {say: offer, wait: 5, take: {name: number, least: 3, most: 3}}
      - {say: no-sound, record: 10}
      - {say: busy, wait: 5, file: callback, to: supervisor}
      - {say: hanging-up, wait: 5}
      - {file: alert}
    then: queue
    on_response: queue
"""
NUMBER: Script = (Hears("offer"), Presses("1"), Presses("2"), Presses("3"))


@pytest.fixture(scope="module")
def standard(tmp_path_factory: pytest.TempPathFactory) -> Standard:
    return load(write(tmp_path_factory.mktemp("hanging-up"), WRITTEN + PROCEDURES))


def called(standard: Standard, *script: Script) -> Rehearsal:
    acts = tuple(act for part in script for act in part)
    return rehearse(standard, acts, Arrival(Door.PROCEDURE, procedure="callback"))


@pytest.mark.parametrize("then", [
    (Waits(1.0), HangsUp()),  # in the midst of the next sentence
    (Hears("no-sound"), HangsUp()),  # at the tone
    (Hears("no-sound"), Waits(0.5), Says(2.0), HangsUp()),  # with the last word
])  # fmt: skip
def test_who_has_left_a_number_is_rung(standard: Standard, then: Script) -> None:
    (left,) = called(standard, NUMBER, then).filed
    assert (left.kind, left.procedure, left.to, left.taken) == (
        Kind.CALLBACK, "callback", "supervisor", {"number": "123"},
    )  # fmt: skip


def test_the_message_of_who_hangs_up_with_the_last_word_is_kept(standard: Standard) -> None:
    happened = called(standard, NUMBER, (Hears("no-sound"), Says(2.0), HangsUp()))
    assert [bool(filing.recording) for filing in happened.filed] == [True]
    assert happened.timeline[-1] == "8.3 caller hung up"


def test_who_has_left_nothing_is_not_rung(standard: Standard) -> None:
    assert called(standard, (Waits(1.0), Presses("1"), HangsUp())).filed == ()


def test_what_was_filed_is_not_filed_again(standard: Standard) -> None:
    happened = called(standard, NUMBER, (Hears("hanging-up"), HangsUp()))
    assert [filing.kind for filing in happened.filed] == [Kind.CALLBACK]


@pytest.mark.parametrize("word", [
    (Says(14.0),),  # longer than the recording
    (Says(3.0), Presses("#")),  # the end of it is reported after the recording's
])  # fmt: skip
def test_a_word_said_into_the_recording_is_no_answer_to_what_follows(standard: Standard, word: Script) -> None:
    happened = called(standard, NUMBER, (Hears("no-sound"), Waits(1.0), *word, Waits(60.0)))
    assert "speech" not in " ".join(happened.timeline)
    assert happened.timeline[-1].endswith("hand off hotline")
