"""`hotline agi` and SIGHUP: new rules for new calls, and never an end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
HEADER = b"agi_network: yes\nagi_network_script: screen\nagi_callerid: anonymous\nagi_dnid: 4008123123\n\n"


def verdict(port: int) -> str:
    """What Asterisk is told of a caller without a number."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as asterisk, asterisk.makefile("rwb") as door:
        door.write(HEADER)
        door.flush()
        said = ""
        while line := door.readline():
            said += line.decode()
            door.write(b"200 result=1\n")
            door.flush()
    return said


def told(by: IO[str], what: str) -> None:
    while what not in (line := by.readline()):
        assert line, what


def test_a_hang_up_reads_the_rules_again_and_broken_ones_are_refused(tmp_path: Path) -> None:
    """It ended the door."""
    rules = tmp_path / "rules.yaml"
    rules.write_text("screening: {}\n", encoding="utf-8")
    command = (sys.executable, "-m", "ari_app", "agi", "--port", "0", "--rules", str(rules),
               "--database", f"sqlite:///{tmp_path}/register.db")  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as agi:
        assert agi.stdout is not None and agi.stderr is not None
        try:
            port = int(agi.stdout.readline().split()[-1])
            assert "admit" in verdict(port)
            rules.write_text("screening:\n  caller_id: {anonymous: challenge}\n", encoding="utf-8")
            agi.send_signal(signal.SIGHUP)
            told(agi.stderr, "reloaded the rules")
            assert "challenge" in verdict(port)
            rules.write_text("screening:\n  caller_id: {anonymous: shout}\n", encoding="utf-8")
            agi.send_signal(signal.SIGHUP)
            told(agi.stderr, "not reloaded, the old rules stay: ")
            assert "challenge" in verdict(port)
            agi.send_signal(signal.SIGTERM)
            assert agi.wait(timeout=60) == 0
        finally:
            agi.kill()
