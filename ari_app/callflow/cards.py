"""One procedure as a card: who sets it off, what is said, how long we wait, and the coloured chips it ends in.

Rule: a card is read from top to bottom as the caller lives through it; colours mean where the caller goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ari_app.callflow.aloud import FILES, leads_to, seconds, titled
from ari_app.callflow.svg import Canvas, width, wrapped
from ari_app.callflow.texts import Texts
from ari_app.standard import Goto, Ladder, Lead, Standard, Step, Take, Then

CARD = 264.0
"""Width of a card in pixels."""
PAD = 14.0
INNER = CARD - 2 * PAD
HANZI, LATIN, SMALL = 13.0, 11.0, 10.5

COLOURS: Mapping[str, tuple[str, str]] = {
    Then.HANG_UP: ("#b3372f", "we hang up"),
    Then.RELEASE: ("#a06a12", "the caller hangs up first"),
    Then.QUEUE: ("#2c7a4b", "an agent"),
    Then.URGENT: ("#1d5c36", "an agent, first in line"),
    Then.SUPERVISOR: ("#c2571a", "a supervisor"),
    Then.RESUME: ("#21758a", "back to their agent"),
    Then.TRANSFER: ("#2f62b5", "an extension"),
    Then.STATION: ("#6d4aa3", "the automated station"),
    Then.CALLBACK: ("#4a50b8", "a callback"),
    Then.MESSAGE: ("#4a50b8", "a message"),
    Then.NEXT: ("#8a8f96", "the next step"),
    "procedure": ("#56606b", "another procedure"),
}
"""Where a caller goes, as a colour and a word."""


def class_of(lead: Lead) -> str:
    """The style of a chip."""
    return f"go-{'procedure' if isinstance(lead, Goto) else lead.value.replace('_', '-')}"


def card(standard: Standard, texts: Texts, ladder: Ladder) -> Canvas:
    """The whole card of a procedure."""
    body = Canvas(CARD)
    y = _head(body, ladder)
    y = _promise(body, standard, ladder, y)
    for i, step in enumerate(ladder.steps):
        y = _step(body, standard, texts, ladder, step, y, first=i == 0)
    y = _end(body, standard, ladder, y)
    y = _ways_out(body, standard, ladder, y)
    return framed(body, y + PAD, "card")


def framed(body: Canvas, height: float, style: str) -> Canvas:
    """A drawing on a card of its own."""
    whole = Canvas(body.width, height)
    whole.rect(0.5, 0.5, body.width - 1, height - 1, style, 12)
    whole.shapes += body.shapes
    return whole


def _head(body: Canvas, ladder: Ladder) -> float:
    keys = keycap(ladder.agent_key) if ladder.agent_key else None
    room = INNER - (keys.width + 8 if keys else 0)
    if keys:
        body.place(keys, CARD - PAD - keys.width, PAD - 2)
    y = body.lines(PAD, PAD - 3, wrapped(titled(ladder), 13.5, room), "title", 17)
    named = " · ".join((ladder.name, *ladder.rules))
    return body.lines(PAD, y, wrapped(named, SMALL, room if y < PAD + 18 else INNER), "dim", 14) + 8


def _step(
    body: Canvas, standard: Standard, texts: Texts, ladder: Ladder, step: Step, y: float, *, first: bool
) -> float:
    if not first:
        y = _rail(body, y, 8)
    if step.file is not None:
        y = _note(body, y, "flag", f"files {FILES[step.file]}" + (f" for {step.to}" if step.to else ""))
        if step.say is not None or step.wait:
            y = _rail(body, y, 6)
    if step.say is not None:
        y = bubble(body, texts, step.say.name, PAD, y, INNER)
    if step.take is not None:
        y = _note(body, _rail(body, y, 6), "pad", _keys_taken(step.take, step.wait))
        if step.take.read_back is not None:
            y = bubble(body, texts, step.take.read_back.name, PAD + 14, _rail(body, y, 6), INNER - 14)
    elif step.record:
        y = _note(body, _rail(body, y, 6), "dot", f"records the caller, {seconds(step.record)} at most")
    elif step.wait:
        y = _wait(body, _rail(body, y, 5), step)
    for key, lead in step.keys.items():
        y = _way(body, standard, y + 5, lead, key=key)
    if step.on_response not in (None, Then.STAY, ladder.on_response):
        y = _way(body, standard, y + 5, step.on_response, words="answers")
    return y


def bubble(body: Canvas, texts: Texts, name: str, x: float, y: float, room: float) -> float:
    """A sentence in a bubble, English beneath it; where it ends."""
    said = texts[name]
    hanzi = wrapped(said.text, HANZI, room - 20)
    latin = wrapped(said.english, LATIN, room - 20)
    high = 9 + 18 * len(hanzi) + (3 + 14.5 * len(latin) if latin else 0) + 7
    body.rect(x, y, room, high, "bubble", 9)
    below = body.lines(x + 10, y + 8, hanzi, "said", 18)
    body.lines(x + 10, below + 3, latin, "english", 14.5)
    return y + high


def _rail(body: Canvas, y: float, length: float) -> float:
    body.path(f"M{CARD / 2:g} {y:g}V{y + length:g}", "rail")
    return y + length


def _wait(body: Canvas, y: float, step: Step) -> float:
    words = ("music " if step.music else "") + seconds(step.wait)
    w = width(words, 11.5) + 34
    x = (CARD - w) / 2
    body.rect(x, y, w, 22, "music" if step.music else "wait", 11)
    if step.music:
        _note_of_music(body, x + 14, y + 11)
    else:
        _clock(body, x + 14, y + 11)
    body.text(x + 25, y + 15.2, words, "pill")
    return y + 22


def _note(body: Canvas, y: float, icon: str, words: str) -> float:
    lines = wrapped(words, LATIN, INNER - 40)
    high = 8 + 14.5 * len(lines) + 4
    body.rect(PAD, y, INNER, high, "note", 7)
    {"flag": _flag, "pad": _pad, "dot": _dot, "clock": _clock}[icon](body, PAD + 14, y + high / 2)
    body.lines(PAD + 28, y + 5, lines, "noted", 14.5)
    return y + high


def _keys_taken(take: Take, wait: float) -> str:
    if take.most == 1:
        return f"takes one key of {''.join(sorted(take.keys))} as {take.name}"
    several = f"{take.least}–{take.most}" if take.least != take.most else f"{take.most}"
    back = ", reads them back" if take.read_back is not None else ""
    return f"takes {several} keys as {take.name}, {seconds(wait)} after the last{back}"


def _promise(body: Canvas, standard: Standard, ladder: Ladder, y: float) -> float:
    """The clock that runs for what is filed on the way."""
    clock = standard.clocks.get(ladder.clock)
    if clock is None:
        return y
    within = f"within {lasting(clock.minutes)}" if clock.minutes else "as soon as can be"
    return _rail(body, _note(body, y, "clock", f"{clock.stops or ladder.clock}: {within}"), 6)


def lasting(minutes: float) -> str:
    """`10 min`, `2 h`, `3 days`."""
    if minutes >= 2 * 1440 and not minutes % 1440:
        return f"{minutes / 1440:g} days"
    return f"{minutes / 60:g} h" if minutes >= 60 else f"{minutes:g} min"


# ------------------------------------------------------------------ where they go


def _end(body: Canvas, standard: Standard, ladder: Ladder, y: float) -> float:
    """Where they go who do nothing."""
    words = "" if not any(step.wait for step in ladder.steps) else "either way" if _same(ladder) else "no answer"
    if ladder.on_response is Then.STAY:
        words = ""
    to = chip(standard, ladder.then, INNER)
    body.arrow([(CARD / 2, y), (CARD / 2, y + 18)], "arrow")
    body.text(CARD / 2 + 10, y + 12.5, words, "dim")
    _put(body, standard, ladder.then, to, (CARD - to.width) / 2, y + 20)
    return y + 20 + to.height


def _same(ladder: Ladder) -> bool:
    return ladder.on_response == ladder.then


def _ways_out(body: Canvas, standard: Standard, ladder: Ladder, y: float) -> float:
    """Where they go who answer, at any time."""
    ways: list[tuple[Lead, str, str]] = [(lead, key, "") for key, lead in ladder.keys.items()]
    heard = any(step.wait or step.say is not None for step in ladder.steps)
    if heard and ladder.on_response is not Then.STAY and not _same(ladder):
        ways.append((ladder.on_response, "", "answers"))
    if not ways:
        return y
    y += 12
    body.path(f"M{PAD:g} {y:g}H{CARD - PAD:g}", "rule")
    y += 2
    for lead, key, words in ways:
        y = _way(body, standard, y + 6, lead, key=key, words=words)
    return y


def _way(body: Canvas, standard: Standard, y: float, lead: Lead, key: str = "", words: str = "") -> float:
    """A labelled arrow to a chip: a key, or what the caller does."""
    x = PAD
    if key:
        cap = keycap(key)
        body.place(cap, x, y + 1)
        x += cap.width + 6
    else:
        body.text(x, y + 15, words, "noted")
        x += width(words, LATIN) + 6
    to = chip(standard, lead, CARD - PAD - x - 24)
    body.arrow([(x, y + 11), (x + 18, y + 11)], "arrow")
    _put(body, standard, lead, to, x + 24, y)
    return y + 22


def _put(body: Canvas, standard: Standard, lead: Lead, to: Canvas, x: float, y: float) -> None:
    following = standard.procedure_of(lead)
    if following is None:
        body.place(to, x, y)
    else:
        body.link(following.name, to, x, y)


def chip(standard: Standard, lead: Lead, room: float) -> Canvas:
    """A coloured chip that says where the caller goes."""
    words = leads_to(standard, lead)
    while width(words, 11.5) + 20 > room:
        words = words.rstrip("…")[:-1].rstrip() + "…"
    to = Canvas(width(words, 11.5) + 20, 22)
    to.rect(0, 0, to.width, 22, class_of(lead), 11)
    to.text(to.width / 2, 15.2, words, "chip", "middle")
    return to


def keycap(key: str) -> Canvas:
    """A key of a telephone."""
    cap = Canvas(max(22.0, width(key, 12) + 14), 20)
    cap.rect(0.5, 0.5, cap.width - 1, 19, "key", 5)
    cap.text(cap.width / 2, 14.4, key, "keyed", "middle")
    return cap


# ------------------------------------------------------------------ small drawings


def _clock(body: Canvas, x: float, y: float) -> None:
    body.circle(x, y, 5.5, "icon")
    body.path(f"M{x:g} {y - 3.4:g}V{y:g}H{x + 2.8:g}", "icon")


def _note_of_music(body: Canvas, x: float, y: float) -> None:
    body.path(f"M{x - 1:g} {y + 4:g}V{y - 5:g}L{x + 5:g} {y - 6.5:g}V{y + 2.5:g}", "icon")
    for dx, dy in ((-3, 4), (3, 2.5)):
        body.circle(x + dx, y + dy, 2, "ink")


def _flag(body: Canvas, x: float, y: float) -> None:
    body.path(f"M{x - 4:g} {y + 6:g}V{y - 6:g}H{x + 5:g}L{x + 2:g} {y - 3:g}L{x + 5:g} {y:g}H{x - 4:g}", "icon")


def _pad(body: Canvas, x: float, y: float) -> None:
    for dx in (-4.5, 0, 4.5):
        for dy in (-4.5, 0, 4.5):
            body.circle(x + dx, y + dy, 1.4, "ink")


def _dot(body: Canvas, x: float, y: float) -> None:
    body.circle(x, y, 6, "icon")
    body.circle(x, y, 3, "rec")


def legend(used: Iterable[str]) -> Canvas:
    """What the colours mean, of those that appear."""
    row = Canvas(0, 22)
    for word in used:
        said = COLOURS[word][1]
        row.rect(row.width, 4, 14, 14, f"go-{word.replace('_', '-')}", 7)
        row.text(row.width + 20, 15.2, said, "noted")
        row.width += 20 + width(said, LATIN) + 14
    return row


def keys_legend() -> Canvas:
    """Whose keys are drawn how: an agent's begin with a star."""
    row = Canvas(0, 22)
    for key, said in (("*72", "on an agent's telephone"), ("9", "on the caller's")):
        cap = keycap(key)
        row.place(cap, row.width, 1)
        row.text(row.width + 6, 15.2, said, "noted")
        row.width += 6 + width(said, LATIN) + (0 if key == "9" else 14)
    return row
