"""What a verdict costs with a million numbers in the register. For the AGI door: `python -m tests.load.agi_attack`.

Run it by hand: `python tools/measure_register.py [ENTRIES]`. It measures real time and is no test.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import uvloop

from ari_app.procedures.screening import Burst, Mark, Repeat, Screening, Treatment, judge
from ari_app.records.database import Database
from ari_app.register.entries import Entry, as_row
from ari_app.register.live import LiveRegister
from ari_app.register.numbers import Pattern, Reach, identify, pattern
from ari_app.register.store import Store
from ari_app.register.tables import ENTRIES

RULES = Screening(
    repeats=(Repeat(Mark.SILENT, 6, 3600, Treatment.CHALLENGE, 3600),),
    bursts=(Burst(9, 60, 60, Treatment.CHALLENGE, 600),),
)


def memory() -> float:
    """Megabytes this process holds."""
    with Path("/proc/self/status").open() as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


class Lag:
    """How late the loop wakes who asked to be woken in 5 ms."""

    def __init__(self) -> None:
        self.late: list[float] = []

    async def watch(self) -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(0.005)
            self.late.append((time.perf_counter() - asked - 0.005) * 1000)

    async def during(self, what: str, work: Awaitable[object]) -> None:
        self.late = []
        watching = asyncio.create_task(self.watch())
        began = time.perf_counter()
        await work
        watching.cancel()
        late = sorted(self.late) or [0.0]
        p99 = late[int(len(late) * 0.99)]
        print(f"{what:<44} {time.perf_counter() - began:6.1f} s   lag p99 {p99:5.1f} ms, worst {late[-1]:5.1f} ms")


def told(what: str, nanoseconds: list[int]) -> None:
    nanoseconds.sort()
    p50, p99 = (nanoseconds[int(len(nanoseconds) * q)] / 1000 for q in (0.5, 0.99))
    print(f"{what:<44} p50 {p50:5.1f} us   p99 {p99:5.1f} us")


async def main(count: int) -> None:
    lag = Lag()
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(f"sqlite:///{folder}/register.db")
        store = Store(database)
        began = time.perf_counter()
        for first in range(0, count, 10_000):
            numbers = (f"+8613{n * 97 % 1_000_000_000:09}" for n in range(first, min(first + 10_000, count)))
            rows = [as_row(Entry(Pattern(Reach.EXACT, n), Treatment.STATION, "bulk")) for n in numbers]
            async with database.transaction() as connection:
                await connection.execute(ENTRIES.insert(), rows)
        print(f"{count} entries written in {time.perf_counter() - began:.0f} s")
        await store.add([Entry(pattern(p), Treatment.CHALLENGE) for p in ("170*", "+1900*", "95000-95999")], "tool")
        live = LiveRegister(store)
        live.use([RULES])
        before = memory()
        await lag.during("loading it beside the calls", live.load())
        print(f"{'memory of it':<44} {memory() - before:6.1f} MB")
        verdicts(live)
        await database.close()


def verdicts(live: LiveRegister) -> None:
    hour, normal, asked = datetime.now().astimezone(), list[int](), list[int]()
    for _ in range(100_000):
        sent = f"13{random.randrange(1_000_000_000):09}"
        began = time.perf_counter_ns()
        caller = identify(sent)
        between = time.perf_counter_ns()
        judge(caller, live, RULES, hour)
        asked.append(time.perf_counter_ns() - between)
        normal.append(between - began)
    told("normal form of a number never seen", normal)
    told("a verdict", asked)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
