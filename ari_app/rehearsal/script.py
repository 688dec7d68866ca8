"""What a caller does: few verbs, no conditions.

Rule: the same script plays against the twin (virtual time) and against a real PBX. `Hears` is resolved
by the twin beforehand, so that on the PBX a script is a list of moments counted from the answer.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waits:
    """Keeps silent for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hears:
    """Keeps silent until the named prompt has been heard to its end, `times` times since the answer."""

    prompt: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Says:
    """Makes a sound of so many seconds: a sentence, or a cough when it is short."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Presses:
    """Presses one key."""

    key: str


@dataclass(frozen=True, slots=True)
class HangsUp:
    """Puts the phone down."""


Act = Waits | Hears | Says | Presses | HangsUp
Script = tuple[Act, ...]
