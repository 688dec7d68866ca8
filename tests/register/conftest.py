"""A register of our own, on SQLite and on PostgreSQL, and a clock that stands where we put it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio

from ari_app.records.database import Database
from ari_app.register.live import LiveRegister
from ari_app.register.store import Store
from tests.records.conftest import postgres_server, url

__all__ = ["postgres_server", "url"]

NOON = 1_790_000_000.0
DAY = 86400.0


@dataclass
class Clock:
    """The wall clock, wound by hand."""

    at: float = NOON

    def __call__(self) -> float:
        return self.at


@asynccontextmanager
async def beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Work that goes on meanwhile, and is over when we leave."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await Database.open(url)
    yield opened
    await opened.close()


@pytest.fixture
def store(database: Database, clock: Clock) -> Store:
    return Store(database, clock)


@pytest_asyncio.fixture
async def live(store: Store, clock: Clock) -> LiveRegister:
    """Loaded, and following only when it is told to."""
    register = LiveRegister(store, clock=clock)
    await register.load()
    return register
