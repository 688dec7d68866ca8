"""An office for these tests: a clock on the wall that is set by hand, standards with clocks, and what is filed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ari_app.call import Filing, Kind
from ari_app.hours import Hours
from ari_app.requests import letter
from ari_app.requests.clocks import Clock
from ari_app.requests.clocks_file import ClockFile, clocks
from ari_app.requests.letter import Letter
from ari_app.requests.settings import RequestsSettings

SHANGHAI = ZoneInfo("Asia/Shanghai")
ALWAYS = Hours.always(SHANGHAI)
NUMBER, OTHER = "+8613800138000", "+8613900139000"

PROMISED: Mapping[str, Clock] = clocks(
    {
        name: ClockFile.model_validate(written)
        for name, written in {
            "complaint-simple": {"minutes": 120, "rule": "S000-20", "from": "complaint accepted", "to": "reply"},
            "complaint-complex": {"minutes": 1440, "rule": "S000-20", "from": "complaint accepted", "to": "reply"},
            "fault-preprocess": {
                "minutes": 30, "rule": "S002-01", "from": "registered", "to": "pre-processed", "then": "fault-dispatch",
            },
            "fault-dispatch": {
                "minutes": 10, "rule": "S002-02", "from": "pre-processed", "to": "dispatched", "then": "engineer-reply",
            },
            "engineer-reply": {
                "minutes": 30, "rule": "S002-03", "from": "dispatched", "to": "replied", "then": "fault-plan",
            },
            "fault-plan": {
                "minutes": 1440, "rule": "S002-05", "from": "dispatched", "to": "plan fixed", "then": "fault-clear",
            },
            "fault-clear": {"minutes": 20, "rule": "S002-06", "from": "plan fixed", "to": "cleared", "dial": True},
            "night-report": {"next_day": "08:00", "rule": "S000-C12"},
            "delivery-call": {"days": 0, "rule": "S004-I09", "dial": True},
            "purchase-call": {"days": 25, "rule": "S004-I10", "dial": True},
            "meeting-retry": {"minutes": 5, "rule": "S004-U17"},
            "promised": {"agreed": True, "rule": "S004-O05"},
            "reply-in-days": {"days": 3, "rule": "S004-G04"},
            "dropped-call": {"minutes": 1, "rule": ["S004-M11", "S004-F06"]},
        }.items()
    }
)  # fmt: skip


@dataclass(frozen=True)
class Office:
    """As much of a standard as a filing needs."""

    name: str = "after-sales"
    version: int = 3
    hours: Hours | None = None
    clocks: Mapping[str, Clock] = field(default_factory=lambda: MappingProxyType(dict(PROMISED)))


@dataclass
class Wall:
    """A clock on the wall, set by hand: a Tuesday afternoon in Shanghai."""

    now: datetime = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # 15:00 there

    def __call__(self) -> datetime:
        return self.now

    def on(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now


def shanghai(text: str) -> datetime:
    """A moment by the wall in Shanghai, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def settings(tmp_path: Path, **changes: object) -> RequestsSettings:
    return RequestsSettings.model_validate({"spool": str(tmp_path / "spool"), "look_every": 1, **changes})


def filing(kind: Kind = Kind.CALLBACK, clock: str = "", **more: object) -> Filing:
    taken = more.pop("taken", {})
    return Filing(kind, procedure=str(more.pop("procedure", "enquiry")), clock=clock, taken=taken, **more)  # type: ignore[arg-type]


def posted(at: datetime, what: Filing | None = None, number: str = NUMBER, agent: str = "") -> Letter:
    """A letter as the desk writes it."""
    return letter.write("call-1", number, what or filing(), Office(), RequestsSettings(), at, agent)
