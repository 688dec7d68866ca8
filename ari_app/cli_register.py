"""`hotline register …`: who is on the list, why, since when, and how it is undone.

Rule 1: whatever changes says by which name it is undone.
Rule 2: what a caller sent is shown in its normal form or not at all; no output can be a terminal's command.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click

from ari_app.ami.agents import names_of
from ari_app.cli_agent import over_ami
from ari_app.cli_config import config_option, settings_of
from ari_app.cli_misdialled import misdialled
from ari_app.cli_register_files import reading, writing
from ari_app.cli_register_show import (
    as_typed,
    change_line,
    home_region,
    json_of,
    lasting,
    line_of,
    moment,
    region,
    whom,
    why,
)
from ari_app.cli_who import login
from ari_app.errors import BrokenStandard, PbxUnreachable
from ari_app.paths import standard_folder
from ari_app.procedures.screening import Screening, Treatment, Verdict, judge, speaks, word_of
from ari_app.records.database import Database
from ari_app.register import replay as replaying
from ari_app.register import sheet
from ari_app.register.entries import Batch, Entry, plain
from ari_app.register.live import LiveRegister
from ari_app.register.numbers import HOME, Pattern, identify
from ari_app.register.rules import RulesFile
from ari_app.register.store import Store
from ari_app.standard.inheritance import STANDARD, Written
from ari_app.yamlfile import YamlFile

Result = TypeVar("Result")

TREATMENT = click.Choice([treatment.value for treatment in Treatment])
RULES = "A standard.yaml, or a file with its `screening` section"


class _Configured(click.Group):
    """Every command below takes `-c` too, as everywhere else."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        cmd.params.append(_config_option())
        super().add_command(cmd, name)


def _config_option() -> click.Option:
    def instead(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
        if value is not None and ctx.obj:
            ctx.obj["config"] = value

    return click.Option(
        ("--config", "-c"), type=click.Path(path_type=Path), expose_value=False, callback=instead,
        help="Configuration file.",
    )  # fmt: skip


@click.group(cls=_Configured)
@config_option
@click.option("--database", envvar="HOTLINE_DATABASE", show_envvar=True, metavar="URL",
              help="Where the register is kept [default: where the records are].")  # fmt: skip
@click.option("--by", default=None, metavar="NAME", help="Who does this, for the record [default: your login].")
@click.option("--home", default=HOME, show_default=True, metavar="REGION", envvar="HOTLINE_REGION",
              callback=region, help="Region of numbers without a country code, as CN, GB, US.")  # fmt: skip
@click.pass_context
def register(ctx: click.Context, config_file: Path | None, database: str | None, by: str | None, home: str) -> None:
    """Numbers that are known: who is always let through, who is asked for a key, who is served by the station.

    A pattern is a number (+8613800138000, 13800138000, 10086), a prefix (+86170*, 010*), a range
    (+8613800138000-+8613800138999), or the word anonymous.
    """
    ctx.obj = {"database": database, "by": by or login(), "home": home, "config": config_file}


def database_url(config_file: Path | None, given: str | None) -> str:
    """Where the register is: as given, else as configured, else beside us."""
    return given or settings_of(config_file).records.database


def _with_store(work: Callable[[Store], Awaitable[Result]], *, create: bool = False) -> Result:
    """Do something with the register; only who enters something makes a database that is not there."""
    url = database_url(_config_file(), click.get_current_context().obj["database"])

    async def do() -> Result:
        database = await Database.open(url, create=create)
        try:
            return await work(Store(database))
        finally:
            await database.close()

    return asyncio.run(do())


def _by() -> str:
    return str(click.get_current_context().obj["by"])


def _undone_by(batch: Batch) -> None:
    click.echo(f"to undo it: {as_typed()} undo {batch}")


# ------------------------------------------------------------------ changing


@register.command()
@click.argument("wanted", callback=whom, metavar="PATTERN")
@click.argument("treatment", type=TREATMENT)
@click.option("--reason", default="", callback=why, help="Why; for your colleagues.")
@click.option("--call", "calls", multiple=True, metavar="ID", help="A call that shows it; may be given again.")
@click.option("--for", "lasts", callback=lasting, metavar="TIME", help="How long: 90 s, 10 min, 2 h, 30 d.")
def add(wanted: Pattern, treatment: str, reason: str, calls: tuple[str, ...], lasts: float | None) -> None:
    """Enter a number or pattern. `allow` always wins; a later entry for the same replaces the earlier.

    \b
        hotline register add 13800138000 station --reason "rings and sings" --for "30 d"
        hotline register add "+86170*" challenge
        hotline register add 010-62345678 allow
    """
    now = time.time()
    entry = Entry(
        wanted, Treatment(treatment), reason, calls, _by(), now, None if lasts is None else now + lasts, scored_at=0
    )
    batch = _with_store(lambda store: store.add([entry], _by()), create=True)
    click.echo(f"entered: {wanted}  {treatment}")
    _undone_by(batch)


@register.command()
@click.argument("wanted", callback=whom, metavar="PATTERN")
@click.option("--treatment", type=TREATMENT, help="Only the entry with this treatment.")
def remove(wanted: Pattern, treatment: str | None) -> None:
    """Take out what was entered for exactly this number or pattern."""
    only = Treatment(treatment) if treatment else None
    batch, removed = _with_store(lambda store: store.remove(wanted, _by(), only))
    if not removed:
        click.echo(f"hotline: {wanted} is not in the register; see `hotline register explain`", err=True)
        sys.exit(1)
    click.echo(f"removed: {wanted}, {removed} {'entry' if removed == 1 else 'entries'}")
    _undone_by(batch)


@register.command()
@click.argument("batch", required=False)
@click.option("--agent", metavar="AGENT",
              help="The last report of this agent, by name in the queue or telephone, at most 60 s ago.")  # fmt: skip
def undo(batch: str | None, agent: str | None) -> None:
    """Put everything back as it was before a change; BATCH is the name it was given. The undoing can be undone too."""
    if (batch is None) is (agent is None):
        raise click.UsageError("say which: BATCH as it was told, or --agent NAME for an agent's last report")
    if agent is not None:
        names = _names_of(agent)
        undoing = _with_store(lambda store: store.withdraw_last(agent, *names))
        click.echo("undone: the last report")
    else:
        undoing, undone = _with_store(lambda store: store.undo(Batch(batch or ""), _by()))
        click.echo(f"undone: {undone} {'change' if undone == 1 else 'changes'}")
    _undone_by(undoing)


def _names_of(agent: str) -> list[str]:
    """What the queues call this agent: their telephone knows only its own name. None, where AMI does not tell."""
    settings = settings_of(_config_file())
    asked = bool(settings.ami.password.get_secret_value())
    try:
        return over_ami(settings, lambda ami: names_of(ami, agent)) if asked else []
    except PbxUnreachable:  # or PbxRefused, which is one
        return []


@register.command()
@click.argument("entry", type=int)
def reviewed(entry: int) -> None:
    """A person has looked at ENTRY (its number in `list --review`), and it stays."""
    batch = _with_store(lambda store: store.review(entry, "", _by(), under_review=False))
    if batch is None:
        click.echo(f"hotline: there is no entry {entry}; `hotline register list --review` lists them", err=True)
        sys.exit(1)
    _undone_by(batch)


# ------------------------------------------------------------------ looking


@register.command("list")
@click.option("--review", is_flag=True, help="Only entries to be looked at: somebody they mean asked for a person.")
@click.option("--all", "everything", is_flag=True, help="Also entries that have expired or faded.")
@click.option("--json", "as_json", is_flag=True, help="JSON, one entry a line, for machines.")
def list_(review: bool, everything: bool, as_json: bool) -> None:
    """Every entry, in the order in which they were entered."""
    now, rules = time.time(), Screening()

    async def show(store: Store) -> None:
        shown = False
        async for entry in store.all(under_review=review):
            if everything or speaks(entry.listing, rules, now):
                click.echo(json.dumps(json_of(entry), ensure_ascii=False) if as_json else line_of(entry, now))
                shown = True
        if not shown and not as_json:
            click.echo("no entry to be looked at" if review else "no number is known")

    _with_store(show)


@register.command()
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
def changes(count: int) -> None:
    """The last changes, the newest first: when, by whom, what; and the name by which each is undone."""
    for change in _with_store(lambda store: store.latest_changes(count)):
        click.echo(change_line(change))


@register.command()
@click.argument("number")
@click.option("--rules", "rules_file", type=click.Path(path_type=Path), metavar="FILE",
              help=f"{RULES} [default: the configured standard's].")  # fmt: skip
@click.option("--dialled", default="", help="The number they ring.")
def explain(number: str, rules_file: Path | None, dialled: str) -> None:
    """How a caller with this NUMBER would be taken now, and why. NUMBER is a caller id as it comes."""
    home, now = home_region(), datetime.now().astimezone()
    rules, caller = rules_of(rules_file, home, _config_file()), identify(number, dialled, "", home)

    async def look(store: Store) -> tuple[Verdict, list[Entry]]:
        live = LiveRegister(store, home=home)
        live.use([rules])
        await live.load()
        meant = await store.by_id(listing.entry for listing in live.lookup(caller))
        return judge(caller, live, rules, now), sorted(meant.values(), key=lambda entry: entry.id)

    verdict, entries = _with_store(look)
    click.echo(f"the number   {caller.number or '—'} ({caller.identity})")
    click.echo(f"the verdict  {word_of(verdict)}, because: {verdict.reason}")
    for entry in entries:
        decides = "decides   " if entry.id == verdict.entry else "means them"
        old = "" if speaks(entry.listing, rules, now.timestamp()) else "  (expired or faded)"
        click.echo(f"{decides}   {line_of(entry, now.timestamp(), rules)}{old}")


# ------------------------------------------------------------------ sheets


@register.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
def export(file: Path) -> None:
    """Write every entry as CSV, to FILE or to standard output. No cell is a formula to a spreadsheet."""

    async def entries(store: Store) -> list[Entry]:
        return [entry async for entry in store.all()]

    found = _with_store(entries)
    with writing(file) as out:
        written = sheet.write(found, out)
    if str(file) != "-":
        click.echo(f"{written} entries on {file}")


@register.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Only read it and say what is wrong.")
def import_(file: Path, dry_run: bool) -> None:
    """Enter what FILE lists: CSV with a line of headings, of which `pattern` and `treatment` are needed.

    The whole file is read before anything is entered; an entry for the same pattern is replaced.
    """
    by, home, now = _by(), home_region(), time.time()
    with reading(file) as lines:
        count = sum(1 for _ in sheet.read(lines, by=by, at=now, home=home))
    if dry_run:
        click.echo(f"{count} entries can be entered")
        return
    with reading(file) as lines:
        entered = sheet.read(lines, by=by, at=now, home=home)
        batch = _with_store(lambda store: store.add(entered, by, what="import"), create=True)
    click.echo(f"entered: {count} entries")
    _undone_by(batch)


# ------------------------------------------------------------------ replay


@register.command()
@click.option("--rules", "rules_file", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help=f"{RULES}: the rules to try.")  # fmt: skip
@click.option("--against", "now_file", type=click.Path(path_type=Path), metavar="FILE",
              help="The rules in force now [default: the configured standard's].")  # fmt: skip
@click.argument("calls", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="CALLS")
def replay(rules_file: Path, now_file: Path | None, calls: Path) -> None:
    """Judge recorded calls again: every decision that would change with the rules in FILE. Nothing is changed.

    CALLS is a file of JSON lines: {"at": "2026-01-31T09:00:00+08:00", "number": "…", "marks": ["silent"]}.
    """
    home = home_region()
    before, after = rules_of(now_file, home, _config_file()), rules_of(rules_file, home)
    zone = datetime.now().astimezone().tzinfo
    assert zone is not None

    async def look(store: Store) -> list[replaying.Difference]:
        live = LiveRegister(store, home=home)
        await live.load()
        with reading(calls) as lines:
            return list(replaying.replay(replaying.of_lines(lines), live.lookup, before, after, zone, home))

    differences = _with_store(look)
    for found in differences:
        whose = found.caller.number or found.caller.identity
        was, will = f"{word_of(found.before)} ({found.before.reason})", f"{word_of(found.after)} ({found.after.reason})"
        click.echo(f"{moment(found.at)}  {plain(found.call, 80)}  {whose}  {was} -> {will}")
    click.echo(f"{len(differences)} {'decision' if len(differences) == 1 else 'decisions'} would change")


def rules_of(file: Path | None, home: str, config_file: Path | None = None) -> Screening:
    """The rules of a file, else of the standard that is spoken; what a standard inherits is in them.

    Raises BrokenStandard, BrokenConfiguration.
    """
    if file is None:
        return Written(standard_folder(settings_of(config_file).standard)).parse(RulesFile).screening.fact(home)
    if file.is_dir() or file.name == STANDARD:
        return Written(file if file.is_dir() else file.parent).parse(RulesFile).screening.fact(home)
    return YamlFile(file, BrokenStandard).parse(RulesFile).screening.fact(home)


def _config_file() -> Path | None:
    found: Path | None = click.get_current_context().obj["config"]
    return found


register.add_command(misdialled)
