"""What holds for every procedure of the standards of S004 and of the bus station, inherited ones included."""

from __future__ import annotations

import pytest

from ari_app import paths
from ari_app.call import Arrival, Door
from ari_app.journal import Place, What
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import languages_of, sentences
from tests.evenly import by_agent, evenly

DESKS = (
    "utility-service", "office-reception", "front-desk", "retail-showroom", "hotel-service-centre",
    "customer-service", "it-support", "government-hotline", "call-centre", "bus-station",
)  # fmt: skip
WE_HANG_UP_IN = {"silent", "too-quiet", "noisy", "linger", "let-go"}
"""The procedures whose standards print a hang-up; in all others the caller hangs up first (CON-06)."""


@pytest.mark.rule("S004-L07", "S004-N09", "S004-U04", "S004-F10")
@pytest.mark.parametrize("name", DESKS)
def test_a_caller_who_does_nothing_reaches_somebody_or_is_let_go_where_a_standard_says_so(name: str) -> None:
    standard = evenly(name)
    for procedure in standard.procedures:
        happened = by_agent(standard, procedure)
        last = happened.journal[-1]
        assert last.what in (What.HAND_OFF, What.HANG_UP), procedure
        if last.what is What.HANG_UP:
            place = next(m.detail for m in reversed(happened.journal) if m.what is What.ENTER)
            assert place.split()[0] in WE_HANG_UP_IN, procedure


@pytest.mark.parametrize("name", DESKS)
def test_a_call_is_taken_up_at_every_step_by_another_worker(name: str) -> None:
    standard = evenly(name)
    for ladder in standard.procedures.values():
        for number in range(1, len(ladder.steps) + 1):
            arrival = Arrival(Door.ADOPTED, place=Place(ladder.name, number))
            assert rehearse(standard, (), arrival).journal[-1].what in (What.HAND_OFF, What.HANG_UP), ladder.name


@pytest.mark.parametrize("name", DESKS)
def test_no_key_of_agents_is_the_beginning_of_another(name: str) -> None:
    """Asterisk takes the shorter one, and the longer is never heard of."""
    keys = sorted(ladder.agent_key for ladder in evenly(name).procedures.values() if ladder.agent_key)
    assert [key for key in keys if any(other != key and other.startswith(key) for other in keys)] == []


@pytest.mark.parametrize("name", DESKS)
def test_a_sentence_is_followed_by_one_wait_wherever_it_is_said(name: str) -> None:
    """Who listens to a call can tell which wait is due."""
    standard, waits = evenly(name), dict[str, set[float]]()
    for greeting in (standard.desk.greeting, *(greeting.say for greeting in standard.desk.greetings)):
        waits.setdefault(greeting.name, set()).add(standard.desk.patience)
    for ladder in standard.procedures.values():
        for step in ladder.steps:
            if step.say is not None:
                waits.setdefault(step.say.name, set()).add(step.wait)
    assert {said: after for said, after in waits.items() if len(after) > 1} == {}


@pytest.mark.parametrize("name", DESKS)
def test_every_desk_speaks_chinese_and_english(name: str) -> None:
    assert languages_of(paths.shipped("prompts") / name) == ("zh-CN", "en")


@pytest.mark.parametrize(
    ("name", "sentence", "printed"),
    [
        pytest.param(name, sentence, printed, marks=pytest.mark.rule(rule), id=f"{rule} {sentence}")
        for rule, name, sentence, printed in (
            ("S004-A01", "call-centre", "greeting", "您好，呼叫中心，我是客服代表，请问有什么可以帮到您？"),
            ("S004-D02", "office-reception", "greeting", "您好，总公司，我是前台，请问有什么可以帮助您的？"),
            ("S004-F02", "office-reception", "department", "您好，总公司行政部。"),
            ("S004-N01", "office-reception", "company", "您好！总公司。"),
            ("S004-J03", "office-reception", "small-company", "您好，总公司，请问我能帮您什么忙吗？"),
            ("S004-D12", "office-reception", "one-moment", "请稍等，我帮您转接。"),
            ("S004-D13", "office-reception", "extension-busy", "您找的同事正在忙，请稍等片刻，我帮您留言。"),
            ("S004-D15", "office-reception", "farewell", "再见，感谢您的来电。"),
            ("S004-L11", "office-reception", "absent", "对不起，他现在不在，需要留言吗？"),
            ("S004-N06", "office-reception", "wrong-number", "对不起，您拨错号码了，请查准后再拨。"),
            ("S004-G02", "front-desk", "late-answer", "不好意思，让您久等了。"),
            ("S004-G03", "front-desk", "cover-longer", "不好意思，让您久等了，请您再等一分钟。"),
            ("S004-I01", "retail-showroom", "greeting", "您好，展厅。"),
            ("S004-I07", "retail-showroom", "louder", "对不起，请您声音再大点好吗？我听不太清楚您讲话。"),
            ("S004-L02", "hotel-service-centre", "centre", "您好，服务中心。"),
            ("S004-L03", "hotel-service-centre", "interrupt", "对不起，请稍等。"),
            ("S004-U07", "hotel-service-centre", "wrong-number", "对不起，您拨错电话号码了。"),
            ("S004-U08", "hotel-service-centre", "late-answer", "对不起，让您久等了。"),
            ("S004-U09", "hotel-service-centre", "second-call", "对不起，请稍候，我先接个电话。"),
            ("S004-U10", "hotel-service-centre", "callback-apology", "刚才中途断线，真是抱歉。"),
            (
                "S004-O01", "customer-service", "greeting",
                "您好，这里是公司的客服中心，我是客服代表，请问有什么我可以帮助您的？",
            ),
            ("S004-Q01", "it-support", "greeting", "您好，软件公司。"),
            ("S004-Q06", "it-support", "leave-your-number", "等我们有了准确结果后会尽快和您联系。"),
        )
    ],
)  # fmt: skip
def test_a_sentence_is_as_its_standard_prints_it(name: str, sentence: str, printed: str) -> None:
    said = {one.name: one.text for one in sentences(paths.shipped("prompts") / name)}
    assert said[sentence] == printed
