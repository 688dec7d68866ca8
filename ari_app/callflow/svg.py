"""Shapes and words on a page: as much SVG as a picture of a call needs.

Rule 1: text is measured before it is drawn: nothing leaves its box, whatever font a reader has.
Rule 2: everything written is escaped, and numbers are short: the same picture is the same file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

FONT = "'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei','Source Han Sans SC',sans-serif"
NARROW, WIDE = frozenset("iljtfrI.,:;'!|()[]{} "), frozenset("mwMW@%—…")
NEVER_FIRST = frozenset("，。！？、；：”）》…,.!?;:)")
"""Marks that do not begin a line."""


def width(text: str, size: float) -> float:
    """How wide a text is at most, in pixels."""
    return size * sum(_em(letter) for letter in text)


def _em(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF" or letter in "“”…—·":
        return 1.0
    if letter in NARROW:
        return 0.33
    if letter in WIDE:
        return 0.92
    return 0.70 if letter.isupper() else 0.58


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Lines of a text that fit into `room` pixels: Hanzi break anywhere, words of letters between them."""
    lines, line = [], ""
    for word in _words(text):
        if line and width((line + word).rstrip(), size) > room:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()] if line.strip() else lines


def _words(text: str) -> list[str]:
    words: list[str] = []
    for letter in text:
        wide = unicodedata.east_asian_width(letter) in "WF"
        glued = words and (letter in NEVER_FIRST or letter == " " or (not wide and _open(words[-1])))
        if words and glued:
            words[-1] += letter
        else:
            words.append(letter)
    return words


def _open(word: str) -> bool:
    return not word.endswith(" ") and unicodedata.east_asian_width(word[-1]) not in "WF"


def number(value: float) -> str:
    """A coordinate."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


@dataclass(slots=True)
class Canvas:
    """Something drawn: its size, and the shapes in it."""

    width: float = 0.0
    height: float = 0.0
    shapes: list[str] = field(default_factory=list)

    def rect(self, x: float, y: float, w: float, h: float, style: str, r: float = 8) -> None:
        where = f'x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}"'
        self.shapes.append(f'<rect class="{style}" {where} rx="{number(r)}"/>')

    def text(self, x: float, y: float, words: str, style: str, anchor: str = "start") -> None:
        where = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.shapes.append(f'<text class="{style}" x="{number(x)}" y="{number(y)}"{where}>{escape(words)}</text>')

    def lines(self, x: float, y: float, lines: Iterable[str], style: str, step: float, anchor: str = "start") -> float:
        """Lines of text, the first one's middle half a step below `y`; where the next would begin."""
        for line in lines:
            self.text(x, y + step * 0.76, line, style, anchor)
            y += step
        return y

    def path(self, d: str, style: str) -> None:
        self.shapes.append(f'<path class="{style}" d="{d}"/>')

    def circle(self, x: float, y: float, r: float, style: str) -> None:
        self.shapes.append(f'<circle class="{style}" cx="{number(x)}" cy="{number(y)}" r="{number(r)}"/>')

    def place(self, part: Canvas, x: float, y: float, name: str = "") -> None:
        """Put a part somewhere; a named part can be jumped to."""
        there = f' id="{escape(name)}"' if name else ""
        self.shapes.append(f'<g{there} transform="translate({number(x)} {number(y)})">{"".join(part.shapes)}</g>')
        self.width, self.height = max(self.width, x + part.width), max(self.height, y + part.height)

    def link(self, target: str, part: Canvas, x: float, y: float) -> None:
        """A part that leads to another one where a reader can follow it."""
        inside = f'<g transform="translate({number(x)} {number(y)})">{"".join(part.shapes)}</g>'
        self.shapes.append(f'<a href="#{escape(target)}">{inside}</a>')

    def arrow(self, points: Iterable[tuple[float, float]], style: str, r: float = 8) -> None:
        """A line along right angles with rounded corners, and a head at its end."""
        way = list(points)
        self.path(_rounded(way, r), style)
        (x0, y0), (x1, y1) = way[-2:]
        if abs(y1 - y0) >= abs(x1 - x0):
            s = 7 if y1 > y0 else -7
            head = [(x1 - 4.5, y1 - s), (x1, y1), (x1 + 4.5, y1 - s)]
        else:
            s = 7 if x1 > x0 else -7
            head = [(x1 - s, y1 - 4.5), (x1, y1), (x1 - s, y1 + 4.5)]
        self.path("M" + "L".join(_at(point) for point in head), style)

    def file(self, style: str, title: str) -> str:
        """The whole as an SVG file."""
        wide, high = number(self.width), number(self.height)
        size = f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        return "\n".join(
            [head, f"<title>{escape(title)}</title>", f"<style>{style}</style>", *self.shapes, "</svg>", ""]
        )


def _at(point: tuple[float, float]) -> str:
    return f"{number(point[0])} {number(point[1])}"


def _rounded(way: list[tuple[float, float]], r: float) -> str:
    d = f"M{_at(way[0])}"
    for before, corner, after in zip(way, way[1:], way[2:], strict=False):
        d += f"L{_at(_towards(corner, before, r))}Q{_at(corner)} {_at(_towards(corner, after, r))}"
    return d + f"L{_at(way[-1])}"


def _towards(corner: tuple[float, float], other: tuple[float, float], r: float) -> tuple[float, float]:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(dx), abs(dy))
    r = min(r, length / 2)
    return corner[0] + (r * dx / length if length else 0), corner[1] + (r * dy / length if length else 0)
