"""The ways out of a call: to an agent, to the supervisors, to an extension, or the end.

Rule: whoever is not led elsewhere is told that they are being connected, and goes to a person.
"""

from __future__ import annotations

from ari_app.call import (
    NOTHING,
    Arrival,
    Call,
    Door,
    Filing,
    Kind,
    QueueName,
    ToAgent,
    ToExtension,
    ToQueue,
)
from ari_app.journal import Place
from ari_app.standard import CONNECTING, EXTENSION, Ladder, Lead, Standard, Then


async def go(call: Call, standard: Standard, queue: QueueName, lead: Lead | None, ladder: Ladder | None = None) -> None:
    """Where a ladder led, or, for None, to an agent."""
    arrival, name = call.arrival, "" if ladder is None else ladder.name
    agents = queue_for(standard, arrival, queue, ladder)
    match lead:
        case Then.HANG_UP:
            await call.hang_up()
        case Then.SUPERVISOR:
            call.file(Filing(Kind.ALERT, name, to="supervisor", taken=dict(call.taken)))
            await connect(call, standard, ToQueue(QueueName(standard.desk.supervisors), urgent=True))
        case Then.RESUME if arrival.agent:
            await call.hand_off(ToAgent(agents))
        case Then.TRANSFER if call.taken.get(EXTENSION):
            await call.hand_off(ToExtension(call.taken[EXTENSION]))
        case Then.URGENT | Then.RESUME:
            await connect(call, standard, ToQueue(agents, urgent=True))
        case Then.QUEUE if is_waiting(standard, arrival, ladder):
            await call.hand_off(ToQueue(agents))  # they know where they are waiting: no second announcement
        case _:
            await connect(call, standard, ToQueue(agents))


def finds_station_full(call: Call) -> bool:
    """A caller for the station who finds it full hears the engaged tone, and costs neither channel nor agent (S000-28).

    One whom the dialplan has answered is not hung up on.
    """
    arrival = call.arrival
    return (
        arrival.door is Door.INCOMING
        and arrival.verdict == "station"
        and not arrival.answered
        and not call.take_place()
    )


def led_to(call: Call, standard: Standard, lead: Lead) -> Ladder | None:
    """The procedure that serves the caller next; None when they leave us.

    A nuisance who is to be released is not asked whether there is anything else: the answer would cost an agent
    (S000-28).
    """
    if lead is Then.RELEASE and call.arrival.is_nuisance and standard.desk.let_go is not None:
        return standard.desk.let_go
    return standard.procedure_of(lead)


async def connect(call: Call, standard: Standard, to: ToQueue) -> None:
    """The caller is told, and goes to an agent."""
    call.journal.enter(Place(CONNECTING))
    await call.play(standard.desk.connecting, NOTHING)
    await call.hand_off(to)


def is_waiting(standard: Standard, arrival: Arrival, ladder: Ladder | None) -> bool:
    """Whether this caller comes from the queue, where no agent took them, and was told so by this procedure."""
    told = (standard.desk.no_agent, *standard.desk.queue_exits.values())
    return arrival.door is Door.AFTER_QUEUE and ladder in told


def queue_for(standard: Standard, arrival: Arrival, queue: QueueName, ladder: Ladder | None) -> QueueName:
    """The queue a procedure names, the one a caller comes from, or the one for this number or language; else the one
    of the configuration. Supervisors are asked for, and not fallen back to.
    """
    if ladder is not None and ladder.queue:
        return QueueName(ladder.queue)
    if arrival.queue not in ("", queue, standard.desk.supervisors):
        return QueueName(arrival.queue)
    for choice in standard.desk.queues:
        by_number = not choice.dialled or arrival.dialled in choice.dialled
        if by_number and choice.language in ("", standard.language):
            return QueueName(choice.queue)
    return queue
