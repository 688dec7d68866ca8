"""The one database everybody shares: SQLite in a file, or PostgreSQL when several machines share it.

Rule 1: every table is on METADATA, and every change of a table is a migration of its family; what is deployed is
only added to (a table, or a column that may be empty), so that an older worker goes on beside a newer one.
Rule 2: whoever writes uses `transaction()`, whoever only reads `reading()`: SQLite lets one writer at a time wait
its turn, and readers never wait.
Rule 3: what the database says of values never reaches a message: they may be a caller's.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ari_app.errors import BrokenConfiguration, StoreUnreachable

METADATA = sa.MetaData()

FAMILIES = {
    "records": "ari_app.records.tables",
    "register": "ari_app.register.tables",
    "requests": "ari_app.requests.tables",
}
"""Families of tables, in the order in which they are made, and the module that declares each: its tables on METADATA,
and `MIGRATIONS: tuple[Migration, ...]`, whose first entry makes the first version. Never reorder or change an entry
that was released: append."""

Migration = Callable[[sa.Connection], None]
"""One step of one family, inside a transaction. Write it with `sql(...)`, or create frozen copies of tables on a
MetaData of its own; never `METADATA`'s, which is always the newest."""

VERSIONS = sa.Table(
    "schema_version",
    METADATA,
    sa.Column("family", sa.String(40), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)

BUSY_WITHIN = 5.0
"""Seconds a SQLite writer waits for another one."""
ANSWER_WITHIN = 10.0
"""Seconds in which PostgreSQL must have answered a command; half of it to connect."""
MIGRATION_LOCK = 0x686F746C
"""PostgreSQL's advisory lock that lets one worker migrate at a time."""
AS_WORKERS = "(from a shell: sudo -u hotline hotline …)"
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


def sql(*statements: str) -> Migration:
    """A migration of plain SQL that SQLite and PostgreSQL both understand."""

    def apply(connection: sa.Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    return apply


class Database:
    """An open database, its tables as new as this program. Close it: its threads outlive the loop otherwise."""

    def __init__(self, engine: AsyncEngine, url: sa.URL) -> None:
        self.engine = engine
        self.shown = _shown(url)
        """The URL as it may be told to people: without a password."""
        self._file = _in_file(url)
        self._opened: tuple[int, int] | None = None  # which file on which disk

    @classmethod
    async def open(cls, url: str, *, create: bool = True) -> Database:
        """The database at `url`, its tables made or brought up to date.

        Who only wants to look says `create=False`: a SQLite file that is not there is then missed, not made.
        Raises BrokenConfiguration when the URL cannot be one of a database, StoreUnreachable when the database does
        not answer or refuses us.
        """
        parsed = _parse(url)
        await asyncio.to_thread(_make_room if create else _must_exist, parsed)
        database = cls(_engine(parsed), parsed)
        try:
            await database._begin_anew()
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """All of it or nothing is written. Raises StoreUnreachable; integrity errors of SQLAlchemy pass through."""
        with self._translated():
            await self._look_at_file()
            async with self.engine.connect() as connection:
                await connection.execution_options(writes=True)
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One unchanging view of everything, for reading only. Raises StoreUnreachable."""
        with self._translated():
            await self._look_at_file()
            async with self.engine.connect() as connection, connection.begin():
                yield connection

    async def close(self) -> None:
        """Let go of every connection."""
        await self.engine.dispose()

    async def _begin_anew(self) -> None:
        self._opened = await asyncio.to_thread(_identity, self._file)
        async with self.transaction() as connection:
            await connection.run_sync(_migrate)

    async def _look_at_file(self) -> None:
        """SQLite would go on writing into a file that was moved away or deleted, and nobody would find it again."""
        if self._file is None:
            return
        found = await asyncio.to_thread(_identity, self._file)
        if found is None and self._opened is not None:
            raise FileNotFoundError("its file was moved away; put it back, or start again to begin a new one")
        if found != self._opened:  # an older one was put back
            await self.engine.dispose()
            await self._begin_anew()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (exc.IntegrityError, exc.DataError, exc.ProgrammingError, exc.NotSupportedError):
            raise
        except StoreUnreachable:
            raise
        except (exc.DBAPIError, exc.TimeoutError, OSError, TimeoutError) as problem:
            raise StoreUnreachable(f"{self.shown}: {_cause(problem)}; {_mend(self.engine, _cause(problem))}") from None
        except Exception as problem:
            if not type(problem).__module__.startswith("asyncpg"):  # what the driver says while connecting
                raise
            raise StoreUnreachable(f"{self.shown}: {_cause(problem)}; {_mend(self.engine, _cause(problem))}") from None


# ---------------------------------------------------------------------- opening


def check_url(url: str) -> str:
    """`url`, when it can be one of a database. Raises BrokenConfiguration, one line without a password."""
    _parse(url)
    return url


def without_password(url: str) -> str:
    """`url` as it may be told to people. Raises BrokenConfiguration."""
    return url if _parse(url).password is None else sa.make_url(url).render_as_string(hide_password=True)


def _parse(url: str) -> sa.URL:
    """SQLAlchemy's URL with the driver we use; `sqlite:///file` and `postgresql://…` need not name it."""
    try:
        parsed = sa.make_url(url)
    except (exc.ArgumentError, ValueError):
        raise BrokenConfiguration(
            "the database's URL cannot be read: write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        ) from None
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise BrokenConfiguration(
            f"a database of kind {parsed.get_backend_name()!r} is not known: use sqlite or postgresql"
        )
    if driver.endswith("asyncpg") and importlib.util.find_spec("asyncpg") is None:
        raise BrokenConfiguration("a postgresql:// database needs its driver: pip install 'hotline-ari[postgres]'")
    return parsed.set(drivername=driver)


def _in_file(url: sa.URL) -> Path | None:
    """The file of a SQLite database; None for one in memory and for PostgreSQL."""
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if is_file else None


def _shown(url: sa.URL) -> str:
    """How people are told which database is meant: SQLite's by its file, others by their URL without the password."""
    return str(_in_file(url) or url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True))


def _identity(file: Path | None) -> tuple[int, int] | None:
    try:
        found = file.stat() if file is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def _make_room(url: sa.URL) -> None:
    """SQLite's file, readable by us alone: it says who rang. Whatever is wrong here, opening it tells.

    A file that root makes belongs to whose folder it is: the workers must be able to write it.
    """
    file = _in_file(url)
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        made = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return
    with contextlib.suppress(OSError):
        if os.geteuid() == 0:
            folder = file.parent.stat()
            os.fchown(made, folder.st_uid, folder.st_gid)
    os.close(made)


def _must_exist(url: sa.URL) -> None:
    file = _in_file(url)
    if file is None:
        return
    try:
        file.stat()
    except PermissionError:
        raise StoreUnreachable(f"{file}: this user may not look into its folder {AS_WORKERS}") from None
    except OSError:
        raise StoreUnreachable(
            f"{file}: no such file: nothing has been recorded there yet, or another configuration says where "
            "(-c, HOTLINE_CONFIG)"
        ) from None
    if not os.access(file, os.R_OK | os.W_OK, effective_ids=True):
        raise StoreUnreachable(f"{file}: this user may not open it {AS_WORKERS}")


def _engine(url: sa.URL) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        logging.getLogger("aiosqlite").setLevel(logging.INFO)  # its DEBUG tells every value it writes
        room: dict[str, Any] = {} if _in_file(url) else {"pool_size": 1, "max_overflow": 0}
        engine = create_async_engine(
            url,
            poolclass=sa.AsyncAdaptedQueuePool,
            hide_parameters=True,
            connect_args={"timeout": BUSY_WITHIN},
            **room,
        )
        event.listen(engine.sync_engine, "connect", _tune_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,  # a server that was restarted is no reason to lose a record
        pool_timeout=ANSWER_WITHIN,
        connect_args={"timeout": ANSWER_WITHIN / 2, "command_timeout": ANSWER_WITHIN},
    )


def _tune_sqlite(connection: Any, _record: object) -> None:
    driver = connection.driver_connection
    if hasattr(driver, "stop"):  # aiosqlite 0.22: its thread answers one stop, and who waits for another waits for ever
        driver.stop = cache(driver.stop)
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own begins too late for DDL and readers
    cursor = connection.cursor()
    for pragma in ("busy_timeout = 5000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer takes its turn at the beginning: one that has read first and then writes is refused, not made to wait.

    https://www.sqlite.org/lang_transaction.html
    """
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


# ---------------------------------------------------------------------- migrating


def _migrate(connection: sa.Connection) -> None:
    """Every family to its newest version, one worker at a time; a database newer than we are is left as it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    VERSIONS.create(connection, checkfirst=True)
    at: dict[str, int] = {row.family: row.version for row in connection.execute(sa.select(VERSIONS))}
    for family, migrations in _families():
        for migrate in migrations[at.get(family, 0) :]:
            migrate(connection)
        if family not in at:
            connection.execute(VERSIONS.insert().values(family=family, version=len(migrations)))
        elif at[family] < len(migrations):
            connection.execute(VERSIONS.update().where(VERSIONS.c.family == family).values(version=len(migrations)))


def _families() -> Iterator[tuple[str, tuple[Migration, ...]]]:
    for family, module in FAMILIES.items():
        yield family, importlib.import_module(module).MIGRATIONS


# ---------------------------------------------------------------------- telling


def _cause(problem: Exception) -> str:
    """What the driver says, in its first line: it speaks of files, hosts and rights, not of values."""
    said = str(getattr(problem, "orig", None) or problem).strip().splitlines()
    first = said[0] if said else ""
    return first.removeprefix(f"{type(problem).__name__}: ").rpartition(">: ")[2].rstrip(".") or "does not answer"


_NO_DATABASE = {
    "file is not a database": "is it another program's? name another file",
    "database disk image is malformed": "it is damaged: put a copy of it back, or move it away: a new one is begun",
}
"""What SQLite says of a file that no room and no rights would mend."""


def _mend(engine: AsyncEngine, cause: str) -> str:
    if cause in _NO_DATABASE:
        return _NO_DATABASE[cause]
    if engine.dialect.name == "sqlite":
        return f"is there room on its disk, and may this user write its file and folder? {AS_WORKERS}"
    return "is PostgreSQL running there, and do user, password and database exist?"
