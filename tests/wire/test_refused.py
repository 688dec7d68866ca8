"""A command whom Asterisk refuses, or who finds nobody, says in one line where, what and how it is mended."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from ari_app.ami.client import AmiClient
from ari_app.ari.refusal import password_refused
from ari_app.check import limits, look
from ari_app.check.ari import Ari, knock
from ari_app.cli import hotline
from ari_app.config import AmiSettings, AriSettings, Configuration
from ari_app.errors import PbxUnreachable
from tests.wire.manager import Manager
from tests.wire.stub import Fault, StubAri

NOWHERE = 9  # the port of `discard`: nobody is there
AGENTS = (["agent", "list"], ["agent", "check"], ["agent", "login", "001"], ["notice", "show"], ["notice", "clear"])


def said(settings: str, folder: Path, *words: str) -> str:
    """What a command that fails tells the admin."""
    file = folder / "hotline.yaml"
    file.write_text(settings, encoding="utf-8")
    ended = CliRunner().invoke(hotline, [*words, "-c", str(file)])
    assert isinstance(ended.exception, PbxUnreachable), ended.exception
    assert "\n" not in str(ended.exception) and "hush" not in str(ended.exception) and not ended.output
    return str(ended.exception)


@pytest.mark.parametrize("words", AGENTS, ids=" ".join)
@pytest.mark.parametrize(
    ("password", "cause", "mend"),
    [
        ("hush", "wrong user or password", "[hotline] in manager.conf"),
        ("", "no password is set", "ami.password, or"),
    ],
)
async def test_a_refusal_of_ami_tells_whether_a_password_was_there(
    words: list[str], password: str, cause: str, mend: str, tmp_path: Path
) -> None:
    async with Manager() as manager:
        manager.refuses = True
        settings = f"ami: {{port: {manager.port}, password: '{password}'}}\n"
        told = await asyncio.to_thread(said, settings, tmp_path, *words)
    assert told.startswith(f"AMI at 127.0.0.1:{manager.port} refuses user 'hotline': {cause}; ") and mend in told


@pytest.mark.parametrize("words", AGENTS, ids=" ".join)
def test_a_manager_who_is_not_there_is_told_with_where_and_the_mend(words: list[str], tmp_path: Path) -> None:
    told = said(f"ami: {{port: {NOWHERE}}}\n", tmp_path, *words)
    assert told.startswith(f"AMI does not answer at 127.0.0.1:{NOWHERE}: Connection refused; start Asterisk")


@pytest.mark.parametrize(("password", "cause"), [("hush", "wrong user or password"), ("", "no password is set")])
async def test_a_reload_that_is_refused_tells_whether_a_password_was_there(
    pbx: StubAri, password: str, cause: str, tmp_path: Path
) -> None:
    pbx.faults.append(Fault("GET applications", status=401))
    settings = f"ari: {{url: '{pbx.url}', password: '{password}'}}\n"
    told = await asyncio.to_thread(said, settings, tmp_path, "reload")
    assert told.startswith(f"ARI at {pbx.url} refuses user 'hotline': {cause}; ") and "of ari.conf" in told


def test_a_reload_without_an_asterisk_tells_where_and_the_mend(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{NOWHERE}/ari"
    told = said(f"ari: {{url: '{url}'}}\n", tmp_path, "reload")
    assert told.startswith(f"Asterisk does not answer at {url} (Connection refused); is Asterisk running")


@pytest.mark.parametrize(("password", "cause"), [("hush", "wrong user or password"), ("", "no password is set")])
async def test_the_check_says_the_same(pbx: StubAri, password: str, cause: str) -> None:
    pbx.faults.append(Fault("GET asterisk/info", status=401))
    ari = AriSettings(url=pbx.url, password=SecretStr(password))
    async with Manager() as manager, Ari(ari) as door:
        manager.refuses = True
        found, _ = await knock(door)
        assert (found[0].name, found[0].mend) == ("ari-password", password_refused(ari).mend)
        assert found[0].what == f"ARI at {pbx.url} refuses user 'hotline': {cause}"
        ami = AmiSettings(port=manager.port, password=SecretStr(password))
        gone = AriSettings(url=f"http://127.0.0.1:{NOWHERE}/ari")
        findings = {finding.name: finding for finding in await look(Configuration(ari=gone, ami=ami))}
    assert findings["ami-password"].what.endswith(f"refuses user 'hotline': {cause}")
    assert "manager.conf" in findings["ami-password"].mend


# ------------------------------------------------------------------ Asterisk's files


async def not_read(usual: Path, url: str = "http://127.0.0.1:8088/ari") -> str:
    """What stands in the way of Asterisk's files, with an AMI user who may not read them."""
    async with Manager() as manager:
        manager.refuses_actions = {"GetConfig"}
        async with await AmiClient.connect(manager.settings) as ami:
            files = limits.files_of(Configuration(ari=AriSettings(url=url)), ami, None, usual)
            with pytest.raises(PbxUnreachable) as told:
                await files.read("ari.conf")
    return str(told.value)


async def test_a_folder_that_is_not_there_is_no_matter_of_rights(tmp_path: Path) -> None:
    """Root read "Permission denied … as a user who may": it was AMI that said no, and there was no such folder."""
    told = await not_read(tmp_path / "asterisk")
    assert told.startswith(f"there is no Asterisk's {tmp_path}/asterisk on this machine, and our AMI user may not")


async def test_another_asterisk_s_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "http.conf").write_text("[general]\nbindport = 8089\n")
    (tmp_path / "ari.conf").write_text("[hotline]\ntype = user\n")
    assert (await not_read(tmp_path)).startswith(f"{tmp_path} here is not that of the PBX at http://127.0.0.1:8088/ari")
    files = limits.files_of(Configuration(ari=AriSettings(url="http://127.0.0.1:8089/ari")), None, None, tmp_path)
    assert (await files.read("ari.conf"))["hotline"] == {"type": "user"}


async def test_a_folder_one_names_and_that_lacks_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(PbxUnreachable, match=r"ari\.conf: No such file or directory"):
        await limits.files_of(Configuration(), None, tmp_path).read("ari.conf")
