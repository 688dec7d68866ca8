"""The gas company (S003) and its night duty (S000-C): kinds of calls by key, revisits, notices."""

from __future__ import annotations

import pytest

from ari_app.call import Kind
from ari_app.rehearsal.script import Hears, Presses, Waits
from ari_app.rehearsal.twin import rehearse
from tests import callers
from tests.rehearsal.walks import (
    BACK_TO_THE_AGENT,
    CONNECTED,
    LINGERS,
    answers,
    by_agent,
    given_by_agent,
    presses,
    shipped,
    walk,
)
from tests.timelines import timeline

GAS = shipped("gas-company")


@pytest.mark.rule("S003-03", "S003-04")
def test_a_caller_is_answered_at_once_greeted_with_the_agents_number_and_asked_what_it_is_about() -> None:
    happened = rehearse(GAS, callers.SPEAKS_AT_ONCE)
    assert happened.timeline[:2] == ("0.0 answer", "0.0 play greeting")
    assert walk(happened) == ("play greeting", "speech", *CONNECTED)
    assert GAS.desk.greeting.recording == "gas-company/zh-CN/greeting"


@pytest.mark.rule("S003-06")
@pytest.mark.parametrize(
    ("key", "kind", "to"),
    [("1", "enquiry", "enquiries"), ("2", "repair", "repair"), ("3", "complaint", "complaints")],
)
def test_a_key_says_whether_it_is_an_enquiry_a_repair_or_a_complaint(key: str, kind: str, to: str) -> None:
    happened = rehearse(GAS, (Hears("greeting"), Presses(key)))
    assert walk(happened) == ("play greeting", f"presses {key}", f"file ticket to {to}", *CONNECTED)
    assert [(filing.kind, filing.procedure) for filing in happened.filed] == [(Kind.TICKET, kind)]


@pytest.mark.rule("S003-08")
def test_a_hold_asks_first_lasts_a_minute_and_ends_with_an_apology_and_thanks() -> None:
    assert by_agent(GAS, "hold") == timeline("""
        play hold-please
        wait 5
        wait 60
        play hold-thanks
        hand off agent
    """)
    assert by_agent(GAS, "hold", presses("hold-please", "2"))[-1:] == BACK_TO_THE_AGENT
    assert GAS.prompts["hold-please"].recording == "gas-company/zh-CN/hold-please"


@pytest.mark.rule("S003-10")
def test_before_the_end_the_caller_is_asked_for_other_problems_and_hangs_up_first() -> None:
    assert by_agent(GAS, "closing") == ("play other-problems", "wait 5", *LINGERS)
    assert by_agent(GAS, "closing", answers("other-problems"))[-2:] == ("speech", *BACK_TO_THE_AGENT)


@pytest.mark.rule("S003-05", "S003-21")
def test_who_the_caller_is_and_what_was_not_heard_is_asked_and_the_caller_is_back_with_the_agent() -> None:
    assert by_agent(GAS, "identify") == ("play identify", "wait 5", *BACK_TO_THE_AGENT)
    assert by_agent(GAS, "repeat") == ("play repeat", *BACK_TO_THE_AGENT)
    assert GAS.prompts["repeat"].recording == "gas-company/zh-CN/repeat"


@pytest.mark.rule("S003-15")
def test_a_customer_whose_repair_is_done_says_how_it_is_and_it_is_kept() -> None:
    agrees = (*answers("may-we-ask"), *answers("how-is-it"))
    happened = given_by_agent(GAS, "repair-revisit", agrees)
    assert walk(happened) == (
        *("play may-we-ask", "speech", "play how-is-it", "record"),
        *("file ticket", "play revisit-thanks", "wait 5"),
        *LINGERS,
    )
    [revisit] = happened.filed
    assert (revisit.kind, revisit.clock, bool(revisit.recording)) == (Kind.TICKET, "repair-revisit", True)


@pytest.mark.rule("S003-17")
@pytest.mark.parametrize("score", "123")
def test_a_customer_whose_complaint_was_handled_says_by_key_how_satisfied_they_are(score: str) -> None:
    happened = given_by_agent(GAS, "complaint-revisit", presses("rate-us", score))
    assert walk(happened) == (
        *("play may-we-ask", "wait 5", "play rate-us", f"presses {score}", "take score"),
        *("file survey", "play revisit-thanks", "wait 5"),
        *LINGERS,
    )
    [survey] = happened.filed
    assert (survey.kind, survey.taken) == (Kind.SURVEY, {"score": score})


@pytest.mark.rule("S003-18", "S003-19")
@pytest.mark.parametrize(("procedure", "prompt"), [("notice-campaign", "notice"), ("payment-notice", "payment-due")])
def test_a_notice_is_told_to_its_end_and_a_key_leads_to_a_person(procedure: str, prompt: str) -> None:
    told = (f"play {prompt}", "file ticket", "play notice-end")
    assert by_agent(GAS, procedure) == (*told, "wait 5", *LINGERS)
    assert by_agent(GAS, procedure, answers(prompt)) == (*told, "wait 5", *LINGERS)
    assert by_agent(GAS, procedure, presses("notice-end", "1")) == (*told, "presses 1", *CONNECTED)


@pytest.mark.rule("S000-C12")
def test_what_is_not_urgent_at_night_is_left_for_the_leader_by_the_next_day() -> None:
    happened = given_by_agent(GAS, "night-report")
    assert walk(happened) == ("file ticket to supervisor", "play night-report", *BACK_TO_THE_AGENT)
    assert GAS.clocks[happened.filed[0].clock].minutes == 24 * 60


def test_what_the_gas_company_does_not_say_otherwise_is_the_hotlines() -> None:
    hotline = shipped("hotline-standard")
    for procedure in ("silent", "too-quiet", "noisy", "harassment", "message", "linger"):
        assert by_agent(GAS, procedure) == by_agent(hotline, procedure)
    assert walk(rehearse(GAS, (Waits(1.0), Presses("9"))))[2] == "play wrong-number"
