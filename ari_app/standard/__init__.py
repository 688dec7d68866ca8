"""A service standard: what is said, how long we wait, what happens then. standard.yaml -> frozen Standard.

Rule 1: a standard that loads can answer a telephone: every prompt has its recording, every name exists.
Rule 2: words, waits and keys live in the file, never in code.
"""

from ari_app.hours import Opening
from ari_app.requests.clocks import Clock
from ari_app.standard.facts import (
    CONNECTING,
    EXTENSION,
    GREETING,
    LEAD_IN,
    Choice,
    Desk,
    Goto,
    Greeting,
    Hearing,
    Ladder,
    Lead,
    Sentence,
    Standard,
    Step,
    Take,
    Then,
)
from ari_app.standard.inheritance import Written
from ari_app.standard.loading import load
from ari_app.standard.recordings import TONE
from ari_app.standard.speaking import greeting_for, opening, spoken
from ari_app.standard.words import language_of, languages_of, sentences

__all__ = [
    "CONNECTING",
    "EXTENSION",
    "GREETING",
    "LEAD_IN",
    "TONE",
    "Choice",
    "Clock",
    "Desk",
    "Goto",
    "Greeting",
    "Hearing",
    "Ladder",
    "Lead",
    "Opening",
    "Sentence",
    "Standard",
    "Step",
    "Take",
    "Then",
    "Written",
    "greeting_for",
    "language_of",
    "languages_of",
    "load",
    "opening",
    "sentences",
    "spoken",
]
