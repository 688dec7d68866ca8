"""Which prompts did the caller hear, when, and how much of each? Found in the sound itself, never in our logs.

Rule 1: a prompt is cut into half-second pieces; each piece says, by correlation, where in the recording it
        lies and so when the prompt began. Pieces that agree on a moment are a prompt; one piece is a rumour.
Rule 2: one moment of a recording is explained by one prompt: the one that explains most of it. What else
        would explain it as well (a shared beginning, cut short) is told as a rival, not as a second prompt.
Rule 3: every search also looks for prompts played backwards, which nobody can have heard. If it finds one,
        it finds too much, and no verdict may rest on it.
All times are seconds from the recording's start; all sound is 8 kHz.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ari_app.qa.ear import Recording
from ari_app.qa.mouth import load_clip
from ari_app.qa.ulaw import FRAME, RATE, Samples

Floats = NDArray[np.float32]
FULL_SCALE = np.float32(32768)

PIECE = RATE // 2
BLOCK = 1 << 14
AUDIBLE = 10 ** (-45 / 20)  # of full scale, rms of a frame: below it a prompt is pausing
GONE = 10 ** (-60 / 20)  # below it there is no sound where the prompt has some
HEARSAY = 0.3  # correlation of a piece that counts as a vote
CONVICTION = 0.6  # sum of votes worth looking at; correlation of a piece that stands alone
AGREEMENT = 0.42  # mean correlation of the pieces of a prompt that was heard
SLIP = RATE // 4  # samples a later piece may be off: a PBX that stumbled inside a prompt
SYLLABLE = 0.15  # seconds of a prompt in which it cannot be told from another that begins like it
LEAST = 0.25  # seconds of a prompt below which it cannot be told from a syllable
AS_WELL = 0.9  # of the weight of another candidate: explains it as well
BACKWARDS = "backwards:"


@dataclass(frozen=True)
class Found:
    """A prompt the caller heard: `end` is where its whole file would have ended, `heard_until` where it did."""

    prompt: str
    start: float
    end: float
    heard_until: float
    heard: float  # share of its speech, 0..1
    dropouts: float  # seconds missing inside what was heard
    correlation: float
    opening: float  # correlation of its first 100 ms of speech: is the first syllable there?
    rivals: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Nobody interrupted it."""
        return self.heard >= 0.95


class Matcher:
    """Knows the prompts; finds them in recordings. Make it once: the prompts' spectra are kept."""

    def __init__(self, prompts: Mapping[str, Samples]) -> None:
        known = dict(prompts) | {BACKWARDS + name: sound[::-1] for name, sound in prompts.items()}
        self._prompts = [_Prompt(name, sound) for name, sound in known.items()]

    def find(self, recording: Recording) -> tuple[Found, ...]:
        """Every prompt heard, in order. Raises Overheard when the search cannot be trusted."""
        sound: Floats = recording.samples.astype(np.float32) / FULL_SCALE
        blocks = _Blocks(sound)
        candidates = [c for prompt in self._prompts for c in prompt.candidates(blocks)]
        found = sorted(_explain(candidates, sound), key=lambda f: f.start)
        if any(f.prompt.startswith(BACKWARDS) for f in found):
            raise Overheard("the matcher found a prompt played backwards: its findings cannot be trusted")
        return tuple(found)


class Overheard(Exception):
    """The negative control was found in a recording."""


def load_prompts(paths: Iterable[Path]) -> dict[str, Samples]:
    """Prompt files by name, as the caller is to hear them."""
    return {clip.name: clip.samples for clip in map(load_clip, paths)}


@dataclass
class _Candidate:
    """A prompt that may have begun at `start` (a sample); `pieces` are those that say so, and where they lie."""

    prompt: _Prompt
    start: int
    pieces: dict[int, tuple[int, float]]  # piece -> where it lies, correlation

    @property
    def correlation(self) -> float:
        return float(np.mean([r for _, r in self.pieces.values()]))

    @property
    def slip(self) -> int:
        """Samples by which its last piece came late: it stumbled on the way."""
        last = max(self.pieces)
        return self.pieces[last][0] - int(self.prompt.places[last]) - self.start

    @property
    def weight(self) -> float:
        """Seconds explained, times how well."""
        return len(self.pieces) * self.prompt.length / RATE * self.correlation

    @property
    def share(self) -> float:
        """How much of the prompt speaks for it."""
        return len(self.pieces) / len(self.prompt.places)

    @property
    def believable(self) -> bool:
        if not self.pieces or self.correlation < AGREEMENT:
            return False
        return len(self.pieces) > 1 or self.correlation >= CONVICTION

    def without(self, taken: list[tuple[int, int]]) -> _Candidate:
        """What is left of it when moments already explained are not counted."""
        slack = self.prompt.length // 4
        left = {
            i: (at, r)
            for i, (at, r) in self.pieces.items()
            if all(at + self.prompt.length <= a + slack or at >= b - slack for a, b in taken)
        }
        return _Candidate(self.prompt, self.start, left)


class _Prompt:
    """A prompt with the spectra of its pieces."""

    def __init__(self, name: str, sound: Samples) -> None:
        self.name = name
        self.sound: Floats = sound.astype(np.float32) / FULL_SCALE
        self.white = _whiten(self.sound)
        loud = np.flatnonzero(_levels(self.sound) > AUDIBLE)
        if not len(loud):
            raise ValueError(f"prompt {name} is silent")
        self.first, self.last = int(loud[0]) * FRAME, min((int(loud[-1]) + 1) * FRAME, len(sound))
        self.length = min(PIECE, self.last - self.first)
        count = max(1, -(-(self.last - self.first) // self.length))
        self.places = np.linspace(self.first, self.last - self.length, count).astype(int)
        pieces = np.stack([self.white[p : p + self.length] for p in self.places])
        energy = np.sqrt((pieces**2).sum(1, keepdims=True))
        speaks = energy[:, 0] > 0.1 * energy.max()  # a pause in the prompt says nothing about where it lies
        self.places, pieces = self.places[speaks], pieces[speaks] / energy[speaks]
        self.spectra = np.conj(np.fft.rfft(pieces, BLOCK))

    def candidates(self, blocks: _Blocks) -> Iterator[_Candidate]:
        """Moments at which this prompt may have begun, most convincing first."""
        votes = blocks.correlate(self)
        if votes is None:
            return
        tally = self._tally(votes)
        origin = int(self.places[-1])  # tally[k] speaks of a start at sample k - origin
        while tally.size and tally[best := int(np.argmax(tally))] >= CONVICTION:
            candidate = self._candidate(votes, best - origin)
            if candidate.believable:
                yield candidate
            tally[max(0, best - SLIP) : best + SLIP] = 0

    def _tally(self, votes: Floats) -> Floats:
        """For every possible start, the sum of the votes for it."""
        origin, n = int(self.places[-1]), votes.shape[1]
        tally = np.zeros(n + origin, np.float32)
        for place, vote in zip(self.places, votes, strict=True):
            tally[origin - place : origin - place + n] += np.where(vote >= HEARSAY, vote, 0)
        return tally

    def _candidate(self, votes: Floats, start: int) -> _Candidate:
        pieces = {}
        for i, (place, vote) in enumerate(zip(self.places, votes, strict=True)):
            at = start + int(place)
            if 0 <= at < len(vote) and vote[at] >= HEARSAY:
                pieces[i] = (at, float(vote[at]))
                continue
            near = vote[max(0, at - SLIP) : max(0, at + SLIP)]
            if near.size and near.max() >= CONVICTION:
                slipped = max(0, at - SLIP) + int(np.argmax(near))
                pieces[i] = (slipped, float(vote[slipped]))
        if pieces:  # where it began is for its first piece to say, if it stumbled later
            first = min(pieces)
            start = pieces[first][0] - int(self.places[first])
        return _Candidate(self, start, pieces)


class _Blocks:
    """A recording cut for correlation: the spectrum of each block that is not silent."""

    def __init__(self, sound: Floats) -> None:
        self.white = np.concatenate([_whiten(sound), np.zeros(BLOCK, np.float32)])
        self.samples = len(sound)
        self.energy = np.concatenate([[0.0], np.cumsum(self.white.astype(np.float64) ** 2)])
        self._spectra: dict[int, NDArray[np.complex64]] = {}

    def correlate(self, prompt: _Prompt) -> Floats | None:
        """Normalised correlation of each piece with the recording, at every sample; None when too short."""
        n = self.samples - prompt.length + 1
        if n < 1:
            return None
        votes = np.zeros((len(prompt.places), n), np.float32)
        step = BLOCK - PIECE
        for at in range(0, n, step):
            spectrum = self._spectrum(at)
            if spectrum is not None:
                width = min(step, n - at)
                votes[:, at : at + width] = np.fft.irfft(prompt.spectra * spectrum, BLOCK)[:, :width]
        there = self.energy[prompt.length : prompt.length + n] - self.energy[:n]
        floor = prompt.length * (GONE**2)
        votes /= np.sqrt(np.maximum(there, floor)).astype(np.float32)
        return votes

    def _spectrum(self, at: int) -> NDArray[np.complex64] | None:
        if self.energy[at + BLOCK] - self.energy[at] < FRAME * GONE**2:
            return None
        if at not in self._spectra:
            self._spectra[at] = np.fft.rfft(self.white[at : at + BLOCK]).astype(np.complex64)
        return self._spectra[at]


def _explain(candidates: list[_Candidate], sound: Floats) -> Iterator[Found]:
    """Give each moment to the candidate that explains most; name the others that would have done."""
    taken: list[tuple[int, int]] = []
    rest = sorted(candidates, key=lambda c: -c.weight)
    sound = sound.copy()  # what is explained is blanked: it must not speak for another prompt that ends alike
    while rest:
        best = _foremost(rest)
        rest.remove(best)
        found = _weigh(best, sound)
        if found is not None:
            span = [(at, at + best.prompt.length) for at, _ in best.pieces.values()]
            rivals = {c.prompt.name for c in rest if _rivals(c, best, span) or _reaches(c, best, found, sound)}
            yield replace(found, rivals=tuple(sorted(rivals - {found.prompt})))
            taken += [*span, (round(found.start * RATE) + best.prompt.first, round(found.heard_until * RATE))]
            for a, b in taken:
                sound[max(0, a) : max(0, b)] = 0
        rest = [c for c in (c.without(taken) for c in rest) if c.believable]
        rest.sort(key=lambda c: -c.weight)


def _foremost(rest: list[_Candidate]) -> _Candidate:
    """The candidate that explains most; a prompt with which a longer one begins was not the longer one cut short."""
    top = rest[0]
    as_well = [c for c in rest if c.weight >= AS_WELL * top.weight and abs(c.start - top.start) <= FRAME]
    return max(as_well, key=lambda c: (c.share, c.weight))


def _rivals(other: _Candidate, best: _Candidate, span: list[tuple[int, int]]) -> bool:
    """The same moments would be explained as well."""
    return other.weight >= AS_WELL * best.weight and not other.without(span).pieces


def _reaches(other: _Candidate, best: _Candidate, found: Found, sound: Floats) -> bool:
    """It began at the same moment and can be heard as far: the best was cut before they differ."""
    if found.whole or abs(other.start - best.start) > FRAME:
        return False
    weighed = _weigh(other, sound)
    return weighed is not None and weighed.heard_until >= found.heard_until - SYLLABLE


def _weigh(candidate: _Candidate, sound: Floats) -> Found | None:
    """Frame by frame: how much of the prompt is really there."""
    prompt, start = candidate.prompt, candidate.start
    there = _shifted(sound, start, len(prompt.sound))
    speaks = _levels(prompt.sound) > AUDIBLE
    present = speaks & (_frame_correlation(prompt.white, _whiten(there)) >= candidate.correlation / 2)
    for i, (at, _) in candidate.pieces.items():  # a piece that slipped was heard, if not in its place
        if abs(at - start - int(prompt.places[i])) > FRAME // 2:
            first = int(prompt.places[i]) // FRAME
            present[first : first + prompt.length // FRAME] |= speaks[first : first + prompt.length // FRAME]
    frames = np.flatnonzero(present)
    if len(frames) * FRAME / RATE < min(LEAST, prompt.length / RATE / 2):
        return None
    last = int(frames[-1]) + 1
    missing = speaks & (_levels(there) < GONE)
    return Found(
        prompt=prompt.name,
        start=start / RATE,
        end=(start + len(prompt.sound) + candidate.slip) / RATE,
        heard_until=(start + last * FRAME + candidate.slip) / RATE,
        heard=float((speaks & ~missing)[:last].sum() / speaks.sum()),
        dropouts=float(missing[:last].sum()) * FRAME / RATE,
        correlation=candidate.correlation,
        opening=_opening(prompt, there),
    )


def _opening(prompt: _Prompt, there: Floats) -> float:
    """Correlation of the first 100 ms of speech."""
    wanted = prompt.white[prompt.first : prompt.first + RATE // 10]
    heard = _whiten(there)[prompt.first : prompt.first + RATE // 10]
    power = float(np.sqrt((wanted**2).sum() * (heard**2).sum()))
    return float((wanted * heard).sum()) / power if power > 0 else 0.0


def _shifted(sound: Floats, start: int, length: int) -> Floats:
    """`length` samples from `start`, silence where the recording has none."""
    out = np.zeros(length, np.float32)
    a, b = max(0, start), min(len(sound), start + length)
    if a < b:
        out[a - start : b - start] = sound[a:b]
    return out


def _whiten(sound: Floats) -> Floats:
    """Differences of neighbours: less rumble, so that speech correlates sharply."""
    return np.diff(sound, prepend=sound[:1])


def _levels(sound: Floats) -> Floats:
    """Rms of each whole or last 20 ms."""
    padded = np.pad(sound, (0, -len(sound) % FRAME)).reshape(-1, FRAME)
    levels: Floats = np.sqrt((padded**2).mean(1)).astype(np.float32)
    return levels


def _frame_correlation(wanted: Floats, heard: Floats) -> Floats:
    """How alike two sounds are, in 60 ms around each 20 ms."""

    def sums(product: Floats) -> Floats:
        frames = np.pad(product, (0, -len(product) % FRAME)).reshape(-1, FRAME).sum(1)
        around: Floats = np.convolve(frames, np.ones(3, np.float32), "same").astype(np.float32)
        return around

    power = np.sqrt(sums(wanted**2) * sums(heard**2))
    alike: Floats = np.where(power > 0, sums(wanted * heard) / np.maximum(power, 1e-12), 0).astype(np.float32)
    return alike
