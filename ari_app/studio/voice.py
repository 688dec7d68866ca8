"""Text-to-speech: any command that writes a file is a voice.

Rule 1: a command is a list of arguments, never a shell line: no sentence can become a command.
Rule 2: a voice that fails, hangs, writes nothing or falls back to another language says so; it never sounds wrong.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ari_app.errors import StudioFailed


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks the sentences that have no recording yet.

    In `command` and `phonemes`, {text} is the sentence as written, {say} as pronounced, {ssml} the filled-in `ssml`,
    and {out} the file to write. A command that names no sentence gets {text} on its standard input.
    """

    command: tuple[str, ...]
    ssml: str = "{say}"
    phonemes: tuple[str, ...] = ()  # prints the phonemes; none when the engine has no such thing
    pinyin: bool = False  # `say` must be toned pinyin, one spoken syllable each
    time_limit: float = 60.0  # seconds for one sentence

    @property
    def engine(self) -> str:
        """The name a person knows the engine by."""
        return Path(self.command[0]).name

    @property
    def installed(self) -> bool:
        """Whether it can be asked to speak at all."""
        return shutil.which(self.command[0]) is not None


# Measured: `cmn` reads Hanzi as English letters in espeak-ng 1.51, and most variants flatten the tones.
# Annie at 130 % keeps them 9.5 semitones apart. See docs/decisions/0003-how-prompts-are-made.md.
_MANDARIN = ("espeak-ng", "-m", "-v", "cmn-latn-pinyin+Annie", "-s", "180", "-p", "45")
_ENGLISH = ("espeak-ng", "-m", "-v", "en-us+Annie", "-s", "165", "-p", "45")

MANDARIN = Voice(
    command=(*_MANDARIN, "-w", "{out}", "{ssml}"),
    ssml='<prosody range="130%">{say}</prosody>',
    phonemes=(*_MANDARIN, "-q", "-x", "{ssml}"),
    pinyin=True,
)
ENGLISH = Voice(command=(*_ENGLISH, "-w", "{out}", "{ssml}"))

_SYLLABLE = re.compile(r"[a-zü]+[1-5]")
_PUNCTUATION = re.compile(r"[\s，。！？、；：,.!?;:…]+")
_LANGUAGE_SWITCH = re.compile(r"\([a-z]{2,3}(?:-[a-z0-9]+)*\)")


def voice_for(language: str) -> Voice:
    """The packaged voice that speaks a language (`zh-CN`, `en`); raises StudioFailed when there is none."""
    match language.split("-")[0].lower():
        case "zh" | "cmn":
            return MANDARIN
        case "en":
            return ENGLISH
    raise StudioFailed(f"no packaged voice speaks {language}: record into masters/, or give a voice command")


def speak(voice: Voice, name: str, text: str, say: str, out: Path) -> None:
    """The sentence `name` is spoken into the WAV file `out`; raises StudioFailed, naming the sentence."""
    _check_pronunciation(voice, name, text, say)
    _run(voice, voice.command, name, text, say, out)
    if not out.is_file() or not out.stat().st_size:
        raise StudioFailed(f"{name}: {voice.engine} wrote no sound; try its command by hand")


def phonemes(voice: Voice, name: str, text: str, say: str) -> str:
    """What the voice is going to pronounce, in the engine's own notation; empty when it has none."""
    return " ".join(_run(voice, voice.phonemes, name, text, say, Path()).split()) if voice.phonemes else ""


def _check_pronunciation(voice: Voice, name: str, text: str, say: str) -> None:
    syllables = [word for word in _PUNCTUATION.split(say) if word]
    if not syllables:
        raise StudioFailed(f"{name}: has nothing to say; write `say`, or record it into masters/")
    wrong = next((word for word in syllables if voice.pinyin and not _SYLLABLE.fullmatch(word)), None)
    if wrong is not None:
        raise StudioFailed(f"{name}: {wrong!r} in `say` is not toned pinyin; write `hao3`, digits as words")
    spoken = phonemes(voice, name, text, say)
    if switch := _LANGUAGE_SWITCH.search(spoken):
        raise StudioFailed(f"{name}: {voice.engine} falls back to another language {switch[0]}: {spoken}; mend `say`")
    count = sum(1 for sound in spoken.split() if any(c.isalpha() or c == "@" for c in sound))
    if voice.pinyin and voice.phonemes and count != len(syllables):
        raise StudioFailed(
            f"{name}: {voice.engine} pronounces {count} syllables, `say` has {len(syllables)}: {spoken}; mend `say`"
        )


def _run(voice: Voice, command: Sequence[str], name: str, text: str, say: str, out: Path) -> str:
    """Run one command of a voice to its end, or kill it with all its children when its time is up."""
    ssml = voice.ssml.replace("{say}", html.escape(say))
    words = {"{text}": text, "{say}": say, "{ssml}": ssml, "{out}": str(out)}
    argv = [re.sub(r"\{(?:text|say|ssml|out)\}", lambda found: words[found[0]], part) for part in command]
    told = any(word in part for word in ("{text}", "{say}", "{ssml}") for part in command)
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as errors:
        stdin.write(b"" if told else text.encode())
        stdin.seek(0)
        try:
            # files, not pipes: a grandchild that keeps a pipe open cannot keep us waiting
            process = subprocess.Popen(argv, stdin=stdin, stdout=printed, stderr=errors, start_new_session=True)
        except FileNotFoundError:
            raise StudioFailed(f"{name}: {voice.engine} is not installed; install it, or use masters/") from None
        except OSError as problem:
            raise StudioFailed(f"{name}: {voice.engine} cannot be started ({problem.strerror})") from None
        try:
            status = process.wait(voice.time_limit)
        except subprocess.TimeoutExpired:
            raise StudioFailed(
                f"{name}: {voice.engine} did not finish within {voice.time_limit:g} s; try its command by hand"
            ) from None
        finally:
            _end(process)
        if status:
            errors.seek(0)
            raise StudioFailed(f"{name}: {voice.engine} failed with status {status}{_last_line(errors.read())}")
        printed.seek(0)
        return printed.read().decode(errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)  # its own group: start_new_session
        process.wait()


def _last_line(errors: bytes) -> str:
    lines = errors.decode(errors="replace").split("\n")
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {said[:200]}" if said else ""
