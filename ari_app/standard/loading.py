"""standard.yaml -> Standard, with every mistake a caller could stumble over named by file, line and path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from ari_app.call import Prompt, Slot
from ari_app.requests.clocks_file import clocks
from ari_app.standard import manners
from ari_app.standard.facts import (
    CONNECTING,
    GREETING,
    Choice,
    Desk,
    Goto,
    Greeting,
    Hearing,
    Ladder,
    Lead,
    QueueChoice,
    Standard,
    Step,
    Take,
    Then,
)
from ari_app.standard.file import GreetingFile, ProcedureFile, StandardFile, StepFile
from ari_app.standard.inheritance import Written
from ari_app.standard.recordings import lead_in_of, pieces_of, prompts_of
from ari_app.standard.words import choice_of, languages_of
from ari_app.yamlfile import Location

Thing = TypeVar("Thing")
DIGITS = frozenset("0123456789*")


def load(folder: Path) -> Standard:
    """The standard in `folder`, in all its languages, ready to answer a telephone.

    Raises BrokenStandard, one line with file, line and path, for anything a caller could stumble over.
    """
    written = Written(folder)
    whole = written.parse(StandardFile)
    own, *others = languages_of(folder)
    choices = {language: choice_of(folder, language)[1] for language in others}
    _check_keys(folder, choices, whole)
    spoken: dict[str, Standard] = {}
    for language in (own, *others):
        standard = _Loader(written, whole, language).standard()
        spoken[language] = replace(standard, languages=MappingProxyType(spoken), choices=MappingProxyType(choices))
    return spoken[own]


class _Loader:
    """One standard in one language."""

    def __init__(self, written: Written, whole: StandardFile, language: str) -> None:
        self.written, self.whole, self.language = written, whole, language
        self.prompts = prompts_of(written, whole, language)
        self.ladders: dict[str, Ladder] = {}

    def standard(self) -> Standard:
        whole, written = self.whole, self.written
        lead_in = lead_in_of(written, self.language)
        self.ladders.update({name: self._ladder(name, p) for name, p in whole.procedures.items()})
        needed = any(p.slots for p in self.prompts.values()) or any(
            step.record for ladder in self.ladders.values() for step in ladder.steps
        )
        pieces = pieces_of(written, self.language) if needed else {}
        standard = Standard(
            name=whole.standard, version=whole.version, language=self.language, folder=written.path.parent,
            title=whole.title, extends=tuple(folder.absolute().name for folder in written.folders[1:]),
            lead_in=lead_in, desk=self._desk(), procedures=MappingProxyType(self.ladders),
            prompts=MappingProxyType(self.prompts), pieces=MappingProxyType(pieces),
            known=MappingProxyType({name: value.text for name, value in whole.values.items()}),
            hearing=Hearing(whole.hearing.speech_minimum, whole.hearing.threshold),
            hours=None if whole.hours is None else whole.hours.hours(),
            clocks=MappingProxyType(dict(clocks(whole.clocks))), screening=whole.screening.fact(),
            kpis=MappingProxyType(dict(whole.kpis)), holds=MappingProxyType(dict(whole.holds)),
        )  # fmt: skip
        manners.check(written, standard)
        return standard

    # ------------------------------------------------------------------ the reception

    def _desk(self) -> Desk:
        desk = self.whole.reception
        return Desk(
            greeting=self._said("greeting"), connecting=self._said("connecting"), patience=desk.patience,
            keys=self._by_name("keys", desk.keys),
            silent=self._role("silent"), station=self._role("station"), after_agent=self._role("after_agent"),
            no_agent=self._role("no_agent"), exhausted=self._role("exhausted"), queue_rounds=desk.queue_rounds,
            greetings=tuple(self._greeting(i, greeting) for i, greeting in enumerate(desk.greetings)),
            internal_digits=desk.internal_digits, late_after=desk.late_after,
            queue_exits=self._by_name("queue_exits", desk.queue_exits),
            notices=self._by_name("notices", desk.notices),
            queues=tuple(QueueChoice(q.queue, tuple(q.dialled), q.language or "") for q in desk.queues),
            supervisors=desk.supervisors,
            rings_back=MappingProxyType({
                part: self._prompt(name, ("reception", "rings_back", part)) for part, name in desk.rings_back.items()
            }),
            lingers=self._maybe("lingers"), callback=self._maybe("callback"),
            message=self._maybe("message"), dials=self._maybe("dials"),
            busy=self._maybe("busy"), no_answer=self._maybe("no_answer"), lunch=self._maybe("lunch"),
            closed=self._maybe("closed"), challenge=self._maybe("challenge"),
            let_go=self._maybe("let_go"),
        )  # fmt: skip

    def _said(self, field: str) -> Prompt:
        return self._prompt(getattr(self.whole.reception, field), ("reception", field))

    def _role(self, field: str) -> Ladder:
        return self._named(self.ladders, getattr(self.whole.reception, field), ("reception", field), "procedure")

    def _maybe(self, field: str) -> Ladder | None:
        return None if getattr(self.whole.reception, field) is None else self._role(field)

    def _by_name(self, field: str, names: Mapping[Any, str]) -> Mapping[str, Ladder]:
        return MappingProxyType(
            {
                key: self._named(self.ladders, name, ("reception", field, key), "procedure")
                for key, name in names.items()
            }
        )

    def _greeting(self, i: int, written: GreetingFile) -> Greeting:
        hours = None
        if written.from_ is not None and written.to is not None:
            hours = (_minutes(written.from_), _minutes(written.to))
        return Greeting(
            self._prompt(written.say, ("reception", "greetings", i, "say")), written.late, tuple(written.dialled),
            written.caller or "", hours, tuple(written.days),
        )  # fmt: skip

    # ------------------------------------------------------------------ procedures

    def _ladder(self, name: str, written: ProcedureFile) -> Ladder:
        where = ("procedures", name)
        if name in (GREETING, CONNECTING):
            raise self.written.complaint(where, "this name is taken by a place of the reception")
        then = self._lead(written.then, (*where, "then"))
        if then in (Then.STAY, Then.NEXT):
            raise self.written.complaint((*where, "then"), f"a ladder cannot end with `{then}`")
        if written.clock is not None and written.clock not in self.whole.clocks:
            raise self.written.complaint((*where, "clock"), f"there is no clock {written.clock!r} under `clocks`")
        ladder = Ladder(
            name=name,
            steps=tuple(self._step(step, (*where, "steps", i)) for i, step in enumerate(written.steps)),
            then=then,
            on_response=self._lead(written.on_response, (*where, "on_response")),
            keys=self._leads(written.keys, (*where, "keys")),
            rules=_several(written.rule), title=written.title, when=_several(written.when),
            agent_key=written.agent_key or "", clock=written.clock or "", queue=written.queue or "",
        )  # fmt: skip
        manners.check_ladder(self.written, ladder, for_nuisances=name == self.whole.reception.let_go)
        return ladder

    def _step(self, written: StepFile, where: Location) -> Step:
        if written.say is None and not (written.wait or written.take or written.record or written.file):
            raise self.written.complaint(where, "does nothing: it says nothing, waits for nothing and files nothing")
        take = None
        if written.take is not None and not written.wait:
            raise self.written.complaint((*where, "wait"), "nobody could press a key: a `take` needs seconds to wait")
        if written.take is not None:
            keys = frozenset(written.take.one_of) if written.take.one_of else DIGITS - {"*"}
            most = 1 if written.take.one_of else written.take.most
            back = written.take.read_back
            read_back = None if back is None else self._prompt(back, (*where, "take", "read_back"))
            if read_back is not None and written.take.name not in _slots(read_back):
                what = f"does not say {{{written.take.name}}}: the caller would not hear what was taken"
                raise self.written.complaint((*where, "take", "read_back"), what)
            take = Take(written.take.name, min(written.take.least, most), most, keys, read_back, written.take.tries)
        return Step(
            say=None if written.say is None else self._prompt(written.say, (*where, "say")),
            wait=written.wait, music=written.music, take=take, record=written.record or 0.0,
            file=written.file, to=written.to,
            on_response=None if written.on_response is None else self._lead(
                written.on_response, (*where, "on_response")
            ),
            keys=self._leads(written.keys, (*where, "keys")),
        )  # fmt: skip

    def _leads(self, written: Mapping[str, str], where: Location) -> Mapping[str, Lead]:
        return MappingProxyType({key: self._lead(word, (*where, key)) for key, word in written.items()})

    def _lead(self, word: str, where: Location) -> Lead:
        """What a word leads to: an ending, a role of the reception, or another procedure."""
        if word in set(Then):
            then = Then(word)
            if then in (Then.CALLBACK, Then.MESSAGE) and getattr(self.whole.reception, then.value) is None:
                raise self.written.complaint(where, f"no procedure is named `{then}` in the reception")
            return then
        if word not in self.whole.procedures:
            known = ", ".join([*sorted(Then), *sorted(self.whole.procedures)])
            raise self.written.complaint(where, f"there is no ending and no procedure {word!r}; there are {known}")
        return Goto(word)

    def _prompt(self, name: str, where: Location) -> Prompt:
        return self._named(self.prompts, name, where, "prompt")

    def _named(self, known: Mapping[str, Thing], name: str, where: Location, kind: str) -> Thing:
        if name not in known:
            what = f"there is no {kind} {name!r}; there are {', '.join(sorted(known))}"
            raise self.written.complaint(where, what)
        return known[name]


def _slots(prompt: Prompt) -> set[str]:
    return {slot.name for slot in prompt.slots if isinstance(slot, Slot)}


def _several(written: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(written.split()) if isinstance(written, str) else tuple(written)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _check_keys(folder: Path, choices: Mapping[str, Choice], whole: StandardFile) -> None:
    """A key means one thing."""
    taken = dict.fromkeys(whole.reception.keys, f"the key of {whole.standard}'s reception")
    for language, choice in choices.items():
        if choice.key in taken:
            file, _ = choice_of(folder, language)
            raise file.complaint(("chosen_by", "key"), f"{choice.key!r} is already {taken[choice.key]}")
        if choice.key:
            taken[choice.key] = f"the key of {language}"
