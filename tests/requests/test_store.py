"""Requests in the database: once, in order, and only along the ways there are."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ari_app.call import Kind
from ari_app.errors import RequestRefused
from ari_app.records.database import Database
from ari_app.requests.letter import DROPPED, URGENT
from ari_app.requests.states import LIVE, WAYS, State, may
from ari_app.requests.store import ABANDONED, EARLY, Store
from ari_app.requests.tables import HISTORY, REQUEST
from tests.requests.office import NUMBER, OTHER, Wall, filing, posted, shanghai


@pytest.mark.rule("S000-20", "S000-C14")
async def test_what_was_filed_is_there_with_its_clock_and_its_history(store: Store, wall: Wall) -> None:
    what = filing(Kind.TICKET, "complaint-simple", to="supervisor", taken={"number": "13800138000"}, confirmed=True)
    request = await store.get(await store.file(posted(wall.now, what, number="")))
    assert (request.kind, request.state, request.to, request.number) == (Kind.TICKET, State.OPEN, "supervisor", NUMBER)
    assert request.due_at == wall.now + timedelta(hours=2)
    assert (request.stages[0].clock.rule, request.stages[0].started) == ("S000-20", wall.now)
    assert request.confirmed and request.taken == {"number": "13800138000"} and not request.rung
    assert [(event.what, event.by, event.at) for event in request.history] == [("filed", "call", wall.now)]


async def test_a_letter_written_twice_is_there_once(store: Store, wall: Wall) -> None:
    letter = posted(wall.now, filing(Kind.MESSAGE))
    assert await store.file(letter) == await store.file(letter)
    assert len(await store.listing()) == 1


async def test_a_letter_written_by_six_at_once_is_there_once(store: Store, wall: Wall) -> None:
    letters = [posted(wall.now, filing(Kind.MESSAGE))] * 6
    assert len(set(await asyncio.gather(*map(store.file, letters)))) == 1
    assert len(await store.listing()) == 1


@pytest.mark.rule("S000-32")
async def test_who_asks_twice_to_be_rung_is_rung_once_and_the_first_promise_stands(store: Store, wall: Wall) -> None:
    first = await store.file(posted(wall.now, filing(clock="complaint-simple")))
    due = (await store.get(first)).due_at
    letter = posted(wall.on(minutes=30), filing(clock="complaint-complex", recording="voice-2", confirmed=True))
    assert await store.file(letter) == await store.file(letter) == first
    request = await store.get(first)
    assert (request.asked, request.due_at, request.recording, request.confirmed) == (2, due, "voice-2", True)
    assert [event.what for event in request.history] == ["filed", "asked again"]
    await store.move(first, State.DONE, "li", wall.now)
    assert await store.file(posted(wall.now)) != first


async def test_six_who_ask_at_once_for_one_number_are_one_callback(store: Store, wall: Wall) -> None:
    await asyncio.gather(*(store.file(posted(wall.now)) for _ in range(6)))
    (request,) = await store.listing()
    assert request.asked == 6


async def test_messages_and_other_numbers_do_not_join(store: Store, wall: Wall) -> None:
    for what, number in (
        (filing(), NUMBER),
        (filing(), OTHER),
        (filing(Kind.MESSAGE), NUMBER),
        (filing(), "anonymous"),
    ):
        await store.file(posted(wall.now, what, number))
    await store.file(posted(wall.now, filing(), "anonymous"))  # nobody knows whether it is the same
    assert len(await store.listing()) == 5


async def test_a_number_that_is_not_rung_is_kept_for_people_and_never_ready(store: Store, wall: Wall) -> None:
    number = await store.file(posted(wall.now, number="4001234567"))
    request = await store.get(number)
    assert (request.number, request.given) == ("", "4001234567") and "premium rate" in request.refused
    assert await store.ready(wall.now) == []


async def test_hostile_text_goes_in_and_comes_out_as_text(store: Store, wall: Wall) -> None:
    nasty = "'; DROP TABLE request;--\x00\x1b[31m\u202e=1+1" * 20
    what = filing(Kind.MESSAGE, taken={nasty: nasty, "number": nasty}, to=nasty, recording=nasty)
    request = await store.get(await store.file(posted(wall.now, what, nasty)))
    assert "DROP TABLE" in request.to and len(request.given) == 80
    assert not set("\x00\x1b\u202e") & set(request.to + request.given + "".join(request.taken) + request.recording)


# ------------------------------------------------------------------ states


def test_what_is_over_stays_over() -> None:
    assert {state for state, ways in WAYS.items() if not ways} == {State.DONE, State.CANCELLED}
    assert all(state in WAYS for ways in WAYS.values() for state in ways)


@pytest.mark.parametrize("then", State)
@pytest.mark.parametrize("now", State)
async def test_a_request_goes_only_the_ways_there_are(lite: Database, wall: Wall, now: State, then: State) -> None:
    store = Store(lite)
    number = await store.file(posted(wall.now))
    if now is not State.OPEN:
        await store.move(number, now, "li", wall.now)
    if may(now, then):
        await store.move(number, then, "wang", wall.on(minutes=1), "why")
        last = (await store.get(number)).history[-1]
        assert (last.what, last.state, last.by, last.note, last.at) == (then, then, "wang", "why", wall.now)
    else:
        with pytest.raises(RequestRefused, match=f"request {number} is {now}: it cannot become {then}"):
            await store.move(number, then, "wang", wall.now)
        assert (await store.get(number)).state is now


async def test_of_six_who_claim_it_at_once_one_has_it(store: Store, wall: Wall) -> None:
    number = await store.file(posted(wall.now))
    claims = (store.move(number, State.CLAIMED, f"agent-{n}", wall.now) for n in range(6))
    refused = [e for e in await asyncio.gather(*claims, return_exceptions=True) if isinstance(e, RequestRefused)]
    assert len(refused) == 5
    assert (await store.get(number)).claimed_by.startswith("agent-")


async def test_a_failed_callback_is_not_opened_beside_a_newer_one(store: Store, wall: Wall) -> None:
    old = await store.file(posted(wall.now))
    await store.move(old, State.FAILED, "worker 1", wall.now)
    await store.file(posted(wall.now))
    with pytest.raises(RequestRefused, match="another callback"):
        await store.move(old, State.OPEN, "li", wall.now)
    assert (await store.get(old)).state is State.FAILED


async def test_a_request_that_is_not_there_is_told(store: Store, wall: Wall) -> None:
    for work in (store.get(7), store.move(7, State.DONE, "li", wall.now), store.note(7, "li", "x", wall.now)):
        with pytest.raises(RequestRefused, match="there is no request 7"):
            await work


@pytest.mark.rule("S000-C14")
async def test_notes_are_added_and_nothing_is_overwritten(store: Store, wall: Wall) -> None:
    number = await store.file(posted(wall.now))
    for text in ("asked the engineer", "asked the engineer"):
        await store.note(number, "li", text, wall.on(minutes=1))
    assert [event.note for event in (await store.get(number)).history[1:]] == ["asked the engineer"] * 2


# ------------------------------------------------------------------ stages


@pytest.mark.rule("S002-01", "S002-02", "S002-03", "S002-05", "S002-06")
async def test_a_fault_is_advanced_stage_by_stage_each_stamped_to_the_minute(store: Store, wall: Wall) -> None:
    wall.now = shanghai("2026-11-24 09:00:42")
    number = await store.file(posted(wall.now, filing(Kind.TICKET, "fault-preprocess")))
    for minutes in (20, 9, 16, 75, 21):
        await store.advance(number, "li", wall.on(minutes=minutes))
    request = await store.get(number)
    assert request.state is State.DONE
    assert [stage.clock.name for stage in request.stages] == [
        "fault-preprocess", "fault-dispatch", "engineer-reply", "fault-plan", "fault-clear",
    ]  # fmt: skip
    assert [stage.kept for stage in request.stages] == [True, True, True, True, False]
    assert all(stage.started.second == 0 and stage.stopped and stage.stopped.second == 0 for stage in request.stages)
    assert [event.what for event in request.history] == [
        "filed", "pre-processed", "dispatched", "replied", "plan fixed", "done",
    ]  # fmt: skip
    with pytest.raises(RequestRefused, match="no clock of it runs"):
        await store.advance(number, "li", wall.now)


@pytest.mark.rule("S002-06")
async def test_when_the_plan_is_fixed_the_customer_is_to_be_rung(store: Store, wall: Wall) -> None:
    number = await store.file(posted(wall.now, filing(Kind.TICKET, "fault-preprocess")))
    for _ in range(3):
        await store.advance(number, "li", wall.on(minutes=1))
        assert await store.ready(wall.now) == []
    await store.advance(number, "li", wall.on(minutes=1))
    assert [request.id for request in await store.ready(wall.now)] == [number]


async def test_a_request_without_stages_is_not_advanced(store: Store, wall: Wall) -> None:
    number = await store.file(posted(wall.now))
    with pytest.raises(RequestRefused, match="requests done"):
        await store.advance(number, "li", wall.now)


@pytest.mark.rule("S004-O05", "S004-I06")
async def test_who_was_promised_a_time_is_rung_by_it_and_not_long_before(store: Store, wall: Wall) -> None:
    number = await store.file(posted(wall.now, filing(clock="promised")))
    assert (await store.get(number)).due_at is None
    at = wall.now + timedelta(days=1)
    await store.promise(number, at, "li", wall.now)
    assert await store.ready(at - EARLY - timedelta(seconds=1)) == []
    assert [request.due_at for request in await store.ready(at - EARLY)] == [at]
    assert (await store.get(number)).stages[0].due == at


# ------------------------------------------------------------------ clocks and the round


async def test_what_is_late_is_found_until_somebody_was_told(store: Store, wall: Wall) -> None:
    await store.file(posted(wall.now, filing(Kind.TICKET, "complaint-simple")))
    assert await store.unkept(wall.on(hours=2)) == []
    (late,) = await store.unkept(wall.on(minutes=1))
    await store.alarmed(late)
    assert await store.unkept(wall.on(days=1)) == []
    await store.promise(late.id, wall.on(hours=1), "li", wall.now)
    assert [request.id for request in await store.unkept(wall.on(hours=1))] == [late.id]  # a new promise, broken anew


async def test_what_is_over_is_never_late(store: Store, wall: Wall) -> None:
    number = await store.file(posted(wall.now, filing(Kind.TICKET, "complaint-simple")))
    await store.move(number, State.CANCELLED, "li", wall.now)
    assert await store.unkept(wall.on(days=2)) == []


async def test_urgent_stands_first_then_what_is_due_first(store: Store, wall: Wall) -> None:
    for what in (
        filing(Kind.MESSAGE, procedure="no-clock"), filing(Kind.TICKET, "complaint-complex", procedure="later"),
        filing(Kind.TICKET, "complaint-simple", procedure="sooner"),
        filing(Kind.MESSAGE, procedure="urgent", taken={URGENT: "1"}),
    ):  # fmt: skip
        await store.file(posted(wall.now, what))
    assert [request.procedure for request in await store.listing()] == ["urgent", "sooner", "later", "no-clock"]
    assert [request.procedure for request in await store.listing(kind=Kind.TICKET)] == ["sooner", "later"]
    assert await store.listing(LIVE, to="nobody") == []


async def test_what_a_dead_worker_had_claimed_is_open_again_and_what_a_person_has_stays_theirs(
    store: Store, wall: Wall
) -> None:
    ours, theirs = await store.file(posted(wall.now)), await store.file(posted(wall.now, number=OTHER))
    await store.move(ours, State.CLAIMED, "worker 1", wall.now)
    await store.move(theirs, State.CLAIMED, "li", wall.now)
    await store.reopen(wall.now + ABANDONED)
    assert (await store.get(ours)).state is State.CLAIMED
    await store.reopen(wall.now + ABANDONED + timedelta(seconds=1))
    assert (await store.get(ours)).state is State.OPEN
    assert (await store.get(theirs)).state is State.CLAIMED


async def test_a_claim_that_is_kept_is_not_abandoned(store: Store, wall: Wall) -> None:
    number = await store.file(posted(wall.now))
    await store.move(number, State.CLAIMED, "worker 1", wall.now)
    await store.keep(number, "worker 1", wall.on(minutes=29))
    await store.keep(number, "worker 2", wall.on(minutes=20))
    await store.reopen(wall.now)
    assert (await store.get(number)).state is State.CLAIMED


async def test_who_it_was_is_forgotten_when_it_has_been_over_long_enough(store: Store, wall: Wall) -> None:
    over = await store.file(posted(wall.now, filing(taken={"number": NUMBER})))
    await store.move(over, State.DONE, "li", wall.now)
    live = await store.file(posted(wall.now, number=OTHER))
    await store.forget(wall.now)
    assert (await store.get(over)).number == NUMBER
    await store.forget(wall.on(seconds=1))
    forgotten = await store.get(over)
    assert (forgotten.number, forgotten.given, forgotten.taken, forgotten.state) == ("", "", {}, State.DONE)
    assert (await store.get(live)).number == OTHER


@pytest.mark.rule("S004-F06", "S004-U10")
async def test_a_caller_who_redials_in_time_is_not_rung_and_goes_to_the_same_agent(store: Store, wall: Wall) -> None:
    number = await store.file(posted(wall.now, filing(procedure=DROPPED, clock="dropped-call"), agent="agent-007"))
    assert await store.ready(wall.now + timedelta(seconds=29)) == []
    assert await store.redialled(OTHER, DROPPED, wall.now) is None
    assert await store.redialled(NUMBER, DROPPED, wall.on(seconds=12)) == "agent-007"
    assert (await store.get(number)).state is State.CANCELLED
    assert await store.redialled(NUMBER, DROPPED, wall.now) is None


async def test_a_callback_for_another_reason_is_not_cancelled_by_a_call(store: Store, wall: Wall) -> None:
    await store.file(posted(wall.now))
    assert await store.redialled(NUMBER, DROPPED, wall.now) is None
    assert len(await store.listing()) == 1


async def test_nothing_is_half_written_when_the_writing_breaks(database: Database, wall: Wall) -> None:
    store = Store(database)
    with pytest.raises(Exception, match="No time zone"):
        await store.file(replace(posted(wall.now), zone="Nowhere/Land"))
    async with database.reading() as connection:
        counts = [await connection.scalar(sa.select(sa.func.count()).select_from(t)) for t in (REQUEST, HISTORY)]
    assert counts == [0, 0]
