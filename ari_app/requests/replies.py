"""The reply a government-enterprise hotline files after it has rung the caller back (S004-E02, S004-E03).

Rule: the format is the rule's, to the letter; what people put into it is theirs, on one line.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum


class Reply(StrEnum):
    """What the caller had asked for."""

    ENQUIRY = "enquiry"  # 咨询类
    COMPLAINT = "complaint"  # 投诉举报类


ATTITUDES = ("满意", "接受", "不满意")
"""What a caller says of an answer; the printed format leaves room for other words."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a reply is made of. `at`: when the caller was rung, in the zone in which it is to be read."""

    unit: str  # 单位
    department: str  # 部门 (处、科、室)
    at: datetime
    enterprise: str  # the caller's
    content: str  # the answer, or what has become of the complaint
    attitude: str  # what the caller said of it: see ATTITUDES
    policy: str = ""  # on which policy an answer rests; may be left out


def reply_text(kind: Reply, facts: Facts) -> str:
    """The reply in the fixed format, stamped with date and hour.

    Raises ValueError, naming what is missing: a reply with a gap is sent back.
    """
    told = {field.name: _one_line(getattr(facts, field.name)) for field in fields(facts) if field.name != "at"}
    for name, words in told.items():
        if not words and name != "policy":
            raise ValueError(f"a reply needs its {name}")
    when = f"{facts.at.year}年{facts.at.month:02}月{facts.at.day:02}日{facts.at.hour:02}时"
    who = f"{told['unit']}{told['department']}工作人员{when}电话联系{told['enterprise']}企业来电人，"
    match kind:
        case Reply.ENQUIRY:
            basis = f"根据{told['policy']}政策，" if told["policy"] else ""
            what, judged = f"就企业咨询问题进行了答复，答复内容为：{basis}{told['content']}。", "答复"
        case Reply.COMPLAINT:
            what, judged = f"告知投诉举报事项的办理情况：{told['content']}。", "办理情况"
    return f"{who}{what}企业来电人对{judged}表示{told['attitude']}。"


def _one_line(words: str) -> str:
    return " ".join(words.split()).rstrip("。.")
