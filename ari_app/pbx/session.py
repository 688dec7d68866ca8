"""A session of its own, as heavy as its process is nice.

Linux shares a machine among sessions before it looks at niceness (sched(7), autogroup): a PBX that goes before others
would go before nobody, having a session to itself.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_AUTOGROUP = Path("/proc/self/autogroup")


def as_nice_as_its_process() -> None:
    """In a child that leads a session; where Linux does not weigh sessions, or refuses, nothing happens."""
    with contextlib.suppress(OSError):
        _AUTOGROUP.write_text(str(os.getpriority(os.PRIO_PROCESS, 0)))
