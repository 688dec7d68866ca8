"""The desk: takes what calls file, writes it down, and looks at the clocks.

Rule 1: `file` returns at once and raises nothing, whatever becomes of database and disk.
Rule 2: a letter is forgotten only when the database or the disk has it; written twice, it is there once.
Rule 3: one at a time writes, in the order of filing, and nobody who waits for it makes it stop.
Rule 4: the disk is touched in a thread of our own, which does one thing at a time: one that was given up on ends
before the next begins.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from ari_app.call import Filing, Kind
from ari_app.ending import at_most
from ari_app.errors import BrokenConfiguration, StoreUnreachable
from ari_app.records.database import Database
from ari_app.records.spool import Spool
from ari_app.requests.alarms import Alarms, Why, of_letter, of_request
from ari_app.requests.letter import DROPPED, Letter, Promises, from_line, to_line, write
from ari_app.requests.numbers import Refused, vet
from ari_app.requests.settings import RequestsSettings
from ari_app.requests.store import Store

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST = 50_000
"""Letters kept in memory while neither database nor disk takes them."""
SPOOL = 64 << 20
"""Bytes that wait on disk at most; some 50,000 filings."""
AT_ONCE = 500
"""Letters read from the disk at a time."""
ANSWER_WITHIN = 0.5
"""Seconds in which we hope to learn whether who rings now was to be rung by us: no caller waits for it (who was with
an agent is known from memory, back_office.py). A database that needs longer is asked to the end all the same."""
CLOSE_WITHIN = 10.0
"""Seconds in which the last letters are written; then they go to the spool, in as many at most."""
LAST_TRY = 1.0
"""Seconds for whoever is writing to make room; then the spool takes letters beside them."""

Connect = Callable[[], Awaitable[Database]]


class Desk:
    """Everything calls leave behind for people to do."""

    def __init__(
        self,
        connect: Connect,
        settings: RequestsSettings,
        worker: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`connect` gives the open database; it raises StoreUnreachable while it is away. Who opened it closes it."""
        self._connect, self._settings, self._now = connect, settings, now
        self._spool = Spool(settings.spool_folder, worker, SPOOL)
        self._thread = ThreadPoolExecutor(1, "requests")
        self._spooled = True  # perhaps: a former run may have left something
        self._letters: deque[Letter] = deque()
        self._filed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._away = self._unreadable = False
        self._alarms = Alarms(settings)
        self.looked = asyncio.Event()
        """Set whenever the clocks have been looked at."""
        self._telling: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Task[str | None]] = set()

    # ------------------------------------------------------------------ what calls do

    def file(
        self, call_id: str, number: str, filing: Filing, standard: Promises, agent: str = "", key: str = ""
    ) -> None:
        """Something was filed on a call. `number`: the one the caller rang from; `key`: see letter.write."""
        try:
            if len(self._letters) >= MOST:
                log.error("a filing is lost: %d wait, and neither database nor disk takes them", len(self._letters))
                return
            self._letters.append(write(call_id, number, filing, standard, self._settings, self._now(), agent, key))
            self._filed.set()
        except Exception:
            log.exception("a filing could not be taken")

    def dropped(self, call_id: str, number: str, agent: str, standard: Promises) -> None:
        """The line of a caller broke off while they were with an agent: they have time to redial, then they are
        rung, with an apology (S004-F06, S004-M11, CON-28). Every worker may tell of it: it is written once.
        """  # fmt: skip
        self.file(call_id, number, Filing(Kind.CALLBACK, DROPPED, clock=DROPPED), standard, agent, f"drop {call_id}")

    def known(self, number: str) -> str:
        """The number as it is written down, "" for one we may not ring."""
        settings = self._settings
        vetted = vet(number, settings.region, tuple(settings.allowed_prefixes), settings.internal_digits)
        return "" if isinstance(vetted, Refused) else vetted.number

    async def redialled(self, number: str) -> str | None:
        """Somebody rings: were they to be rung because their line broke off? Then they are not any more.

        The agent they were with ("" when unknown) is where they go first; None for everybody else, and when the
        database does not answer within ANSWER_WITHIN: what was asked of it then goes on by itself (ending.py).
        """
        known = self.known(number)
        if not known:
            return None
        task = asyncio.create_task(self._take_back(known, self._now()), name="whether a caller redials")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        await asyncio.wait((task,), timeout=ANSWER_WITHIN)
        if not task.done():
            log.warning("whether a caller redials is not known within %g s", ANSWER_WITHIN)
            return None
        return task.result()

    async def _take_back(self, number: str, rang: datetime) -> str | None:
        try:
            await self.write()  # what was filed when the line broke, perhaps a moment ago, is there to be found
            return await (await self._store()).redialled(number, DROPPED, rang)
        except Exception as problem:  # a caller is on the line
            log.warning("whether a caller redials could not be looked up: %s", type(problem).__name__)
            return None

    # ------------------------------------------------------------------ what the desk does

    async def run(self) -> None:
        """Write what is filed, and look at the clocks, until cancelled."""
        await asyncio.gather(self._write_for_ever(), self._look_for_ever())

    async def _write_for_ever(self) -> None:
        while True:
            self._filed.clear()
            await self._write_safely()
            try:
                async with asyncio.timeout(self._settings.look_every):  # what waits on disk is tried again
                    await self._filed.wait()
            except TimeoutError:
                pass

    async def _look_for_ever(self) -> None:
        """Beside the writing: a webhook that does not answer holds up nobody's filing."""
        while True:
            await self._look()
            await asyncio.sleep(self._settings.look_every)

    async def _write_safely(self) -> None:
        try:
            await self.write()
        except Exception:
            log.exception("what was filed could not be written; it is tried again")

    async def close(self) -> None:
        """Write what was filed last; what cannot be written within CLOSE_WITHIN goes to the spool. Raises nothing."""
        await at_most(CLOSE_WITHIN, self._write_safely())
        if self._asking:
            await asyncio.wait(tuple(self._asking), timeout=LAST_TRY)
        alone = await at_most(LAST_TRY, self._writing.acquire())  # for good: a closed desk writes nothing
        if await at_most(CLOSE_WITHIN, self._to_spool()) and alone:
            await at_most(LAST_TRY, self._on_disk(self._spool.close))
        self._thread.shutdown(wait=False)
        if self._letters:
            log.error("%d filings are lost: neither database nor disk takes them", len(self._letters))
        if self._telling:
            _, unheard = await asyncio.wait(tuple(self._telling), timeout=self._settings.webhook_within)
            for task in unheard:
                task.cancel()

    async def write(self) -> None:
        """Everything filed so far goes into the database, or to the disk when it is away."""
        async with self._writing:
            try:
                if self._spooled:
                    await self._replay_if_readable()
                while self._letters:
                    await self._write_one(self._letters[0])
                    self._letters.popleft()
            except (StoreUnreachable, BrokenConfiguration, OSError) as problem:
                self._is_away(problem)
                await self._to_spool()

    async def _write_one(self, letter: Letter) -> None:
        number = await self._put(letter)
        if letter.urgent:
            self._tell(letter, number)

    async def _put(self, letter: Letter) -> int | None:
        """Into the database; what it refuses for good is set aside, so that the next ones are not held up."""
        store = await self._store()
        try:
            number = await store.file(letter)
        except StoreUnreachable:
            raise
        except Exception:  # a zone this machine has not, a value no column takes …
            log.error("the database refuses a filing; it is set aside beside the spool, in a file named .broken")
            await self._on_disk(lambda: self._spool.set_aside(to_line(letter)))
            number = None
        self._is_there()
        return number

    async def _replay_if_readable(self) -> None:
        """A disk that is away is no reason to keep from the database what is in memory."""
        try:
            await self._replay()
        except OSError as problem:
            if not self._unreadable:
                log.error("filings on disk cannot be read: %s; is the spool's folder ours?", problem.strerror)
            self._unreadable = True
        else:
            self._unreadable = False

    async def _replay(self) -> None:
        """What waited on disk goes into the database, before what was filed since."""
        written = 0
        while lines := await self._on_disk(lambda: self._spool.read(AT_ONCE)):
            for line in lines:
                try:
                    await self._put(from_line(line))
                except ValueError:  # not written by us
                    await self._on_disk(partial(self._spool.set_aside, line))
            await self._on_disk(partial(self._spool.forget, lines))
            written += len(lines)
        self._spooled = False
        if written:
            log.info("%d filings that waited on disk are in the database", written)

    async def _to_spool(self) -> None:
        waiting = list(self._letters)
        if not waiting:
            return
        try:
            kept = await self._on_disk(lambda: self._spool.append([to_line(letter) for letter in waiting]))
        except OSError as problem:
            log.error("%d filings wait in memory, the disk does not take them: %s", len(waiting), problem.strerror)
            return
        self._spooled = True
        for letter in waiting[:kept]:
            self._letters.popleft()
            if letter.urgent:
                self._tell(letter, None)

    async def _on_disk(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _is_away(self, problem: Exception) -> None:
        if not self._away:
            told = problem if isinstance(problem, StoreUnreachable | BrokenConfiguration) else type(problem).__name__
            log.error("filings wait on disk until the database is back: %s", told)
        self._away = True

    def _is_there(self) -> None:
        if self._away:
            log.info("the database is back")
        self._away = False

    # ------------------------------------------------------------------ clocks

    async def _look(self) -> None:
        """Who waits longer than promised is told of, once."""
        try:
            store, now = await self._store(), self._now()
            await store.reopen(now)
            await store.forget(now - timedelta(days=self._settings.keep_days))
            for request in await store.unkept(now):
                if await self._alarms.tell(of_request(Why.OVERDUE, request)):
                    await store.alarmed(request)
        except (StoreUnreachable, BrokenConfiguration) as problem:
            self._is_away(problem)
        except Exception:
            log.exception("the clocks could not be looked at")
        else:
            self._is_there()
        self.looked.set()

    def _tell(self, letter: Letter, number: int | None) -> None:
        """Beside everything else, like the looking."""
        task = asyncio.create_task(self._alarms.insist(of_letter(letter, number)))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _store(self) -> Store:
        return Store(await self._connect())
