"""`hotline report`: the key figures of a day.

Rule: the reckoning is done in `records/kpis.py`; here it is only shown. Exit code 0 whatever the figures say.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ari_app.cli_calls import ask, bounds
from ari_app.cli_config import config_option
from ari_app.cli_moment import DAY

if TYPE_CHECKING:
    from ari_app.records.facts import CallRecord
    from ari_app.records.figure import Kpi
    from ari_app.records.kpis import Report
    from ari_app.records.settings import RecordsSettings
    from ari_app.records.store import Calls


@click.command()
@config_option
@click.option(
    "--day", type=DAY, metavar="YYYY-MM-DD",
    help="The day, by this machine's clock [default: today].",
)  # fmt: skip
@click.option(
    "--within", type=click.FloatRange(0, 3600), default=20.0, show_default=True,
    help="Seconds in which an agent should have answered: the service level's threshold.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def report(config_file: Path | None, day: datetime | None, within: float, as_json: bool) -> None:
    """A day's key figures, each with its formula and the rules that want it.

    Figures the records do not allow are missing, not guessed; one without any call to reckon from is "-".
    """
    from ari_app.records import kpis

    chosen = day or datetime.now()
    since, until = bounds(chosen)

    async def look(store: Calls, _: RecordsSettings) -> list[CallRecord]:
        return [record async for record in store.find(since, until)]

    found = kpis.report(ask(config_file, look), within)
    if as_json:
        _tell_machines(found, chosen)
    else:
        _tell(found, chosen)


def _tell_machines(found: Report, day: datetime) -> None:
    import msgspec

    told = {"day": f"{day:%Y-%m-%d}", **msgspec.to_builtins(found)}
    for kpi, shown in zip(found.kpis, told["kpis"], strict=True):
        shown["met"] = kpi.met
    click.echo(msgspec.json.encode(told))


def _tell(found: Report, day: datetime) -> None:
    click.echo(f"{day:%Y-%m-%d}: {found.calls} calls")
    for outcome, count in found.outcomes.items():
        if count:
            click.echo(f"  {outcome:<12} {count:6d}")
    click.echo()
    for kpi in found.kpis:
        click.echo(f"{_sign(kpi)} {kpi.id:<24} {_value(kpi):>10}   {_of(kpi)}")
        click.echo(f"    = {kpi.formula}")
        if kpi.rules:
            click.echo(f"    {' '.join(kpi.rules)}")
    if found.ledger:
        click.echo("\nwaits against their rules")
    for line in found.ledger:
        sign = "✓" if line.kept == line.waits else "✗"
        click.echo(f"{sign} {line.rule:<24} {line.kept:>4} of {line.waits} kept, worst miss {line.worst:.2f} s")


def _sign(kpi: Kpi) -> str:
    return {True: "✓", False: "✗", None: " "}[kpi.met]


def _value(kpi: Kpi) -> str:
    if kpi.value is None:
        return "-"
    return {"percent": f"{kpi.value:.1f} %", "seconds": f"{kpi.value:.1f} s", "count": f"{kpi.value:.0f}"}[kpi.unit]


def _of(kpi: Kpi) -> str:
    parts = [f"{kpi.part:g} of {kpi.whole:g}"] if kpi.whole is not None and kpi.unit == "percent" else []
    parts += [f"{name} {value:g}" for name, value in kpi.detail.items()]
    if kpi.target is not None:
        parts.append(f"target {kpi.target:g}{' %' if kpi.unit == 'percent' else ''}")
    return ", ".join(parts)
