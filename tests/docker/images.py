"""What the composed hotline is built from: base images, wheels, the images themselves.

`python -m tests.docker.images` makes them beforehand, beside work that no caller hears: a build takes every core. It
judges nothing: what could not be made is tried again by the tests, and told by them.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from subprocess import TimeoutExpired

from tests.docker import engine as engines
from tests.docker.composed import Composed
from tests.docker.engine import Engine, NoEngine


class NoBaseImages(Exception):
    """Why there is nothing to build on."""


def make(engine: Engine) -> Composed:
    """The composed hotline, built but not up; of what is there already nothing is built again. Raises NoBaseImages."""
    with ThreadPoolExecutor() as both:
        steps = [
            both.submit(engine.script, "base-images.sh", within=400),
            both.submit(engine.script, "wheels.sh", sys.executable, within=400),
        ]
    if trouble := steps[0].exception():
        raise NoBaseImages(f"not run: no base images: {trouble}")
    # Without wheels from here the builds ask the package index themselves.
    composed = Composed(engine)
    composed.compose("build", within=600)
    return composed


def main() -> None:
    try:
        with engines.found() as engine:
            make(engine)
    except (NoEngine, NoBaseImages, RuntimeError, TimeoutExpired) as reason:
        print(reason)


if __name__ == "__main__":
    main()
