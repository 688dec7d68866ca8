"""The connection to ARI: what it does when Asterisk, the network or our own code misbehaves."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from ari_app.ari import events, wire
from ari_app.ari.events import ChannelDtmfReceived, Event
from ari_app.ari.wire import State, Wire
from ari_app.config import AriSettings
from ari_app.errors import PbxRefused, PbxUnreachable
from tests.wire.stub import PASSWORD, USER, Fault, StubAri

APP = "hotline-1"
TIME = Fault("GET asterisk/time", 200, times=1000)


class Connection:
    """A wire, what it delivered, and how often it became ready."""

    def __init__(self, url: str, pbx: StubAri, password: str = PASSWORD) -> None:
        self.delivered: list[Event] = []
        self.readies = 0
        self.pbx = pbx
        self.wire = Wire(AriSettings(url=url, user=USER, password=SecretStr(password)), APP, self.deliver)
        self.task = asyncio.create_task(self.wire.run(self._ready))

    def deliver(self, event: Event) -> None:
        self.delivered.append(event)
        self.pbx.bell.ring()

    def _ready(self) -> None:
        self.readies += 1
        self.pbx.bell.ring()

    async def ready(self, times: int = 1) -> None:
        await self.pbx.bell.until(lambda: self.readies >= times)


@asynccontextmanager
async def dialled(pbx: StubAri, url: str = "", password: str = PASSWORD) -> AsyncIterator[Connection]:
    connection = Connection(url or pbx.url, pbx, password)
    try:
        yield connection
    finally:
        connection.task.cancel()
        await asyncio.wait((connection.task,))
        await connection.wire.close()


@asynccontextmanager
async def connected(pbx: StubAri) -> AsyncIterator[Connection]:
    pbx.faults.append(TIME)
    async with dialled(pbx) as connection:
        await connection.ready()
        yield connection


async def ended(connection: Connection) -> BaseException | None:
    async with asyncio.timeout(10):
        await asyncio.wait((connection.task,))
    return connection.task.exception()


# ------------------------------------------------------------------ connecting


async def test_the_event_filter_lets_the_answers_to_our_requests_pass(pbx: StubAri) -> None:
    async with connected(pbx) as connection:
        assert "RESTResponse" in (pbx.apps[APP].allowed or ())
        assert (await connection.wire.request("GET", "asterisk/time")).status == 200
        assert connection.wire.state is State.READY


async def test_events_we_have_no_use_for_are_filtered_out_by_asterisk(pbx: StubAri) -> None:
    async with connected(pbx) as connection:
        pbx.emit(APP, {"type": "ChannelVarset", "variable": "X", "value": "1"})
        pbx.press(pbx.arrives("c1", app=APP), "5")
        await pbx.bell.until(lambda: connection.delivered)
        assert [type(event) for event in connection.delivered] == [ChannelDtmfReceived]


async def test_a_wrong_password_ends_the_first_attempt_with_a_sentence(pbx: StubAri) -> None:
    async with dialled(pbx, password="wrong") as connection:
        problem = await ended(connection)
        assert isinstance(problem, PbxRefused)
        assert "password" in str(problem) and "wrong" not in str(problem).replace("wrong user or password", "")


async def test_a_pbx_without_ari_ends_the_first_attempt_with_the_line_that_mends_it(pbx: StubAri) -> None:
    pbx.refuse = 404
    async with dialled(pbx) as connection:
        problem = await ended(connection)
        assert isinstance(problem, PbxRefused) and "enabled=yes" in str(problem)


async def test_a_read_only_user_is_refused_with_the_line_that_mends_it(pbx: StubAri) -> None:
    pbx.faults.append(Fault("PUT .*", 403))
    async with dialled(pbx) as connection:
        problem = await ended(connection)
        assert isinstance(problem, PbxRefused) and "read_only=no" in str(problem)


async def test_a_pbx_that_is_not_there_yet_is_waited_for(pbx: StubAri) -> None:
    pbx.refuse = 503
    async with dialled(pbx) as connection:
        await pbx.bell.until(lambda: pbx.knocks >= 3)
        pbx.refuse = 0
        await connection.ready()
        assert connection.wire.state is State.READY


async def test_a_password_changed_while_we_serve_is_no_reason_to_stop(pbx: StubAri) -> None:
    async with connected(pbx) as connection:
        pbx.refuse = 401
        pbx.abort(APP)
        await pbx.bell.until(lambda: pbx.knocks >= 3)
        pbx.refuse = 0
        await connection.ready(2)


async def test_a_handshake_that_never_ends_is_given_up(pbx: StubAri, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CONNECT_WITHIN", 0.05)
    knocks = 0

    def knock(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal knocks
        knocks += 1
        writers.append(writer)
        pbx.bell.ring()

    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(knock, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ari"
    async with dialled(pbx, url) as connection:
        await pbx.bell.until(lambda: knocks >= 2)
        assert connection.wire.state is State.CONNECTING
    for writer in writers:
        writer.close()
    server.close()


def test_pauses_grow_and_never_overflow() -> None:
    """An Asterisk that was down for an hour made 2**attempt too large for a float, and the worker died of it."""
    assert 0 < wire.pause_before(1) <= 2 * wire.BACK_OFF[0]
    assert wire.BACK_OFF[1] / 2 <= wire.pause_before(100_000) <= wire.BACK_OFF[1]


# ------------------------------------------------------------------ losing the connection


async def test_a_half_open_socket_is_noticed_within_ten_seconds(pbx: StubAri, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 2 * wire.PING_EVERY <= 10  # one pause until the next ping, and as long a wait for its pong
    monkeypatch.setattr(wire, "PING_EVERY", 0.05)
    async with connected(pbx) as connection:
        pbx.freeze(APP)
        await connection.ready(2)


async def test_a_connection_that_answers_pings_is_kept(pbx: StubAri, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PING_EVERY", 0.05)
    monkeypatch.setattr(wire, "ANSWER_WITHIN", 0.5)
    async with connected(pbx) as connection:
        pbx.faults.insert(0, Fault("GET nothing", lost=True))
        with pytest.raises(PbxUnreachable):  # half a second, ten pings
            await connection.wire.request("GET", "nothing")
        assert connection.readies == 1


@pytest.mark.parametrize("way", ["abort", "close", "not WebSocket"])
async def test_every_end_of_the_connection_is_followed_by_another(pbx: StubAri, way: str) -> None:
    async with connected(pbx) as connection:
        match way:
            case "abort":
                pbx.abort(APP)
            case "close":
                await pbx.close(APP)
            case _:
                pbx.send_garbage(APP)
        await connection.ready(2)
        assert (await connection.wire.request("GET", "asterisk/time")).ok


async def test_a_request_in_flight_fails_when_the_connection_is_lost(pbx: StubAri) -> None:
    async with connected(pbx) as connection:
        pbx.faults.insert(0, Fault("GET slow", lost=True))
        asked = connection.wire.ask("GET", "slow")
        await pbx.bell.until(lambda: pbx.count("GET slow"))
        pbx.abort(APP)
        with pytest.raises(PbxUnreachable):
            await asked


async def test_a_connection_lost_before_the_filter_is_set_is_replaced_at_once(pbx: StubAri) -> None:
    """Once five seconds passed until somebody noticed that the filter's answer could not come any more."""
    pbx.faults.append(Fault("PUT .*", lost=True))
    async with dialled(pbx) as connection:
        await pbx.bell.until(lambda: pbx.count("PUT .*"))
        pbx.abort(APP)
        async with asyncio.timeout(wire.ANSWER_WITHIN / 2):
            await connection.ready()


async def test_a_request_made_while_disconnected_waits_for_the_connection(pbx: StubAri) -> None:
    async with connected(pbx) as connection:
        pbx.refuse = 503
        pbx.abort(APP)
        await pbx.bell.until(lambda: connection.wire.state is not State.READY)
        asked = connection.wire.ask("GET", "asterisk/time")
        pbx.refuse = 0
        assert (await asked).ok


async def test_another_program_under_our_name_stops_us(pbx: StubAri) -> None:
    async with connected(pbx) as connection, dialled(pbx) as usurper:
        await usurper.ready()
        problem = await ended(connection)
        assert isinstance(problem, PbxRefused) and APP in str(problem)
        assert connection.wire.state is State.REPLACED
        assert usurper.wire.state is State.READY
        assert pbx.apps[APP].connections == 2  # we did not fight for the name


# ------------------------------------------------------------------ asking


async def test_answers_reach_whoever_asked(pbx: StubAri) -> None:
    async with connected(pbx) as connection:
        pbx.faults[:0] = [Fault("GET one", 201), Fault("GET two", 202), Fault("GET three", 203)]
        asked = [connection.wire.ask("GET", name) for name in ("one", "two", "three")]
        assert [(await answer).status for answer in reversed(asked)] == [203, 202, 201]


async def test_no_answer_is_an_error_in_time(pbx: StubAri, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(pbx) as connection:
        monkeypatch.setattr(wire, "ANSWER_WITHIN", 0.05)
        pbx.faults.insert(0, Fault("GET nothing", lost=True, times=2))
        with pytest.raises(PbxUnreachable):
            await connection.wire.request("GET", "nothing")
        with pytest.raises(PbxUnreachable):
            await connection.wire.request_aside("GET", "nothing")
        assert connection.wire.state is State.READY


async def test_a_late_answer_is_nobodys(pbx: StubAri, monkeypatch: pytest.MonkeyPatch) -> None:
    held = asyncio.Event()
    async with connected(pbx) as connection:
        pbx.faults.insert(0, Fault("GET slow", held=held))
        monkeypatch.setattr(wire, "ANSWER_WITHIN", 0.05)
        with pytest.raises(PbxUnreachable):
            await connection.wire.request("GET", "slow")
        held.set()
        monkeypatch.undo()
        assert (await connection.wire.request("GET", "asterisk/time")).ok


async def test_who_stops_waiting_leaves_nothing_behind(pbx: StubAri) -> None:
    async with connected(pbx) as connection:
        pbx.faults.insert(0, Fault("GET nothing", lost=True, times=100))
        for _ in range(100):
            connection.wire.ask("GET", "nothing").cancel()
        assert (await connection.wire.request("GET", "asterisk/time")).ok
        assert not connection.wire._waiting


async def test_an_answer_nobody_waits_for_is_no_unretrieved_exception(
    pbx: StubAri, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line asks two things at once and gives up at the first refusal: the second must not be complained about."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with connected(pbx) as connection:
        monkeypatch.setattr(wire, "ANSWER_WITHIN", 0.02)
        pbx.faults.insert(0, Fault("GET nothing", lost=True, times=2))
        first, second = connection.wire.ask("GET", "nothing"), connection.wire.ask("GET", "nothing")
        with pytest.raises(PbxUnreachable):
            await first
        await asyncio.wait((second,))
        pbx.refuse = 503
        pbx.abort(APP)
        await pbx.bell.until(lambda: connection.wire.state is not State.READY)
        third = connection.wire.ask("GET", "nothing")
        await asyncio.wait((third,))
        del first, second, third
        gc.collect()
    assert complaints == []


async def test_http_refused_is_said_so(pbx: StubAri) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with dialled(pbx, f"http://127.0.0.1:{port}/ari") as connection:
        with pytest.raises(PbxUnreachable):
            await connection.wire.request_aside("GET", "asterisk/time")


# ------------------------------------------------------------------ hearing


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"StasisStart"',
        '{"type": 7}',
        '{"type": "SomethingNew", "channel": {}}',
        '{"type": "StasisStart"}',
        '{"type": "StasisStart", "channel": null}',
        '{"type": "ChannelTalkingFinished", "channel": {"id": "c"}, "duration": "long"}',
        '{"type": "RESTResponse", "request_id": "999", "status_code": 200}',
        '{"type": "RESTResponse", "request_id": null, "status_code": 200}',
        '{"type": "StasisStart", "more": ' + "[" * 10_000 + "]" * 10_000 + "}",
        "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
async def test_what_cannot_be_read_is_passed_over(pbx: StubAri, text: str) -> None:
    async with connected(pbx) as connection:
        pbx.send_raw(APP, text)
        pbx.press(pbx.arrives("c1", app=APP), "5")
        await pbx.bell.until(lambda: connection.delivered)
        assert [type(event) for event in connection.delivered] == [ChannelDtmfReceived]
        assert connection.readies == 1


async def test_an_event_we_stumble_over_costs_nobody_the_connection(
    pbx: StubAri, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(pbx) as connection:
        channel = pbx.arrives("c1", app=APP)
        heard, connection.wire._deliver = connection.deliver, _stumble
        pbx.press(channel, "1")
        assert (await connection.wire.request("GET", "asterisk/time")).ok
        connection.wire._deliver = heard
        pbx.press(channel, "2")
        await pbx.bell.until(lambda: connection.delivered)
        assert connection.readies == 1
    assert "could not be delivered" in caplog.text


def _stumble(event: Event) -> None:
    raise KeyError("a bug")


async def test_five_thousand_events_arrive_in_order(pbx: StubAri) -> None:
    async with connected(pbx) as connection:
        channel = pbx.arrives("c1", app=APP)
        for _ in range(500):
            for key in "0123456789":
                pbx.press(channel, key)
        await pbx.bell.until(lambda: len(connection.delivered) == 5000)
        keys = [event.digit for event in connection.delivered if isinstance(event, ChannelDtmfReceived)]
        assert "".join(keys) == "0123456789" * 500
        assert connection.readies == 1


async def test_a_long_event_in_fragments_is_one_event(pbx: StubAri) -> None:
    async with connected(pbx) as connection:
        event = {"type": "ChannelDtmfReceived", "digit": "7", "channel": {"id": "c1"}, "more": "x" * 300_000}
        pbx.send_raw(APP, json.dumps(event))
        await pbx.bell.until(lambda: connection.delivered)
        assert (await connection.wire.request("GET", "asterisk/time")).ok


def test_the_decoder_reads_what_asterisk_writes() -> None:
    written = {
        "type": "ChannelTalkingFinished",
        "timestamp": "2026-11-22T13:00:00.000+0000",
        "duration": -180,  # Asterisk issue 80
        "channel": StubAri().arrives("c1").snapshot(),
        "asterisk_id": "00:00:00:00:00:00",
        "application": APP,
    }
    event = events.decode(json.dumps(written).encode())
    assert isinstance(event, events.ChannelTalkingFinished)
    assert (event.channel.id, event.channel.dialplan.exten, event.duration) == ("c1", "4000", -180)


async def test_the_reader_logs_nothing_of_a_caller(pbx: StubAri, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with connected(pbx) as connection:
        pbx.press(pbx.arrives("c1", app=APP, number="13800138000"), "5")
        await pbx.bell.until(lambda: connection.delivered)
        assert (await connection.wire.request("GET", "asterisk/time")).ok
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("ari_app")]
    assert "13800138000" not in "".join(ours)
