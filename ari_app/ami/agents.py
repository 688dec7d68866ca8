"""What one asks of Asterisk about its agents, over AMI: log in and out, pause, try a line, pull a caller out.

Rule 1: an agent becomes available only with a telephone that can be rung (S003-01).
Rule 2: only a caller of ours is pulled anywhere: the dialplan has marked them (HOTLINE_OURS), nobody else is touched.
Rule 3: names of agents are the admin's; what cannot be one is refused before Asterisk sees it.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Protocol

from ari_app.ami.queues import Fields, Member, Queues, interface_of
from ari_app.errors import PbxRefused

AGENT_KEY_CONTEXT = "hotline-agent-key"
_AGENT = re.compile(r"[0-9A-Za-z][0-9A-Za-z/_.@-]{0,79}")
_PROCEDURE = re.compile(r"[a-z][a-z0-9-]{1,39}")
_GONE = ("INVALID", "UNAVAILABLE")


class Manager(Protocol):
    """AMI: an AmiClient for a moment, or an AmiConnection that stays."""

    async def ask(self, action: str, /, **fields: str) -> list[Fields]: ...

    async def tell(self, action: str, /, **fields: str) -> Fields: ...


@dataclass(frozen=True, slots=True)
class LineTrial:
    """How a telephone's line is, before a shift (S004-B04). `trouble` is empty when callers can be sent there."""

    interface: str
    registered: bool | None  # None: not a SIP telephone, nobody can tell
    round_trip: float | None  # milliseconds
    state: str
    trouble: str = ""


async def look(ami: Manager) -> Queues:
    """Everybody who waits, is there to serve, or talks, at this moment."""
    queues = Queues()
    queues.list_anew(await ami.ask("QueueStatus"), await ami.ask("CoreShowChannels"), time.monotonic())
    return queues


def interface(agent: str, members: Queues) -> str:
    """The telephone of an agent called by interface, by name in the queue (张三 too), or by endpoint.

    Raises PbxRefused for who is in no queue and cannot be a telephone either.
    """
    for member in members.members.values():
        if agent in (member.name, member.interface, member.interface.partition("/")[2]):
            return member.interface
    if not _AGENT.fullmatch(agent):
        raise PbxRefused("no queue has an agent of that name; name them, or their telephone: PJSIP/agent-001")
    return agent if "/" in agent else f"PJSIP/{agent}"


def memberships(agent: str, queues: Queues) -> list[Member]:
    return [member for member in queues.members.values() if member.interface == agent]


async def names_of(ami: Manager, agent: str) -> list[str]:
    """What the queues call an agent, who may be told by their telephone. Raises PbxRefused."""
    queues = await look(ami)
    return [member.name for member in memberships(interface(agent, queues), queues)]


async def log_in(ami: Manager, agent: str, queue: str, name: str = "") -> None:
    """The agent is rung for callers of this queue from now on. Raises PbxRefused: line, queue, or there already."""
    trial = await try_line(ami, agent)
    if trial.trouble:
        raise PbxRefused(f"{agent} is not logged in: {trial.trouble}")
    name = name or agent.partition("/")[2]
    try:
        await ami.tell("QueueAdd", Queue=queue, Interface=agent, MemberName=name, Paused="false")
    except PbxRefused as problem:
        raise PbxRefused(f"{agent} is not logged in to queue {queue!r}: {problem}") from None


async def log_out(ami: Manager, agent: str, queue: str) -> None:
    """No new caller is sent to the agent; a call goes on."""
    try:
        await ami.tell("QueueRemove", Queue=queue, Interface=agent)
    except PbxRefused as problem:
        raise PbxRefused(f"{agent} is not logged out of queue {queue!r}: {problem}") from None


async def pause(ami: Manager, agent: str, paused: bool, reason: str = "", queue: str = "") -> None:
    """A break, in one queue or in all: the agent stays logged in and is not rung."""
    fields = {"Interface": agent, "Paused": str(paused).lower(), "Reason": reason}
    if queue:
        fields["Queue"] = queue
    try:
        await ami.tell("QueuePause", **fields)
    except PbxRefused as problem:
        raise PbxRefused(f"{agent}: {problem}; log in first (hotline agent login)") from None


async def try_line(ami: Manager, agent: str) -> LineTrial:
    """Whether a telephone (or a trunk: PJSIP/carrier) can be rung: registered, answering, known."""
    state = (await _value(ami, f"DEVICE_STATE({agent})")) or "UNKNOWN"
    kind, _, endpoint = agent.partition("/")
    if kind != "PJSIP":
        trouble = f"its telephone is {state.lower()}" if state in _GONE else ""
        return LineTrial(agent, None, None, state.lower(), trouble)
    places = await _value(ami, f"PJSIP_ENDPOINT({endpoint},aors)")
    if not places:
        return LineTrial(agent, False, None, state.lower(), f"there is no endpoint [{endpoint}] in pjsip.conf")
    contacts = [
        contact
        for place in places.split(",")
        for contact in (await _value(ami, f"PJSIP_AOR({place},contact)")).split(",")
        if contact
    ]
    if not contacts:
        return LineTrial(agent, False, None, state.lower(), "its telephone is not registered; switch it on")
    statuses = [(await _value(ami, f"PJSIP_CONTACT({contact},status)")) for contact in contacts]
    if all(status == "Unreachable" for status in statuses):
        return LineTrial(agent, True, None, state.lower(), "its telephone is registered and does not answer")
    microseconds = await _value(ami, f"PJSIP_CONTACT({contacts[0]},rtt)")
    round_trip = int(microseconds) / 1000 if microseconds.isdecimal() else None
    trouble = f"its telephone is {state.lower()}" if state in _GONE else ""
    return LineTrial(agent, True, round_trip, state.lower(), trouble)


async def send(ami: Manager, who: str, procedure: str) -> str:
    """Pull a caller into a procedure: by their channel, or by the agent who talks with them, who is free at once.

    Gives the caller's channel. Raises PbxRefused when there is no such caller of ours, or no such procedure's door.
    """
    if not _PROCEDURE.fullmatch(procedure):
        raise PbxRefused("a procedure's name is of a-z, 0-9 and -, like too-quiet")
    channels = [c for c in await ami.ask("CoreShowChannels") if c.get("Event") == "CoreShowChannel"]
    caller = _caller(who, channels, await look(ami))
    if await _value(ami, "HOTLINE_OURS", caller) != "yes":
        raise PbxRefused("that line is not a caller of the hotline; nothing was done")
    try:
        await ami.tell("Redirect", Channel=caller, Context=AGENT_KEY_CONTEXT, Exten=procedure, Priority="1")
    except PbxRefused as problem:
        raise PbxRefused(f"the caller could not be sent to {procedure!r}: {problem}") from None
    return caller


def _caller(who: str, channels: list[Fields], queues: Queues) -> str:
    """The caller's channel: named itself, by its id, or the other end of the agent's bridge."""
    for channel in channels:
        if who in (channel["Channel"], channel["Uniqueid"]):
            return channel["Channel"]
    agent = interface(who, queues).removesuffix("/n")
    for channel in channels:
        if interface_of(channel["Channel"]) == agent and (bridge := channel.get("BridgeId")):
            others = [c["Channel"] for c in channels if c.get("BridgeId") == bridge and c is not channel]
            if others:
                return others[0]
    raise PbxRefused("there is no such channel, and no agent of that name talks with a caller (hotline agent list)")


async def _value(ami: Manager, function: str, channel: str = "") -> str:
    """A dialplan function or variable, "" when it has no value or Asterisk does not know it."""
    fields = {"Variable": function} | ({"Channel": channel} if channel else {})
    try:
        return (await ami.ask("Getvar", **fields))[0].get("Value", "")
    except PbxRefused:
        return ""
