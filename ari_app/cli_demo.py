"""`hotline demo`: nine callers ring a hotline on a real Asterisk; see, and listen to, how each was treated."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from ari_app import paths
from ari_app.pbx.provide import provide
from ari_app.qa import page, report
from ari_app.qa.cast import HOSTILE
from ari_app.qa.casting import cast_for
from ari_app.qa.hearing import Hearing
from ari_app.qa.setting import Setting
from ari_app.qa.stage import Stage
from ari_app.qa.verdict import Verdict, judge
from ari_app.standard import load


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/demo"), help="Where the report goes.")
@click.option(
    "--standard", "name", default="hotline-standard", show_default=True, metavar="NAME|FOLDER",
    help="The service standard by which the callers are treated.",
)  # fmt: skip
@click.option("--hostile", is_flag=True, help="Two more callers, whose caller ids are attacks.")
def demo(out: Path, name: str, hostile: bool) -> None:
    """Play nine callers against a hotline of its own, and report what each of them heard.

    Exit code 0 only if every caller was treated by the standard.
    """
    results = asyncio.run(_demo(out, paths.standard_folder(name), hostile))
    sys.exit(0 if all(verdict.kept for _, verdict in results) else 1)


async def _demo(out: Path, folder: Path, hostile: bool) -> list[tuple[Hearing, Verdict]]:
    began = time.monotonic()
    console = Console(width=None if sys.stdout.isatty() else 132)
    cast = cast_for(load(folder)) + (HOSTILE if hostile else ())
    asterisk = await asyncio.to_thread(provide, console.print)
    console.print(f"Starting two PBXs: the hotline's and the carrier's ({asterisk.version}) …")
    async with Stage(asterisk, out / "pbx", Setting(standard_folder=folder)) as stage:
        console.print(f"{len(cast)} callers ring. This takes about a minute: a silent caller is waited for.")
        with report.Watch(console, cast) as watch:
            hearings = await stage.perform(cast, watch)
        scarce, stood_still = stage.meanwhile
        standard = stage.standard
    results = [(hearing, judge(hearing, standard)) for hearing in hearings]
    facts = (
        ("standard", f"{standard.name}, version {standard.version}, {standard.language}"),
        ("Asterisk", f"{asterisk.version} ({asterisk.origin})"),
        ("played", datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")),
        ("packets lost", str(sum(hearing.recording.lost for hearing in hearings))),
        ("CPU was scarce", "unknown" if scarce is None else f"{scarce:.0%} of the time"),
        ("a CPU stood still", f"{stood_still * 1000:.0f} ms at the longest"),
        ("largest error of a wait", f"{_largest_error(results) * 1000:.0f} ms"),
    )
    written = page.write(out, results, facts)
    console.print(report.table(results))
    report.explain(console, results, scarce, stood_still)
    kept = sum(verdict.kept for _, verdict in results)
    console.print(f"{kept} of {len(results)} callers were treated by the standard ({time.monotonic() - began:.0f} s).")
    console.print(f"See and listen: {written}")
    return results


def _largest_error(results: list[tuple[Hearing, Verdict]]) -> float:
    return max((abs(wait.off) for _, verdict in results for wait in verdict.waits), default=0.0)
