"""The same contract on SQLite and, where it is installed, on PostgreSQL; and a clock that is set by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from ari_app.records.database import Database
from ari_app.requests.store import Store
from tests.records.conftest import postgres_server, stubborn, url
from tests.requests.office import Wall

__all__ = ["postgres_server", "stubborn", "url"]


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await Database.open(url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def store(database: Database) -> Store:
    return Store(database)


@pytest_asyncio.fixture
async def lite(tmp_path: Path) -> AsyncIterator[Database]:
    """SQLite alone, for what no database changes."""
    opened = await Database.open(f"sqlite:///{tmp_path}/lite.db")
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def wall() -> Wall:
    return Wall()
