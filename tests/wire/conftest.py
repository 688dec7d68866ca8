"""The stub PBX, and workers that ring a bell when a call is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from ari_app import line, switchboard
from ari_app.ari import adoption, channel, peers, wire
from ari_app.call import Arrival, Filing
from ari_app.config import AriSettings, Configuration
from ari_app.front_office import NoOffice, Stint
from ari_app.journal import Journal
from ari_app.standard import Standard
from ari_app.switchboard import Switchboard
from tests.standards import hurried
from tests.wire.stub import PASSWORD, USER, StubAri


class Worker(NoOffice):
    """A running switchboard, and the office it tells of its calls."""

    def __init__(self, pbx: StubAri, standard: Standard, name: str, drain_seconds: float) -> None:
        self.journals: dict[str, Journal] = {}
        self.arrivals: dict[str, Arrival] = {}
        self.pbx = pbx
        config = Configuration(
            worker=name,
            ari=AriSettings(url=pbx.url, user=USER, password=SecretStr(PASSWORD)),
            drain_seconds=drain_seconds,
        )
        self.filed: list[Filing] = []
        self.dropped: dict[str, str] = {}
        self.suspected: dict[str, str] = {}
        self.full = False
        self.board = Switchboard(config, standard, self)
        self.app = self.board.wire.app
        self.reloads = 0
        self.board.on_reload = self._reload
        self.task = asyncio.create_task(self.board.run())

    def over(self, stint: Stint) -> None:
        self.journals[stint.call_id] = stint.journal
        self.arrivals[stint.call_id] = stint.arrival
        self.pbx.bell.ring()

    def verdict(self, call_id: str, arrival: Arrival, standard: Standard) -> str:
        return self.suspected.get(arrival.number, "")

    def place(self, call_id: str) -> bool:
        return not self.full

    def returning(self, arrival: Arrival) -> str:
        return self.dropped.pop(arrival.number, "")

    def file(self, stint: Stint, filing: Filing) -> None:
        self.filed.append(filing)

    def _reload(self) -> None:
        self.reloads += 1
        self.pbx.bell.ring()

    async def connected(self, times: int = 1) -> None:
        """Connected for the n-th time, and its event filter is set."""
        app = self.app
        await self.pbx.bell.until(
            lambda: (
                app in self.pbx.apps
                and self.pbx.apps[app].connections >= times
                and self.pbx.apps[app].allowed is not None
            )
        )

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait((self.task,))


Employ = Callable[..., AbstractAsyncContextManager[Worker]]


@pytest.fixture
async def pbx() -> AsyncIterator[StubAri]:
    async with StubAri().serve() as stub:
        yield stub


@pytest.fixture(scope="session")
def standard(tmp_path_factory: pytest.TempPathFactory) -> Standard:
    return hurried(tmp_path_factory.mktemp("hurried"))


@pytest.fixture(scope="session")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Standard:
    """Waits so long that a test ends before they do."""
    return hurried(tmp_path_factory.mktemp("patient"), wait=300)


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts that last seconds in service last milliseconds here."""
    monkeypatch.setattr(wire, "BACK_OFF", (0.005, 0.02))
    monkeypatch.setattr(adoption, "SECOND_LOOK", 0.01)
    monkeypatch.setattr(switchboard, "COMING_WITHIN", 0.05)
    monkeypatch.setattr(channel, "RESCUE_PAUSE", 0.01)
    monkeypatch.setattr(peers, "GREET_EVERY", 0.03)
    monkeypatch.setattr(line, "SETTLING", 0.2)


@pytest.fixture
def employ(pbx: StubAri, standard: Standard) -> Employ:
    """`async with employ() as worker`: a worker, connected; gone at the end."""

    @asynccontextmanager
    async def hired(name: str = "1", spoken: Standard | None = None, drain_seconds: float = 5) -> AsyncIterator[Worker]:
        worker = Worker(pbx, spoken or standard, name, drain_seconds)
        try:
            await worker.connected()
            yield worker
        finally:
            await worker.stop()

    return hired


def whats(journal: Journal) -> list[Any]:
    """What happened, without when."""
    return [milestone.what for milestone in journal]
