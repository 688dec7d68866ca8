"""Finds or provides an Asterisk, so that a newcomer hears a hotline in minutes.

In this order: HOTLINE_ASTERISK if it is set; an installed one at or above the floor; the private Debian
root in the cache folder, made when it is missing; docker. See docs/decisions/0001.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ari_app.errors import NoAsterisk
from ari_app.pbx.asterisk import (
    Asterisk,
    ask_version,
    find_program,
    installed_at,
    serves_the_hotline,
    too_old,
)
from ari_app.pbx.root import PrivateRoot

Report = Callable[[str], None]


def provide(report: Report = print) -> Asterisk:
    """An Asterisk that can serve the hotline, or NoAsterisk with the cause and the mend in one line."""
    named = os.environ.get("HOTLINE_ASTERISK")
    if named:
        return _the_one_named(Path(named))
    return _installed(report) or _from_root_or_docker(report)


def cache_folder() -> Path:
    """Where what was once downloaded is kept: HOTLINE_CACHE, else the user's cache folder."""
    named = os.environ.get("HOTLINE_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return (Path(home).expanduser() / "hotline").absolute()


def _the_one_named(binary: Path) -> Asterisk:
    if not binary.exists():
        raise NoAsterisk(f"HOTLINE_ASTERISK names {binary}, which does not exist: correct or unset it.")
    version = ask_version((str(binary),))
    if version is not None and not serves_the_hotline(version):
        raise too_old(version, str(binary))
    return installed_at(binary)


def _installed(report: Report) -> Asterisk | None:
    """The machine's own Asterisk; an old or broken one is passed over aloud, never touched."""
    found = find_program("asterisk")
    if found is None:
        return None
    try:
        asterisk = installed_at(Path(found))
    except NoAsterisk as reason:
        report(f"Passing over the installed Asterisk: {reason}")
        return None
    if serves_the_hotline(asterisk.version):
        return asterisk
    report(f"Passing over the installed Asterisk {asterisk.version}: too old for StasisBroadcast.")
    return None


def _from_root_or_docker(report: Report) -> Asterisk:
    root = PrivateRoot(cache_folder() / "root")
    try:
        return root.ready() or root.make(report)
    except NoAsterisk as reason:
        if _docker_answers():
            report(f"No private Debian root: {reason}")
            return _from_docker()
        raise


def _docker_answers() -> bool:
    docker = find_program("docker")
    if docker is None:
        return False
    try:
        asked = subprocess.run([docker, "info"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def _from_docker() -> Asterisk:
    """The place for an Asterisk inside an image; until then docker/compose.yaml is the way."""
    raise NoAsterisk(
        "A docker engine answers, but a PBX from an image cannot be started from here yet: "
        "use `docker compose -f docker/compose.yaml up`, or let debootstrap run as root (sudo)."
    )


def main() -> int:
    """`python -m ari_app.pbx.provide`: make ready what `make demo` and `make test` will use."""
    try:
        asterisk = provide(lambda line: print(line, flush=True))
    except NoAsterisk as trouble:
        print(trouble, file=sys.stderr)
        return 1
    print(asterisk)
    return 0


if __name__ == "__main__":
    sys.exit(main())
