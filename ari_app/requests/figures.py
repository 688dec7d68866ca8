"""What counts in the figures of a government-enterprise hotline, and what does not (S004-E04, S004-E05, S004-E06).

Rule: nothing is left out silently: what is excluded is excluded for a reason a person can look up.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class Closing(StrEnum):
    """How a case was closed. All but the first two are ways of the law that decide in our place (S004-E04)."""

    ANSWERED = "answered"
    POLICY = "policy"  # objectively cannot be met: policy, planning, national projects … (S004-E05)
    LITIGATION = "litigation"  # 诉讼
    RECONSIDERATION = "reconsideration"  # 行政复议
    ARBITRATION = "arbitration"  # 仲裁
    DISCIPLINE = "discipline"  # 纪检监察
    DISCLOSURE = "disclosure"  # 信息公开
    PETITION = "petition"  # 信访


STATUTORY = frozenset(Closing) - {Closing.ANSWERED, Closing.POLICY}


@dataclass(frozen=True, slots=True)
class Case:
    """One request as it is judged. `caller` and `issue` are only compared."""

    caller: Hashable
    issue: str
    at: datetime
    responded: bool
    resolved: bool = False
    satisfied: bool = False
    closing: Closing = Closing.ANSWERED
    decided_by: str = ""  # the supervisor who excluded a policy case …
    reason: str = ""  # … and why


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int
    base: int

    @property
    def rate(self) -> float | None:
        """From 0 to 1; None where there was nothing to count."""
        return self.count / self.base if self.base else None


@dataclass(frozen=True, slots=True)
class Figures:
    """响应率, 解决率, 满意率."""

    response: Share
    resolution: Share
    satisfaction: Share


def response_only(case: Case) -> bool:
    """Whether a case counts in the response rate alone: the law decided (E04), or a supervisor said so (E05).

    A policy case without a supervisor's name and reason counts like any other (CON-38).
    """
    if case.closing is Closing.POLICY:
        return bool(case.decided_by.strip() and case.reason.strip())
    return case.closing in STATUTORY


def once_a_month(cases: Iterable[Case], zone: ZoneInfo) -> list[Case]:
    """The same person with the same issue in one calendar month is one case: the latest (S004-E06)."""
    latest: dict[tuple[Hashable, str, int, int], Case] = {}
    for case in sorted(cases, key=lambda case: case.at):
        local = case.at.astimezone(zone)
        latest[(case.caller, case.issue, local.year, local.month)] = case
    return list(latest.values())


def figures(cases: Iterable[Case], zone: ZoneInfo) -> Figures:
    """The three rates of a period."""
    counted = once_a_month(cases, zone)
    judged = [case for case in counted if not response_only(case)]
    return Figures(
        Share(sum(case.responded for case in counted), len(counted)),
        Share(sum(case.resolved for case in judged), len(judged)),
        Share(sum(case.satisfied for case in judged), len(judged)),
    )
