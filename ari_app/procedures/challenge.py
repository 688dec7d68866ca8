"""The challenge: a suspicious caller is asked, kindly, to press a key. A machine that dials does not.

Rule: nobody is hung up on here; who does not pass is served by the station, which has a way out (S000-28).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ari_app.call import Call, Digit, Heed, Prompt
from ari_app.journal import Place

CHALLENGE = "challenge"
"""The place of a call that is being challenged."""


class Outcome(StrEnum):
    """How a challenge ended."""

    PASSED = "passed"
    NOT_PASSED = "not passed"


@dataclass(frozen=True, slots=True)
class Riddle:
    """What is asked: for each key the sentence that names it, the seconds to find it, and how often we ask."""

    asks: Mapping[str, Prompt]
    wait: float
    rounds: int

    def key_for(self, chance: int) -> str:
        """The key of this call; `chance` is any number a caller cannot foresee."""
        return sorted(self.asks)[chance % len(self.asks)]


async def challenge(call: Call, riddle: Riddle, key: str) -> Outcome:
    """The caller hears which key to press, `riddle.rounds` times at most; a voice or a wrong key is asked again."""
    heed = Heed(False, frozenset("0123456789*#"))
    for step in range(1, riddle.rounds + 1):
        call.journal.enter(Place(CHALLENGE, step))
        heard = await call.play(riddle.asks[key], heed) or await call.listen(riddle.wait, heed)
        if heard == Digit(key):
            return Outcome.PASSED
    return Outcome.NOT_PASSED
