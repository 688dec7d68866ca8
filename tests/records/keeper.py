"""A worker that keeps records as fast as it can and says which of them it promises; made to be killed."""

from __future__ import annotations

import asyncio
import sys

from ari_app.records.ledger import Ledger
from ari_app.records.settings import settle
from tests.records.records import call


async def main(url: str, spool: str, worker: str, first: int) -> None:
    ledger = Ledger(settle({"url": url, "spool": spool}), worker)
    running = asyncio.create_task(ledger.run())
    number = first
    while not running.done():
        for _ in range(7):
            ledger.keep(call(number, worker))
            number += 1
        await ledger.until(lambda: not ledger.in_memory)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    await running


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
