"""Which of our numbers are rung by mistake."""

from __future__ import annotations

import pytest

from ari_app.records.facts import CallRecord, Entered, Stint
from ari_app.records.misdialled import Misdialled, Tally


def call(dialled: str, *procedures: str, by_key: str = "") -> CallRecord:
    entered = tuple(Entered(0.0, procedure) for procedure in procedures)
    first = Stint("w-1", "w", 0.0, 1.0, "incoming", dialled=dialled, procedures=() if by_key else entered)
    if not by_key:
        return CallRecord("c", (first,))
    back = Stint("w-2", "w", 5.0, 1.0, "procedure", dialled=by_key, procedure=by_key, procedures=entered)
    return CallRecord("c", (first, back))


@pytest.mark.rule("S000-13")
def test_a_number_that_is_rung_by_mistake_is_told_with_its_share() -> None:
    tally = Tally()
    for record in (
        call("4008008000"), call("4008008000", "silent"), call("4008008000", "wrong-number"),
        call("4008008001", "wrong-number", "station"), call("4008008001", "wrong-number", by_key="wrong-number"),
        call("4008008002"),
    ):  # fmt: skip
        tally.add(record)
    assert tally.misdialled == [Misdialled("4008008001", 2, 2), Misdialled("4008008000", 3, 1)]
    assert round(tally.misdialled[1].share) == 33
