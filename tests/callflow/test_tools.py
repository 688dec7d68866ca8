"""What `hotline standard` and `hotline rehearse` print, and the picture."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
from click.testing import CliRunner, Result

from ari_app import paths
from ari_app.callflow.caller import script_of
from ari_app.callflow.picture import PAGE, draw
from ari_app.callflow.svg import width, wrapped
from ari_app.cli_rehearse import rehearse_
from ari_app.cli_standard import standard_
from ari_app.errors import BrokenScript, BrokenStandard
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Says, Script, Waits
from ari_app.standard import load
from tests.standards import WRITTEN, write

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(file.parent for file in paths.shipped("prompts").glob("*/standard.yaml"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write(tmp_path)


def run(command: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments])


def printed(command: click.Command, *arguments: str) -> str:
    done = run(command, *arguments)
    assert done.exit_code == 0, done.output or done.exception
    return done.output


# ------------------------------------------------------------------ told


def test_a_list_names_every_standard_of_a_folder(home: Path) -> None:
    lines = printed(standard_, "list", str(home.parent)).splitlines()
    assert lines[0].split() == ["name", "title", "languages", "procedures", "extends"]
    assert lines[1].split() == ["round", "en", "6"]


def test_a_list_tells_which_standard_does_not_load(home: Path) -> None:
    (home / "en" / "offer.wav").unlink()
    done = run(standard_, "list", str(home.parent))
    assert done.exit_code == 2 and "does not load: " in done.output and "no recording" in done.output


def test_a_procedure_is_read_aloud(home: Path) -> None:
    assert (
        printed(standard_, "show", str(home), "silent")
        == """\
Silent  [silent]
   1  “May I help you?”
      we listen 5 s
   2  “May I help you?”
      we listen 5 s
   3  “We cannot hear you.”
      we listen 5 s
      then we hang up; who answers → an agent
"""
    )


def test_the_whole_standard_is_read_aloud_from_the_greeting(home: Path) -> None:
    said = printed(standard_, "show", str(home))
    for line in (
        "a caller hears: “Hello, this is us.”",
        "then we listen 5 s",
        "says nothing → Silent",
        "9 → Wrong number",
    ):
        assert f"  {line}\n" in said
    assert all(f"[{name}" in said for name in load(home).procedures)


def test_an_unknown_procedure_is_told_with_those_there_are(home: Path) -> None:
    problem = run(standard_, "show", str(home), "silence").exception
    assert isinstance(problem, BrokenStandard) and "no procedure 'silence'; there are silent" in str(problem)


def test_an_unknown_standard_is_told_with_those_there_are() -> None:
    problem = run(standard_, "show", "nonsense").exception
    assert isinstance(problem, BrokenStandard)
    assert str(problem).startswith("nonsense: is no standard") and "hotline-standard" in str(problem)


def test_the_keys_of_callers_are_listed(home: Path) -> None:
    said = [line.split() for line in printed(standard_, "keys", str(home)).splitlines()]
    assert ["9", "by", "the", "caller,", "in", "the", "greeting", "Wrong", "number", "wrong-number"] in said
    assert ["1", "by", "the", "caller,", "in", "station", "an", "agent"] in said


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_every_shipped_standard_can_be_read_aloud(folder: Path) -> None:
    assert "Reception" in printed(standard_, "show", str(folder)) and printed(standard_, "keys", str(folder))


# ------------------------------------------------------------------ compared


def other(folder: Path, changes: Mapping[str, str]) -> Path:
    written = WRITTEN
    for old, new in changes.items():
        assert old in written, old
        written = written.replace(old, new, 1)
    (folder / "second").mkdir()
    return write(folder / "second", written)


def test_two_standards_that_treat_callers_alike_are_told_so(home: Path, tmp_path: Path) -> None:
    assert "treat callers alike" in printed(standard_, "diff", str(home), str(other(tmp_path, {})))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"patience: 5": "patience: 3"}, "listens 3 s after the greeting, not 5 s"),
        ({"{say: offer,    wait: 5}": "{say: offer,    wait: 3}"}, "silent: step 1 waits 3 s, not 5 s"),
        ({'text: "May I help you?"': 'text: "Yes?"'}, "offer: “Yes?”, not “May I help you?”"),
        ({"{say: busy,": "{say: busy-farewell,"}, "busy: step 1 says “Please ring again.”, not “Please hold.”"),
        ({"then: station": "then: queue"}, "wrong-number: then an agent; who answers → an agent; not: then Station"),
        ({'keys: {"9": wrong-number}': 'keys: {"7": wrong-number}'}, "key 7 → Wrong number (new)"),
        ({"      - {say: hanging-up,    wait: 5}\n": ""}, "linger: ends after step 1, not 2"),
        ({"procedures:": "hours: {zone: UTC, workdays: ['08:30-17:30']}\nprocedures:"}, "hours: workdays: 08:30-17:30"),
    ],
    ids=str,
)  # fmt: skip
def test_a_difference_is_told_in_words(home: Path, tmp_path: Path, changes: dict[str, str], told: str) -> None:
    assert told in printed(standard_, "diff", str(home), str(other(tmp_path, changes)))


# ------------------------------------------------------------------ drawn


def texts_of(svg: str) -> str:
    return "".join(" ".join(ElementTree.fromstring(svg).itertext()).split())


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_picture_shows_every_procedure_once(folder: Path) -> None:
    standard = load(folder)
    svg = draw(standard)
    for name in standard.procedures:
        assert svg.count(f'<g id="{name}"') == 1, name
    assert 0 < float(ElementTree.fromstring(svg).attrib["width"]) <= PAGE


def test_a_picture_says_every_sentence_of_a_caller_who_is_silent(home: Path) -> None:
    said = texts_of(draw(load(home)))
    for words in ("Hello, this is us.", "May I help you?", "We cannot hear you.", "we hang up", "5 s"):
        assert "".join(words.split()) in said


def test_a_picture_is_the_same_picture_every_time(home: Path) -> None:
    assert draw(load(home)) == draw(load(home))


def test_words_that_would_be_markup_are_words_in_a_picture(tmp_path: Path) -> None:
    written = WRITTEN.replace("One moment.", "<script>alert(1)</script> & so on")
    svg = draw(load(write(tmp_path, written)))
    assert "<script>" not in svg and "<script>alert(1)</script>" in texts_of(svg).replace("lert (", "lert(")


def test_the_picture_in_the_documents_is_what_would_be_drawn_now() -> None:
    drawn = draw(load(paths.standard_folder("hotline-standard")))
    kept = (ROOT / "docs" / "hotline-standard.svg").read_text(encoding="utf-8")
    assert kept == drawn, "the standard has changed: `make picture` draws it again"


def test_a_picture_goes_where_it_is_asked_to(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "round.svg"
    assert printed(standard_, "draw", str(home), "-o", str(file)) == f"{file} drawn\n"
    assert file.read_text(encoding="utf-8").startswith("<svg")
    assert run(standard_, "draw", str(home), "-o", "round.png").exit_code == 2
    assert run(standard_, "draw", str(home), "-o", str(tmp_path / "nowhere" / "x.svg")).exit_code == 1


def test_no_line_is_wider_than_its_box_and_no_mark_begins_one() -> None:
    text = "对不起，您的电话没有声音，请您换一部电话再次打来，好吗？再见！ and then some English words follow."
    lines = wrapped(text, 13, 200)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width(line, 13) <= 213 and line[0] not in "，。！？" for line in lines)


# ------------------------------------------------------------------ rehearsed


@pytest.mark.parametrize(
    ("words", "script"),
    [
        ("waits 3, presses 9, says 2, hangs up", (Waits(3), Presses("9"), Says(2), HangsUp())),
        ("hears offer 2 times then coughs", (Hears("offer", 2), Says(0.15))),
        ("presses 12#", (Presses("1"), Waits(0.3), Presses("2"), Waits(0.3), Presses("#"))),
        ("# a caller\nwait 1.5 s\nhang up\n", (Waits(1.5), HangsUp())),
        ("is silent", ()),
        ("speaks", (Says(1.8),)),
    ],
)
def test_a_caller_is_described_in_words(words: str, script: Script) -> None:
    assert script_of(words) == script


@pytest.mark.parametrize("words", ["juggles 3", "waits", "waits -1", "waits 99999", "presses E", "says 2 3"])
def test_a_caller_who_cannot_be_understood_is_told_in_one_line(words: str) -> None:
    with pytest.raises(BrokenScript) as problem:
        script_of(words)
    assert "\n" not in str(problem.value)


def rehearsed(*arguments: str) -> list[str]:
    return [" ".join(line.split()) for line in printed(rehearse_, *arguments).splitlines()]


def test_a_silent_caller_is_rehearsed_by_name(home: Path) -> None:
    assert rehearsed(str(home), "--caller", "silent") == [
        "0.0 answer",
        "0.0 play greeting “Hello, this is us.”",
        "10.3 play offer “May I help you?”",
        "17.3 play offer “May I help you?”",
        "24.3 play no-sound “We cannot hear you.”",
        "33.3 hang up",
    ]


def test_what_a_caller_does_stands_between_what_we_do(home: Path) -> None:
    assert rehearsed(str(home), "--caller", "waits 1, says 1, hangs up")[2:] == [
        "1.0 the caller says something, 1 s",
        "1.5 interrupted greeting",
        "1.5 play connecting “One moment.”",
        "2.0 the caller hangs up",
    ]


def test_a_caller_can_be_a_file(home: Path, tmp_path: Path) -> None:
    (tmp_path / "caller.txt").write_text("# in a hurry\nwaits 3\nhangs up\n", encoding="utf-8")
    assert rehearsed(str(home), "--caller", str(tmp_path / "caller.txt"))[-1] == "3.0 the caller hangs up"


def test_every_door_can_be_rehearsed(home: Path) -> None:
    assert rehearsed(str(home), "--door", "after-queue")[1] == "0.0 play anything-else “Anything else?”"
    assert rehearsed(str(home), "--door", "after-queue", "--status", "TIMEOUT")[1].startswith("0.0 play busy ")
    assert rehearsed(str(home), "--procedure", "wrong-number")[1].startswith("0.0 play wrong-number")


def test_a_sentence_that_was_waited_for_in_vain_is_told_at_the_end(home: Path) -> None:
    """On a Saturday the page's own example waited for lunch, heard of closing time, and ended well."""
    done = run(rehearse_, str(home), "--caller", "hears offer 3, says 2")
    assert done.exit_code == 1 and done.output.rstrip().endswith("hang up")
    said = "the caller waited in vain to hear offer 3 times: it was not said to its end on this call"
    assert isinstance(done.exception, BrokenScript) and str(done.exception) == said
    assert rehearsed(str(home), "--caller", "hears offer 2, says 2")[-1].endswith("hand off hotline")


def test_what_the_page_rehearses_comes_true_today() -> None:
    page = (ROOT / "docs" / "reading-a-standard.md").read_text(encoding="utf-8")
    shown = [shlex.split(line)[2:] for line in re.findall(r"^    (hotline rehearse .*)", page, re.MULTILINE)]
    assert shown
    for arguments in shown:
        assert any(" play lunch " in line for line in rehearsed(*arguments))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--notice nope", "--notice 'nope' is not known; there is outage, failure"),
        ("--language xx", "--language 'xx' is not known; there is en, zh-CN"),
        ("--door after-queue --status BOGUS", "--status 'BOGUS' is not known; there is CONTINUE, TIMEOUT, FULL, "),
        ("--door transferred --status TIMEOUT", "--status 'TIMEOUT' is not known; there is ANSWER, BUSY, NOANSWER, "),
        ("--status BUSY", "a --status is told by --door after-queue or transferred, and they come by incoming"),
    ],
)
def test_a_word_nobody_knows_is_refused_with_the_known_ones(words: str, said: str) -> None:
    """Each was passed over, and the plain call played (a newcomer's finding)."""
    problem = run(rehearse_, "hotline-standard", *words.split()).exception
    assert isinstance(problem, BrokenScript) and str(problem).startswith(said) and "\n" not in str(problem)


def test_a_notice_and_a_language_that_are_known_are_played() -> None:
    assert "play area-outage" in printed(rehearse_, "hotline-standard", "--notice", "outage", "--language", "zh-CN")


def test_a_sentence_the_standard_does_not_say_cannot_be_waited_for(home: Path) -> None:
    problem = run(rehearse_, str(home), "--caller", "hears offr, says 2").exception
    assert isinstance(problem, BrokenScript) and re.match("round says no 'offr'; it says ", str(problem))


def test_a_time_of_day_is_a_time_on_the_standards_clock(tmp_path: Path) -> None:
    lunch = 'hours: {zone: Asia/Shanghai, workdays: ["08:30-17:30"], lunch: ["12:00-13:00"]}\nprocedures:'
    written = WRITTEN.replace("procedures:", lunch, 1).replace("  silent: silent", "  silent: silent\n  lunch: busy", 1)
    home = write(tmp_path, written)
    assert rehearsed(str(home), "--at", "2026-10-15 12:30")[1].startswith("0.0 play busy ")
    assert rehearsed(str(home), "--at", "2026-10-15 11:30")[1].startswith("0.0 play greeting ")
