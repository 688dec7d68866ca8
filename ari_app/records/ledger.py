"""Records on their way from a call that is over to the database: first to disk, from there in order.

Rule 1: `keep` never waits and never fails; no call knows whether there is a database.
Rule 2: there is one way: memory, disk, database. Only while the disk takes nothing do records go to the database
straight from memory, after those on disk. While neither takes them, MEMORY of them are held; what comes then is
dropped, counted, and told once a minute.
Rule 3: the disk is touched in a thread of our own: one that hangs stops no call and nobody else's thread.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy.exc import DataError, IntegrityError, NotSupportedError, ProgrammingError, SQLAlchemyError

from ari_app.ending import at_most, let_go
from ari_app.errors import StoreUnreachable
from ari_app.records.database import Database
from ari_app.records.facts import CallRecord
from ari_app.records.settings import RecordsSettings
from ari_app.records.spool import Spool
from ari_app.records.store import Calls, dump, parse

log = logging.getLogger(__name__)

T = TypeVar("T")

MEMORY = 10_000
"""Records held while neither disk nor database takes them: about 40 MB."""
TURN = 200
"""Records written to disk at a time, in the thread."""
STORE_TURN = 25
"""Records brought to the database at a time: on the loop, so few that no call waits for it."""
GATHERED = 1.0
"""Seconds from one turn to the next while there is less than a turn: a transaction costs more than what is in it."""
STORED_WITHIN = 15.0
"""Seconds in which the database must have taken a turn's records; a slower one counts as away."""
RETRY_FIRST, RETRY_MOST = 0.5, 5.0
"""Seconds until the database, or the disk, is tried again."""
LAST_TRY = 1.0
"""Seconds for the disk to take what is left in memory when we close."""
TOLD_EVERY = 60.0
TIDIED_EVERY = 6 * 3600.0


@dataclass(slots=True)
class Counts:
    """What became of the records, since this worker started."""

    kept: int = 0  # handed to us
    stored: int = 0  # the database has them; those replayed from a former run are among them
    dropped: int = 0  # neither disk nor database nor memory had room
    set_aside: int = 0  # beside the spool, for a person to look at


class Ledger:
    """One worker's records, from the end of their calls to the database."""

    def __init__(self, settings: RecordsSettings, worker: str) -> None:
        self._settings = settings
        self._spool = Spool(settings.spool_folder, worker, settings.spool_limit_mb << 20)
        self._thread = ThreadPoolExecutor(1, "records")
        self._pending: deque[CallRecord] = deque()
        self._calls: Calls | None = None
        self._database: Database | None = None
        self._to_spool, self._to_store, self._news = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._closing = asyncio.Event()
        self._using = asyncio.Lock()  # one thing at a time is asked of the database
        self._hands = asyncio.Lock()  # who holds it may take records from memory
        self._disk_fails = self._away = False
        self._told_dropped = 0
        self._tasks: list[asyncio.Task[None]] = []
        self.counts = Counts()

    @property
    def waiting(self) -> int:
        """Records that are not yet in the database."""
        return len(self._pending) + self._spool.waiting

    @property
    def in_memory(self) -> int:
        """Records that would be lost if this worker were killed now."""
        return len(self._pending)

    def keep(self, record: CallRecord) -> None:
        """A call is over, or more is known of one. Returns at once; never fails."""
        if len(self._pending) >= MEMORY:
            self.counts.dropped += 1
            return
        self.counts.kept += 1
        self._pending.append(record)
        self._to_spool.set()

    async def run(self) -> None:
        """Bring records to the database until cancelled or closed; those a former run left come first."""
        work = (self._write, self._store, self._tell, self._tidy)
        self._tasks = [asyncio.create_task(forever()) for forever in work]
        try:
            await asyncio.gather(*self._tasks)
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if me is not None and me.cancelling():
                raise
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self, within: float) -> None:
        """No more records come: those we have go to the database, or stay on disk; over after `within` + 5 seconds.

        A database that is away is not waited for: what is on disk is replayed at the next start.
        """
        self._closing.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self.until(lambda: not self._pending and (self._away or not self.waiting))
        with suppress(TimeoutError):  # a driver that is cancelled in the midst of a command may never end
            async with asyncio.timeout(LAST_TRY):
                await self._using.acquire()
        await let_go(self._tasks, LAST_TRY)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_TRY):
                while self._pending and await self._write_some():
                    pass
        if self._pending:
            log.error("%d call records were lost: neither disk nor database took them", len(self._pending))
        if self._spool.waiting:
            log.warning("%d call records wait in %s for the next start", self._spool.waiting, self._spool.path)
        if self._database is not None:
            await at_most(LAST_TRY, self._database.close())
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_TRY):
                await self._on_disk(self._spool.close)
        self._thread.shutdown(wait=False)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until this holds; looked at whenever records have moved."""
        while not reached():
            self._news.clear()
            await self._news.wait()

    # ------------------------------------------------------------------ memory to disk

    async def _write(self) -> None:
        with suppress(OSError):
            await self._on_disk(lambda: self._spool.read(1))  # opens it: what a former run left is counted
        self._to_store.set()
        while True:
            await self._to_spool.wait()
            self._to_spool.clear()
            while self._pending:
                if not await self._write_some():
                    self._to_store.set()  # perhaps the database takes what the disk does not
                    await asyncio.sleep(RETRY_FIRST)

    async def _write_some(self) -> bool:
        async with self._hands:
            batch = list(islice(self._pending, TURN))
            try:
                written = await self._on_disk(lambda: self._spool.append([dump(record) for record in batch]))
            except OSError as problem:
                self._disk_failed(problem)
                return False
            self._disk_fails = False
            self._took(written)
        self._to_store.set()
        return True

    def _disk_failed(self, problem: OSError) -> None:
        if not self._disk_fails:
            log.error("call records cannot be written to %s: %s; they are held in memory", self._spool.path, problem)
        self._disk_fails = True
        self._news.set()

    def _took(self, count: int) -> None:
        for _ in range(count):
            self._pending.popleft()
        self._news.set()

    async def _on_disk(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # ------------------------------------------------------------------ to the database

    async def _store(self) -> None:
        delay = RETRY_FIRST
        while True:
            await self._to_store.wait()
            self._to_store.clear()
            try:
                while await self._store_some():
                    delay = RETRY_FIRST
                    await self._gather()
                self._is_back()
            except StoreUnreachable as problem:
                self._is_away(problem)
                self._to_store.set()
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_MOST)
            except OSError as problem:  # of reading the spool
                self._disk_failed(problem)
                self._to_store.set()
                await asyncio.sleep(RETRY_MOST)

    async def _gather(self) -> None:
        """The first record after a rest is stored at once; of those that follow, several together."""
        if self._spool.waiting < STORE_TURN:
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHERED):
                    await self._closing.wait()

    async def _store_some(self) -> bool:
        lines = await self._on_disk(lambda: self._spool.read(STORE_TURN)) if self._spool.waiting else []
        if lines:
            await self._add(lines)
            await self._on_disk(lambda: self._spool.forget(lines))
            self._news.set()
            return True
        if not self._disk_fails:
            return False
        async with self._hands:
            batch = list(islice(self._pending, STORE_TURN))
            if batch:
                await self._add([dump(record) for record in batch])
                self._took(len(batch))
            return bool(batch)

    async def _add(self, lines: list[bytes]) -> None:
        """These are in the database, or set aside. Raises StoreUnreachable."""
        records: dict[bytes, CallRecord] = {}
        for line in lines:
            try:
                records[line] = parse(line)
            except ValueError:
                await self._set_aside(line, "cannot be read")
        try:
            await self._add_records(list(records.values()))
        except (DataError, IntegrityError):  # one of them; the others are not to wait for it
            for line, record in records.items():
                try:
                    await self._add_records([record])
                except (DataError, IntegrityError) as problem:
                    await self._set_aside(line, type(problem).__name__)

    async def _add_records(self, records: list[CallRecord]) -> None:
        try:
            async with self._using, asyncio.timeout(STORED_WITHIN):
                await (await self._opened()).add(records)
        except TimeoutError:
            raise StoreUnreachable(f"the database needed more than {STORED_WITHIN:g} s") from None
        except (ProgrammingError, NotSupportedError) as problem:
            what = type(problem.orig).__name__.rpartition(".")[2]
            raise StoreUnreachable(f"the database refuses ({what}): may its user make tables and write them?") from None
        self.counts.stored += len(records)

    async def _opened(self) -> Calls:
        if self._calls is None:
            self._database = await Database.open(self._settings.database)
            self._calls = Calls(self._database)
        return self._calls

    async def _set_aside(self, line: bytes, why: str) -> None:
        log.error("a call record was set aside beside %s: %s", self._spool.path, why)
        self.counts.set_aside += 1
        with suppress(OSError):
            await self._on_disk(lambda: self._spool.set_aside(line))

    def _is_away(self, problem: StoreUnreachable) -> None:
        if not self._away:
            log.warning("call records wait for the database: %s", problem)
        self._away = True
        self._news.set()

    def _is_back(self) -> None:
        if self._away:
            log.info("the database is back and has every record")
        self._away = False
        self._news.set()

    # ------------------------------------------------------------------ now and then

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(TOLD_EVERY)
            lost = self.counts.dropped - self._told_dropped
            self._told_dropped = self.counts.dropped
            if lost:
                log.error("%d call records were dropped: neither disk nor database nor memory has room", lost)
            if self._away or self._disk_fails:
                log.warning("%d call records wait: %d on disk", self.waiting, self._spool.waiting)

    async def _tidy(self) -> None:
        """Forget calls older than keep_days."""
        while True:
            try:
                async with self._using:
                    forgotten = await (await self._opened()).forget(time.time() - self._settings.keep_days * 86400)
                if forgotten:
                    log.info("%d calls older than %d days were forgotten", forgotten, self._settings.keep_days)
            except (StoreUnreachable, SQLAlchemyError) as problem:
                log.debug("old calls could not be forgotten now: %s", type(problem).__name__)
            await asyncio.sleep(TIDIED_EVERY)
