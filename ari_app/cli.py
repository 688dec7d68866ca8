"""The command `hotline`.

Rule: a person reads what is printed: one line naming the cause and the mend, never a traceback.
Exit codes: 0 done, 1 something went wrong while running, 2 the command line or a file is wrong,
3 another worker has taken our name (do not start this one again), 141 whoever read what is printed has read enough.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ari_app import __version__, config, paths, standard
from ari_app.cli_config import config_option, settings_of
from ari_app.collector import spare_what_stays
from ari_app.ending import let_go, unended
from ari_app.errors import BrokenConfiguration, BrokenStandard, HotlineError, NameTaken
from ari_app.outlet import CannotPrint, ReaderGone, give_up, open_outlet
from ari_app.rereading import Rereading
from ari_app.switchboard import LET_GO_WITHIN, Switchboard

if TYPE_CHECKING:
    from ari_app.back_office import BackOffice

log = logging.getLogger("ari_app")

GONE_WITHIN = 5.0
"""Seconds from the last thing a worker has to do to its end, whatever task or thread would be waited for."""

READER_GONE = 141
"""As a shell tells of a program that SIGPIPE ended: 128 + 13."""

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
@config_option
@click.option("--worker", "-w", help="Name of this worker, when several share one Asterisk.")
def run(config_file: Path | None, worker: str | None) -> None:
    """Answer callers until SIGTERM or Ctrl-C; then finish those on the line and exit 0.

    Asked a second time, it hands those on the line to the queue at once. SIGHUP reads the standard again,
    for new calls.
    """
    settings = settings_of(config_file, worker)
    spoken = standard.load(paths.standard_folder(settings.standard))
    logging.basicConfig(
        level=settings.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for old in stale_formats(spoken):
        log.warning("%s is older than its recording: callers would hear old words; run `hotline prompts build`", old)
    if settings.log_level == "INFO":
        logging.getLogger("picows").setLevel(logging.WARNING)  # its "established" comes before a refusal
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            runner.run(_serve(Switchboard, settings, spoken))
        except BaseException as problem:
            _leave_soon(runner.get_loop(), problem)
            raise
        _leave_soon(runner.get_loop(), None)


def _leave_soon(loop: asyncio.AbstractEventLoop, problem: BaseException | None) -> None:
    """All is done, and this process is gone within GONE_WITHIN seconds: loop and Python would wait for ever for a task
    that does not end, or for a thread whose disk does not answer."""

    def leave() -> None:
        log.error("stopped without waiting any longer for: %s", ", ".join(unended(loop)))
        if problem is not None:
            click.echo(f"hotline: {problem}", err=True)
        os._exit(_code_of(problem))

    clock = threading.Timer(GONE_WITHIN, leave)
    clock.daemon = True
    clock.start()


async def _serve(board: type[Switchboard], settings: config.Configuration, spoken: standard.Standard) -> None:
    from ari_app.back_office import BackOffice  # the other commands need none of it

    async with BackOffice.open(settings, spoken) as office:
        switchboard = board(settings, spoken, office)
        spare_what_stays()
        await _answer_callers(switchboard, settings, office)


async def _answer_callers(switchboard: Switchboard, settings: config.Configuration, office: BackOffice) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if told_to_stop.is_set():
            switchboard.hurry()
        told_to_stop.set()

    for signal_ in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_, stop)

    def speak(new: standard.Standard) -> str:
        switchboard.standard = office.standard = new
        return f"{new.name}, version {new.version}"

    load = partial(standard.load, paths.standard_folder(settings.standard))
    rereading = Rereading(load, speak, "the old standard stays")
    loop.add_signal_handler(signal.SIGHUP, rereading.begin)
    switchboard.on_reload = rereading.begin
    serving = asyncio.create_task(switchboard.run(), name="calls")
    ringing = asyncio.create_task(office.ring_back(switchboard.dialler), name="callbacks")
    stopping = asyncio.create_task(told_to_stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    ringing.cancel()  # nobody is rung any more; who talks goes on talking
    if not serving.done():
        await switchboard.drain()
        await asyncio.wait((ringing,), timeout=LET_GO_WITHIN)
    # what became of a call and cannot be written down: the claim runs out by itself
    hanging = await let_go((serving, ringing, stopping), 2 * LET_GO_WITHIN)
    if hanging:
        log.error("told to end, and not waited for any longer: %s", ", ".join(hanging))
    if serving.done() and not serving.cancelled() and (problem := serving.exception()) is not None:
        raise problem


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
    open_outlet()
    try:
        try:
            hotline.main(standalone_mode=True)
        finally:
            sys.stdout.flush()
    except HotlineError as problem:
        if isinstance(problem, CannotPrint | ReaderGone):
            give_up()
        if not isinstance(problem, ReaderGone):
            click.echo(f"hotline: {problem}", err=True)
        sys.exit(_code_of(problem))


def _code_of(problem: BaseException | None) -> int:
    match problem:
        case None:
            return 0
        case BrokenConfiguration() | BrokenStandard():
            return 2
        case NameTaken():
            return 3
        case ReaderGone():
            return READER_GONE
        case _:
            return 1
