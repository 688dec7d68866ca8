"""A journal becomes a record: `fold` reads the milestones of one stint in order, and never fails.

Rule 1: pure. What it needs to know (who, when, by which standard) is handed in; it reads no clock and no file.
Rule 2: whatever a journal holds, a record comes of it: one that cannot be written tells nobody of a lost call.
Rule 3: what a caller sends is cut to length, freed of control characters, and kept as the settings say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ari_app.call import Arrival
from ari_app.journal import Milestone, Place
from ari_app.records.facts import TOLERANCE, Broken, CallRecord, Cut, End, Entered, Heard, Note, Said, Stint, Waited
from ari_app.records.prescriptions import NONE, Prescriptions
from ari_app.records.settings import Numbers, RecordsSettings

LONGEST = 120
"""Characters kept of any one word that comes from outside."""
AGES = 1e12
"""Seconds beyond which a moment is none: sums of two such are still finite."""
KEYS_SHOWN = 3
"""Keys in a row that may be a choice; more of them are a number."""


def fold(
    journal: Iterable[Milestone],
    *,
    call_id: str,
    worker: str,
    began: float,
    arrival: Arrival,
    standard: str = "",
    version: int = 0,
    language: str = "",
    prescriptions: Prescriptions = NONE,
    settings: RecordsSettings | None = None,
    verdict: str = "",
    rang: float | None = None,
) -> CallRecord:
    """The record of one stint: a caller who reached us at `began` (seconds since 1970, UTC), until they left us.

    `rang` is how many seconds the call rang before it reached us, where the PBX told it. A stint is known by its
    worker and its beginning: folded twice, it is the same.
    """
    settings = settings or RecordsSettings()
    reading = _Reading(prescriptions)
    for milestone in journal:
        reading.read(milestone)
    reading.leave()
    clear = settings.numbers is Numbers.CLEAR
    answered = reading.answered
    stint = Stint(
        id=f"{clean(worker)}-{int(_finite(began) * 1e6):x}",
        worker=clean(worker),
        began=_finite(began),
        lasted=reading.now,
        door=str(arrival.door),
        number=settings.kept(arrival.number),
        dialled=clean(arrival.dialled),
        procedure=clean(arrival.procedure),
        queue_status=clean(arrival.queue_status),
        dial_status=clean(str(getattr(arrival, "dial_status", ""))),
        language=clean(reading.language or language or arrival.language),
        standard=clean(standard),
        version=version,
        verdict=clean(verdict),
        rang=None if answered is None else answered + max(_finite(rang or 0.0), 0.0),
        procedures=tuple(reading.procedures),
        prompts=tuple(reading.prompts),
        waits=tuple(reading.waits),
        heard=tuple(reading.heard if clear else _masked(reading.heard, reading.spans)),
        notes=tuple(reading.notes if clear else [replace(n, detail=_no_number(n.detail)) for n in reading.notes]),
        end=reading.end,
        queue=reading.queue,
        permitted=reading.permitted,
    )
    return CallRecord(clean(call_id), (stint,))


def clean(text: str) -> str:
    """Text from outside: no control characters, no half characters, not endless."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text)[:LONGEST])


@dataclass(slots=True)
class _Reading:
    """What is known after each milestone."""

    prescriptions: Prescriptions
    now: float = 0.0
    answered: float | None = None
    place: Place | None = None
    language: str = ""
    queue: str = ""
    end: End = End.UNFINISHED
    permitted: bool = False
    procedures: list[Entered] = field(default_factory=list)
    prompts: list[Said] = field(default_factory=list)
    waits: list[Waited] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    spans: list[int] = field(default_factory=list)  # in how manieth place each thing was heard
    notes: list[Note] = field(default_factory=list)
    _places: int = 0
    _saying: tuple[float, str] | None = None  # since when, which prompt
    _quiet: float | None = None  # since when we have been listening by the standard

    def read(self, milestone: Milestone) -> None:
        """One milestone more. Words this fold does not know are noted as they are."""
        self.now = max(self.now, _finite(milestone.at))
        detail = clean(milestone.detail)
        match str(milestone.what):
            case "answer":
                self.answered = self.now if self.answered is None else self.answered
            case "enter":
                self._enter(detail)
            case "play":
                self._said(Cut.LEFT)
                self._saying, self._quiet = (self.now, detail), None
            case "played":
                self._said(Cut.PLAYED)
                self._quiet = self.now
            case "interrupted":
                self._said(Cut.INTERRUPTED)
            case "failed":
                self._said(Cut.FAILED)
                self._quiet = self.now
                self.notes.append(Note(self.now, "failed", detail))
            case "speech":
                self._hear("speech")
            case "digit":
                self._hear(detail)
            case "silence":
                self._wait(Broken.SILENCE)
                self._quiet = self.now
            case "hand off":
                self._leave_for(detail)
            case "hang up":
                self.permitted = self._may_hang_up()
                self._end(End.HUNG_UP)
            case "refuse":
                self._end(End.REFUSED)
            case "caller hung up":
                self._end(End.CALLER_HUNG_UP)
            case "rescued":
                self.end = End.RESCUED  # whatever we were about to do: this is what happened
            case "cut":
                self.end = End.CUT  # and nobody was rescued, nor did they hang up
            case "language":
                self.language = detail
            case other:
                self.notes.append(Note(self.now, clean(other), detail))

    def leave(self) -> None:
        """Nothing more comes."""
        self._said(Cut.LEFT)
        if self.end in (End.CALLER_HUNG_UP, End.CUT, End.UNFINISHED):
            self._wait(Broken.LEFT)

    def _enter(self, detail: str) -> None:
        procedure, _, step = detail.rpartition(" ")
        place = Place(procedure, int(step)) if procedure and step.isdecimal() and len(step) < 9 else Place(detail)
        if self.place is None or place.procedure != self.place.procedure or place.step <= self.place.step:
            known = self.prescriptions.procedures.get(place.procedure)
            waits = sum(other.procedure == place.procedure for other in self.prescriptions.waits)
            self.procedures.append(Entered(self.now, place.procedure, known.rules if known else (), waits))
        self.place, self._quiet = place, None
        self._places += 1

    def _said(self, end: Cut) -> None:
        if self._saying is None:
            return
        (since, name), self._saying = self._saying, None
        rule = self.prescriptions.sentences.get(name, "")
        place = self.place or Place("", 0)
        self.prompts.append(Said(since, self.now, name, end, place.procedure, place.step, rule))

    def _hear(self, what: str) -> None:
        self.heard.append(Heard(self.now, what))
        self.spans.append(self._places)
        self._wait(Broken.ANSWERED)

    def _wait(self, end: Broken) -> None:
        """The standard's wait of this place is over, if we were in it; once, however often the caller speaks."""
        since, self._quiet = self._quiet, None
        prescribed = self.prescriptions.waits.get(self.place) if self.place else None
        if since is None or prescribed is None or self.place is None or self._saying is not None:
            return
        known = self.prescriptions.procedures.get(self.place.procedure)
        measured = round(self.now - since, 3)
        rules = known.rules if known else ()
        self.waits.append(Waited(since, self.place.procedure, self.place.step, rules, prescribed, measured, end))

    def _leave_for(self, where: str) -> None:
        self.queue = "" if where == "extension" else where
        self._end(End.TRANSFERRED if where == "extension" else End.QUEUED)

    def _end(self, end: End) -> None:
        """The first end counts: who is hung up on has not hung up."""
        if self.end is End.UNFINISHED:
            self.end = end

    def _may_hang_up(self) -> bool:
        """CON-06, no_direct_hangup: only at the end of a procedure that hangs up, after its last wait has passed."""
        if self.place is None or not self.waits:
            return False
        procedure, last = self.prescriptions.procedures.get(self.place.procedure), self.waits[-1]
        return (
            procedure is not None
            and procedure.hangs_up
            and self.place.step == procedure.steps
            and (last.procedure, last.step) == (self.place.procedure, self.place.step)
            and last.end is Broken.SILENCE
            and last.measured >= last.prescribed - TOLERANCE
        )


def _finite(moment: float) -> float:
    return moment if abs(moment) < AGES else 0.0  # neither is what is no number


def _masked(heard: list[Heard], spans: list[int]) -> list[Heard]:
    """Many keys in one place are a number, and are not kept; a few are choices."""
    keys: dict[int, int] = {}
    for what, span in zip(heard, spans, strict=True):
        keys[span] = keys.get(span, 0) + (what.what != "speech")
    return [
        replace(what, what="•") if what.what != "speech" and keys[span] > KEYS_SHOWN else what
        for what, span in zip(heard, spans, strict=True)
    ]


def _no_number(detail: str) -> str:
    return re.sub(r"\d{4,}", lambda run: "•" * len(run[0]), detail)
