"""A standard to be read aloud: what a caller hears, how long we listen, what happens then.

Rule: plain sentences, one for each thing that happens; names of procedures only where somebody has to type them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ari_app.call import Kind
from ari_app.callflow.texts import Texts
from ari_app.standard import Goto, Greeting, Ladder, Lead, Standard, Step, Take, Then

ENDS: Mapping[Then, str] = {
    Then.HANG_UP: "we hang up",
    Then.RELEASE: "the caller hangs up first",
    Then.QUEUE: "an agent",
    Then.URGENT: "an agent, before other callers",
    Then.SUPERVISOR: "a supervisor",
    Then.RESUME: "back to their agent",
    Then.TRANSFER: "the extension they asked for",
    Then.STAY: "nothing changes",
    Then.NEXT: "the next step",
}
WHEN: Mapping[str, str] = {
    "silence": "heard by us",
    "caller_key": "caller's key",
    "agent_key": "agent's key",
    "after_agent": "after the agent",
    "queue_exit": "the queue gave up",
    "late": "answered late",
    "notice": "while a notice is on",
    "hours": "by the clock",
    "supervisor": "supervisor",
    "schedule": "schedule",
    "procedure": "another procedure",
    "transfer": "after a transfer",
    "screening": "screening",
}
LANGUAGES: Mapping[str, str] = {"en": "English", "zh-CN": "Mandarin", "zh-HK": "Cantonese", "yue": "Cantonese"}
FILES: Mapping[Kind, str] = {
    Kind.CALLBACK: "a callback",
    Kind.MESSAGE: "a message",
    Kind.TICKET: "a ticket",
    Kind.ALERT: "an alert",
    Kind.SURVEY: "an answer to the survey",
}


def titled(ladder: Ladder) -> str:
    """What a procedure is called among people."""
    return ladder.title or ladder.name.replace("-", " ").capitalize()


def leads_to(standard: Standard, lead: Lead) -> str:
    """Where a word leads, in words."""
    if lead is not Then.RELEASE and (following := standard.procedure_of(lead)) is not None:
        return titled(following)
    return "?" if isinstance(lead, Goto) else ENDS.get(lead, lead.value)


def seconds(number: float) -> str:
    """A wait as people write it."""
    return f"{number:g} s"


def counted(names: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


# ------------------------------------------------------------------ a procedure


def ladder_aloud(standard: Standard, texts: Texts, ladder: Ladder) -> Iterator[str]:
    """One procedure: its title, its steps, its ends."""
    yield f"{titled(ladder)}  [{'; '.join(about(ladder))}]"
    for number, step in enumerate(ladder.steps, start=1):
        for i, line in enumerate(step_aloud(standard, texts, ladder, step)):
            yield f"  {number if i == 0 else '':>2}  {line}"
    yield f"      {ending_aloud(standard, ladder)}"


def about(ladder: Ladder) -> Iterator[str]:
    """Its name, its rules, and who sets it off."""
    yield ladder.name
    if ladder.rules:
        yield ", ".join(ladder.rules)
    if started := [
        f"{WHEN[word]} {ladder.agent_key}".strip() if word == "agent_key" else WHEN[word] for word in ladder.when
    ]:
        yield ", ".join(started)
    if ladder.clock:
        yield f"clock {ladder.clock}"


def step_aloud(standard: Standard, texts: Texts, ladder: Ladder, step: Step) -> Iterator[str]:
    """One step, a line for each thing that happens in it."""
    if step.file is not None:
        yield f"we file {FILES[step.file]}" + (f" for {step.to}" if step.to else "")
    if step.say is not None:
        said = texts[step.say.name]
        yield f"“{said.text}”"
        if said.english:
            yield f"  {said.english}"
    if step.take is not None:
        yield take_aloud(texts, step.take, step.wait)
    elif step.record:
        yield f"we record what they say, {seconds(step.record)} at most"
    elif step.wait:
        yield f"music for {seconds(step.wait)}" if step.music else f"we listen {seconds(step.wait)}"
    for key, lead in step.keys.items():
        yield f"{key} → {leads_to(standard, lead)}"
    if step.on_response is not None and step.on_response is not ladder.on_response:
        yield f"an answer → {leads_to(standard, step.on_response)}"


def take_aloud(texts: Texts, take: Take, wait: float) -> str:
    """Which keys are collected."""
    if take.most == 1:
        return f"we take one key of {', '.join(sorted(take.keys))} ({take.name}), within {seconds(wait)}"
    several = f"{take.least} to {take.most}" if take.least != take.most else str(take.most)
    back = f", read back: {texts[take.read_back.name]}" if take.read_back is not None else ""
    return f"we take {several} keys ({take.name}), {seconds(wait)} after the last{back}"


def ending_aloud(standard: Standard, ladder: Ladder) -> str:
    """How it ends: by itself, and when it is answered."""
    said = [f"then {leads_to(standard, ladder.then)}"]
    said += [f"{key} → {leads_to(standard, lead)}" for key, lead in ladder.keys.items()]
    if ladder.on_response is not Then.STAY and any(step.wait or step.say for step in ladder.steps):
        said.append(f"who answers → {leads_to(standard, ladder.on_response)}")
    return "; ".join(said)


# ------------------------------------------------------------------ the reception


def reception_aloud(standard: Standard, texts: Texts) -> Iterator[str]:
    """From the first ring to an agent, and after the agent."""
    desk = standard.desk
    for name, ladder in first_of_all(standard):
        yield f"{name} → {titled(ladder)}"
    yield from (f"{condition}: {texts[greeting.say.name]}" for condition, greeting in greetings(standard))
    yield f"{'else' if desk.greetings else 'a caller hears'}: {texts[desk.greeting.name]}"
    yield f"then we listen {seconds(desk.patience)}"
    yield f"says nothing → {titled(desk.silent)}"
    for key, what in caller_keys(standard):
        yield f"{key} → {what}"
    if desk.dials is not None:
        yield f"other digits dial an extension → {titled(desk.dials)}"
    yield f"speaks, or presses another key → {texts[desk.connecting.name]} → an agent"
    for name, ladder in after_queue(standard):
        yield f"{name} → {titled(ladder)}"


def first_of_all(standard: Standard) -> Iterator[tuple[str, Ladder]]:
    """What comes before the greeting, for some."""
    desk = standard.desk
    yield from ((f"while the notice “{name}” is on", ladder) for name, ladder in desk.notices.items())
    for what, ladder in (
        ("rung at lunch", desk.lunch),
        ("rung when closed", desk.closed),
        ("doubted by screening", desk.challenge),
    ):
        if ladder is not None:
            yield what, ladder


def greetings(standard: Standard) -> Iterator[tuple[str, Greeting]]:
    """Other greetings, with the callers they are for."""
    for greeting in standard.desk.greetings:
        yield counted(_conditions(standard, greeting)), greeting


def _conditions(standard: Standard, greeting: Greeting) -> Iterator[str]:
    if greeting.late:
        yield f"after {seconds(standard.desk.late_after)} of ringing"
    if greeting.caller:
        yield f"{greeting.caller} callers"
    if greeting.dialled:
        yield f"who rang {counted(greeting.dialled)}"
    if greeting.hours is not None:
        begin, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in greeting.hours)
        yield f"from {begin} to {end}"
    if greeting.days:
        yield f"on {counted(greeting.days)}"
    if not (greeting.late or greeting.caller or greeting.dialled or greeting.hours or greeting.days):
        yield "everybody"


def caller_keys(standard: Standard) -> Iterator[tuple[str, str]]:
    """What a caller's keys do in the greeting."""
    for language, choice in standard.choices.items():
        if choice.key:
            yield choice.key, f"the greeting in {LANGUAGES.get(language, language)}"
    for key, ladder in standard.desk.keys.items():
        yield key, titled(ladder)


def after_queue(standard: Standard) -> Iterator[tuple[str, Ladder]]:
    """Callers who come back to us from the queue, or from an extension."""
    desk = standard.desk
    yield "the agent hangs up first", desk.after_agent
    for exit_, ladder in desk.queue_exits.items():
        yield f"the queue gives them back: {exit_}", ladder
    yield "the queue gives them back", desk.no_agent
    yield f"the queue gives them back for the {ordinal(desk.queue_rounds)} time", desk.exhausted
    for what, after_transfer in (
        ("the extension is engaged", desk.busy),
        ("the extension does not answer", desk.no_answer),
    ):
        if after_transfer is not None:
            yield what, after_transfer


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th …"""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def hours_aloud(standard: Standard) -> Iterator[str]:
    """When somebody is there."""
    hours = standard.hours
    if hours is None:
        yield "always open"
        return
    for name, spans in (
        ("workdays", hours.workdays),
        ("Saturday", hours.saturday),
        ("Sunday", hours.sunday),
        ("lunch", hours.lunch),
    ):
        if spans or name != "lunch":
            yield f"{name}: {', '.join(str(span) for span in spans) or 'closed'}"
    if hours.holidays:
        yield f"holidays of {hours.holidays}: closed"
    yield f"by the clock of {hours.zone.key}"
