"""Where filings wait on disk while the database is away: one line each, in the order in which they were filed.

Rule 1: a line is on the disk before it is forgotten in memory; it is forgotten here when the database has it.
Rule 2: everything here waits for a disk: call it from a thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ari_app.requests.letter import Letter, from_line, to_line


class Spool:
    """One worker's file. Two workers never share one."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.path = folder / f"requests-{worker}.jsonl"
        self.refused = folder / f"requests-{worker}.refused.jsonl"
        """What could not be read or was refused by the database for good: for a person to look at."""

    def append(self, letters: Iterable[Letter]) -> None:
        """Keep letters. Raises OSError when the disk is full or may not be written; then none is forgotten."""
        self._write(self.path, b"".join(to_line(letter) for letter in letters))

    def read(self) -> list[Letter]:
        """What waits; a line torn by a crash or by a full disk is set aside, those around it are kept."""
        if not self.path.exists():
            return []
        letters: list[Letter] = []
        for line in self.path.read_bytes().split(b"\n"):
            if line:
                try:
                    letters.append(from_line(line))
                except ValueError:
                    self.set_aside(line)
        return letters

    def clear(self) -> None:
        """The database has them all."""
        self.path.unlink(missing_ok=True)

    def set_aside(self, line: bytes) -> None:
        """Nothing is thrown away."""
        self._write(self.refused, line.rstrip(b"\n") + b"\n")

    def _write(self, path: Path, lines: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)  # it says who rang
        try:
            end = os.fstat(file).st_size
            if end and os.pread(file, 1, end - 1) != b"\n":  # the line before was torn: do not tear this one with it
                lines = b"\n" + lines
            try:
                while lines:
                    lines = lines[os.write(file, lines) :]
                os.fsync(file)
            except OSError:
                os.ftruncate(file, end)
                raise
        finally:
            os.close(file)
