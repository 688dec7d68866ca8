"""Timelines as people write them: an offset and what happens, one line each."""

from __future__ import annotations

from ari_app.journal import Milestone, What

OURS = (What.PLAY, What.HANG_UP)
"""What we do after a wait."""


def timeline(written: str) -> tuple[str, ...]:
    """The lines of a timeline, to compare with `Rehearsal.timeline`."""
    return tuple(" ".join(line.split()) for line in written.splitlines() if line.strip())


def waits(journal: tuple[Milestone, ...]) -> tuple[float, ...]:
    """Each silence between the end of a prompt and what we did next, in seconds."""
    found = []
    end: float | None = None
    for milestone in journal:
        if milestone.what is What.PLAYED:
            end = milestone.at
        elif milestone.what in OURS and end is not None:
            found.append(round(milestone.at - end, 6))
            end = None
    return tuple(found)
