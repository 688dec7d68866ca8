"""Where an Asterisk comes from, and that each has a place of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from ari_app.errors import NoAsterisk, PbxFailed
from ari_app.pbx.asterisk import Asterisk, Version, serves_the_hotline
from ari_app.pbx.frontline import Frontline
from ari_app.pbx.instance import Pbx, PbxDown, plain
from ari_app.pbx.place import Ports, _taken, claim
from ari_app.pbx.provide import cache_folder, provide
from ari_app.pbx.root import STAMP, Debian, PrivateRoot


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17-1", Version(22, 10, 1)),
        ("Asterisk 20.20.0-rc1", Version(20, 20)),
        ("Asterisk certified/20.7-cert5", Version(20, 7)),
        ("Asterisk GIT-master-4af21c", None),
        ("", None),
    ],
)
def test_a_version_is_read_as_asterisk_tells_it(told: str, version: Version | None) -> None:
    assert Version.parse(told) == version


@pytest.mark.parametrize(
    ("version", "serves"),
    [
        ("18.26.4", False),
        ("20.19.9", False),
        ("20.20.0", True),
        ("21.12.0", False),
        ("22.10.0", False),
        ("22.10.1", True),
        ("22.11.0", True),
        ("23.3.0", False),
        ("23.4.0", True),
        ("24.0.0", True),
    ],
)
def test_the_floor_is_where_callers_can_be_offered_to_several_workers(version: str, serves: bool) -> None:
    parsed = Version.parse(f"Asterisk {version}")
    assert parsed is not None
    assert serves_the_hotline(parsed) is serves


def pretend_asterisk(folder: Path, version: str) -> Path:
    """A program that answers to -V as an Asterisk does, with the folders of one."""
    (folder / "lib/asterisk/modules").mkdir(parents=True)
    (folder / "share/asterisk").mkdir(parents=True)
    binary = folder / "sbin/asterisk"
    binary.parent.mkdir()
    binary.write_text(f"#!/bin/sh\necho 'Asterisk {version}'\n")
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    return binary


def test_the_asterisk_named_by_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = pretend_asterisk(tmp_path, "23.5.0")
    monkeypatch.setenv("HOTLINE_ASTERISK", str(binary))
    found = provide()
    assert (found.version, found.command, found.origin) == (Version(23, 5), (str(binary),), "installed")


def test_an_asterisk_too_old_is_refused_in_one_line_with_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_ASTERISK", str(pretend_asterisk(tmp_path, "18.2.0")))
    with pytest.raises(NoAsterisk) as refused:
        provide()
    said = str(refused.value)
    assert said.startswith("Asterisk 18.2.0 at ")
    assert "too old: StasisBroadcast" in said
    assert "22.10.1 (or 20.20, 23.4)" in said
    assert "\n" not in said


def test_an_asterisk_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_ASTERISK", "/nowhere/asterisk")
    with pytest.raises(NoAsterisk, match="HOTLINE_ASTERISK names /nowhere/asterisk, which does not exist"):
        provide()


def test_an_installed_asterisk_too_old_is_passed_over_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = pretend_asterisk(tmp_path / "old", "16.28.0")
    monkeypatch.delenv("HOTLINE_ASTERISK", raising=False)
    monkeypatch.setenv("HOTLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    newer = Asterisk(Version(22, 10, 1), ("asterisk",), tmp_path, tmp_path, "private root")
    monkeypatch.setattr(PrivateRoot, "ready", lambda _root: newer)
    said: list[str] = []
    assert provide(said.append) == newer
    assert said == ["Passing over the installed Asterisk 16.28.0: too old for StasisBroadcast."]


def test_a_half_made_root_is_not_believed(tmp_path: Path) -> None:
    """An interrupted debootstrap looks like a root, and may even answer to -V; only the stamp tells."""
    root = tmp_path / "root"
    libraries = root / "usr/lib/x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    loader = libraries / "ld-linux-x86-64.so.2"
    loader.write_text("#!/bin/sh\necho 'Asterisk 22.10.1'\n")
    loader.chmod(0o755)
    assert PrivateRoot(root).ready() is None
    (root / STAMP).write_text("{}")
    assert PrivateRoot(root).ready() is not None


def test_a_stamped_root_whose_asterisk_does_not_run_is_not_believed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / STAMP).write_text("{}")
    assert PrivateRoot(root).ready() is None


def test_the_mirror_the_suite_and_the_check_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("MIRROR", "SUITE", "CHECK_RELEASE"):
        monkeypatch.delenv(f"HOTLINE_DEBIAN_{name}", raising=False)
    usual = Debian.from_environment()
    assert (usual.suite, usual.mirror_argument()) == ("sid", [])
    assert any(option.startswith("--keyring=") for option in usual.options())
    monkeypatch.setenv("HOTLINE_DEBIAN_MIRROR", "http://mirror.example/debian")
    monkeypatch.setenv("HOTLINE_DEBIAN_SUITE", "forky")
    monkeypatch.setenv("HOTLINE_DEBIAN_CHECK_RELEASE", "0")
    ours = Debian.from_environment()
    assert (ours.suite, ours.mirror_argument()) == ("forky", ["http://mirror.example/debian"])
    assert "--no-check-gpg" in ours.options()


def test_the_cache_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("HOTLINE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg/hotline"


def test_two_pbxs_never_get_the_same_address(tmp_path: Path) -> None:
    first = claim(tmp_path / "one")
    with pytest.raises(PbxFailed, match="held by another PBX of ours"):
        claim(tmp_path / "two", address=first.place.address)
    first.release()
    second = claim(tmp_path / "two", address=first.place.address)
    second.release()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    ports = Ports(sip=15060, http=18088, ami=15038)
    named = pytest.raises(PbxFailed, match=r"127\.78\.0\.1:18088 \(HTTP, TCP\)")
    with socket.create_server(("127.78.0.1", ports.http)), named as refused:
        claim(tmp_path, address="127.78.0.1", ports=ports)
    assert "\n" not in str(refused.value)


def test_the_control_socket_has_a_short_name_however_deep_the_folder(tmp_path: Path) -> None:
    deep = claim(tmp_path / ("a" * 60) / ("b" * 60))
    assert len(str(deep.place.control_socket)) <= 100
    deep.place.make_folders()
    deep.release()
    assert not deep.place.run.exists()


def test_the_front_line_runs_on_the_samples_themselves(tmp_path: Path) -> None:
    taken = claim(tmp_path)
    files = Frontline(members=["PJSIP/agent-001"], extra={"pjsip.conf": "[agent-001](hotline-agent-phone,here)"})(
        taken.place
    )
    taken.release()
    assert files["ari.conf"].startswith("#include ")
    assert files["queues.conf"].endswith("[hotline](+)\nmember => PJSIP/agent-001\n")
    assert files["pjsip.conf"].endswith("[agent-001](hotline-agent-phone,here)\n")
    assert "change-me" not in "".join(files.values())


@pytest.fixture(scope="module")
def asterisk() -> Asterisk:
    return provide()


@pytest.mark.pbx
async def test_two_pbxs_live_side_by_side(asterisk: Asterisk, tmp_path: Path) -> None:
    front = Pbx(asterisk, tmp_path / "front", configuration=Frontline())
    carrier = Pbx(asterisk, tmp_path / "carrier")
    try:
        await asyncio.gather(front.start(), carrier.start())
        assert front.address != carrier.address
        assert "hotline-queue" in await front.console("dialplan show hotline-queue")
        assert "no existence" in await carrier.console("dialplan show hotline-queue")
        await front.reload()
        assert front.complaints() == []
        assert carrier.complaints() == []
    finally:
        await asyncio.gather(front.stop(), carrier.stop())
        front.release()
        carrier.release()
    assert not front.running


@pytest.mark.pbx
async def test_the_front_line_listens_on_its_own_address_only(asterisk: Asterisk, tmp_path: Path) -> None:
    async with Pbx(asterisk, tmp_path, configuration=Frontline()) as pbx:
        assert f"{pbx.address}:{pbx.place.ports.http}" in await pbx.console("http show status")
        assert f"{pbx.address}:{pbx.place.ports.ami}" in await pbx.console("manager show settings")
        assert f"{pbx.address}:{pbx.place.ports.sip}" in await pbx.console("pjsip show transports")


@pytest.mark.pbx
async def test_a_pbx_that_cannot_start_says_why(asterisk: Asterisk, tmp_path: Path) -> None:
    broken = plain({"modules.conf": "[modules]\nautoload = no\nrequire = res_nothing.so\n"})
    pbx = Pbx(asterisk, tmp_path, configuration=broken)
    with pytest.raises(PbxDown, match="res_nothing") as refused:
        await pbx.start()
    pbx.release()
    assert "\n" not in str(refused.value)


@pytest.mark.pbx
async def test_a_killed_pbx_starts_again_in_its_place(asterisk: Asterisk, tmp_path: Path) -> None:
    async with Pbx(asterisk, tmp_path, configuration=Frontline()) as pbx:
        before, address = pbx.pid, pbx.address
        await pbx.kill()
        with pytest.raises(PbxDown, match="does not run"):
            await pbx.console("core show uptime")
        await pbx.start()
        assert pbx.pid != before
        assert pbx.address == address


STARTER = """
import asyncio, sys
from pathlib import Path
from ari_app.pbx.instance import Pbx
from ari_app.pbx.provide import provide

async def start() -> None:
    pbx = Pbx(provide(), Path(sys.argv[1]))
    await pbx.start()
    print(pbx.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(start())
"""


@pytest.mark.pbx
async def test_a_pbx_dies_with_the_program_that_started_it(asterisk: Asterisk, tmp_path: Path) -> None:
    """Otherwise a killed demo leaves its PBX holding ports, and ringing agents."""
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert starter.stdout is not None
    pid = int(await starter.stdout.readline())
    watched = os.pidfd_open(pid)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watched, ended.set)
    starter.kill()
    await asyncio.wait_for(ended.wait(), 5)
    asyncio.get_running_loop().remove_reader(watched)
    os.close(watched)
    await starter.wait()


def test_beside_a_pbx_on_every_address_ours_moves_up(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        port = everywhere.getsockname()[1]
        assert _taken("127.77.200.200", Ports(sip=15060, http=port, ami=15038)) is not None
        assert _taken("127.77.200.200", Ports(sip=15060, http=port, ami=15038).shifted(1)) is None
