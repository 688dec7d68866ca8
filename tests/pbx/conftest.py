"""An Asterisk for the tests that need one: made once, cached for ever after."""

from pathlib import Path

import pytest

from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.provide import provide

HERE = Path(__file__).parent
LONGEST_FIRST = (
    "desks", "formats", "procedures", "survival", "agents_keys", "ledger", "drain", "music", "check", "dialplan",
    "cast", "nuisance", "callbacks", "station_limits", "queue_exits", "drops", "power_cut", "restart", "languages",
)  # fmt: skip
"""Files by how long they take: who comes last with a long one keeps everybody waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For `--dist loadfile --no-loadscope-reorder`."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    """Tests of other folders stay before ours."""
    if item.path.parent != HERE:
        return -1
    name = item.path.stem.removeprefix("test_")
    return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)


@pytest.fixture(scope="session")
def asterisk() -> Asterisk:
    return provide(print)


@pytest.fixture(scope="module")
def stage_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stage")
