"""Asking Asterisk over AMI: connect, ask, close; nothing waits for ever and nothing is left behind.

panoramisk speaks the protocol; its Manager is not used, because it connects again for ever. Guarded here:
Rule 1: every wait ends: with the answer, with the end of the connection, or with the deadline.
Rule 2: an answer panoramisk stumbles over fails that question only (its KeyError 'async' closed the connection).
Rule 3: text goes through it as bytes in Latin-1 and is UTF-8 outside: it drops characters cut by a packet's end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from ari_app.config import AmiSettings
from ari_app.errors import PbxRefused, PbxUnreachable

CONNECT_WITHIN = 5.0
ANSWER_WITHIN = 5.0
CLOSE_WITHIN = 1.0
"""Seconds."""

Fields = dict[str, str]
OnEvent = Callable[[Fields], None]

log = logging.getLogger(__name__)


class _Guard(asyncio.Protocol):
    """Stands between the socket and panoramisk, and takes the part of its Manager."""

    save_stream = None

    def __init__(self, on_event: OnEvent | None = None) -> None:
        self._on_event = on_event
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ami: Any = AMIProtocol()
        self._believe = self.ami.handle_message
        self.ami.handle_message = self._handle
        self.ami.encoding = "latin-1"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.ami.connection_made(transport)
        self.ami.factory = self
        self.ami.connection_lost = lambda _event: transport.close()  # Asterisk says that it shuts down

    def data_received(self, data: bytes) -> None:
        self.ami.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)

    def dispatch(self, event: Any) -> None:
        """An event nobody asked for; whoever hears it must not wait, and its trouble is its own."""
        if self._on_event is None:
            return
        try:
            self._on_event(_as_read(event))
        except Exception:
            log.exception("an AMI event was not understood")

    def _handle(self, message: Any) -> None:
        action = self.ami.responses.get(message.id)
        try:
            self._believe(message)
        except Exception as problem:
            if action is not None and not action.future.done():
                action.future.set_exception(PbxUnreachable(f"AMI's answer was not understood ({problem!r})"))


class AmiClient:
    """A logged-in AMI connection: `async with await AmiClient.connect(settings) as ami:`."""

    def __init__(self, guard: _Guard, transport: asyncio.Transport, where: str) -> None:
        self._guard = guard
        self._transport = transport
        self._where = where

    @classmethod
    async def connect(
        cls, settings: AmiSettings, within: float = CONNECT_WITHIN, on_event: OnEvent | None = None
    ) -> Self:
        """Connect and log in; with events, if somebody hears them: one after the other, in Asterisk's order.

        Raises PbxUnreachable, or PbxRefused when the user or password is wrong.
        """
        where = f"{settings.host}:{settings.port}"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(within):
                transport, guard = await loop.create_connection(lambda: _Guard(on_event), settings.host, settings.port)
        except (OSError, TimeoutError) as problem:
            reason = (
                os.strerror(problem.errno)
                if problem.errno and problem.errno > 0
                else problem.strerror or "no answer in time"
            )
            mend = "start Asterisk; in [general] of manager.conf enabled = yes, and the port and address of `ami` here"
            raise PbxUnreachable(f"AMI does not answer at {where}: {reason}", mend) from None
        client = cls(guard, transport, where)
        try:
            await client._log_in(settings, within, "off" if on_event is None else "on")
        except BaseException:
            await client.close()
            raise
        return client

    async def _log_in(self, settings: AmiSettings, within: float, events: str) -> None:
        secret = settings.password.get_secret_value()
        try:
            await self.ask("Login", within, Username=settings.user, Secret=secret, Events=events)
        except PbxRefused:
            raise self._refusal(settings) from None
        except PbxUnreachable as problem:
            if self._guard.ami.version is None:
                raise PbxUnreachable(f"what answers at {self._where} is not AMI") from None
            raise PbxUnreachable(f"AMI at {self._where} ended before the login: {problem}") from None

    def _refusal(self, settings: AmiSettings) -> PbxRefused:
        who, section = f"AMI at {self._where} refuses user {settings.user!r}", f"[{settings.user}] in manager.conf"
        if not settings.password.get_secret_value():
            mend = f"ami.password, or HOTLINE_AMI_PASSWORD in the environment or the file of `secrets`, as in {section}"
            return PbxRefused(f"{who}: no password is set", mend)
        mend = f"compare ami.user and ami.password (or HOTLINE_AMI_PASSWORD) with {section}"
        return PbxRefused(f"{who}: wrong user or password", f"{mend}; its permit lines must allow us")

    async def ask(self, action: str, within: float = ANSWER_WITHIN, /, **fields: str) -> list[Fields]:
        """The response, and after it the events of a list. Raises PbxRefused with Asterisk's own words when
        it says no, PbxUnreachable when it says nothing in time."""
        return await self._send(action, within, None, fields)  # None: Asterisk says whether a list follows

    async def tell(self, action: str, within: float = ANSWER_WITHIN, /, **fields: str) -> Fields:
        """The one response to an action that does something; raises as `ask`.

        panoramisk takes "Added interface to queue" for the beginning of a list, and waits for its end.
        """
        return (await self._send(action, within, False, fields))[0]

    async def _send(self, action: str, within: float, as_list: bool | None, fields: Fields) -> list[Fields]:
        question = Action({"Action": action, **{name: _as_sent(value) for name, value in fields.items()}})
        if action == "Originate" and "Async" not in fields:
            question["Async"] = "true"
        if self._guard.lost.done():
            raise PbxUnreachable(f"AMI at {self._where} closed the connection")
        self._guard.ami.send(question, as_list=as_list)
        try:
            await asyncio.wait((question.future, self._guard.lost), timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._guard.ami.responses.pop(question.id, None)
        if not question.future.done():
            ended = self._guard.lost.done()
            raise PbxUnreachable(f"AMI at {self._where} " + ("closed the connection" if ended else "did not answer"))
        answer = question.future.result()
        messages = [_as_read(message) for message in (answer if isinstance(answer, list) else [answer])]
        if messages[0].get("Response") == "Error":
            raise PbxRefused(messages[0].get("Message", "refused"))
        return messages

    async def ended(self, within: float) -> bool:
        """Whether the connection ends within so many seconds."""
        await asyncio.wait((self._guard.lost,), timeout=within)
        return self._guard.lost.done()

    async def evaluate(self, function: str) -> str:
        """A global variable or a dialplan function that needs no call; "" when it has no value."""
        return (await self.ask("Getvar", Variable=function))[0].get("Value", "")

    async def close(self) -> None:
        """Close the socket; afterwards nothing of it is left."""
        self._transport.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._guard.lost), CLOSE_WITHIN)
        self._transport.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _as_sent(value: str) -> str:
    if "\r" in value or "\n" in value:
        raise ValueError("a line end in a field would begin another AMI action")
    return value.encode().decode("latin-1")


def _as_read(message: Any) -> Fields:
    return {name: _text(value) for name, value in message.items() if name != "content"}


def _text(value: Any) -> str:
    told = "\n".join(value) if isinstance(value, list) else str(value)
    return told.encode("latin-1", "replace").decode("utf-8", "replace")
