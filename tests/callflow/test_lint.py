"""What proofreading finds: each mistake is one line with file, line and rule."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ari_app import paths
from ari_app.callflow.lint import proofread, wording
from ari_app.cli_standard import standard_
from tests.coverage.rules import NAMED, rules
from tests.standards import LENGTHS, WRITTEN, record, write

SHIPPED = sorted(file.parent for file in paths.shipped("prompts").glob("*/standard.yaml"))


def lint(*arguments: str) -> Result:
    return CliRunner().invoke(standard_, ["lint", *arguments])


def changed(old: str, new: str) -> str:
    assert old in WRITTEN, old
    return WRITTEN.replace(old, new, 1)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_nothing_is_wrong_with_a_shipped_standard(folder: Path) -> None:
    assert [str(finding) for finding in proofread(folder) if finding.grave] == []


def test_a_clean_standard_is_told_so(tmp_path: Path) -> None:
    said = lint(str(write(tmp_path)))
    assert (said.exit_code, said.output) == (0, "round: nothing to mend\n")


# ------------------------------------------------------------------ ten broken standards

BROKEN: dict[str, tuple[str, str]] = {
    "wrong type": (changed("patience: 5", "patience: soon"), "reception.patience"),
    "unknown prompt": (changed("{say: no-sound, wait: 5}", "{say: no-sond, wait: 5}"), "there is no prompt 'no-sond'"),
    "negative wait": (changed("wait: 5", "wait: -5"), "procedures.silent.steps.0.wait"),
    "loop in extends": (changed("version: 1", "version: 1\nextends: other"), "round extends other extends round"),
    "forbidden phrase": (changed('text: "One moment."', 'text: "喂，说吧！"'), "S000-01"),
    "missing recording": (WRITTEN, "no recording"),
    "duplicate key": (changed('keys: {"9": wrong-number}', 'keys: {"9": wrong-number, "9": station}'), "written twice"),
    "unknown placeholder": (changed("{org}.", "{boss}."), "{boss}"),
    "bad hours": (
        changed("procedures:", 'hours: {zone: Asia/Shanghai, workdays: ["17:30-8"]}\nprocedures:'), "hours.workdays",
    ),
    "not YAML": (changed("reception:", "reception: [}"), "not valid YAML"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_broken_standard_gives_one_clear_line_with_file_and_line(tmp_path: Path, mistake: str) -> None:
    written, reason = BROKEN[mistake]
    home = write(tmp_path, written)
    if mistake == "loop in extends":
        (tmp_path / "other").mkdir()
        other = "standard: other\nversion: 1\nextends: round\n"
        (tmp_path / "other" / "standard.yaml").write_text(other, encoding="utf-8")
    if mistake == "missing recording":
        (home / "en" / "offer.wav").unlink()
    said = lint(str(home))
    wrong, summary = said.output.splitlines()
    assert said.exit_code == 1 and summary == "round: 1 to mend"
    assert reason in wrong and re.match(rf"wrong  {re.escape(str(tmp_path))}/(round|other)/standard\.yaml:\d+: ", wrong)


# ------------------------------------------------------------------ what the rules forbid and ask for

HOLD = """
  hold:
    rule: S000-22
    steps:
      - {say: please-wait, wait: 5, on_response: next}
      - {music: true, wait: 60, on_response: stay}
      - {say: thank-you}
    then: resume
  harassment:
    rule: S000-28
    steps: [{say: not-ours, wait: 5}]
    then: station
    on_response: station
  system-failure:
    rule: S000-23
    steps: [{say: failed, wait: 5}]
    then: callback
    on_response: callback
  callback:
    rule: S000-32
    steps: [{say: your-number, wait: 5, file: callback}]
    then: release
  closing:
    rule: S000-34
    steps: [{say: bye, wait: 5}]
    then: release
"""
SENTENCES = {
    "please-wait": "对不起，请您稍等片刻，好吗？",
    "thank-you": "对不起，让您久等了，谢谢。",
    "not-ours": "对不起，您的要求不在我们的服务范围内。",
    "failed": "对不起，线路正在调整。",
    "your-number": "请留下您的联系电话。",
    "bye": "谢谢，再见！",
}


def in_hanzi(folder: Path, old: str = "", new: str = "", name: str = "round") -> Path:
    """A standard that keeps every rule of wording, but for one change."""
    prompts = "".join(f'  {prompt}: {{text: "{text}", say: "x"}}\n' for prompt, text in SENTENCES.items())
    written = WRITTEN.replace("language: en", "language: zh-CN").replace("standard: round", f"standard: {name}")
    written = written.replace("prompts:\n", f"prompts:\n{prompts}", 1).replace(
        "queue_rounds: 3", "queue_rounds: 3\n  callback: callback"
    )
    written += HOLD
    assert old in written, old
    home = folder / name
    home.mkdir()
    (home / "standard.yaml").write_text(written.replace(old, new, 1) if old else written, encoding="utf-8")
    for prompt in (*LENGTHS, *SENTENCES):
        record(home / "zh-CN" / f"{prompt}.wav", 1)
    return home


def test_a_standard_that_keeps_the_wording_is_clean(tmp_path: Path) -> None:
    assert proofread(in_hanzi(tmp_path)) == []


WORDING: dict[str, tuple[str, str, str, bool]] = {
    "hold without an apology": ("对不起，请您稍等片刻，好吗？", "等一下，好吗？", "S000-22", True),
    "hold without consent": ("对不起，请您稍等片刻，好吗？\"", "对不起，请稍等。\"", "", False),
    "hold without thanks": ("对不起，让您久等了，谢谢。", "我回来了。", "S000-22, S002-23, S004-M07", True),
    "failure without an apology": ("对不起，线路正在调整。", "线路正在调整。", "S000-23", True),
    "failure without a follow-up": (
        "then: callback\n    on_response: callback", "then: release\n    on_response: queue", "S000-23", True,
    ),
    "closing without good-bye": ("谢谢，再见！", "好的。", "S000-34", True),
    "nuisance call hung up on": ("then: station\n    on_response: station", "then: hang_up", "S000-28", True),
    "informal you": ("请留下您的联系电话。", "请留下你的联系电话。", "S003-20", False),
    "refusal word": ("对不起，您的要求不在我们的服务范围内。", "对不起，这样不行。", "S003-23", False),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WORDING)
def test_words_that_are_asked_for_or_to_be_avoided_are_told_with_their_rule(tmp_path: Path, mistake: str) -> None:
    old, new, rule, grave = WORDING[mistake]
    findings = proofread(in_hanzi(tmp_path, old, new))
    if not rule:  # a step that waits for an answer asks for consent, whatever its words
        assert findings == []
        return
    (finding,) = findings
    assert rule in str(finding) and finding.grave is grave
    assert re.match(rf"{re.escape(str(tmp_path))}/round/standard\.yaml:\d+: ", str(finding))


def test_a_standard_that_must_not_transfer_is_told_when_it_does(tmp_path: Path) -> None:
    home = in_hanzi(tmp_path, "then: release\n  closing", "then: transfer\n  closing", name="it-support")
    assert ["S004-Q07" in str(finding) for finding in proofread(home)] == [True]


def test_a_note_is_no_failure(tmp_path: Path) -> None:
    said = lint(str(in_hanzi(tmp_path, "请留下您的联系电话。", "请留下你的联系电话。")))
    assert said.exit_code == 0 and said.output.splitlines()[-1] == "round: nothing to mend, 1 to think about"


FORBIDDEN = (
    "喂，说话呀！", "喂，说吧！", "喂，说话呀！再不说话我就挂了啊！", "喂，大声一点儿！", "喂，什么！你说什么",
    "喂，打错电话了！请看清楚后再拨。", "喂，我也没办法，刚才线路忙啊！", "喂，嘴巴干净一点，这又不是我的错呀！",
    "喂，不好意思，我是新手啦！", "喂，刚才的电话不是我接的呀！", "喂，这不关我的事，我不清楚，您挂××电话吧。",
    "喂，我不清楚，您过两天再来电话吧。", "喂，没事了吧，您挂××电话吧。", "喂，不可能的吧。", "不可以，完全不可以！",
    "喂，听懂了吧", "喂，没事了吧，您挂电话吧。", "喂，喂，声音再大点。", "我们不知道", "你哪位",
)  # fmt: skip


@pytest.mark.parametrize("phrase", FORBIDDEN)
def test_a_phrase_the_standards_forbid_is_refused(phrase: str) -> None:
    patterns = wording(SHIPPED[0]).phrases
    assert [p.id for p in patterns if re.search(p.pattern, phrase)] != []
    blunt = phrase.removeprefix("喂，").removeprefix("喂，")
    milder = [p.id for p in patterns if re.search(p.pattern, blunt)]
    assert milder != [] or blunt in ("说话呀！", "说吧！", "打错电话了！请看清楚后再拨。")


def test_every_entry_names_a_rule_that_exists() -> None:
    asked = wording(SHIPPED[0])
    entries: tuple[Any, ...] = (*asked.phrases, *asked.avoid, *asked.required, *asked.never)
    named = {rule for entry in entries for rule in NAMED.findall(entry.rule)}
    named |= {rule for kind in asked.kinds.values() for rule in kind}
    assert named - set(rules()) == set() and all(NAMED.search(entry.rule) for entry in asked.phrases)


def test_hours_that_change_nothing_are_a_note(tmp_path: Path) -> None:
    home = in_hanzi(tmp_path)
    with (home / "standard.yaml").open("a", encoding="utf-8") as file:
        file.write('hours: {zone: Asia/Shanghai, workdays: ["08:30-17:00"]}\n')
    said = lint(str(home))
    assert said.exit_code == 0 and "reception.closed is missing" in said.output and "hours" in said.output
