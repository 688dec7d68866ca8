"""A hearing and its verdict in a few words each: the cells of the table, in the terminal and on the page."""

from __future__ import annotations

from ari_app.qa.carrier import By
from ari_app.qa.hearing import Deed, Hearing
from ari_app.qa.verdict import Verdict


def did(hearing: Hearing) -> list[str]:
    """What the caller did, with offsets."""
    lines = [f"{act.at:.2f} {act.deed} {act.detail}".rstrip() for act in hearing.acts]
    return lines or ["kept silent"]


def heard(hearing: Hearing) -> list[str]:
    """What the caller heard, with offsets; how much of it where it was cut."""
    if hearing.trouble:
        return [hearing.trouble]
    lines = []
    for found in hearing.found:
        part = "" if found.whole else f" ({found.heard:.0%})"
        either = f" or {'/'.join(found.rivals)}" if found.rivals else ""
        lines.append(f"{found.start:.2f} {found.prompt}{either}{part}")
    return lines or ["nothing"]


def waits(verdict: Verdict) -> list[str]:
    """Each wait and how far it is off; then how quickly we answered the caller."""
    lines = [f"{wait.after} {wait.measured:.3f} ({wait.off * 1000:+.0f} ms)" for wait in verdict.waits]
    return lines + [f"reaction {after:.2f}" for after in verdict.reactions]


def outcome(hearing: Hearing) -> str:
    """How it ended."""
    if hearing.ended is None:
        return "no call"
    who = "caller" if hearing.hung_up_by is By.US else "hotline"
    if any(act.deed is Deed.TALKED for act in hearing.acts):
        return f"talked with an agent; the {who} hung up at {hearing.ended:.2f} s"
    return f"the {who} hung up at {hearing.ended:.2f} s"
