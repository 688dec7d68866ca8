"""`hotline check` on a real Asterisk: clean as shipped, and each fault found when it is really made.

One PBX for all of it. A fault is made in its files, read by a reload, and taken back before the next test.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from ari_app import paths, standard
from ari_app.agent_keys import features
from ari_app.check import look
from ari_app.check.ari import Ari
from ari_app.check.dialplan import Doors, version
from ari_app.check.findings import Finding, Level, loses_callers
from ari_app.config import AmiSettings, AriSettings, Configuration
from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.frontline import Frontline
from ari_app.pbx.instance import Pbx
from ari_app.standard import load
from ari_app.studio import native

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

AGENT = "Local/agent@agents"
PLAN = Frontline(
    sounds=paths.shipped("prompts") / "hotline-standard/zh-CN",
    members=[AGENT],
    supervisors=[AGENT],
    extra={
        # a reload forgets the globals that are gone; Asterisk's own default keeps them
        "extensions.conf": "[general](+)\nclearglobalvars = yes\n"
        "[agents]\nexten => agent,1,Answer()\n same => n,Echo()\n"
    },
)


@dataclass(frozen=True)
class Bench:
    """The PBX under the check, and the configuration that fits it."""

    pbx: Pbx
    settings: Configuration

    async def findings(self, etc: bool = True, **changes: object) -> dict[str, Finding]:
        settings = self.settings.model_copy(update=changes)
        return {finding.name: finding for finding in await look(settings, self.pbx.place.etc if etc else None)}

    @asynccontextmanager
    async def broken(self, *commands: str, **additions: str) -> AsyncIterator[None]:
        """Append to files (`ari="…"` is ari.conf), or replace one whose text begins with `;only`; reload; take back."""
        files = {f"{name}.conf": (self.pbx.place.etc / f"{name}.conf").read_text() for name in additions}
        texts = {f"{name}.conf": text for name, text in additions.items()}
        self.pbx.write({n: t if t.startswith(";only") else files[n] + t for n, t in texts.items()})
        try:
            for command in commands:
                await self.pbx.console(command)
            yield
        finally:
            self.pbx.write(files)
            for command in commands:
                await self.pbx.console(command)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    async with Pbx(asterisk, tmp_path_factory.mktemp("check"), configuration=PLAN) as pbx:
        yield Bench(pbx, settings_for(pbx))


def settings_for(pbx: Pbx) -> Configuration:
    host, port = pbx.ami
    return Configuration(
        ari=AriSettings(url=pbx.ari_url, password=SecretStr(PLAN.ari_password)),
        ami=AmiSettings(host=host, port=port, password=SecretStr(PLAN.ami_password)),
        sounds=str(paths.shipped("prompts").absolute()),
    )


def procedures_with_a_key() -> set[str]:
    text = (paths.shipped("dialplan") / "features.conf").read_text()
    return set(re.findall(r"hotline-agent-key,([a-z-]+),1", text))


KEYS_AHEAD = procedures_with_a_key() - set(standard.load(paths.standard_folder("hotline-standard")).procedures)
"""Keys of the sample to procedures that the shipped standard does not have: told of, as an admin's own would be."""


def wrong(findings: dict[str, Finding]) -> set[str]:
    """Everything but what is fine, the worker that does not run in these tests, and formats nobody built here."""
    not_ours = {"no-worker", "formats"} | ({"agent-keys"} if KEYS_AHEAD else set())
    return {name for name, finding in findings.items() if finding.level is not Level.FINE} - not_ours


async def test_a_format_older_than_its_recording_is_an_error(bench: Bench, tmp_path: Path) -> None:
    copy_prompts(tmp_path / "prompts")
    recordings = tmp_path / "prompts/hotline-standard/zh-CN"
    (recordings / "offer.ulaw").write_bytes(b"\xff" * 800)  # nobody knows from which recording
    standard = str(tmp_path / "prompts/hotline-standard")
    findings = await bench.findings(standard=standard, sounds=str(tmp_path / "prompts"))
    assert findings["formats"].level is Level.ERROR
    assert "offer.ulaw" in findings["formats"].what


async def test_missing_formats_are_told_but_lose_nobody(bench: Bench, tmp_path: Path) -> None:
    copy_prompts(tmp_path / "prompts")
    standard = str(tmp_path / "prompts/hotline-standard")
    findings = await bench.findings(standard=standard, sounds=str(tmp_path / "prompts"))
    assert findings["formats"].level is Level.WARNING
    assert "prompts build" in findings["formats"].mend


async def test_the_shipped_configuration_has_a_clean_bill_of_health(bench: Bench) -> None:
    findings = await bench.findings()
    assert wrong(findings) == set()
    assert findings["no-worker"].level is Level.WARNING
    recorded = len({prompt.recording for prompt in load(paths.standard_folder("hotline-standard")).recordings})
    assert findings["prompts"].what.startswith(f"the PBX can play all {recorded} prompts")
    for key in ("*71 wrong-number", "*72 silent", "*73 station"):
        assert KEYS_AHEAD or key in findings["agent-keys"].what
    assert findings["supervisor-queue"].what == "supervisors' queue 'hotline-supervisor': 1 member"
    assert findings["recordings"].what == "recordings folder: 0 kept"
    assert findings["queue-members"].what == "queue 'hotline': 1 member, 1 there, 1 free"
    assert bench.pbx.complaints() == []


async def test_a_connected_worker_is_seen(bench: Bench) -> None:
    async with Ari(bench.settings.ari) as ari, ari.events("hotline-1"), ari.events("hotline-2"):
        findings = await bench.findings()
    assert wrong(findings) == set()
    assert findings["workers"].what.startswith(
        "connected: hotline-1 (0 on the line), hotline-2 (0 on the line); hotline-1 is"
    )


async def test_what_files_tell_is_not_checked_without_the_right_to_read_them(bench: Bench) -> None:
    findings = await bench.findings(etc=False)
    assert wrong(findings) == {"limits"}
    assert "hotline check --etc " in findings["limits"].mend


async def test_an_ami_user_who_may_read_files_is_asked(bench: Bench) -> None:
    more = "[hotline](+)\nwrite = agent,call,reporting,config,system\n"
    async with bench.broken("manager reload", manager=more):
        findings = await bench.findings(etc=False)
    assert wrong(findings) == set()
    assert findings["websocket-write-timeout"].what == "websocket_write_timeout is 5000 ms"
    assert KEYS_AHEAD or findings["agent-keys"].level is Level.FINE
    assert findings["agent-keys"].level is not Level.NOT_CHECKED


# ------------------------------------------------------------------ ARI


async def test_a_wrong_ari_password_is_told_with_where_to_compare(bench: Bench) -> None:
    ari = bench.settings.ari.model_copy(update={"password": SecretStr("wrong")})
    findings = await bench.findings(ari=ari)
    assert wrong(findings) == {"ari-password", "rest"}
    assert findings["ari-password"].what.endswith("refuses user 'hotline': wrong user or password")
    assert "section [hotline] of ari.conf" in findings["ari-password"].mend
    ari = ari.model_copy(update={"password": SecretStr("")})
    assert (await bench.findings(ari=ari))["ari-password"].what.endswith("'hotline': no password is set")


async def test_ari_that_is_not_enabled_is_no_wrong_password(bench: Bench) -> None:
    async with bench.broken("module reload res_ari.so", ari="[general](+)\nenabled = no\n"):
        findings = await bench.findings()
        ended = await hotline_run(bench)
    assert wrong(findings) == {"ari-not-enabled", "rest"}
    assert "enabled = yes" in findings["ari-not-enabled"].mend
    assert ended == (1, f"hotline: there is no ARI at {bench.pbx.ari_url}: set enabled=yes in ari.conf [general], "
                     "load res_ari_events.so, and check the prefix in http.conf")  # fmt: skip


async def test_an_ari_user_who_may_only_look_is_found(bench: Bench) -> None:
    async with bench.broken("module reload res_ari.so", ari="[hotline](+)\nread_only = yes\n"):
        findings = await bench.findings()
        code, said = await hotline_run(bench)
    assert findings["ari-read-only"].level is Level.ERROR
    assert findings["ari-read-only"].mend.startswith("read_only = no in section [hotline] of ari.conf")
    assert (code, said.count("\n")) == (1, 0)
    assert "read_only=no in ari.conf" in said


async def test_a_pbx_that_is_not_there_is_told(bench: Bench) -> None:
    ari = bench.settings.ari.model_copy(update={"url": "http://127.77.255.254:8088/ari"})
    findings = await bench.findings(ari=ari)
    assert findings["ari-unreachable"].what.endswith("8088/ari: Connection refused")


async def test_what_is_no_ari_is_not_taken_for_it(bench: Bench) -> None:
    ari = bench.settings.ari.model_copy(update={"url": f"http://{bench.pbx.address}:{bench.pbx.place.ports.ami}/ari"})
    findings = await bench.findings(ari=ari)
    assert loses_callers(list(findings.values()))


# ------------------------------------------------------------------ AMI


async def test_a_wrong_ami_password_costs_only_what_ami_tells(bench: Bench) -> None:
    ami = bench.settings.ami.model_copy(update={"password": SecretStr("wrong")})
    findings = await bench.findings(ami=ami)
    assert wrong(findings) == {"ami-password"}
    assert findings["ami-password"].level is Level.WARNING
    assert findings["prompts"].level is Level.FINE


async def test_ami_that_is_off_is_told(asterisk: Asterisk, tmp_path: Path) -> None:
    """On a PBX of its own: a running Asterisk told to close AMI hung in that reload, one time in eight."""
    plan = replace(PLAN, extra={**PLAN.extra, "manager.conf": "[general](+)\nenabled = no\n"})
    async with Pbx(asterisk, tmp_path, configuration=plan) as pbx:
        findings = {f.name: f for f in await look(settings_for(pbx), pbx.place.etc)}
    assert wrong(findings) == {"ami-unreachable"}
    assert "enabled = yes" in findings["ami-unreachable"].mend


# ------------------------------------------------------------------ dialplan


async def test_a_dialplan_without_us_is_found(bench: Bench) -> None:
    async with bench.broken("dialplan reload", extensions=";only\n[other]\nexten => s,1,Hangup()\n"):
        findings = await bench.findings()
    assert findings["dialplan"].what.startswith("the dialplan has no [hotline], [hotline-queue], [hotline-after-queue]")
    assert "extensions-hotline.conf" in findings["dialplan"].mend


async def test_callers_who_are_led_elsewhere_are_noticed(bench: Bench) -> None:
    async with bench.broken("module reload res_pjsip.so", pjsip="[softphone](+type=endpoint)\ncontext = elsewhere\n"):
        findings = await bench.findings()
    assert wrong(findings) == {"door"}
    assert "include => hotline" in findings["door"].mend


async def test_the_plain_door_must_name_this_worker(bench: Bench) -> None:
    globals_ = "[trunk]\ninclude => hotline-plain\n[globals](+)\nHOTLINE_APP = hotline-9\n"
    async with bench.broken("dialplan reload", extensions=globals_):
        findings = await bench.findings()
    assert wrong(findings) == {"plain-app"}
    assert findings["plain-app"].what == "the plain door calls hotline-9, and this worker is hotline-1"


async def test_an_old_asterisk_is_an_error_only_by_the_door_it_cannot_open() -> None:
    old = "20.9.3~dfsg"
    assert version(old, Doors({"hotline"})).level is Level.ERROR
    assert version(old, Doors(None)).level is Level.ERROR
    assert version(old, Doors({"hotline-plain"})).level is Level.FINE
    assert version("22.10.1", Doors({"hotline"})).level is Level.FINE
    assert version("GIT-master-4af21c", Doors({"hotline"})).level is Level.NOT_CHECKED


async def test_a_module_that_is_not_loaded_is_named(bench: Bench) -> None:
    await bench.pbx.console("module unload func_talkdetect.so")
    try:
        findings = await bench.findings()
    finally:
        await bench.pbx.console("module load func_talkdetect.so")
    assert wrong(findings) == {"module-func_talkdetect"}
    assert findings["module-func_talkdetect"].mend.startswith("asterisk -rx 'module load func_talkdetect.so'")


# ------------------------------------------------------------------ prompts


async def test_prompts_out_of_the_pbx_s_reach_are_found(bench: Bench) -> None:
    findings = await bench.findings(sounds="not-linked")
    assert wrong(findings) == {"prompts"}
    recorded = len({prompt.recording for prompt in load(paths.standard_folder("hotline-standard")).recordings})
    assert f"none of the {recorded} prompts (looked for under not-linked)" in findings["prompts"].what


def copy_prompts(to: Path) -> None:
    """The prompts as they are in git: what the studio built beside them would be played in their place."""
    shutil.copytree(paths.shipped("prompts"), to, ignore=shutil.ignore_patterns(*(f"*{s}" for s in native.SUFFIXES)))


async def test_one_prompt_the_pbx_cannot_open_is_named(bench: Bench, tmp_path: Path) -> None:
    copy_prompts(tmp_path / "prompts")
    recordings = tmp_path / "prompts/hotline-standard/zh-CN"
    (recordings / "offer.wav").unlink()
    (recordings / "busy.wav").write_bytes(b"no sound")
    findings = await bench.findings(sounds=str(tmp_path / "prompts"))
    assert wrong(findings) == {"prompts"}
    missing = "not: hotline-standard/zh-CN/busy, hotline-standard/zh-CN/offer (looked for under"
    assert missing in findings["prompts"].what


async def test_a_standard_without_a_recording_is_told_beside_the_rest(bench: Bench, tmp_path: Path) -> None:
    copy_prompts(tmp_path / "prompts")
    (tmp_path / "prompts/hotline-standard/zh-CN/offer.wav").unlink()
    findings = await bench.findings(standard=str(tmp_path / "prompts/hotline-standard"))
    assert wrong(findings) == {"standard"}
    assert "prompts.offer: has no recording" in findings["standard"].what


async def test_the_dialplan_s_own_words_are_tried_too(bench: Bench) -> None:
    async with bench.broken("dialplan reload", extensions="[globals](+)\nHOTLINE_SOUNDS = /nowhere\n"):
        findings = await bench.findings()
    assert wrong(findings) == {"dialplan-prompts"}
    assert "late-answer, busy, busy-farewell, farewell under /nowhere" in findings["dialplan-prompts"].what


# ------------------------------------------------------------------ the queue


async def test_a_queue_that_does_not_exist_is_found(bench: Bench) -> None:
    findings = await bench.findings(queue="hotlin")
    assert wrong(findings) == {"queue"}
    assert findings["queue"].what == "there is no queue 'hotlin'"
    assert "[hotlin] in queues.conf" in findings["queue"].mend


async def test_the_dialplan_s_own_queue_is_looked_at_too(bench: Bench) -> None:
    async with bench.broken("dialplan reload", extensions="[globals](+)\nHOTLINE_QUEUE = night\n"):
        findings = await bench.findings()
    assert wrong(findings) == {"fallback-queue"}


async def test_a_queue_without_members_is_found(bench: Bench) -> None:
    empty = ";only\n[hotline]\nstrategy = ringall\n"
    async with bench.broken("queue reload all", queues=empty):
        findings = await bench.findings()
    assert wrong(findings) == {"queue-members", "supervisor-queue"}
    assert findings["queue-members"].what == "queue 'hotline' has no members"
    assert findings["queue-members"].level is Level.ERROR


async def test_a_member_that_is_no_telephone_is_named(bench: Bench) -> None:
    async with bench.broken("queue reload all", queues="member => PJSIP/agnet-001\n"):
        findings = await bench.findings()
    assert wrong(findings) == {"queue-invalid-members"}
    assert findings["queue-invalid-members"].what.endswith("no telephones: PJSIP/agnet-001")


async def test_agents_who_all_pause_are_noticed(bench: Bench) -> None:
    await bench.pbx.console(f"queue pause member {AGENT}")
    try:
        findings = await bench.findings()
    finally:
        await bench.pbx.console(f"queue unpause member {AGENT}")
    assert wrong(findings) == {"queue-members"}
    assert findings["queue-members"].what.endswith("(1 member, 1 paused)")


async def test_a_caller_who_would_be_cut_off_after_the_agent_is_noticed(bench: Bench) -> None:
    async with bench.broken("dialplan reload", extensions="[globals](+)\nHOTLINE_QUEUE_OPTIONS = r\n"):
        findings = await bench.findings()
    assert wrong(findings) == {"queue-options"}


# ------------------------------------------------------------------ limits and keys


async def test_asterisk_s_own_limits_are_too_tight(bench: Bench) -> None:
    ari = f";only\n[general]\nenabled = yes\n[hotline]\ntype = user\npassword = {PLAN.ari_password}\n"
    http = f";only\n[general]\nenabled = yes\nbindaddr = {bench.pbx.address}\nbindport = {bench.pbx.place.ports.http}\n"
    async with bench.broken("core reload", ari=ari, http=http):
        findings = await bench.findings()
    assert wrong(findings) == {"websocket-write-timeout", "sessionlimit"}
    assert findings["websocket-write-timeout"].what == "websocket_write_timeout is 100 ms (Asterisk's default)"
    assert findings["sessionlimit"].what == "sessionlimit is 100 (Asterisk's default)"


async def test_agents_without_keys_are_noticed(bench: Bench) -> None:
    async with bench.broken(features=";only\n[general]\n"):
        findings = await bench.findings()
    assert wrong(findings) | {"agent-keys"} == {"agent-keys"}
    assert findings["agent-keys"].what == "features.conf has no group [hotline-agent-keys]"


async def test_a_key_to_a_procedure_the_standard_lacks_is_noticed(bench: Bench) -> None:
    text = features({"silent": "*72", "no-such-procedure": "*99"})
    async with bench.broken(features=f";only\n{text}"):
        findings = await bench.findings()
    assert findings["agent-keys"].level is Level.WARNING
    assert findings["agent-keys"].what.endswith("does not have: no-such-procedure")


async def test_extensions_that_know_every_number_are_noticed(bench: Bench) -> None:
    async with bench.broken("dialplan reload", extensions="[hotline-extensions](+)\ninclude => hotline\n"):
        findings = await bench.findings()
    assert wrong(findings) == {"extensions"}
    assert "not the trunk's or outside lines" in findings["extensions"].mend


async def test_supervisors_who_are_not_there_are_noticed(bench: Bench) -> None:
    text = re.sub(
        r"(\[hotline-supervisor\]\(\+\)\n)member.*\n", r"\1", (bench.pbx.place.etc / "queues.conf").read_text()
    )
    async with bench.broken("queue reload all", queues=f";only\n{text}"):
        findings = await bench.findings()
    assert wrong(findings) == {"supervisor-queue"}
    assert findings["supervisor-queue"].what == "no supervisor is logged in to queue 'hotline-supervisor'"


async def test_a_pbx_that_cannot_record_is_noticed(bench: Bench) -> None:
    await bench.pbx.console("module unload res_ari_recordings.so")
    try:
        findings = await bench.findings()
    finally:
        await bench.pbx.console("module load res_ari_recordings.so")
    assert wrong(findings) == {"module-res_ari_recordings", "recordings"}


async def test_an_endpoint_with_a_transport_that_does_not_exist_is_found(bench: Bench) -> None:
    wrong_transport = "[softphone](+type=endpoint)\ntransport = hotline-upd\n"
    async with bench.broken("module reload res_pjsip.so", pjsip=wrong_transport):
        findings = await bench.findings()
    assert wrong(findings) == {"sip-transport"}


# ------------------------------------------------------------------ the command itself


async def hotline_run(bench: Bench) -> tuple[int, str]:
    """`hotline run` on this PBX until it gives up: exit code and what it said."""
    url, password = bench.pbx.ari_url, PLAN.ari_password
    file = bench.pbx.place.folder / "run.yaml"
    file.write_text(f"ari: {{url: '{url}', password: '{password}'}}\n")
    return await command("run", "-c", str(file))


async def command(*arguments: str) -> tuple[int, str]:
    asked = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ari_app", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(asked.communicate(), 20)
    assert asked.returncode is not None
    return asked.returncode, said.decode().strip()


@pytest.mark.parametrize(("queue", "code"), [("hotline", 0), ("hotlin", 1)])
async def test_the_exit_code_tells_whether_callers_would_be_lost(bench: Bench, queue: str, code: int) -> None:
    ami = f"{{host: {bench.pbx.ami[0]}, port: {bench.pbx.ami[1]}, password: '{PLAN.ami_password}'}}"
    file = bench.pbx.place.folder / "check.yaml"
    file.write_text(
        f"ari: {{url: '{bench.pbx.ari_url}', password: '{PLAN.ari_password}'}}\nami: {ami}\n"
        f"sounds: '{bench.settings.sounds}'\nqueue: {queue}\n"
    )
    ended, said = await command("check", "-c", str(file), "--json")
    told = json.loads(said)
    assert (ended, told["loses_callers"]) == (code, bool(code))
    assert {finding["name"] for finding in told["findings"]} >= {"ari", "ami", "prompts", "version"}


async def test_a_broken_configuration_file_is_exit_code_2(tmp_path: Path) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text("queu: hotline\n")
    said = f"hotline: {file}:1: queu: is not a word this file knows; is it a typing mistake? did you mean queue?"
    assert await command("check", "-c", str(file)) == (2, said)
