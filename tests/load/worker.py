"""The hotline as it is run, and what is measured inside it: `python -m tests.load.worker --config FILE`.

It is the command `hotline run` with a clock beside it that tells how late the event loop is. `--aside`
sends every command over the HTTP pool instead of the WebSocket, for docs/decisions/0002.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

from ari_app import cli, config, switchboard
from ari_app.ari.wire import Reply, Wire
from ari_app.config import Configuration
from ari_app.switchboard import Switchboard

TICK = 0.05


class AsideWire(Wire):
    """Every command over HTTP. Those of one channel wait for each other: a pool keeps no order."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._last: dict[str, asyncio.Future[Reply]] = {}

    def ask(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> asyncio.Future[Reply]:
        channel = uri.split("/")[1]
        before = self._last.get(channel)

        async def in_turn() -> Reply:
            if before is not None and not before.done():
                await asyncio.wait((before,))
            return await self.request_aside(method, uri, query, body)

        asked = self._last[channel] = asyncio.ensure_future(in_turn())
        asked.add_done_callback(lambda done: self._forget(channel, done))
        return asked

    def _forget(self, channel: str, done: asyncio.Future[Reply]) -> None:
        if self._last.get(channel) is done:
            del self._last[channel]


class AsideConfiguration(Configuration):
    """A name the hotline's own door does not call."""

    @property
    def app(self) -> str:
        return f"aside-{self.worker}"


def _load_aside(path: Path | None, worker: str | None = None) -> Configuration:
    return AsideConfiguration(**dict(_load(path, worker)))


_load = config.load


async def _watch_lag(out: Path) -> None:
    """Append `seconds-since-1970 lag` for every tick; the lag is how late the loop came to it."""
    loop = asyncio.get_running_loop()
    with out.open("a", buffering=1 << 12) as lines:
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            lines.write(f"{time.time():.3f} {loop.time() - due:.6f}\n")


@contextlib.contextmanager
def measured(lag: Path | None, aside: bool) -> Iterator[None]:
    """The program with its clock, and with the other wire if wanted."""

    class Measured(Switchboard):
        async def run(self) -> None:
            clock = asyncio.create_task(_watch_lag(lag)) if lag is not None else None
            try:
                await super().run()
            finally:
                if clock is not None:
                    clock.cancel()

    with contextlib.ExitStack() as changes:
        changes.enter_context(patch.object(cli, "Switchboard", Measured))
        if aside:
            changes.enter_context(patch.object(switchboard, "Wire", AsideWire))
            changes.enter_context(patch.object(config, "load", _load_aside))
        yield


def main() -> None:
    """Parse the command line and serve until SIGTERM."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--config", required=True)
    options.add_argument("--lag", type=Path)
    options.add_argument("--aside", action="store_true")
    options.add_argument("--profile", type=Path, help="write what cProfile saw to this file at the end")
    chosen = options.parse_args()
    with measured(chosen.lag, chosen.aside):
        profile = cProfile.Profile()
        if chosen.profile:
            profile.enable()
        try:
            cli.hotline.main(["run", "--config", chosen.config], standalone_mode=False)
        finally:
            if chosen.profile:
                profile.disable()
                profile.dump_stats(chosen.profile)


if __name__ == "__main__":
    main()
