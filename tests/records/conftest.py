"""The same contract on SQLite and, where it is installed, on PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiosqlite
import pytest
import pytest_asyncio

from tests.records import postgres
from tests.records.stubborn import Stubborn


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL on this machine (Debian: apt install postgresql)")
    with postgres.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new, empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hotline.db"
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return server.fresh(f"hotline_{secrets.token_hex(4)}")


@pytest_asyncio.fixture
async def stubborn(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stubborn]:
    """SQLite's driver connects for ever, also when it is cancelled; at the end of the test it gives up."""
    driver = Stubborn()
    monkeypatch.setattr(aiosqlite, "connect", driver)
    yield driver
    driver.released.set()
