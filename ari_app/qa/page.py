"""The report as a page: one HTML file with its drawings, the recordings beside it. Opens from a disk, offline.

Rule: whatever a caller could have sent is escaped; nothing on the page is fetched from anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from ari_app.qa.drawing import draw, draw_agent
from ari_app.qa.hearing import Hearing
from ari_app.qa.verdict import Verdict
from ari_app.qa.words import did, heard, outcome, waits

Results = Sequence[tuple[Hearing, Verdict]]


def write(folder: Path, results: Results, facts: Sequence[tuple[str, str]]) -> Path:
    """Save the recordings and the page that shows them; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = [_section(folder, i, hearing, verdict) for i, (hearing, verdict) in enumerate(results, start=1)]
    page = folder / "report.html"
    page.write_text(
        _frame().substitute(
            summary=_summary(results), facts=_facts(facts), rows=_rows(results), sections="".join(sections)
        ),
        encoding="utf-8",
    )
    return page


def _frame() -> Template:
    """The page without its contents."""
    return Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))


def _summary(results: Results) -> str:
    kept = sum(verdict.kept for _, verdict in results)
    word = "kept" if kept == len(results) else "broken"
    return f'<p class="summary {word}">{kept} of {len(results)} callers were treated by the standard.</p>'


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)


def _rows(results: Results) -> str:
    return "".join(
        "<tr>"
        f'<th><a href="#caller-{i}">{escape(hearing.caller.name)}</a></th>'
        f"<td>{_lines(did(hearing))}</td><td>{_lines(heard(hearing))}</td><td>{_lines(waits(verdict))}</td>"
        f"<td>{escape(outcome(hearing))}</td><td>{_badge(verdict)}</td></tr>"
        for i, (hearing, verdict) in enumerate(results, start=1)
    )


def _lines(lines: Sequence[str]) -> str:
    return "<br>".join(escape(line) for line in lines)


def _badge(verdict: Verdict) -> str:
    return '<span class="badge kept">kept</span>' if verdict.kept else '<span class="badge broken">broken</span>'


def _section(folder: Path, i: int, hearing: Hearing, verdict: Verdict) -> str:
    name = f"{i:02}-{_slug(hearing.caller.name)}"
    hearing.recording.save(folder / f"{name}.wav")
    parts = [
        f'<section id="caller-{i}"><h2>{escape(hearing.caller.name)} {_badge(verdict)}</h2>',
        f"<p>{escape(hearing.caller.does.capitalize())}. {escape(outcome(hearing).capitalize())}.</p>",
        _claims(hearing),
        _faults(verdict),
        f'<div class="track"><h3>The caller hears</h3><div class="wide">{draw(hearing, verdict)}</div>',
        f'<audio controls preload="none" src="{name}.wav" data-from="0"></audio></div>',
    ]
    if hearing.agent is not None:
        hearing.agent.recording.save(folder / f"{name}-agent.wav")
        parts.append(
            f'<div class="track"><h3>The agent hears</h3><div class="wide">{draw_agent(hearing)}</div>'
            f'<audio controls preload="none" src="{name}-agent.wav" '
            f'data-from="{hearing.agent.answered:.3f}"></audio></div>'
        )
    return "".join(parts) + "</section>"


def _claims(hearing: Hearing) -> str:
    claims = hearing.caller.claims
    if claims is None:
        return ""
    return f"<p>Calls itself <code>{escape(claims.name)}</code>, number <code>{escape(claims.number)}</code>.</p>"


def _faults(verdict: Verdict) -> str:
    if verdict.kept:
        return ""
    items = "".join(f"<li><b>{escape(fault.what)}.</b> Likely: {escape(fault.likely)}</li>" for fault in verdict.faults)
    return f'<ul class="faults">{items}</ul>'


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
