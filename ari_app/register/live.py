"""The register of a running worker: memory that follows the database.

Rule 1: what a call asks is answered from memory; what a call leaves behind is queued and written later.
Rule 2: fail open: not loaded yet, database away, something broken: the caller is admitted.
Rule 3: other workers' changes are seen within POLL seconds; an older transaction that is committed late, too.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from ari_app.errors import StoreUnreachable
from ari_app.procedures.screening import (
    Admit,
    Caller,
    Listing,
    Mark,
    Reach,
    Screening,
    Treatment,
    Verdict,
    judge,
)
from ari_app.register.history import History
from ari_app.register.index import Columns, Index
from ari_app.register.numbers import HOME, Pattern, identify
from ari_app.register.reading import AT_ONCE
from ari_app.register.store import CannotUndo, Store, new_batch

log = logging.getLogger(__name__)

POLL = 2.0
"""Seconds between two looks at what other workers changed."""
OVERLAP = 500
"""Changes read again after loading: their transactions may have been open when we began."""
LATE = 60.0
"""Seconds in which an open transaction is expected to be committed."""
RELOAD_ABOVE = 50_000
"""Entries beside the columns from which it is cheaper to load everything anew."""
RELOAD_PAUSE = 30.0
"""Seconds between two such loadings: an import of a million goes on for minutes."""
JOBS = 10_000
"""Writings that may wait for the database; what comes on top is lost, and said."""
KEEP_MARKS = 31 * 86400.0
"""Seconds for which marks are kept; no rule looks back further."""
TIDY = 6 * 3600.0
UNREAD, UNWRITTEN = "the register is as old as it is", "the register is written later"
_LISTING = ("reach", "first", "last", "treatment", "expires", "score", "scored_at", "under_review")


class Sequel:
    """How far we have read a table that only grows, and which of its numbers are still missing."""

    def __init__(self, seen: int = 0) -> None:
        self.seen = seen
        self._gaps: dict[int, float] = {}

    @property
    def gaps(self) -> list[int]:
        return list(self._gaps)

    def read(self, numbers: Iterable[int], now: float) -> None:
        """These were read at `now`; what is missing between them is waited for, for LATE seconds."""
        for number in numbers:
            for missing in range(max(self.seen + 1, number - OVERLAP), number):
                self._gaps[missing] = now + LATE
            self._gaps.pop(number, None)
            self.seen = max(self.seen, number)
        self._gaps = {gap: until for gap, until in self._gaps.items() if until > now}


class LiveRegister:
    """What this worker knows of callers. `run()` keeps it true; everything a call uses is synchronous."""

    def __init__(
        self,
        store: Store,
        *,
        home: str = HOME,
        clock: Callable[[], float] = time.time,
        half_life: float = Screening().half_life,
    ) -> None:
        self.history = History()
        self.loaded = asyncio.Event()
        self.home = home
        self._store = store
        self._clock = clock
        self._half_life = half_life
        self._index = Index()
        self._changes, self._marks = Sequel(), Sequel()
        self._jobs: asyncio.Queue[Callable[[], Awaitable[object]]] = asyncio.Queue(JOBS)
        self._reading = asyncio.Lock()
        self._troubles: set[str] = set()

    # ------------------------------------------------------------------ what a call asks: from memory

    def lookup(self, caller: Caller) -> Sequence[Listing]:
        return self._index.lookup(caller)

    def marks(self, caller: Caller, mark: Mark) -> Sequence[float]:
        return self.history.marks(caller, mark)

    def arrivals(self, caller: Caller, digits: int) -> Sequence[float]:
        return self.history.arrivals(caller, digits)

    def use(self, rules: Iterable[Screening]) -> None:
        """The rules of every standard in use: what is counted for them, and how reports fade."""
        rules = list(rules)
        self.history.watch(frozenset(burst.digits for rule in rules for burst in rule.bursts))
        self._half_life = max((rule.half_life for rule in rules), default=self._half_life)

    def screen(
        self, number: str, dialled: str, rules: Screening, hour: datetime, attestation: str = ""
    ) -> tuple[Caller, Verdict]:
        """A call arrives: who it is, and how it is taken. Never raises: a caller we cannot judge is admitted."""
        try:
            caller = identify(number, dialled, attestation, self.home)
            self.history.arrived(caller, hour.timestamp())
            return caller, judge(caller, self, rules, hour)
        except Exception:
            log.exception("a caller could not be judged, and is admitted")
            return Caller(), Admit()

    # ------------------------------------------------------------------ what a call leaves behind: written later

    def note(self, caller: Caller, mark: Mark, call: str) -> None:
        """A finished call was silent, or for a wrong number."""
        if caller.number:
            at = self._clock()
            self._later(lambda: self._store.mark(caller.number, mark, call, at))

    def report(self, caller: Caller, call: str, by: str) -> str:
        """An agent sends a nuisance caller to the station. Returns the batch: `hotline register undo` knows it."""
        batch = new_batch()
        if caller.number:
            half_life = self._half_life
            self._later(lambda: self._store.report(caller.number, call, by, half_life, batch))
        else:
            log.info("an agent reported a caller without a number: there is nobody to enter into the register")
        return batch

    def withdraw(self, call: str, by: str, within: float = 60) -> None:
        """The agent takes the report of this call back, within so many seconds."""
        self._later(lambda: self._store.withdraw(call, by, within))

    def review(self, verdict: Verdict, call: str) -> None:
        """The caller asked for a person in the station: the entry that led there is to be looked at."""
        entry = verdict.entry
        if entry is not None:
            self._later(lambda: self._store.review(entry, call, "station"))

    def _later(self, job: Callable[[], Awaitable[object]]) -> None:
        try:
            self._jobs.put_nowait(job)
        except asyncio.QueueFull:
            log.error("the register cannot be written for too long: %d changes wait, one more is lost", JOBS)

    async def settled(self) -> None:
        """Everything calls have left behind so far is written and seen."""
        await self._jobs.join()

    # ------------------------------------------------------------------ following the database

    async def run(self) -> None:
        """Load in the background, then follow, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write())
            tasks.create_task(self._follow())

    async def _write(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                written = await self._done(job)
                while not written:
                    await asyncio.sleep(POLL)
                    written = await self._done(job)
            finally:
                self._jobs.task_done()

    async def _done(self, job: Callable[[], Awaitable[object]]) -> bool:
        """Written, or never to be; False when the database is away and it is to be tried again."""
        try:
            await job()
            self._over(UNWRITTEN)
        except StoreUnreachable as problem:
            self._trouble(UNWRITTEN, problem)
            return False
        except CannotUndo as problem:
            log.warning("a report stays: %s", problem)
        except Exception:
            log.exception("something could not be written into the register")
        await self._look()
        return True

    async def _look(self) -> None:
        """See what was just written. What cannot be seen now is seen at the next look; it is not written again."""
        try:
            if self.loaded.is_set():
                await self.poll()
        except StoreUnreachable as problem:
            self._trouble(UNREAD, problem)
        except Exception:
            log.exception("the register could not be read")

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        tidied = loaded = loop.time() - max(TIDY, RELOAD_PAUSE)
        while True:
            try:
                crowded = self._index.beside > RELOAD_ABOVE and loop.time() - loaded >= RELOAD_PAUSE
                if crowded or not self.loaded.is_set():
                    loaded = loop.time()
                    await self.load()
                await self.poll()
                self._over(UNREAD)
                if loop.time() - tidied >= TIDY:
                    tidied = loop.time()
                    await self._store.forget_marks(self._clock() - KEEP_MARKS)
            except StoreUnreachable as problem:
                self._trouble(UNREAD, problem)
            except Exception:
                log.exception("the register could not be read")
            await asyncio.sleep(POLL)

    def _trouble(self, what: str, problem: StoreUnreachable) -> None:
        """Said once, however often it is tried again. A full disk lets us read and not write: two troubles."""
        if what not in self._troubles:
            log.warning("%s: %s", what, problem)
        self._troubles.add(what)

    def _over(self, what: str) -> None:
        if what in self._troubles:
            log.info("no longer so: %s", what)
        self._troubles.discard(what)

    async def load(self) -> None:
        """Everything anew, page by page beside the calls; until it is whole, what was known before answers."""
        async with self._reading:
            newest, _ = await self._store.newest()
            columns, others = Columns(), list[tuple[int, Pattern, Listing]]()
            async for rows in self._store.pages(*_LISTING):
                for row in rows:
                    entry, reach, first, last, treatment, *rest = tuple[Any, ...](row)
                    listing = Listing(entry, Reach(reach), Treatment(treatment), *rest)
                    if listing.reach is Reach.EXACT:
                        columns.add(first, listing)
                    else:
                        others.append((entry, Pattern(listing.reach, first, last), listing))
            index = await asyncio.to_thread(_built, columns, others)
            self._index, self._changes = index, Sequel(max(0, newest - OVERLAP))
            if not self.loaded.is_set():
                self._marks = Sequel(0)
                await self._read_marks(since=self._clock() - KEEP_MARKS)
            await self._read_changes()
            self.loaded.set()
            level = logging.INFO if len(columns) or others else logging.DEBUG
            log.log(level, "the register is loaded: %d numbers, %d other entries", len(columns), len(others))

    async def poll(self) -> None:
        """What was changed since, here or by another worker."""
        async with self._reading:
            changed, marked = await self._store.newest()
            if changed > self._changes.seen or self._changes.gaps:
                await self._read_changes()
            if marked > self._marks.seen or self._marks.gaps:
                await self._read_marks()

    async def _read_changes(self) -> None:
        now, full = asyncio.get_running_loop().time(), True
        while full and self._index.beside <= RELOAD_ABOVE:
            changes = await self._store.changes(self._changes.seen, self._changes.gaps)
            self._index.put(
                (c.entry, c.after.pattern, c.after.listing) if c.after else (c.entry, None, None) for c in changes
            )
            self._changes.read((change.seq for change in changes), now)
            full = len(changes) >= AT_ONCE

    async def _read_marks(self, since: float = 0) -> None:
        now, full = asyncio.get_running_loop().time(), True
        while full:
            marks = await self._store.marks(self._marks.seen, self._marks.gaps, since)
            for m in marks:
                (self.history.unmark if m.withdrawn else self.history.mark)(m.number, m.mark, m.at)
            self._marks.read((m.seq for m in marks), now)
            full = len(marks) >= AT_ONCE


def _built(columns: Columns, others: Sequence[tuple[int, Pattern, Listing]]) -> Index:
    columns.close()
    index = Index(columns)
    index.put(others)
    index.loaded()
    return index
