"""`hotline prompts …`: what the person who looks after the recordings types.

Rule: the studio does the work; here it is only asked for and shown.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from ari_app.errors import StudioFailed
from ari_app.paths import shipped, standard_folder
from ari_app.studio import build as studio
from ari_app.studio import sheet as script_sheet
from ari_app.studio.engines import voice_of
from ari_app.studio.lint import LONGEST_S, Finding
from ari_app.studio.lint import lint as look_at
from ari_app.studio.manifest import write_whole
from ari_app.studio.page import page
from ari_app.studio.recording import Sound, inspect
from ari_app.studio.scripts import Script, scripts
from ari_app.studio.takes import take_in


@click.group()
def prompts() -> None:
    """The recordings callers hear."""


where = click.argument("path", default="", metavar="[PATH]")
one_language = click.option("--language", metavar="LANGUAGE", help="Only this language (zh-CN, en …).")


def found(path: str, language: str | None) -> list[Script]:
    """The scripts a person means: a folder, a shipped standard's name, or everything shipped."""
    every = scripts(standard_folder(path) if path else shipped("prompts"))
    chosen = [script for script in every if language in (None, script.language)]
    if not chosen:
        raise click.BadParameter(
            f"nothing is said in {language} there; there is {', '.join(sorted({s.language for s in every}))}",
            param_hint="--language",
        )
    return chosen


@prompts.command()
@where
@one_language
@click.option("--force", is_flag=True, help="Render every sentence anew, and replace files no build has made.")
@click.option("--formats-only", is_flag=True, help="Leave every WAV as it is; only make what is to lie beside it.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Sentences rendered at a time [default: cores, at most 4].")
@click.option(
    "--voice", metavar="COMMAND", envvar="HOTLINE_VOICE", show_envvar=True, default="",
    help="Text-to-speech command to use instead of espeak-ng, or of the one in studio.yaml.",
)  # fmt: skip
@click.option(
    "--time-limit", type=click.FloatRange(min=0.1, max=3600), metavar="SECONDS",
    help="How long the voice may take for one sentence [default: 60].",
)  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="No table; one line when something was made.")
def build(
    path: str,
    language: str | None,
    force: bool,
    formats_only: bool,
    jobs: int | None,
    voice: str,
    time_limit: float | None,
    quiet: bool,
) -> None:
    """Make the recordings telephone-ready, in every format the PBX plays without transcoding.

    PATH is the folder with standard.yaml, the name of a shipped standard, or `pieces` [default: all that is shipped].

    A sentence with a recording in LANGUAGE/masters/NAME.wav (or .flac, .mp3, .ogg) is made from it; any other is
    spoken by a text-to-speech voice. Each becomes LANGUAGE/NAME.wav: 8 kHz mono, telephone band, trimmed, at an
    active speech level of -20 dBov; beside it .ulaw, .alaw, .g722 and .sln16. Only what changed is rendered.

    COMMAND may contain {text} (the sentence), {say} (its pronunciation) and {out} (the WAV file to write); without
    {text} and {say} it gets the sentence on its standard input. For good, write it into prompts/studio.yaml:

    \b
        voice: piper --model zh_CN.onnx --output_file {out}
    """
    wanted = found(path, language)
    total = sum(len(script.sayings) + len(script.silences) + len(script.tones) for script in wanted)
    errors = Console(stderr=True)
    with Progress(
        TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(),
        console=errors, transient=True, disable=not errors.is_terminal,
    ) as progress:  # fmt: skip
        bar = progress.add_task("prompts", total=total)
        made = studio.build(
            wanted, lambda script: voice_of(script.folder, script.language, voice, time_limit), force=force,
            formats_only=formats_only, jobs=jobs,
            report=lambda name: progress.update(bar, description=name, advance=1),
        )  # fmt: skip
    _tell(made, wanted, quiet)


def _tell(made: list[studio.Rendered], wanted: list[Script], quiet: bool) -> None:
    if not quiet:
        for script in wanted:
            Console().print(_table(script.title, [prompt for prompt in made if prompt.path.parent == script.folder]))
    fresh = sum(prompt.fresh for prompt in made)
    added = sum(len(prompt.added) for prompt in made)
    if fresh or added or not quiet:
        click.echo(f"{fresh} rendered, {len(made) - fresh} unchanged; {added} native files made")
    for reason in sorted({prompt.wanting for prompt in made if prompt.wanting}):
        which = [prompt for prompt in made if prompt.wanting == reason]
        click.echo(f"not in every format: {len(which)} prompts ({reason}); on such calls Asterisk transcodes")


def _table(title: str, made: list[studio.Rendered]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="dim", pad_edge=False)
    for column in ("prompt", "made from"):
        table.add_column(column, overflow="fold")
    for column in ("s", "level\ndBov", "peak\ndBFS", "lead\nms", "tail\nms"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("")
    for prompt in made:
        sound = prompt.sound
        news = "rendered" if prompt.fresh else "formats made" if prompt.added else "unchanged"
        table.add_row(
            prompt.name, prompt.source, f"{sound.seconds:.2f}", f"{sound.level_dbov:.1f}", f"{sound.peak_dbfs:.1f}",
            str(sound.lead_ms), str(sound.tail_ms), news,
        )  # fmt: skip
    return table


# ------------------------------------------------------------------ lint


@prompts.command()
@where
@one_language
@click.option(
    "--html",
    "html_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a page to listen to every prompt and sign it off.",
)
@click.option(
    "--longest",
    type=click.FloatRange(min=1),
    default=LONGEST_S,
    show_default=True,
    metavar="SECONDS",
    help="A prompt may last so long.",
)
def lint(path: str, language: str | None, html_file: Path | None, longest: float) -> None:
    """Find what is wrong with the recordings before a caller does; exit 1 when there is something.

    Missing, too long, too loud or quiet, clipped, silence at the ends, wrong format, text changed since it was
    recorded, a sentence no procedure says, a native format of an older recording. Nothing is changed.
    """
    wanted = found(path, language)
    findings = [finding for script in wanted for finding in look_at(script, longest)]
    if html_file:
        write_whole(html_file, page(wanted, findings).encode())
        click.echo(f"Listen and sign off: {html_file}")
    Console().print(_summary(wanted))
    _list(findings)
    if any(finding.grave for finding in findings):
        sys.exit(1)


def _summary(wanted: list[Script]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("script", no_wrap=True)
    for column in ("prompts", "seconds", "level from\ndBov", "to\ndBov", "peak\ndBFS", "longest\ns"):
        table.add_column(column, justify="right", no_wrap=True)
    for script in wanted:
        sounds = [*_sounds(script)]
        levels, lengths = [sound.level_dbov for sound in sounds], [sound.seconds for sound in sounds]
        if sounds:
            table.add_row(
                script.title, f"{len(sounds)} of {len(script.sayings)}", f"{sum(lengths):.0f}", f"{min(levels):.1f}",
                f"{max(levels):.1f}", f"{max(sound.peak_dbfs for sound in sounds):.1f}", f"{max(lengths):.1f}",
            )  # fmt: skip
        else:
            table.add_row(script.title, f"0 of {len(script.sayings)}")
    return table


def _sounds(script: Script) -> Iterable[Sound]:
    for saying in script.sayings:
        try:
            yield inspect(script.folder / f"{saying.name}.wav")
        except StudioFailed:
            continue  # told as a finding


def _list(findings: list[Finding]) -> None:
    for finding in findings:
        click.echo(f"{'wrong' if finding.grave else 'note '}  {finding}")
    grave = sum(finding.grave for finding in findings)
    click.echo(f"{grave} to mend" if grave else "nothing to mend")


# ------------------------------------------------------------------ record


@prompts.command()
@click.argument("sheet", type=click.Path(path_type=Path, dir_okay=False), metavar="SHEET")
@click.argument("path", default="hotline-standard", metavar="[PATH]")
@one_language
@click.option("--all", "everything", is_flag=True, help="Every sentence, also those that have a recording.")
@click.option(
    "--takes",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Take the recordings made from SHEET in: files named as the sheet says.",
)
@click.option("--replace", is_flag=True, help="With --takes: a new take may replace a master.")
def record(sheet: Path, path: str, language: str | None, everything: bool, takes: Path | None, replace: bool) -> None:
    """Print the script sheet for a voice talent, and take the takes back in.

    SHEET is the file to print: .html for paper, .csv for a spreadsheet. PATH is as for `build`.

    \b
        hotline prompts record script.html --language zh-CN
        hotline prompts record script.html --takes from-the-studio/
    """
    if takes is None:
        script = _one(found(path, language))
        lines = script_sheet.sheet(script, everything=everything)
        if not lines:
            click.echo(f"every sentence of {script.title} is recorded; --all prints them nevertheless")
            return
        write_whole(sheet, script_sheet.printed(lines, script.title, sheet.suffix).encode())
        click.echo(f"{len(lines)} sentences of {script.title} on {sheet}")
        return
    lines = script_sheet.read(sheet)
    script = _one(found(path, language or lines[0].language))
    done = take_in(script, lines, takes, replace=replace)
    for remark in done.remarks:
        click.echo(f"listen   {remark}")
    for refusal in done.refused:
        click.echo(f"refused  {refusal}", err=True)
    if done.awaited:
        click.echo(f"awaited  {', '.join(done.awaited)}")
    click.echo(f"{len(done.taken)} taken in, {len(done.refused)} refused; now `hotline prompts build {path}`")
    if done.refused:
        sys.exit(1)


def _one(chosen: list[Script]) -> Script:
    if len(chosen) > 1:
        raise click.UsageError(f"which one? --language {' or '.join(sorted({script.language for script in chosen}))}")
    return chosen[0]
