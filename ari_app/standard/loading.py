"""standard.yaml -> Standard, with every mistake a caller could stumble over named by file, line and path."""

from __future__ import annotations

import wave
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from ari_app.call import Prompt
from ari_app.errors import BrokenStandard
from ari_app.standard.facts import (
    CONNECTING,
    GREETING,
    LEAD_IN,
    MINIMUM_CONFIRMATIONS,
    Choice,
    Hearing,
    Ladder,
    Standard,
    Step,
    Then,
)
from ari_app.standard.file import ProcedureFile, StandardFile
from ari_app.standard.words import languages_of, sentences, words_file
from ari_app.yamlfile import YamlFile

Thing = TypeVar("Thing")


def load(folder: Path) -> Standard:
    """The standard in `folder`, in all its languages, ready to answer a telephone.

    Raises BrokenStandard, one line with file, line and path, for anything a caller could stumble over.
    """
    file = YamlFile(folder / "standard.yaml", BrokenStandard)
    written = file.parse(StandardFile)
    own, *others = languages_of(folder)
    choices = {language: _choice(folder, language) for language in others}
    _check_keys(folder, choices, written)
    spoken: dict[str, Standard] = {}
    for language in (own, *others):
        standard = _in_language(file, written, language)
        spoken[language] = replace(standard, languages=MappingProxyType(spoken), choices=MappingProxyType(choices))
    return spoken[own]


def _in_language(file: YamlFile, written: StandardFile, language: str) -> Standard:
    folder = file.path.parent
    sentences(folder, language)
    prompts = {name: _prompt(file, written, language, name, ("prompts", name)) for name in written.prompts}
    lead_in = _prompt(file, written, language, LEAD_IN, ("prompts",))
    ladders = {name: _ladder(file, prompts, name, p) for name, p in written.procedures.items()}
    desk = written.reception

    def said(field: str) -> Prompt:
        return _named(file, prompts, getattr(desk, field), ("reception", field), "prompt")

    def ladder(field: str) -> Ladder:
        return _named(file, ladders, getattr(desk, field), ("reception", field), "procedure")

    standard = Standard(
        name=written.standard, version=written.version, language=language, folder=folder,
        lead_in=lead_in, greeting=said("greeting"), connecting=said("connecting"), patience=desk.patience,
        keys=MappingProxyType({
            key: _named(file, ladders, name, ("reception", "keys", key), "procedure")
            for key, name in desk.keys.items()
        }),
        silent=ladder("silent"), station=ladder("station"), after_agent=ladder("after_agent"),
        no_agent=ladder("no_agent"), exhausted=ladder("exhausted"), queue_rounds=desk.queue_rounds,
        procedures=MappingProxyType(ladders), prompts=MappingProxyType(prompts),
        hearing=Hearing(written.hearing.speech_minimum, written.hearing.threshold),
    )  # fmt: skip
    _check_manners(file, standard)
    return standard


def _prompt(file: YamlFile, written: StandardFile, language: str, name: str, where: tuple[str, ...]) -> Prompt:
    recording = file.path.parent / language / f"{name}.wav"
    mend = f"run `hotline prompts build {file.path.parent}`"
    try:
        with wave.open(str(recording)) as wav:
            shape = (wav.getframerate(), wav.getnchannels(), wav.getsampwidth())
            promised = wav.getnframes() * wav.getnchannels() * wav.getsampwidth()
            whole = len(wav.readframes(wav.getnframes())) == promised
            seconds = wav.getnframes() / wav.getframerate()
    except FileNotFoundError:
        raise file.complaint(where, f"has no recording {recording}; {mend}") from None
    except (OSError, EOFError, wave.Error) as problem:
        raise file.complaint(where, f"recording {recording} cannot be read ({problem}); {mend}") from None
    if shape != (8000, 1, 2):
        raise file.complaint(where, f"recording {recording} is not 8 kHz mono 16-bit; {mend}")
    if not whole:  # we would wait for the end of what nobody hears
        raise file.complaint(where, f"recording {recording} is shorter than its header says; {mend}")
    if not seconds:
        raise file.complaint(where, f"recording {recording} is empty; {mend}")
    return Prompt(name, seconds, f"{written.standard}/{language}/{name}", language)


def _ladder(file: YamlFile, prompts: Mapping[str, Prompt], name: str, written: ProcedureFile) -> Ladder:
    where = ("procedures", name)
    if name in (GREETING, CONNECTING):
        raise file.complaint(where, "this name is taken by a place of the reception")
    if written.then is Then.STAY:
        raise file.complaint((*where, "then"), "a ladder cannot end with `stay`")
    steps = tuple(
        Step(_named(file, prompts, step.say, (*where, "steps", i, "say"), "prompt"), step.wait)
        for i, step in enumerate(written.steps)
    )
    if written.then is Then.HANG_UP and written.on_response is Then.STAY:
        raise file.complaint((*where, "on_response"), "who answers before we hang up must be able to go on (CON-04)")
    if written.then is Then.HANG_UP and not steps[-1].wait:
        what = "we never hang up without a wait after the last prompt (S000-35)"
        raise file.complaint((*where, "steps", len(steps) - 1, "wait"), what)
    return Ladder(name, steps, written.then, written.on_response, MappingProxyType(dict(written.keys)), written.rule)


def _named(file: YamlFile, known: Mapping[str, Thing], name: str, where: tuple[int | str, ...], kind: str) -> Thing:
    if name not in known:
        raise file.complaint(where, f"there is no {kind} {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


def _check_manners(file: YamlFile, standard: Standard) -> None:
    silent = standard.silent
    if silent.then is Then.HANG_UP and len(silent.steps) <= MINIMUM_CONFIRMATIONS:
        what = (
            f"a silent caller is asked at least {MINIMUM_CONFIRMATIONS} times before the farewell (S000-03, S004-M10)"
        )
        raise file.complaint(("procedures", silent.name, "steps"), what)
    station, after_agent = standard.station, standard.after_agent
    for ladder, ways_round in (
        (station, {Then.STATION}),
        (after_agent, {Then.RELEASE, Then.STATION} if station.then is Then.RELEASE else {Then.RELEASE}),
    ):
        if ladder.then in ways_round:
            raise file.complaint(("procedures", ladder.name, "then"), f"leads to {ladder.name!r} again, for ever")


def _choice(folder: Path, language: str) -> Choice:
    chosen = words_file(folder, language)[1].chosen_by
    return Choice(chosen.key or "", tuple(chosen.dialled), tuple(chosen.callers))


def _check_keys(folder: Path, choices: Mapping[str, Choice], written: StandardFile) -> None:
    """A key means one thing."""
    taken = dict.fromkeys(written.reception.keys, f"the key of {written.standard}'s reception")
    for language, choice in choices.items():
        if choice.key in taken:
            file, _ = words_file(folder, language)
            raise file.complaint(("chosen_by", "key"), f"{choice.key!r} is already {taken[choice.key]}")
        if choice.key:
            taken[choice.key] = f"the key of {language}"
