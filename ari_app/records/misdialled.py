"""Which of our numbers are rung by people who wanted another: a misprinted leaflet shows up here (S000-13).

Rule: pure; only calls that were found to be wrong by the caller's or an agent's key count, and no caller is in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ari_app.records.facts import CallRecord

WRONG_NUMBER = "wrong-number"
"""The procedure of a caller who wanted another number."""
INCOMING = "incoming"


@dataclass(slots=True)
class Misdialled:
    """One of our numbers, as it was dialled."""

    dialled: str
    calls: int = 0
    wrong: int = 0

    @property
    def share(self) -> float:
        """Percent of its calls."""
        return 100 * self.wrong / self.calls


class Tally:
    """Counts one call after the other: there may be more of them than memory holds."""

    def __init__(self) -> None:
        self._found: dict[str, Misdialled] = {}

    def add(self, record: CallRecord) -> None:
        dialled = next((stint.dialled for stint in record.stints if stint.door == INCOMING), "")
        number = self._found.setdefault(dialled, Misdialled(dialled))
        number.calls += 1
        number.wrong += any(entered.procedure == WRONG_NUMBER for s in record.stints for entered in s.procedures)

    @property
    def misdialled(self) -> list[Misdialled]:
        """Every number that was rung by mistake, the most misdialled first."""
        return sorted((m for m in self._found.values() if m.wrong), key=lambda m: (-m.wrong, -m.share, m.dialled))
