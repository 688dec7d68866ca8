"""The `screening` section as people write it."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path

import pytest

from ari_app.errors import BrokenStandard
from ari_app.procedures.screening import Burst, Identity, Mark, Repeat, Screening, Treatment
from ari_app.register.rules import RulesFile, ScreeningFile
from ari_app.yamlfile import YamlFile

WRITTEN = """\
standard: whatever
screening:
  rule: [S000-28, S000-13]
  repeats:
    - {mark: silent, calls: 5, within: 1 h, then: challenge, for: 90 s, between: "22:00-06:00"}
    - {mark: wrong-number, calls: 4, within: 60, then: station, for: 2 d}
  bursts:
    - {digits: 7, calls: 30, within: 1 min, then: challenge, for: 10 min}
  own_numbers: {numbers: ["400 812 3123"], then: challenge}
  caller_id: {anonymous: challenge}
  attestation: {Verification failed: challenge}
  score: {half_life: 7 d, least: 0.25}
"""


def parsed(folder: Path, written: str) -> ScreeningFile:
    file = folder / "rules.yaml"
    file.write_text(written, encoding="utf-8")
    return YamlFile(file, BrokenStandard).parse(RulesFile).screening


def test_rules_are_read_in_peoples_units(tmp_path: Path) -> None:
    rules = parsed(tmp_path, WRITTEN).fact()
    silent, wrong = rules.repeats
    assert (silent.calls, silent.within, silent.lasts) == (5, 3600, 90)
    assert silent.between is not None and time(23) in silent.between and time(12) not in silent.between
    assert wrong == Repeat(Mark.WRONG_NUMBER, 4, 60, Treatment.STATION, 172800)
    assert rules.bursts == (Burst(7, 30, 60, Treatment.CHALLENGE, 600),)
    assert rules.own_numbers == {"+864008123123"} and rules.identities == {Identity.ANONYMOUS: Treatment.CHALLENGE}
    assert rules.attestations == {"verification failed": Treatment.CHALLENGE}
    assert (rules.half_life, rules.least_score, rules.rejects) == (604800, 0.25, False)


def test_a_standard_without_the_section_turns_nobody_away(tmp_path: Path) -> None:
    assert parsed(tmp_path, "standard: whatever\n").fact() == Screening()


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ("repeats: [{mark: rude, calls: 1, within: 1 h, then: station, for: 1 h}]", "rules.yaml:2: .*mark"),
        ("repeats: [{mark: silent, calls: 1, within: soon, then: station, for: 1 h}]", "write a time as 90 s, 10 min"),
        ("repeats: [{mark: silent, calls: 0, within: 1 h, then: station, for: 1 h}]", "calls"),
        ("repeats: [{mark: silent, calls: 999, within: 1 h, then: station, for: 1 h}]", "calls"),
        ("repeats: [{mark: silent, calls: 1, within: 1 h, then: shout, for: 1 h}]", "then"),
        ("repeats: [{mark: silent, calls: 1, within: 1 h, then: station, for: 1 h, between: noon}]", "22:00-06:00"),
        ("own_numbers: {numbers: [alice]}", "country code"),
        ("score: {half_life: 0 s}", "half_life"),
        ("caller_id: {rude: station}", "rude"),
        ("reject: true", "is not a word this file knows"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, mistake: str, told: str) -> None:
    with pytest.raises(BrokenStandard, match=told):
        parsed(tmp_path, f"screening:\n  {mistake}\n")


def test_the_rules_in_the_admins_page_are_rules(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "register.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(screening:.*?)```", page, re.DOTALL)
    assert blocks
    for block in blocks:
        assert parsed(tmp_path, block).fact().repeats
