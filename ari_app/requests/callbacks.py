"""The round of callbacks: looks who is to be rung, rings a few at a time, writes down what became of it.

Rule 1: a request is claimed before anybody is rung: of two workers one rings.
Rule 2: nothing but cancellation ends the round; what breaks is told, and the request is open again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from ari_app.call import Kind
from ari_app.errors import RequestRefused, StoreUnreachable
from ari_app.hours import Hours
from ari_app.requests.alarms import Alarms, Why, of_request
from ari_app.requests.dialling import Dialler, GiveUp, Opening, Outcome, Policy, RingNow, attempt, conclude, decide
from ari_app.requests.request import Request
from ari_app.requests.settings import RequestsSettings
from ari_app.requests.states import State
from ari_app.requests.store import ABANDONED, Store

log = logging.getLogger(__name__)

KEEP_EVERY = ABANDONED.total_seconds() / 3
"""Seconds after which a claim is renewed while its call lasts."""
BROKEN_PAUSE = 60.0
"""Seconds until a request whose attempt broke is tried again."""


def policy_of(settings: RequestsSettings) -> Policy:
    """How patient hotline.yaml wants us to be."""
    return Policy(settings.attempts, settings.pause, settings.ring_agent, settings.ring_caller)


class Callbacks:
    """One worker's round."""

    def __init__(
        self,
        store: Callable[[], Awaitable[Store]],
        dialler: Dialler,
        opening: Callable[[Request], Opening | None],
        hours: Callable[[], Hours],
        settings: RequestsSettings,
        worker: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`opening` gives the words for a request (None: there are none, and nobody is rung), `hours` those of the
        standard that is spoken now."""
        self._store, self._dialler, self._opening, self._hours = store, dialler, opening, hours
        self._settings, self._policy, self._now = settings, policy_of(settings), now
        self._alarms = Alarms(settings)
        self._name = f"worker {worker}"
        self._ringing: set[asyncio.Task[None]] = set()
        self._speechless = False

    async def run(self) -> None:
        """Ring whoever is to be rung, until cancelled; whoever is on the line then is let go."""
        try:
            while True:
                await self._round_safely()
                await asyncio.sleep(self._settings.look_every)
        finally:
            for task in self._ringing:
                task.cancel()
            await self.settled()

    async def round(self) -> None:
        """Begin to ring those who may be rung now, as many as we ring at once."""
        store = await self._store()
        for request in await store.ready(self._now()):
            if len(self._ringing) >= self._settings.at_once:
                break
            match decide(request, self._now(), self._hours(), self._policy):
                case RingNow():
                    opening = self._opening(request)
                    if opening is None:
                        self._is_speechless()
                        break
                    self._begin(self._ring(store, request, opening))
                case GiveUp():  # the admin wants fewer attempts than there were
                    self._begin(self._give_up(store, request))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside the round: a conversation takes its time, and so does a webhook that does not listen."""
        task = asyncio.create_task(work)
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    async def _give_up(self, store: Store, request: Request) -> None:
        try:
            await store.move(request.id, State.FAILED, self._name, self._now(), "tried as often as we try")
        except (RequestRefused, StoreUnreachable) as problem:  # somebody was quicker, or we look again
            log.info("giving up: %s", problem)
        else:
            await self._alarms.insist(of_request(Why.NOT_REACHED, request))

    async def settled(self) -> None:
        """Until everybody who was rung is off the line and written down."""
        await asyncio.gather(*self._ringing, return_exceptions=True)

    async def _round_safely(self) -> None:
        try:
            await self.round()
        except StoreUnreachable as problem:
            log.warning("callbacks wait for the database: %s", problem)
        except Exception:
            log.exception("a round of callbacks broke")

    def _is_speechless(self) -> None:
        if not self._speechless:
            log.error("the standard has no words for whom we ring (callback-introduce …): nobody is rung back")
        self._speechless = True

    async def _ring(self, store: Store, request: Request, opening: Opening) -> None:
        outcome: Outcome | None = None
        try:
            await store.move(request.id, State.CLAIMED, self._name, self._now())
            keeping = asyncio.create_task(self._keep(store, request))

            def learn(news: Outcome) -> None:
                nonlocal outcome
                outcome = news

            try:
                outcome = await attempt(self._dialler, request, opening, self._policy, learn)
            except asyncio.CancelledError:
                if outcome is None:
                    raise
                # told to stop while the lines were cleared: what came of the call is written down all the same
            finally:
                keeping.cancel()
                if outcome is None:  # broken or cancelled: open again, for us or for another worker
                    await self._open_again(store, request)
            writing = asyncio.create_task(self._conclude_surely(store, request, outcome))
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:  # told to stop: what is being written is written; told again, it is not
                await writing
        except RequestRefused as problem:  # somebody was quicker, or finished or cancelled it meanwhile
            log.info("ringing: %s", problem)
        except Exception:
            log.exception("ringing for request %d broke", request.id)

    async def _keep(self, store: Store, request: Request) -> None:
        """A long conversation is no abandoned request: nobody else is to ring this caller meanwhile."""
        while True:
            await asyncio.sleep(KEEP_EVERY)
            try:
                await store.keep(request.id, self._name, self._now())
            except StoreUnreachable as problem:
                log.warning("the claim of request %d is not kept: %s", request.id, problem)

    async def _conclude_surely(self, store: Store, request: Request, outcome: Outcome) -> None:
        """Who was connected is not rung again because the database was away when they hung up."""
        while True:
            try:
                return await self._conclude(store, request, outcome)
            except StoreUnreachable as problem:
                log.warning("what became of request %d waits for the database: %s", request.id, problem)
                await asyncio.sleep(self._settings.look_every)

    async def _conclude(self, store: Store, request: Request, outcome: Outcome) -> None:
        now = self._now()
        result = conclude(outcome, request, now, self._policy)
        if outcome in (Outcome.CONNECTED, Outcome.QUEUED) and request.kind is not Kind.CALLBACK:
            await store.advance(request.id, self._name, now, outcome)
            if (await store.get(request.id)).state is State.CLAIMED:  # a later clock runs, for people
                await store.move(request.id, State.OPEN, self._name, now)
        elif result.then in (State.OPEN, State.FAILED):
            await store.tried(request.id, result.then, self._name, now, outcome, result.again, result.counts)
        else:
            await store.move(request.id, result.then, self._name, now, outcome)
        if result.then is State.FAILED:
            await self._alarms.insist(of_request(Why.NOT_REACHED, request))

    async def _open_again(self, store: Store, request: Request) -> None:
        now, note = self._now(), "the attempt did not come to its end"
        again = now + timedelta(seconds=BROKEN_PAUSE)
        try:
            await store.tried(request.id, State.OPEN, self._name, now, note, again, counts=False)
        except (RequestRefused, StoreUnreachable) as problem:
            log.warning("request %d stays claimed for a while: %s", request.id, problem)
