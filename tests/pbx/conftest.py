"""An Asterisk for the tests that need one: made once, cached for ever after."""

from pathlib import Path

import pytest

from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.provide import provide

SPREAD = "test_survival"
"""A file whose tests share nothing and take long: they may run beside each other, other files' tests may not."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each file brings its PBXs up once, so its tests stay together when pytest-xdist spreads them."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem != SPREAD:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def asterisk() -> Asterisk:
    return provide(print)


@pytest.fixture(scope="module")
def stage_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stage")
