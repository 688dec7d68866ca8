"""A small station on a real Asterisk: one place, fifteen seconds. And an agent who calls somebody a nuisance by
mistake.

Who finds the station full, who has had their time, who is told of a nuisance and how it is taken back; who withholds
their number, and for whom nobody vouches. The verdict of STIR/SHAKEN is a variable here, as a trunk's dialplan sets
it: there is no telephone company to sign anything.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from ari_app import paths
from ari_app.ami.client import AmiClient, Fields
from ari_app.call import Arrival
from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.place import Place
from ari_app.procedures.screening import Mark, Treatment
from ari_app.qa.carrier import By, CallerId
from ari_app.qa.cast import SENTENCE, Agent, CastCaller, Outcome
from ari_app.qa.hearing import Hearing
from ari_app.qa.setting import NOBODY_IS_RUNG, Setting
from ari_app.qa.stage import Stage
from ari_app.qa.verdict import sayings_of
from ari_app.records.database import Database
from ari_app.records.facts import CallRecord, Side
from ari_app.records.facts import Outcome as Ended
from ari_app.records.store import Calls
from ari_app.register.entries import Entry
from ari_app.register.numbers import pattern
from ari_app.register.store import Store
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Waits

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

STANDARD = """standard: wary
version: 1
extends: hotline-standard
screening:
  caller_id: {anonymous: challenge}
  attestation: {verification failed: challenge}
"""
BUSY = 17  # Q.850: user busy
WITHIN = 60.0
UNVOUCHED, UNVOUCHED_PLAIN = "4008008666", "4008008777"
DIALPLAN = """
[from-carrier]
exten => _X.,1,Set(HOTLINE_ATTESTATION=verification passed)
 same => n,Goto(hotline,${{EXTEN}},1)
exten => {unvouched},1,Set(HOTLINE_ATTESTATION=Verification failed)
 same => n,Goto(hotline,${{EXTEN}},1)
exten => {plain},1,Set(HOTLINE_ATTESTATION=Verification failed)
 same => n,Goto(hotline-plain,${{EXTEN}},1)

[hotline-agents](+)
exten => *70,1,Gosub(hotline-agent,s,1)
 same => n,TrySystem({hotline} register -c {config} undo --agent ${{HOTLINE_MEMBER_NAME}})
 same => n,Goto(hotline-agent,${{IF($["${{SYSTEMSTATUS}}" = "SUCCESS"]?done:refused)}},1)
"""
NUISANCE, WRONG = "13911112222", "13922223333"
LISTED = ("17000000001", "17000000002")
CHALLENGED = Arrival(verdict="challenge", told_key="9")
LEAVES = (Waits(1.5), HangsUp())

GREETED = CastCaller("anybody", "hangs up in the greeting", LEAVES, ("greeting",), Outcome.LEFT)
KNOWN = tuple(
    CastCaller(
        f"known for nuisance: {number}", "asks for the hours again and again",
        (Waits(1.0), Presses("2"), Hears("opening-hours"), Waits(6.0), Presses("2")),
        ("station-menu", "opening-hours", "station-menu", "opening-hours", "hanging-up"),
        Outcome.LET_GO, claims=CallerId(number, ""), arrival=Arrival(verdict="station"),
    )
    for number in LISTED
)  # fmt: skip
FIRST_TIME = CastCaller(
    "called a nuisance", "talks with an agent, who presses *79 and repents", (Waits(1.0), SENTENCE),
    ("greeting", "connecting", "harassment", "hanging-up"), Outcome.LET_GO, Agent.SENDS_BACK,
    claims=CallerId(NUISANCE, ""), agent_presses="*79",
)  # fmt: skip
WITHHELD = CastCaller(
    "withholds their number", "hangs up when asked for a key", LEAVES, ("challenge.1",), Outcome.LEFT,
    claims=CallerId("13933334444", "", withheld=True), arrival=CHALLENGED,
)  # fmt: skip
NOT_VOUCHED = CastCaller(
    "nobody vouches for", "hangs up when asked for a key", LEAVES, ("challenge.1",), Outcome.LEFT, dialled=UNVOUCHED,
    arrival=CHALLENGED,
)  # fmt: skip
NOT_VOUCHED_PLAIN = replace(NOT_VOUCHED, name="nobody vouches for, by the plain door", dialled=UNVOUCHED_PLAIN)
WRONG_NUMBER = CastCaller(
    "dialled wrongly", "presses the key, hears what they should, and hangs up themselves",
    (Waits(2.0), Presses("9"), Hears("wrong-number"), Waits(2.0), HangsUp()), ("greeting", "wrong-number"),
    Outcome.LEFT, claims=CallerId(WRONG, ""),
)  # fmt: skip
AFTERWARDS = replace(GREETED, name="the same number, taken off the list again", claims=CallerId(NUISANCE, ""))
SERVED = (FIRST_TIME, WITHHELD, NOT_VOUCHED, NOT_VOUCHED_PLAIN, WRONG_NUMBER)


TRUSTED = "[carrier](+type=endpoint)\ncontext = from-carrier\ntrust_id_inbound = yes\n"
"""A trunk that vouches and tells withheld numbers."""


class WithTelephone(Stage):
    """The stage, with a trunk that vouches and tells withheld numbers, and an agent who can dial."""

    def seen_by_telephones(self, database: str) -> dict[str, object]:
        """hotline.yaml for what the dialplan runs."""
        host, port = self.pbx.ami
        ami = {"host": host, "port": port, "password": self._frontline.ami_password}
        return {"ami": ami, "records": {"url": database}}

    async def dials(self, code: str) -> None:
        await self._carrier_pbx.console(f"channel originate PJSIP/{code}@out-agent-001 application Wait 20")

    def _carrier_files(self, place: Place) -> dict[str, str]:
        texts, hotline = super()._carrier_files(place), self.pbx.place
        at = f"{hotline.address}:{hotline.ports.sip}"
        texts["modules.conf"] += "load=res_clioriginate.so\n"
        texts["pjsip.conf"] += (
            "\n[hotline](+type=endpoint)\nsend_pai=yes\ntrust_id_outbound=yes\n"
            "[out-agent-001]\ntype=endpoint\ntransport=phones\ncontext=agents\ndisallow=all\nallow=ulaw\n"
            "direct_media=no\noutbound_auth=agent-001\nfrom_user=agent-001\naors=out-agent-001\n"
            f"[out-agent-001]\ntype=aor\ncontact=sip:{at}\n"
        )
        return texts


@dataclass(frozen=True)
class Day:
    """What everybody heard, who was told, what is written."""

    stage: Stage
    heard: Mapping[str, Hearing]
    posted: list[dict[str, object]]
    events: list[Fields]
    reported: Entry
    listed: list[Entry]
    wrong: list[str]
    records: list[CallRecord]


@asynccontextmanager
async def webhook() -> AsyncIterator[tuple[str, list[dict[str, object]], asyncio.Event]]:
    posted: list[dict[str, object]] = []
    heard = asyncio.Event()

    async def hear(request: web.Request) -> web.Response:
        posted.append(await request.json())
        heard.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/alarm", hear)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/alarm", posted, heard
    await runner.cleanup()


async def repent(stage: WithTelephone, store: Store) -> Entry:
    """The agent's report, once it is written; then they dial *70, and it is undone: by another process, so we ask."""
    number = pattern(NUISANCE)

    async def reported() -> list[Entry]:
        return [entry async for entry in store.all() if entry.pattern == number]

    async with asyncio.timeout(WITHIN):
        while not (entries := await reported()):
            pass
        await stage.dials("*70")
        while await reported():
            pass
    return entries[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(asterisk: Asterisk, stage_folder: Path) -> AsyncIterator[Day]:
    wary = stage_folder / "wary"
    wary.mkdir()
    (wary / "standard.yaml").write_text(STANDARD, encoding="utf-8")
    database_url = f"sqlite:///{stage_folder}/hotline.db"
    database = await Database.open(database_url)
    store, events, config = Store(database), list[Fields](), stage_folder / "telephone.yaml"
    await store.add([Entry(pattern(number), Treatment.STATION) for number in LISTED], "the supervisor")
    async with webhook() as (url, posted, heard):
        dialplan = DIALPLAN.format(
            unvouched=UNVOUCHED, plain=UNVOUCHED_PLAIN, hotline=f"{sys.executable} -m ari_app", config=config
        )
        setting = Setting(
            standard_folder=wary, sounds=paths.shipped("prompts"), agents=1, dialplan=dialplan, sip=TRUSTED,
            requests={**NOBODY_IS_RUNG, "webhook": url}, station={"callers": 1, "minutes": 0.25},
        )  # fmt: skip
        stage = WithTelephone(asterisk, stage_folder, setting)
        async with stage, await AmiClient.connect(stage.ami, on_event=events.append):
            config.write_text(json.dumps(stage.seen_by_telephones(database_url)), encoding="utf-8")
            application = await stage.start()
            hearings = await stage.play((GREETED,))  # until the register is loaded everybody is let in
            playing = asyncio.create_task(stage.play((*KNOWN, *SERVED)))
            await asyncio.wait_for(heard.wait(), WITHIN)  # the report is written in the same breath
            reported = await repent(stage, store)
            hearings += await playing
            hearings += await stage.play((AFTERWARDS,))
            await application.stop()
        listed = [entry async for entry in store.all()]
        wrong = [mark.number for mark in await store.marks(0, []) if mark.mark is Mark.WRONG_NUMBER]
        records = [record async for record in Calls(database).find()]
    yield Day(stage, {h.caller.name: h for h in hearings}, posted, events, reported, listed, wrong, records)
    await database.close()


def names(day: Day, caller: CastCaller) -> tuple[str, ...]:
    return tuple(found.prompt for found in day.heard[caller.name].prompts(sayings_of(day.stage.standard)))


@pytest.mark.parametrize(
    "caller",
    [
        pytest.param(GREETED, id=GREETED.name),
        *(pytest.param(caller, id=caller.name, marks=pytest.mark.rule("S000-28")) for caller in SERVED[:-1]),
        pytest.param(WRONG_NUMBER, id=WRONG_NUMBER.name, marks=pytest.mark.rule("S000-13")),
        pytest.param(AFTERWARDS, id=AFTERWARDS.name),
    ],
)  # fmt: skip
async def test_the_caller_hears_what_they_are_owed(day: Day, caller: CastCaller) -> None:
    hearing = day.heard[caller.name]
    assert not hearing.trouble
    assert names(day, caller) == caller.expects
    assert hearing.hung_up_by is (By.THEM if caller.outcome is Outcome.LET_GO else By.US)
    assert len(hearing.agents) == (caller.agent is not None)


@pytest.mark.rule("S000-28")
async def test_of_two_known_nuisances_one_has_the_place_for_its_time_and_the_other_hears_the_engaged_tone(
    day: Day,
) -> None:
    served, refused = sorted((day.heard[caller.name] for caller in KNOWN), key=lambda hearing: hearing.trouble)
    assert refused.trouble == f"refused (cause {BUSY})" and refused.answered_after is None
    assert not served.trouble
    assert names(day, served.caller) == served.caller.expects
    assert served.hung_up_by is By.THEM
    assert not served.agents and not refused.agents


async def test_who_was_refused_is_written_down_as_such(day: Day) -> None:
    ended = sorted(r.outcome for r in day.records if r.first is not None and r.first.verdict == "station")
    assert ended == [Ended.REFUSED, Ended.RELEASED]


@pytest.mark.rule("S000-28")
async def test_the_supervisor_is_told_at_once_by_an_event_and_of_who_stays_on_by_the_webhook(day: Day) -> None:
    told = {"why": "urgent", "kind": "alert", "procedure": "harassment", "to": "supervisor"}
    (post,) = day.posted
    assert told.items() <= post.items()
    assert NUISANCE not in str(post)
    (event,) = [event for event in day.events if event.get("UserEvent") == "HotlineKey"]
    assert (event["Procedure"], event["Agent"]) == ("harassment", "PJSIP/agent-001")
    assert [event["Call"]] == list(day.reported.evidence)


@pytest.mark.rule("S000-28")
async def test_the_agents_report_was_there_with_its_call_and_their_telephone_took_it_back(day: Day) -> None:
    assert (day.reported.treatment, day.reported.entered_by) == (Treatment.STATION, "PJSIP/agent-001")
    assert len(day.reported.evidence) == 1
    assert {entry.pattern for entry in day.listed} == {pattern(number) for number in LISTED}


async def test_who_dialled_wrongly_is_counted_and_hung_up_themselves(day: Day) -> None:
    assert day.wrong == [f"+86{WRONG}"]
    (record,) = [r for r in day.records if any(e.procedure == "wrong-number" for s in r.stints for e in s.procedures)]
    assert record.released_by is Side.CALLER
