"""Does this machine's host take CPUs away? `python -m tests.load.stillness [SECONDS]`, 80 unless told; no test.

Six processes compute now and then, as a test suite does. A process bound to each CPU, of real-time priority where
that is allowed, sleeps 5 ms and looks at the clock: it waits for nobody else, so when it is late the CPU was not there.
Printed per CPU: how often it was more than 60 ms late, by how much at most, and how often together with another CPU.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import sys
import time

from ari_app.qa.machine import STOOD_STILL

BUSY = 6
LOOK = 0.005  # seconds
TOGETHER = 0.1  # seconds within which two CPUs stood still together


def compute(until: float) -> None:
    """Bursts of 10 ms to 1 s, and pauses."""
    while time.monotonic() < until:
        burst = time.monotonic() + random.choice((0.01, 0.05, 0.3, 1.0))
        while time.monotonic() < burst:
            sum(range(2000))
        time.sleep(random.choice((0.005, 0.02, 0.1)))


def look(asked: tuple[int, float]) -> list[tuple[float, float]]:
    """When this CPU stood still, and for how long."""
    cpu, until = asked
    os.sched_setaffinity(0, {cpu})
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
    late: list[tuple[float, float]] = []
    while (before := time.monotonic()) < until:
        time.sleep(LOOK)
        over = time.monotonic() - before - LOOK
        if over > STOOD_STILL:
            late.append((before, over))
    return late


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 80.0
    until = time.monotonic() + seconds
    cpus = sorted(os.sched_getaffinity(0))
    busy = [multiprocessing.Process(target=compute, args=(until,), daemon=True) for _ in range(BUSY)]
    for process in busy:
        process.start()
    with multiprocessing.Pool(len(cpus)) as pool:
        stood = dict(zip(cpus, pool.map(look, [(cpu, until) for cpu in cpus], chunksize=1), strict=True))
    for cpu, moments in stood.items():
        others = [at for other in cpus if other != cpu for at, _ in stood[other]]
        shared = sum(any(abs(at - there) < TOGETHER for there in others) for at, _ in moments)
        most = max((over for _, over in moments), default=0.0)
        print(
            f"CPU {cpu}: {len(moments)} times in {seconds:.0f} s, {most * 1000:.0f} ms at most, {shared} with another"
        )


if __name__ == "__main__":
    main()
