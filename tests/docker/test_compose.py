"""The cast against the composed containers: real SIP and RTP between them, and from outside by the published ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app import paths, standard
from ari_app.qa.cast import CAST
from ari_app.qa.matcher import Matcher, load_prompts
from tests.docker.composed import LISTEN, Composed
from tests.docker.softphone import ring

pytestmark = pytest.mark.docker


def test_every_caller_is_treated_by_the_standard(hotline: Composed, tmp_path: Path) -> None:
    verdicts, printed = hotline.qa(tmp_path)
    assert [v["caller"] for v in verdicts] == [c.name for c in CAST if not c.application_down]
    assert all(v["kept"] for v in verdicts), f"{printed}\n{hotline.logs()}"


async def test_a_softphone_outside_hears_the_greeting(hotline: Composed) -> None:
    password = hotline.passwords()["HOTLINE_SOFTPHONE_PASSWORD"]
    heard = await ring((LISTEN, hotline.sip_port), "softphone", password, "4008008000", listen=4)
    host, port = heard.sound_from
    assert host == LISTEN
    assert hotline.rtp_first <= port < hotline.rtp_first + 60
    spoken = standard.load(paths.standard_folder("hotline-standard"))
    recordings = [
        prompt.recording for prompt in spoken.prompts.values() if prompt.recording and prompt != spoken.lead_in
    ]
    matcher = Matcher(load_prompts(paths.shipped("prompts") / f"{recording}.wav" for recording in recordings))
    prompts = matcher.find(heard.recording)
    assert [found.prompt for found in prompts] == ["greeting"]
    assert prompts[0].opening > 0.6


def test_nothing_runs_as_root_and_the_log_is_clean(hotline: Composed) -> None:
    for service in ("pbx", "hotline"):
        assert hotline.inside(service, "id", "-u") != "0"
    said = hotline.engine.docker("logs", hotline.container("pbx"))
    assert "ERROR[" not in said, said


def test_with_the_application_stopped_a_caller_still_reaches_an_agent(hotline: Composed, tmp_path: Path) -> None:
    hotline.compose("stop", "hotline", within=90)
    assert hotline.state("hotline")["ExitCode"] == 0, hotline.logs()
    try:
        verdicts, printed = hotline.qa(tmp_path, "--application-down", alone=True)
    finally:
        hotline.compose("start", "hotline", within=60)
    assert [v["caller"] for v in verdicts] == [c.name for c in CAST if c.application_down]
    assert all(v["kept"] for v in verdicts), f"{printed}\n{hotline.logs()}"


def test_the_check_finds_nothing_wrong_from_inside(hotline: Composed) -> None:
    said = hotline.inside("hotline", "sh", "/etc/hotline/start.sh", "check")
    assert "no caller is lost by what was looked at" in said, said
