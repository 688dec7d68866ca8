"""The table of contents of a call: greet, listen, serve, hand off, after the queue."""

from __future__ import annotations

from ari_app.call import NOTHING, Call, Digit, Door, QueueName, Silence, Speech
from ari_app.journal import Place
from ari_app.procedures.ladder import climb
from ari_app.standard import CONNECTING, GREETING, Ladder, Standard, Then

AGENT_LEFT_FIRST = "CONTINUE"
"""Asterisk's QUEUESTATUS when the agent hung up and the caller did not."""


async def receive(call: Call, standard: Standard, queue: QueueName) -> None:
    """One caller, from the moment they reach us until they leave for an agent or the call ends."""
    arrival = call.arrival
    await call.answer()
    match arrival.door:
        case Door.INCOMING:
            await welcome(call, standard, queue)
        case Door.AFTER_QUEUE if arrival.queue_status == AGENT_LEFT_FIRST:
            await serve(call, standard, queue, standard.after_agent)
        case Door.AFTER_QUEUE:
            await no_agent_came(call, standard, queue, arrival.queue_round)
        case Door.PROCEDURE if arrival.procedure in standard.procedures:
            await serve(call, standard, queue, standard.procedures[arrival.procedure])
        case Door.PROCEDURE:
            await connect(call, standard, queue)
        case Door.ADOPTED:
            await resume(call, standard, queue, arrival.place)


async def welcome(call: Call, standard: Standard, queue: QueueName) -> None:
    """S000-01: the greeting, then an open ear; who says nothing climbs the silent ladder."""
    call.journal.enter(Place(GREETING))
    interrupted = await call.play(standard.greeting)
    match interrupted or await call.listen(standard.patience):
        case Silence():
            await serve(call, standard, queue, standard.silent)
        case Digit(key) if language := standard.chosen_by_key(key):
            await welcome(call, standard.in_language(language), queue)
        case Digit(key) if key in standard.keys:
            await serve(call, standard, queue, standard.keys[key])
        case Digit() | Speech():
            await connect(call, standard, queue)


async def serve(call: Call, standard: Standard, queue: QueueName, ladder: Ladder, first_step: int = 1) -> None:
    """A procedure of the standard, and whatever it leads to."""
    await follow(call, standard, queue, await climb(call, ladder, first_step))


async def follow(call: Call, standard: Standard, queue: QueueName, then: Then) -> None:
    """Where a ladder led."""
    match then:
        case Then.HANG_UP:
            await call.hang_up()
        case Then.STATION:
            await serve(call, standard, queue, standard.station)
        case Then.RELEASE:  # the caller hangs up first; who lingers is asked (CON-19)
            await serve(call, standard, queue, standard.after_agent)
        case Then.QUEUE | Then.STAY:
            await connect(call, standard, queue)


async def connect(call: Call, standard: Standard, queue: QueueName) -> None:
    """The caller is told, and goes to an agent."""
    call.journal.enter(Place(CONNECTING))
    await call.play(standard.connecting, NOTHING)
    await call.hand_off(queue)


async def no_agent_came(call: Call, standard: Standard, queue: QueueName, rounds: int) -> None:
    """The queue gave the caller back: an apology and another round, until it would be an imposition."""
    if rounds >= standard.queue_rounds:
        await serve(call, standard, queue, standard.exhausted)
    elif (then := await climb(call, standard.no_agent)) is Then.QUEUE:
        await call.hand_off(queue)  # they know where they are waiting: no second announcement
    else:
        await follow(call, standard, queue, then)


async def resume(call: Call, standard: Standard, queue: QueueName, place: Place | None) -> None:
    """A caller whose worker died goes on where they were; one whose place we do not know goes to an agent."""
    if place is None or place.procedure == GREETING:  # the worker died before it had said anything
        await welcome(call, standard, queue)
    elif place.procedure == CONNECTING or not standard.knows(place):
        await connect(call, standard, queue)
    else:
        await serve(call, standard, queue, standard.procedures[place.procedure], place.step)
