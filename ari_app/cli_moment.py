"""Days and hours as people type them on the command line.

Rule: a day that does not exist is told to be none; it was written well.
"""

from __future__ import annotations

import re
from datetime import datetime

import click

_EXAMPLE = datetime(2026, 1, 31, 9, 0)


class Moment(click.DateTime):
    """click's DateTime, which tells of its formats in strftime's letters."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            if any(_written_so(str(value), format_) for format_ in self.formats):
                self.fail(f"there is no {value}: that day or hour does not exist", param, ctx)
            self.fail(f"{value!r}: write it as {_EXAMPLE.strftime(self.formats[0])}", param, ctx)
        return found


DAY = Moment(["%Y-%m-%d"])


def _written_so(value: str, format_: str) -> bool:
    shape = re.sub(r"%([A-Za-z])", lambda letter: r"\d{4}" if letter[1] == "Y" else r"\d{1,2}", format_)
    return re.fullmatch(shape, value) is not None
