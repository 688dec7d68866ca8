"""`hotline standard …`: what an admin and QA ask of the service standards.

Rule: everything is read and told here, and nothing is changed; a picture is the only file written.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from ari_app.agent_keys import features_of
from ari_app.callflow import aloud, difference
from ari_app.callflow.lint import proofread
from ari_app.callflow.picture import draw as picture
from ari_app.callflow.texts import texts_of
from ari_app.errors import BrokenStandard
from ari_app.paths import shipped, standard_folder
from ari_app.standard import Ladder, Standard, load

STANDARD = "standard.yaml"


@click.group("standard")
def standard_() -> None:
    """The service standards: what is said, how long we wait, what happens then."""


named = click.argument("name", metavar="NAME")


def folders(path: str) -> list[Path]:
    """The standards a person means: one by its name or folder, all in a folder, or everything shipped."""
    place = standard_folder(path) if path else shipped("prompts")
    if (place / STANDARD).is_file():
        return [place]
    found = sorted(file.parent for file in place.glob(f"*/{STANDARD}"))
    if not found:
        known = ", ".join(sorted(file.parent.name for file in shipped("prompts").glob(f"*/{STANDARD}")))
        raise BrokenStandard(f"{path or place}: is no standard, and no folder of standards; shipped are {known}")
    return found


def loaded(name: str) -> Standard:
    """One standard, ready to be told; raises BrokenStandard."""
    found = folders(name)
    if len(found) > 1:
        raise BrokenStandard(f"{name}: which one? there are {', '.join(folder.name for folder in found)}")
    return load(found[0])


def procedure(standard: Standard, name: str) -> Ladder:
    """A procedure by its name; raises BrokenStandard."""
    if name not in standard.procedures:
        raise BrokenStandard(f"{standard.name}: no procedure {name!r}; there are {', '.join(standard.procedures)}")
    return standard.procedures[name]


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else 132).print(table)


# ------------------------------------------------------------------ list, show, keys


@standard_.command("list")
@click.argument("path", default="", metavar="[PATH]")
def list_(path: str) -> None:
    """Every standard: name, title, languages, procedures, what it extends.

    PATH is a folder of standards [default: what is shipped]. One that does not load is told with its first mistake.
    """
    table = _table("name", "title", "languages", "procedures", "extends")
    table.columns[3].justify = "right"
    broken = []
    for folder in folders(path):
        try:
            found = load(folder)
        except BrokenStandard as problem:
            broken.append(str(problem))
            continue
        languages, count = ", ".join(found.languages), str(len(found.procedures))
        table.add_row(found.name, found.title, languages, count, ", ".join(found.extends[:1]))
    _print(table)
    for told in broken:
        click.echo(f"does not load: {told}", err=True)
    if broken:
        sys.exit(2)


@standard_.command()
@named
@click.argument("only", default="", metavar="[PROCEDURE]")
def show(name: str, only: str) -> None:
    """A standard to be read aloud: the reception, then each procedure; or one PROCEDURE."""
    standard = loaded(name)
    texts = texts_of(standard)
    if only:
        click.echo("\n".join(aloud.ladder_aloud(standard, texts, procedure(standard, only))))
        return
    click.echo(f"{standard.title or standard.name}  [{'; '.join(_facts(standard))}]\n")
    click.echo("Reception")
    for line in aloud.reception_aloud(standard, texts):
        click.echo(f"  {line}")
    click.echo(f"  {'; '.join(aloud.hours_aloud(standard))}")
    for ladder in standard.procedures.values():
        click.echo("\n" + "\n".join(aloud.ladder_aloud(standard, texts, ladder)))


def _facts(standard: Standard) -> Iterator[str]:
    yield f"{standard.name}, version {standard.version}"
    yield f"spoken in {aloud.counted(standard.languages)}"
    if standard.extends:
        yield f"extends {', which extends '.join(standard.extends)}"


@standard_.command()
@named
@click.option("--features", is_flag=True, help="Print the agents' keys as Asterisk's features.conf wants them.")
def keys(name: str, features: bool) -> None:
    """What the caller's keys and the agents' keys do; or the agents' keys for features.conf.

    \b
        hotline standard keys after-sales
        hotline standard keys after-sales --features > keys.conf
    """
    standard = loaded(name)
    if features:
        click.echo(features_of(standard), nl=False)
        return
    table = _table("key", "pressed", "leads to", "procedure")
    for key, what in aloud.caller_keys(standard):
        serving = standard.desk.keys.get(key)
        table.add_row(key, "by the caller, in the greeting", what, serving.name if serving else "")
    for ladder in standard.procedures.values():
        for key, what in _keys_within(standard, ladder):
            table.add_row(key, f"by the caller, in {ladder.name}", what, "")
    by_agents = [ladder for ladder in standard.procedures.values() if ladder.agent_key]
    for ladder in sorted(by_agents, key=lambda ladder: ladder.agent_key):
        table.add_row(ladder.agent_key, "by the agent", aloud.titled(ladder), ladder.name)
    _print(table)


def _keys_within(standard: Standard, ladder: Ladder) -> Iterable[tuple[str, str]]:
    found = dict(ladder.keys)
    for step in ladder.steps:
        found |= step.keys
    return ((key, aloud.leads_to(standard, lead)) for key, lead in found.items())


# ------------------------------------------------------------------ diff, lint, draw


@standard_.command()
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
def diff(old: str, new: str) -> None:
    """What is different in B: words, waits, outcomes, keys, hours. Exit 0 whether there is anything or not."""
    found = difference.differences(loaded(old), loaded(new))
    if not found:
        click.echo(f"{old} and {new} treat callers alike")
    for heading, lines in found.items():
        click.echo(heading)
        for line in lines:
            click.echo(f"  {line}")


@standard_.command()
@click.argument("path", default="", metavar="[PATH]")
def lint(path: str) -> None:
    """Find what is wrong with a standard before a caller does; exit 1 when there is something.

    PATH is a standard's folder or name, or a folder of standards [default: everything shipped]. What cannot be
    loaded is told by file and line; what loads is read for words that must not be said, words that must, and
    procedures that lead where they must not: each with the rule it comes from.
    """
    looked = folders(path)
    findings = dict.fromkeys(finding for folder in looked for finding in proofread(folder))
    for finding in findings:
        click.echo(f"{'wrong' if finding.grave else 'note '}  {finding}")
    grave = sum(finding.grave for finding in findings)
    notes = len(findings) - grave
    said = f"{len(looked)} standards: " if len(looked) > 1 else f"{looked[0].name}: "
    click.echo(
        said + (f"{grave} to mend" if grave else "nothing to mend") + (f", {notes} to think about" if notes else "")
    )
    if grave:
        sys.exit(1)


@standard_.command()
@named
@click.option(
    "--output", "-o", "file", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.svg",
    help="The picture to write.",
)  # fmt: skip
def draw(name: str, file: Path) -> None:
    """Draw a standard: the first ring on top, ladders as columns, and in colour where the caller goes."""
    if file.suffix.lower() != ".svg":
        raise click.BadParameter("the picture is an SVG: name it .svg", param_hint="-o")
    drawn = picture(loaded(name))
    _written(file, lambda: file.write_text(drawn, encoding="utf-8"))
    click.echo(f"{file} drawn")


def _written(file: Path, write: Callable[[], object]) -> None:
    try:
        write()
    except OSError as problem:
        raise click.FileError(str(file), problem.strerror or str(problem)) from None
