"""The table of contents of a call: greet, listen, serve, hand off, after the queue."""

from __future__ import annotations

from ari_app.call import Call, Digit, Door, QueueName, Silence, Speech
from ari_app.journal import Place
from ari_app.procedures.ladder import climb
from ari_app.procedures.leaving import finds_station_full, go, led_to
from ari_app.standard import CONNECTING, GREETING, Ladder, Opening, Standard, greeting_for, opening, spoken

AGENT_LEFT_FIRST = "CONTINUE"
"""Asterisk's QUEUESTATUS when the agent hung up and the caller did not."""
CONNECTED, ENGAGED = "ANSWER", "BUSY"
"""Asterisk's DIALSTATUS when an extension has talked with the caller, and when it was talking with another."""


async def receive(call: Call, standard: Standard, queue: QueueName) -> None:
    """One caller, from the moment they reach us until they leave for an agent or the call ends."""
    arrival = call.arrival
    if finds_station_full(call):
        await call.refuse()
        return
    await call.answer()
    match arrival.door:
        case Door.INCOMING:
            await admit(call, standard, queue)
        case Door.AFTER_QUEUE if arrival.queue_status == AGENT_LEFT_FIRST:
            await serve(call, standard, queue, standard.desk.after_agent)
        case Door.AFTER_QUEUE:
            await no_agent_came(call, standard, queue)
        case Door.TRANSFERRED:
            await serve(call, standard, queue, after_transfer(standard, arrival.dial_status))
        case Door.PROCEDURE if arrival.procedure in standard.procedures:
            await serve(call, standard, queue, standard.procedures[arrival.procedure])
        case Door.PROCEDURE:
            await go(call, standard, queue, None)
        case Door.ADOPTED:
            await resume(call, standard, queue, arrival.place)


async def admit(call: Call, standard: Standard, queue: QueueName) -> None:
    """Nuisance, an outage, nobody there: some callers are served first of all; everybody else is welcome."""
    if (ladder := first_of_all(call, standard)) is None:
        await welcome(call, standard, queue)
    else:
        await serve(call, standard, queue, ladder)


def first_of_all(call: Call, standard: Standard) -> Ladder | None:
    """The procedure that comes before the greeting, if there is one for this caller (S000-28, S002-19, S004-B01)."""
    desk, arrival = standard.desk, call.arrival
    if arrival.verdict == "station":
        return desk.station
    if arrival.verdict == "challenge" and desk.challenge is not None:
        return desk.challenge
    if arrival.notice in desk.notices and (not arrival.areas or arrival.number.startswith(arrival.areas)):
        return desk.notices[arrival.notice]
    match opening(standard, arrival.at):
        case Opening.LUNCH:
            return desk.lunch
        case Opening.CLOSED:
            return desk.closed
        case Opening.OPEN:
            return None


async def welcome(call: Call, standard: Standard, queue: QueueName) -> None:
    """S000-01: the greeting, then an open ear; who says nothing climbs the silent ladder."""
    desk = standard.desk
    call.journal.enter(Place(GREETING))
    interrupted = await call.play(spoken(standard, greeting_for(standard, call.arrival), call.taken, call.arrival))
    match interrupted or await call.listen(desk.patience):
        case Silence():
            await serve(call, standard, queue, desk.silent)
        case Digit(key) if language := standard.chosen_by_key(key):
            await welcome(call, standard.in_language(language), queue)
        case Digit(key) if key in desk.keys:
            await serve(call, standard, queue, desk.keys[key])
        case Digit(key) if desk.dials is not None and key.isdecimal():
            await serve(call, standard, queue, desk.dials, begun=key)
        case Digit() | Speech():
            await go(call, standard, queue, None)


async def serve(
    call: Call, standard: Standard, queue: QueueName, ladder: Ladder, first_step: int = 1, *, begun: str = ""
) -> None:
    """A procedure of the standard, and whatever it leads to: the next one, or the way out."""
    clock, serving = ladder.clock, ladder
    lead = await climb(call, standard, serving, first_step, begun=begun)
    while (following := led_to(call, standard, lead)) is not None:
        serving, clock = following, following.clock or clock
        lead = await climb(call, standard, serving, clock=clock)
    await go(call, standard, queue, lead, serving)


def after_transfer(standard: Standard, status: str) -> Ladder:
    """How a caller is served whom an extension has given back (S001-03, S001-04)."""
    desk = standard.desk
    if status == CONNECTED:
        return desk.after_agent
    return (desk.busy if status == ENGAGED else desk.no_answer) or desk.no_agent


async def no_agent_came(call: Call, standard: Standard, queue: QueueName) -> None:
    """The queue gave the caller back: an apology and another round, until it would be an imposition."""
    desk, arrival = standard.desk, call.arrival
    if arrival.queue_round >= desk.queue_rounds:
        await serve(call, standard, queue, desk.exhausted)
    else:
        await serve(call, standard, queue, desk.queue_exits.get(arrival.queue_status, desk.no_agent))


async def resume(call: Call, standard: Standard, queue: QueueName, place: Place | None) -> None:
    """A caller whose worker died goes on where they were; one whose place we do not know goes to an agent."""
    if place is None or place.procedure == GREETING:  # the worker died before it had said anything
        await welcome(call, standard, queue)
    elif place.procedure == CONNECTING or not standard.knows(place):
        await go(call, standard, queue, None)
    else:
        await serve(call, standard, queue, standard.procedures[place.procedure], place.step)
