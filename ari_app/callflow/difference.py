"""How one standard differs from another, in words.

Rule: a difference is told once, where a caller would notice it: at the greeting, in a wait, in a sentence, at an end.
"""

from __future__ import annotations

from collections.abc import Iterator

from ari_app.callflow.aloud import (
    after_queue,
    caller_keys,
    ending_aloud,
    first_of_all,
    greetings,
    hours_aloud,
    seconds,
    step_aloud,
    titled,
)
from ari_app.callflow.texts import Texts, texts_of
from ari_app.standard import Ladder, Standard, Step


def differences(old: Standard, new: Standard) -> dict[str, list[str]]:
    """Heading -> what is different in `new`; nothing where nothing is."""
    said = texts_of(old), texts_of(new)
    found = {
        "Reception": list(_reception(old, new, said)),
        "Sentences": list(_sentences(*said)),
        "Procedures": list(_procedures(old, new, said)),
        f"Only in {old.name}": [_named(ladder) for ladder in _missing(old, new)],
        f"Only in {new.name}": [_named(ladder) for ladder in _missing(new, old)],
    }
    return {heading: lines for heading, lines in found.items() if lines}


def _named(ladder: Ladder) -> str:
    return f"{ladder.name}: {titled(ladder)}"


def _missing(here: Standard, there: Standard) -> list[Ladder]:
    return [ladder for name, ladder in here.procedures.items() if name not in there.procedures]


def _reception(old: Standard, new: Standard, said: tuple[Texts, Texts]) -> Iterator[str]:
    if old.desk.greeting.name != new.desk.greeting.name:
        yield f"greets with {said[1][new.desk.greeting.name]}, not {said[0][old.desk.greeting.name]}"
    if old.desk.patience != new.desk.patience:
        yield f"listens {seconds(new.desk.patience)} after the greeting, not {seconds(old.desk.patience)}"
    yield from _compared(_desk(old, said[0]), _desk(new, said[1]))
    before, after = list(hours_aloud(old)), list(hours_aloud(new))
    if before != after:
        yield f"hours: {'; '.join(after)}; not {'; '.join(before)}"


def _desk(standard: Standard, texts: Texts) -> dict[str, str]:
    """What there is at a reception, each with what it leads to."""
    found = {name: ladder.name for name, ladder in (*first_of_all(standard), *after_queue(standard))}
    found |= {f"key {key}": what for key, what in caller_keys(standard)}
    found |= {f"greeting, {name}": str(texts[greeting.say.name]) for name, greeting in greetings(standard)}
    if standard.desk.dials is not None:
        found["other digits"] = standard.desk.dials.name
    return found | {"says nothing": standard.desk.silent.name}


def _compared(old: dict[str, str], new: dict[str, str]) -> Iterator[str]:
    for name, what in new.items():
        if name not in old:
            yield f"{name} → {what} (new)"
        elif old[name] != what:
            yield f"{name} → {what}, not {old[name]}"
    yield from (f"{name} → {what} is gone" for name, what in old.items() if name not in new)


def _sentences(old: Texts, new: Texts) -> Iterator[str]:
    for name, said in new.said.items():
        if name in old.said and old.said[name].text != said.text:
            yield f"{name}: “{said.text}”, not “{old.said[name].text}”"


def _procedures(old: Standard, new: Standard, said: tuple[Texts, Texts]) -> Iterator[str]:
    for name, ladder in new.procedures.items():
        if name in old.procedures:
            for line in _ladder(old, new, said, old.procedures[name], ladder):
                yield f"{name}: {line}"


def _ladder(old: Standard, new: Standard, said: tuple[Texts, Texts], was: Ladder, is_: Ladder) -> Iterator[str]:
    for number, (before, after) in enumerate(zip(was.steps, is_.steps, strict=False), start=1):
        yield from (f"step {number} {line}" for line in _step(said, before, after))
    for number in range(len(was.steps) + 1, len(is_.steps) + 1):
        told = (line.strip() for line in step_aloud(new, said[1], is_, is_.steps[number - 1]))
        yield f"step {number} is new: {'; '.join(told)}"
    if len(was.steps) > len(is_.steps):
        yield f"ends after step {len(is_.steps)}, not {len(was.steps)}"
    if (ended := ending_aloud(old, was)) != (ends := ending_aloud(new, is_)):
        yield f"{ends}; not: {ended}"
    if was.agent_key != is_.agent_key:
        yield f"an agent's key {is_.agent_key or '(none)'}, not {was.agent_key or '(none)'}"


def _step(said: tuple[Texts, Texts], was: Step, is_: Step) -> Iterator[str]:
    if _name(was) != _name(is_):
        yield f"says {_said(said[1], is_)}, not {_said(said[0], was)}"
    if was.wait != is_.wait or was.music != is_.music:
        yield f"waits {_wait(is_)}, not {_wait(was)}"
    for what, before, after in (
        ("takes", _taken(was), _taken(is_)),
        ("records", seconds(was.record) if was.record else "nothing", seconds(is_.record) if is_.record else "nothing"),
        ("files", was.file or "nothing", is_.file or "nothing"),
    ):
        if before != after:
            yield f"{what} {after}, not {before}"
    if (was.keys, was.on_response) != (is_.keys, is_.on_response):
        yield "heeds other answers"


def _name(step: Step) -> str:
    return "" if step.say is None else step.say.name


def _wait(step: Step) -> str:
    return seconds(step.wait) + (" with music" if step.music else "")


def _taken(step: Step) -> str:
    return "nothing" if step.take is None else f"{step.take.name}, {step.take.least} to {step.take.most} keys"


def _said(texts: Texts, step: Step) -> str:
    return "nothing" if step.say is None else f"“{texts[step.say.name].text}”"
