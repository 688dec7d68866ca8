"""`hotline reload`: a new standard for new calls, on every worker, without dropping one.

Rule: a file that cannot answer a telephone is refused here already, before any worker hears of it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from ari_app import paths, standard
from ari_app.cli_config import config_option, settings_of
from ari_app.errors import PbxUnreachable


@click.command()
@config_option
def reload(config_file: Path | None) -> None:
    """Let every worker read its standard again; calls in progress keep the one they began with.

    A standard with a mistake is refused, and the old one stays. SIGHUP does the same for one worker.
    """
    from ari_app.ari.reloading import tell_workers

    settings = settings_of(config_file)
    spoken = standard.load(paths.standard_folder(settings.standard))
    told = asyncio.run(tell_workers(settings.ari))
    if not told:
        raise PbxUnreachable(f"no worker is connected to Asterisk at {settings.ari.url}: start one (hotline run)")
    click.echo(f"told to read {spoken.name}, version {spoken.version}: worker {', '.join(told)}")
