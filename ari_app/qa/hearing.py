"""What one caller lived through, as heard at both ends of the line. Facts only; `verdict` judges them.

All offsets are seconds since the caller's call was answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ari_app.qa.carrier import By
from ari_app.qa.cast import CastCaller
from ari_app.qa.ear import Recording
from ari_app.qa.matcher import Found


class Deed(StrEnum):
    """What a caller did."""

    SPOKE = "spoke"
    COUGHED = "coughed"
    PRESSED = "pressed"
    HUNG_UP = "hung up"
    TALKED = "talked with the agent"


@dataclass(frozen=True)
class Act:
    """One thing a caller did, when, and for how long."""

    at: float
    deed: Deed
    seconds: float = 0.0
    detail: str = ""

    @property
    def heeded(self) -> bool:
        """Whether it is for the hotline to react to: a cough is not a caller, and an agent has ears too."""
        return self.deed in (Deed.SPOKE, Deed.PRESSED, Deed.HUNG_UP)


@dataclass(frozen=True)
class AgentSide:
    """The same call at the agent's telephone."""

    rang: float
    answered: float
    ended: float
    hung_up_by: By | None  # US: the agent
    recording: Recording
    found: tuple[Found, ...]
    phone: str = ""  # whose: agent-001
    pressed: float | None = None  # when they began to press a key that gives the caller back


@dataclass(frozen=True)
class Hearing:
    """One call. `trouble` says why there is nothing to judge: not answered, or never ended."""

    caller: CastCaller
    answered_after: float | None  # seconds from INVITE to 200
    ended: float | None
    hung_up_by: By | None
    recording: Recording
    found: tuple[Found, ...] = ()
    acts: tuple[Act, ...] = ()
    agents: tuple[AgentSide, ...] = ()
    trouble: str = ""

    @property
    def agent(self) -> AgentSide | None:
        """The first agent this caller talked with."""
        return self.agents[0] if self.agents else None

    def prompts(self, names: frozenset[str]) -> tuple[Found, ...]:
        """What was heard of the hotline itself, without the people."""
        return tuple(found for found in self.found if found.prompt in names)
