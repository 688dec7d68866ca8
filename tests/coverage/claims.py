"""What the tests say they prove, by asking pytest, not by reading their text.

Rule: a claim is of a test function; of single parameters only where the others do not make it.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.coverage.plugin import ids_of


class Uncollectable(Exception):
    """The tests cannot even be collected."""


class _Gatherer:
    def __init__(self) -> None:
        self.tests: dict[str, tuple[str, ...]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.tests = {item.nodeid: ids_of(item) for item in session.items}


def gather(root: Path) -> Mapping[str, tuple[str, ...]]:
    """Every test id, with the rules it says it proves; raises Uncollectable."""
    gatherer = _Gatherer()
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.chdir(root):
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"], plugins=[gatherer])
    if code != pytest.ExitCode.OK:
        lines = said.getvalue().splitlines()
        raise Uncollectable("\n".join(line for line in lines if "::" not in line).strip())
    return gatherer.tests


def function_of(test: str) -> str:
    """The test id without its parameters."""
    return test.partition("[")[0]


def claims(tests: Mapping[str, tuple[str, ...]]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Rule -> name as printed -> the test ids behind it."""
    family: dict[str, list[str]] = {}
    for test in tests:
        family.setdefault(function_of(test), []).append(test)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for function, members in family.items():
        for rule in sorted({rule for member in members for rule in tests[member]}):
            claiming = [member for member in members if rule in tests[member]]
            names = {function: tuple(claiming)} if len(claiming) == len(members) else {m: (m,) for m in claiming}
            found.setdefault(rule, {}).update(names)
    return {rule: dict(sorted(names.items())) for rule, names in found.items()}
