"""Places at the automated station: so many callers at a time, and so long each (S000-28).

Rule 1: a nuisance caller without a place hears the engaged tone, or, once answered, is let go (`reception.let_go`), not
at once; neither costs an agent. Anybody else without one goes to the queue.
Rule 2: a place is kept from the first word of the station to the end of the stint, whatever is asked for there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class StationSettings(BaseModel):
    """`station:` in hotline.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    callers: Annotated[int, Field(ge=0, le=10_000)] = 200
    """At a time, with this worker; 0: the station is closed."""
    minutes: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = 5
    """Of one caller; what is being said then is said to its end."""


class Station:
    """Who is at the station of this worker."""

    def __init__(self, settings: StationSettings, clock: Callable[[], float]) -> None:
        """`clock` is monotonic, in seconds."""
        self._settings, self._clock = settings, clock
        self._since: dict[str, float] = {}
        self._turned: set[str] = set()  # they did not ask for a person: we had no place for them

    def __len__(self) -> int:
        return len(self._since)

    def take_place(self, call_id: str) -> bool:
        """Whether this caller may begin with the station's first word (again)."""
        now = self._clock()
        if call_id not in self._since and len(self._since) < self._settings.callers:
            self._since[call_id] = now
        since = self._since.get(call_id)
        if since is None or now - since >= self._settings.minutes * 60:
            self._turned.add(call_id)
            return False
        return True

    def leave(self, call_id: str) -> bool:
        """The stint is over; whether it ended in the queue for want of a place, and not by the caller's wish."""
        self._since.pop(call_id, None)
        turned = call_id in self._turned
        self._turned.discard(call_id)
        return turned
