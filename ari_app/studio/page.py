"""The page for the person who signs the recordings off: every prompt to listen to, beside its text and waveform.

Rule 1: one file that needs no server, no network and nothing beside it: it can be sent by mail.
Rule 2: a decision belongs to the very recording that was heard; another recording has to be heard again.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from string import Template

import numpy as np

from ari_app.errors import StudioFailed
from ari_app.studio.cutting import CEILING_DBFS
from ari_app.studio.lint import Finding
from ari_app.studio.manifest import Manifest, fingerprint
from ari_app.studio.native import Pcm
from ari_app.studio.recording import inspect, telephone_samples
from ari_app.studio.scripts import Saying, Script

WIDTH, HEIGHT = 640, 72
PIXELS_PER_SECOND = 64


def page(scripts: Sequence[Script], findings: Iterable[Finding]) -> str:
    """The whole page as HTML."""
    of = list(findings)
    sections = "".join(_section(script, [f for f in of if f.folder == script.folder]) for script in scripts)
    count = sum(len(script.sayings) for script in scripts)
    grave = sum(finding.grave for finding in of)
    frame = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
    return frame.substitute(count=count, findings=f"{grave} to mend" if grave else "nothing to mend", sections=sections)


def _section(script: Script, findings: Sequence[Finding]) -> str:
    manifest = Manifest.read(script.folder)
    names = {saying.name for saying in script.sayings}
    of_folder = _told(finding for finding in findings if finding.name not in names)
    rows = "".join(
        _row(script, saying, manifest, _told(finding for finding in findings if finding.name == saying.name))
        for saying in script.sayings
    )
    return f"<section><h2>{html.escape(script.title)}</h2>{of_folder}{rows}</section>"


def _row(script: Script, saying: Saying, manifest: Manifest, told: str) -> str:
    path = script.folder / f"{saying.name}.wav"
    entry = manifest.get(saying.name)
    words = f'<p class="text" lang="{script.language}">{html.escape(saying.text)}</p>'
    if saying.say != saying.text:
        words += f'<p class="say">{html.escape(saying.say)}</p>'
    try:
        samples, sound = telephone_samples(path), inspect(path)
    except StudioFailed:
        return f'<article><h3>{html.escape(saying.name)}</h3><div class="words">{words}{told}</div></article>'
    figures = (
        f"{sound.seconds:.2f} s · level {sound.level_dbov:.1f} dBov · peak {sound.peak_dbfs:.1f} dBFS"
        f" · {html.escape(entry.source) if entry else 'of unknown origin'}"
    )
    sound_url = f"data:audio/wav;base64,{base64.b64encode(path.read_bytes()).decode()}"
    decision = _DECISION.format(key=fingerprint(path)[:16], script=html.escape(script.title), name=saying.name)
    return (
        f'<article><h3>{html.escape(saying.name)}</h3><div class="words">{words}{told}</div>'
        f'<div class="sound">{waveform(samples)}<audio controls preload="none" src="{sound_url}"></audio>'
        f'<p class="figures">{figures}</p></div>{decision}</article>'
    )


def _told(findings: Iterable[Finding]) -> str:
    return "".join(
        f'<p class="{"wrong" if finding.grave else "note"}">{html.escape(_sentence(finding))}</p>'
        for finding in findings
    )


def _sentence(finding: Finding) -> str:
    return f"{finding.what}{'; ' if finding.mend else ''}{finding.mend}"


def waveform(samples: Pcm) -> str:
    """A drawing of a recording: time to the right, the ceiling as two thin lines."""
    width = max(48, min(WIDTH, round(len(samples) / 8000 * PIXELS_PER_SECOND)))
    columns = np.array_split(samples / 32768.0, width)
    ceiling = HEIGHT / 2 * 10 ** (CEILING_DBFS / 20)
    tops = [f"{x},{y:.1f}" for x, y in enumerate(_heights(columns, upper=True))]
    bottoms = [f"{x},{y:.1f}" for x, y in enumerate(_heights(columns, upper=False))]
    lines = "".join(
        f'<line x1="0" x2="{width}" y1="{y:.1f}" y2="{y:.1f}"/>' for y in (HEIGHT / 2 - ceiling, HEIGHT / 2 + ceiling)
    )
    return (
        f'<svg width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="waveform">'
        f'{lines}<polygon points="{" ".join(tops + bottoms[::-1])}"/></svg>'
    )


def _heights(columns: Sequence[np.ndarray], *, upper: bool) -> Iterator[float]:
    for column in columns:
        edge = (column.max(initial=0.0) + 0.01) if upper else (column.min(initial=0.0) - 0.01)
        yield HEIGHT / 2 * (1 - edge)


_DECISION = """<form class="decision" data-key="{key}" data-script="{script}" data-name="{name}">
<label><input type="radio" name="decision" value="right"> right</label>
<label><input type="radio" name="decision" value="again"> again</label>
<input name="remark" placeholder="what to change" aria-label="remark on {name}"></form>"""
