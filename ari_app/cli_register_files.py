"""The files `hotline register …` reads and writes: sheets, and calls to be judged again.

Rule: what is wrong with a file is told with its name, in one line; a file without an end is not read to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from ari_app.register.replay import BrokenCalls
from ari_app.register.sheet import BrokenSheet

LONGEST_LINE = 100_000
"""Letters; what is longer is no line that people or spreadsheets write, and may have no end (/dev/zero)."""


@contextmanager
def reading(file: Path) -> Iterator[Iterator[str]]:
    """The lines of a file."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            yield _lines(opened)
    except BrokenSheet as problem:
        raise BrokenSheet(f"{file}: {problem}") from None
    except BrokenCalls as problem:
        raise BrokenCalls(f"{file}: {problem}") from None
    except UnicodeDecodeError:
        raise BrokenSheet(f"{file}: is not UTF-8; save it as UTF-8 (in a spreadsheet: CSV UTF-8)") from None
    except OSError as problem:
        raise click.FileError(str(file), problem.strerror) from None


def _lines(opened: IO[str]) -> Iterator[str]:
    number = 0
    while line := opened.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise BrokenSheet(f"line {number}: is longer than {LONGEST_LINE} letters: is this the right file?")
        yield line


@contextmanager
def writing(file: Path) -> Iterator[IO[str]]:
    """A file to be written, or standard output."""
    if str(file) == "-":
        with click.open_file("-", "w", encoding="utf-8") as out:
            yield out
        return
    try:
        with file.open("w", encoding="utf-8-sig", newline="") as written:
            yield written
    except OSError as problem:
        raise click.FileError(str(file), problem.strerror) from None
