"""House rules, read from the sources: who may import what, how long a module may be, what a test may not do."""

from __future__ import annotations

import ast
import re
import wave
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from ari_app import paths
from ari_app.studio.scripts import Script, scripts

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ari_app"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
STANDARDS = sorted(file.parent for file in paths.shipped("prompts").glob("*/standard.yaml"))
LONGEST = 350  # lines of a module
TARGETS = ("demo", "test", "run", "help", "load", "test-docker")


def name_of(module: Path) -> str:
    """`ari_app/ari/wire.py`, whatever the machine."""
    return module.relative_to(ROOT).as_posix()


@cache
def imported(module: Path) -> tuple[str, ...]:
    """Every module imported, also inside functions and for typing only: `a.b`, and `a.b.c` for `from a.b import c`."""
    return tuple(_imported(module))


def _imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.relative_to(ROOT).with_suffix("").parts[: -node.level]
                base = ".".join((*package, *((base,) if base else ())))
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def imports(module: Path, *wanted: str) -> set[str]:
    """Which of `wanted`, or what is inside them, a module imports."""
    return {name for name in imported(module) for w in wanted if name == w or name.startswith(f"{w}.")}


def under(*folders: str) -> list[Path]:
    return [m for m in MODULES if name_of(m).startswith(folders)]


def outside(*folders: str) -> list[Path]:
    return [m for m in MODULES if not name_of(m).startswith(folders)]


def offenders(modules: list[Path], *forbidden: str) -> dict[str, set[str]]:
    return {name_of(m): found for m in modules if (found := imports(m, *forbidden))}


# ------------------------------------------------------------------ who may import what


def test_the_reader_of_imports_sees_them_all(tmp_path: Path) -> None:
    module = PACKAGE / "procedures" / "imagined.py"
    text = "import asyncio as a\nfrom aiohttp import web\nfrom . import ladder\nfrom ..ari.wire import Wire\n"

    class Imagined(type(module)):  # type: ignore[misc]
        def read_text(self, *args: object, **kwargs: object) -> str:
            return text

    seen = set(imported(Imagined(module)))
    assert {"asyncio", "aiohttp.web", "ari_app.procedures.ladder", "ari_app.ari.wire.Wire"} <= seen


WORLD = ("asyncio", "aiohttp", "picows", "msgspec", "sqlalchemy", "yaml", "pydantic", "panoramisk", "pydub", "logging")


def test_a_procedure_knows_a_call_and_nothing_else() -> None:
    assert under("ari_app/procedures/")
    assert offenders(under("ari_app/procedures/"), *WORLD) == {}
    others = {name.split(".")[1] for m in under("ari_app/procedures/") for name in imports(m, "ari_app") if "." in name}
    assert others <= {"call", "journal", "standard", "procedures"}


def test_the_vocabulary_knows_neither_asterisk_nor_asyncio() -> None:
    assert offenders(under("ari_app/call.py", "ari_app/journal.py", "ari_app/errors.py"), *WORLD) == {}


def test_line_and_ear_know_no_pbx() -> None:
    core = under("ari_app/line.py", "ari_app/ear.py", "ari_app/rehearsal/")
    assert offenders(core, "ari_app.ari", "ari_app.ami", "ari_app.switchboard", "aiohttp", "picows", "msgspec") == {}


def test_only_the_studio_knows_pydub() -> None:
    assert offenders(outside("ari_app/studio"), "pydub") == {}
    assert offenders(under("ari_app/studio"), "pydub")


def test_only_ari_speaks_ari() -> None:
    assert offenders(outside("ari_app/ari/"), "picows") == {}
    wire = offenders(outside("ari_app/ari/"), "ari_app.ari.wire")
    assert set(wire) <= {"ari_app/switchboard.py"}


def test_only_ami_and_agi_know_panoramisk() -> None:
    assert offenders(outside("ari_app/ami/", "ari_app/agi.py"), "panoramisk") == {}


def test_what_serves_callers_needs_neither_qa_nor_a_pbx_of_our_own() -> None:
    serving = outside("ari_app/qa/", "ari_app/pbx/", "ari_app/cli", "ari_app/check/", "ari_app/trial.py")
    assert offenders(serving, "ari_app.qa", "ari_app.pbx") == {}


def test_nothing_shipped_needs_the_tests() -> None:
    assert offenders(MODULES, "tests", "pytest", "hypothesis") == {}


# ------------------------------------------------------------------ how it is written


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_module_is_too_long_to_be_read(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_the_table_of_contents_stays_one() -> None:
    assert len((PACKAGE / "procedures" / "reception.py").read_text(encoding="utf-8").splitlines()) <= 130


def test_every_module_opens_with_its_law() -> None:
    empty = {name_of(m) for m in MODULES if m.name != "__init__.py" or m.read_text(encoding="utf-8").strip()}
    silent = {n for n in empty if not ast.get_docstring(ast.parse((ROOT / n).read_text(encoding="utf-8")))}
    assert silent == set()


def test_no_number_of_seconds_is_in_a_procedure() -> None:
    for module in under("ari_app/procedures/"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        numbers = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, float)}
        assert numbers == set(), name_of(module)


def slept(module: Path) -> list[int]:
    """Lines that call something named sleep."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (getattr(node.func, "attr", "") == "sleep" or getattr(node.func, "id", "") == "sleep")
    ]


MEASURES = "tests/load/"
"""Runs by hand, in real time, and is no test."""
CALLERS_OWN_TIME = {"tests/docker/softphone.py", "tests/pbx/test_ear.py"}
"""A caller on a real telephone who listens for so many seconds does just that: it is what is tested."""


def test_no_test_sleeps() -> None:
    """A test waits for an event."""
    tested = [m for m in TESTS if not name_of(m).startswith(MEASURES) and name_of(m) not in CALLERS_OWN_TIME]
    assert {name_of(m): lines for m in tested if (lines := slept(m))} == {}


def test_no_test_mocks() -> None:
    assert offenders([m for m in TESTS if not name_of(m).startswith(MEASURES)], "unittest.mock", "mock") == {}


# ------------------------------------------------------------------ what is shipped


RECORDED = scripts(paths.shipped("prompts"))


@pytest.mark.parametrize("script", RECORDED, ids=lambda script: script.title)
def test_every_sentence_has_a_recording_a_telephone_can_play(script: Script) -> None:
    for name in (*(saying.name for saying in script.sayings), *script.silences, *script.tones):
        with wave.open(str(script.folder / f"{name}.wav")) as wav:
            assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (8000, 1, 2), name
            assert wav.getnframes() > 0


def test_every_recording_is_of_a_sentence() -> None:
    """What no standard says any more is deleted, not shipped."""
    said = {script.folder / f"{name}.wav" for script in RECORDED for name in (*script.silences, *script.tones)}
    said |= {script.folder / f"{saying.name}.wav" for script in RECORDED for saying in script.sayings}
    recorded = {file for file in paths.shipped("prompts").rglob("*.wav") if "masters" not in file.parts}
    assert recorded - said == set()


@pytest.mark.parametrize("folder", STANDARDS, ids=lambda folder: folder.name)
def test_a_standard_is_called_like_its_folder(folder: Path) -> None:
    assert yaml.safe_load((folder / "standard.yaml").read_text(encoding="utf-8"))["standard"] == folder.name


@pytest.mark.parametrize("target", TARGETS)
def test_the_makefile_has_what_it_promises(target: str) -> None:
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("target", ["demo", "run"])
def test_who_waits_for_the_prompts_is_told_so_before(target: str) -> None:
    """The first `make run` said nothing for two minutes (a newcomer's finding)."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    said, building = recipe[1].splitlines()[:2]
    assert said.startswith("\t@echo ") and "prompts build" in building


def test_the_readme_tells_how_to_hear_it_and_how_to_test_it() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme and "make test" in readme


def test_every_make_target_in_the_readme_exists() -> None:
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`make ([a-z-]+)", readme)) | set(re.findall(r"^\s*make ([a-z-]+)", readme, re.MULTILINE))
    assert told - made == set()


def test_every_file_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []
