"""`python -m tests.load.agi_attack`: how late the worker's loop is while strangers attack its AGI door.

Rule 1: every attack is measured beside its control: the same strangers at another process's socket, so that what
the machine is short of is not laid at our door.
Rule 2: the loop is the workers' own (uvloop), and does nothing else; docs/register.md has figures.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import uvloop

from ari_app.agi import Answer, Door, Limits, serve
from ari_app.collector import spare_what_stays
from tests.load.strangers import SENDS

ATTACKS = (*SENDS, "killed", "served")
TICK = 0.002
AGREED = 50.0
"""Milliseconds the loop may be late."""
_SINK = """
import asyncio
async def main():
    async def swallow(reader, writer):
        while await reader.read(65536):
            pass
        writer.close()
    async def hang_up(reader, writer):
        try:
            await asyncio.wait_for(swallow(reader, writer), 1)
        except (OSError, TimeoutError):
            writer.transport.abort()
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


class Lag:
    """How late the loop wakes who asked to be woken in TICK seconds."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def watch(self) -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(TICK)
            self.worst = max(self.worst, (time.perf_counter() - asked - TICK) * 1000)


async def attacked(what: str, port: int) -> float:
    """The worst lag, in milliseconds, while strangers are at this port."""
    lag = Lag()
    strangers = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.load.strangers", what, str(port))
    watching = asyncio.create_task(lag.watch())
    await strangers.wait()
    watching.cancel()
    return lag.worst


async def quiet(seconds: float = 2.0) -> float:
    lag = Lag()
    with suppress(TimeoutError):
        await asyncio.wait_for(lag.watch(), seconds)
    return lag.worst


async def measure(rounds: int) -> None:
    spare_what_stays()  # as the worker does
    door = await serve(lambda caller: Answer("admit", "nothing-known"), port=0, limits=Limits(1, 5))
    sink = await asyncio.create_subprocess_exec(sys.executable, "-c", _SINK, stdout=asyncio.subprocess.PIPE)
    assert sink.stdout is not None
    elsewhere = int(await sink.stdout.readline())
    try:
        calm = [await quiet() for _ in range(rounds)]
        ours, control = dict[str, list[float]](), dict[str, list[float]]()
        for _ in range(rounds):
            for what in ATTACKS:
                ours.setdefault(what, []).append(await attacked(what, door.port))
                control.setdefault(what, []).append(await attacked(what, elsewhere))
    finally:
        sink.terminate()
        await sink.wait()
        await door.close()
    for line in report(calm, ours, control, door):
        print(line)


def report(
    calm: list[float], ours: dict[str, list[float]], control: dict[str, list[float]], door: Door
) -> Iterator[str]:
    yield f"{datetime.now():%Y-%m-%d %H:%M}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {len(calm)} rounds"
    yield f"worst lag of a round, ms        median  worst   elsewhere: median  worst   (agreed: {AGREED:g})"
    yield f"{'nobody attacks':<30} {statistics.median(calm):7.1f} {max(calm):6.1f}"
    for what, late in ours.items():
        other = control[what]
        yield (
            f"{what:<30} {statistics.median(late):7.1f} {max(late):6.1f}"
            f"{statistics.median(other):20.1f} {max(other):6.1f}"
        )
    yield f"clients served {door.served}, turned away {door.turned_away}, left {door.clients}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    with suppress(KeyboardInterrupt):
        uvloop.run(measure(options.parse_args().rounds))


if __name__ == "__main__":
    main()
