"""A thousand clients at an AGI door: `python -m tests.load.strangers ATTACK PORT`.

ATTACK is scans, silent, garbage, megabytes, killed (a client that dies after it has asked) or served.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

HEADER = b"agi_network: yes\nagi_network_script: screen\nagi_callerid: 13800138000\nagi_dnid: 4008123123\n\n"
CLIENTS = 1000
AT_ONCE = 100
"""Calls an Asterisk asks about at a time; strangers know no bounds."""
SENDS = {
    "scans": b"",
    "silent": b"",
    "garbage": b"\x16\x03\x01\x00\xff" * 100,
    "megabytes": b"agi_" + b"x" * 10_000_000,
}


async def client(what: str, port: int) -> None:
    with suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(SENDS.get(what, HEADER))
        if what in ("scans", "killed"):
            writer.transport.abort()
            return
        while await reader.readline():
            writer.write(b"200 result=1\n")
        writer.close()


async def main(what: str, port: int) -> None:
    clients = 20 if what == "megabytes" else CLIENTS
    at_once = asyncio.Semaphore(AT_ONCE if what == "served" else clients)

    async def one() -> None:
        async with at_once:
            await client(what, port)

    await asyncio.gather(*(one() for _ in range(clients)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
