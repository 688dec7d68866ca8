"""A manager that misbehaves on purpose: it refuses, hangs, is cut, restarts, and tells a thousand events a second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from pydantic import SecretStr

from ari_app.config import AmiSettings

Fields = dict[str, str]


def packet(**fields: str) -> bytes:
    return ("".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n").encode()


class Manager:
    """An AMI of which a test says what it knows: `queue_lines` and `channel_lines` answer the lists."""

    def __init__(self) -> None:
        self.queue_lines: list[Fields] = []
        self.channel_lines: list[Fields] = []
        self.logins = 0
        self.refuses = False
        self.refuses_actions: set[str] = set()  # what our user may not do
        self.hangs = False
        self.starting = False
        self.started = "08:00:00"
        self.deaf: set[str] = set()  # actions that get no answer
        self.before_the_list: list[Fields] = []  # events told while a list is asked for
        self.asked: list[Fields] = []
        self.closed = asyncio.Event()
        self.writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Manager:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """The port is closed and every connection cut, as when Asterisk is killed."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()

    @property
    def connections(self) -> int:
        return len(self.writers)

    @property
    def settings(self) -> AmiSettings:
        return AmiSettings(host="127.0.0.1", port=self.port, password=SecretStr("secret"))

    def tell(self, *events: Fields) -> None:
        for writer in self.writers:
            writer.write(b"".join(packet(**event) for event in events))

    async def told(self) -> None:
        """What was told is on its way."""
        for writer in self.writers:
            await writer.drain()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            writer.write(b"Asterisk Call Manager/11.0.0\r\n")
            while block := await reader.readuntil(b"\r\n\r\n"):
                action = dict(line.split(": ", 1) for line in block.decode().split("\r\n") if line)
                self.asked.append(action)
                if not self.hangs and action["Action"] not in self.deaf:
                    self._answer(action, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()
            self.closed.set()

    def _answer(self, action: Fields, writer: asyncio.StreamWriter) -> None:
        ours = {"ActionID": action["ActionID"]}
        match action["Action"]:
            case "Login" if self.refuses:
                writer.write(packet(Response="Error", Message="Authentication failed", **ours))
            case "Login":
                self.logins += 1
                writer.write(packet(Response="Success", Message="Authentication accepted", **ours))
            case name if name in self.refuses_actions:
                writer.write(packet(Response="Error", Message="Permission denied", **ours))
            case "QueueStatus" if self.starting:
                writer.write(packet(Response="Error", Message="Invalid/unknown command: QueueStatus.", **ours))
            case "QueueStatus":
                self.tell(*self.before_the_list)
                self._list(writer, self.queue_lines, "QueueStatusComplete", ours)
            case "CoreStatus":
                when = {"CoreStartupDate": "2026-11-24", "CoreStartupTime": self.started}
                writer.write(packet(Response="Success", **when, **ours))
            case "CoreShowChannels":
                self._list(writer, self.channel_lines, "CoreShowChannelsComplete", ours)
            case "QueueAdd":
                writer.write(packet(Response="Success", Message="Added interface to queue", **ours))
            case _:
                writer.write(packet(Response="Success", Ping="Pong", **ours))

    def _list(self, writer: asyncio.StreamWriter, lines: Iterable[Fields], end: str, ours: Fields) -> None:
        writer.write(packet(Response="Success", EventList="start", Message="a list will follow", **ours))
        for line in lines:
            writer.write(packet(**line, **ours))
        writer.write(packet(Event=end, EventList="Complete", **ours))


def joins(call: str, position: int, queue: str = "hotline") -> Fields:
    return {
        "Event": "QueueCallerJoin", "Queue": queue, "Uniqueid": call, "Channel": f"PJSIP/carrier-{call}",
        "Position": str(position), "CallerIDNum": "13800000001",
    }  # fmt: skip


def leaves(call: str, queue: str = "hotline") -> Fields:
    return {"Event": "QueueCallerLeave", "Queue": queue, "Uniqueid": call, "Position": "1"}


def abandons(call: str, queue: str = "hotline") -> Fields:
    return {"Event": "QueueCallerAbandon", "Queue": queue, "Uniqueid": call, "HoldTime": "7", "Position": "1"}


def connects(call: str, agent: str = "PJSIP/agent-001", queue: str = "hotline") -> Fields:
    return {
        "Event": "AgentConnect", "Queue": queue, "Uniqueid": call, "Channel": f"PJSIP/carrier-{call}",
        "Interface": agent, "MemberName": "001", "DestChannel": f"{agent}-0000001a", "HoldTime": "12",
    }  # fmt: skip


def completes(call: str, reason: str, queue: str = "hotline") -> Fields:
    return {
        "Event": "AgentComplete", "Queue": queue, "Uniqueid": call, "Interface": "PJSIP/agent-001",
        "MemberName": "001", "HoldTime": "12", "TalkTime": "33", "Reason": reason,
    }  # fmt: skip


def status(state: str, paused: bool = False, agent: str = "PJSIP/agent-001", queue: str = "hotline") -> Fields:
    return {
        "Event": "QueueMemberStatus", "Queue": queue, "Interface": agent, "MemberName": "001", "Status": state,
        "Paused": str(int(paused)), "PausedReason": "break" if paused else "", "CallsTaken": "4", "Penalty": "0",
    }  # fmt: skip


def entry(call: str, position: int, wait: int, queue: str = "hotline") -> Fields:
    return {
        "Event": "QueueEntry", "Queue": queue, "Uniqueid": call, "Channel": f"PJSIP/carrier-{call}",
        "Position": str(position), "Wait": str(wait), "CallerIDNum": "13800000001",
    }  # fmt: skip


def listed_member(state: str, agent: str = "PJSIP/agent-001", queue: str = "hotline") -> Fields:
    return {
        "Event": "QueueMember", "Queue": queue, "Location": agent, "Name": "001", "Status": state, "Paused": "0",
        "CallsTaken": "4", "Penalty": "0",
    }  # fmt: skip


def talking(call: str, agent: str = "PJSIP/agent-001", queue: str = "hotline") -> list[Fields]:
    return [
        {"Event": "CoreShowChannel", "Channel": f"PJSIP/carrier-{call}", "Uniqueid": call, "BridgeId": f"b-{call}",
         "Application": "Queue", "ApplicationData": f"{queue},cr,,,120"},
        {"Event": "CoreShowChannel", "Channel": f"{agent}-0000001a", "Uniqueid": "x", "BridgeId": f"b-{call}",
         "Application": "AppQueue", "ApplicationData": "(Outgoing Line)"},
    ]  # fmt: skip


def day(calls: int, first: int = 0) -> list[Fields]:
    """What AMI tells of so many calls, eight events each."""
    events: list[Fields] = []
    for number in range(first, first + calls):
        call = f"{number}.1"
        events += [
            joins(call, 1), status("6"), leaves(call), connects(call), status("2"), completes(call, "caller"),
            status("1"), {"Event": "Newchannel", "Uniqueid": call},
        ]  # fmt: skip
    return events
