"""`hotline try`: up, told what to dial, and gone again, whatever ended it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.pbx, pytest.mark.usefixtures("asterisk")]

LAST_LINE = "Ctrl-C stops everything."


class Try:
    """A running `hotline try`, and the two or more processes it started."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.shown = ""
        self.children: dict[int, str] = {}

    async def up(self) -> None:
        assert self._process.stdout is not None
        while LAST_LINE not in self.shown:
            line = await asyncio.wait_for(self._process.stdout.readline(), 60)
            assert line, self.shown
            self.shown += line.decode()
        self.children = _children(self._process.pid)

    def child(self, words: str) -> int:
        return next(pid for pid, command in self.children.items() if words in command)

    async def ended(self) -> tuple[int, str]:
        said, _ = await asyncio.wait_for(self._process.communicate(), 30)
        assert self._process.returncode is not None
        return self._process.returncode, said.decode()

    def left_running(self) -> list[str]:
        return [command for pid, command in self.children.items() if Path(f"/proc/{pid}").exists()]

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)


def mistakes(said: str) -> list[str]:
    """All it said, without what it says while it starts."""
    return [line for line in said.splitlines() if not line.startswith(("Looking for", "Starting it"))]


def _children(pid: int) -> dict[int, str]:
    """Its children, each with its command line."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(c): Path(f"/proc/{c}/cmdline").read_bytes().replace(b"\0", b" ").decode() for c in children}


@asynccontextmanager
async def hotline_try(*arguments: str) -> AsyncIterator[Try]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ari_app", "try", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield Try(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_says_what_to_dial_and_ctrl_c_ends_everything(tmp_path: Path) -> None:
    async with hotline_try("--folder", str(tmp_path), "--worker-count", "2") as hotline:
        await hotline.up()
        for told in ("sip:127.77.", "softphone", "password", "100, or any number", str(tmp_path / "hotline.yaml")):
            assert told in hotline.shown
        assert len(hotline.children) == 3
        assert (tmp_path / "hotline.yaml").stat().st_mode & 0o077 == 0
        hotline.interrupt()
        code, said = await hotline.ended()
    assert (code, "nothing is left running" in said) == (0, True)
    assert hotline.left_running() == []


@pytest.mark.parametrize(
    ("victim", "told"), [("-w 1", "worker 1 was killed by SIGKILL"), ("asterisk.conf", "Asterisk ended")]
)
async def test_a_part_that_dies_ends_it_with_its_last_words(tmp_path: Path, victim: str, told: str) -> None:
    async with hotline_try("--folder", str(tmp_path)) as hotline:
        await hotline.up()
        os.kill(hotline.child(victim), signal.SIGKILL)
        code, said = await hotline.ended()
    assert (code, f"hotline: {told}" in said) == (1, True)
    assert "Traceback" not in said
    assert hotline.left_running() == []


async def test_a_second_one_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with hotline_try("--folder", str(tmp_path)) as first:
        await first.up()
        async with hotline_try("--folder", str(tmp_path)) as second:
            code, said = await second.ended()
            told = f"hotline: Another `hotline try` runs in {tmp_path}: stop it, or choose another --folder."
            assert (code, mistakes(said)) == (1, [told])
        first.interrupt()
        assert (await first.ended())[0] == 0


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.79.0.1", 0))
        port = other.getsockname()[1]
        arguments = ("--folder", str(tmp_path), "--address", "127.79.0.1", "--sip-port", str(port))
        async with hotline_try(*arguments) as refused:
            code, said = await refused.ended()
    where = f"127.79.0.1:{port} (SIP, UDP): Address already in use"
    told = f"hotline: No place for a PBX: {where}. Stop what listens there, or choose another address."
    assert (code, mistakes(said)) == (1, [told])


async def test_an_asterisk_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "asterisk"
    old.write_text("#!/bin/sh\necho 'Asterisk 18.2.0'\n")
    old.chmod(0o755)
    monkeypatch.setenv("HOTLINE_ASTERISK", str(old))
    async with hotline_try("--folder", str(tmp_path)) as refused:
        code, said = await refused.ended()
    [told] = mistakes(said)
    assert code == 1
    assert told.startswith(f"hotline: Asterisk 18.2.0 at {old} is too old: StasisBroadcast")
