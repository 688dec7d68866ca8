"""`hotline register …` as people type it, also when what they look at was sent by somebody hostile."""

from __future__ import annotations

import asyncio
import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings

from ari_app.cli_register import register, rules_of
from ari_app.errors import BrokenStandard, HotlineError, StoreUnreachable
from ari_app.procedures.screening import Screening, judge
from ari_app.records.database import Database, without_password
from ari_app.register.index import Index
from ari_app.register.live import LiveRegister
from ari_app.register.numbers import identify
from ari_app.register.store import Store
from tests.register.test_judge import HOUR, Book
from tests.register.test_numbers import HOSTILE
from tests.wire.manager import Manager

RULES = "screening:\n  caller_id: {anonymous: challenge}\n"


@pytest.fixture
def database(tmp_path: Path) -> str:
    (tmp_path / "register.db").touch()  # a worker has run
    return f"sqlite:///{tmp_path}/register.db"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES, encoding="utf-8")
    return file


def run(database: str, *arguments: object) -> Result:
    return CliRunner().invoke(register, ["--database", database, "--by", "ada", *map(str, arguments)])


def done(database: str, *arguments: object) -> str:
    result = run(database, *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def batch_in(output: str) -> str:
    return output.split()[-1]


def test_a_register_that_is_not_there_is_told_of_and_only_an_entry_makes_it(tmp_path: Path) -> None:
    """A shell that looked into another file than the workers heard "no number is known", and rc 0."""
    url = f"sqlite:///{tmp_path}/elsewhere/register.db"
    for looking in (["list"], ["changes"], ["explain", "110"], ["undo", "x"], ["export"]):
        told = run(url, *looking)
        assert isinstance(told.exception, StoreUnreachable) and "no such file" in str(told.exception)
    assert not (tmp_path / "elsewhere").exists()
    done(url, "add", "110", "allow")
    assert "110" in done(url, "list")


def test_who_types_it_is_in_the_history_also_as_the_workers_user(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "grace")
    CliRunner().invoke(register, ["--database", database, "add", "110", "allow"])
    assert "by grace" in done(database, "list")


def test_add_explain_undo(database: str, rules: Path) -> None:
    added = done(database, "add", "13800138000", "station", "--reason", "sings", "--call", "1.1", "--for", "30 d")
    told = done(database, "explain", "013800138000", "--rules", rules)
    assert "+8613800138000 (number)" in told and "station, because: listed" in told and "decides" in told
    assert "“sings”" in told and "by ada" in told
    done(database, "undo", batch_in(added))
    assert "admit, because: nothing-known" in done(database, "explain", "13800138000", "--rules", rules)


def test_an_allowance_decides_over_a_blocked_prefix(database: str, rules: Path) -> None:
    done(database, "add", "+86138*", "station")
    done(database, "add", "13800138000", "allow")
    told = done(database, "explain", "13800138000", "--rules", rules)
    assert "admit, because: listed" in told and "means them" in told


def test_remove_and_list_and_changes(database: str) -> None:
    done(database, "add", "anonymous", "challenge")
    assert [json.loads(line)["pattern"] for line in done(database, "list", "--json").splitlines()] == ["anonymous"]
    done(database, "remove", "anonymous")
    assert done(database, "list") == "no number is known\n"
    assert [line.split()[3] for line in done(database, "changes").splitlines()] == ["remove", "add"]


def test_removing_what_is_not_there_fails_and_says_so(database: str) -> None:
    result = run(database, "remove", "13800138000")
    assert result.exit_code == 1 and "is not in the register" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "alice", "station"),
        ("add", "138*", "station", "--for", "soon"),
        ("add", "138*", "station", "--for", "0 s"),  # "entered", and over already
        ("add", "138*", "station", "--for", "99999999 d"),  # no date at all
        ("add", "138*", "station", "--reason", "x" * 501),  # was cut without a word
        ("add", "station", "--", "-1"),
        ("--home", "XX", "add", "138*", "station"),
    ],
)
def test_a_mistyped_command_is_refused_in_words(database: str, arguments: tuple[str, ...]) -> None:
    result = run(database, *arguments)
    assert result.exit_code == 2 and "Traceback" not in result.output
    assert done(database, "list", "--all") == "no number is known\n"


def test_a_region_can_be_written_small_and_an_unknown_one_is_named(database: str) -> None:
    assert "entered: +442079460000" in done(database, "--home", "gb", "add", "020 7946 0000", "allow")
    assert "'XX' is no country with telephone numbers" in run(database, "--home", "XX", "list").output


def test_a_register_goes_through_a_sheet_unchanged(database: str, tmp_path: Path) -> None:
    done(database, "add", "13800138000", "station", "--reason", "=cmd|'/c calc'!A1")
    done(database, "add", "+86170*", "challenge", "--for", "1 h")
    sheet = tmp_path / "list.csv"
    done(database, "export", sheet)
    assert "'=cmd" in sheet.read_text(encoding="utf-8")
    other = f"sqlite:///{tmp_path}/other.db"
    imported = done(other, "import", sheet)
    assert done(other, "export") == done(database, "export")
    done(other, "undo", batch_in(imported))
    assert done(other, "list", "--all") == "no number is known\n"


def test_a_broken_sheet_enters_nothing(database: str, tmp_path: Path) -> None:
    sheet = tmp_path / "list.csv"
    sheet.write_text("pattern,treatment\n13800138000,station\nalice,station\n", encoding="utf-8")
    result = run(database, "import", sheet)
    assert isinstance(result.exception, HotlineError) and "list.csv: line 3" in str(result.exception)
    sheet.write_bytes(b"pattern,treatment\n\xff\xfe\n")
    assert isinstance(run(database, "import", sheet).exception, HotlineError)
    assert done(database, "list") == "no number is known\n"


def test_replay_lists_what_would_change(database: str, rules: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text('{"at": 1, "call": "1.1", "number": "anonymous"}\n{"at": 2, "number": "138"}\n', encoding="utf-8")
    before = tmp_path / "before.yaml"
    before.write_text("screening: {}\n", encoding="utf-8")
    told = done(database, "replay", "--rules", rules, "--against", before, calls)
    assert "1.1  anonymous  admit (nothing-known) -> challenge (anonymous)" in told
    assert told.endswith("1 decision would change\n")


def test_rules_that_are_none_are_refused_with_their_line(database: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("screening:\n  caller_id: {anonymous: shout}\n", encoding="utf-8")
    assert isinstance(run(database, "explain", "1", "--rules", broken).exception, BrokenStandard)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=HOSTILE, reason=HOSTILE)
def test_nothing_hostile_reaches_the_terminal(database: str, rules: Path, sent: str, reason: str) -> None:
    """Through normalising, judging and every output, a caller's text stays text."""
    judge(identify(sent), Book(), Screening(), HOUR)
    assert list(Index().lookup(identify(sent))) == []
    added = run(database, "add", "13800138000", "station", f"--reason={reason}")
    assert added.exit_code in (0, 1, 2)
    outputs = [done(database, "list"), done(database, "list", "--json"), done(database, "changes"),
               done(database, "explain", "--rules", rules, "--", sent)]  # fmt: skip
    for output in outputs:
        assert [c for c in output if not (c.isprintable() or c == "\n")] == []
    exported = done(database, "export")
    assert not any(line.startswith(tuple("=@-")) for line in exported.splitlines())


async def test_a_hostile_call_is_screened_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    live = LiveRegister.__new__(LiveRegister)  # not even made: everything is broken
    live.home = "CN"
    caller, verdict = live.screen("${SHELL(id)}", "=1", Screening(), HOUR)
    assert (caller.number, type(verdict).__name__) == ("", "Admit")
    assert "SHELL" not in "".join(record.getMessage() for record in caplog.records)


def test_an_agent_who_reported_nothing_has_nothing_to_take_back(database: str) -> None:
    assert isinstance(run(database, "undo", "--agent", "001").exception, HotlineError)
    assert run(database, "undo").exit_code == 2 and run(database, "undo", "x", "--agent", "001").exit_code == 2


@pytest.mark.parametrize(("who", "in_the_queue"), [("张三", False), ("张三", True), ("001", True)])
async def test_an_agent_whose_name_is_no_telephones_takes_back_their_report(
    tmp_path: Path, who: str, in_the_queue: bool
) -> None:
    """Whether AMI knows them (still) or not: their report is signed with the name alone."""
    url, config = f"sqlite:///{tmp_path}/register.db", tmp_path / "hotline.yaml"
    database = await Database.open(url)
    await Store(database).report("+8613800138000", "c1", "张三", 14.0)
    await database.close()
    member = {"Event": "QueueMember", "Queue": "hotline", "Name": "张三", "Location": "PJSIP/001"}
    async with Manager() as manager:
        manager.queue_lines = [member] if in_the_queue else []
        config.write_text(f"ami: {{port: {manager.port}, password: secret}}\n", encoding="utf-8")
        undone = await asyncio.to_thread(run, url, "-c", config, "undo", "--agent", who)
    assert (undone.exit_code, undone.output.partition("\n")[0]) == (0, "undone: the last report"), undone.exception


def test_the_rules_that_are_asked_are_the_configured_standards_with_what_it_inherits(
    database: str, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    text = "standard: mine\nversion: 1\nextends: hotline-standard\nscreening:\n  caller_id: {anonymous: challenge}\n"
    (mine / "standard.yaml").write_text(text, encoding="utf-8")
    config = tmp_path / "hotline.yaml"
    config.write_text(f"standard: {mine}\n", encoding="utf-8")
    rules = rules_of(None, "CN", config)
    assert [repeat.calls for repeat in rules.repeats] == [6, 4]
    assert "challenge, because: anonymous" in done(database, "--config", config, "explain", "anonymous")


def configured(folder: Path) -> Path:
    config = folder / "my own.yaml"
    config.write_text(f"records: {{url: 'sqlite:///{folder}/own.db'}}\n", encoding="utf-8")
    return config


def typed(*arguments: object) -> Result:
    return CliRunner(env={"HOTLINE_DATABASE": None}).invoke(register, list(map(str, arguments)))


def test_what_is_told_to_undo_a_change_undoes_it(tmp_path: Path) -> None:
    """It said `hotline register undo ID`, which looked into another register."""
    config = configured(tmp_path)
    for where in (("-c", config), ("--database", f"sqlite:///{tmp_path}/other.db")):
        told = typed(*where, "add", "13800138000", "station").output.splitlines()[-1]
        hotline, group, *words = shlex.split(told.removeprefix("to undo it: "))
        assert (hotline, group) == ("hotline", "register")
        assert typed(*words).exit_code == 0
        assert typed(*where, "list").output == "no number is known\n"


def test_a_database_of_the_environment_need_not_be_typed_to_undo(tmp_path: Path) -> None:
    added = CliRunner(env={"HOTLINE_DATABASE": f"sqlite:///{tmp_path}/r.db"}).invoke(register, ["add", "1380", "allow"])
    assert "to undo it: hotline register undo " in added.output


def test_a_password_is_not_repeated() -> None:
    assert "secret" not in without_password("postgresql://ada:secret@db/hotline")
    assert without_password("sqlite:///a b.db") == "sqlite:///a b.db"


@pytest.mark.parametrize("words", [("list",), ("changes",), ("export",), ("undo", "1"), ("misdialled",)])
def test_the_configuration_may_be_named_after_the_command_too(tmp_path: Path, words: tuple[str, ...]) -> None:
    config = configured(tmp_path)
    assert typed("add", "13800138000", "station", "-c", config).exit_code == 0
    before, after = typed("-c", config, *words), typed(*words, "-c", config)
    assert (before.exit_code, before.output, str(before.exception)) == (
        after.exit_code, after.output, str(after.exception),
    )  # fmt: skip
    assert "+8613800138000" in typed("list", "--config", config).output


def test_no_help_of_the_register_contradicts_itself() -> None:
    told = " ".join(typed("replay", "--help").output.split())
    assert "the rules to try. [required]" in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("pattern,treatment\n13800138000,station,é\n".encode("latin-1"), "is not UTF-8; save it as UTF-8"),
        ("pattern,treatment\n13800138000,station\n".encode("utf-16"), "is not UTF-8; save it as UTF-8"),
        (b"\x80\x03garbage", "is not UTF-8; save it as UTF-8"),
        (b"pattern;treatment\n13800138000;station\n", "kept apart by semicolons: save it with commas"),
        (b"pattern,treatment\n" + b"1" * 200_000, "line 2: is longer than 100000 letters"),
    ],
)
def test_a_file_that_is_no_sheet_says_how_to_make_it_one(
    database: str, tmp_path: Path, content: bytes, told: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    problem = run(database, "import", file).exception
    assert isinstance(problem, HotlineError) and str(problem).startswith(f"{file}: ") and told in str(problem)
    assert "\n" not in str(problem) and "line 0" not in str(problem)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero on this machine")
def test_a_file_without_an_end_is_refused(database: str, rules: Path) -> None:
    for words in (("import", "/dev/zero"), ("replay", "--rules", rules, "--against", rules, "/dev/zero")):
        assert "line 1: is longer than" in str(run(database, *words).exception)
