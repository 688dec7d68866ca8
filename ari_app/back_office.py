"""What a worker keeps beside its calls: records, requests, the register. None of it is needed to serve a caller.

Rule 1: what a call hands in is taken at once, from memory, and written later; a database that is away costs nobody
a call, and loses nothing (records and requests wait on disk).
Rule 2: screening fails open: until the register is loaded, everybody is let in.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from ari_app import agi
from ari_app.ami.drops import Drop, watch_drops
from ari_app.call import NUISANCE, Arrival, Door, Filing, Kind
from ari_app.config import Configuration
from ari_app.ending import at_most, let_go
from ari_app.errors import BrokenStandard, PbxRefused, StoreUnreachable
from ari_app.front_office import Stint
from ari_app.journal import What
from ari_app.procedures.screening import Admit, Caller, Challenge, Divert, Mark, Reject, Verdict
from ari_app.queue_facts import QueueFacts
from ari_app.records.database import Database
from ari_app.records.ledger import Ledger
from ari_app.records.prescriptions import Prescriptions, of_standard
from ari_app.records.record import fold
from ari_app.register.live import LiveRegister
from ari_app.register.numbers import identify
from ari_app.register.store import Store
from ari_app.requests.callbacks import Callbacks
from ari_app.requests.desk import Desk
from ari_app.requests.dialling import Dialler, opening_of
from ari_app.requests.store import Store as RequestStore
from ari_app.standard import Standard, sentences
from ari_app.station import Station

log = logging.getLogger(__name__)

CLOSES_WITHIN = 3.0
"""Seconds for what is still in memory when a worker stops."""
TRY_AGAIN = 5.0
"""Seconds between two attempts to open a database that is away."""
REMEMBERED = 5000
"""Calls whose screening is remembered until they are over."""
STANDARDS = 16
"""Standards whose prescriptions are remembered: each language is one, and each reading of the file."""
MARKS: Mapping[str, Mark] = {"silent": Mark.SILENT, "wrong-number": Mark.WRONG_NUMBER}
"""What a call was that did not end with a person, by a procedure its caller went through."""
ENDED = (What.HANG_UP, What.CALLER_HUNG_UP)
"""How a call ends that says something of its caller; one that we could not finish does not."""


class BackOffice:
    """An `Office` for the switchboard. `async with BackOffice.open(…) as office:` keeps it going."""

    def __init__(self, config: Configuration, standard: Standard) -> None:
        self._config = config
        self._database: Database | None = None
        self._opening = asyncio.Lock()
        self._ledger = Ledger(config.records, config.worker)
        self._queue_facts = QueueFacts(config, self._ledger.keep)
        self._desk = Desk(self._connect, config.requests, config.worker)
        self._register: LiveRegister | None = None
        self._screens = asyncio.Event()
        self._screened: dict[str, tuple[Caller, Verdict]] = {}
        self._reported: set[str] = set()
        self._rules = standard.screening
        self._station = Station(config.station, time.monotonic)
        self._prescriptions: list[tuple[Standard, Prescriptions]] = []
        self.standard = standard
        """The one spoken now: `hotline reload` sets it anew."""
        # Whose line broke off, by number: with whom they were, and until when they may redial.
        self._dropped: dict[str, tuple[str, float]] = {}
        self._asking: asyncio.Task[str | None] | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, config: Configuration, standard: Standard) -> AsyncIterator[BackOffice]:
        """The office at work; at the end it writes what is left, CLOSES_WITHIN seconds at most for each."""
        office = cls(config, standard)
        work = [
            asyncio.create_task(_for_ever(name, task), name=name)
            for name, task in (
                ("records", office._ledger.run()),
                ("the queues", office._queue_facts.run()),
                ("requests", office._desk.run()),
                ("the register", office._keep_register()),
                ("the AGI door", office._keep_door()),
                ("lines that break off", office._watch_drops()),
            )
        ]
        try:
            yield office
        finally:
            office._queue_facts.close()
            await office._ledger.close(CLOSES_WITHIN)
            await office._desk.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(office.learnt(), CLOSES_WITHIN)
            unended = await let_go(work, CLOSES_WITHIN)
            if office._database is not None and not await at_most(CLOSES_WITHIN, office._database.close()):
                unended.append("the database")
            if unended:
                log.error("told to end, and not waited for any longer: %s", ", ".join(unended))

    async def screens(self) -> None:
        """Until callers are judged by the whole register."""
        await self._screens.wait()
        if self._register is not None:
            await self._register.loaded.wait()

    async def learnt(self) -> None:
        """Until the register knows all that calls have taught it so far."""
        if self._register is not None:
            await self._register.settled()

    # ------------------------------------------------------------------ who is rung back

    async def ring_back(self, dialler: Dialler) -> None:
        """Ring whoever is to be rung, in the words of the standard that is spoken now, until cancelled."""
        settings = self._config.requests
        if not settings.ring:
            return
        callbacks = Callbacks(
            self._requests,
            dialler,
            lambda request: opening_of(self.standard.desk.rings_back, self.standard.desk.patience),
            lambda: self.standard.hours or settings.always,
            settings,
            self._config.worker,
        )
        await _for_ever("callbacks", callbacks.run())

    async def _requests(self) -> RequestStore:
        return RequestStore(await self._connect())

    async def _watch_drops(self) -> None:
        """Hear of lines that break; without an AMI password of ours nobody tells us."""
        if not self._config.ami.password.get_secret_value():
            return
        try:
            await watch_drops(self._config.ami, self._drop)
        except PbxRefused as problem:
            log.error("%s; until this worker is started again, nobody is rung whose line breaks off", problem)

    def _drop(self, drop: Drop) -> None:
        """They are given time to redial, then they are rung, with an apology (S004-F06, CON-28)."""
        number = self._desk.known(drop.number)
        if number:
            self._dropped[number] = (drop.agent, asyncio.get_running_loop().time() + self._config.requests.redial)
        self._desk.dropped(drop.call_id, drop.number, drop.agent, self.standard)

    def returning(self, arrival: Arrival) -> str:
        now = asyncio.get_running_loop().time()
        self._dropped = {number: kept for number, kept in self._dropped.items() if kept[1] > now}
        agent, _ = self._dropped.pop(self._desk.known(arrival.number), ("", 0.0))
        if agent:
            self._asking = asyncio.create_task(self._desk.redialled(arrival.number))  # nobody rings them now
        return agent

    # ------------------------------------------------------------------ what calls hand in: at once, from memory

    def verdict(self, call_id: str, arrival: Arrival, standard: Standard) -> str:
        if self._register is None:
            return ""
        if standard.screening != self._rules:  # read anew
            self._rules = standard.screening
            self._register.use([self._rules])
        at = arrival.at or datetime.now(UTC)
        at = at if standard.hours is None else at.astimezone(standard.hours.zone)
        caller, verdict = self._register.screen(
            arrival.number, arrival.dialled, standard.screening, at, arrival.attestation
        )
        if len(self._screened) >= REMEMBERED:
            del self._screened[next(iter(self._screened))]
        self._screened[call_id] = (caller, verdict)
        match verdict:
            case Admit():
                return ""
            case Challenge():
                return "challenge"
            case _:
                return "station"  # nobody is turned away without a way out (S000-28)

    def place(self, call_id: str) -> bool:
        return self._station.take_place(call_id)

    def file(self, stint: Stint, filing: Filing) -> None:
        arrival = stint.arrival
        # Another kind is another filing, whatever its number: an adopted caller may decide otherwise than before.
        same = f"{stint.call_id} {filing.key} {filing.kind} {filing.procedure}" if filing.key else ""
        self._desk.file(stint.call_id, arrival.number, filing, stint.standard, arrival.agent, same)
        if filing.kind is Kind.ALERT and filing.procedure == NUISANCE:
            self._report(stint)

    def over(self, stint: Stint) -> None:
        turned = self._station.leave(stint.call_id)
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
            verdict="" if arrival.suspected == NUISANCE else arrival.suspected,
            rang=arrival.rang if arrival.door is Door.INCOMING else None,
        )
        self._ledger.keep(record)
        self._queue_facts.follow(record)
        if arrival.door is Door.PROCEDURE and arrival.procedure == NUISANCE:
            self._report(stint)
        self._reported.discard(stint.call_id)
        self._learn(stint, turned)
        log.info("call over after %d milestones: %s", len(stint.journal), stint.journal.last)
        log.debug("journal\n%s", stint.journal)

    # ------------------------------------------------------------------ what calls teach the register

    def _report(self, stint: Stint) -> None:
        """An agent pressed the key for nuisance: said once, also when the caller hung up at the first word."""
        if self._register is None or stint.call_id in self._reported:
            return
        self._reported.add(stint.call_id)
        self._register.report(self._identify(stint.arrival), stint.call_id, stint.arrival.agent or "agent")

    def _learn(self, stint: Stint, turned: bool) -> None:
        """A silent or misdialled call counts; who asks for a person in the station makes its entry doubtful.

        Who passes a challenge, or found no place in the station, has said nothing about their entry.
        """
        register, journal = self._register, stint.journal
        caller, verdict = self._screened.pop(stint.call_id, (None, None))
        if register is None:
            return
        left_for_a_person = journal.last == "hand off"
        entered = {str(m.detail).rpartition(" ")[0] for m in journal if m.what == "enter"}
        at_station = isinstance(verdict, Divert | Reject) and stint.standard.desk.station.name in entered
        if verdict is not None and at_station and left_for_a_person and not turned:
            register.review(verdict, stint.call_id)
        for procedure, mark in MARKS.items():
            if procedure in entered and journal.last in ENDED:
                register.note(caller or self._identify(stint.arrival), mark, stint.call_id)
                return

    def _identify(self, arrival: Arrival) -> Caller:
        return identify(arrival.number, arrival.dialled, "", self._config.requests.region)

    def _prescribed(self, standard: Standard) -> Prescriptions:
        """By the standard of this very call: one that was read anew may bear the number it had."""
        for known, prescribed in self._prescriptions:
            if known is standard:
                return prescribed
        try:
            prescribed = of_standard(standard, sentences(standard.folder))
        except BrokenStandard:  # somebody is changing the file: a record without its sentences' rules is one
            return of_standard(standard)
        self._prescriptions = [(standard, prescribed), *self._prescriptions[: STANDARDS - 1]]
        return prescribed

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
        register.use([self._rules])
        self._register = register
        self._screens.set()
        await register.run()

    async def _keep_door(self) -> None:
        """The AGI door, when there is to be one; a port that is taken is tried again."""
        settings = self._config.agi
        if not settings.port:
            return
        while True:
            try:
                door = await agi.serve(self._judge, settings.host, settings.port)
                break
            except OSError as problem:
                log.error("the AGI door is shut: %s port %d: %s", settings.host, settings.port, problem.strerror)
                await asyncio.sleep(TRY_AGAIN)
        log.info("the AGI door is open: %s port %d", settings.host, door.port)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await door.close()

    def _judge(self, caller: agi.Asked) -> agi.Answer:
        if self._register is None:
            return agi.ADMITTED
        return agi.judged_by(self._register, lambda: self._rules, lambda: datetime.now().astimezone())(caller)


async def _for_ever(name: str, work: Coroutine[Any, Any, None]) -> None:
    """Work beside the calls: when it ends by a bug, that is told, and calls go on."""
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("%s: nobody looks after this any more; calls go on", name)
