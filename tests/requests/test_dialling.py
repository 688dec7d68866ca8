"""Ringing somebody back, in virtual time: who is rung when, what they hear, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ari_app.call import Digit, Heed, Kind, Prompt, Silence, Speech
from ari_app.errors import CallerHungUp, PbxUnreachable, StoreUnreachable
from ari_app.hours import Hours, Span
from ari_app.records.database import Database
from ari_app.rehearsal import clock
from ari_app.requests.alarms import Alarms
from ari_app.requests.callbacks import Callbacks
from ari_app.requests.dialling import (
    FRESH,
    GiveUp,
    Leave,
    Leg,
    Opening,
    Outcome,
    Policy,
    RingNow,
    Unreached,
    Wait,
    attempt,
    conclude,
    decide,
    opening_of,
)  # fmt: skip
from ari_app.requests.letter import DROPPED
from ari_app.requests.request import Request
from ari_app.requests.states import State
from ari_app.requests.store import Store
from tests.requests.office import ALWAYS, NUMBER, OTHER, SHANGHAI, Wall, filing, posted, settings, shanghai

NO_HEED = Heed(False, frozenset())
OFFICE = Hours(SHANGHAI, workdays=(Span(510, 1050),))
POLICY = Policy(attempts=3, pause=1800, ring_agent=60, ring_caller=30)


def prompt(name: str, seconds: float = 3.0) -> Prompt:
    return Prompt(name, seconds, f"after-sales/zh-CN/{name}")


OPENING = Opening(prompt("introduce"), prompt("verify"), prompt("reason"), prompt("sorry"), patience=5)


def asked(**changes: object) -> Request:
    """A callback filed on a Tuesday at three."""
    at = shanghai("2026-11-24 15:00")
    plain = Request(
        id=1, kind=Kind.CALLBACK, state=State.OPEN, procedure="enquiry", standard="after-sales 3", zone=SHANGHAI,
        call_id="call-1", to="", agent="", urgent=False, rung=True, confirmed=True, recording="", filed_at=at,
        clock="", due_at=None, agreed_at=None, not_before=None, asked=1, attempts=0, claimed_by="", changed_at=at,
        alarmed="", refused="", number=NUMBER, given=NUMBER, taken={},
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


# ------------------------------------------------------------------ a telephone network that is a script


@dataclass
class Person:
    """Somebody on the telephone: what they press when asked, and when they hang up (seconds from answering)."""

    presses: list[str] = field(default_factory=list)  # one entry for each time they are asked; "" for nothing
    hangs_up_after: float = float("inf")


class Handset:
    """A leg in virtual time."""

    def __init__(self, who: str, person: Person, told: Callable[[str], None]) -> None:
        self.who, self._told, self._presses = who, told, iter(person.presses)
        self._loop = asyncio.get_running_loop()
        self._gone_at = self._loop.time() + person.hangs_up_after
        self.released = False

    async def spend(self, seconds: float) -> None:
        left = self._gone_at - self._loop.time()
        waiting = self._loop.create_future()
        self._loop.call_later(max(0.0, min(seconds, left)), waiting.set_result, None)
        await waiting
        if left <= seconds:
            raise CallerHungUp

    async def play(self, prompt: Prompt, heed: Heed = NO_HEED) -> Digit | Speech | None:
        self._told(f"{self.who} hears {prompt.name}")
        await self.spend(prompt.seconds)
        return None

    async def listen(self, patience: float, heed: Heed = NO_HEED) -> Digit | Speech | Silence:
        key = next(self._presses, "")
        assert not heed.voice  # an answering machine speaks
        await self.spend(1.0 if key in heed.keys else patience)
        return Digit(key) if key in heed.keys else Silence(patience)

    async def hang_up(self) -> None:
        if not self.released:
            self.released = True
            self._told(f"{self.who} is let go")
        if self._loop.time() >= self._gone_at:
            raise CallerHungUp


class Network:
    """A `Dialler` over scripted telephones; notes what happens, with virtual seconds."""

    def __init__(self, agent: Person | Unreached, caller: Person | Unreached, talk: float = 60) -> None:
        self._agent, self._caller, self._talk = agent, caller, talk
        self.timeline: list[str] = []

    def told(self, what: str) -> None:
        self.timeline.append(f"{asyncio.get_running_loop().time():.0f} {what}")

    async def _ring(self, who: str, person: Person | Unreached, seconds: float) -> Leg | Unreached:
        self.told(f"{who} is rung")
        loop = asyncio.get_running_loop()
        rung = loop.create_future()
        loop.call_later(seconds if person is Unreached.NO_ANSWER else 4, rung.set_result, None)
        await rung
        return person if isinstance(person, Unreached) else Handset(who, person, self.told)

    async def ring_agent(self, request: Request, seconds: float) -> Leg | Unreached:
        return await self._ring("agent", self._agent, seconds)

    async def ring_caller(self, request: Request, agent: Leg, seconds: float) -> Leg | Unreached:
        return await self._ring("caller", self._caller, seconds)

    async def connect(self, agent: Leg, caller: Leg) -> Outcome:
        assert isinstance(agent, Handset) and isinstance(caller, Handset)
        try:
            await agent.spend(0)  # gone already?
        except CallerHungUp:
            caller.released = True
            self.told("caller goes to the queue")
            return Outcome.QUEUED
        self.told("they talk")
        await agent.spend(self._talk)
        return Outcome.CONNECTED


def ring(network: Network, request: Request | None = None) -> Outcome:
    return clock.run(attempt(network, request or asked(), OPENING, POLICY))


@pytest.mark.rule("S004-M03", "S004-L09", "S000-32", "S004-M04", "S003-15")
def test_the_agent_is_rung_first_then_the_caller_who_hears_who_rings_is_asked_and_is_told_why() -> None:
    network = Network(Person(), Person(["1"]))
    assert ring(network) is Outcome.CONNECTED
    assert network.timeline == [
        "0 agent is rung", "4 caller is rung", "8 caller hears introduce", "11 caller hears verify",
        "15 caller hears reason", "18 they talk", "78 caller is let go", "78 agent is let go",
    ]  # fmt: skip


@pytest.mark.rule("S004-F06", "S004-M11", "S004-U10")
def test_whose_line_dropped_hears_an_apology() -> None:
    network = Network(Person(), Person(["1"]))
    ring(network, asked(procedure=DROPPED))
    assert "15 caller hears sorry" in network.timeline
    assert not any("reason" in line for line in network.timeline)


def test_when_no_agent_is_free_the_callers_telephone_does_not_ring() -> None:
    network = Network(Unreached.NO_ANSWER, Person(["1"]))
    assert ring(network) is Outcome.NO_AGENT
    assert network.timeline == ["0 agent is rung"]


def test_that_they_talked_stays_true_when_asterisk_goes_away_while_the_lines_are_cleared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def gone(handset: Handset) -> None:
        raise PbxUnreachable("the connection is lost")

    monkeypatch.setattr(Handset, "hang_up", gone)
    assert ring(Network(Person(), Person(["1"]))) is Outcome.CONNECTED


@pytest.mark.parametrize("why", [Unreached.NO_ANSWER, Unreached.BUSY, Unreached.FAILED, Unreached.AGENT_LEFT])
def test_when_the_caller_is_not_reached_the_agent_is_free_at_once(why: Unreached) -> None:
    network = Network(Person(), why)
    assert ring(network) == why.value
    assert network.timeline[-1].endswith("agent is let go")


@pytest.mark.rule("S004-M03")
def test_an_answering_machine_is_asked_twice_and_talks_to_nobody() -> None:
    network = Network(Person(), Person([]))
    assert ring(network) is Outcome.NO_KEY
    assert [line for line in network.timeline if "verify" in line] == [
        "11 caller hears verify",
        "19 caller hears verify",
    ]
    assert "they talk" not in " ".join(network.timeline)


@pytest.mark.rule("S004-M03")
def test_who_presses_the_wrong_key_is_asked_again() -> None:
    assert ring(Network(Person(), Person(["5", "1"]))) is Outcome.CONNECTED


def test_who_does_not_want_to_be_rung_says_so_with_a_key() -> None:
    assert ring(Network(Person(), Person(["9"]))) is Outcome.DECLINED


@pytest.mark.parametrize("after", [0.0, 2.0, 5.0, 8.0])
def test_a_caller_who_hangs_up_in_the_introduction_leaves_no_agent_hanging(after: float) -> None:
    network = Network(Person(), Person(["1"], hangs_up_after=after))
    assert ring(network) is Outcome.CALLER_LEFT
    assert network.timeline[-1].endswith("agent is let go")


def test_when_the_agent_hung_up_meanwhile_the_caller_who_pressed_the_key_reaches_another() -> None:
    network = Network(Person(hangs_up_after=5), Person(["1"]))
    assert ring(network) is Outcome.QUEUED
    assert "caller goes to the queue" in " ".join(network.timeline)


@pytest.mark.parametrize("after", [2.0, 6.0, 10.0, 13.0, 30.0])
def test_an_attempt_that_is_cancelled_lets_both_go(after: float) -> None:
    network = Network(Person(), Person(["1"]), talk=600)

    async def cancelled() -> None:
        ringing = asyncio.create_task(attempt(network, asked(), OPENING, POLICY))
        await asyncio.wait((ringing,), timeout=after)
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)

    clock.run(cancelled())
    answered = sum(after > moment for moment in (4, 8))
    assert sum(line.endswith("is let go") for line in network.timeline) == answered


# ------------------------------------------------------------------ when


def verdict(at: str, hours: Hours = ALWAYS, **changes: object) -> RingNow | Wait | GiveUp | Leave:
    return decide(asked(**changes), shanghai(at), hours, POLICY)


@pytest.mark.rule("S004-N13")
@pytest.mark.parametrize(
    ("at", "then"),
    [("11-24 22:00", "11-25 07:00"), ("11-25 06:59", "11-25 07:00"), ("11-25 12:30", "11-25 13:00")],
)
def test_in_quiet_hours_nobody_is_rung(at: str, then: str) -> None:
    assert verdict(f"2026-{at}") == Wait()
    assert verdict(f"2026-{then}") == RingNow()


@pytest.mark.rule("S004-B01", "S004-N13")
def test_out_of_hours_nobody_is_rung_for_nobody_is_there() -> None:
    assert verdict("2026-11-24 17:30", OFFICE) == Wait()
    assert verdict("2026-11-27 19:00", OFFICE) == Wait()
    assert verdict("2026-11-25 09:00", OFFICE) == RingNow()
    assert verdict("2026-11-25 09:00", Hours(SHANGHAI, workdays=())) == Wait()


@pytest.mark.rule("S004-F06", "S004-M11")
def test_a_dropped_caller_has_half_a_minute_to_redial_then_is_rung_whatever_the_hour() -> None:
    filed = shanghai("2026-11-24 22:10")
    dropped: dict[str, Any] = {"procedure": DROPPED, "filed_at": filed, "not_before": filed + timedelta(seconds=30)}
    assert verdict("2026-11-24 22:10:29", **dropped) == Wait()
    assert verdict("2026-11-24 22:10:30", **dropped) == RingNow()
    assert decide(asked(**dropped), filed + FRESH, OFFICE, POLICY) == RingNow()
    assert verdict("2026-11-24 22:15:01", **dropped) == Wait()


def test_what_is_not_for_us_is_left() -> None:
    assert isinstance(verdict("2026-11-24 15:00", state=State.CLAIMED), Leave)
    assert verdict("2026-11-24 15:00", attempts=3) == GiveUp()
    assert verdict("2026-11-24 15:00", number="", refused="is no telephone number") == Leave(
        "the number is no telephone number"
    )


@pytest.mark.parametrize(
    ("outcome", "attempts", "then", "counts"),
    [
        (Outcome.CONNECTED, 0, State.DONE, True),
        (Outcome.QUEUED, 0, State.DONE, True),
        (Outcome.DECLINED, 0, State.CANCELLED, True),
        (Outcome.NO_ANSWER, 0, State.OPEN, True),
        (Outcome.NO_KEY, 2, State.FAILED, True),
        (Outcome.BUSY, 2, State.FAILED, True),
        (Outcome.NO_AGENT, 2, State.OPEN, False),
        (Outcome.AGENT_LEFT, 0, State.OPEN, True),
        (Outcome.AGENT_LEFT, 2, State.FAILED, True),
    ],
)
def test_what_becomes_of_an_attempt(outcome: Outcome, attempts: int, then: State, counts: bool) -> None:
    now = shanghai("2026-11-24 15:00")
    result = conclude(outcome, asked(attempts=attempts), now, POLICY)
    assert (result.then, result.counts) == (then, counts)
    assert result.again is None or result.again > now


# ------------------------------------------------------------------ the round, with a real database


class Exchange:
    """A `Dialler` that gives each attempt its own network, at once; for the round, where real time must not pass."""

    def __init__(self, outcomes: Iterable[Outcome | Exception]) -> None:
        self._outcomes = iter(outcomes)
        self.rung: list[str] = []

    async def ring_agent(self, request: Request, seconds: float) -> Leg | Unreached:
        self.rung.append(request.number)
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        self._now = outcome
        return Unreached.NO_ANSWER if self._now is Outcome.NO_AGENT else Instant("")

    async def ring_caller(self, request: Request, agent: Leg, seconds: float) -> Leg | Unreached:
        if self._now in (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.FAILED, Outcome.AGENT_LEFT):
            return Unreached(self._now)
        return Instant({Outcome.CONNECTED: "1", Outcome.DECLINED: "9"}.get(self._now, ""))

    async def connect(self, agent: Leg, caller: Leg) -> Outcome:
        return Outcome.CONNECTED


class Instant:
    """A leg that answers in no time."""

    def __init__(self, key: str) -> None:
        self._key = key

    async def play(self, prompt: Prompt, heed: Heed = NO_HEED) -> Digit | Speech | None:
        return None

    async def listen(self, patience: float, heed: Heed = NO_HEED) -> Digit | Speech | Silence:
        return Digit(self._key) if self._key else Silence(patience)

    async def hang_up(self) -> None: ...


@dataclass
class Round:
    """One worker's round on a database of its own."""

    store: Store
    wall: Wall
    exchange: Exchange
    callbacks: Callbacks

    async def go(self) -> None:
        await self.callbacks.round()
        await self.callbacks.settled()


def round_of(database: Database, tmp_path: Path, wall: Wall, *outcomes: Outcome | Exception, **given: object) -> Round:
    store, exchange = Store(database), Exchange(outcomes)

    async def connect() -> Store:
        return store

    callbacks = Callbacks(connect, exchange, lambda _: OPENING, lambda: ALWAYS, settings(tmp_path, **given), "1", wall)
    return Round(store, wall, exchange, callbacks)


@pytest.mark.rule("S000-32", "S004-Q03", "S004-M04", "S000-23")
async def test_a_callback_that_connects_is_done(lite: Database, tmp_path: Path, wall: Wall) -> None:
    here = round_of(lite, tmp_path, wall, Outcome.CONNECTED)
    number = await here.store.file(posted(wall.now, filing(clock="complaint-simple")))
    await here.go()
    request = await here.store.get(number)
    assert (request.state, request.stages[0].kept) == (State.DONE, True)
    await here.go()
    assert here.exchange.rung == [NUMBER]


async def test_a_caller_is_rung_three_times_half_an_hour_apart_and_then_people_are_told(
    lite: Database, tmp_path: Path, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    here = round_of(lite, tmp_path, wall, Outcome.NO_ANSWER, Outcome.NO_KEY, Outcome.BUSY)
    number = await here.store.file(posted(wall.now))
    for attempts in (1, 2, 3):
        await here.go()
        await here.go()  # at once again: nobody is rung
        assert len(here.exchange.rung) == attempts
        wall.on(minutes=30)
    request = await here.store.get(number)
    assert (request.state, request.attempts) == (State.FAILED, 3)
    assert [event.note for event in request.history if event.note][1:] == ["no answer", "no key", "busy"]
    assert f"not reached: request {number}" in caplog.text and NUMBER not in caplog.text


async def test_agents_who_do_not_wait_do_not_make_a_telephone_ring_for_ever_and_whom_people_open_again_is_rung(
    lite: Database, tmp_path: Path, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    """Such a request once stayed open, was rung no more, and nobody heard of it."""
    here = round_of(lite, tmp_path, wall, *[Outcome.AGENT_LEFT] * 3, Outcome.CONNECTED)
    number = await here.store.file(posted(wall.now))
    for _ in range(4):
        await here.go()
        wall.on(minutes=1)
    assert (await here.store.get(number)).state is State.FAILED and len(here.exchange.rung) == 3
    assert f"not reached: request {number}" in caplog.text
    await here.store.move(number, State.OPEN, "li", wall.now)
    await here.go()
    assert (await here.store.get(number)).state is State.DONE


async def test_what_was_tried_more_often_than_the_admin_now_wants_is_given_to_people(
    lite: Database, tmp_path: Path, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    generous = round_of(lite, tmp_path, wall, Outcome.NO_ANSWER)
    number = await generous.store.file(posted(wall.now))
    await generous.go()
    wall.on(minutes=30)
    strict = round_of(lite, tmp_path, wall, attempts=1)
    await strict.go()
    await strict.go()
    assert (await strict.store.get(number)).state is State.FAILED and not strict.exchange.rung
    assert caplog.text.count(f"not reached: request {number}") == 1


async def test_a_webhook_that_does_not_listen_holds_up_nobody_who_is_to_be_rung(
    lite: Database, tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    generous = round_of(lite, tmp_path, wall, Outcome.NO_ANSWER)
    await generous.store.file(posted(wall.now))
    await generous.go()
    wall.on(minutes=30)
    strict, listens = round_of(lite, tmp_path, wall, Outcome.CONNECTED, attempts=1), asyncio.Event()

    async def deaf(_alarms: object, _alarm: object) -> None:
        await listens.wait()

    monkeypatch.setattr(Alarms, "insist", deaf)
    other = await strict.store.file(posted(wall.now, filing(), OTHER))
    await asyncio.wait_for(strict.callbacks.round(), 10)
    while (await strict.store.get(other)).state is not State.DONE:
        await asyncio.wait(strict.callbacks._ringing, timeout=0.01, return_when=asyncio.FIRST_COMPLETED)
    listens.set()
    await strict.callbacks.settled()


async def test_without_a_free_agent_no_attempt_is_lost(lite: Database, tmp_path: Path, wall: Wall) -> None:
    here = round_of(lite, tmp_path, wall, *[Outcome.NO_AGENT] * 5, Outcome.CONNECTED)
    number = await here.store.file(posted(wall.now))
    for _ in range(6):
        await here.go()
        wall.on(minutes=1)
    assert (await here.store.get(number)).state is State.DONE


@pytest.mark.rule("S002-06", "S003-15")
async def test_a_fault_is_cleared_by_the_customers_word(lite: Database, tmp_path: Path, wall: Wall) -> None:
    here = round_of(lite, tmp_path, wall, Outcome.CONNECTED)
    number = await here.store.file(posted(wall.now, filing(Kind.TICKET, "fault-preprocess")))
    for _ in range(4):
        await here.go()
        assert here.exchange.rung == []
        await here.store.advance(number, "li", wall.on(minutes=1))
    await here.go()
    request = await here.store.get(number)
    assert (request.state, request.stages[-1].clock.name, request.stages[-1].kept) == (State.DONE, "fault-clear", True)


@pytest.mark.rule("S004-I09", "S004-I10")
async def test_follow_up_calls_are_rung(lite: Database, tmp_path: Path, wall: Wall) -> None:
    here = round_of(lite, tmp_path, wall, Outcome.CONNECTED, Outcome.CONNECTED)
    await here.store.file(posted(wall.now, filing(Kind.TICKET, "delivery-call")))
    await here.store.file(posted(wall.now, filing(Kind.TICKET, "purchase-call"), OTHER))
    await here.go()
    assert sorted(here.exchange.rung) == [NUMBER, OTHER]
    assert await here.store.listing() == []


@pytest.mark.rule("S004-N13")
async def test_at_night_the_round_rings_nobody(lite: Database, tmp_path: Path, wall: Wall) -> None:
    here = round_of(lite, tmp_path, wall, Outcome.CONNECTED)
    await here.store.file(posted(wall.now))
    wall.now = shanghai("2026-11-24 23:00")
    await here.go()
    assert here.exchange.rung == []
    wall.now = shanghai("2026-11-25 07:00")
    await here.go()
    assert here.exchange.rung == [NUMBER]


async def test_an_attempt_that_breaks_is_tried_again_a_minute_later_and_breaks_nothing_else(
    lite: Database, tmp_path: Path, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    here = round_of(lite, tmp_path, wall, RuntimeError("the PBX is on fire"), Outcome.CONNECTED)
    number = await here.store.file(posted(wall.now))
    await here.go()
    assert (await here.store.get(number)).state is State.OPEN
    await here.go()
    assert len(here.exchange.rung) == 1
    wall.on(minutes=1)
    await here.go()
    assert (await here.store.get(number)).state is State.DONE
    assert NUMBER not in caplog.text


async def test_who_was_connected_is_not_rung_again_though_the_database_was_away_when_they_hung_up(
    lite: Database, tmp_path: Path, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    here = round_of(lite, tmp_path, wall, Outcome.CONNECTED)
    number = await here.store.file(posted(wall.now))
    away = StoreUnreachable("the database is away; start it")

    class Cut(Store):
        """A store whose database is away for the second change: the one that says what became of the call."""

        changes = 0

        async def move(self, *arguments: Any, **more: Any) -> None:
            self.changes += 1
            if self.changes == 2:
                raise away
            await super().move(*arguments, **more)

    async def connect() -> Store:
        return cut

    cut = Cut(lite)
    given = settings(tmp_path)
    callbacks = Callbacks(connect, here.exchange, lambda _: OPENING, lambda: ALWAYS, given, "1", wall)
    await callbacks.round()
    await callbacks.settled()
    assert (await here.store.get(number)).state is State.DONE
    assert "waits for the database" in caplog.text


def test_a_standard_without_the_words_rings_nobody() -> None:
    prompts = {part: prompt(f"callback-{part}") for part in ("introduce", "verify", "reason", "apology")}
    opening = opening_of(prompts, 5)
    assert opening is not None and opening.apology.name == "callback-apology"
    del prompts["reason"]
    assert opening_of(prompts, 5) is None


async def test_who_was_cancelled_in_the_meantime_is_not_rung(lite: Database, tmp_path: Path, wall: Wall) -> None:
    here = round_of(lite, tmp_path, wall, Outcome.CONNECTED)
    number = await here.store.file(posted(wall.now))
    await here.store.move(number, State.CANCELLED, "li", wall.now)
    await here.go()
    assert here.exchange.rung == []


async def test_of_two_workers_one_rings(lite: Database, tmp_path: Path, wall: Wall) -> None:
    one, other = (round_of(lite, tmp_path, wall, Outcome.CONNECTED) for _ in range(2))
    await one.store.file(posted(wall.now))
    await asyncio.gather(one.go(), other.go())
    assert len(one.exchange.rung + other.exchange.rung) == 1


async def test_no_more_are_rung_at_once_than_the_admin_wants(lite: Database, tmp_path: Path, wall: Wall) -> None:
    here = round_of(lite, tmp_path, wall, *[Outcome.CONNECTED] * 3, at_once=2)
    for n in range(3):
        await here.store.file(posted(wall.now, number=f"1380013800{n}"))
    await here.go()
    assert len(here.exchange.rung) == 2
    await here.go()
    assert len(here.exchange.rung) == 3


class Hanging(Exchange):
    """A `Dialler` whose agent never answers, or whose lines never clear."""

    def __init__(self, *, clears: bool) -> None:
        super().__init__([Outcome.CONNECTED] * 9)
        self._clears = clears
        self.reached = asyncio.Event()

    async def ring_agent(self, request: Request, seconds: float) -> Leg | Unreached:
        if self._clears:
            self.reached.set()
            await asyncio.Event().wait()
        self._now = Outcome.CONNECTED
        return Instant("")

    async def ring_caller(self, request: Request, agent: Leg, seconds: float) -> Leg | Unreached:
        return Slow(self.reached)


class Slow(Instant):
    """A leg that takes its time to clear."""

    def __init__(self, reached: asyncio.Event) -> None:
        super().__init__("1")
        self._reached = reached

    async def hang_up(self) -> None:
        self._reached.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(("clears", "then"), [(True, State.OPEN), (False, State.DONE)])
async def test_a_worker_told_to_stop_leaves_no_request_claimed_and_forgets_no_conversation(
    lite: Database, tmp_path: Path, wall: Wall, clears: bool, then: State
) -> None:
    store, hanging = Store(lite), Hanging(clears=clears)
    number = await store.file(posted(wall.now))

    async def connect() -> Store:
        return store

    callbacks = Callbacks(connect, hanging, lambda _: OPENING, lambda: ALWAYS, settings(tmp_path), "1", wall)
    running = asyncio.create_task(callbacks.run())
    await asyncio.wait_for(hanging.reached.wait(), 10)
    running.cancel()
    await asyncio.wait((running,), timeout=10)
    assert (await store.get(number)).state is then


async def test_a_worker_told_to_stop_while_it_writes_down_what_came_of_a_call_writes_it(
    lite: Database, tmp_path: Path, wall: Wall
) -> None:
    writing, go_on = asyncio.Event(), asyncio.Event()

    class Slowly(Store):
        """A store that is in the middle of a change."""

        async def move(self, number: int, then: State, *arguments: Any, **more: Any) -> None:
            if then is State.DONE:
                writing.set()
                await go_on.wait()
            await super().move(number, then, *arguments, **more)

    store = Slowly(lite)
    number = await store.file(posted(wall.now))

    async def connect() -> Store:
        return store

    exchange = Exchange([Outcome.CONNECTED])
    callbacks = Callbacks(connect, exchange, lambda _: OPENING, lambda: ALWAYS, settings(tmp_path), "1", wall)
    running = asyncio.create_task(callbacks.run())
    await asyncio.wait_for(writing.wait(), 10)
    running.cancel()
    asyncio.get_running_loop().call_soon(go_on.set)
    await asyncio.wait((running,), timeout=10)
    assert (await store.get(number)).state is State.DONE


async def test_a_standard_without_words_is_told_of_once(
    lite: Database, tmp_path: Path, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    store, exchange = Store(lite), Exchange([])
    await store.file(posted(wall.now))

    async def connect() -> Store:
        return store

    callbacks = Callbacks(connect, exchange, lambda _: None, lambda: ALWAYS, settings(tmp_path), "1", wall)
    await callbacks.round()
    await callbacks.round()
    assert exchange.rung == [] and caplog.text.count("nobody is rung back") == 1
