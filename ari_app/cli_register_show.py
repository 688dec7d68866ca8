"""How `hotline register …` reads what people type, and shows what it knows: one entry or change a line.

Rule: no output can be a terminal's command: what is shown is in its normal form, or plain text.
"""

from __future__ import annotations

import shlex
from datetime import datetime

import click
from click.core import ParameterSource

from ari_app.procedures.screening import Screening, faded
from ari_app.records.database import without_password
from ari_app.register.entries import LONGEST_REASON, Entry, plain
from ari_app.register.numbers import HOME, BrokenPattern, Pattern, pattern
from ari_app.register.reading import Change
from ari_app.register.rules import LONGEST_TIME, seconds
from ari_app.requests.settings import known_region


def home_region() -> str:
    context = click.get_current_context(silent=True)
    return str(context.obj["home"]) if context is not None and context.obj else HOME


def whom(ctx: click.Context, param: click.Parameter, value: str) -> Pattern:
    """A pattern on the command line; click tells what is wrong with it."""
    try:
        return pattern(value, home_region())
    except BrokenPattern as problem:
        raise click.BadParameter(str(problem), ctx, param) from None


def region(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """A region on the command line, as `requests: region` of hotline.yaml takes it, in small letters, too."""
    try:
        return known_region(value.upper())
    except ValueError as problem:
        raise click.BadParameter(f"{value[:20]!r} {problem}", ctx, param) from None


def why(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """A reason that is kept as it was written."""
    if len(value) > LONGEST_REASON:
        raise click.BadParameter(f"is longer than {LONGEST_REASON} characters: write less", ctx, param)
    return value


def lasting(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """A length of time on the command line, in seconds."""
    if value is None:
        return None
    try:
        lasts = float(seconds(value))
    except ValueError as problem:
        raise click.BadParameter(str(problem), ctx, param) from None
    if not 0 < lasts <= LONGEST_TIME:
        raise click.BadParameter("is no time at all, or more than ten years; for good is without --for", ctx, param)
    return lasts


def as_typed() -> str:
    """`hotline register` with the options that say which register was meant; one in the environment stays there.

    A password that was typed is not repeated."""
    ctx = click.get_current_context()
    words = ["hotline", "register"]
    if ctx.obj["config"] is not None:
        words += ["-c", str(ctx.obj["config"])]
    parent, database = ctx.parent, ctx.obj["database"]
    if database and parent and parent.get_parameter_source("database") is ParameterSource.COMMANDLINE:
        words += ["--database", without_password(database)]
    return shlex.join(words)


def line_of(entry: Entry, now: float, rules: Screening | None = None) -> str:
    parts = [f"{entry.id:>6}  {entry.pattern!s:<30} {entry.treatment:<9}"]
    if entry.expires is not None:
        parts.append(f"until {moment(entry.expires)}")
    if entry.score is not None:
        score = faded(entry.score, entry.scored_at, (rules or Screening()).half_life, now)
        parts.append(f"score {score:.2f}")
    parts.append(f"by {plain(entry.entered_by, 80)} {moment(entry.entered_at)}")
    if entry.evidence:
        parts.append(f"calls: {len(entry.evidence)}, last {plain(entry.evidence[-1], 80)}")
    if entry.under_review:
        parts.append("TO BE REVIEWED")
    if entry.reason:
        parts.append(f"“{plain(entry.reason, 500)}”")
    return "  ".join(parts)


def json_of(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id, "pattern": str(entry.pattern), "treatment": entry.treatment, "reason": entry.reason,
        "evidence": entry.evidence, "entered_by": entry.entered_by, "entered_at": entry.entered_at,
        "expires": entry.expires, "score": entry.score, "scored_at": entry.scored_at,
        "under_review": entry.under_review,
    }  # fmt: skip


def change_line(change: Change) -> str:
    entry = change.after or change.before
    assert entry is not None
    was = change.before.treatment if change.before else "nothing"
    will = change.after.treatment if change.after else "nothing"
    who = plain(change.by, 80)
    return f"{change.batch}  {moment(change.at)}  {change.what:<7} {entry.pattern!s:<30} {was} -> {will}  by {who}"


def moment(at: float) -> str:
    return datetime.fromtimestamp(at).isoformat(" ", "minutes")
