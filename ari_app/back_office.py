"""What a worker keeps beside its calls: records, requests, the register. None of it is needed to serve a caller.

Rule 1: what a call hands in is taken at once, from memory, and written later; a database that is away costs nobody
a call, and loses nothing (records and requests wait on disk).
Rule 2: screening fails open: until the register is loaded, everybody is let in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from ari_app.call import Arrival, Door, Filing, Kind
from ari_app.config import Configuration
from ari_app.errors import BrokenStandard, StoreUnreachable
from ari_app.front_office import Stint
from ari_app.journal import What
from ari_app.procedures.screening import Admit, Caller, Challenge, Mark, Screening, Verdict
from ari_app.records.database import Database
from ari_app.records.ledger import Ledger
from ari_app.records.prescriptions import Prescriptions, of_standard
from ari_app.records.record import fold
from ari_app.register.live import LiveRegister
from ari_app.register.store import Store
from ari_app.requests.desk import Desk
from ari_app.standard import Standard, sentences

log = logging.getLogger(__name__)

CLOSES_WITHIN = 3.0
"""Seconds for what is still in memory when a worker stops."""
TRY_AGAIN = 5.0
"""Seconds between two attempts to open a database that is away."""
REMEMBERED = 5000
"""Calls whose screening is remembered until they are over."""
MARKS: Mapping[str, Mark] = {"silent": Mark.SILENT, "wrong-number": Mark.WRONG_NUMBER}
"""What a call was, by the last procedure its caller heard to its end."""
ENDED = (What.HANG_UP, What.CALLER_HUNG_UP)
"""How a call ends that says something of its caller; one that we could not finish does not."""
NUISANCE = "harassment"
"""The procedure by which an agent gives a nuisance caller to the station (S000-28)."""


class BackOffice:
    """An `Office` for the switchboard. `async with BackOffice.open(…) as office:` keeps it going."""

    def __init__(self, config: Configuration, standard: Standard) -> None:
        self._config = config
        self._database: Database | None = None
        self._opening = asyncio.Lock()
        self._ledger = Ledger(config.records, config.worker)
        self._desk = Desk(self._connect, config.requests, config.worker)
        self._register: LiveRegister | None = None
        self._screened: dict[str, tuple[Caller, Verdict]] = {}
        self._prescriptions: dict[tuple[str, int], Prescriptions] = {}
        self._standard = standard

    @classmethod
    @asynccontextmanager
    async def open(cls, config: Configuration, standard: Standard) -> AsyncIterator[BackOffice]:
        """The office at work; at the end it writes what is left, CLOSES_WITHIN seconds at most for each."""
        office = cls(config, standard)
        work = [
            asyncio.create_task(_for_ever(name, task))
            for name, task in (
                ("records", office._ledger.run()),
                ("requests", office._desk.run()),
                ("the register", office._keep_register()),
            )
        ]
        try:
            yield office
        finally:
            await office._ledger.close(CLOSES_WITHIN)
            await office._desk.close()
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            if office._database is not None:
                await office._database.close()

    # ------------------------------------------------------------------ what calls hand in: at once, from memory

    def verdict(self, call_id: str, arrival: Arrival, standard: Standard) -> str:
        if self._register is None:
            return ""
        at = arrival.at or datetime.now(UTC)
        caller, verdict = self._register.screen(arrival.number, arrival.dialled, standard.screening, at)
        if len(self._screened) < REMEMBERED:
            self._screened[call_id] = (caller, verdict)
        match verdict:
            case Admit():
                return ""
            case Challenge():
                return "challenge"
            case _:
                return "station"  # nobody is turned away without a way out (S000-28)

    def file(self, stint: Stint, filing: Filing) -> None:
        arrival = stint.arrival
        self._desk.file(stint.call_id, arrival.number, filing, stint.standard, arrival.agent)
        if filing.kind is Kind.ALERT and filing.procedure == NUISANCE and self._register is not None:
            caller, _ = self._screened.get(stint.call_id, (self._identify(arrival), None))
            self._register.report(caller, stint.call_id, arrival.agent or "agent")

    def over(self, stint: Stint) -> None:
        caller, verdict = self._screened.pop(stint.call_id, (None, None))
        standard, arrival = stint.standard, stint.arrival
        record = fold(
            stint.journal,
            call_id=stint.call_id,
            worker=self._config.worker,
            began=stint.began,
            arrival=arrival,
            standard=standard.name,
            version=standard.version,
            language=standard.language,
            prescriptions=self._prescribed(standard),
            settings=self._config.records,
            verdict=arrival.verdict,
            rang=arrival.rang if arrival.door is Door.INCOMING else None,
        )
        self._ledger.keep(record)
        self._learn(stint, caller or self._identify(arrival), verdict)
        log.info("call over after %d milestones: %s", len(stint.journal), stint.journal.last)
        log.debug("journal\n%s", stint.journal)

    # ------------------------------------------------------------------ what calls teach the register

    def _learn(self, stint: Stint, caller: Caller, verdict: Verdict | None) -> None:
        """A silent or misdialled call counts; who asks for a person in the station makes its entry doubtful."""
        register = self._register
        if register is None:
            return
        asked_for = str(stint.journal.last) == "hand off"
        if asked_for and verdict is not None and not isinstance(verdict, Admit):
            register.review(verdict, stint.call_id)
        entered = {str(m.detail).rpartition(" ")[0] for m in stint.journal if m.what == "enter"}
        for procedure, mark in MARKS.items():
            if procedure in entered and stint.journal.last in ENDED:
                register.note(caller, mark, stint.call_id)
                return

    def _identify(self, arrival: Arrival) -> Caller:
        register = self._register
        if register is None:
            return Caller()
        at = arrival.at or datetime.now(UTC)
        return register.screen(arrival.number, arrival.dialled, Screening(), at)[0]

    def _prescribed(self, standard: Standard) -> Prescriptions:
        key = (standard.name, standard.version)
        if key not in self._prescriptions:
            try:
                self._prescriptions[key] = of_standard(standard, sentences(standard.folder))
            except BrokenStandard:  # somebody is changing the file: a record without its sentences' rules is one
                return of_standard(standard)
        return self._prescriptions[key]

    # ------------------------------------------------------------------ the database

    async def _connect(self) -> Database:
        """The open database; raises StoreUnreachable while it is away."""
        async with self._opening:
            if self._database is None:
                self._database = await Database.open(self._config.records.database)
            return self._database

    async def _keep_register(self) -> None:
        """Load it in the background and follow it; until then everybody is let in."""
        while True:
            try:
                database = await self._connect()
                break
            except StoreUnreachable as problem:
                log.warning("the register is not there, everybody is let in: %s", problem)
                await asyncio.sleep(TRY_AGAIN)
        register = LiveRegister(Store(database), home=self._config.requests.region)
        register.use([self._standard.screening])
        self._register = register
        await register.run()


async def _for_ever(name: str, work: Coroutine[Any, Any, None]) -> None:
    """Work beside the calls: when it ends by a bug, that is told, and calls go on."""
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("%s: nobody looks after this any more; calls go on", name)
