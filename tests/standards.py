"""A standard with round numbers, and its recordings: what a reader can add up in their head.

Rule: the words of a test standard are nobody's; the shipped ones are tested by their waits alone.
"""

from __future__ import annotations

import wave
from collections.abc import Mapping
from pathlib import Path

from ari_app.standard import Standard, load

LENGTHS: Mapping[str, float] = {
    "lead-in": 0.3,
    "greeting": 5,
    "connecting": 2,
    "offer": 2,
    "no-sound": 4,
    "wrong-number": 3,
    "station-menu": 3,
    "anything-else": 2,
    "hanging-up": 1,
    "busy": 2,
    "busy-farewell": 3,
}
"""Seconds of each prompt."""

WRITTEN = """\
standard: round
version: 1
language: en

values:
  org: {text: us, say: us}

prompts:
  greeting:      {text: "Hello, this is {org}.", say: "Hello, this is {org}."}
  connecting:    {text: "One moment.", say: "One moment."}
  offer:         {text: "May I help you?", say: "May I help you?"}
  no-sound:      {text: "We cannot hear you.", say: "We cannot hear you."}
  wrong-number:  {text: "This is us.", say: "This is us."}
  station-menu:  {text: "Press one.", say: "Press one."}
  anything-else: {text: "Anything else?", say: "Anything else?"}
  hanging-up:    {text: "Good-bye.", say: "Good-bye."}
  busy:          {text: "Please hold.", say: "Please hold."}
  busy-farewell: {text: "Please ring again.", say: "Please ring again."}

hearing:
  speech_minimum: 0.25
  threshold: 128

reception:
  greeting: greeting
  patience: 5
  connecting: connecting
  silent: silent
  after_agent: linger
  no_agent: busy
  exhausted: queue-exhausted
  queue_rounds: 3
  station: station
  keys: {"9": wrong-number}

procedures:
  silent:
    steps:
      - {say: offer,    wait: 5}
      - {say: offer,    wait: 5}
      - {say: no-sound, wait: 5}
    then: hang_up
    on_response: queue
  wrong-number:
    steps:
      - {say: wrong-number, wait: 5}
    then: station
    on_response: queue
  station:
    steps:
      - {say: station-menu, wait: 5}
      - {say: station-menu, wait: 5}
    keys: {"1": queue}
    then: release
    on_response: stay
  linger:
    steps:
      - {say: anything-else, wait: 5}
      - {say: hanging-up,    wait: 5}
    then: hang_up
    on_response: queue
  busy:
    steps:
      - {say: busy, wait: 0}
    then: queue
  queue-exhausted:
    steps:
      - {say: busy-farewell, wait: 5}
    then: hang_up
"""


def record(file: Path, seconds: float, rate: int = 8000, channels: int = 1) -> None:
    """A recording of silence."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(bytes(2 * channels * round(seconds * rate)))


def write(folder: Path, written: str = WRITTEN, lengths: Mapping[str, float] = LENGTHS) -> Path:
    """The standard as files below `folder`; returns its folder."""
    home = folder / "round"
    home.mkdir(exist_ok=True)
    (home / "standard.yaml").write_text(written, encoding="utf-8")
    for name, seconds in lengths.items():
        record(home / "en" / f"{name}.wav", seconds)
    return home


def rounded(folder: Path) -> Standard:
    """The standard in seconds one can add up: greeting 5, offer 2, every wait 5."""
    return load(write(folder))


def hurried(folder: Path, prompt: float = 0.02, wait: float = 0.04) -> Standard:
    """The same for real time: every prompt and every wait as short as can be."""
    written = WRITTEN.replace("wait: 5", f"wait: {wait}").replace("patience: 5", f"patience: {wait}")
    return load(write(folder, written, dict.fromkeys(LENGTHS, prompt)))


def child(folder: Path, name: str, parent: str, differs: str) -> Path:
    """A standard of our own that differs from a shipped one in this; it has no recordings, for it has no new words."""
    home = folder / name
    home.mkdir()
    head = f"standard: {name}\nversion: 1\nlanguage: zh-CN\nextends: {parent}\n"
    (home / "standard.yaml").write_text(head + differs, encoding="utf-8")
    return home
