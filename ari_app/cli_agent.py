"""`hotline agent`: who serves, who waits; log in and out, pause, try lines, pull a caller into a procedure.

Rule: the asking is done in `ami`; here it is only shown. Exit code 0: done, 1: refused or not reachable, or a line
that is not well, 2: the command line or a file is wrong.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ari_app.cli_config import config_option, settings_of

if TYPE_CHECKING:
    from ari_app.ami.agents import LineTrial
    from ari_app.ami.client import AmiClient
    from ari_app.ami.queues import Member, Queues
    from ari_app.config import Configuration

WIDE = 4096
"""In a file or a pipe, one line stays one line."""

T = TypeVar("T")


def over_ami(settings: Configuration, work: Callable[[AmiClient], Awaitable[T]]) -> T:
    """Do something over a connection of its own. Raises PbxUnreachable, PbxRefused: one line each."""
    from ari_app.ami.client import AmiClient

    async def do() -> T:
        async with await AmiClient.connect(settings.ami) as ami:
            return await work(ami)

    return run(do())


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@click.group()
def agent() -> None:
    """The people who serve: who is there, who waits, and what can be done for them from here."""


@agent.command("list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines; without callers' numbers.")
def list_(config_file: Path | None, as_json: bool) -> None:
    """Every queue: its agents, what they do, and how many callers wait how long."""
    from ari_app.ami import agents

    queues = over_ami(settings_of(config_file), agents.look)
    if as_json:
        click.echo(json.dumps(_as_json(queues), ensure_ascii=False, indent=2))
    else:
        _show(queues)


@agent.command()
@click.argument("who", metavar="AGENT")
@click.option("--queue", "-q", help="The queue [default: the one in hotline.yaml].")
@click.option("--name", help="The agent's name in the queue [default: their telephone's].")
@config_option
def login(who: str, queue: str | None, name: str | None, config_file: Path | None) -> None:
    """The agent is rung for callers from now on; first it is seen that their telephone can ring (S003-01)."""
    from ari_app.ami import agents

    settings = settings_of(config_file)
    where = queue or settings.queue

    async def work(ami: AmiClient) -> str:
        phone = agents.interface(who, await agents.look(ami))
        await agents.log_in(ami, phone, where, name or "")
        return phone

    click.echo(f"{over_ami(settings, work)} serves queue {where}")


@agent.command()
@click.argument("who", metavar="AGENT")
@click.option("--queue", "-q", help="The queue [default: every queue the agent is in].")
@config_option
def logout(who: str, queue: str | None, config_file: Path | None) -> None:
    """No new caller is sent to the agent; a call goes on."""
    from ari_app.ami import agents

    settings = settings_of(config_file)

    async def work(ami: AmiClient) -> tuple[str, list[str]]:
        seen = await agents.look(ami)
        phone = agents.interface(who, seen)
        wanted = [queue] if queue else [member.queue for member in agents.memberships(phone, seen)]
        for name in wanted or [settings.queue]:
            await agents.log_out(ami, phone, name)
        return phone, wanted

    phone, left = over_ami(settings, work)
    click.echo(f"{phone} has left queue {', '.join(left)}")


@agent.command()
@click.argument("who", metavar="AGENT")
@click.option("--reason", "-r", default="break", show_default=True, help="Why, as lists show it.")
@click.option("--queue", "-q", default="", help="In this queue only.")
@config_option
def pause(who: str, reason: str, queue: str, config_file: Path | None) -> None:
    """The agent stays logged in and is not rung."""
    click.echo(f"{_pause(who, True, reason, queue, config_file)} pauses ({reason})")


@agent.command()
@click.argument("who", metavar="AGENT")
@click.option("--queue", "-q", default="", help="In this queue only.")
@config_option
def unpause(who: str, queue: str, config_file: Path | None) -> None:
    """The agent is rung again."""
    click.echo(f"{_pause(who, False, '', queue, config_file)} is back")


def _pause(who: str, paused: bool, reason: str, queue: str, config_file: Path | None) -> str:
    from ari_app.ami import agents

    async def work(ami: AmiClient) -> str:
        phone = agents.interface(who, await agents.look(ami))
        await agents.pause(ami, phone, paused, reason, queue)
        return phone

    return over_ami(settings_of(config_file), work)


@agent.command()
@click.argument("who", metavar="CHANNEL|AGENT")
@click.argument("procedure")
@config_option
def send(who: str, procedure: str, config_file: Path | None) -> None:
    """Pull a caller into a procedure of the standard, as the agent's key would: the agent is free at once.

    The caller is named by their channel, or by the agent who talks with them.
    """
    from ari_app import paths, standard
    from ari_app.ami import agents

    settings = settings_of(config_file)
    known = standard.load(paths.standard_folder(settings.standard)).procedures
    if procedure not in known:
        raise click.BadParameter(
            f"{procedure!r} is no procedure; the standard {settings.standard!r} has: {', '.join(sorted(known))}"
        )
    over_ami(settings, lambda ami: agents.send(ami, who, procedure))
    click.echo(f"the caller is on the way to {procedure}")


@agent.command()
@click.argument("who", metavar="[AGENT]...", nargs=-1)
@click.option("--trunk", multiple=True, help="Try this line to the carrier as well (its endpoint in pjsip.conf).")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON list, for machines.")
def check(who: tuple[str, ...], trunk: tuple[str, ...], config_file: Path | None, as_json: bool) -> None:
    """Before a shift: can these agents' telephones be rung? Without a name, all who are logged in (S004-B04).

    Exit code 1 when one cannot.
    """
    from ari_app.ami import agents

    async def work(ami: AmiClient) -> list[LineTrial]:
        seen = await agents.look(ami)
        phones = [agents.interface(name, seen) for name in who]
        if not who:
            phones = sorted({member.interface for member in seen.members.values()})
        phones += [agents.interface(f"PJSIP/{name}", seen) for name in trunk]
        return [await agents.try_line(ami, phone) for phone in phones]

    trials = over_ami(settings_of(config_file), work)
    if as_json:
        from dataclasses import asdict

        click.echo(json.dumps([asdict(trial) for trial in trials], indent=2))
    elif not trials:
        click.echo("no agent is logged in: nobody can be rung")
    else:
        _show_trials(trials)
    sys.exit(1 if not trials or any(trial.trouble for trial in trials) else 0)


def _show(queues: Queues) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDE
    now = _now()
    for name in sorted(queues.names):
        waiting = queues.queue(name)
        longest = f", the first for {now - min(w.since for w in waiting):.0f} s" if waiting else ""
        console.print(f"queue {name}: {len(waiting)} waiting{longest}")
        table = Table("agent", "telephone", "is", "calls", box=None, padding=(0, 2))
        for member in sorted((m for m in queues.members.values() if m.queue == name), key=lambda m: m.name):
            table.add_row(member.name, member.interface, _doing(member, queues), str(member.calls))
        console.print(table if table.rows else "  no agents")


def _doing(member: Member, queues: Queues) -> str:
    served = queues.serves(member.interface)
    doing = f"with a caller of {served.queue} ({served.channel})" if served else member.state
    return f"{doing}, pauses{f' ({member.reason})' if member.reason else ''}" if member.paused else doing


def _as_json(queues: Queues) -> dict[str, Any]:
    from dataclasses import asdict

    now = _now()
    return {
        name: {
            "waiting": [
                {"call": w.call, "position": w.position, "seconds": round(now - w.since)} for w in queues.queue(name)
            ],
            "agents": [
                asdict(m) | {"talks_with": getattr(queues.serves(m.interface), "call", None)}
                for m in queues.members.values()
                if m.queue == name
            ],
        }
        for name in sorted(queues.names)
    }


def _now() -> float:
    import time

    return time.monotonic()


def _show_trials(trials: list[LineTrial]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("telephone", "is", "answers in", "", box=None, padding=(0, 2))
    for trial in trials:
        answers = f"{trial.round_trip:.0f} ms" if trial.round_trip is not None else ""
        table.add_row(trial.interface, trial.state, answers, trial.trouble or "well")
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)
