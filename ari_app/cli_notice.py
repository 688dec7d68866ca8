"""`hotline notice`: what new callers are told while something is out of order.

Rule: the asking is done in `ami`; here it is only shown. Exit code 0: done, 1: refused or not reachable,
2: the command line or a file is wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ari_app.cli_agent import over_ami
from ari_app.cli_config import config_option, settings_of

if TYPE_CHECKING:
    from ari_app.ami.notices import Notice


@click.group()
def notice() -> None:
    """A notice to new callers: an outage in an area, a failure of our own."""


@notice.command("set")
@click.argument("name")
@click.option(
    "--area", "-a", default="", metavar="PREFIX,…", help="For callers whose numbers begin so [default: everybody]."
)
@config_option
def set_(name: str, area: str, config_file: Path | None) -> None:
    """From now on new callers are told of NAME, a word under `notices` of the standard.

    It ends by `hotline notice clear`, and when Asterisk restarts.
    """
    from ari_app import paths, standard
    from ari_app.ami import notices

    settings = settings_of(config_file)
    spoken = standard.load(paths.standard_folder(settings.standard))
    if name not in (known := spoken.desk.notices):
        has = ", ".join(sorted(known)) or "none"
        raise click.BadParameter(
            f"{name!r} is no notice; under `notices` the standard {settings.standard!r} has: {has}"
        )
    areas = tuple(part.strip() for part in area.split(",") if part.strip())
    told = notices.Notice(name, areas)
    over_ami(settings, lambda ami: notices.switch_on(ami, told))
    click.echo(_said(told))


@notice.command()
@config_option
def clear(config_file: Path | None) -> None:
    """No notice any more."""
    from ari_app.ami import notices

    over_ami(settings_of(config_file), notices.switch_off)
    click.echo("no notice is on")


@notice.command()
@config_option
def show(config_file: Path | None) -> None:
    """Which notice is on."""
    from ari_app.ami import notices

    click.echo(_said(over_ami(settings_of(config_file), notices.shown)))


def _said(told: Notice | None) -> str:
    if told is None:
        return "no notice is on"
    return f"{told.name} is on, for {'callers from ' + ', '.join(told.areas) if told.areas else 'everybody'}"
