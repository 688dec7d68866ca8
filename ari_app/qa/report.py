"""The report in the terminal: what is going on while the callers are on the line, then a table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from ari_app.qa.cast import CastCaller
from ari_app.qa.hearing import Hearing
from ari_app.qa.machine import SCARCE, STOOD_STILL
from ari_app.qa.verdict import Verdict
from ari_app.qa.words import did, heard, outcome, waits


class Watch:
    """A line for every caller, with what happens to them now."""

    def __init__(self, console: Console, cast: Sequence[CastCaller]) -> None:
        self._news = {caller.name: "" for caller in cast}
        self._since: dict[str, float] = {}
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, get_renderable=self._table)

    def __enter__(self) -> Watch:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def __call__(self, caller: CastCaller, news: str) -> None:
        """Something happened to a caller; without a terminal it becomes a line of the log."""
        self._since.setdefault(caller.name, time.monotonic())
        self._news[caller.name] = news
        if not self._console.is_terminal:
            self._console.print(f"{self._seconds(caller.name):6.2f} s  {escape(caller.name)}: {escape(news)}")

    def _seconds(self, name: str) -> float:
        return time.monotonic() - self._since[name] if name in self._since else 0.0

    def _table(self) -> Table:
        table = Table(box=None, show_header=False)
        for name, news in self._news.items():
            over = news == "done"
            table.add_row(
                "[green]✓[/]" if over else "[yellow]☎[/]" if news else " ",
                escape(name),
                "" if over or not news else f"{self._seconds(name):5.1f} s",
                escape(news),
            )
        return table


def table(results: Sequence[tuple[Hearing, Verdict]]) -> Table:
    """caller · did · heard · waits · outcome · verdict"""
    told = Table(box=SIMPLE_HEAD, show_lines=False, padding=(0, 2, 1, 0))
    for column in ("caller", "did", "heard at", "waits measured", "outcome", "verdict"):
        told.add_column(column, overflow="fold", no_wrap=column in ("heard at", "waits measured", "verdict"))
    for hearing, verdict in results:
        told.add_row(
            escape(hearing.caller.name),
            *(escape("\n".join(lines)) for lines in (did(hearing), heard(hearing), waits(verdict))),
            escape(outcome(hearing)),
            "[green]kept[/]" if verdict.kept else "[red]broken[/]",
        )
    return told


def explain(
    console: Console,
    results: Sequence[tuple[Hearing, Verdict]],
    scarce: float | None = None,
    stood_still: float = 0.0,
) -> None:
    """What was wrong, and where to look; when this machine had no time for telephones, that it may be its fault.

    `scarce` is the share of time in which somebody waited for a CPU, `stood_still` how long one ran nobody (seconds).
    """
    for hearing, verdict in results:
        for fault in verdict.faults:
            console.print(
                f"[red]{escape(hearing.caller.name)}:[/] {escape(fault.what)}. Likely: {escape(fault.likely)}"
            )
    if all(verdict.kept for _, verdict in results):
        return
    if stood_still > STOOD_STILL:
        console.print(
            f"A CPU of this machine stood still for {stood_still * 1000:.0f} ms meanwhile: "
            "what is late or missing by as much may be its fault. Play again."
        )
    if scarce is not None and scarce > SCARCE:
        console.print(f"CPU was scarce {scarce:.0%} of the time: play again when this machine has less to do.")
