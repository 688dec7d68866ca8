"""Coverage that cannot lie: what is written down of a run, and what is complained of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.coverage.claims import claims
from tests.coverage.house import keepers
from tests.coverage.judging import Ran, judge
from tests.coverage.page import Facts, named_in, place_of, written
from tests.coverage.pruning import prune
from tests.coverage.results import STAGES, Outcome, Result, Stage
from tests.coverage.rules import NAMED, Automation, Later, Rule, later, rules
from tests.coverage.sources import fingerprint

ROOT = Path(__file__).parents[1]

# ------------------------------------------------------------------ the rules


def test_there_are_322_rules_of_which_155_are_performed_fully() -> None:
    counted = dict.fromkeys(Automation, 0)
    for rule in rules().values():
        counted[rule.automation] += 1
    assert counted == {
        Automation.FULLY: 155,
        Automation.ASSIST: 93,
        Automation.RECORD: 59,
        Automation.NONE: 15,
        Automation.RESOLUTION: 41,
    }


def test_every_rule_can_be_named_in_a_text() -> None:
    assert all(NAMED.fullmatch(rule) for rule in rules())
    assert NAMED.findall("S000-03, S000-02b: see CON-06; not S000-3 nor XS000-03-1") == [
        "S000-03",
        "S000-02b",
        "CON-06",
    ]


def test_the_list_for_later_gives_reasons() -> None:
    assert all(left.reason for left in later())


# ------------------------------------------------------------------ what a run leaves behind

TESTS = """
import pytest

@pytest.mark.rule("S000-01")
def test_passes(): pass

@pytest.mark.rule("S000-03", "S000-05")
def test_fails(): assert False

@pytest.mark.rule("S000-06")
@pytest.mark.skip
def test_is_skipped(): pass

@pytest.mark.rule("S000-10")
@pytest.mark.xfail(strict=False)
def test_passes_though_expected_to_fail(): pass

@pytest.fixture
def breaks_afterwards():
    yield
    assert False

@pytest.mark.rule("S000-13")
def test_breaks_afterwards(breaks_afterwards): pass

@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.rule("S000-20"))])
def test_in_two_ways(n): pass

def test_of_nothing(): pass
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\ntestpaths = ["tests"]\n', encoding="utf-8")
    return tmp_path


def ran(house: Path, *arguments: str, stage: str = "rehearsal") -> subprocess.CompletedProcess[str]:
    """pytest in a house of its own."""
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    surroundings |= {"PYTHONPATH": str(ROOT), "HOTLINE_STAGE": stage}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.coverage.plugin", *arguments]
    return subprocess.run(command, cwd=house, env=surroundings, capture_output=True, text=True, timeout=60, check=False)


def left(house: Path, stage: str = "rehearsal") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((house / "out" / "coverage" / f"{stage}.json").read_text(encoding="utf-8"))
    return found


ENDED = {
    "test_passes": "passed",
    "test_fails": "failed",
    "test_is_skipped": "skipped",
    "test_passes_though_expected_to_fail": "skipped",
    "test_breaks_afterwards": "failed",
    "test_in_two_ways[2]": "passed",
}


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["one process", "several"])
def test_a_run_leaves_what_every_test_proves_and_how_it_ended(house: Path, processes: tuple[str, ...]) -> None:
    ran(house, *processes)
    found = left(house)
    assert found["part"] == ""
    assert {name.partition("::")[2]: test["outcome"] for name, test in found["tests"].items()} == ENDED
    assert found["tests"]["tests/test_it.py::test_fails"]["rules"] == ["S000-03", "S000-05"]


@pytest.mark.parametrize(
    "chosen",
    [("-k", "passes"), ("-x",), ("--deselect", "tests/test_it.py::test_fails"), ("tests/test_it.py",)],
    ids=str,
)
def test_a_run_of_a_part_is_never_taken_for_the_whole(house: Path, chosen: tuple[str, ...]) -> None:
    ran(house)
    ran(house, *chosen)
    assert left(house)["part"] != ""


def test_a_run_without_a_stage_touches_nothing(house: Path) -> None:
    ran(house)
    before = left(house)
    ran(house, "-k", "passes", stage="")
    assert left(house) == before


def test_an_unknown_stage_is_told_in_one_line(house: Path) -> None:
    said = ran(house, stage="dress").stderr
    assert "HOTLINE_STAGE is rehearsal, pbx, docker, not 'dress'" in said and "Traceback" not in said


def test_the_tests_are_asked_what_they_prove(house: Path) -> None:
    asked = "import json; from pathlib import Path; from tests.coverage.claims import gather; "
    asked += "print(json.dumps(dict(gather(Path()))))"
    surroundings = os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_PLUGINS": "tests.coverage.plugin"}
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=house,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = json.loads(done.stdout)
    assert found["tests/test_it.py::test_in_two_ways[2]"] == ["S000-20"]
    assert found["tests/test_it.py::test_of_nothing"] == []


def test_a_changed_source_is_another_fingerprint(house: Path) -> None:
    before = fingerprint(house)
    (house / "tests" / "later.yaml").write_text("later: []\n", encoding="utf-8")
    assert fingerprint(house) == before
    (house / "tests" / "test_it.py").write_text(TESTS + "\n", encoding="utf-8")
    assert fingerprint(house) != before


# ------------------------------------------------------------------ what is complained of

SILENT, QUIET, GREET = (
    Rule("S000-03", Automation.FULLY, "Silent"),
    Rule("S000-05", Automation.FULLY, "Quiet"),
    Rule("S000-02", Automation.ASSIST, "Greet"),
)
REHEARSED, ON_PBX, IN_CONTAINERS = (
    "tests/test_a.py::test_a",
    "tests/pbx/test_b.py::test_b",
    "tests/docker/test_c.py::test_c",
)
TRUE = Facts(
    rules={rule.id: rule for rule in (SILENT, QUIET, GREET)},
    later=(Later("S000-05", "not yet"),),
    keepers={"S000-03": ("round: procedures.silent",)},
    claims={"S000-03": {REHEARSED: (REHEARSED,), ON_PBX: (ON_PBX,)}},
)


def runs(results: Mapping[str, Outcome], sources: str = "now", part: str = "", without: str = "") -> Ran:
    stages = {
        stage: Stage(stage, part, sources, {test: Result(outcome, ()) for test, outcome in results.items()})
        for stage in STAGES
        if stage != without
    }
    return Ran(stages, "now")


PASSED = {REHEARSED: Outcome.PASSED, ON_PBX: Outcome.PASSED}


def complaints(facts: Facts = TRUE, ran: Ran | None = None, page: str | None = None) -> list[str]:
    generated = written(facts)
    return judge(facts, ran or runs(PASSED), generated if page is None else page, generated).complaints


def test_what_is_true_is_not_complained_of() -> None:
    assert complaints() == []


def test_a_rule_performed_fully_without_a_test_is_told() -> None:
    assert complaints(replace(TRUE, later=())) == ["S000-05 is performed fully, and no test proves it (Quiet)"]


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SKIPPED, Outcome.PREPARED])
def test_a_test_that_did_not_pass_proves_nothing(outcome: Outcome) -> None:
    told = complaints(ran=runs({REHEARSED: outcome, ON_PBX: outcome}))
    assert told[0].startswith("S000-03 is performed fully, and no test that proves it has passed")


def test_a_rule_on_the_list_for_later_that_is_proven_is_told() -> None:
    told = complaints(replace(TRUE, later=(*TRUE.later, Later("S000-03", "not yet"))))
    assert told == [f"S000-03 is proven by {REHEARSED}: take it off later.yaml"]


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (Later("S000-99", "x"), "later.yaml: S000-99 is no rule"),
        (Later("S000-02", "x"), "later.yaml: S000-02 is agent-assist: nobody waits for it"),
        (Later("S000-05", "x"), "later.yaml: S000-05 is written 2 times"),
    ],
)
def test_a_list_for_later_that_makes_no_sense_is_told(left: Later, reason: str) -> None:
    assert complaints(replace(TRUE, later=(*TRUE.later, left))) == [reason]


def test_a_rule_left_for_later_without_a_reason_is_told() -> None:
    told = complaints(replace(TRUE, later=(Later("S000-05", ""),)))
    assert told == ["later.yaml: S000-05 is left for later without a reason"]


def test_a_mark_that_names_an_unknown_rule_is_told() -> None:
    told = complaints(replace(TRUE, claims={**TRUE.claims, "S000-99": {REHEARSED: (REHEARSED,)}}))
    assert f"{REHEARSED}: marked with 'S000-99', which is no rule" in told


def test_a_standard_that_names_an_unknown_rule_is_told() -> None:
    told = complaints(replace(TRUE, keepers={"S000-99": ("round: procedures.silent",)}))
    assert told == ["round: procedures.silent: names S000-99, which is no rule"]


def test_a_page_that_names_a_test_that_does_not_exist_is_told() -> None:
    page = written(TRUE).replace("::test_b", "::test_gone")
    told = complaints(page=page)
    assert "docs/coverage.md names tests/pbx/test_b.py::test_gone, which does not exist or proves nothing" in told


def test_a_page_that_names_a_test_that_did_not_run_is_told() -> None:
    assert complaints(ran=runs({REHEARSED: Outcome.PASSED})) == [f"docs/coverage.md names {ON_PBX}, which did not run"]


def test_a_page_that_names_a_test_that_failed_is_told() -> None:
    assert complaints(ran=runs({**PASSED, ON_PBX: Outcome.FAILED})) == [
        f"docs/coverage.md names {ON_PBX}, which failed"
    ]


def test_a_page_edited_by_hand_is_told() -> None:
    assert any("make coverage" in told for told in complaints(page=written(TRUE) + "155 of 155!\n"))


def test_results_of_other_sources_prove_nothing() -> None:
    told = complaints(ran=runs(PASSED, sources="then"))
    assert any("no test that proves it has passed" in line for line in told)
    assert any("stage pbx ran on other sources" in line for line in told)


def test_a_stage_that_did_not_run_is_told() -> None:
    assert "stage pbx did not run: `make test` runs it" in complaints(ran=runs(PASSED, without="pbx"))


# ------------------------------------------------------------------ where there are no containers

CONTAINED = replace(TRUE, claims={"S000-03": {IN_CONTAINERS: (IN_CONTAINERS,)}})


@pytest.mark.parametrize(
    "ran", [runs({}, without="docker"), runs({IN_CONTAINERS: Outcome.SKIPPED})], ids=["no", "skipped"]
)
def test_what_only_containers_show_is_reported_as_not_run_where_there_are_none(ran: Ran) -> None:
    page = written(CONTAINED)
    verdict = judge(CONTAINED, ran, page, page)
    assert (verdict.complaints, verdict.not_run) == ([], ["S000-03"])


def test_what_was_not_run_in_containers_is_not_proven() -> None:
    waiting = replace(CONTAINED, later=(*TRUE.later, Later("S000-03", "x")))
    page = written(waiting)
    assert judge(waiting, runs({}, without="docker"), page, page).complaints == []


def test_what_fails_in_containers_is_no_better_than_elsewhere() -> None:
    page = written(CONTAINED)
    assert judge(CONTAINED, runs({IN_CONTAINERS: Outcome.FAILED}), page, page).complaints != []


# ------------------------------------------------------------------ the page


def test_a_test_is_named_by_its_function_unless_only_some_parameters_prove_the_rule() -> None:
    found = claims({"t.py::a[1]": ("S000-03",), "t.py::a[2]": ("S000-03", "S000-05"), "t.py::b": ()})
    assert found == {"S000-03": {"t.py::a": ("t.py::a[1]", "t.py::a[2]")}, "S000-05": {"t.py::a[2]": ("t.py::a[2]",)}}


def test_the_page_names_every_test_and_where_it_is_played() -> None:
    page = written(TRUE)
    assert set(named_in(page)) == {REHEARSED, ON_PBX}
    assert "| desk, PBX |" in page or "| PBX, desk |" in page
    assert place_of("tests/wire/test_wire.py::a") == "wire" and place_of("tests/docker/t.py::a") == "containers"


def test_text_that_would_end_a_cell_does_not() -> None:
    odd = replace(TRUE, rules={**TRUE.rules, "S000-02": Rule("S000-02", Automation.ASSIST, "a | b")})
    assert r"a \| b" in written(odd)


def test_a_standards_data_and_the_sources_say_who_keeps_a_rule(tmp_path: Path) -> None:
    standard = tmp_path / "prompts" / "round" / "standard.yaml"
    standard.parent.mkdir(parents=True)
    standard.write_text(
        "procedures: {silent: {rule: [S000-03, S004-M10]}}\nholds: {rule: S004-M07}\n", encoding="utf-8"
    )
    (tmp_path / "ari_app").mkdir()
    (tmp_path / "ari_app" / "a.py").write_text('"""S000-03: asked twice."""\n', encoding="utf-8")
    assert keepers(tmp_path) == {
        "S000-03": ("ari_app/a.py", "round: procedures.silent"),
        "S004-M10": ("round: procedures.silent",),
        "S004-M07": ("round: holds",),
    }


# ------------------------------------------------------------------ taking rules off the list

LIST = """\
# why
later:
  - reason: one
    rules:
      - S000-05
      - S000-06  # soon
  - reason: two
    rules:
      - S000-10
"""


def test_a_proven_rule_is_taken_off_and_a_group_without_rules_goes_with_its_reason() -> None:
    assert prune(LIST, {"S000-05"}) == LIST.replace("      - S000-05\n", "")
    assert prune(LIST, {"S000-10"}) == LIST.partition("  - reason: two")[0]
    assert prune(LIST, {"S000-05", "S000-06", "S000-10"}) == "# why\nlater: []\n"
