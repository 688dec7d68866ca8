"""Every door of the dialplan on a real Asterisk: what the caller meets, what the agent is told, what comes back."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ari_app.ami import agents, notices
from ari_app.ami.client import AmiClient, Fields
from ari_app.ami.queues import Kind
from ari_app.ami.watch import RIGHT_AGAIN_WITHIN
from ari_app.errors import PbxRefused
from ari_app.pbx.asterisk import Asterisk
from tests.pbx.house import WITHIN, House, built

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

SETTINGS = {
    "HOTLINE_QUEUE_SECONDS": "2",
    "HOTLINE_SUPERVISOR_SECONDS": "3",
    "HOTLINE_TRANSFER_SECONDS": "2",
    "HOTLINE_RESUME_SECONDS": "1",
    "HOTLINE_CLAIM_MS": "500",
}
AGENT = "PJSIP/agent-001"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with built(asterisk, tmp_path_factory.mktemp("house"), SETTINGS) as house:
        yield house


# ------------------------------------------------------------------ the door in


async def test_a_notice_comes_with_every_new_caller_until_it_is_cleared(house: House) -> None:
    async def words() -> list[str]:
        async with house.desk.caller() as caller:
            return await house.desk.arrives(caller)

    assert await words() == ["incoming"]
    await notices.switch_on(house.ami, notices.Notice("outage", ("0571", "+86138")))
    assert await words() == ["incoming", "outage", "0571&+86138"]
    await notices.switch_on(house.ami, notices.Notice("failure"))
    assert (await words())[:2] == ["incoming", "failure"]
    assert await notices.shown(house.ami) == notices.Notice("failure")
    await house.ami.tell("Setvar", Variable=notices.NAME, Value='out"age:x,y$[1]')
    assert (await words())[:2] == ["incoming", "outagexy1"], "what is no name is taken out"
    await notices.switch_off(house.ami)
    assert await words() == ["incoming"]


# ------------------------------------------------------------------ agents


async def test_an_agent_is_told_what_the_caller_went_through(house: House) -> None:
    await house.does("agent-001", "key74")
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent(
            "hotline-queue,hotline", HOTLINE_HEARD='speech 您好"$[', HOTLINE_STEP="silent 2", HOTLINE_WAITED="14.3",
            HOTLINE_LATE="yes",
        )  # fmt: skip
        name, told = await house.rung("agent-001")
        assert name == "[late silent 2 speech 您好]"
        assert told == {"step": "silent 2", "heard": "speech 您好", "waited": "14", "late": "yes"}
        assert await house.desk.arrives(caller) == ["procedure", "too-quiet"]
        assert await caller.found("HOTLINE_AGENT", "HOTLINE_AGENT_NAME") == [AGENT, "001"]
    log = (house.pbx.place.log / "queue_log").read_text()
    assert "|hotline|NONE|HOTLINE|step=silent 2&heard=speech 您好&waited=14&late=yes" in log


async def test_a_procedure_brings_the_same_agent_back(house: House) -> None:
    await house.does("agent-001", "key76")
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent("hotline-queue,hotline")
        assert await house.desk.arrives(caller) == ["procedure", "speakerphone"]
        await house.rung("agent-001")
        await house.sees(lambda queues: queues.members["hotline", AGENT].state == "free")
        await house.does("agent-001", "key75")
        await caller.sent("hotline-resume,s", HOTLINE_STEP="speakerphone 1")
        name, _ = await house.rung("agent-001")
        assert name == "[back speakerphone 1]"
        assert await house.desk.arrives(caller) == ["procedure", "noisy"], "the keys work again"
        await house.sees(lambda queues: queues.members["hotline", AGENT].state == "free")
        await house.does("agent-001", "leave")
        await caller.sent("hotline-resume,s")
        assert await house.desk.arrives(caller) == ["after-queue"]
        assert await caller.found("HOTLINE_QUEUESTATUS", "HOTLINE_DIALSTATUS") == ["CONTINUE", "ANSWER"]


@pytest.mark.parametrize(
    ("why", "ended"), [("pauses", "CHANUNAVAIL"), ("does not answer", "NOANSWER"), ("is no member", "CHANUNAVAIL")]
)
async def test_in_place_of_an_agent_who_cannot_be_had_again_comes_the_queue_before_others(
    house: House, why: str, ended: str
) -> None:
    await house.does("agent-001", "ignore")
    await house.sees(lambda queues: queues.members["hotline", AGENT].state == "free")
    await agents.pause(house.ami, AGENT, why == "pauses", "break")
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent("hotline-resume,s", HOTLINE_AGENT="PJSIP/agent-003" if why == "is no member" else AGENT)
        await house.waits(caller)
        assert await caller.found("HOTLINE_PRIORITY", "HOTLINE_DIALSTATUS") == ["10", ended]
        assert await house.desk.arrives(caller) == ["after-queue"]
    await agents.pause(house.ami, AGENT, False)


@pytest.mark.rule("S003-01", "S004-B04")
async def test_agents_log_in_pause_and_leave_by_their_telephones(house: House) -> None:
    two, three = ("hotline", "PJSIP/agent-002"), ("hotline", "PJSIP/agent-003")
    await asyncio.gather(house.dials("agent-002", "*11"), house.dials("agent-003", "*11", speaks=False))
    await house.sees(lambda queues: two in queues.members)
    assert house.watch.queues.members[two].name == "agent-002"
    await house.sees(lambda queues: queues.members[two].state == "free")
    await house.dials("agent-002", "*13")
    await house.sees(lambda queues: queues.members[two].paused)
    assert three not in house.watch.queues.members, "who was not heard is not rung"
    await house.sees(lambda queues: queues.members[two].state == "free")
    await house.dials("agent-002", "*14")
    await house.sees(lambda queues: not queues.members[two].paused)
    await house.sees(lambda queues: queues.members[two].state == "free")
    await house.dials("agent-002", "*12")
    await house.sees(lambda queues: two not in queues.members)


@pytest.mark.rule("S004-B04")
async def test_supervisors_log_in_and_out_by_their_telephones_and_a_line_can_be_tried_alone(house: House) -> None:
    two = ("hotline-supervisor", "PJSIP/agent-002")
    said = house.pbx.place.log / "tried"
    await house.dials("agent-002", "*16")
    await house.sees(lambda queues: two in queues.members and queues.members[two].state == "free")
    await house.dials("agent-002", "*17")
    await house.sees(lambda queues: two not in queues.members)
    await house.pbx.console("logger add channel tried verbose(3)")
    try:
        await asyncio.gather(house.dials("agent-001", "*15"), house.dials("agent-003", "*15", speaks=False))
        heard = (
            'done@hotline-agent:1] PlayTones("PJSIP/agent-001',
            'refused@hotline-agent:1] PlayTones("PJSIP/agent-003',
        )
        async with asyncio.timeout(WITHIN):
            while not all(words in said.read_text() for words in heard):
                await house.ami.ask("Ping")
        assert not [who for _, who in house.watch.queues.members if who != AGENT and "agent" in who], "only tried"
    finally:
        await house.pbx.console("logger remove channel tried")
    await house.sees(lambda queues: queues.members["hotline", AGENT].state == "free")


# ------------------------------------------------------------------ ways out of the queue


async def test_each_way_out_of_the_queue_comes_back_with_its_name(house: House) -> None:
    async def way(queue: str, during: str = "") -> list[str]:
        async with house.desk.caller() as caller:
            await house.desk.arrives(caller)
            await caller.sent(f"hotline-queue,{queue}")
            if during:
                await house.waits(caller)
            if during == "the agents pause":
                await house.ami.tell("QueuePause", Queue=queue, Interface="Local/ignore@others", Paused="true")
            if during == "is withdrawn":
                channel = house.watch.queues.waiting[caller.channel].channel
                await house.ami.tell("QueueWithdrawCaller", Queue=queue, Caller=channel)
            assert await house.desk.arrives(caller) == ["after-queue"]
            return await caller.found("HOTLINE_QUEUESTATUS", "HOTLINE_QUEUE_NOW")

    async with house.desk.caller() as first:
        await house.desk.arrives(first)
        await first.sent("hotline-queue,crowded")
        await house.waits(first)
        full, empty, timeout, left, withdrawn = await asyncio.gather(
            way("crowded"),
            way("nobody"),
            way("patient"),
            way("leaving", "the agents pause"),
            way("quiet", "is withdrawn"),
        )
    assert full == ["FULL", "crowded"]
    assert empty == ["JOINEMPTY", "nobody"]
    assert timeout == ["TIMEOUT", "patient"]
    assert left == ["LEAVEEMPTY", "leaving"]
    assert withdrawn == ["WITHDRAW", "quiet"]


async def test_a_caller_who_hangs_up_while_waiting_is_seen_to_have_abandoned(house: House) -> None:
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent("hotline-queue,patient")
        await house.waits(caller)
    await house.sees(lambda queues: caller.channel not in queues.waiting)
    kinds = [news.kind for news in house.news if news.call == caller.channel]
    assert kinds[:2] == [Kind.JOINED, Kind.ABANDONED]


async def test_a_queue_that_does_not_exist_becomes_the_default_one(house: House) -> None:
    await house.does("agent-001", "leave")
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent("hotline-queue,nonesuch")
        assert await house.desk.arrives(caller) == ["after-queue"]
        assert await caller.found("HOTLINE_QUEUESTATUS", "HOTLINE_QUEUE_NOW") == ["CONTINUE", "hotline"]


async def test_the_urgent_caller_stands_before_those_who_came_earlier(house: House) -> None:
    async with house.desk.caller() as early, house.desk.caller() as urgent:
        for caller, priority in ((early, ""), (urgent, "10")):
            await house.desk.arrives(caller)
            await caller.sent("hotline-queue,patient", HOTLINE_PRIORITY=priority)
            await house.waits(caller)
        order = [waiting.call for waiting in house.watch.queues.queue("patient")]
        assert order == [urgent.channel, early.channel]


async def test_a_key_while_waiting_leads_to_leaving_a_number(house: House) -> None:
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent("hotline-queue,patient")
        await house.waits(caller)
        await caller.presses("1")
        assert await house.desk.arrives(caller) == ["procedure", "callback"]


async def test_who_presses_the_key_while_the_application_is_away_keeps_a_place_before_others(house: House) -> None:
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        house.desk.away.add(caller.channel)
        await caller.sent("hotline-queue,patient")
        await house.waits(caller)
        await caller.presses("1")
        await house.sees(lambda queues: caller.channel not in queues.waiting)
        await house.waits(caller)
        assert await caller.found("HOTLINE_PRIORITY", "HOTLINE_QUEUE_NOW") == ["10", "patient"]


async def test_whom_the_application_could_not_serve_is_not_offered_to_it_again_while_no_agent_comes(
    house: House,
) -> None:
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        rounds = {"HOTLINE_QUEUE_ROUNDS": "2", "HOTLINE_ROUND_PAUSE": "1"}
        await caller.sent("hotline-queue,nobody", HOTLINE_RESCUED="yes", **rounds)
        await asyncio.wait_for(house.desk.gone[caller.channel].wait(), 2 * WITHIN)  # told, given 5 s, let go
        assert not house.desk.has_come(caller)


@pytest.mark.rule("S000-15")
async def test_after_three_rings_in_the_queue_the_caller_hears_an_apology(house: House) -> None:
    """10 s by the sample's queues.conf, while every agent is on a break."""
    said = house.pbx.place.log / "said"
    await house.pbx.console("logger add channel said verbose(3)")
    await agents.pause(house.ami, AGENT, True, "break")
    try:
        async with house.desk.caller() as caller:
            await house.desk.arrives(caller)
            await caller.sent("hotline-queue,hotline", HOTLINE_QUEUE_SECONDS="20")
            await house.waits(caller)
            began = time.monotonic()
            async with asyncio.timeout(WITHIN):
                while "hotline-standard/zh-CN/busy" not in said.read_text():
                    await house.ami.ask("Ping")
            assert time.monotonic() - began == pytest.approx(10, abs=1.5)
    finally:
        await agents.pause(house.ami, AGENT, False)
        await house.pbx.console("logger remove channel said")


async def test_with_music_a_caller_does_not_hear_ringing(house: House) -> None:
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent("hotline-queue,patient", HOTLINE_MUSIC="quiet")
        await house.waits(caller)
        assert await caller.found("CHANNEL(musicclass)", "HOTLINE_QUEUE_OPTIONS") == ["quiet", "c"]


@pytest.mark.rule("S004-M08")
async def test_a_supervisor_is_rung_and_without_one_an_agent_before_others(house: House) -> None:
    await house.does("agent-001", "ignore")
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent("hotline-queue,hotline-supervisor")
        await house.sees(lambda queues: [w.queue for w in queues.waiting.values()] == ["hotline"])
        assert await caller.found("HOTLINE_PRIORITY") == ["10"]
    await house.does("agent-003", "leave")
    await agents.log_in(house.ami, "PJSIP/agent-003", "hotline-supervisor", "Supervisor")
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent("hotline-queue,hotline-supervisor")
        assert await house.desk.arrives(caller) == ["after-queue"]
        assert await caller.found("HOTLINE_AGENT_NAME", "HOTLINE_QUEUESTATUS") == ["Supervisor", "CONTINUE"]
    await agents.log_out(house.ami, "PJSIP/agent-003", "hotline-supervisor")


# ------------------------------------------------------------------ extensions


@pytest.mark.rule("S001-02")
async def test_an_extension_answers_is_busy_does_not_answer_or_is_none(house: House) -> None:
    async def way(extension: str) -> tuple[str, float]:
        async with house.desk.caller() as caller:
            await house.desk.arrives(caller)
            began = time.monotonic()
            await caller.sent(f"hotline-transfer,{extension}")
            assert await house.desk.arrives(caller) == ["transferred"]
            return (await caller.found("HOTLINE_DIALSTATUS"))[0], time.monotonic() - began

    told = await asyncio.gather(*map(way, ("801", "802", "803", "804", "805")))
    assert [status for status, _ in told] == ["ANSWER", "BUSY", "NOANSWER", "CHANUNAVAIL", "CHANUNAVAIL"]
    assert told[2][1] == pytest.approx(2.5, abs=1), "rung for HOTLINE_TRANSFER_SECONDS"


async def test_no_caller_is_connected_with_an_outside_number(house: House) -> None:
    for extension in ("1234567", "00861234567890", "801x", "*72", "s"):
        assert await house.ami.evaluate(f"DIALPLAN_EXISTS(hotline-transfer,{extension},1)") == "0"


async def test_whose_extension_is_busy_while_the_application_is_away_reaches_the_queue(house: House) -> None:
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        house.desk.away.add(caller.channel)
        await caller.sent("hotline-transfer,802")
        await house.waits(caller)


# ------------------------------------------------------------------ by AMI, as the commands do


async def test_a_caller_is_pulled_from_an_agent_into_a_procedure_by_the_agent_s_name(house: House) -> None:
    await house.does("agent-001", "talk")
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent("hotline-queue,hotline")
        await house.sees(lambda queues: queues.serves(AGENT))
        assert (await agents.look(house.ami)).serves("001") is not None
        await house.gives_back("001", "harassment")
        assert await house.desk.arrives(caller) == ["procedure", "harassment"]
    await house.sees(lambda queues: queues.serves(AGENT) is None and queues.members["hotline", AGENT].state == "free")


@pytest.mark.rule("S000-28")
async def test_who_listens_hears_of_agents_keys_and_not_of_callers_nor_of_whom_others_send(house: House) -> None:
    """A caller's own key was told of as one of the agent they had spoken with before."""
    told: list[Fields] = []
    async with (
        await AmiClient.connect(house.ami_settings, on_event=told.append) as screen,
        house.desk.caller() as caller,
    ):
        await house.desk.arrives(caller)
        await house.does("agent-001", "key76")
        await caller.sent("hotline-queue,hotline")
        assert await house.desk.arrives(caller) == ["procedure", "speakerphone"]
        await caller.sent("hotline-queue,patient")
        await house.waits(caller)
        await caller.presses("1")
        assert await house.desk.arrives(caller) == ["procedure", "callback"]
        await agents.send(house.ami, caller.channel, "silent")  # from the application
        assert await house.desk.arrives(caller) == ["procedure", "silent"]
        await house.does("agent-001", "talk")
        await house.sees(lambda queues: queues.members["hotline", AGENT].state == "free")
        await caller.sent("hotline-queue,hotline")
        await house.sees(lambda queues: queues.serves(AGENT))
        await house.gives_back("001", "noisy")
        assert await house.desk.arrives(caller) == ["procedure", "noisy"]
        await house.does("agent-001", "key75")
        await house.sees(lambda queues: queues.members["hotline", AGENT].state == "free")
        await caller.sent("hotline-resume,s")
        assert await house.desk.arrives(caller) == ["procedure", "noisy"], "the same agent, and the keys work again"
        await screen.ask("Ping")
    keys = [(event["Procedure"], event["Agent"]) for event in told if event.get("UserEvent") == "HotlineKey"]
    assert keys == [("speakerphone", "001"), ("noisy", "001")]
    await house.does("agent-001", "talk")
    await house.forgets("agent-001")


async def test_nobody_but_a_caller_of_ours_is_pulled_anywhere(house: House) -> None:
    await house.pbx.console("channel originate Local/ignore@others extension ignore@others")
    channels = [c for c in await house.ami.ask("CoreShowChannels") if c.get("Channel", "").startswith("Local/ignore")]
    with pytest.raises(PbxRefused, match="not a caller of the hotline"):
        await agents.send(house.ami, channels[0]["Channel"], "silent")
    with pytest.raises(PbxRefused, match="no such channel, and no agent of that name"):
        await agents.send(house.ami, "agent-009", "silent")
    with pytest.raises(PbxRefused, match="a procedure's name"):
        await agents.send(house.ami, "agent-001", "silent,1\nAction: x")
    await house.pbx.console("channel request hangup all")


@pytest.mark.rule("S003-01", "S004-B04")
async def test_an_agent_without_a_telephone_that_can_ring_is_not_logged_in(house: House) -> None:
    with pytest.raises(PbxRefused, match="no endpoint \\[agent-009\\]"):
        await agents.log_in(house.ami, "PJSIP/agent-009", "hotline")
    with pytest.raises(PbxRefused, match="not registered"):
        await agents.log_in(house.ami, "PJSIP/softphone", "hotline")
    well = await agents.try_line(house.ami, AGENT)
    assert (well.trouble, well.registered) == ("", True)
    assert well.round_trip is not None and well.round_trip < 1000


async def test_the_commands_do_it_from_a_shell(house: House) -> None:
    host, port = house.pbx.ami
    file = house.pbx.place.folder / "hotline.yaml"
    file.write_text(f"ami: {{host: {host}, port: {port}, password: '{house.plan.ami_password}'}}\n")

    async def said(group: str, command: str, *words: str) -> tuple[int, str]:
        code = f"from ari_app import cli, {group} as m; cli.hotline.add_command(m.{group[4:]}); cli.main()"
        asked = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, group[4:], command, *words, "-c", str(file),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await asyncio.wait_for(asked.communicate(), 20)
        assert asked.returncode is not None
        return asked.returncode, told.decode().strip()

    paused = await said("cli_agent", "pause", "001", "--reason", "lunch")
    listed, notice, unknown, tried = await asyncio.gather(
        said("cli_agent", "list", "--json"),
        said("cli_notice", "set", "outage", "--area", "0571,0572"),
        said("cli_agent", "send", "agent-009", "silent"),
        said("cli_agent", "check", "001", "PJSIP/softphone"),
    )
    assert paused == (0, f"{AGENT} pauses (lunch)")
    agent = json.loads(listed[1])["hotline"]["agents"][0]
    assert (agent["interface"], agent["paused"], agent["reason"]) == (AGENT, True, "lunch")
    assert notice == (0, "outage is on, for callers from 0571, 0572")
    assert unknown[0] == 1 and unknown[1].startswith("hotline: there is no such channel")
    assert tried[0] == 1 and "its telephone is not registered; switch it on" in tried[1]
    assert await said("cli_notice", "clear") == (0, "no notice is on")
    await agents.pause(house.ami, AGENT, False)


# ------------------------------------------------------------------ last, for it ends every call


async def test_after_a_restart_of_the_pbx_the_watch_is_right_again_within_the_bound(house: House) -> None:
    async with house.desk.caller() as caller:
        await house.desk.arrives(caller)
        await caller.sent("hotline-queue,patient")
        await house.waits(caller)
        connections = house.watch.connection.connections
        await house.pbx.kill()
        await house.pbx.start()
        began = time.monotonic()
        async with asyncio.timeout(RIGHT_AGAIN_WITHIN):
            while not (house.watch.connection.connections > connections and house.watch.right.is_set()):
                await asyncio.wait_for(house.watch.right.wait(), RIGHT_AGAIN_WITHIN)
        assert time.monotonic() - began < RIGHT_AGAIN_WITHIN
        assert house.watch.queues.waiting == {}
        assert house.news[-1].kind is Kind.MISSED and house.news[-1].call == caller.channel
