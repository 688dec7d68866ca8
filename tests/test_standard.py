"""A standard with a mistake is refused in one line that names file, line and path; never with a traceback."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ari_app import paths, standard
from ari_app.call import ANYTHING, Heed
from ari_app.errors import BrokenStandard
from ari_app.journal import Place
from ari_app.standard import Standard, Then, load, sentences
from tests.standards import LENGTHS, WRITTEN, record, write

LINES = WRITTEN.splitlines()


def line_of(text: str) -> int:
    """The number of the first line that has this text."""
    return next(number for number, line in enumerate(LINES, start=1) if text in line)


def refused(folder: Path, written: str | bytes) -> str:
    """The complaint about a standard written like this; one line, without a path of the machine in it."""
    home = write(folder)
    file = home / "standard.yaml"
    file.write_bytes(written if isinstance(written, bytes) else written.encode())
    with pytest.raises(BrokenStandard) as problem:
        load(home)
    message = str(problem.value)
    assert "\n" not in message
    assert message.startswith(str(file))
    assert problem.value.__context__ is None or problem.value.__suppress_context__
    return message.replace(str(home), "round")


def changed(old: str, new: str) -> str:
    assert old in WRITTEN, old
    return WRITTEN.replace(old, new, 1)


# ------------------------------------------------------------------ what loads


def test_a_standard_is_what_is_written(tmp_path: Path) -> None:
    spoken = load(write(tmp_path))
    assert (spoken.name, spoken.version, spoken.language, spoken.desk.patience) == ("round", 1, "en", 5)
    assert spoken.desk.greeting.seconds == 5
    assert spoken.desk.greeting.recording == "round/en/greeting"
    asked = [(step.say.name, step.wait) for step in spoken.desk.silent.steps if step.say]
    assert asked == [("offer", 5), ("offer", 5), ("no-sound", 5)]
    assert (spoken.desk.silent.then, spoken.desk.silent.on_response) == (Then.HANG_UP, Then.QUEUE)
    station, silent = spoken.desk.station, spoken.desk.silent
    assert station.heed(station.steps[0]) == Heed(False, frozenset("1")) and silent.heed(silent.steps[0]) is ANYTHING
    assert spoken.desk.keys["9"] is spoken.procedures["wrong-number"]
    assert spoken.knows(Place("silent", 3)) and not spoken.knows(Place("silent", 4))


def test_a_loaded_standard_never_changes(tmp_path: Path) -> None:
    spoken = load(write(tmp_path))
    with pytest.raises(dataclasses.FrozenInstanceError):
        spoken.desk.patience = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        spoken.procedures["silent"] = spoken.desk.station  # type: ignore[index]


def test_placeholders_are_filled_in(tmp_path: Path) -> None:
    assert sentences(write(tmp_path))[0].text == "Hello, this is us."


SHIPPED = sorted(file.parent for file in paths.shipped("prompts").glob("*/standard.yaml"))


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_every_shipped_standard_loads(folder: Path) -> None:
    assert isinstance(load(folder), Standard)


# ------------------------------------------------------------------ what is refused


MISTAKES: dict[str, tuple[str, str, str, str]] = {
    "unknown prompt in a step": (
        "{say: no-sound, wait: 5}", "{say: no-sond, wait: 5}",
        "procedures.silent.steps.2.say", "no prompt 'no-sond'",
    ),
    "unknown prompt in the reception": (
        "greeting: greeting", "greeting: gretting", "reception.greeting", "no prompt 'gretting'",
    ),
    "unknown procedure": ("silent: silent", "silent: silence", "reception.silent", "no procedure 'silence'"),
    "unknown procedure behind a key": (
        'keys: {"9": wrong-number}', 'keys: {"9": wrong}', "reception.keys.9", "no procedure 'wrong'",
    ),
    "no such key": ('keys: {"9": wrong-number}', 'keys: {"99": wrong-number}', "reception.keys.99", "one of 0 to 9, *"),
    "key without quotes": ('keys: {"9": wrong-number}', "keys: {9: wrong-number}", "reception.keys.9", "in quotes"),
    "negative wait": ("wait: 5", "wait: -5", "procedures.silent.steps.0.wait", "greater than or equal to 0"),
    "endless wait": ("wait: 5", "wait: 601", "procedures.silent.steps.0.wait", "less than or equal to 600"),
    "wait that is no number": ("wait: 5", "wait: .nan", "procedures.silent.steps.0.wait", "finite"),
    "infinite wait": ("wait: 5", "wait: .inf", "procedures.silent.steps.0.wait", ""),
    "wait in words": ("wait: 5", "wait: five", "procedures.silent.steps.0.wait", "five"),
    "unknown then": ("then: station", "then: stattion", "procedures.wrong-number.then", "hang_up"),
    "then that is no end": ("then: station", "then: stay", "procedures.wrong-number.then", "stay"),
    "unknown answer to a response": (
        "on_response: stay", "on_response: ignore", "procedures.station.on_response", "",
    ),
    "misspelt word": ("patience: 5", "pacience: 5", "reception.p", ""),
    "a word too many": ("  queue_rounds: 3", "  queue_rounds: 3\n  music: loud", "reception.music", "typing mistake"),
    "no steps": (
        "    steps:\n      - {say: busy, wait: 0}", "    steps: []", "procedures.busy.steps", "at least 1",
    ),
    "unknown placeholder": ("this is {org}", "this is {orgg}", "prompts.greeting.text", "{orgg}"),
    "no text": ('text: "One moment."', 'text: ""', "prompts.connecting.text", "at least 1"),
    "text that is a number": ('text: "One moment."', "text: 110", "prompts.connecting.text", "in quotes"),
    "yes for a text": ('say: "One moment."', "say: yes", "prompts.connecting.say", "in quotes"),
    "name with capitals": ("  offer:  ", "  Offer:  ", "prompts.Offer", ""),
    "name that leaves the folder": ("  offer:  ", "  ../offer:  ", "prompts.../offer", ""),
    "version nought": ("version: 1", "version: 0", "version", "greater than or equal to 1"),
    "no language": ("language: en", "language: ../en", "language", "as en or zh-CN"),
    "a step's word misspelt": (
        "{say: busy, wait: 0}", "{say: busy, wiat: 0}", "procedures.busy.steps.0.wiat", "did you mean wait?",
    ),
    "prompts that are a list": ("values:\n  org: {text: us, say: us}", "values: [org]", "values", ""),
    "speech that is no sound": ("speech_minimum: 0.25", "speech_minimum: 0", "hearing.speech_minimum", "0.02"),
    "hang-up without a wait": (
        "{say: hanging-up,    wait: 5}", "{say: hanging-up,    wait: 0}", "procedures.linger.steps.1.wait", "S000-35",
    ),
    "a key that hangs up": (
        'keys: {"1": queue}', 'keys: {"1": hang_up}', "procedures.station.keys", "CON-04",
    ),
    "an answer that hangs up": (
        "on_response: stay", "on_response: hang_up", "procedures.station.on_response", "CON-04",
    ),
    "an answer in a step that hangs up": (
        "{say: station-menu, wait: 5}", "{say: station-menu, wait: 5, on_response: hang_up}",
        "procedures.station.steps.0", "CON-04",
    ),
    "a farewell that hangs up at a key": (
        "{say: hanging-up,    wait: 5}", '{say: hanging-up,    wait: 5, keys: {"1": next}}',
        "procedures.linger.steps.1", "CON-04",
    ),
    "a farewell that hangs up at a word": (
        "{say: hanging-up,    wait: 5}", "{say: hanging-up,    wait: 5, on_response: next}",
        "procedures.linger.steps.1", "CON-04",
    ),
    "hang-up at the last key of a number": (
        "{say: hanging-up,    wait: 5}", "{say: hanging-up,    wait: 5, take: {name: score}}",
        "procedures.linger.steps.1", "S000-35",
    ),
    "keys nobody waits for": (
        "{say: station-menu, wait: 5}", "{say: station-menu, take: {name: score}}",
        "procedures.station.steps.0.wait", "needs seconds",
    ),
    "station that leads to itself": ("then: release", "then: station", "procedures.station.then", "for ever"),
    "a farewell nobody was asked before": (
        "      - {say: offer,    wait: 5}\n", "", "procedures.silent.steps", "S000-03",
    ),
}  # fmt: skip


@pytest.mark.rule("S000-28")
@pytest.mark.parametrize(("let_go", "where"), [("station", "station.then"), ("linger", "linger.on_response")])
def test_who_is_let_go_is_neither_led_in_circles_nor_asked(tmp_path: Path, let_go: str, where: str) -> None:
    """Station, released, station …: with the station full, the whole worker once went round and round."""
    written = WRITTEN.replace("  station: station\n", f"  station: station\n  let_go: {let_go}\n", 1)
    with pytest.raises(BrokenStandard, match=rf"procedures\.{where}.*S000-28"):
        load(write(tmp_path, written))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_line_and_path(tmp_path: Path, mistake: str) -> None:
    old, new, path, reason = MISTAKES[mistake]
    message = refused(tmp_path, changed(old, new))
    assert path in message and reason in message
    told = re.match(r"round/standard\.yaml:(\d+): ", message)
    assert told is not None
    first = WRITTEN[: WRITTEN.index(old)].count("\n") + 1
    last = first + max(old.count("\n"), new.count("\n"))
    nearest = {*path.split(".")}
    line = int(told[1])
    assert first <= line <= last or any(LINES[line - 1].strip().startswith(f"{word}:") for word in nearest)


def test_a_misspelt_word_is_told_in_its_line_and_not_as_a_missing_one(tmp_path: Path) -> None:
    """It was "standard.yaml:1: version: is missing (and 1 more)"."""
    message = refused(tmp_path, changed("version: 1", "versoin: 1"))
    line = line_of("version: 1")
    assert message == (
        f"round/standard.yaml:{line}: versoin: is not a word this file knows; is it a typing mistake? "
        "did you mean version?"
    )


def test_a_caller_must_not_go_round_between_station_and_farewell(tmp_path: Path) -> None:
    """Station, release, lingering caller, station …: nobody would ever leave it."""
    linger = WRITTEN.index("  linger:")
    written = WRITTEN[:linger] + WRITTEN[linger:].replace("then: hang_up", "then: station", 1)
    assert "for ever" in refused(tmp_path, written)
    written = WRITTEN[:linger] + WRITTEN[linger:].replace("then: hang_up", "then: release", 1)
    assert "for ever" in refused(tmp_path, written)


def test_a_sentence_of_a_value_alone_is_refused(tmp_path: Path) -> None:
    """Where nothing was taken there would be nothing to play: Asterisk fails, and the caller hears silence."""
    written = changed('{text: "One moment.", say: "One moment."}', '{text: "{number}", say: "{number}"}')
    message = refused(tmp_path, written + "placeholders:\n  number: {from: taken}\n")
    assert "prompts.connecting: says nothing" in message


def test_a_forbidden_phrase_is_refused_with_its_rule_and_what_to_say_instead(tmp_path: Path) -> None:
    message = refused(tmp_path, changed('text: "Hello, this is {org}."', 'text: "喂，你好"'))
    assert f":{line_of('Hello, this')}: prompts.greeting.text: " in message
    assert "S000-01" in message and "您好" in message


def test_a_forbidden_phrase_in_a_value_is_found_as_well(tmp_path: Path) -> None:
    written = changed("org: {text: us,", "org: {text: 不关我的事,")
    assert "prompts.greeting.text" in refused(tmp_path, written)


def test_a_missing_recording_is_told_with_the_command_that_makes_it(tmp_path: Path) -> None:
    home = write(tmp_path)
    (home / "en" / "no-sound.wav").unlink()
    with pytest.raises(BrokenStandard, match=r"standard\.yaml:\d+: prompts\.no-sound: .*hotline prompts build"):
        load(home)


def damage_rate(file: Path) -> None:
    record(file, 1, rate=16000)


def damage_channels(file: Path) -> None:
    record(file, 1, channels=2)


def damage_length(file: Path) -> None:
    record(file, 0)


def damage_header(file: Path) -> None:
    file.write_bytes(b"RIFF")


def damage_text(file: Path) -> None:
    file.write_text("no sound at all")


def damage_nothing_left(file: Path) -> None:
    file.write_bytes(b"")


def damage_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def damage_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:30])


@pytest.mark.parametrize(
    "damage",
    [
        damage_rate, damage_channels, damage_length, damage_header, damage_text, damage_nothing_left, damage_folder,
        damage_half,
    ],
)  # fmt: skip
def test_a_recording_no_telephone_can_play_is_refused(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    home = write(tmp_path)
    damage(home / "en" / "offer.wav")
    with pytest.raises(BrokenStandard, match=r"standard\.yaml:\d+: prompts\.offer: recording .*offer\.wav"):
        load(home)


def test_a_truncated_recording_is_refused(tmp_path: Path) -> None:
    """A header that promises more than there is would make us wait for the end of nothing."""
    home = write(tmp_path)
    file = home / "en" / "offer.wav"
    file.write_bytes(file.read_bytes()[: 44 + 8000])
    with pytest.raises(BrokenStandard, match="offer"):
        load(home)


# ------------------------------------------------------------------ what is no YAML, or no standard

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{former}'] * 9)}]\n" for former, name in zip("abcdefgh", "bcdefghi", strict=True)
)

NO_STANDARD: dict[str, str | bytes] = {
    "nothing": "",
    "a word": "standard",
    "a list": "- standard\n- version\n",
    "a number": "7",
    "two documents": "standard: a\n---\nstandard: b\n",
    "a tab": WRITTEN.replace("  greeting: greeting", "\tgreeting: greeting", 1),
    "an open quote": WRITTEN.replace('"Press one."', '"Press one.', 1),
    "an open brace": WRITTEN.replace("{say: busy, wait: 0}", "{say: busy, wait: 0", 1),
    "another program": WRITTEN.replace("version: 1", 'version: !!python/object/apply:os.system ["true"]', 1),
    "a key twice": WRITTEN.replace("patience: 5", "patience: 5\n  patience: 50", 1),
    "a prompt twice": WRITTEN.replace("prompts:\n", 'prompts:\n  offer: {text: "a", say: "a"}\n', 1),
    "a key that is a list": WRITTEN.replace("title", "title") + "? [a, b]\n: c\n",
    "a key that is a mapping": WRITTEN + "? {a: b}\n: c\n",
    "itself inside itself": "standard: &s\n  standard: *s\n",
    "a list of itself": "standard: &s [*s]\n",
    "itself as a key": "&s {*s : 1}\n",
    "a bomb": BOMB,
    "a bomb in the standard": WRITTEN + BOMB,
    "depth": "standard: " + "[" * 5000 + "]" * 5000,
    "depth of mappings": "standard: " + "{a: " * 5000 + "}" * 5000,
    "a merge with nothing": WRITTEN.replace("version: 1", "version: 1\n<<: 7", 1),
    "a merge with itself": "standard: &s\n  <<: *s\n",
    "an unknown alias": WRITTEN.replace("version: 1", "version: *one", 1),
    "no UTF-8": WRITTEN.encode("utf-16"),
    "half a letter": WRITTEN.encode() + b"\xff",
    "a bell": WRITTEN + "# \x07\n",
    "a nought": WRITTEN + "\x00",
    "a picture": bytes(range(256)) * 8,
    "an impossible date": WRITTEN.replace("version: 1", "version: 2026-13-45", 1),
    "a number of ten thousand digits": WRITTEN.replace("version: 1", "version: " + "9" * 10_000, 1),
    "a number in base sixty": WRITTEN.replace("wait: 5", "wait: " + "1:" * 4000 + "1", 1),
    "a broken binary": WRITTEN.replace("version: 1", "version: !!binary '?'", 1),
    "a float that is none": WRITTEN.replace("version: 1", "version: !!float one", 1),
    "an integer that is none": WRITTEN.replace("version: 1", "version: !!int ''", 1),
    "a truth that is none": WRITTEN.replace("version: 1", "version: !!bool perhaps", 1),
    "a time that is none": WRITTEN.replace("version: 1", "version: !!timestamp soon", 1),
    "a set": WRITTEN.replace("version: 1", "version: !!set {a, b}", 1),
    "an ordered map": WRITTEN.replace("version: 1", "version: !!omap [a]", 1),
    "another YAML": "%YAML 7.0\n---\n" + WRITTEN,
}


@pytest.mark.parametrize("what", NO_STANDARD)
def test_what_is_no_standard_is_refused_in_one_line(tmp_path: Path, what: str) -> None:
    message = refused(tmp_path, NO_STANDARD[what])
    assert len(message) < 1000


def test_a_file_too_large_to_be_a_standard_is_not_read(tmp_path: Path) -> None:
    assert "large" in refused(tmp_path, WRITTEN + "# and so on\n" * 200_000)


def test_a_folder_without_a_standard_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(BrokenStandard, match="no such file"):
        load(tmp_path / "nowhere")


def test_a_name_that_is_not_shipped_is_told_with_those_that_are() -> None:
    with pytest.raises(BrokenStandard, match=r"no standard 'nowhere' is shipped; .* there are after-sales, "):
        load(paths.standard_folder("nowhere"))


def test_a_standard_that_is_a_folder_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "standard.yaml").mkdir()
    with pytest.raises(BrokenStandard, match="cannot be read"):
        load(tmp_path)


def test_a_list_of_forbidden_phrases_with_a_mistake_is_told_with_its_own_file(tmp_path: Path) -> None:
    home = write(tmp_path)
    (tmp_path / "forbidden.yaml").write_text("phrases:\n  - {id: a, rule: r, pattern: '(', instead: b}\n")
    with pytest.raises(BrokenStandard, match=r"forbidden\.yaml:2: phrases\.0\.pattern: is no regular expression"):
        load(home)


# ------------------------------------------------------------------ whatever is written


def fragments() -> Iterator[str]:
    yield from (": ", "- ", "{", "}", "[", "]", '"', "'", "&a ", "*a", "!!int ", "!!binary ", "? ", "| ", "> ", "# ")
    yield from (
        "<<: ",
        "\t",
        "\n",
        "  ",
        "---\n",
        "...",
        "%",
        "@",
        "`",
        "~",
        ".nan",
        "-1",
        "1e999",
        "0x",
        "yes",
        "null",
    )
    yield from ("{org}", "{", "喂", "\x00", "\ufeff", "\u2028", "\x85", "999999999999999999999", "2026-02-30", "=")


@st.composite
def mistakes(draw: st.DrawFn) -> str:
    """The standard with a few places overwritten, repeated or cut out."""
    text = WRITTEN
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 30))
        piece = draw(st.sampled_from(sorted(fragments())) | st.text(max_size=6) | st.just(text[start : start + 60]))
        text = text[:start] + piece + text[start + length :]
    return text


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("fuzz"))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mistakes())
def test_whatever_is_written_loads_or_is_refused(home: Path, written: str) -> None:
    (home / "standard.yaml").write_text(written, encoding="utf-8", errors="surrogatepass", newline="")
    try:
        assert isinstance(load(home), Standard)
    except BrokenStandard as refusal:
        assert "\n" not in str(refusal) and str(refusal).startswith(str(home))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_whatever_bytes_there_are_they_load_or_are_refused(home: Path, written: bytes) -> None:
    (home / "standard.yaml").write_bytes(written)
    with pytest.raises(BrokenStandard):
        load(home)


def test_every_prompt_of_the_test_standard_has_a_length() -> None:
    assert set(LENGTHS) >= set(re.findall(r"^  ([a-z-]+): +\{text: \"", WRITTEN, re.MULTILINE))
    assert standard.LEAD_IN in LENGTHS
