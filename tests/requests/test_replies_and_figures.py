"""What a government-enterprise hotline replies, and what counts in its figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ari_app.requests.figures import STATUTORY, Case, Closing, Share, figures, once_a_month, response_only
from ari_app.requests.replies import Facts, Reply, reply_text
from tests.requests.office import SHANGHAI, shanghai

FACTS = Facts(
    unit="市税务局", department="纳税服务处", at=datetime(2026, 11, 4, 9, 40, tzinfo=SHANGHAI),
    enterprise="某某公司", content="可以在网上办理", attitude="满意", policy="便民办税",
)  # fmt: skip


@pytest.mark.rule("S004-E02")
def test_an_enquiry_is_replied_to_in_the_fixed_format() -> None:
    assert reply_text(Reply.ENQUIRY, FACTS) == (
        "市税务局纳税服务处工作人员2026年11月04日09时电话联系某某公司企业来电人，就企业咨询问题进行了答复，"
        "答复内容为：根据便民办税政策，可以在网上办理。企业来电人对答复表示满意。"
    )
    assert "根据" not in reply_text(Reply.ENQUIRY, replace(FACTS, policy=""))


@pytest.mark.rule("S004-E03")
def test_a_complaint_is_replied_to_in_the_fixed_format() -> None:
    assert reply_text(Reply.COMPLAINT, replace(FACTS, content="已责成整改。\n", attitude="接受")) == (
        "市税务局纳税服务处工作人员2026年11月04日09时电话联系某某公司企业来电人，告知投诉举报事项的办理情况：已责成整改。"
        "企业来电人对办理情况表示接受。"
    )


@pytest.mark.rule("S004-E02", "S004-E03")
@pytest.mark.parametrize("missing", ["unit", "department", "enterprise", "content", "attitude"])
def test_a_reply_with_a_gap_is_not_made(missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        reply_text(Reply.COMPLAINT, replace(FACTS, **{missing: " \n"}))  # type: ignore[arg-type]


CASE = Case("caller", "heating", datetime(2026, 11, 3, tzinfo=UTC), responded=True, resolved=True, satisfied=True)


@pytest.mark.rule("S004-E04")
@pytest.mark.parametrize("way", sorted(STATUTORY))
def test_a_case_the_law_decided_counts_as_responded_to_and_no_more(way: Closing) -> None:
    told = figures([CASE, replace(CASE, caller="b", closing=way, resolved=False, satisfied=False)], SHANGHAI)
    assert (told.response, told.resolution, told.satisfaction) == (Share(2, 2), Share(1, 1), Share(1, 1))


@pytest.mark.rule("S004-E05")
def test_a_policy_case_is_excluded_only_by_a_supervisor_with_a_reason() -> None:
    policy = replace(CASE, closing=Closing.POLICY, resolved=False)
    assert not response_only(policy)
    assert not response_only(replace(policy, decided_by="Li"))
    assert not response_only(replace(policy, decided_by=" ", reason="plan"))
    assert response_only(replace(policy, decided_by="Li", reason="city plan 2026-4"))


@pytest.mark.rule("S004-E06")
def test_the_same_person_with_the_same_issue_counts_once_a_month_by_the_latest() -> None:
    again = replace(CASE, at=datetime(2026, 11, 20, tzinfo=UTC), satisfied=False)
    assert once_a_month([again, CASE], SHANGHAI) == [again]
    others = [
        replace(CASE, caller="b"),
        replace(CASE, issue="water"),
        replace(CASE, at=datetime(2026, 12, 3, tzinfo=UTC)),
    ]
    assert len(once_a_month([CASE, again, *others], SHANGHAI)) == 4
    assert figures([CASE, again], SHANGHAI).satisfaction == Share(0, 1)


@pytest.mark.rule("S004-E06")
def test_the_month_is_the_one_on_the_wall() -> None:
    first, last = shanghai("2026-12-01 00:30"), shanghai("2026-11-30 23:30")  # one day in UTC
    assert len(once_a_month([replace(CASE, at=first), replace(CASE, at=last)], SHANGHAI)) == 2


def test_where_nothing_was_counted_there_is_no_rate() -> None:
    assert figures([], SHANGHAI).response.rate is None
    assert Share(1, 4).rate == 0.25
