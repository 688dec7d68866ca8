"""The composed hotline under a name, ports and passwords of its own, so that it meets no other on the engine."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.docker.engine import DOCKER, Engine, run

RTP_PORTS = 60  # twelve legs at a time, two ports each, and as many again that are being put away
LISTEN = "127.0.0.1"


@dataclass
class Composed:
    """One project: up, QA, down."""

    engine: Engine
    name: str = field(default_factory=lambda: f"hotline-test-{os.getpid()}")
    sip_port: int = field(default_factory=lambda: free_ports(RTP_PORTS + 2))

    @property
    def rtp_first(self) -> int:
        return self.sip_port + 2

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            "HOTLINE_TAG": "test",
            "HOTLINE_LISTEN": LISTEN,
            "HOTLINE_PUBLIC_ADDRESS": LISTEN,
            "HOTLINE_SIP_PORT": str(self.sip_port),
            "HOTLINE_RTP_FIRST": str(self.rtp_first),
            "HOTLINE_RTP_LAST": str(self.rtp_first + RTP_PORTS - 1),
        }
        return dict(self.engine.environment) | ours

    def compose(self, *words: str, within: float) -> str:
        command = (*self.engine.compose, "-p", self.name, "-f", str(DOCKER / "compose.yaml"), "--profile", "qa")
        return run((*command, *words), self.environment, within)

    def container(self, service: str) -> str:
        """The id of a service's container, running or not."""
        label = f"label=com.docker.compose.service={service}"
        project = f"label=com.docker.compose.project={self.name}"
        told = self.engine.docker("ps", "--all", "--quiet", "--filter", label, "--filter", project)
        return told.split()[0]

    def state(self, service: str) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(
            self.engine.docker("inspect", "--format", "{{json .State}}", self.container(service))
        )
        return state

    def inside(self, service: str, *command: str) -> str:
        return self.engine.docker("exec", self.container(service), *command).strip()

    def passwords(self) -> dict[str, str]:
        """Those the PBX made at its first start."""
        lines = self.inside("pbx", "cat", "/run/hotline/passwords").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def qa(self, to: Path, *options: str, alone: bool = False) -> tuple[list[dict[str, Any]], str]:
        """Let the carrier play its cast; the verdicts and what it printed. Recordings and page are left in `to`."""
        name = f"{self.name}-qa{len(options)}"
        only = ("--no-deps",) if alone else ()
        printed = ""
        try:
            printed = self.compose("run", *only, "--name", name, "carrier", *options, within=240)
        except RuntimeError as trouble:
            printed = str(trouble)
        self.engine.docker("cp", f"{name}:/out", str(to))
        file = next(to.rglob("verdicts.json"), None)
        assert file is not None, f"the carrier gave no verdict; it said:\n{printed}\n{self.logs()}"
        verdicts: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        return verdicts, printed

    def logs(self) -> str:
        try:
            return self.compose("logs", "--no-color", "--tail", "60", "pbx", "hotline", within=30)
        except RuntimeError as trouble:
            return str(trouble)

    def down(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5", within=120)


def free_ports(many: int) -> int:
    """The first of so many consecutive UDP ports nobody uses."""
    for first in range(21000 + os.getpid() % 64 * 100, 32000, 100):
        if all(_free(port) for port in range(first, first + many)):
            return first
    raise RuntimeError(f"no {many} consecutive UDP ports are free at {LISTEN}")


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((LISTEN, port))
        except OSError:
            return False
    return True
