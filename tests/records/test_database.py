"""The shared database: made, migrated, locked and told of, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
import importlib
import os
import secrets
import shutil
import stat
import tempfile
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ari_app.errors import BrokenConfiguration, StoreUnreachable
from ari_app.records import database
from ari_app.records.database import METADATA, Database, check_url, sql

FIRST = sql("CREATE TABLE imagined (name VARCHAR(40) PRIMARY KEY)")
SECOND = sql("ALTER TABLE imagined ADD COLUMN colour VARCHAR(40)", "INSERT INTO imagined VALUES ('sky', 'blue')")


@pytest.fixture
def family(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> types.ModuleType:
    """A family of tables in its first version."""
    package = f"imagined_{secrets.token_hex(4)}"
    (tmp_path / package).mkdir()
    (tmp_path / package / "tables.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(database, "FAMILIES", {"imagined": f"{package}.tables"})
    module = importlib.import_module(f"{package}.tables")
    module.MIGRATIONS = (FIRST,)  # type: ignore[attr-defined]
    return module


async def colours(db: Database) -> list[tuple[str, ...]]:
    async with db.reading() as connection:
        return [tuple(row) for row in await connection.execute(sa.text("SELECT * FROM imagined"))]


def columns(connection: sa.Connection) -> dict[str, set[str]]:
    look = sa.inspect(connection)
    return {table: {column["name"] for column in look.get_columns(table)} for table in look.get_table_names()}


async def test_a_new_database_has_the_tables_and_columns_that_are_declared(url: str) -> None:
    db = await Database.open(url)
    async with db.reading() as connection:
        found = await connection.run_sync(columns)
    await db.close()
    assert found == {name: {column.name for column in table.columns} for name, table in METADATA.tables.items()}


async def test_a_database_is_brought_up_to_date_once(url: str, family: types.ModuleType) -> None:
    db = await Database.open(url)
    assert await colours(db) == []
    await db.close()
    family.MIGRATIONS = (FIRST, SECOND)  # type: ignore[attr-defined]
    for _ in range(2):
        db = await Database.open(url)
        assert await colours(db) == [("sky", "blue")]
        await db.close()


async def test_an_older_program_leaves_a_newer_database_as_it_is(url: str, family: types.ModuleType) -> None:
    family.MIGRATIONS = (FIRST, SECOND)  # type: ignore[attr-defined]
    await (await Database.open(url)).close()
    family.MIGRATIONS = (FIRST,)  # type: ignore[attr-defined]
    db = await Database.open(url)
    assert await colours(db) == [("sky", "blue")]
    await db.close()


async def test_workers_that_start_at_once_migrate_once(url: str, family: types.ModuleType) -> None:
    family.MIGRATIONS = (FIRST, SECOND)  # type: ignore[attr-defined]
    opened = await asyncio.gather(*(Database.open(url) for _ in range(6)))
    assert [await colours(db) for db in opened] == [[("sky", "blue")]] * 6
    for db in opened:
        await db.close()


async def test_a_migration_that_fails_leaves_nothing_behind(url: str, family: types.ModuleType) -> None:
    family.MIGRATIONS = (FIRST, sql("INSERT INTO imagined VALUES ('sky')", "INSERT INTO imagined VALUES ('sky')"))  # type: ignore[attr-defined]
    with pytest.raises(sa.exc.IntegrityError):
        await Database.open(url)
    family.MIGRATIONS = (FIRST, SECOND)  # type: ignore[attr-defined]
    db = await Database.open(url)
    assert await colours(db) == [("sky", "blue")]
    await db.close()


async def test_a_broken_transaction_writes_nothing(url: str, family: types.ModuleType) -> None:
    db = await Database.open(url)
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as connection:
            await connection.execute(sa.text("INSERT INTO imagined VALUES ('sky')"))
            raise ZeroDivisionError
    assert await colours(db) == []
    await db.close()


async def test_writers_wait_for_one_another(url: str, family: types.ModuleType) -> None:
    db = await Database.open(url)

    async def write(name: str) -> None:
        async with db.transaction() as connection:
            await connection.execute(sa.text("SELECT * FROM imagined"))
            await connection.execute(sa.text("INSERT INTO imagined VALUES (:name)"), {"name": name})

    await asyncio.gather(*(write(str(n)) for n in range(20)))
    assert len(await colours(db)) == 20
    await db.close()


async def test_sqlite_survives_readers_and_says_who_may_read(tmp_path: Path) -> None:
    db = await Database.open(f"sqlite:///{tmp_path}/deep/down/hotline.db")
    async with db.reading() as connection:
        pragmas = {
            name: (await connection.execute(sa.text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys")
        }
    await db.close()
    assert pragmas == {"journal_mode": "wal", "busy_timeout": 5000, "foreign_keys": 1}
    assert stat.S_IMODE((tmp_path / "deep/down/hotline.db").stat().st_mode) == 0o600


async def test_a_database_in_memory_is_one_database() -> None:
    db = await Database.open("sqlite://")
    async with db.reading() as connection:
        assert (await connection.execute(sa.select(database.VERSIONS.c.version))).scalars().all()
    await db.close()


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/nowhere/hotline.db", "postgresql://us:hush@127.0.0.1:1/hotline", "sqlite:////etc/passwd"]
)
async def test_a_database_that_is_away_is_named_in_one_line_without_its_password(url: str) -> None:
    with pytest.raises(StoreUnreachable) as told:
        await Database.open(url)
    message = str(told.value)
    assert "\n" not in message and "hush" not in message
    assert url.partition("://")[2].rpartition("@")[2].lstrip("/") in message and "?" in message


@pytest.mark.parametrize(
    "url", ["", "hotline.db", "mysql://root:hush@localhost/hotline", "postgresql://us:hush@h:port/x"]
)
def test_what_cannot_be_a_database_is_a_mistake_in_the_configuration(url: str) -> None:
    with pytest.raises(BrokenConfiguration) as told:
        check_url(url)
    assert "\n" not in str(told.value) and "hush" not in str(told.value)


async def test_a_sqlite_file_that_is_moved_away_is_missed_and_one_put_back_is_used(tmp_path: Path) -> None:
    """SQLite itself goes on writing into the moved file."""
    file = tmp_path / "hotline.db"
    db = await Database.open(f"sqlite:///{file}")
    file.rename(tmp_path / "away.db")
    with pytest.raises(StoreUnreachable, match="moved away"):
        async with db.transaction():
            pass
    await (await Database.open(f"sqlite:///{file}")).close()  # another one in its place
    async with db.reading() as connection:
        assert (await connection.execute(sa.select(database.VERSIONS.c.version))).scalars().all()
    file.unlink()
    (tmp_path / "away.db").rename(file)
    async with db.transaction():
        pass
    await db.close()


async def test_a_command_that_is_cancelled_twice_leaves_nothing_that_outlives_being_cancelled(tmp_path: Path) -> None:
    """A worker told to stop while SQLite was slow never ended: a connection waited for a thread that had gone."""
    db = await Database.open(f"sqlite:///{tmp_path}/slow.db")
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> bool:
        begun.set()
        return go_on.wait(20)

    async def ask() -> None:
        async with db.reading() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.create_function("slow", 0, slow)
            await connection.execute(sa.text("SELECT slow()"))

    before = asyncio.all_tasks()
    asking = asyncio.create_task(ask())
    assert await asyncio.to_thread(begun.wait, 20)
    asking.cancel()
    while not (closing := asyncio.all_tasks() - before - {asking}):  # its connection is being closed behind the command
        await asyncio.wait((asking,), timeout=0.01)
    asking.cancel()
    await asyncio.wait((asking,))
    for task in closing:
        task.cancel()
    go_on.set()
    _, unended = await asyncio.wait(closing, timeout=5)
    await db.close()
    assert not unended


async def test_a_file_that_is_no_database_is_called_so_and_left_as_it_is(tmp_path: Path) -> None:
    """It was asked whether there is room on its disk."""
    file = tmp_path / "notes.db"
    file.write_text("bread, milk\n" * 400)
    with pytest.raises(StoreUnreachable) as told:
        await Database.open(f"sqlite:///{file}")
    assert str(told.value) == (f"{file}: file is not a database; is it another program's? name another file")
    assert file.read_text() == "bread, milk\n" * 400


async def test_a_damaged_database_is_called_so(tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/calls.db", tmp_path / "calls.db"
    await (await Database.open(url)).close()
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + bytes(len(whole) - 100))
    with pytest.raises(StoreUnreachable, match=r"malformed; it is damaged: put a copy of it back"):
        await Database.open(url)


@pytest.fixture
def workers_folder() -> Iterator[Path]:
    """As /var/lib/hotline: a folder of another user's, for their eyes only."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    folder = Path(tempfile.mkdtemp())
    os.chown(folder, 65534, 65534)
    yield folder
    shutil.rmtree(folder)


async def test_a_file_that_root_makes_belongs_to_the_workers(workers_folder: Path) -> None:
    """An entry made by root before the first worker started would keep every worker out."""
    await (await Database.open(f"sqlite:///{workers_folder}/hotline.db")).close()
    made = (workers_folder / "hotline.db").stat()
    assert (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (65534, 65534, 0o600)


@pytest.mark.parametrize(("mode", "told"), [(0o700, "may not look into its folder"), (0o755, "may not open it")])
def test_who_may_not_look_is_told_as_whom_to_look(workers_folder: Path, mode: int, told: str) -> None:
    (workers_folder / "hotline.db").touch(mode=0o600)
    workers_folder.chmod(mode)
    os.seteuid(65533)
    try:
        with pytest.raises(StoreUnreachable, match=rf"{told} \(.*sudo -u hotline"):
            asyncio.run(Database.open(f"sqlite:///{workers_folder}/hotline.db", create=False))
    finally:
        os.seteuid(0)
