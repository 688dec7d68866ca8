"""Who comes through which door, with what a former worker, the queue or an extension left on the channel.

Rule: what Asterisk passes on of a caller is kept as a value; nothing of it is believed, and nothing is logged.
"""

from __future__ import annotations

from datetime import datetime

from ari_app.ari.channel import (
    AGENT,
    DIAL_STATUS,
    FILED,
    LANGUAGE,
    PLACE,
    QUEUE,
    QUEUE_STATUS,
    ROUND,
    SUSPICION,
    left_on,
    stop_adopted,
)
from ari_app.ari.events import ChannelFacts
from ari_app.ari.wire import Wire
from ari_app.call import Arrival, Door
from ari_app.journal import Place
from ari_app.procedures.reception import AGENT_LEFT_FIRST

AREAS_APART = "&"
"""Between the beginnings of numbers a notice is for (HOTLINE_NOTICE_AREA)."""

ANSWERED = "Up"
"""The state of a channel that was answered."""


async def arrival_of(wire: Wire, channel: ChannelFacts, args: list[str], now: str) -> Arrival:
    """What is known of a caller as they reach us; `args` are the dialplan's, `now` is Asterisk's clock.

    Raises CallerHungUp.
    """
    door = Door(args[0]) if args and args[0] in set(Door) else Door.INCOMING
    if door is Door.INCOMING:
        return _incoming(channel, args[1:], now)
    left = await left_on(wire, channel.id, *((FILED, SUSPICION) if door is Door.ADOPTED else ()))
    if door is Door.ADOPTED:
        await stop_adopted(wire, left)
    status = left[QUEUE_STATUS]
    rounds = "" if status == AGENT_LEFT_FIRST else left[ROUND]
    return Arrival(
        door=door,
        number=channel.caller.number,
        name=channel.caller.name,
        dialled=channel.dialplan.exten,
        procedure=args[1] if door is Door.PROCEDURE and len(args) > 1 else "",
        language=left[LANGUAGE] or channel.language,
        queue=left[QUEUE],
        queue_status=status,
        dial_status=left[DIAL_STATUS],
        queue_round=int(rounds) if rounds.isdecimal() else 0,
        place=place_of(left[PLACE]),
        filed=left.get(FILED, ""),
        suspicion=left.get(SUSPICION, ""),
        agent=left[AGENT],
    )


def _incoming(channel: ChannelFacts, said: list[str], now: str) -> Arrival:
    return Arrival(
        number=channel.caller.number,
        name=channel.caller.name,
        dialled=channel.dialplan.exten,
        language=channel.language,
        at=datetime.now().astimezone(),
        rang=seconds_between(channel.creationtime, now),
        notice=said[0] if said else "",
        areas=tuple(area for area in said[1].split(AREAS_APART) if area) if len(said) > 1 else (),
        attestation=said[2] if len(said) > 2 else "",
        answered=channel.state == ANSWERED,
    )


def seconds_between(began: str, now: str) -> float:
    """Seconds between two of Asterisk's time stamps; 0 where it gives none."""
    try:
        return max(0.0, (datetime.fromisoformat(now) - datetime.fromisoformat(began)).total_seconds())
    except (ValueError, TypeError):  # one with a zone, one without: not a pair of Asterisk's
        return 0.0


def place_of(text: str) -> Place | None:
    """A place as a worker left it on a channel."""
    procedure, _, step = text.rpartition(" ")
    return Place(procedure, int(step)) if procedure and step.isdecimal() else None
