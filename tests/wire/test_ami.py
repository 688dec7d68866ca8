"""AMI asked through the guard: whatever the other end does, an answer or a clear error, in time, and nothing left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from ari_app.ami.client import AmiClient
from ari_app.config import AmiSettings
from ari_app.errors import PbxRefused, PbxUnreachable

Fields = dict[str, str]
Answer = Callable[[Fields, asyncio.StreamWriter], Awaitable[None]]

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
SOON = 0.2


def packet(action_id: str, **fields: str) -> bytes:
    told = {"Response": "Success", "ActionID": action_id} | fields
    return ("".join(f"{name}: {value}\r\n" for name, value in told.items() if value) + "\r\n").encode()


@asynccontextmanager
async def stub(answer: Answer, banner: bytes = BANNER) -> AsyncIterator[AmiSettings]:
    """An AMI that says its banner and then does with each action what `answer` does."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(banner)
            while block := await reader.readuntil(b"\r\n\r\n"):
                await answer(dict(line.split(": ", 1) for line in block.decode().split("\r\n") if line), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield AmiSettings(host="127.0.0.1", port=port, password=SecretStr("secret"))
    await asyncio.wait_for(ended.wait(), 2)  # whoever connected has gone
    server.close()
    await server.wait_closed()


def logged_in(then: Answer) -> Answer:
    async def answer(action: Fields, writer: asyncio.StreamWriter) -> None:
        if action["Action"] == "Login":
            writer.write(packet(action["ActionID"], Message="Authentication accepted"))
        else:
            await then(action, writer)

    return answer


async def nothing(action: Fields, writer: asyncio.StreamWriter) -> None:
    pass


async def hang_up(action: Fields, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def refuse(action: Fields, writer: asyncio.StreamWriter) -> None:
    writer.write(packet(action["ActionID"], Response="Error", Message="Authentication failed"))


async def test_a_list_comes_as_the_response_and_its_events() -> None:
    async def queue(action: Fields, writer: asyncio.StreamWriter) -> None:
        ours = action["ActionID"]
        writer.write(packet(ours, EventList="start", Message="Queue status will follow"))
        writer.write(packet(ours, Response="", Event="QueueParams", Queue=action["Queue"]))
        writer.write(packet(ours, Response="", Event="QueueStatusComplete", EventList="Complete"))

    async with stub(logged_in(queue)) as settings, await AmiClient.connect(settings) as ami:
        listing = await ami.ask("QueueStatus", Queue="hotline")
    assert [line.get("Event") for line in listing] == [None, "QueueParams", "QueueStatusComplete"]
    assert listing[1]["Queue"] == "hotline"


async def test_a_wrong_password_is_a_refusal_and_is_not_tried_again() -> None:
    async with stub(refuse) as settings:
        with pytest.raises(PbxRefused, match="refuses user 'hotline': wrong user or password"):
            await AmiClient.connect(settings)


async def test_an_action_without_an_answer_ends_with_its_deadline() -> None:
    async with stub(logged_in(nothing)) as settings, await AmiClient.connect(settings) as ami:
        with pytest.raises(PbxUnreachable, match="did not answer"):
            await ami.ask("Ping", SOON)


async def test_a_connection_that_ends_fails_what_is_asked_at_once() -> None:
    async with stub(logged_in(hang_up)) as settings, await AmiClient.connect(settings) as ami:
        for _ in range(2):
            with pytest.raises(PbxUnreachable, match="closed the connection"):
                await asyncio.wait_for(ami.ask("Ping", 60.0), 2)


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    async with stub(nothing, banner=b"") as settings:
        with pytest.raises(PbxUnreachable, match="is not AMI"):
            await AmiClient.connect(settings, SOON)


async def test_a_web_server_on_that_port_is_no_ami() -> None:
    async with stub(hang_up, banner=b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as settings:
        with pytest.raises(PbxUnreachable, match="is not AMI"):
            await AmiClient.connect(settings)


async def test_a_closed_port_is_unreachable() -> None:
    with pytest.raises(PbxUnreachable, match="AMI does not answer at"):
        await AmiClient.connect(AmiSettings(port=1))


async def test_an_answer_panoramisk_stumbles_over_fails_that_question_only() -> None:
    """Its KeyError 'async' inside data_received closed the AMI connection (panoramisk issues 90 and 97)."""

    async def queued(action: Fields, writer: asyncio.StreamWriter) -> None:
        writer.write(packet(action["ActionID"], Message=f"{action['Action']} successfully queued"))

    async with stub(logged_in(queued)) as settings, await AmiClient.connect(settings) as ami:
        for _ in range(2):
            with pytest.raises(PbxUnreachable, match="was not understood"):
                await ami.ask("Redirect")


async def test_a_character_cut_by_the_end_of_a_packet_is_whole() -> None:
    """panoramisk decodes each read for itself and drops what is cut."""

    asked: asyncio.Future[Fields] = asyncio.get_running_loop().create_future()

    async def note(action: Fields, writer: asyncio.StreamWriter) -> None:
        asked.set_result(action)

    async with stub(logged_in(note)) as settings, await AmiClient.connect(settings) as ami:
        value = asyncio.create_task(ami.evaluate("坐席"))
        action = await asked
        told = packet(action["ActionID"], Value=action["Variable"])
        cut = told.index("坐".encode()) + 1
        ami._guard.data_received(told[:cut])
        ami._guard.data_received(told[cut:])
        assert await value == "坐席"


async def test_a_line_end_cannot_smuggle_in_an_action() -> None:
    async with stub(logged_in(nothing)) as settings, await AmiClient.connect(settings) as ami:
        with pytest.raises(ValueError, match="line end"):
            await ami.ask("Getvar", Variable="x\r\n\r\nAction: Originate")


async def test_nothing_is_left_when_it_is_closed() -> None:
    async with stub(logged_in(nothing)) as settings:
        before = asyncio.all_tasks()
        ami = await AmiClient.connect(settings)
        await ami.close()
        mine = {task for task in asyncio.all_tasks() - before if "serve" not in repr(task.get_coro())}
        assert mine == set()
