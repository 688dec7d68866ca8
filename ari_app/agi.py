"""The AGI door: a dialplan that wants only our verdict asks for it, AGI(agi://host/screen), and goes on.

Rule 1: whoever connects, and whatever they send or do not send, costs little and ends soon.
Rule 2: an answer comes from memory, within the same turn of the loop; nothing here waits for anything but the peer.
Rule 3: fail open: what we do not understand is left to the dialplan, what we cannot judge is admitted.

The protocol is Asterisk's FastAGI (its `AGI` application documents the environment). panoramisk's server is not
used: one client that connects and closes before the header stops its loop for good.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from ari_app.procedures.screening import Screening, word_of
from ari_app.register.live import LiveRegister

log = logging.getLogger(__name__)

PORT = 4573
"""FastAGI's own."""
SCRIPT = "screen"
AT_A_TIME = 8
"""Clients let in, and clients read, in one turn of the loop."""
BACKLOG = 1_000
"""Clients the kernel keeps waiting for us; one too many would ring again a second later."""
RESTRICTED = 0x60
"""Bits of Asterisk's calling presentation: the number is not told, or not known."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who rings, as Asterisk tells us. Number and dialled are callers' claims: hostile text."""

    number: str = field(default="", repr=False)
    dialled: str = field(default="", repr=False)
    attestation: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Words of our own: they become HOTLINE_VERDICT and HOTLINE_REASON."""

    verdict: str
    reason: str


Judge = Callable[[Asked], Answer]

ADMITTED = Answer("admit", "nothing-known")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may cost; seconds and bytes."""

    header_within: float = 2
    over_within: float = 5
    bytes: int = 16_384
    clients: int = 256
    """So many may leave in one turn of the loop, as when a scanner dies."""


class Door:
    """An open AGI door."""

    def __init__(self, judge: Judge, limits: Limits) -> None:
        self.judge = judge
        self.limits = limits
        self.served = 0
        self.turned_away = 0
        self._socket: socket.socket | None = None
        self._entering: set[asyncio.Task[object]] = set()
        self._ready: deque[_Visit] = deque()  # have sent something we have not read yet
        self._silent: dict[_Visit, None] = {}  # connected and have not asked yet, the longest waiting first
        self._open: set[_Visit] = set()
        self._inside = 0  # let in and not gone yet
        self._full = False  # nobody is let in until somebody leaves

    @property
    def port(self) -> int:
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._open)

    async def listen(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self._socket.setblocking(False)
        self._open_up()

    async def close(self) -> None:
        """Nobody is let in any more; whoever is being answered is left to their dialplan. Closed twice is closed."""
        if self._socket is None or self._socket.fileno() < 0:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        for visit in tuple(self._open):
            visit.leave()

    def _open_up(self) -> None:
        if self._socket is not None and self._socket.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._socket, self._let_in)

    def _let_in(self) -> None:
        """A few at a time: a thousand in one turn of the loop would be heard on every line."""
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        for _ in range(AT_A_TIME):
            try:
                client, _address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as problem:  # no file descriptor left: the calls need theirs first
                log.error("the AGI door is closed for a second: %s", problem.strerror)
                loop.remove_reader(self._socket)
                loop.call_later(1.0, self._open_up)
                return
            client.setblocking(False)
            self._inside += 1
            entering: asyncio.Task[object] = loop.create_task(_enter(self, client))
            self._entering.add(entering)
            entering.add_done_callback(self._entering.discard)
            if self._inside > self.limits.clients and not self._make_room():
                self._full = True
                loop.remove_reader(self._socket)
                return

    def ready(self, visit: _Visit) -> None:
        """This client has sent something: it is read when its turn comes."""
        if not self._ready:
            asyncio.get_running_loop().call_soon(self._read_some)
        self._ready.append(visit)

    def _read_some(self) -> None:
        for _ in range(min(AT_A_TIME, len(self._ready))):
            self._ready.popleft().read()
        if self._ready:
            asyncio.get_running_loop().call_soon(self._read_some)

    def _make_room(self) -> bool:
        """Who has been silent for the longest goes: an Asterisk asks at once, and is waited for."""
        longest = next((visit for visit in self._silent if not visit.unread), None)
        if longest is None:
            return False
        self.asked(longest)
        longest.leave()
        return True

    def entered(self, visit: _Visit) -> None:
        self._open.add(visit)
        self._silent[visit] = None

    def asked(self, visit: _Visit) -> None:
        self._silent.pop(visit, None)

    def left(self, visit: _Visit, *, served: bool) -> None:
        self._open.discard(visit)
        self._silent.pop(visit, None)
        if served:
            self.served += 1
        else:
            self.turned_away += 1
        self.gone()

    def gone(self) -> None:
        """There is a place more."""
        self._inside -= 1
        if self._full:
            self._full = False
            self._open_up()


class _Visit(asyncio.Protocol):
    """One client: the header, then one command after the other, each with its reply."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._received = 0
        self.unread = False  # they have sent something, and wait for their turn
        self._environment: dict[str, str] | None = {}  # None: it is complete
        self._commands: list[bytes] = []
        self._served = False
        self._bell: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by descent
        self._ring_in(self._door.limits.header_within)
        self._door.entered(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._bell is not None:
            self._bell.cancel()
        self._door.left(self, served=self._served)

    @property
    def came(self) -> bool:
        """Whether they were connected: then they also leave."""
        return self._transport is not None

    def eof_received(self) -> bool:
        return False  # a client that closes its side has nothing more to ask: the transport closes

    def leave(self) -> None:
        """Hang up on the client, not on the caller: their dialplan goes on."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self._door.limits.bytes:
            self.leave()
            return
        self._unread += data
        if not self.unread:
            self.unread = True
            self._door.ready(self)

    def read(self) -> None:
        """What was sent since the last time."""
        self.unread = False
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            if self._transport is None or self._transport.is_closing():
                return
            self._read(line.rstrip(b"\r"))
        if self._environment == {} and not _may_become_agi(self._unread):
            self.leave()

    def _read(self, line: bytes) -> None:
        if self._environment is None:
            if line[:3].isdigit() and line[3:4] != b"-":
                self._replied(line)
        elif line:
            name, colon, value = line.partition(b":")
            if not colon or not name.startswith(b"agi_"):
                self.leave()
                return
            self._environment[name.decode("ascii", "replace")] = value.strip().decode("utf-8", "replace")
        elif not self._environment:
            self.leave()
        else:
            self._answer(self._environment)

    def _answer(self, environment: dict[str, str]) -> None:
        self._environment = None
        self._door.asked(self)
        self._ring_in(self._door.limits.over_within)
        answer = Answer("admit", "unknown-script")
        if environment.get("agi_network_script", "").partition("?")[0].strip("/") == SCRIPT:
            answer = self._judged(asked(environment))
        self._commands = [
            f'SET VARIABLE HOTLINE_REASON "{_word(answer.reason)}"\n'.encode(),
            f'SET VARIABLE HOTLINE_VERDICT "{_word(answer.verdict)}"\n'.encode(),
        ]
        self._send_next()

    def _judged(self, caller: Asked) -> Answer:
        try:
            return self._door.judge(caller)
        except Exception:
            log.exception("a caller could not be judged, and is admitted")
            return ADMITTED

    def _replied(self, line: bytes) -> None:
        if not line.startswith(b"200"):
            self.leave()  # the caller has left, or this is no Asterisk
            return
        self._send_next()

    def _send_next(self) -> None:
        assert self._transport is not None
        if self._commands:
            self._transport.write(self._commands.pop(0))
        else:
            self._served = True
            self._transport.close()

    def _ring_in(self, seconds: float) -> None:
        if self._bell is not None:
            self._bell.cancel()
        self._bell = asyncio.get_running_loop().call_later(seconds, self.leave)


async def _enter(door: Door, client: socket.socket) -> None:
    visit = _Visit(door)
    try:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: visit, client)
    except OSError:  # gone already
        client.close()
        if not visit.came:
            door.gone()


def asked(environment: dict[str, str]) -> Asked:
    """What Asterisk's AGI environment says of the caller; the script's first argument is STIR/SHAKEN's verdict."""
    number = environment.get("agi_callerid", "")
    presentation = environment.get("agi_callingpres", "")
    if number == "unknown":
        number = ""
    if presentation.isascii() and presentation.isdecimal() and int(presentation[:4]) & RESTRICTED:
        number = "anonymous"
    dialled = environment.get("agi_dnid", "")
    return Asked(
        number,
        environment.get("agi_extension", "") if dialled in ("", "unknown") else dialled,
        environment.get("agi_arg_1", ""),
    )


def _may_become_agi(beginning: bytes) -> bool:
    return beginning[:4] == b"agi_"[: len(beginning)]


def _word(text: str) -> str:
    """Nothing but our own kind of words ever goes into a dialplan."""
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c == "-"))


def judged_by(register: LiveRegister, rules: Callable[[], Screening], now: Callable[[], datetime]) -> Judge:
    """The register's verdicts; `rules` and `now` (with the standard's time zone) are asked for each call."""

    def judge(caller: Asked) -> Answer:
        _, verdict = register.screen(caller.number, caller.dialled, rules(), now(), caller.attestation)
        return Answer(word_of(verdict), verdict.reason)

    return judge


async def serve(judge: Judge, host: str = "127.0.0.1", port: int = PORT, limits: Limits | None = None) -> Door:
    """Open the door; `port` 0 takes a free one. Raises OSError when the port is taken."""
    door = Door(judge, limits or Limits())
    await door.listen(host, port)
    return door
