"""Lint, the page to sign off, the script sheet and the takes: what the person who looks after the recordings meets."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ari_app.cli_prompts import prompts as prompts_command
from ari_app.errors import StudioFailed
from ari_app.paths import shipped
from ari_app.studio import native
from ari_app.studio.lint import Finding, flat_tops, lint, spoken
from ari_app.studio.manifest import Manifest
from ari_app.studio.page import page
from ari_app.studio.scripts import Saying as Spoken
from ari_app.studio.scripts import Script, scripts
from ari_app.studio.sheet import Line, printed, read, sheet
from ari_app.studio.takes import take_in
from tests.studio.booth import HUMS, Saying, master, render, speechlike, tone, wav

SENTENCE = Saying("hello", "您好，请问有什么可以帮助您", "nin2 hao3")
CHANGED = Saying("hello", "您好，请讲", "nin2 hao3")


def script_of(folder: Path, *sayings: Spoken) -> Script:
    return Script("test zh-CN", folder, "zh-CN", sayings or (SENTENCE,))


def kinds(folder: Path, *sayings: Spoken) -> list[tuple[str, str]]:
    return [(finding.name, finding.kind) for finding in lint(script_of(folder, *sayings)) if finding.grave]


def put(folder: Path, samples: np.ndarray, rate: int = 8000) -> None:
    """A recording that a build made, with another sound in it."""
    render(folder, [SENTENCE], HUMS)
    path = folder / "hello.wav"
    path.write_bytes(wav(samples, rate))
    manifest = Manifest.read(folder)
    manifest.publish("hello", manifest["hello"], path.read_bytes(), overwrite=True)
    native.Native.read(folder).withdraw("hello")


def command(*words: str | Path) -> Result:
    return CliRunner().invoke(prompts_command, [str(word) for word in words])


# ------------------------------------------------------------------ lint


def test_what_a_build_made_is_clean(tmp_path: Path) -> None:
    render(tmp_path, [SENTENCE], HUMS)
    assert kinds(tmp_path) == []


def level(samples: np.ndarray, dbov: float) -> np.ndarray:
    made: np.ndarray = samples * 10 ** ((dbov + 20) / 20)
    return made


SPOKEN = tone(440, 2.0, 8000, 0.1414)  # active level -20 dBov


@pytest.mark.parametrize(
    ("samples", "rate", "kind"),
    [
        (level(SPOKEN, -17), 8000, "loud"),
        (level(SPOKEN, -23), 8000, "quiet"),
        (np.zeros(8000), 8000, "quiet"),
        (np.concatenate([SPOKEN, [0.95], SPOKEN]), 8000, "clipped"),
        (np.tile(SPOKEN, 11), 8000, "long"),
        (np.concatenate([np.zeros(2000), SPOKEN]), 8000, "silence"),
        (np.concatenate([SPOKEN, np.zeros(2000)]), 8000, "silence"),
        (SPOKEN, 16000, "format"),
    ],
    ids=["loud", "quiet", "silent", "clipped", "long", "silence first", "silence last", "16 kHz"],
)
def test_what_callers_would_stumble_over_is_found(tmp_path: Path, samples: np.ndarray, rate: int, kind: str) -> None:
    put(tmp_path, samples, rate)
    assert ("hello", kind) in kinds(tmp_path)


def test_a_missing_recording_is_found(tmp_path: Path) -> None:
    assert kinds(tmp_path) == [("lead-in", "missing"), ("hello", "missing")]


def test_a_file_that_is_no_sound_is_found(tmp_path: Path) -> None:
    render(tmp_path, [SENTENCE], HUMS)
    (tmp_path / "hello.wav").write_bytes(b"garbage")
    assert {("hello", "format"), ("hello", "origin"), ("hello", "stale")} <= {*kinds(tmp_path)}


def test_a_recording_without_a_sentence_is_found(tmp_path: Path) -> None:
    render(tmp_path, [SENTENCE], HUMS)
    shutil.copy(tmp_path / "hello.wav", tmp_path / "helo.wav")
    assert kinds(tmp_path) == [("helo", "stray")]


def test_a_text_changed_since_its_recording_is_found_until_it_is_recorded_again(tmp_path: Path) -> None:
    master(tmp_path, wav(speechlike()))
    render(tmp_path, [SENTENCE], HUMS)
    assert kinds(tmp_path) == []
    assert kinds(tmp_path, CHANGED) == [("hello", "words"), ("hello", "words")], "not built, and not recorded"
    render(tmp_path, [CHANGED], HUMS)
    [finding] = [finding for finding in lint(script_of(tmp_path, CHANGED)) if finding.grave]
    assert SENTENCE.text in finding.what, "a build cannot make an old master say new words"
    master(tmp_path, wav(speechlike(1.8)))
    render(tmp_path, [CHANGED], HUMS)
    assert kinds(tmp_path, CHANGED) == []


def test_punctuation_is_not_heard(tmp_path: Path) -> None:
    master(tmp_path, wav(speechlike()))
    render(tmp_path, [SENTENCE], HUMS)
    polite = Saying("hello", SENTENCE.text + "！", SENTENCE.say)
    render(tmp_path, [polite], HUMS)
    assert kinds(tmp_path, polite) == []
    assert spoken("Hello, World!") == spoken("hello world") != spoken("hello word")


def test_a_clipped_master_is_found(tmp_path: Path) -> None:
    master(tmp_path, wav(np.clip(speechlike() * 30, -1, 1)))
    render(tmp_path, [SENTENCE], HUMS)
    assert ("hello", "clipped") in kinds(tmp_path)


@pytest.mark.parametrize(("loudest", "places"), [(0.98, 0), (1.5, 1000)])
def test_a_flat_top_is_a_row_of_samples_at_full_scale(loudest: float, places: int) -> None:
    cut_off = np.clip(tone(500, 1.0, 44100, loudest), -1, 1)
    assert flat_tops(cut_off) == places


def test_a_sentence_nobody_says_is_found(tmp_path: Path) -> None:
    copy = tmp_path / "hotline-standard"
    shutil.copytree(shipped("prompts") / "hotline-standard", copy)
    for translation in copy.glob("*/words.yaml"):
        translation.unlink()
    yaml = copy / "standard.yaml"
    text = yaml.read_text(encoding="utf-8")
    yaml.write_text(
        text.replace("prompts:\n", "prompts:\n  lonely: {text: 您好, say: nin2 hao3}\n", 1), encoding="utf-8"
    )
    found = {finding.name for finding in lint(scripts(copy)[0]) if finding.kind == "unused"}
    assert found == {"lonely"}, "the dialplan's own words are used"


def test_the_command_ends_with_1_when_there_is_something_to_mend(tmp_path: Path) -> None:
    copy = tmp_path / "hotline-standard"
    shutil.copytree(shipped("prompts") / "hotline-standard", copy)
    assert command("lint", copy, "--language", "zh-CN").exit_code == 0
    (copy / "zh-CN" / "offer.wav").unlink()
    done = command("lint", copy, "--language", "zh-CN")
    assert done.exit_code == 1
    assert re.search(r"^wrong  .*/zh-CN/offer: has no recording; run `hotline prompts build", done.output, re.MULTILINE)
    assert re.search(r"hotline-standard zh-CN +\d+ of \d+ +\d+ +-20\.\d +-20\.\d +-\d\.\d", done.output)


def test_a_language_nobody_speaks_there_is_a_usage_error() -> None:
    done = command("lint", "hotline-standard", "--language", "xx")
    assert done.exit_code == 2 and "there is" in done.output


# ------------------------------------------------------------------ the page


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.seen if name == tag]


def test_the_page_has_every_prompt_with_text_sound_and_waveform(tmp_path: Path) -> None:
    copy = tmp_path / "hotline-standard"
    shutil.copytree(shipped("prompts") / "hotline-standard", copy)
    out = tmp_path / "page.html"
    assert command("lint", copy, "--language", "zh-CN", "--html", out).exit_code == 0
    text = out.read_text(encoding="utf-8")
    [script] = [script for script in scripts(copy) if script.language == "zh-CN"]
    assert all(saying.text in text for saying in script.sayings)
    tags, count = _Tags(text), len(script.sayings)
    assert len(tags.all("svg")) == len(tags.all("audio")) == len(tags.all("form")) == count
    assert all((audio["src"] or "").startswith("data:audio/wav;base64,") for audio in tags.all("audio"))
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", text), "nothing is fetched from anywhere"


def test_a_page_names_what_is_missing_and_what_is_wrong(tmp_path: Path) -> None:
    render(tmp_path, [SENTENCE], HUMS)
    script = script_of(tmp_path, CHANGED, Saying("bye", "再见"))
    text = page([script], lint(script))
    assert "has no recording" in text and "rendered from other words" in text and "再见" in text


def test_no_sentence_becomes_a_part_of_the_page(tmp_path: Path) -> None:
    hostile = Saying("hello", "</p><script>alert(1)</script>$sections", '"><img src=x>')
    render(tmp_path, [hostile], HUMS)
    tags = _Tags(page([script_of(tmp_path, hostile)], [Finding(tmp_path, "hello", "words", "<script>x</script>")]))
    assert len(tags.all("script")) == 1 and not tags.all("img")
    lines = sheet(script_of(tmp_path, hostile))
    tags = _Tags(printed(lines, "<img>", ".html"))
    assert len(tags.all("script")) == 1 and not tags.all("img")


# ------------------------------------------------------------------ the sheet


@pytest.mark.parametrize("suffix", [".html", ".csv"])
def test_a_sheet_comes_back_as_it_was_printed(tmp_path: Path, suffix: str) -> None:
    lines = [
        Line("hello", '您好，"请讲"\n</script>', "nin2 hao3", "S000-01", "zh-CN"),
        Line("bye", "再见 $name", "", "", "zh-CN"),
    ]
    path = tmp_path / f"sheet{suffix}"
    path.write_text(printed(lines, "test", suffix), encoding="utf-8", newline="")
    assert read(path) == lines


def test_a_sheet_asks_for_what_is_not_recorded_or_has_changed(tmp_path: Path) -> None:
    bye = Saying("bye", "再见")
    assert [line.name for line in sheet(script_of(tmp_path, SENTENCE, bye))] == ["hello", "bye"]
    master(tmp_path, wav(speechlike()))
    render(tmp_path, [SENTENCE, bye], HUMS)
    assert [line.name for line in sheet(script_of(tmp_path, SENTENCE, bye))] == ["bye"]
    assert [line.name for line in sheet(script_of(tmp_path, CHANGED, bye))] == ["hello", "bye"]
    assert len(sheet(script_of(tmp_path, SENTENCE, bye), everything=True)) == 2


@pytest.mark.parametrize("content", ["", "nothing", '<script type="application/json" id="sheet">[1]</script>'])
@pytest.mark.parametrize("suffix", [".html", ".csv"])
def test_what_is_no_sheet_is_named(tmp_path: Path, content: str, suffix: str) -> None:
    path = tmp_path / f"sheet{suffix}"
    path.write_text(content)
    with pytest.raises(StudioFailed, match=rf"sheet\{suffix}: (is no script sheet|has no sentence)"):
        read(path)


def test_a_sheet_in_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioFailed, match=r"\.html or \.csv, not \.docx"):
        printed([], "test", ".docx")


# ------------------------------------------------------------------ the takes


@pytest.fixture
def booth(tmp_path: Path) -> tuple[Script, list[Line], Path]:
    script = script_of(tmp_path / "zh-CN", SENTENCE, Saying("bye", "再见，感谢您的来电", "zai4 jian4"))
    takes = tmp_path / "takes"
    takes.mkdir()
    return script, sheet(script), takes


Booth = tuple[Script, list[Line], Path]


def test_good_takes_become_masters_with_the_words_of_the_sheet(booth: Booth) -> None:
    script, lines, takes = booth
    (takes / "hello.WAV").write_bytes(wav(speechlike(3.0)))
    done = take_in(script, lines, takes)
    assert (done.taken, done.refused, done.awaited) == (("hello",), (), ("bye",))
    assert [path.name for path in (script.folder / "masters").iterdir()] == ["hello.wav"]
    [_, made, _] = render(script.folder, script.sayings, HUMS)
    assert made.source == "masters/hello.wav"
    assert Manifest.read(script.folder)["hello"].recorded == SENTENCE.text
    assert kinds(script.folder, *script.sayings) == []


def test_words_that_changed_after_the_sheet_was_printed_are_told(booth: Booth) -> None:
    script, lines, takes = booth
    (takes / "hello.wav").write_bytes(wav(speechlike(3.0)))
    newer = replace(script, sayings=(CHANGED, script.sayings[1]))
    done = take_in(newer, lines, takes)
    assert done.taken == ("hello",) and SENTENCE.text in done.remarks[0]
    render(script.folder, newer.sayings, HUMS)
    assert ("hello", "words") in kinds(script.folder, *newer.sayings)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("helo.wav", lambda: wav(speechlike()), "is not on the sheet"),
        ("hello.m4a", lambda: b"x", "is not read; save it as WAV"),
        ("hello.wav", lambda: b"", "is empty"),
        ("hello.wav", lambda: b"garbage" * 500, "is no sound|needs ffmpeg"),
        ("hello.wav", lambda: wav(np.zeros(90000)), "holds no speech"),
        ("hello.wav", lambda: wav(np.clip(30 * speechlike(3.0), -1, 1)), r"is clipped in \d+ places"),
        ("hello.wav", lambda: wav(speechlike(0.6)), "lasts 0.. s for 12 syllables; is it the right"),
        ("hello.wav", lambda: wav(speechlike(30.0)), "lasts 30.. s for 12 syllables"),
    ],
    ids=["unknown", "m4a", "empty", "garbage", "silent", "clipped", "short", "long"],
)
def test_a_take_that_will_not_do_is_named_and_changes_nothing(
    booth: Booth, name: str, content: Callable[[], bytes], reason: str
) -> None:
    script, lines, takes = booth
    (takes / name).write_bytes(content())
    (takes / "bye.wav").write_bytes(wav(speechlike(3.0)))
    done = take_in(script, lines, takes)
    assert done.taken == ("bye",), "the good take is taken in all the same"
    assert len(done.refused) == 1 and re.search(reason, done.refused[0]) and name in done.refused[0]
    assert [path.name for path in (script.folder / "masters").iterdir()] == ["bye.wav"]


def test_a_master_is_replaced_only_when_asked(booth: Booth) -> None:
    script, lines, takes = booth
    first, second = wav(speechlike(3.0)), wav(speechlike(2.5))
    (takes / "hello.wav").write_bytes(first)
    take_in(script, lines, takes)
    assert take_in(script, lines, takes).taken == ("hello",), "the same take again is no harm"
    (takes / "hello.wav").write_bytes(second)
    assert "--replace" in take_in(script, lines, takes).refused[0]
    assert (script.folder / "masters" / "hello.wav").read_bytes() == first
    assert take_in(script, lines, takes, replace=True).taken == ("hello",)
    assert (script.folder / "masters" / "hello.wav").read_bytes() == second


def test_a_noisy_room_and_a_narrow_take_are_remarked(booth: Booth) -> None:
    script, lines, takes = booth
    noise = np.random.default_rng(1).standard_normal(3 * 8000) * 0.004
    (takes / "hello.wav").write_bytes(wav(speechlike(3.0, 8000) + noise, 8000))
    done = take_in(script, lines, takes)
    assert done.taken == ("hello",)
    assert "8000 samples" in done.remarks[0] and "the room is only" in done.remarks[1]


def test_sheet_and_takes_by_command(tmp_path: Path) -> None:
    copy, out, takes = tmp_path / "mine", tmp_path / "script.html", tmp_path / "takes"
    shutil.copytree(shipped("prompts") / "hotline-standard", copy)
    takes.mkdir()
    printed_ = command("record", out, copy, "--language", "zh-CN")
    assert printed_.exit_code == 0 and "您好" in out.read_text(encoding="utf-8")
    (takes / "offer.wav").write_bytes(wav(speechlike(3.5)))
    (takes / "ofer.wav").write_bytes(wav(speechlike(3.5)))
    done = command("record", out, copy, "--takes", takes)
    assert done.exit_code == 1
    assert "refused  ofer.wav: is not on the sheet" in done.output and "1 taken in, 1 refused" in done.output
    assert (copy / "zh-CN" / "masters" / "offer.wav").is_file()
    manifest = json.loads((copy / "zh-CN" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["prompts"]["offer"]["recorded"].startswith("您好")


def test_a_folder_of_takes_that_is_not_there_is_named(tmp_path: Path) -> None:
    out = tmp_path / "script.csv"
    assert command("record", out, "--language", "zh-CN", "--all").exit_code == 0
    done = command("record", out, "--takes", tmp_path / "nowhere")
    assert isinstance(done.exception, StudioFailed) and "is no folder of takes" in str(done.exception)
