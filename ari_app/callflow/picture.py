"""The picture of a standard: from the first ring downwards, then what an agent's key sets off.

Rule 1: every procedure is drawn once, where a caller meets it first; a chip elsewhere leads to it.
Rule 2: the layout is ours and needs no other program; the same standard makes the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ari_app.callflow.aloud import after_queue, caller_keys, first_of_all, greetings, seconds
from ari_app.callflow.cards import (
    CARD,
    COLOURS,
    HANZI,
    INNER,
    LATIN,
    PAD,
    bubble,
    card,
    chip,
    framed,
    keycap,
    keys_legend,
    legend,
)
from ari_app.callflow.style import STYLE
from ari_app.callflow.svg import Canvas, width, wrapped
from ari_app.callflow.texts import texts_of
from ari_app.standard import Goto, Ladder, Standard, Then

COLUMNS = 5
GAP, MARGIN = 26.0, 44.0
PAGE = COLUMNS * CARD + (COLUMNS - 1) * GAP + 2 * MARGIN
GREETING = 2 * CARD + GAP


@dataclass(frozen=True, slots=True)
class Branch:
    """A way a call can take: what for, a key or words, and the card it leads to."""

    label: str
    card: Canvas
    name: str = ""
    key: str = ""


class Picture:
    """One standard on a page."""

    def __init__(self, standard: Standard) -> None:
        self.standard, self.texts = standard, texts_of(standard)
        self.page = Canvas(PAGE)
        self.drawn: set[str] = set()

    def draw(self) -> str:
        """The whole picture as an SVG file."""
        y = self._head()
        y = self._arriving(y)
        y = self._coming_back(y)
        y = self._section(y, "Where these lead", "Procedures that others hand their callers to.", self._led_to())
        y = self._section(
            y, "One key of an agent",
            "The agent presses it during a call: the caller comes back to us, the agent is free.",
            [ladder for ladder in self._others() if ladder.agent_key],
        )  # fmt: skip
        y = self._section(
            y,
            "On other occasions",
            "A supervisor, a schedule, or a standard that builds on this one.",
            list(self._others()),
        )
        self.page.height = y + MARGIN - 30
        self.page.shapes.insert(0, f'<rect class="page" width="100%" height="{self.page.height:g}"/>')
        return self.page.file(STYLE, f"{self.standard.title}: what a caller lives through")

    # ------------------------------------------------------------------ from the top

    def _head(self) -> float:
        standard, page = self.standard, self.page
        page.text(MARGIN, 62, standard.title or standard.name, "h1")
        spoken = ", ".join(standard.languages)
        page.text(MARGIN, 86, f"{standard.name}, version {standard.version} · spoken in {spoken}", "sub")
        colours = legend(word for word in COLOURS if word in self._used())
        page.place(colours, MARGIN, 104)
        keys = keys_legend()
        page.place(keys, PAGE - MARGIN - keys.width, 68)
        return 150.0

    def _used(self) -> set[str]:
        found: set[str] = set()
        for ladder in self.standard.procedures.values():
            for lead in ladder.leads():
                found.add("procedure" if isinstance(lead, Goto) else lead.value)
        return found

    def _arriving(self, y: float) -> float:
        """The ring, what comes before the greeting for some, the greeting, and what it leads to."""
        greeting = self._greeting()
        x = MARGIN + GREETING / 2
        ring = _pill("The caller rings", "ring")
        self.page.place(ring, x - ring.width / 2, y)
        before = [self._branch(what, ladder) for what, ladder in first_of_all(self.standard)]
        source = (x, y + ring.height)
        top = y + ring.height + 70
        self.page.arrow([source, (x, top)], "flow")
        self.page.place(greeting, MARGIN, top, "greeting")
        columns = dict.fromkeys(range(2, COLUMNS), top)
        for number, branch in enumerate(before):
            column = min(columns, key=lambda c: columns[c])
            if number < len(columns):
                columns[column] += self._drop(branch, column, source, top, dashed=True)
            else:
                columns[column] += self._turn_in(branch, column, source, columns[column])
        y = max(top + greeting.height, *columns.values())
        return self._branches(list(self._after_greeting()), (x, top + greeting.height), y)

    def _greeting(self) -> Canvas:
        body = Canvas(GREETING)
        y = PAD + 4
        body.text(PAD, y + 9, "Greeting", "title")
        y += 22
        variants = [*greetings(self.standard)]
        room = GREETING - 2 * PAD
        for condition, variant in variants:
            body.text(PAD, y + 11, condition, "noted")
            y = bubble(body, self.texts, variant.say.name, PAD, y + 18, room) + 8
        if variants:
            body.text(PAD, y + 11, "everybody else", "noted")
            y += 18
        y = bubble(body, self.texts, self.standard.desk.greeting.name, PAD, y, room)
        words = f"listens {seconds(self.standard.desk.patience)}; a voice or a key interrupts"
        w = width(words, 11.5) + 24
        body.path(f"M{GREETING / 2:g} {y:g}v6", "rail")
        body.rect((GREETING - w) / 2, y + 6, w, 22, "wait", 11)
        body.text(GREETING / 2, y + 21.2, words, "pill", "middle")
        return framed(body, y + 28 + PAD, "card first")

    def _after_greeting(self) -> Iterator[Branch]:
        desk = self.standard.desk
        yield self._branch("says nothing", desk.silent)
        for key, ladder in desk.keys.items():
            yield self._branch("", ladder, key)
        for key, what in caller_keys(self.standard):
            if key not in desk.keys:
                yield Branch("", _small(what), key=key)
        if desk.dials is not None:
            yield self._branch("dials an extension", desk.dials)
        yield Branch("speaks, or any other key", self._connecting())

    def _connecting(self) -> Canvas:
        body = Canvas(CARD)
        body.text(PAD, PAD + 13, "Connected", "title")
        y = bubble(body, self.texts, self.standard.desk.connecting.name, PAD, PAD + 24, INNER)
        body.arrow([(CARD / 2, y), (CARD / 2, y + 16)], "arrow")
        to = chip(self.standard, Then.QUEUE, INNER)
        body.place(to, (CARD - to.width) / 2, y + 18)
        return framed(body, y + 18 + to.height + PAD, "card")

    def _coming_back(self, y: float) -> float:
        merged: dict[str, tuple[list[str], Ladder]] = {}
        for what, ladder in after_queue(self.standard):
            merged.setdefault(ladder.name, ([], ladder))[0].append(what)
        branches = [self._branch(", ".join(labels), ladder) for labels, ladder in merged.values()]
        y = self._heading(y, "After the queue", "Callers whom an agent, the queue or an extension gives back to us.")
        agents = _pill("Agents", "agents")
        x = MARGIN + CARD / 2
        self.page.place(agents, x - agents.width / 2, y)
        return self._branches(branches, (x, y + agents.height), y + agents.height)

    # ------------------------------------------------------------------ rows of cards

    def _branch(self, label: str, ladder: Ladder, key: str = "") -> Branch:
        if ladder.name in self.drawn:
            to = chip(self.standard, Goto(ladder.name), INNER)
            there = Canvas(CARD, to.height)
            there.link(ladder.name, to, (CARD - to.width) / 2, 0)
            return Branch(label, there, key=key)
        self.drawn.add(ladder.name)
        return Branch(label, card(self.standard, self.texts, ladder), ladder.name, key)

    def _branches(self, branches: list[Branch], source: tuple[float, float], y: float) -> float:
        for row in _rows(branches, COLUMNS):
            y = self._row(row, y, source)
        return y

    def _row(self, row: list[Branch], y: float, source: tuple[float, float] | None) -> float:
        top = y + 78
        high = 0.0
        for column, branch in enumerate(row):
            high = max(high, self._drop(branch, column, source or (MARGIN, y), top, bus=y + 20))
        return top + high

    def _drop(
        self,
        branch: Branch,
        column: int,
        source: tuple[float, float],
        top: float,
        *,
        bus: float = 0,
        dashed: bool = False,
    ) -> float:
        """One branch: the line that leads to it, its label on the line, its card."""
        x = MARGIN + column * (CARD + GAP)
        middle = x + CARD / 2
        bus = bus or source[1] + 16
        way = (
            [source, (source[0], bus), (middle, bus), (middle, top)]
            if abs(middle - source[0]) > 1
            else [source, (middle, top)]
        )
        self.page.shapes.insert(0, _lines(way, "flow dashed" if dashed else "flow"))
        label = keycap(branch.key) if branch.key else _label(branch.label)
        self.page.place(label, middle - label.width / 2, bus + 12)
        self.page.place(branch.card, x, top, branch.name)
        return branch.card.height

    def _turn_in(self, branch: Branch, column: int, source: tuple[float, float], y: float) -> float:
        """One branch below another: the line turns in from the left; how much room it takes."""
        x = MARGIN + column * (CARD + GAP)
        label = _label(branch.label)
        top = y + GAP + label.height
        bus, lane = source[1] + 16, x - GAP / 2
        way = [source, (source[0], bus), (lane, bus), (lane, top + 24), (x, top + 24)]
        self.page.shapes.insert(0, _lines(way, "flow dashed"))
        self.page.place(label, x, y + GAP - 4)
        self.page.place(branch.card, x, top, branch.name)
        return top + branch.card.height - y

    def _heading(self, y: float, words: str, explanation: str) -> float:
        y += 56
        self.page.path(f"M{MARGIN:g} {y - 26:g}H{PAGE - MARGIN:g}", "rule")
        self.page.text(MARGIN, y + 6, words, "h2")
        self.page.text(MARGIN, y + 28, explanation, "sub")
        return y + 46

    def _section(self, y: float, words: str, explanation: str, ladders: list[Ladder]) -> float:
        """Cards in columns, each put where there is most room."""
        if not ladders:
            return y
        top = self._heading(y, words, explanation)
        columns = [top] * COLUMNS
        for ladder in ladders:
            self.drawn.add(ladder.name)
            column = columns.index(min(columns))
            part = card(self.standard, self.texts, ladder)
            self.page.place(part, MARGIN + column * (CARD + GAP), columns[column], ladder.name)
            columns[column] += part.height + GAP
        return max(columns) - GAP

    # ------------------------------------------------------------------ which are left

    def _others(self) -> list[Ladder]:
        return [ladder for ladder in self.standard.procedures.values() if ladder.name not in self.drawn]

    def _led_to(self) -> list[Ladder]:
        """What the procedures drawn so far lead to, and what those lead to."""
        found: list[Ladder] = []
        seen = set(self.drawn)
        waiting = [ladder for name, ladder in self.standard.procedures.items() if name in seen]
        while waiting:
            for lead in waiting.pop(0).leads():
                following = self.standard.procedure_of(lead)
                if following is not None and following.name not in seen:
                    seen.add(following.name)
                    found.append(following)
                    waiting.append(following)
        return found


def draw(standard: Standard) -> str:
    """The picture of a standard, as an SVG file; raises BrokenStandard when its words cannot be read."""
    return Picture(standard).draw()


def _rows(branches: list[Branch], room: int) -> Iterable[list[Branch]]:
    return (branches[i : i + room] for i in range(0, len(branches), room))


def _lines(way: list[tuple[float, float]], style: str) -> str:
    drawing = Canvas()
    drawing.arrow(way, style)
    return "".join(drawing.shapes)


def _pill(words: str, style: str) -> Canvas:
    pill = Canvas(width(words, 14) + 44, 34)
    pill.rect(0, 0, pill.width, 34, style, 17)
    pill.text(pill.width / 2, 22, words, "pilled", "middle")
    return pill


def _label(words: str) -> Canvas:
    lines = wrapped(words, LATIN, CARD - 50)
    label = Canvas(max(width(line, LATIN) for line in lines) + 16, 14.5 * len(lines) + 6)
    label.rect(0, 0, label.width, label.height, "label", 7)
    label.lines(label.width / 2, 2, lines, "labelled", 14.5, "middle")
    return label


def _small(words: str) -> Canvas:
    lines = wrapped(words, HANZI, INNER)
    body = Canvas(CARD)
    end = body.lines(CARD / 2, PAD - 2, lines, "title", 18, "middle")
    return framed(body, end + PAD - 2, "card")
