"""`hotline calls`: what became of callers, as it was recorded.

Rule: only looks; a database that is not there is told of, not made. Exit code 0: shown, 1: the database is away or
there is no such call, 2: the configuration or the command line is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ari_app.cli_config import config_option, settings_of
from ari_app.cli_moment import DAY
from ari_app.errors import StoreUnreachable
from ari_app.records.facts import Outcome

if TYPE_CHECKING:
    from ari_app.records.facts import CallRecord
    from ari_app.records.settings import RecordsSettings
    from ari_app.records.store import Calls

T = TypeVar("T")

day_option = click.option(
    "--day",
    type=DAY,
    metavar="YYYY-MM-DD",
    help="Only calls of this day, by this machine's clock.",
)


@click.group()
def calls() -> None:
    """Records of calls: what callers heard, how long was waited, who hung up."""


@calls.command("list")
@config_option
@day_option
@click.option("--number", default="", help="Only calls from, or to, this number.")
@click.option("--outcome", type=click.Choice([outcome.value for outcome in Outcome]), help="Only calls that ended so.")
@click.option(
    "--last", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many, the newest."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def list_(
    config_file: Path | None, day: datetime | None, number: str, outcome: str | None, last: int, as_json: bool
) -> None:
    """One line per call, the newest last."""

    async def look(store: Calls, settings: RecordsSettings) -> list[CallRecord]:
        numbers = [number, settings.kept(number)] if number else []
        async with aclosing(_of_day(store, day, numbers=numbers, outcome=outcome or "", newest=last)) as found:
            return [record async for record in found]

    found = ask(config_file, look)
    if as_json:
        click.echo(b'{"calls":[' + b",".join(_dump(record) for record in found) + b"]}")
    else:
        _table(found)


@calls.command()
@config_option
@click.argument("call_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def show(config_file: Path | None, call_id: str, as_json: bool) -> None:
    """One call from beginning to end: sentences, waits beside their rules, what was heard, who hung up."""
    from ari_app.records.timeline import timeline

    record = ask(config_file, lambda store, _: store.get(call_id))
    if record is None:
        raise StoreUnreachable("no such call; `hotline calls list` shows their ids, and old ones are forgotten")
    click.echo(_dump(record) if as_json else "\n".join(timeline(record)))


@calls.command()
@config_option
@day_option
@click.option("--csv", "as_csv", is_flag=True, help="A table for spreadsheets (the only format so far).")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file [default: to the terminal]."
)
def export(config_file: Path | None, day: datetime | None, as_csv: bool, out: Path | None) -> None:
    """Calls as a table, oldest first. No cell is taken for a formula; a file is UTF-8 with a mark for spreadsheets."""
    from ari_app.records import csvfile

    if not as_csv:
        raise click.UsageError("say --csv: there is no other format")

    async def write(store: Calls, _: RecordsSettings) -> None:
        # newline="": csv ends its lines itself. utf-8-sig: without the mark, spreadsheets guess the encoding.
        file = out.open("w", encoding="utf-8-sig", newline="") if out is not None else sys.stdout
        try:
            csvfile.write([], file)
            async with aclosing(_of_day(store, day)) as found:
                async for record in found:
                    csvfile.write([record], file, header=False)
        finally:
            if out is not None:
                file.close()

    try:
        ask(config_file, write)
    except OSError as problem:
        raise click.FileError(str(out), problem.strerror or "cannot be written") from None


# ---------------------------------------------------------------------- asking


def ask(config_file: Path | None, question: Callable[[Calls, RecordsSettings], Awaitable[T]]) -> T:
    """What the database of this configuration says. Raises BrokenConfiguration, StoreUnreachable."""
    import asyncio

    from ari_app.records.database import Database
    from ari_app.records.store import Calls

    chosen = settings_of(config_file).records

    async def answer() -> T:
        database = await Database.open(chosen.database, create=False)
        try:
            return await question(Calls(database), chosen)
        finally:
            await database.close()

    return asyncio.run(answer())


def bounds(day: datetime | None) -> tuple[float | None, float | None]:
    """A day's first moment and the next day's, by this machine's clock; a day of a clock change is not 24 hours."""
    if day is None:
        return None, None
    return _midnight(day.date()), _midnight(day.date() + timedelta(days=1))


def _midnight(day: date) -> float:
    return datetime.combine(day, time()).astimezone().timestamp()


def _of_day(store: Calls, day: datetime | None, **wanted: Any) -> AsyncGenerator[CallRecord, None]:
    since, until = bounds(day)
    return store.find(since, until, **wanted)


# ---------------------------------------------------------------------- showing


def _dump(record: CallRecord) -> bytes:
    from ari_app.records.store import dump

    return dump(record)


def _table(found: list[CallRecord]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ari_app.records.timeline import moment

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 4096  # in a file or a pipe, one line stays one line
    table = Table(box=None, pad_edge=False)
    for column in (
        "ID",
        "BEGAN",
        "CALLER",
        "DIALLED",
        "SECONDS",
        "QUEUE WAIT",
        "AGENT",
        "WAITS KEPT",
        "HUNG UP BY",
        "OUTCOME",
    ):
        table.add_column(column, no_wrap=True, overflow="fold")
    for record in found:
        first, wait = record.first, record.queue_wait
        cells = (
            record.id,
            moment(record.began),
            first.number if first else "",
            first.dialled if first else "",
            f"{record.ended - record.began:.1f}",
            "" if wait is None else f"{wait:.1f}",
            record.agent,
            f"{sum(w.kept for w in record.waits)}/{len(record.waits)}",
            str(record.released_by),
            str(record.outcome),
        )
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
