"""`hotline rehearse NAME --caller SCRIPT`: a scripted caller, a standard, and what happens, in no time.

Rule: what is printed is the journal of the very code that serves real callers; only the PBX is simulated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from ari_app.call import Arrival, Door, Prompt
from ari_app.callflow.aloud import FILES
from ari_app.callflow.caller import said, script_in, script_of
from ari_app.callflow.texts import Texts, texts_of
from ari_app.cli_standard import loaded, procedure
from ari_app.errors import BrokenScript
from ari_app.journal import Milestone, What
from ari_app.procedures.reception import AGENT_LEFT_FIRST, CONNECTED, ENGAGED
from ari_app.qa.casting import cast_for
from ari_app.rehearsal.clock import StandsStill
from ari_app.rehearsal.script import Hears, Script
from ari_app.rehearsal.twin import Rehearsal, noticed, rehearse
from ari_app.standard import Standard
from ari_app.standard.file import QueueExit

STATUS = {
    "after-queue": (AGENT_LEFT_FIRST, *get_args(QueueExit)),
    "transferred": (CONNECTED, ENGAGED, "NOANSWER", "CONGESTION", "CHANUNAVAIL"),
}
"""What can have become of a caller who comes back to us, in Asterisk's words, by door."""
DOORS = ("incoming", "after-queue", "transferred", "procedure")


@click.command("rehearse")
@click.argument("name", metavar="NAME")
@click.option(
    "--caller", "-c", "caller", default="silent", show_default=True, metavar="SCRIPT",
    help="One of the cast, words, or a file of words.",
)  # fmt: skip
@click.option("--door", type=click.Choice(DOORS), default="incoming", show_default=True, help="How they come to us.")
@click.option("--procedure", "wanted", default="", metavar="NAME", help="The one an agent's key asks for.")
@click.option(
    "--status", default="", metavar="WORD", help="What the queue or the extension said: CONTINUE, TIMEOUT, BUSY …"
)
@click.option(
    "--round", "queue_round", type=click.IntRange(0, 99), default=1, help="How often they have waited for an agent."
)
@click.option("--dialled", default="", metavar="NUMBER", help="The number they rang.")
@click.option("--number", default="", metavar="NUMBER", help="The number they ring from.")
@click.option("--language", default="", metavar="LANGUAGE", help="The language of their line.")
@click.option(
    "--rang", type=click.FloatRange(0, 3600), default=0.0, metavar="SECONDS", help="How long they heard it ring."
)
@click.option("--notice", default="", metavar="NAME", help="The notice that is on.")
@click.option(
    "--at", "moment", type=click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%H:%M"]), metavar="TIME",
    help="When they ring, by the standard's clock: 12:30 (of a workday: today or the next), or 2026-10-01 12:30 "
    "[default: when it is open].",
)  # fmt: skip
def rehearse_(
    name: str,
    caller: str,
    door: str,
    wanted: str,
    status: str,
    queue_round: int,
    dialled: str,
    number: str,
    language: str,
    rang: float,
    notice: str,
    moment: datetime | None,
) -> None:
    """Play a scripted caller through a standard and print what they live through, second by second.

    SCRIPT is a caller of the cast (silent, "speaks at once", "wrong number" …), or what one does:

    \b
        hotline rehearse after-sales --caller "waits 3, presses 9, says 2, hangs up"
        hotline rehearse hotline-standard --caller "hears offer 2, says 2"
        hotline rehearse hotline-standard --caller silent --procedure harassment
        hotline rehearse office-reception --caller silent --at 12:30
    """
    standard = loaded(name)
    if wanted:
        door = "procedure"
        procedure(standard, wanted)
    _known(standard, door, status, notice, language)
    standard = standard.for_caller(dialled, language)
    arrival = Arrival(
        Door(door), number=number, dialled=dialled, procedure=wanted, language=language, rang=rang, notice=notice,
        queue_status=status or "CONTINUE" if door == "after-queue" else "",
        dial_status=status or "BUSY" if door == "transferred" else "",
        queue_round=queue_round if door != "incoming" else 0, at=_moment(standard, moment),
    )  # fmt: skip
    script = _script(standard, caller)
    try:
        happened = rehearse(standard, script, arrival)
    except StandsStill as problem:
        raise BrokenScript(f"the rehearsal never ends: {problem}") from None
    click.echo("\n".join(timeline(standard, happened)))
    if (hears := happened.in_vain) is not None:
        sentence, times = hears.prompt.partition(".")[0], f" {hears.times} times" if hears.times > 1 else ""
        raise BrokenScript(
            f"the caller waited in vain to hear {sentence}{times}: it was not said to its end on this call"
        )


def _known(standard: Standard, door: str, status: str, notice: str, language: str) -> None:
    """A word that neither Asterisk nor the standard has would be passed over in silence: BrokenScript names theirs."""
    if status and door not in STATUS:
        raise BrokenScript(f"a --status is told by --door {' or '.join(STATUS)}, and they come by {door}")
    lines = {language for choice in standard.choices.values() for language in choice.callers}
    spoken = sorted({standard.language, *standard.languages} | lines)
    _one_of("--status", status, STATUS.get(door, ()))
    _one_of("--notice", notice, tuple(standard.desk.notices))
    _one_of("--language", language, spoken)


def _one_of(option: str, word: str, known: Sequence[str]) -> None:
    if word and word not in known:
        raise BrokenScript(f"{option} {word[:60]!r} is not known; there is {', '.join(known) or 'none'}")


def _script(standard: Standard, caller: str) -> Script:
    """A caller of the cast, a file, or words."""
    cast = {_slug(member.name): member.script for member in cast_for(standard)}
    if _slug(caller) in cast:
        script = cast[_slug(caller)]
    elif Path(caller).is_file():
        script = script_in(Path(caller))
    else:
        try:
            script = script_of(caller)
        except BrokenScript as problem:
            raise BrokenScript(f"{problem}; or one of the cast: {', '.join(sorted(cast))}") from None
    return tuple(_heard(standard, act) if isinstance(act, Hears) else act for act in script)


def _heard(standard: Standard, hears: Hears) -> Hears:
    """A sentence with places is heard when its last fragment has been."""
    if hears.prompt not in standard.prompts:
        raise BrokenScript(f"{standard.name} says no {hears.prompt!r}; it says {', '.join(standard.prompts)}")
    fragments = [slot for slot in standard.prompts[hears.prompt].slots if isinstance(slot, Prompt)]
    return replace(hears, prompt=fragments[-1].name) if fragments else hears


def _slug(name: str) -> str:
    return name.strip().lower().replace(" ", "-")


def _moment(standard: Standard, written: datetime | None) -> datetime | None:
    """A moment on the standard's clock; only a time of day is one of a workday: today, or the next one."""
    if written is None:
        return None
    zone = None if standard.hours is None else standard.hours.zone
    if written.year == 1900:
        today = datetime.now(zone).date()
        day = today if standard.hours is None else standard.hours.next_workday(today)
        written = datetime.combine(day, written.time())
    return written.replace(tzinfo=zone) if zone is not None else written.astimezone()


# ------------------------------------------------------------------ what happened


def timeline(standard: Standard, happened: Rehearsal) -> Iterator[str]:
    """Who did what when: ours as it is, the caller's own acts set in."""
    answer, *ours = _ours(texts_of(standard), happened)
    yield f"{answer[0]:7.1f}  {answer[1]}"
    for at, what in sorted([*_theirs(happened), *ours], key=lambda line: line[0]):  # what they did, then what we did
        yield f"{at:7.1f}  {what}"
    for filing in happened.filed:
        to = f" for {filing.to}" if filing.to else ""
        taken = ", ".join(f"{name} {keys}" for name, keys in filing.taken.items())
        heard = " (confirmed by the caller)" if filing.confirmed else ""
        yield f"  filed  {FILES[filing.kind]}{to}{': ' + taken if taken else ''}{heard}"


def _theirs(happened: Rehearsal) -> Iterator[tuple[float, str]]:
    for at, act in happened.acts:
        yield at, f"                         the caller {said(act)}"


def _ours(texts: Texts, happened: Rehearsal) -> Iterator[tuple[float, str]]:
    told = {What.SPEECH, What.DIGIT, What.CALLER_HUNG_UP}  # the caller's own acts say it already
    for milestone in noticed(happened.journal):
        if milestone.what not in told:
            yield milestone.at, _said(texts, milestone)


def _said(texts: Texts, milestone: Milestone) -> str:
    line = f"{milestone.what} {milestone.detail}".rstrip()
    if milestone.what is not What.PLAY:
        return line
    return f"{line:<24} {texts[milestone.detail]}"
