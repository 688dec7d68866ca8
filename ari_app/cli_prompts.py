"""`hotline prompts …`: what the person who looks after the recordings types.

Rule: the studio does the work; here it is only asked for and shown.
"""

from __future__ import annotations

import shlex
from dataclasses import replace

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from ari_app.paths import standard_folder
from ari_app.standard import language_of
from ari_app.studio import build as studio
from ari_app.studio.voice import Voice, voice_for


@click.group()
def prompts() -> None:
    """The recordings callers hear."""


@prompts.command()
@click.argument("standard", default="hotline-standard", metavar="[PATH]")
@click.option("--force", is_flag=True, help="Render every sentence anew, and replace files no build has made.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Sentences rendered at a time [default: cores, at most 4].")
@click.option(
    "--voice", metavar="COMMAND", envvar="HOTLINE_VOICE", show_envvar=True,
    help="Text-to-speech command to use instead of espeak-ng.",
)  # fmt: skip
@click.option(
    "--time-limit", type=click.FloatRange(min=0.1, max=3600), default=60.0, show_default=True, metavar="SECONDS",
    help="How long the voice may take for one sentence.",
)  # fmt: skip
def build(standard: str, force: bool, jobs: int | None, voice: str | None, time_limit: float) -> None:
    """Make the recordings of a standard telephone-ready.

    PATH is the folder with standard.yaml, or the name of a shipped standard [default: hotline-standard].

    A sentence with a recording in LANGUAGE/masters/NAME.wav (or .flac, .mp3, .ogg) is made from it; any other is
    spoken by a text-to-speech voice. Each becomes LANGUAGE/NAME.wav: 8 kHz mono, telephone band, trimmed, at an
    active speech level of -20 dBov. Only what changed is rendered.

    COMMAND may contain {text} (the sentence), {say} (its pronunciation) and {out} (the WAV file to write); without
    {text} and {say} it gets the sentence on its standard input:

    \b
        hotline prompts build --voice 'piper --model zh_CN.onnx --output_file {out}'
    """
    folder = standard_folder(standard)
    console, errors = Console(), Console(stderr=True)
    speaker = _voice(voice) if voice else voice_for(language_of(folder))
    with Progress(
        TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), console=errors, transient=True
    ) as progress:
        bar = progress.add_task("prompts", total=None)

        def show(name: str, done: int, of: int) -> None:
            progress.update(bar, description=name, completed=done, total=of)

        made = studio.build(folder, voice=replace(speaker, time_limit=time_limit), force=force, jobs=jobs, report=show)
    console.print(_table(made))
    fresh = sum(prompt.fresh for prompt in made)
    click.echo(f"{fresh} rendered, {len(made) - fresh} unchanged, in {made[0].path.parent}")


def _voice(command: str) -> Voice:
    try:
        words = tuple(shlex.split(command))
    except ValueError as problem:
        raise click.BadParameter(f"cannot be split into words ({problem})", param_hint="--voice") from None
    if not any("{out}" in word for word in words):
        raise click.BadParameter("must say where {out}, the file to write, goes", param_hint="--voice")
    return Voice(words)


def _table(made: list[studio.Rendered]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("prompt", "made from"):
        table.add_column(column, overflow="fold")
    for column in ("s", "level\ndBov", "peak\ndBFS", "lead\nms", "tail\nms"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("")
    for prompt in made:
        sound = prompt.sound
        table.add_row(
            prompt.name, prompt.source, f"{sound.seconds:.2f}", f"{sound.level_dbov:.1f}", f"{sound.peak_dbfs:.1f}",
            str(sound.lead_ms), str(sound.tail_ms), "rendered" if prompt.fresh else "unchanged",
        )  # fmt: skip
    return table
