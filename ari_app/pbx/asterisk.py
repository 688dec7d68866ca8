"""What an Asterisk is to us: a version, a command and two folders.

Rule 1: nothing here looks for one (`provide`), starts one (`instance`) or configures one (`frontline`).
Rule 2: every message names the cause and the mend, for whoever installs the hotline.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ari_app.errors import NoAsterisk

Origin = Literal["installed", "private root", "docker"]


@dataclass(frozen=True, order=True)
class Version:
    """An Asterisk release, as `asterisk -V` tells it."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, told: str) -> Version | None:
        """`Asterisk 22.10.1+dfsg…` or `Asterisk certified/20.7-cert5`; None for a build from git."""
        found = re.search(r"Asterisk (?:certified[/-])?(\d+)\.(\d+)(?:\.(\d+))?", told)
        return cls(int(found[1]), int(found[2]), int(found[3] or 0)) if found else None

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


FLOORS = (Version(20, 20), Version(22, 10, 1), Version(23, 4))
FLOOR_IN_WORDS = "22.10.1 (or 20.20, 23.4)"


def serves_the_hotline(version: Version) -> bool:
    """Whether a caller can be offered to several workers (StasisBroadcast, REST over the events socket)."""
    if version.major > max(floor.major for floor in FLOORS):
        return True
    return any(version.major == floor.major and version >= floor for floor in FLOORS)


def too_old(version: Version, where: str) -> NoAsterisk:
    return NoAsterisk(
        f"Asterisk {version} at {where} is too old: StasisBroadcast and REST over the events socket "
        f"need {FLOOR_IN_WORDS}. Install a newer one, or unset HOTLINE_ASTERISK to have one provided."
    )


@dataclass(frozen=True)
class Asterisk:
    """An Asterisk that can be started: the words before its own options, and where its files lie."""

    version: Version
    command: tuple[str, ...]
    modules: Path
    data: Path
    origin: Origin

    def __str__(self) -> str:
        return f"Asterisk {self.version} ({self.origin}: {self.command[-1]})"


def ask_version(command: tuple[str, ...]) -> Version | None:
    """What `asterisk -V` answers; None when it cannot run or tells no release."""
    try:
        told = subprocess.run([*command, "-V"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Version.parse(told.stdout)


def installed_at(binary: Path) -> Asterisk:
    """The Asterisk behind a path: a package, a build from source, or a wrapper script beside one."""
    command = (str(binary),)
    version = ask_version(command)
    if version is None:
        raise NoAsterisk(f"{binary} does not answer to -V as Asterisk does: let HOTLINE_ASTERISK name one.")
    prefix = binary.resolve().parent.parent
    modules = _first(prefix, "lib/*/asterisk/modules", "lib/asterisk/modules", "lib64/asterisk/modules")
    data = _first(prefix, "share/asterisk", "var/lib/asterisk", "../var/lib/asterisk")
    if modules is None or data is None:
        raise NoAsterisk(f"Asterisk at {binary} has no modules or data folder under {prefix}: reinstall it.")
    return Asterisk(version, command, modules, data, "installed")


def _first(prefix: Path, *patterns: str) -> Path | None:
    return next((found.resolve() for pattern in patterns for found in sorted(prefix.glob(pattern))), None)


def find_program(name: str) -> str | None:
    """A program by name, also where an ordinary user's PATH does not reach (/usr/sbin)."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
