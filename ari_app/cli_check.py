"""`hotline check`: what the admin reads before the first caller rings.

Rule: the looking is done in `check`; here it is only shown. Exit code 0: no caller is lost by what was found,
1: some would be, 2: the configuration file or the command line is wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ari_app.cli_config import config_option, settings_of

if TYPE_CHECKING:
    from ari_app.check.findings import Finding

SIGNS = {"fine": ("✓", "green"), "not checked": ("?", "cyan"), "warning": ("!", "yellow"), "error": ("✗", "red")}


@click.command()
@config_option
@click.option("--worker", "-w", help="Name of the worker to check for.")
@click.option(
    "--etc", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER",
    help="Asterisk's configuration folder, to read limits AMI does not tell [default: /etc/asterisk, if it is "
    "that PBX's and readable].",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def check(config_file: Path | None, worker: str | None, etc: Path | None, as_json: bool) -> None:
    """Look at the running PBX from outside: what is wrong, why it matters, and the line that mends it.

    Changes nothing and touches no caller. Exit code 1 when something found would lose callers, 0 otherwise,
    2 when the configuration file is broken.
    """
    import asyncio

    from ari_app.check import look
    from ari_app.check.findings import loses_callers

    settings = settings_of(config_file, worker)
    findings = asyncio.run(look(settings, etc))
    if as_json:
        _tell_machines(findings)
    else:
        _tell(findings)
    sys.exit(1 if loses_callers(findings) else 0)


def _tell(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 4096  # in a file or a pipe, one line stays one line
    for finding in findings:
        sign, colour = SIGNS[finding.level]
        shown = Table.grid(padding=(0, 1, 0, 0))
        shown.add_row(Text(sign, style=f"bold {colour}"), Text(finding.what))
        console.print(shown)
        more = Table.grid(padding=(0, 1, 0, 0))
        for label, told in (("   why", finding.why), ("  mend", finding.mend)):
            if told:
                more.add_row(Text(label, style="dim"), Text(told))
        if more.rows:
            console.print(more)
    console.print(f"\n{_summary(findings)}")


def _summary(findings: list[Finding]) -> str:
    count = {level: sum(finding.level == level for finding in findings) for level in SIGNS}
    verdict = "callers would be lost" if count["error"] else "no caller is lost by what was looked at"
    return (
        f"{verdict}: {count['fine']} fine, {count['warning']} to look at, {count['error']} wrong, "
        f"{count['not checked']} not checked"
    )


def _tell_machines(findings: list[Finding]) -> None:
    import json
    from dataclasses import asdict

    from ari_app.check.findings import loses_callers

    told = {"loses_callers": loses_callers(findings), "findings": [asdict(finding) for finding in findings]}
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))
