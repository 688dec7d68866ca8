"""An Asterisk for the tests that need one: made once, cached for ever after."""

from pathlib import Path

import pytest

from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.provide import provide


@pytest.fixture(scope="session")
def asterisk() -> Asterisk:
    return provide(print)


@pytest.fixture(scope="module")
def stage_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stage")
