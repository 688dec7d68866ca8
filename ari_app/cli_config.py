"""Which hotline.yaml a command goes by; every command that needs a PBX or a database asks here.

Rule: the first that is there: `-c`, HOTLINE_CONFIG, hotline.yaml in the current folder, /etc/hotline/hotline.yaml.
When there is none the admin is told once, on standard error: defaults may look at another PBX and another database.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ari_app.config import Configuration

HERE = Path("hotline.yaml")
USUAL = Path("/etc/hotline/hotline.yaml")

config_option = click.option(
    "--config", "-c", "config_file", type=click.Path(path_type=Path), envvar="HOTLINE_CONFIG", show_envvar=True,
    help=f"Configuration file [default: {HERE} here, else {USUAL}].",
)  # fmt: skip


def settings_of(given: Path | None, worker: str | None = None) -> Configuration:
    """The configuration a command goes by. Raises BrokenConfiguration, one line with file, line and path."""
    from ari_app import config

    file = given or found()
    if file is None:
        _tell_of_defaults()
    return config.load(file, worker)


def found() -> Path | None:
    """The file that is read when none is named."""
    if _is_there(HERE, if_hidden=False):  # `sudo -u hotline` from a folder of root's: nothing to see is nothing there
        return HERE
    return USUAL if _is_there(USUAL, if_hidden=True) else None


def _is_there(file: Path, *, if_hidden: bool) -> bool:
    try:
        file.stat()
    except PermissionError:
        return if_hidden
    except OSError:
        return False
    return True


def _tell_of_defaults() -> None:
    context = click.get_current_context(silent=True)
    told = {} if context is None else context.find_root().meta
    if not told.setdefault("ari_app.defaults", False):
        told["ari_app.defaults"] = True
        click.echo(
            f"hotline: no configuration file, so defaults are used: neither {HERE} here nor {USUAL} is there; "
            "name one by -c or HOTLINE_CONFIG",
            err=True,
        )
