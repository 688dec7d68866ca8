"""What Asterisk tells about its queues, folded: who waits, who is there to serve, who serves whom.

Rule 1: pure: an event in, the next state and the news out. No socket, no clock of its own.
Rule 2: every event may come twice or after the listing that knew it already: the state is right all the same.
Rule 3: numbers and names of callers are hostile text: kept in marked fields, never in a message.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

Fields = dict[str, str]

STATES = {
    "0": "unknown", "1": "free", "2": "in use", "3": "busy", "4": "invalid", "5": "unavailable", "6": "ringing",
    "7": "in use and ringing", "8": "on hold",
}  # fmt: skip
"""Asterisk's device states (AST_DEVICE_*), as a person reads them."""
REACHABLE = frozenset({"free", "in use", "busy", "ringing", "in use and ringing", "on hold"})


class Kind(StrEnum):
    """What a caller in a queue can live through."""

    JOINED = "joined"
    LEFT = "left"  # waits no more: CONNECTED or the dialplan's QUEUESTATUS tells why
    ABANDONED = "abandoned"  # hung up while waiting
    RANG_IN_VAIN = "rang in vain"  # an agent's telephone was not answered
    CONNECTED = "connected"
    COMPLETED = "completed"  # `reason`: agent or caller hung up first, or transfer
    MISSED = "missed"  # gone while AMI did not answer; how is not known


RESTARTED = "restarted"
"""The reason of MISSED when Asterisk is not the one of before: then how is known."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened to a caller. `call` is Asterisk's Uniqueid, which is ARI's channel id; seconds."""

    kind: Kind
    call: str
    queue: str
    agent: str = ""  # the member's interface
    name: str = ""  # the member's name
    waited: float = 0.0
    talked: float = 0.0
    reason: str = ""
    agent_channel: str = ""  # tells one talk from another


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in a queue, since a moment of the clock handed in; 1 is next."""

    call: str
    channel: str
    queue: str
    position: int
    since: float
    number: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Member:
    """An agent's telephone in one queue."""

    queue: str
    interface: str
    name: str
    state: str = "unknown"
    paused: bool = False
    reason: str = ""
    penalty: int = 0
    calls: int = 0

    @property
    def reachable(self) -> bool:
        """Whether a caller's wait for this member makes sense: the telephone is there, and nobody paused it."""
        return self.state in REACHABLE and not self.paused


@dataclass(frozen=True, slots=True)
class Serving:
    """An agent and their caller."""

    call: str
    channel: str
    queue: str
    agent: str
    name: str
    agent_channel: str
    since: float


class Queues:
    """All queues of one Asterisk."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.waiting: dict[str, Waiting] = {}
        self.members: dict[tuple[str, str], Member] = {}
        self.serving: dict[str, Serving] = {}

    def serves(self, agent: str) -> Serving | None:
        """Whom this agent talks with now, by interface or by name."""
        return next((s for s in self.serving.values() if agent in (s.agent, s.name)), None)

    def queue(self, name: str) -> list[Waiting]:
        """Who waits there, in their order."""
        return sorted((w for w in self.waiting.values() if w.queue == name), key=lambda w: w.position)

    def hear(self, told: Fields, now: float) -> News | None:
        """One event; the news in it, if it is about a caller."""
        match told.get("Event", ""):
            case "QueueCallerJoin":
                return self._join(told, now)
            case "QueueCallerLeave":
                return self._leave(told)
            case "QueueCallerAbandon":
                self._leave(told)
                return _news(Kind.ABANDONED, told)
            case "AgentConnect":
                return self._connect(told, now)
            case "AgentComplete":
                return self._complete(told)
            case "AgentRingNoAnswer":
                return _news(Kind.RANG_IN_VAIN, told)
            case "QueueMemberRemoved":
                self.members.pop((told["Queue"], told["Interface"]), None)
            case "QueueMemberAdded" | "QueueMemberStatus" | "QueueMemberPause" | "QueueMemberPenalty":
                member = _member(told, told["Interface"])
                self.members[member.queue, member.interface] = member
        return None

    def list_anew(self, queues: Iterable[Fields], channels: Iterable[Fields], now: float) -> list[News]:
        """Everything as QueueStatus and CoreShowChannels tell it now; news of callers who went unseen.

        Who was waiting or talking and is neither any more is MISSED; whoever joined meanwhile is JOINED.
        """
        before, talking = self.waiting, self.serving
        self.names, self.waiting, self.members = set(), {}, {}
        for line in queues:
            match line.get("Event", ""):
                case "QueueParams":
                    self.names.add(line["Queue"])
                case "QueueMember":
                    member = _member(line, line["Location"])
                    self.members[member.queue, member.interface] = member
                case "QueueEntry":
                    waiting = _waiting(line, now - _number(line.get("Wait", "")))
                    known = before.get(waiting.call)
                    if known is not None and known.queue == waiting.queue:
                        waiting = replace(waiting, since=known.since)  # to the millisecond
                    self.waiting[waiting.call] = waiting
        self.serving = self._together(list(channels), talking, now)
        here = self.waiting.keys() | self.serving.keys()
        news = [News(Kind.MISSED, w.call, w.queue) for w in before.values() if w.call not in here]
        news += [News(Kind.MISSED, s.call, s.queue, s.agent, s.name) for s in talking.values() if s.call not in here]
        news += [News(Kind.JOINED, w.call, w.queue) for w in self.waiting.values() if w.call not in before]
        return news

    def _together(self, channels: list[Fields], known: dict[str, Serving], now: float) -> dict[str, Serving]:
        """Whom a queue has brought together: a caller in Queue() and a member's channel in the same bridge."""
        members = {_bare(member.interface): member for member in self.members.values()}
        bridged = [c for c in channels if c.get("BridgeId")]
        agents = {c["BridgeId"]: c for c in bridged if interface_of(c.get("Channel", "")) in members}
        found: dict[str, Serving] = {}
        for caller in bridged:
            agent = agents.get(caller["BridgeId"])
            if caller.get("Application") != "Queue" or agent is None or agent is caller:
                continue
            call, queue = caller["Uniqueid"], caller.get("ApplicationData", "").partition(",")[0]
            member = members[interface_of(agent["Channel"])]
            member = self.members.get((queue, member.interface), member)
            found[call] = known.get(call) or Serving(
                call, caller["Channel"], queue, member.interface, member.name, agent["Channel"], now
            )
        return found

    def _join(self, told: Fields, now: float) -> News | None:
        joined = _waiting(told, now)
        known = self.waiting.get(joined.call)
        if known is not None and known.queue == joined.queue:
            return None
        self._leave(told)
        self._shift(joined.queue, joined.position, +1)
        self.waiting[joined.call] = joined
        return _news(Kind.JOINED, told)

    def _leave(self, told: Fields) -> News | None:
        """The news that a caller left comes with QueueCallerAbandon or AgentConnect too: the first counts."""
        left = self.waiting.pop(told["Uniqueid"], None)
        if left is None:
            return None
        self._shift(left.queue, left.position, -1)
        return News(Kind.LEFT, left.call, left.queue)

    def _shift(self, queue: str, position: int, by: int) -> None:
        for other in self.queue(queue):
            if other.position >= position:
                self.waiting[other.call] = replace(other, position=other.position + by)

    def _connect(self, told: Fields, now: float) -> News:
        self._leave(told)
        self.serving[told["Uniqueid"]] = Serving(
            told["Uniqueid"],
            told.get("Channel", ""),
            told["Queue"],
            told["Interface"],
            told.get("MemberName", ""),
            told.get("DestChannel", ""),
            now,
        )
        return _news(Kind.CONNECTED, told)

    def _complete(self, told: Fields) -> News | None:
        """Whom the agent talked with. A caller who was pulled away is not named in the event: the agent is."""
        call = told.get("Uniqueid") or next(
            (s.call for s in self.serving.values() if (s.queue, s.agent) == (told["Queue"], told["Interface"])), ""
        )
        self.serving.pop(call, None)
        return _news(Kind.COMPLETED, told | {"Uniqueid": call}) if call else None


def interface_of(channel: str) -> str:
    """`PJSIP/agent-001-0000001a` and `Local/agent@agents-0000001a;1` without what tells one call from another."""
    return channel.rpartition("-")[0]


def _bare(interface: str) -> str:
    return interface.removesuffix("/n") if interface.startswith("Local/") else interface


def _news(kind: Kind, told: Fields) -> News:
    return News(
        kind,
        told["Uniqueid"],
        told["Queue"],
        told.get("Interface", ""),
        told.get("MemberName", ""),
        _number(told.get("HoldTime", "")),
        _number(told.get("TalkTime", "")),
        told.get("Reason", ""),
        told.get("DestChannel", ""),
    )


def _waiting(told: Fields, since: float) -> Waiting:
    number = told.get("CallerIDNum", "")
    position = int(_number(told.get("Position", "")))
    return Waiting(told["Uniqueid"], told.get("Channel", ""), told["Queue"], position, since, number)


def _member(told: Fields, interface: str) -> Member:
    return Member(
        told["Queue"],
        interface,
        told.get("MemberName") or told.get("Name") or interface,
        STATES.get(told.get("Status", ""), "unknown"),
        told.get("Paused") == "1",
        told.get("PausedReason", ""),
        int(_number(told.get("Penalty", ""))),
        int(_number(told.get("CallsTaken", ""))),
    )


def _number(told: str) -> float:
    try:
        return float(told)
    except ValueError:
        return 0.0
