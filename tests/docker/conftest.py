"""An engine, the base images, and the composed hotline, brought up once and taken down whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.docker import engine as engines
from tests.docker import images
from tests.docker.composed import Composed
from tests.docker.engine import Engine, NoEngine
from tests.docker.images import NoBaseImages


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with ExitStack() as exits:
        try:
            found = exits.enter_context(engines.found())
        except NoEngine as reason:
            pytest.skip(str(reason))
        yield found


@pytest.fixture(scope="module")
def hotline(engine: Engine) -> Iterator[Composed]:
    try:
        composed = images.make(engine)
    except NoBaseImages as reason:
        pytest.skip(str(reason))
    try:
        composed.compose("up", "--detach", "pbx", "hotline", within=120)
        yield composed
    finally:
        composed.down()
