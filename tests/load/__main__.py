"""`python -m tests.load`: the contestants side by side in one run, interleaved. See docs/performance.md."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ari_app.errors import HotlineError

from .figures import Figures, median
from .scenario import ASIDE, CONTESTANTS, DIALPLAN, LENGTH, OURS, Contestant
from .search import search
from .stage import Stage, stage

ROWS: tuple[tuple[str, str], ...] = (
    ("calls", "{0.calls}"),
    ("failed", "{0.failed}"),
    ("calls with a gap in the audio", "{0.gaps}"),
    ("held", "{0.held}"),
    ("calls/s placed", "{0.rate_done:.1f}"),
    ("most calls at once", "{0.most_at_once}"),
    ("application, ms CPU a call", "{0.app_cpu:.2f}"),
    ("Asterisk, ms CPU a call", "{0.asterisk_cpu:.2f}"),
    ("application ÷ Asterisk", "{0.share:.3f}"),
    ("INVITE→200 p50 / p99 ms", "{0.answer_p50:.1f} / {0.answer_p99:.1f}"),
    ("INVITE→first RTP p50 / p99 ms", "{0.first_p50:.1f} / {0.first_p99:.1f}"),
    ("pause error p50 / p99 ms", "{0.pause_p50:.1f} / {0.pause_p99:.1f}"),
    ("last pause (to the BYE) p50 ms", "{0.bye_p50:.1f}"),
    ("memory KB a concurrent call", "{0.memory_kb:.0f}"),
    ("event loop late p99 / max ms", "{0.loop_lag_p99:.1f} / {0.loop_lag_max:.1f}"),
    ("warnings of the application", "{0.complaints}"),
    ("SIPp + RTP mate, ms CPU a call", "{0.caller_cpu:.2f}"),
    ("others on the machine, cores", "{0.others_cpu:.2f}"),
    ("idle, cores", "{0.idle:.2f}"),
    ("RTP mate late at most ms / lost", "{0.mate_late:.0f} / {0.mate_lost}"),
)


def parse() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    options.add_argument("--rates", default="20,40,60", help="calls a second, comma separated (20,40,60)")
    options.add_argument("--seconds", type=float, default=10, help="how long calls are placed in a round (10)")
    options.add_argument("--rounds", type=int, default=3, help="rounds of each contestant at each rate (3)")
    options.add_argument("--contestants", default=f"{DIALPLAN.name},{OURS.name}", help=f"of {', '.join(CONTESTANTS)}")
    options.add_argument("--search", type=float, metavar="LIMIT", help="find the highest rate each holds, up to LIMIT")
    options.add_argument("--from", dest="start", type=float, default=60, help="where --search begins (60)")
    options.add_argument("--full", action="store_true", help="what docs/performance.md tells: about 20 quiet minutes")
    options.add_argument("--profile", type=Path, help="write a cProfile of our application here; CPU is then no figure")
    options.add_argument("--json", type=Path, help="write every round here")
    options.add_argument("--keep", type=Path, help="folder for everything written, kept afterwards")
    chosen = options.parse_args()
    if chosen.full:
        chosen.rates, chosen.seconds, chosen.rounds, chosen.search = "20,40,80", 20.0, 2, chosen.search or 250.0
        chosen.contestants = ",".join(CONTESTANTS)
    return chosen


async def run(options: argparse.Namespace, folder: Path, console: Console) -> list[dict[str, object]]:
    """Warm up, then every rate, interleaved; then the search, if it is wanted."""
    contestants = [CONTESTANTS[name] for name in options.contestants.split(",")]
    written: list[dict[str, object]] = []
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)  # whatever was started is ended
    async with stage(folder, contestants, options.profile) as up:
        console.print(f"{up.pbx.asterisk} at {up.pbx.address}; a call lasts {LENGTH:g} s", highlight=False)
        await up.warm_up(contestants, 10, 20)
        console.print(await up.at_rest(3), highlight=False)
        if options.full or not options.search:
            for rate in (float(rate) for rate in options.rates.split(",")):
                await compare(up, contestants, rate, options, console, written)
        if options.search:
            rivals = [contestant for contestant in contestants if not (options.full and contestant is ASIDE)]
            await search(up, rivals, options.start, options.search, options.seconds, console, written)
        grumbles = up.pbx.complaints()
        console.print(f"Asterisk's warnings and errors: {len(grumbles)}", *grumbles[-3:], sep="\n  ", markup=False)
    return written


async def compare(
    up: Stage,
    contestants: list[Contestant],
    rate: float,
    options: argparse.Namespace,
    console: Console,
    written: list[dict[str, object]],
) -> None:
    """One rate: A B C A B C …, and the table of medians."""
    rounds: dict[str, list[Figures]] = {contestant.name: [] for contestant in contestants}
    for number in range(options.rounds):
        for contestant in contestants:
            figures = await up.round(contestant, rate, options.seconds)
            rounds[contestant.name].append(figures)
            written.append({"contestant": contestant.name, "round": number + 1, **figures.as_json()})
    table = Table(title=f"{rate:g} calls/s for {options.seconds:g} s, medians of {options.rounds} rounds")
    table.add_column("")
    for contestant in contestants:
        table.add_column(contestant.title, justify="right")
    middle = [median(rounds[contestant.name]) for contestant in contestants]
    for title, form in ROWS:
        table.add_row(title, *(form.format(figures) for figures in middle))
    console.print(table)


def main() -> int:
    """Exit code 0 when everything could be measured, whatever the figures are."""
    options, console = parse(), Console(width=120)
    try:
        with tempfile.TemporaryDirectory(prefix="hotline-load-") as temporary:
            folder = options.keep.absolute() if options.keep else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            written = asyncio.run(run(options, folder, console))
    except HotlineError as problem:
        print(f"load: {problem}", file=sys.stderr)
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("load: stopped", file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps(written, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
