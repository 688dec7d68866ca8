"""`hotline register misdialled`: which of our numbers are rung by mistake.

Rule: only looks, and shows no caller. Exit code 0 whatever the figures say.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ari_app.cli_calls import ask

if TYPE_CHECKING:
    from ari_app.records.misdialled import Misdialled
    from ari_app.records.settings import RecordsSettings
    from ari_app.records.store import Calls

DAY = 86400.0


@click.command()
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="Calls of the last so many.")
@click.option("--json", "as_json", is_flag=True, help="JSON, one number a line, for machines.")
def misdialled(days: int, as_json: bool) -> None:
    """Which of our numbers are rung by people who wanted another, the most misdialled first (S000-13).

    A number far above the others is misprinted somewhere, or differs by one digit from a busy one.
    """
    from ari_app.records.misdialled import Tally
    from ari_app.register.entries import plain

    since = time.time() - days * DAY

    async def look(store: Calls, _: RecordsSettings) -> list[Misdialled]:
        tally = Tally()
        async for record in store.find(since, None):
            tally.add(record)
        return tally.misdialled

    found = ask(click.get_current_context().obj["config"], look)
    for number in found:
        if as_json:
            click.echo(json.dumps(asdict(number), ensure_ascii=False))
        else:
            click.echo(
                f"{plain(number.dialled, 40) or '—':<24} {number.wrong:6d} of {number.calls} {number.share:5.1f} %"
            )
    if not found and not as_json:
        click.echo(f"nobody rang a wrong number in the last {days} days")
