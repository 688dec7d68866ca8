"""An Asterisk for the tests that need one: made once, cached for ever after."""

from pathlib import Path

import pytest

from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.provide import provide

LONGEST_FIRST = (
    "procedures", "formats", "agents_keys", "check", "cast", "survival", "drain", "desks", "ledger", "nuisance"
)  # fmt: skip
"""Files by how long they take: who comes last with a long one keeps everybody waiting."""
EACH_APART = ("survival", "drain", "desks")
"""Files whose tests share no PBX, and may run beside each other."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For `--dist loadgroup --no-loadscope-reorder`: a file is a group, and the long ones begin."""
    ours = [item for item in items if item.path.parent == Path(__file__).parent]
    for item in ours:
        if _file(item) not in EACH_APART:
            item.add_marker(pytest.mark.xdist_group(_file(item)))
    items[:] = [item for item in items if item not in set(ours)] + sorted(ours, key=_rank)


def _file(item: pytest.Item) -> str:
    return item.path.stem.removeprefix("test_")


def _rank(item: pytest.Item) -> int:
    return LONGEST_FIRST.index(_file(item)) if _file(item) in LONGEST_FIRST else len(LONGEST_FIRST)


@pytest.fixture(scope="session")
def asterisk() -> Asterisk:
    return provide(print)


@pytest.fixture(scope="module")
def stage_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stage")
