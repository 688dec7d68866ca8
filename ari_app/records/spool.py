"""Records on disk until the database has them: one file of JSON lines per worker, only ever appended to.

Rule 1: what `append` has returned for is on the disk (fsync, once for all lines of a turn) and survives a power cut.
Rule 2: a line is forgotten only after the database has it. Killed in between, it is told twice and kept once.
Rule 3: synchronous and slow: called in a thread, by one caller at a time. Raises OSError and nothing else.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Sequence
from pathlib import Path

VARIANTS = 9
"""Processes that may use one worker's name at once, while one is started before the other has ended."""


class Spool:
    """One worker's waiting records."""

    def __init__(self, folder: Path, worker: str, limit: int) -> None:
        self._folder, self._worker, self._limit = folder, worker, limit
        self._file: int | None = None
        self._size = 0  # bytes written
        self._done = 0  # bytes the database has
        self.waiting = 0
        """Lines that are on disk and not in the database."""
        self.path = folder / f"records-{worker}.jsonl"

    def append(self, lines: Sequence[bytes]) -> int:
        """Write lines; how many of them fit. An error leaves the file as it was."""
        file = self._opened()
        fitting, room = 0, self._limit - self._size
        for line in lines:
            room -= len(line) + 1
            if room < 0:
                break
            fitting += 1
        if not fitting:
            raise OSError(errno.ENOSPC, f"the spool has its {self._limit >> 20} MB, raise spool_limit_mb")
        block = b"".join(line + b"\n" for line in lines[:fitting])
        try:
            _write(file, block)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, self._size)
            raise
        self._size += len(block)
        self.waiting += fitting
        return fitting

    def read(self, most: int) -> list[bytes]:
        """The oldest lines, without their newlines."""
        file = self._opened()
        found: list[bytes] = []
        with open(os.dup(file), "rb") as reader:  # noqa: PTH123 - the open file, whatever its name is by now
            reader.seek(self._done)
            while len(found) < most and (line := reader.readline()).endswith(b"\n"):
                found.append(line[:-1])
        return found

    def forget(self, lines: Sequence[bytes]) -> None:
        """The database has these, the oldest; when it has all, the file is emptied."""
        self._done += sum(len(line) + 1 for line in lines)
        self.waiting -= len(lines)
        if self._done >= self._size:
            os.ftruncate(self._opened(), 0)
            self._size = self._done = self.waiting = 0

    def set_aside(self, line: bytes) -> None:
        """A line nobody can read, or no database takes: kept beside, for a person to look at."""
        file = os.open(self.path.with_suffix(".broken"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _write(file, line + b"\n")
        finally:
            os.close(file)

    def close(self) -> None:
        """Let go of the file; what is in it is read when this worker starts again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    # ------------------------------------------------------------------ opening

    def _opened(self) -> int:
        """Our file; a new one when somebody has deleted it."""
        if self._file is not None and os.fstat(self._file).st_nlink == 0:
            self.close()
        if self._file is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_file()
            self._take_leftovers()
        assert self._file is not None
        return self._file

    def _take_file(self) -> None:
        """The first of this worker's files that no other process holds, its torn end cut off."""
        for path in self._paths():
            file = _hold(path)
            if file is not None:
                self._file, self.path, self._done = file, path, 0
                self._size, self.waiting = _mend(file)
                _sync_folder(self._folder)
                return
        raise OSError(errno.EBUSY, f"{VARIANTS} other processes use the spool of worker {self._worker}")

    def _take_leftovers(self) -> None:
        """What a process of this name left in another file while two of them ran: ours now."""
        for path in self._paths():
            if path == self.path or not path.exists() or (file := _hold(path)) is None:
                continue
            try:
                _, count = _mend(file)
                if count:
                    lines = _all(file)
                    block = b"".join(line + b"\n" for line in lines)
                    assert self._file is not None
                    _write(self._file, block)
                    os.fsync(self._file)
                    self._size += len(block)
                    self.waiting += len(lines)
                path.unlink()
            finally:
                os.close(file)

    def _paths(self) -> list[Path]:
        first = self._folder / f"records-{self._worker}.jsonl"
        return [first, *(self._folder / f"records-{self._worker}~{n}.jsonl" for n in range(2, VARIANTS + 1))]


def _hold(path: Path) -> int | None:
    """The file, held by this process alone; None when another one holds it. Never follows a link to elsewhere."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.fstat(file)
        if not stat.S_ISREG(held.st_mode) or held.st_nlink == 0:  # unlinked by who held it before us
            raise BlockingIOError
    except BlockingIOError:
        os.close(file)
        return None
    except OSError:
        os.close(file)
        raise
    return file


def _write(file: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(file, view) :]


def _all(file: int) -> list[bytes]:
    with open(os.dup(file), "rb") as reader:  # noqa: PTH123 - an open file
        reader.seek(0)
        return reader.read().split(b"\n")[:-1]


def _mend(file: int) -> tuple[int, int]:
    """Cut off a last line that was never finished, and so never promised; bytes and lines that are left."""
    size = lines = 0
    with open(os.dup(file), "rb") as reader:  # noqa: PTH123 - an open file
        reader.seek(0)
        for line in reader:
            if line.endswith(b"\n"):
                size, lines = size + len(line), lines + 1
    if os.fstat(file).st_size > size:
        os.ftruncate(file, size)
    return size, lines


def _sync_folder(folder: Path) -> None:
    """The name of a new file is on the disk, too."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
