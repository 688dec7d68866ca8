"""`hotline agi`: our verdict for dialplans that want nothing else.

Rule: the door is open before the register is loaded: until then everybody is admitted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from ari_app import agi as door
from ari_app.cli_config import config_option
from ari_app.cli_register import database_url, rules_of
from ari_app.collector import spare_what_stays
from ari_app.errors import HotlineError
from ari_app.procedures.screening import Screening
from ari_app.records.database import Database
from ari_app.register.live import LiveRegister
from ari_app.register.numbers import HOME
from ari_app.register.store import Store
from ari_app.rereading import Rereading


class NoDoor(HotlineError):
    """The AGI door cannot be opened."""


@click.command()
@config_option
@click.option("--database", envvar="HOTLINE_DATABASE", show_envvar=True, metavar="URL", help="Where the register is.")
@click.option("--rules", "rules_file", type=click.Path(path_type=Path), metavar="FILE",
              help="A standard.yaml, or a file with its `screening` section.")  # fmt: skip
@click.option("--home", default=HOME, show_default=True, metavar="REGION", envvar="HOTLINE_REGION",
              help="Region of numbers without a country code, as CN, GB, US.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=door.PORT, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
def agi(
    config_file: Path | None, database: str | None, rules_file: Path | None, home: str, host: str, port: int
) -> None:
    """Answer AGI(agi://HOST/screen) until SIGTERM or Ctrl-C. SIGHUP reads the rules again, for new calls.

    Sets HOTLINE_VERDICT (admit, challenge, station, reject) and HOTLINE_REASON; the script's first argument, if
    any, is the verdict of STIR/SHAKEN. When neither is set afterwards, nobody answered: go on as for admit.
    """
    logging.basicConfig(level="INFO", stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    read = partial(rules_of, rules_file, home, config_file)
    rules = read()
    asyncio.run(_serve(database_url(config_file, database), rules, read, home, host, port))


async def _serve(url: str, rules: Screening, read: Callable[[], Screening], home: str, host: str, port: int) -> None:
    database = await Database.open(url)
    try:
        register = LiveRegister(Store(database), home=home)

        def put_in_force(new: Screening) -> str:
            nonlocal rules
            rules = new
            register.use([rules])
            return "the rules"

        put_in_force(rules)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, Rereading(read, put_in_force, "the old rules stay").begin)
        judge = door.judged_by(register, lambda: rules, lambda: datetime.now().astimezone())
        try:
            opened = await door.serve(judge, host, port)
        except OSError as problem:
            raise NoDoor(f"cannot listen on {host} port {port}: {problem.strerror or problem}; is it taken?") from None
        spare_what_stays()
        click.echo(f"listening on {host} port {opened.port}")
        following = asyncio.create_task(register.run())
        for signal_ in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_, following.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await following
        await opened.close()
    finally:
        await database.close()
