"""The machine the telephones run on: they come first, and we say when there was not enough of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

AHEAD = -10  # niceness of the PBXs, the application and us, where we may choose
BEHIND = 10  # niceness of a thread that compares sounds
SCARCE = 0.3  # share of the time somebody waited for a CPU from which timings are not the hotline's own

STOOD_STILL = 0.06
"""Seconds a CPU did not run whoever was next: what nobody hears of in a talk, and more is missing from it."""

_LOOKS = 0.02  # seconds from one look at a CPU to the next

_PRESSURE = Path("/proc/pressure/cpu")


@contextlib.contextmanager
def telephones_first() -> Iterator[None]:
    """Whoever is started within goes before other work of this machine, as a PBX does; root only, else as it is.

    A caller does not hear that somebody compiles on the same machine; a test of callers should not either.
    """
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, min(before, AHEAD))
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


async def think(work: Callable[..., T], *args: Any) -> T:
    """Run what takes CPU in a thread behind everything else: other stages may have callers on the line."""

    def behind() -> T:
        with contextlib.suppress(OSError):  # Linux: of this thread alone
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BEHIND)
        return work(*args)

    return await asyncio.to_thread(behind)


class Scarcity:
    """How scarce CPU time is from now on: the share of time in which somebody had to wait for it."""

    def __init__(self) -> None:
        self._began, self._waited = time.monotonic(), _waited()

    def share(self) -> float | None:
        """0 to 1; None where the kernel does not tell."""
        waited = _waited()
        if waited is None or self._waited is None:
            return None
        return min(1.0, (waited - self._waited) / max(time.monotonic() - self._began, 0.001))


def _waited() -> float | None:
    """Seconds since boot in which some task waited for a CPU."""
    try:
        told = re.search(r"some .*total=(\d+)", _PRESSURE.read_text())
    except OSError:
        return None
    return int(told[1]) / 1e6 if told else None


class Watch:
    """Looks at every CPU, and remembers the longest moment one of them ran nobody.

    A host may take a virtual CPU away for a tenth of a second while its neighbour runs on: whoever talks on the one is
    interrupted, and the other knows nothing of it. `with Watch() as watch: … watch.longest()`.
    """

    def __init__(self) -> None:
        self._over = threading.Event()
        self._longest: dict[int, float] = {}
        cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
        self._threads = [threading.Thread(target=self._look, args=(cpu,), daemon=True) for cpu in cpus]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def longest(self) -> float:
        """Seconds, since the last `forget`; 0 where there is nothing to be watched."""
        return max(self._longest.values(), default=0.0)

    def forget(self) -> None:
        """Only what happens from now on counts."""
        self._longest.clear()

    def _look(self, cpu: int) -> None:
        with contextlib.suppress(OSError):  # Linux: this thread alone; a CPU may have been taken from us
            os.sched_setaffinity(threading.get_native_id(), {cpu})
        due = time.monotonic() + _LOOKS
        while not self._over.wait(due - time.monotonic()):
            now = time.monotonic()
            self._longest[cpu] = max(self._longest.get(cpu, 0.0), now - due)
            due = now + _LOOKS
