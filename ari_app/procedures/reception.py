"""The table of contents of a call: greet, listen, serve, hand off, after the queue."""

from __future__ import annotations

from ari_app.call import Call, Digit, Door, Heed, QueueName, Silence, Speech
from ari_app.journal import Place
from ari_app.procedures.ladder import climb
from ari_app.standard import GREETING, Ladder, Standard, Then

AGENT_LEFT_FIRST = "CONTINUE"
"""Asterisk's QUEUESTATUS when the agent hung up and the caller did not."""


async def receive(call: Call, standard: Standard, queue: QueueName) -> None:
    """One caller, from the moment they reach us until they leave for an agent or the call ends."""
    arrival = call.arrival
    match arrival.door:
        case Door.INCOMING:
            await call.answer()
            await welcome(call, standard, queue)
        case Door.AFTER_QUEUE:
            await serve(call, standard, queue, after_queue(standard, arrival.queue_status, arrival.queue_round))
        case Door.PROCEDURE:
            await serve(call, standard, queue, standard.procedures.get(arrival.procedure, standard.no_agent))
        case Door.ADOPTED:
            await resume(call, standard, queue, arrival.place)


async def welcome(call: Call, standard: Standard, queue: QueueName) -> None:
    """S000-01: the greeting, then an open ear; who says nothing climbs the silent ladder."""
    call.journal.enter(Place(GREETING))
    interrupted = await call.play(standard.greeting)
    match interrupted or await call.listen(standard.patience):
        case Silence():
            await serve(call, standard, queue, standard.silent)
        case Digit(key) if key in standard.keys:
            await serve(call, standard, queue, standard.keys[key])
        case Digit() | Speech():
            await connect(call, standard, queue)


async def serve(call: Call, standard: Standard, queue: QueueName, ladder: Ladder, first_step: int = 1) -> None:
    """A procedure of the standard, and whatever it leads to."""
    match await climb(call, ladder, first_step):
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
    await call.play(standard.connecting, Heed.NOTHING)
    await call.hand_off(queue)


def after_queue(standard: Standard, status: str, rounds: int) -> Ladder:
    """What a caller needs whom the queue gave back."""
    if status == AGENT_LEFT_FIRST:
        return standard.after_agent
    return standard.exhausted if rounds >= standard.queue_rounds else standard.no_agent


async def resume(call: Call, standard: Standard, queue: QueueName, place: Place | None) -> None:
    """A caller whose worker died goes on where they were; one we cannot place goes to an agent."""
    if place is None or not standard.knows(place):
        await connect(call, standard, queue)
    elif place.procedure == GREETING:
        await welcome(call, standard, queue)
    else:
        await serve(call, standard, queue, standard.procedures[place.procedure], place.step)
