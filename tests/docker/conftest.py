"""An engine, the base images, and the composed hotline, brought up once and taken down whatever happens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.docker import engine as engines
from tests.docker.composed import Composed
from tests.docker.engine import Engine, NoEngine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        found = engines.find()
    except NoEngine as reason:
        pytest.skip(str(reason))
    yield found
    if found.ours:
        found.script("provide-engine.sh", "stop", within=60)


@pytest.fixture(scope="module")
def hotline(engine: Engine) -> Iterator[Composed]:
    with ThreadPoolExecutor() as both:
        steps = [
            both.submit(engine.script, "base-images.sh", within=400),
            both.submit(engine.script, "wheels.sh", sys.executable, within=400),
        ]
    if trouble := steps[0].exception():
        pytest.skip(f"not run: no base images: {trouble}")
    # Without wheels from here the builds ask the package index themselves.
    composed = Composed(engine)
    composed.compose("build", within=600)
    try:
        composed.compose("up", "--detach", "pbx", "hotline", within=120)
        yield composed
    finally:
        composed.down()
