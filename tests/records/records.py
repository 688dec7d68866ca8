"""Records of imagined calls."""

from __future__ import annotations

from ari_app.call import Arrival
from ari_app.journal import Milestone, What
from ari_app.records.facts import CallRecord
from ari_app.records.record import fold
from ari_app.records.settings import RecordsSettings

HOSTILE = '=HYPERLINK("http://x")\'; DROP TABLE calls;--<script>\x1b[31m\x00\ud800\r\n,@+-'
CLEAR = RecordsSettings(numbers="clear")  # type: ignore[arg-type]


def call(
    number: int, worker: str = "1", *, began: float | None = None, caller: str = "13800138000", dialled: str = "100"
) -> CallRecord:
    """The `number`th call of a worker: answered, greeted, and the caller hung up."""
    return fold(
        [
            Milestone(0.1, What.ANSWER),
            Milestone(0.1, What.ENTER, "greeting 1"),
            Milestone(0.1, What.PLAY, "greeting"),
            Milestone(4.0, What.CALLER_HUNG_UP),
        ],
        call_id=f"{worker}-{number}",
        worker=worker,
        began=1_790_000_000.0 + number if began is None else began,
        arrival=Arrival(number=caller, dialled=dialled),
        standard="round",
        version=1,
        language="en",
        settings=CLEAR,
    )
