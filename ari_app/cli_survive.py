"""`hotline survive`: kill a worker in the midst of calls and count who was lost."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click


@click.command()
@click.option("--callers", default=50, show_default=True, type=click.IntRange(1, 100))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 4))
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/survive"), help="Where logs go.")
def survive(callers: int, workers: int, out: Path) -> None:
    """Kill a worker in the midst of calls on a hotline of its own, and count who was lost.

    Exit code 0 only if every caller ended with an agent or a completed ladder.
    """
    from ari_app.pbx.provide import provide
    from ari_app.qa.disaster import Toll, strike
    from ari_app.qa.stage import Stage

    async def play() -> Toll:
        asterisk = await asyncio.to_thread(provide, click.echo)
        async with Stage(asterisk, out) as stage:
            return await strike(stage, callers=callers, workers=workers, report=click.echo)

    toll = asyncio.run(play())
    for hearing in toll.lost:
        heard = ", ".join(found.prompt for found in hearing.found)
        click.echo(f"lost: {hearing.caller.name}: heard {heard or 'nothing'}; {hearing.trouble or 'no agent'}")
    click.echo(
        f"{len(toll.hearings)} callers, {len(toll.lost)} lost, {toll.with_agent} with an agent, "
        f"{len(toll.hearings) - len(toll.lost) - toll.with_agent} completed ladders; "
        f"longest silence at an ear {toll.longest_silence:.1f} s"
    )
    sys.exit(1 if toll.lost else 0)
