"""A service standard: what is said, how long we wait, what happens then. standard.yaml -> frozen Standard.

Rule 1: a standard that loads can answer a telephone: every prompt has its recording, every name exists.
Rule 2: words, waits and keys live in the file, never in code.
"""

from ari_app.standard.facts import (
    CONNECTING,
    GREETING,
    LEAD_IN,
    Choice,
    Hearing,
    Ladder,
    Sentence,
    Standard,
    Step,
    Then,
)
from ari_app.standard.loading import load
from ari_app.standard.words import language_of, languages_of, sentences

__all__ = [
    "CONNECTING",
    "GREETING",
    "LEAD_IN",
    "Choice",
    "Hearing",
    "Ladder",
    "Sentence",
    "Standard",
    "Step",
    "Then",
    "language_of",
    "languages_of",
    "load",
    "sentences",
]
