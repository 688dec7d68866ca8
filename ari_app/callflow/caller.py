"""A caller described in words: `waits 3, presses 9, says 2, hangs up`.

Rule: few verbs and no conditions; who needs more writes a script in Python (rehearsal/script.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ari_app.errors import BrokenScript
from ari_app.rehearsal.script import Act, HangsUp, Hears, Presses, Says, Script, Waits

BETWEEN_KEYS = 0.3
"""Seconds between keys pressed one after the other."""
SENTENCE, COUGH = 1.8, 0.15
LONGEST = 3600.0
VERBS = "waits 3 | says 2 | coughs | presses 9 | presses 1234# | hears greeting | hears offer 2 | hangs up | is silent"

_ACTS = re.compile(
    r"(?P<waits>waits?)\s+(?P<wait>\d+(\.\d+)?)\s*(s|seconds?)?"
    r"|(?P<says>says?|speaks?)(\s+(?P<long>\d+(\.\d+)?)\s*(s|seconds?)?)?"
    r"|(?P<coughs>coughs?)"
    r"|(?P<presses>press(es)?)\s+(?P<keys>[0-9*#A-D]{1,40})"
    r"|(?P<hears>hears?)\s+(?P<prompt>[a-z0-9][a-z0-9-]{0,60})(\s+(?P<times>[1-9]\d?)(\s+times)?)?"
    r"|(?P<hangs>hangs?\s+up)"
    r"|(?P<silent>(is\s+)?silent|says?\s+nothing)"
)


def script_of(words: str) -> Script:
    """What a caller does, from words separated by commas, semicolons or lines; # begins a remark on a line of its own.

    Seconds everywhere. Raises BrokenScript, one line that names the words not understood.
    """
    lines = (line for line in words.splitlines() if not line.lstrip().startswith("#"))
    parts = re.split(r"\s*(?:[,;\n]|\bthen\b|\band\b)\s*", "\n".join(lines))
    return tuple(act for part in parts if part.strip() for act in _acts(part.strip()))


def script_in(file: Path) -> Script:
    """The same from a file."""
    try:
        return script_of(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise BrokenScript(f"{file}: cannot be read: {problem}") from None
    except BrokenScript as problem:
        raise BrokenScript(f"{file}: {problem}") from None


def _acts(part: str) -> Iterator[Act]:
    found = _ACTS.fullmatch(part)
    if found is None:
        raise BrokenScript(f"a caller cannot {part[:60]!r}; write {VERBS}")
    if found["waits"]:
        yield Waits(_seconds(found["wait"]))
    elif found["silent"]:
        return
    elif found["says"]:
        yield Says(_seconds(found["long"]) if found["long"] else SENTENCE)
    elif found["coughs"]:
        yield Says(COUGH)
    elif found["presses"]:
        for i, key in enumerate(found["keys"]):
            if i:
                yield Waits(BETWEEN_KEYS)
            yield Presses(key)
    elif found["hears"]:
        yield Hears(found["prompt"], int(found["times"] or 1))
    else:
        yield HangsUp()


def _seconds(written: str) -> float:
    found = float(written)
    if found > LONGEST:
        raise BrokenScript(f"{written} seconds is longer than a rehearsal of {LONGEST:g}")
    return found


def said(act: Act) -> str:
    """An act, in the words it is written in."""
    match act:
        case Waits(seconds):
            return f"waits {seconds:g}"
        case Says(seconds):
            return f"says something, {seconds:g} s" if seconds > COUGH else "coughs"
        case Presses(key):
            return f"presses {key}"
        case Hears(prompt, times):
            return f"hears {prompt} {times}"
        case HangsUp():
            return "hangs up"
