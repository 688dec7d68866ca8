"""One call drawn on its time axis: waveform, prompts, waits, and what the caller did. SVG text, all escaped."""

from __future__ import annotations

from html import escape

import numpy as np

from ari_app.qa.ear import Recording
from ari_app.qa.hearing import Act, Deed, Hearing
from ari_app.qa.matcher import Found
from ari_app.qa.ulaw import RATE
from ari_app.qa.verdict import Verdict, Wait

SCALE = 22.0  # pixels a second: the longest call of the cast, 54 s, fits the page
LEFT, RIGHT = 8, 120
WAVE_TOP, WAVE = 44, 64  # y of the waveform's top, its height
LANE = WAVE_TOP + WAVE + 8  # y of the lane with the caller's acts
HEIGHT = LANE + 46


def draw(hearing: Hearing, verdict: Verdict) -> str:
    """The caller's side of the call."""
    seconds = max(hearing.recording.seconds, 1.0)
    body = [
        _axis(seconds),
        *(_prompt(found, i, _until(hearing, i)) for i, found in enumerate(hearing.found)),
        _waveform(hearing.recording, WAVE_TOP, WAVE),
        *(_measure(wait.since, wait) for wait in verdict.waits),
        *(_act(act) for act in hearing.acts),
        _end(hearing),
    ]
    return _svg(seconds, HEIGHT, body)


def draw_agent(hearing: Hearing) -> str:
    """What the agent heard, on the caller's time axis."""
    agent = hearing.agent
    if agent is None:
        return ""
    seconds, shift = max(hearing.recording.seconds, 1.0), agent.answered * SCALE
    inner = [
        f'<rect class="prompt person" x="{LEFT + f.start * SCALE:.1f}" y="0" '
        f'width="{(f.end - f.start) * SCALE:.1f}" height="40"><title>{escape(f.prompt)}</title></rect>'
        for f in agent.found
    ]
    inner.append(_waveform(agent.recording, 0, 40))
    return _svg(seconds, 44, [f'<g transform="translate({shift:.1f} 0)">{"".join(inner)}</g>'])


def _svg(seconds: float, height: int, body: list[str]) -> str:
    width = LEFT + RIGHT + seconds * SCALE
    return (
        f'<svg width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}" '
        f'data-left="{LEFT}" data-scale="{SCALE}" role="img">{"".join(body)}'
        f'<line class="playhead" x1="{LEFT}" x2="{LEFT}" y1="0" y2="{height}"/></svg>'
    )


def _x(at: float) -> float:
    return LEFT + at * SCALE


def _axis(seconds: float) -> str:
    ticks = []
    for second in range(int(seconds) + 1):
        fives = second % 5 == 0
        x, bottom = _x(second), WAVE_TOP + WAVE + (4 if fives else 0)
        ticks.append(f'<line class="tick{"" if fives else " fine"}" x1="{x}" x2="{x}" y1="{WAVE_TOP}" y2="{bottom}"/>')
        if fives:
            ticks.append(f'<text class="small" x="{x + 2}" y="{WAVE_TOP + WAVE + 9}">{second} s</text>')
    return "".join(ticks)


def _waveform(recording: Recording, top: int, height: int) -> str:
    """The loudest sample of every pixel, above and below the middle."""
    step = round(RATE / SCALE / 2)
    samples = np.abs(recording.samples.astype(np.int32))
    peaks = np.pad(samples, (0, -len(samples) % step)).reshape(-1, step).max(1) / 32768
    middle, half = top + height / 2, height / 2
    xs = LEFT + np.arange(len(peaks)) * step / RATE * SCALE
    ys = np.minimum(np.sqrt(peaks), 1.0) * half  # the root shows quiet sounds as an ear hears them
    there = " ".join(f"{x:.1f},{middle - y:.1f}" for x, y in zip(xs, ys, strict=True))
    back = " ".join(f"{x:.1f},{middle + y:.1f}" for x, y in zip(xs[::-1], ys[::-1], strict=True))
    return f'<polygon class="wave" points="{there} {back}"/>'


def _until(hearing: Hearing, i: int) -> float:
    """Where the band of a prompt ends: at its end, or where something cut it."""
    found = hearing.found[i]
    after = hearing.found[i + 1].start if i + 1 < len(hearing.found) else hearing.recording.seconds
    return min(found.end if found.whole else found.heard_until, after)


def _prompt(found: Found, i: int, until: float) -> str:
    kind = "person" if found.prompt in ("agent", "caller") else "prompt"
    label_y = 12 if i % 2 == 0 else 26
    return (
        f'<rect class="prompt {kind}" x="{_x(found.start):.1f}" y="{WAVE_TOP}" '
        f'width="{max(1.0, (until - found.start) * SCALE):.1f}" height="{WAVE}">'
        f"<title>{escape(found.prompt)}: {found.start:.3f} s to {until:.3f} s, {found.heard:.0%} heard</title></rect>"
        f'<line class="stem" x1="{_x(found.start):.1f}" x2="{_x(found.start):.1f}" y1="{label_y - 9}" y2="{WAVE_TOP}"/>'
        f'<text class="label" x="{_x(found.start) + 3:.1f}" y="{label_y}">{escape(found.prompt)} '
        f'<tspan class="small">{found.start:.2f}</tspan></text>'
    )


def _measure(start: float, wait: Wait) -> str:
    y = WAVE_TOP + WAVE / 2
    middle = _x(start + wait.measured / 2)
    return (
        f'<g class="wait {"kept" if wait.kept else "broken"}">'
        f'<line x1="{_x(start) + 2:.1f}" x2="{_x(start + wait.measured) - 2:.1f}" y1="{y}" y2="{y}"/>'
        f'<text x="{middle:.1f}" y="{y - 5}">{wait.measured:.3f} s</text>'
        f'<text class="small" x="{middle:.1f}" y="{y + 13}">{wait.off * 1000:+.0f} ms</text></g>'
    )


def _act(act: Act) -> str:
    words = f"{act.deed} {act.detail}".strip()
    width = max(3.0, act.seconds * SCALE)
    row = LANE + (26 if act.deed is Deed.HUNG_UP else 12)
    return (
        f'<rect class="act" x="{_x(act.at):.1f}" y="{LANE + 4}" width="{width:.1f}" height="10" rx="2"/>'
        f'<text class="small act" x="{_x(act.at):.1f}" y="{row + 14}">{escape(words)} {act.at:.2f}</text>'
    )


def _end(hearing: Hearing) -> str:
    if hearing.ended is None:
        return ""
    x = _x(hearing.ended)
    return (
        f'<line class="end" x1="{x:.1f}" x2="{x:.1f}" y1="{WAVE_TOP - 6}" y2="{WAVE_TOP + WAVE + 6}"/>'
        f'<text class="small" x="{x + 3:.1f}" y="{WAVE_TOP + 8}">{hearing.ended:.2f}</text>'
    )
