"""The agents: is there a queue, is anybody in it, can their telephones ring."""

from __future__ import annotations

from ari_app.ami.client import AmiClient, Fields
from ari_app.check.ari import Ari
from ari_app.check.findings import Finding, error, fine, warning
from ari_app.errors import PbxUnreachable

INVALID, UNAVAILABLE, UNKNOWN = "4", "5", "0"
FREE = "1"


async def queues(ami: AmiClient, ari: Ari, configured: str) -> list[Finding]:
    """The queue the application hands callers to, and the one the dialplan falls back on."""
    fallback = await ari.variable("HOTLINE_QUEUE", "hotline")
    found = await _queue(ami, configured, "queue", "`queue` here")
    if fallback != configured:
        found += await _queue(ami, fallback, "fallback-queue", "HOTLINE_QUEUE in [globals] of extensions.conf")
    found += await supervisors(ami, ari)
    options = await ari.variable("HOTLINE_QUEUE_OPTIONS", "cr")
    if "c" not in options:
        found.append(
            warning(
                "queue-options",
                f"HOTLINE_QUEUE_OPTIONS is {options!r}, without c",
                "a caller is cut off when the agent hangs up first, without a farewell",
                "HOTLINE_QUEUE_OPTIONS = cr in [globals] of extensions.conf",
            )
        )
    return found


async def supervisors(ami: AmiClient, ari: Ari) -> list[Finding]:
    """The supervisors' queue: without anybody in it, callers for a supervisor reach an agent."""
    name = await ari.variable("HOTLINE_SUPERVISOR_QUEUE", "hotline-supervisor")
    listing = await ami.ask("QueueStatus", Queue=name)
    why = "callers for a supervisor go to the agents, before other callers"
    if not any(line.get("Event") == "QueueParams" for line in listing):
        mend = f"[{name}] of dialplan/queues.conf into queues.conf; asterisk -rx 'queue reload all'"
        return [warning("supervisor-queue", f"there is no queue {name!r} for supervisors", why, mend)]
    members = [line for line in listing if line.get("Event") == "QueueMember"]
    if not members:
        mend = f"member => PJSIP/supervisor-001,0,Supervisor 001 under [{name}], or *16 from a supervisor's telephone"
        return [warning("supervisor-queue", f"no supervisor is logged in to queue {name!r}", why, mend)]
    return [fine("supervisor-queue", f"supervisors' queue {name!r}: {_count(members)}")]


async def _queue(ami: AmiClient, name: str, finding: str, named_by: str) -> list[Finding]:
    listing = await ami.ask("QueueStatus", Queue=name)
    if not any(line.get("Event") == "QueueParams" for line in listing):
        return [
            error(
                finding,
                f"there is no queue {name!r}",
                "callers who need a person wait, are told that all lines are busy, and leave",
                f"a section [{name}] in queues.conf and asterisk -rx 'queue reload all'; or correct {named_by}",
            )
        ]
    return _members(name, finding, [line for line in listing if line.get("Event") == "QueueMember"])


def _members(queue: str, finding: str, members: list[Fields]) -> list[Finding]:
    name = f"{finding}-members"
    if not members:
        why = "no agent can be rung: callers wait, are told that all lines are busy, and leave"
        mend = f"member => PJSIP/agent-001,0,Agent 001 under [{queue}] in queues.conf, or log agents in (QueueAdd)"
        return [error(name, f"queue {queue!r} has no members", why, mend)]
    invalid = [m["StateInterface"] for m in members if m["Status"] == INVALID]
    there = [m for m in members if m["Status"] not in (INVALID, UNAVAILABLE, UNKNOWN) and m["Paused"] != "1"]
    free = [m for m in there if m["Status"] == FREE]
    found = []
    if invalid:
        what = f"queue {queue!r} has members that are no telephones: {', '.join(sorted(invalid))}"
        mend = "correct the names in queues.conf (or the endpoints in pjsip.conf); asterisk -rx 'queue reload all'"
        found.append(warning(f"{finding}-invalid-members", what, "they can never be rung", mend))
    if not there:
        paused = sum(m["Paused"] == "1" for m in members)
        what = f"of queue {queue!r} no member can be rung now ({_count(members)}, {paused} paused)"
        mend = f"register the telephones, end the pauses; asterisk -rx 'queue show {queue}' tells each one's state"
        found.append(warning(name, what, "callers who need a person now reach nobody", mend))
    else:
        found.append(fine(name, f"queue {queue!r}: {_count(members)}, {len(there)} there, {len(free)} free"))
    return found


def _count(members: list[Fields]) -> str:
    return "1 member" if len(members) == 1 else f"{len(members)} members"


async def sip(ami: AmiClient, ari: Ari, endpoints: dict[str, str]) -> list[Finding]:
    """The transports the endpoints speak over."""
    if not endpoints:
        why = "neither a carrier nor an agent's telephone is known to this PBX"
        return [warning("sip", "there is no PJSIP endpoint", why, "see dialplan/pjsip.conf for a trunk and telephones")]
    names = {name for e in endpoints if (name := await ami.evaluate(f"PJSIP_ENDPOINT({e},transport)"))}
    found: list[Finding] = []
    for name in sorted(names):
        try:
            status, attributes = await ari.ask("GET", f"asterisk/config/dynamic/res_pjsip/transport/{name}")
        except PbxUnreachable:
            continue
        if status == 404:
            why = "an endpoint that names it can neither ring nor be rung"
            mend = f"[{name}] with type = transport in pjsip.conf; a transport needs a restart of Asterisk"
            found.append(error("sip-transport", f"there is no SIP transport {name!r}", why, mend))
        elif status == 200:
            told = {pair["attribute"]: pair["value"] for pair in attributes}
            found.append(
                fine(
                    "sip-transport",
                    f"SIP over {told.get('protocol')} at {told.get('bind')}, {len(endpoints)} endpoints",
                )
            )
    return found or [fine("sip", f"PJSIP endpoints: {len(endpoints)}, over Asterisk's default transport")]
