"""The command `hotline`.

Rule: a person reads what is printed: one line naming the cause and the mend, never a traceback.
Exit codes: 0 done, 1 something went wrong while running, 2 the command line or a file is wrong,
3 another worker has taken our name (do not start this one again).
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import signal
import sys
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import click

from ari_app import __version__, config, paths, standard
from ari_app.collector import spare_what_stays
from ari_app.errors import BrokenConfiguration, BrokenStandard, HotlineError, NameTaken
from ari_app.switchboard import LET_GO_WITHIN, Switchboard

log = logging.getLogger("ari_app")


ELSEWHERE = {
    "agent": "cli_agent:agent",
    "agi": "cli_agi:agi",
    "calls": "cli_calls:calls",
    "check": "cli_check:check",
    "demo": "cli_demo:demo",
    "notice": "cli_notice:notice",
    "prompts": "cli_prompts:prompts",
    "register": "cli_register:register",
    "rehearse": "cli_rehearse:rehearse_",
    "reload": "cli_reload:reload",
    "report": "cli_report:report",
    "requests": "cli_requests:requests",
    "standard": "cli_standard:standard_",
    "survive": "cli_survive:survive",
    "try": "cli_try:try_",
}
"""Commands that live in modules of their own and are imported when asked for: `run` needs none of them."""


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, name = ELSEWHERE[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(f"ari_app.{module}"), name)
        return command


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hotline")
def hotline() -> None:
    """The automated front line of a telephone hotline, beside Asterisk."""


@hotline.command()
@click.option(
    "--config", "-c", "config_file", type=click.Path(path_type=Path), help="Configuration file (hotline.yaml)."
)
@click.option("--worker", "-w", help="Name of this worker, when several share one Asterisk.")
def run(config_file: Path | None, worker: str | None) -> None:
    """Answer callers until SIGTERM or Ctrl-C; then finish those on the line and exit 0.

    Asked a second time, it hands those on the line to the queue at once. SIGHUP reads the standard again,
    for new calls.
    """
    settings = config.load(config_file, worker)
    spoken = standard.load(paths.standard_folder(settings.standard))
    logging.basicConfig(
        level=settings.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for old in stale_formats(spoken):
        log.warning("%s is older than its recording: callers would hear old words; run `hotline prompts build`", old)
    if settings.log_level == "INFO":
        logging.getLogger("picows").setLevel(logging.WARNING)  # its "established" comes before a refusal
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(Switchboard, settings, spoken))


async def _serve(board: type[Switchboard], settings: config.Configuration, spoken: standard.Standard) -> None:
    from ari_app.back_office import BackOffice  # the other commands need none of it

    async with BackOffice.open(settings, spoken) as office:
        switchboard = board(settings, spoken, office)
        spare_what_stays()
        await _answer_callers(
            switchboard, settings, office.ring_back(switchboard.dialler, lambda: switchboard.standard)
        )


async def _answer_callers(
    switchboard: Switchboard, settings: config.Configuration, ring_back: Coroutine[Any, Any, None]
) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if told_to_stop.is_set():
            switchboard.hurry()
        told_to_stop.set()

    for signal_ in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_, stop)
    loop.add_signal_handler(signal.SIGHUP, _reload, switchboard, settings)
    switchboard.on_reload = partial(_reload, switchboard, settings)
    serving = asyncio.create_task(switchboard.run())
    ringing = asyncio.create_task(ring_back)
    stopping = asyncio.create_task(told_to_stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    ringing.cancel()  # nobody is rung any more; who talks goes on talking
    if not serving.done():
        await switchboard.drain()
        await asyncio.wait((ringing,), timeout=LET_GO_WITHIN)
        ringing.cancel()  # what became of a call and cannot be written down: the claim runs out by itself
        serving.cancel()
    stopping.cancel()
    await asyncio.gather(serving, ringing, stopping, return_exceptions=True)
    if not serving.cancelled() and (problem := serving.exception()) is not None:
        raise problem


def _reload(switchboard: Switchboard, settings: config.Configuration) -> None:
    """A new standard for new calls; calls in progress keep theirs, and a broken one is refused."""
    try:
        switchboard.standard = standard.load(paths.standard_folder(settings.standard))
    except BrokenStandard as problem:
        log.error("not reloaded, the old standard stays: %s", problem)
    else:
        log.info("reloaded %s, version %d", switchboard.standard.name, switchboard.standard.version)


def stale_formats(spoken: standard.Standard) -> list[Path]:
    """Files Asterisk would play in place of newer recordings."""
    from ari_app.studio import native

    said = (prompt.recording for language in spoken.languages.values() for prompt in language.recordings)
    return [path for folder in paths.homes(spoken.folder, said) for path in native.stale(folder)]


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop


def main() -> None:
    """Entry point: turns our own errors into one line on standard error and an exit code."""
    try:
        hotline.main(standalone_mode=True)
    except (BrokenConfiguration, BrokenStandard) as problem:
        _fail(problem, 2)
    except NameTaken as problem:
        _fail(problem, 3)
    except HotlineError as problem:
        _fail(problem, 1)


def _fail(problem: HotlineError, code: int) -> None:
    click.echo(f"hotline: {problem}", err=True)
    sys.exit(code)
