"""Writes down, for a stage of `make test`, which tests ran, what they prove and how they ended.

Rule 1: without a stage in the environment nothing is written: `pytest -k anything` touches no results.
Rule 2: what a stage wrote before is deleted when it begins: no result outlives its run.
Rule 3: a run of a part says so, and is never taken for the whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.coverage.results import STAGES, Outcome, Result, Stage, forget, result_file, write
from tests.coverage.sources import fingerprint

STAGE = "HOTLINE_STAGE"
"""Environment variable: rehearsal, pbx or docker; the Makefile sets it."""
MARK = "rule"


def ids_of(item: pytest.Item) -> tuple[str, ...]:
    """The rules a test says it proves: its own, its class's and its module's."""
    return tuple(sorted({str(rule) for mark in item.iter_markers(MARK) for rule in mark.args}))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    stage = os.environ.get(STAGE, "")
    if not stage or hasattr(config, "workerinput") or config.option.collectonly:
        return
    if stage not in STAGES:
        raise pytest.UsageError(f"{STAGE} is {', '.join(STAGES)}, not {stage!r}")
    config.pluginmanager.register(Recorder(config, stage), "hotline-coverage")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if ids := ids_of(item):  # travels with every report, from any process
            item.user_properties.append((MARK, list(ids)))


class Recorder:
    """Listens to the reports of one run; in the process that gathers them only."""

    def __init__(self, config: pytest.Config, stage: str) -> None:
        self._stage = stage
        self._file = result_file(config.rootpath, stage)
        self._sources = fingerprint(config.rootpath)
        self._part = part(config, stage)
        self._results: dict[str, Result] = {}
        forget(self._file)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ids = dict(report.user_properties).get(MARK)
        if isinstance(ids, list):
            before = self._results.get(report.nodeid)
            outcome = _outcome(report)
            if before is not None and before.outcome.outweighs(outcome):
                outcome = before.outcome
            self._results[report.nodeid] = Result(outcome, tuple(map(str, ids)))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Iterator[None]:
        yield
        why = self._part or _cut_short(session, exitstatus)
        write(self._file, Stage(self._stage, why, self._sources, self._results))


def part(config: pytest.Config, stage: str) -> str:
    """Which part of its stage a run was asked for; "" for the whole of it."""
    chosen = [
        f"{option} {value}"
        for option, value in (("-k", config.option.keyword), ("-m", config.option.markexpr))
        if value
    ]
    chosen += [f"--deselect {name}" for name in config.option.deselect or ()]
    chosen += [f"--{name}" for name in ("lf", "stepwise") if getattr(config.option, name, False)]
    asked = [Path(argument).as_posix().rstrip("/") for argument in config.args]
    if asked != [STAGES[stage]]:
        chosen.append(" ".join(asked))
    return ", ".join(chosen)


def _cut_short(session: pytest.Session, exitstatus: int) -> str:
    over = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    return "" if over and not session.shouldstop and not session.shouldfail else "it was cut short"


def _outcome(report: pytest.TestReport) -> Outcome:
    if report.failed:
        return Outcome.FAILED
    if report.skipped or hasattr(report, "wasxfail"):  # what is expected to fail proves nothing when it does not
        return Outcome.SKIPPED
    return Outcome.PASSED if report.when == "call" else Outcome.PREPARED
