"""A Docker engine to test on: one that answers, or (CI as root) one provided for the occasion.

Rule: where there is none, the reason is said, and the tests are not run; they never pass for want of an engine.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DOCKER = REPOSITORY / "docker"


class NoEngine(Exception):
    """Why there is nothing to test on."""


@dataclass(frozen=True)
class Engine:
    """Where docker and compose find an engine; `ours` when we started it and are to stop it."""

    environment: Mapping[str, str]
    compose: tuple[str, ...]
    ours: bool

    def docker(self, *words: str, within: float = 60) -> str:
        return run(("docker", *words), self.environment, within)

    def script(self, name: str, *words: str, within: float) -> str:
        """One of docker/*.sh."""
        return run(("bash", str(DOCKER / name), *words), self.environment, within)


def run(command: Sequence[str], environment: Mapping[str, str], within: float) -> str:
    """What a command prints; when it fails, what it said."""
    done = subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, errors="replace", timeout=within
    )
    if done.returncode:
        told = "\n".join((done.stdout + done.stderr).splitlines()[-40:])
        raise RuntimeError(f"`{' '.join(command[:6])}` ended with {done.returncode}:\n{told}")
    return done.stdout


def _find() -> Engine:
    """An engine that answers, with compose; else the reason why there is none."""
    environment = dict(os.environ)
    ours = False
    if not answers(environment):
        if not may_provide():
            raise NoEngine("not run: no Docker engine answers")
        environment["DOCKER_HOST"] = provide(environment)
        ours = True
    for compose in (("docker", "compose"), ("docker-compose",)):
        if _works((*compose, "version"), environment):
            return Engine(environment, compose, ours)
    raise NoEngine("not run: a Docker engine answers, but there is no docker compose")


@contextmanager
def found() -> Iterator[Engine]:
    """An engine for as long as it is needed; one that was there stays. Raises NoEngine."""
    engine = _find()
    try:
        yield engine
    finally:
        if engine.ours:
            engine.script("provide-engine.sh", "stop", within=60)


def may_provide() -> bool:
    """Installing and starting an engine is for CI; elsewhere it is asked for by HOTLINE_PROVIDE_ENGINE=1."""
    wanted = os.environ.get("CI", "") not in ("", "false", "0") or os.environ.get("HOTLINE_PROVIDE_ENGINE") == "1"
    return wanted and os.geteuid() == 0


def provide(environment: Mapping[str, str]) -> str:
    try:
        told = run(("bash", str(DOCKER / "provide-engine.sh"), "start"), environment, within=300)
    except (RuntimeError, subprocess.TimeoutExpired) as trouble:
        raise NoEngine(f"not run: no Docker engine answers, and none could be provided: {trouble}") from None
    return told.strip().splitlines()[-1].removeprefix("DOCKER_HOST=")


def answers(environment: Mapping[str, str]) -> bool:
    return _works(("docker", "version", "--format", "{{.Server.Version}}"), environment)


def _works(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    try:
        return subprocess.run(command, env=environment, capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
