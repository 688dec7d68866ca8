"""The recordings of a standard: each is there, whole, and in the one format every telephone can be served from.

Rule: what is missing or broken is told by file, line and sentence when the standard is loaded, never on a call.
"""

from __future__ import annotations

import wave
from pathlib import Path

from ari_app import pieces
from ari_app.call import Prompt, Slot
from ari_app.paths import shipped
from ari_app.standard.facts import LEAD_IN
from ari_app.standard.file import StandardFile
from ari_app.standard.inheritance import Written
from ari_app.standard.words import Spoken, fragments, spoken_in

PIECES = "pieces"
TONE = "tone"
"""What a caller hears before they are recorded."""


def prompts_of(written: Written, whole: StandardFile, language: str) -> dict[str, Prompt]:
    """Every sentence in a language with its recordings; raises BrokenStandard."""
    found = {}
    for name, spoken in spoken_in(written.path.parent, language).items():
        pairs = fragments(spoken)
        if pairs is None:
            found[name] = _prompt(written, spoken.home, language, name, ("prompts", name))
        else:
            found[name] = _in_fragments(written, whole, language, name, spoken, pairs)
    return found


def lead_in_of(written: Written, language: str) -> Prompt:
    """The silence before the first sentence: this standard's, or its nearest parent's."""
    for folder in written.folders:
        if (folder / language / f"{LEAD_IN}.wav").is_file():
            return _prompt(written, folder, language, LEAD_IN, ("prompts",))
    return _prompt(written, written.folders[-1], language, LEAD_IN, ("prompts",))


def pieces_of(written: Written, language: str) -> dict[str, Prompt]:
    """What values are spoken from, and the tone before a message; raises BrokenStandard."""
    beside = written.path.parent.absolute().parent / PIECES
    folder = beside if (beside / language).is_dir() else shipped("prompts") / PIECES
    try:
        names = pieces.vocabulary(language)
    except ValueError as problem:
        raise written.complaint(("placeholders",), str(problem)) from None
    return {name: _prompt(written, folder, language, name, ("placeholders",)) for name in (*sorted(names), TONE)}


def _in_fragments(
    written: Written,
    whole: StandardFile,
    language: str,
    name: str,
    spoken: Spoken,
    pairs: list[tuple[str, str] | Slot],
) -> Prompt:
    slots: list[Prompt | Slot] = []
    recorded = 0
    for pair in pairs:
        if isinstance(pair, Slot):
            place = whole.placeholders[pair.name]
            slots.append(Slot(pair.name, place.source, place.spoken))
        else:
            recorded += 1
            slots.append(_prompt(written, spoken.home, language, f"{name}.{recorded}", ("prompts", name)))
    if not recorded:
        raise written.complaint(("prompts", name), "says nothing when its value is not known: write a word beside it")
    seconds = sum(slot.seconds for slot in slots if isinstance(slot, Prompt))
    return Prompt(name, seconds, "", language, slots=tuple(slots))


def _prompt(written: Written, home: Path, language: str, name: str, where: tuple[str, ...]) -> Prompt:
    recording = home / language / f"{name}.wav"
    mend = f"run `hotline prompts build {home}`"
    try:
        with wave.open(str(recording)) as wav:
            shape = (wav.getframerate(), wav.getnchannels(), wav.getsampwidth())
            promised = wav.getnframes() * wav.getnchannels() * wav.getsampwidth()
            whole = len(wav.readframes(wav.getnframes())) == promised
            seconds = wav.getnframes() / wav.getframerate()
    except FileNotFoundError:
        raise written.complaint(where, f"has no recording {recording}; {mend}") from None
    except (OSError, EOFError, wave.Error) as problem:
        raise written.complaint(where, f"recording {recording} cannot be read ({problem}); {mend}") from None
    if shape != (8000, 1, 2):
        raise written.complaint(where, f"recording {recording} is not 8 kHz mono 16-bit; {mend}")
    if not whole:  # we would wait for the end of what nobody hears
        raise written.complaint(where, f"recording {recording} is shorter than its header says; {mend}")
    if not seconds:
        raise written.complaint(where, f"recording {recording} is empty; {mend}")
    return Prompt(name, seconds, f"{home.absolute().name}/{language}/{name}", language)
