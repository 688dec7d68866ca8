"""A thousand clients at an AGI door: `agi_strangers.py scans|silent|garbage|megabytes|killed|served PORT`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

HEADER = b"agi_network: yes\nagi_network_script: screen\nagi_callerid: 13800138000\nagi_dnid: 4008123123\n\n"
CLIENTS = 1000
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
    await asyncio.gather(*(client(what, port) for _ in range(clients)))


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
