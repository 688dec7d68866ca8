"""What `hotline` prints on a full disk, into a pipe nobody reads, and on a terminal that knows few letters."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from ari_app.records.database import Database

ROOT = Path(__file__).parents[1]
PRINTING = [
    ("--help",),
    ("standard", "list"),
    ("standard", "show", "hotline-standard"),
    ("register", "list"),
    ("register", "export"),
    ("check", "--json"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a hotline.yaml is, and a register with nobody in it."""
    (tmp_path / "hotline.yaml").write_text("log_level: INFO\n")

    async def make() -> None:
        await (await Database.open(f"sqlite:///{tmp_path}/register.db")).close()

    asyncio.run(make())
    return tmp_path


def hotline(
    folder: Path, *arguments: str, into: IO[bytes] | int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    known = {name: value for name, value in os.environ.items() if not name.startswith(("HOTLINE_", "PYTHON"))}
    surroundings = known | {"PYTHONPATH": str(ROOT), "HOTLINE_DATABASE": f"sqlite:///{folder}/register.db"}
    return subprocess.run(
        (sys.executable, "-m", "ari_app", *arguments),
        stdout=into, stderr=subprocess.PIPE, cwd=folder, env=surroundings | environment, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
@pytest.mark.parametrize(
    ("arguments", "unbuffered"), [(words, "") for words in PRINTING] + [(("standard", "list"), "1")]
)
def test_a_full_standard_output_is_told_in_one_line(folder: Path, arguments: tuple[str, ...], unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = hotline(folder, *arguments, into=full, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (
        1, b"hotline: cannot print: No space left on device; is the disk of the output full?\n",
    )  # fmt: skip


@pytest.mark.parametrize("arguments", PRINTING[1:4], ids=" ".join)
def test_who_has_read_enough_is_no_mistake(folder: Path, arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = hotline(folder, *arguments, into=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii:strict"])
@pytest.mark.parametrize(
    "arguments",
    [("standard", "show", "hotline-standard"), ("standard", "list")],
    ids=" ".join,
)
def test_letters_a_terminal_does_not_know_are_written_otherwise(
    folder: Path, arguments: tuple[str, ...], encoding: str
) -> None:
    done = hotline(folder, *arguments, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout


def test_the_signs_of_a_check_stay_apart_where_they_cannot_be_shown(folder: Path) -> None:
    """As question marks all of them would be the sign of what was not checked."""
    done = hotline(folder, "check", PYTHONIOENCODING="ascii")
    assert done.stderr == b""
    assert {line.split()[0] for line in done.stdout.splitlines() if b"\\u27" in line} >= {b"\\u2713", b"\\u2717"}


def test_a_closed_standard_output_is_no_mistake(folder: Path) -> None:
    closing = ("sh", "-c", 'exec "$0" -m ari_app standard list >&-', sys.executable)
    done = subprocess.run(
        closing, stderr=subprocess.PIPE, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
