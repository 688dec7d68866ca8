"""Standard output: what is printed arrives, or one line says why not.

Rule 1: a character the terminal cannot show is written as Python writes it (\\u2713), never as a question mark:
`hotline check` has a sign that is one.
Rule 2: whatever becomes of a print is one of two errors that nobody takes for a file's; `cli.py` tells them.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from ari_app.errors import HotlineError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class CannotPrint(HotlineError):
    """Standard output takes nothing more: it is a file on a full disk."""


class ReaderGone(HotlineError):
    """Whoever read what we print has read enough, as `head` does."""


class _Outlet(io.FileIO):
    """Standard output whose errors have our names: click, rich and our own files each understand OSError otherwise."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise ReaderGone("nobody reads what is printed") from None
        except OSError as problem:
            raise CannotPrint(f"cannot print: {problem.strerror}; is the disk of the output full?") from None


def open_outlet() -> None:
    """From now on rules 1 and 2 hold. A standard output that is closed takes everything; a test's is left as it is."""
    stream = sys.stdout
    if stream is None:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(os.devnull, "w")), encoding="utf-8")
    if not isinstance(stream, io.TextIOWrapper) or stream is not sys.__stdout__:
        return
    stream.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Outlet(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering or stream.write_through,  # `python -u` writes through
    )


def give_up() -> None:
    """What is still waiting to be printed goes nowhere: Python would try once more at its end, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
