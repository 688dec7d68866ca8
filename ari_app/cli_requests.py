"""`hotline requests`: what calls have left behind, for those who do it.

Rule: numbers are shown to who runs this command and are nowhere else; every change says who made it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from ari_app.call import Kind
from ari_app.cli_config import config_option, settings_of
from ari_app.cli_moment import DAY, Moment
from ari_app.cli_who import login
from ari_app.requests.states import LIVE, State

if TYPE_CHECKING:
    from ari_app.requests.request import Request
    from ari_app.requests.store import Store
    from ari_app.standard import Standard

T = TypeVar("T")


def _signed(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--by", default=login, show_default="who runs this", help="Whose doing it is, for the history."
    )(command)


def _now() -> datetime:
    return datetime.now(UTC)


def _with_store(config_file: Path | None, work: Callable[[Store], Awaitable[T]], *, create: bool = False) -> T:
    """Do something with the requests of this configuration's database; only who files one makes it."""
    from ari_app.records.database import Database
    from ari_app.requests.store import Store

    url = settings_of(config_file).records.database

    async def do() -> T:
        database = await Database.open(url, create=create)
        try:
            return await work(Store(database))
        finally:
            await database.close()

    return asyncio.run(do())


@click.group()
def requests() -> None:
    """Callbacks, messages, tickets: what calls have left for people to do."""


# ------------------------------------------------------------------ looking


@requests.command("list")
@config_option
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in State]),
    help="Only these [default: the open].",
)
@click.option("--all", "everything", is_flag=True, help="Those that are over, too.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only this kind.")
@click.option("--to", default="", help="Only what is for this reader.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for machines.")
def list_(
    config_file: Path | None, states: tuple[str, ...], everything: bool, kind: str | None, to: str, as_json: bool
) -> None:
    """What is to be done: the urgent first, then what is due first."""
    wanted = frozenset(State) if everything else frozenset(map(State, states)) or LIVE
    found = _with_store(config_file, lambda store: store.listing(wanted, Kind(kind) if kind else None, to))
    _show(found, as_json)


@requests.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for machines.")
def due(config_file: Path | None, as_json: bool) -> None:
    """What is late: promises that are broken now. Exit code 1 when there are any."""
    now = _now()
    found = [request for request in _with_store(config_file, lambda store: store.listing()) if request.late(now)]
    _show(found, as_json, "no promise is broken")
    sys.exit(1 if found else 0)


@requests.command()
@config_option
@click.argument("number", metavar="ID", type=click.IntRange(1, 2**31 - 1))
def show(config_file: Path | None, number: int) -> None:
    """One request: what it is about, its clocks, its history."""
    from ari_app.requests.showing import page

    click.echo("\n".join(page(_with_store(config_file, lambda store: store.get(number)), _now())))


@requests.command()
@config_option
@click.option("--to", default="", help="Only what is for this reader.")
@click.option("--night", is_flag=True, help="The next-day report: what came at night and is still open (S000-C12).")
def digest(config_file: Path | None, to: str, night: bool) -> None:
    """Everything that is open, together, by reader; urgent things were told at once (S004-C04)."""
    from ari_app.requests.digest import digest as collect
    from ari_app.requests.digest import lines, night_report

    now = _now()
    found = _with_store(config_file, lambda store: store.listing(to=to))
    click.echo("\n".join(lines(night_report(found, now) if night else collect(found), now)))


@requests.command()
@config_option
@click.option("--csv", "as_csv", is_flag=True, required=True, help="As comma-separated values; the only format.")
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="A file [default: print it].")
@click.option("--since", type=DAY, help="Only what was filed since this day (UTC).")
def export(config_file: Path | None, as_csv: bool, out: Path | None, since: datetime | None) -> None:
    """All requests, for a spreadsheet; no cell of it is taken for a formula."""
    from ari_app.errors import BrokenConfiguration
    from ari_app.requests.showing import table

    begin = None if since is None else since.replace(tzinfo=UTC)
    found = _with_store(config_file, lambda store: store.listing(frozenset(State), since=begin))
    text = table(sorted(found, key=lambda request: request.id), _now())
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8-sig", newline="")  # the mark tells spreadsheets that it is UTF-8
    except OSError as problem:
        raise BrokenConfiguration(f"{out}: cannot be written: {problem.strerror}") from None
    click.echo(f"{len(found)} requests written to {out}")


def _show(found: list[Request], as_json: bool, nothing: str = "nothing is open") -> None:
    from ari_app.requests.digest import line
    from ari_app.requests.showing import as_object

    now = _now()
    if as_json:
        import json

        for request in found:
            click.echo(json.dumps(as_object(request, now), ensure_ascii=False))
    else:
        for request in found:
            shown = line(request, now)
            click.echo(shown if request.state is State.OPEN else f"{shown}  ({request.state})")
        if not found:
            click.echo(nothing)


# ------------------------------------------------------------------ doing


def _moving(name: str, then: State, told: str, doc: str) -> click.Command:
    @requests.command(name, help=doc)
    @config_option
    @_signed
    @click.option("--note", default="", help="A word about it, for the history.")
    @click.argument("number", metavar="ID", type=click.IntRange(1, 2**31 - 1))
    def move(config_file: Path | None, by: str, note: str, number: int) -> None:
        _with_store(config_file, lambda store: store.move(number, then, by, _now(), note))
        click.echo(f"request {number} is {told}")

    return move


done = _moving("done", State.DONE, "done", "It is done; its clock stops.")
cancel = _moving("cancel", State.CANCELLED, "cancelled", "Nobody wants it any more: nobody is rung, nothing is late.")
claim = _moving("claim", State.CLAIMED, "yours", "You do it: it is not dialled by the hotline meanwhile.")
reopen = _moving("open", State.OPEN, "open again", "It is to be done again: what you had claimed, or what had failed.")


@requests.command()
@config_option
@_signed
@click.argument("telephone", metavar="TELEPHONE")
@click.option("--why", "procedure", required=True, metavar="REASON",
              help="What it is about: a clock or a scheduled procedure of the standard, as delivery-call.")  # fmt: skip
@click.option(
    "--within", metavar="DAYS", type=click.IntRange(0, 366),
    help="To be done by the end of this day; 0: today [default: as the reason's own clock says].",
)  # fmt: skip
@click.option("--after", metavar="DAYS", default=0, type=click.IntRange(0, 366), help="Not before so many days.")
@click.option("--rule", default="", help="The rule it follows.")
@click.option("--to", default="", help="For whom it is.")
@click.option("--by-hand", is_flag=True, help="People ring; the hotline does not dial.")
def add(
    config_file: Path | None, by: str, telephone: str, procedure: str, within: int | None, after: int, rule: str,
    to: str, by_hand: bool,
) -> None:  # fmt: skip
    """Somebody is to be rung: goods were delivered today, something was bought (S004-I09, S004-I10).

    A reason the standard does not know is refused: nobody who reads it would know what was promised.
    """
    from ari_app import paths, standard
    from ari_app.errors import RequestRefused
    from ari_app.requests.letter import follow_up
    from ari_app.requests.showing import moment

    settings = settings_of(config_file)
    spoken = standard.load(paths.standard_folder(settings.standard))
    known = _reasons(spoken)
    if procedure not in known:
        raise RequestRefused(f"the standard {settings.standard!r} knows no such reason; it has: {', '.join(known)}")
    letter = follow_up(
        spoken, settings.requests, telephone, procedure, within, after, rule, to, not by_hand, _now(), by
    )
    if letter.refused:
        raise RequestRefused(f"the number {letter.refused}; allowed_prefixes in hotline.yaml says which are rung")
    until = moment(letter.due, ZoneInfo(letter.zone))
    if letter.due and letter.not_before and letter.due <= letter.not_before:
        first_day = moment(letter.not_before, ZoneInfo(letter.zone))
        raise RequestRefused(f"it would be due {until} and not to be done before {first_day}; see --after and --within")
    number = _with_store(config_file, lambda store: store.file(letter), create=True)
    click.echo(f"request {number} is filed, {f'due {until}' if until else 'with no due time'}")


def _reasons(standard: Standard) -> list[str]:
    """Why somebody can be rung who has not rung us: a clock runs for it, or it is done by a schedule.

    A line that broke off is no reason to be given by hand: its caller is rung at any hour.
    """
    from ari_app.requests.letter import DROPPED

    scheduled = (name for name, ladder in standard.procedures.items() if "schedule" in ladder.when)
    return sorted({*standard.clocks, *scheduled} - {DROPPED})


@requests.command()
@config_option
@_signed
@click.argument("number", metavar="ID", type=click.IntRange(1, 2**31 - 1))
@click.argument("text", nargs=-1, required=True)
def note(config_file: Path | None, by: str, number: int, text: tuple[str, ...]) -> None:
    """Add a note to the history. Notes are never changed."""
    from ari_app.errors import RequestRefused
    from ari_app.requests.store import LONGEST_NOTE

    written = " ".join(text)
    if len(written) > LONGEST_NOTE:
        raise RequestRefused(f"a note has at most {LONGEST_NOTE} characters, this one {len(written)}: make two of it")
    _with_store(config_file, lambda store: store.note(number, by, written, _now()))
    click.echo(f"noted at request {number}")


@requests.command()
@config_option
@_signed
@click.option("--note", default="", help="A word about it, for the history.")
@click.argument("number", metavar="ID", type=click.IntRange(1, 2**31 - 1))
def advance(config_file: Path | None, by: str, note: str, number: int) -> None:
    """The next stage of a fault: registered, pre-processed, dispatched, replied, plan, cleared (S002-01 to S002-06)."""
    from ari_app.requests.showing import moment

    async def do(store: Store) -> Request:
        await store.advance(number, by, _now(), note)
        return await store.get(number)

    request = _with_store(config_file, do)
    if not request.live:
        click.echo(f"request {number} is {request.state}: its last clock was stopped")
    else:
        until = f", due {moment(request.due_at, request.zone)}" if request.due_at else ""
        click.echo(f"request {number}: {request.clock} runs{until}")


@requests.command()
@config_option
@_signed
@click.argument("number", metavar="ID", type=click.IntRange(1, 2**31 - 1))
@click.argument("time", metavar="TIME", type=Moment(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]))
def promise(config_file: Path | None, by: str, number: int, time: datetime) -> None:
    """The caller was promised to be rung at TIME, "2026-11-25 15:00", in the request's own zone (S004-O05)."""
    from ari_app.requests.showing import moment

    async def do(store: Store) -> Request:
        zone = (await store.get(number)).zone
        await store.promise(number, time.replace(tzinfo=zone), by, _now())
        return await store.get(number)

    request = _with_store(config_file, do)
    click.echo(f"request {number} is promised for {moment(request.due_at, request.zone)}")


@requests.command()
@click.argument("kind", type=click.Choice(["enquiry", "complaint"]))
@click.option("--unit", required=True, help="Unit (单位).")
@click.option("--department", required=True, help="Department (部门).")
@click.option("--enterprise", required=True, help="The caller's enterprise.")
@click.option("--content", required=True, help="The answer, or what has become of the complaint.")
@click.option("--attitude", required=True, help="What the caller said of it: 满意, 接受 …")
@click.option("--policy", default="", help="The policy an answer rests on.")
@click.option("--at", type=Moment(["%Y-%m-%d %H:%M"]), help="When they were rung [default: now].")
@click.option("--zone", default="Asia/Shanghai", show_default=True, help="The zone in which the hour is written.")
def reply(kind: str, zone: str, at: datetime | None, **words: str) -> None:
    """The reply text of a 12345 hotline in its fixed format (S004-E02, S004-E03)."""
    from ari_app.requests.replies import Facts, Reply, reply_text

    try:
        told = reply_text(Reply(kind), Facts(at=at or datetime.now(ZoneInfo(zone)), **words))
    except (ValueError, KeyError, OSError) as problem:
        raise click.UsageError(str(problem)) from None
    click.echo(told)
