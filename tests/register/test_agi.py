"""The AGI door over real sockets: what Asterisk gets, and what everybody else does not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from ari_app.agi import Answer, Asked, Door, Limits, asked, serve

HEADER = b"agi_network: yes\nagi_network_script: screen\nagi_callerid: 13800138000\nagi_dnid: 4008123123\n\n"
SOON = Limits(header_within=0.2, over_within=0.4, clients=50)


@contextlib.asynccontextmanager
async def open_door(limits: Limits = SOON) -> AsyncIterator[tuple[Door, list[Asked]]]:
    who: list[Asked] = []

    def judge(caller: Asked) -> Answer:
        who.append(caller)
        if caller.number == "666":
            raise RuntimeError("broken")
        return Answer("station", "listed")

    door = await serve(judge, port=0, limits=limits)
    try:
        yield door, who
    finally:
        await door.close()


async def converse(door: Door, header: bytes = HEADER, reply: bytes = b"200 result=1\n") -> list[bytes]:
    """What Asterisk does: the header, then a reply to each command, until the door closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    commands = []
    with contextlib.suppress(ConnectionError):
        writer.write(header)
        while line := await asyncio.wait_for(reader.readline(), 5):
            commands.append(line)
            writer.write(reply)
    writer.close()
    return commands


async def closed(door: Door, sent: bytes) -> None:
    """Send something and be hung up on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    with contextlib.suppress(ConnectionError):
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


VERDICT = [b'SET VARIABLE HOTLINE_REASON "listed"\n', b'SET VARIABLE HOTLINE_VERDICT "station"\n']
ADMIT = b'SET VARIABLE HOTLINE_VERDICT "admit"\n'


async def test_the_dialplan_gets_a_verdict_and_its_reason_and_goes_on() -> None:
    async with open_door() as (door, who):
        assert await converse(door) == VERDICT
        assert who == [Asked("13800138000", "4008123123", "")]


def test_the_loop_workers_run_on_serves_as_well_and_survives_as_much() -> None:
    async def all_of_it() -> None:
        async with open_door() as (door, _):
            for sent in (b"", b"GET / HTTP/1.0\r\n\r\n", b"agi_network: yes\n", b"agi_" + b"x" * 10_000_000):
                await closed(door, sent)
            assert await asyncio.gather(*(converse(door) for _ in range(40))) == [VERDICT] * 40
            assert (door.served, door.clients) == (40, 0)

    uvloop.run(all_of_it())


async def test_a_header_may_come_byte_by_byte() -> None:
    async with open_door(Limits()) as (door, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        for byte in HEADER:
            writer.write(bytes((byte,)))
            await writer.drain()
        assert await reader.readline() == VERDICT[0]
        writer.close()


async def test_who_cannot_be_judged_is_admitted() -> None:
    async with open_door() as (door, _):
        assert (await converse(door, HEADER.replace(b"13800138000", b"666")))[1] == ADMIT


async def test_another_script_is_nothing_we_know_and_admits() -> None:
    async with open_door() as (door, who):
        assert (await converse(door, HEADER.replace(b"screen", b"other")))[1] == ADMIT
        assert who == []


async def test_a_caller_who_left_meanwhile_is_no_error() -> None:
    async with open_door() as (door, _):
        assert await converse(door, reply=b"511 Command Not Permitted on a dead channel\n") == VERDICT[:1]


@pytest.mark.parametrize(
    "sent",
    [b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\n\n\n", b"agi_network\n", b"agi_" + b"x" * 10_000_000],
    ids=["a browser", "TLS", "empty lines", "no colon", "10 MB"],
)
async def test_garbage_is_hung_up_on_and_the_next_caller_is_served(sent: bytes) -> None:
    async with open_door() as (door, who):
        await closed(door, sent)
        assert who == []
        assert await converse(door) == VERDICT


@pytest.mark.parametrize("sent", [b"", b"agi_network: yes\n"], ids=["silent", "half a header"])
async def test_who_does_not_go_on_is_hung_up_on(sent: bytes) -> None:
    async with open_door() as (door, _):
        await closed(door, sent)
        assert await converse(door) == VERDICT


async def test_who_does_not_reply_is_hung_up_on() -> None:
    async with open_door() as (door, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(HEADER)
        assert await reader.readline() == VERDICT[0]
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_a_port_scan_that_closes_at_once_stops_nothing() -> None:
    """An old wound of others: a client that closes before the header stopped the whole loop."""
    async with open_door() as (door, _):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", door.port)) as scan:
                scan.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closed with a reset
        assert await converse(door) == VERDICT


async def test_the_longest_silent_gives_way_when_the_door_is_full() -> None:
    async with open_door(Limits(header_within=60, over_within=60, clients=5)) as (door, _):
        silent = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(5)]
        assert await converse(door) == VERDICT
        assert await silent[0][0].read() == b""
        for _, writer in silent:
            writer.close()


async def test_nobody_who_has_asked_gives_way_and_who_finds_the_door_full_is_let_in_when_one_leaves() -> None:
    async with open_door(Limits(header_within=60, over_within=60, clients=2)) as (door, who):
        talking = []
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(HEADER)
            assert await reader.readline() == VERDICT[0]
            talking.append(writer)
        waits = asyncio.create_task(converse(door))
        done, _ = await asyncio.wait({waits}, timeout=0.2)
        assert not done and len(who) == 3
        for writer in talking:
            writer.close()
        assert await waits == VERDICT


async def test_a_thousand_at_once_are_all_served() -> None:
    async with open_door(Limits(header_within=30, over_within=30, clients=2000)) as (door, who):
        answers = await asyncio.gather(*(converse(door) for _ in range(1000)))
        assert answers == [VERDICT] * 1000 and len(who) == 1000


@pytest.mark.parametrize(
    ("environment", "number"),
    [
        ({"agi_callerid": "13800138000", "agi_callingpres": "0"}, "13800138000"),
        ({"agi_callerid": "13800138000", "agi_callingpres": "32"}, "anonymous"),
        ({"agi_callerid": "unknown", "agi_callingpres": "67"}, "anonymous"),
        ({"agi_callerid": "unknown"}, ""),
        ({}, ""),
    ],
)
def test_a_number_that_is_not_to_be_told_is_anonymous(environment: dict[str, str], number: str) -> None:
    assert asked(environment).number == number


def test_the_dialled_number_is_the_extension_where_the_trunk_tells_none() -> None:
    assert asked({"agi_dnid": "unknown", "agi_extension": "8008", "agi_arg_1": "passed"}) == Asked("", "8008", "passed")


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40)))
def test_any_environment_is_understood(environment: dict[str, str]) -> None:
    asked(environment)
