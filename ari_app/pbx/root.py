"""A private Debian root: Asterisk's own package and every library it wants, in one cache folder.

Rule 1: a root is believed only with its stamp, and the stamp is written last, before the root gets its name.
An interrupted debootstrap leaves a sibling that is swept away, never half a PBX.
Rule 2: no chroot and no mounts to run it: its own loader starts its Asterisk, with the host's paths visible.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ari_app.errors import NoAsterisk
from ari_app.pbx.asterisk import (
    Asterisk,
    Version,
    ask_version,
    find_program,
    serves_the_hotline,
    too_old,
)

Report = Callable[[str], None]

STAMP = "hotline-root.json"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class PrivateRoot:
    """The root at one path: ready, or to be made."""

    path: Path

    def ready(self) -> Asterisk | None:
        """Its Asterisk, when the root was finished, runs here and is new enough."""
        if not (self.path / STAMP).is_file():
            return None
        asterisk = asterisk_in(self.path)
        return asterisk if asterisk and serves_the_hotline(asterisk.version) else None

    def make(self, report: Report) -> Asterisk:
        """Make it once: a second run that comes meanwhile waits for the first and uses its root."""
        _make_folder(self.path.parent)
        with _alone(self.path.with_name("root.lock"), report) as lock:
            return self.ready() or self._make(report, lock)

    def _make(self, report: Report, lock: int) -> Asterisk:
        debian = Debian.from_environment()
        half = self.path.with_name(f"{self.path.name}.half-made")
        bootstrap = debian.prepare(report)
        report(
            f"Making a private Debian root with Asterisk in {self.path} "
            f"(suite {debian.suite}; once, a few minutes, about 350 MB)."
        )
        as_root(["rm", "-rf", str(half)])
        try:
            # debootstrap keeps the lock too: should we be killed, nobody starts over beside it.
            as_root(
                [bootstrap, *debian.options(), debian.suite, str(half), *debian.mirror_argument()],
                keep=(lock,),
            )
            asterisk = asterisk_in(half)
            if asterisk is None:
                raise NoAsterisk(f"The Debian root was made but its Asterisk does not run: see {half}.")
            if not serves_the_hotline(asterisk.version):
                raise too_old(asterisk.version, f"Debian's suite {debian.suite} (HOTLINE_DEBIAN_SUITE)")
            stamp(half, debian.suite, asterisk.version)
            as_root(["rm", "-rf", str(self.path)])
            half.rename(self.path)
        except BaseException:
            as_root(["rm", "-rf", str(half)])
            raise
        finished = self.ready()
        if finished is None:
            raise NoAsterisk(f"The Debian root in {self.path} is not usable: remove it and try again.")
        return finished


def asterisk_in(root: Path) -> Asterisk | None:
    """The Asterisk of a Debian tree, started by the tree's own loader: the host's glibc does not matter."""
    loader = next(iter(sorted((root / "usr/lib").glob("*-linux-gnu*/ld-linux*.so.*"))), None)
    if loader is None:
        return None
    libraries = loader.parent
    command = (str(loader), "--library-path", str(libraries), str(root / "usr/sbin/asterisk"))
    version = ask_version(command)
    if version is None:
        return None
    return Asterisk(version, command, libraries / "asterisk/modules", root / "usr/share/asterisk", "private root")


def stamp(root: Path, suite: str, version: Version) -> None:
    """Free the package caches, then say that this root is whole."""
    said = json.dumps({"suite": suite, "asterisk": str(version)})
    script = 'cd "$1" && rm -rf var/cache/apt/* var/lib/apt/lists/* && printf "%s\\n" "$2" > "$3"'
    as_root(["sh", "-c", script, "stamp", str(root), said, STAMP])


@dataclass(frozen=True)
class Debian:
    """Where the packages come from: the defaults of debootstrap, unless the environment says otherwise."""

    suite: str
    mirror: str | None
    check_release: bool

    @classmethod
    def from_environment(cls) -> Debian:
        return cls(
            suite=os.environ.get("HOTLINE_DEBIAN_SUITE") or "sid",
            mirror=os.environ.get("HOTLINE_DEBIAN_MIRROR") or None,
            check_release=os.environ.get("HOTLINE_DEBIAN_CHECK_RELEASE", "1") != "0",
        )

    def options(self) -> list[str]:
        # debootstrap verifies the signature but not Valid-Until (its `functions` never read that field),
        # so a mirror frozen in time serves; --no-check-gpg is for mirrors signed by nobody we know.
        checks = [f"--keyring={KEYRING}"] if self.check_release else ["--no-check-gpg"]
        return ["--variant=minbase", "--include=asterisk", *checks]

    def mirror_argument(self) -> list[str]:
        return [self.mirror] if self.mirror else []

    def prepare(self, report: Report) -> str:
        """See that debootstrap and Debian's keys are here; return debootstrap's path."""
        missing = [] if find_program("debootstrap") else ["debootstrap"]
        if self.check_release and not KEYRING.exists():
            missing.append("debian-archive-keyring")
        if missing:
            _install(missing, report)
        found = find_program("debootstrap")
        if found is None:
            raise NoAsterisk("debootstrap is still missing after its installation: install it by hand.")
        return found


def as_root(command: list[str], keep: tuple[int, ...] = ()) -> None:
    """Run one command with root's rights, or say in one line why that failed."""
    done = subprocess.run(
        [*_elevation(), *command], capture_output=True, text=True, errors="replace", check=False, pass_fds=keep
    )
    if done.returncode:
        told = (done.stdout + done.stderr).strip().splitlines()
        last = told[-1].strip() if told else f"exit code {done.returncode}"
        raise NoAsterisk(f"`{shlex.join(command)}` failed: {last} {_mend(done.stdout + done.stderr)}")


def _mend(told: str) -> str:
    if "unknown key" in told or "invalid Release signature" in told:
        return "(Update debian-archive-keyring, or set HOTLINE_DEBIAN_CHECK_RELEASE=0 to trust the mirror.)"
    if "Failed getting release" in told or "Couldn't download" in told:
        return "(Is the network there? HOTLINE_DEBIAN_MIRROR names another mirror.)"
    if "sudo" in told or "assword" in told:
        return "(Run it once as root, or install Asterisk 22.10.1 or later.)"
    return ""


def _elevation() -> list[str]:
    if os.geteuid() == 0:
        return []
    sudo = find_program("sudo")
    if sudo is None:
        raise NoAsterisk(
            "Making the private Debian root needs root once and there is no sudo: "
            "run `python -m ari_app.pbx.provide` as root with HOTLINE_CACHE set, or install a newer Asterisk."
        )
    proxies = [f"{name}={os.environ[name]}" for name in PROXIES if name in os.environ]
    asking = [] if sys.stdin is not None and sys.stdin.isatty() else ["-n"]
    return [sudo, *asking, "env", *proxies]


def _install(packages: list[str], report: Report) -> None:
    wanted = " ".join(packages)
    apt = find_program("apt-get")
    if apt is None:
        raise NoAsterisk(f"Please install {wanted} (no apt-get here), or an Asterisk of at least 22.10.1.")
    if os.geteuid() != 0 and find_program("sudo") is None:
        raise NoAsterisk(f"{wanted} is missing: type `apt-get install {wanted}` as root and try again.")
    report(f"Installing {wanted} with apt-get (needed to make a private Debian root).")
    get = [apt, "-qq", "-o", "Acquire::Check-Valid-Until=false"]
    as_root([*get, "update"])
    as_root(["env", "DEBIAN_FRONTEND=noninteractive", *get, "install", "-y", "--no-install-recommends", *packages])


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise NoAsterisk(
            f"Cannot make {folder} ({reason.strerror}): set HOTLINE_CACHE to a writable folder."
        ) from reason


@contextmanager
def _alone(lock: Path, report: Report) -> Iterator[int]:
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("Another run is making the private Debian root; waiting for it.")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield held.fileno()
