"""What a process and the machine have used, all threads together."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024
CORES = os.cpu_count() or 1


def cpu_seconds(pid: int) -> float:
    """User and system time of every thread so far, ended ones included: /proc/PID/stat, but to the nanosecond.

    The clock's number is made as clock_getcpuclockid(3) makes it.
    """
    return time.clock_gettime((~pid << 3) | 2)


def memory_kb(pid: int) -> float:
    """Resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_KB


@dataclass(frozen=True)
class Usage:
    """A reading, in seconds of CPU."""

    asterisk: float
    app: float
    ours: float  # this process and the children it has seen end: SIPp and the RTP mate
    busy: float  # the whole machine
    idle: float

    @classmethod
    def read(cls, asterisk: int, app: int | None) -> Usage:
        machine = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        idle = machine[3] + machine[4]
        ours = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return cls(
            asterisk=cpu_seconds(asterisk),
            app=cpu_seconds(app) if app is not None else 0.0,
            ours=sum(used.ru_utime + used.ru_stime for used in ours),
            busy=(sum(machine) - idle) / TICKS,
            idle=idle / TICKS,
        )

    def since(self, before: Usage) -> Usage:
        return Usage(
            self.asterisk - before.asterisk,
            self.app - before.app,
            self.ours - before.ours,
            self.busy - before.busy,
            self.idle - before.idle,
        )
