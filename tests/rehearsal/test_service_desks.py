"""Customer service, technical support, government, call centre, bus station (S004/O, R, Q, E, A; S000 part 2).

Every sentence lasts two seconds here.
"""

from __future__ import annotations

import pytest

from ari_app.call import Arrival, Door, Kind
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Says, Waits
from ari_app.rehearsal.twin import rehearse, returned_by_agent
from ari_app.standard import Then
from tests.evenly import NUMBER, by_agent, evenly, hangs_up_after, owed, presses, rung_by_us
from tests.timelines import timeline

LEAVES_NUMBER = (Hears("number-please"), *presses(f"{NUMBER}#"), *hangs_up_after("thanks-for-cooperation"))


# ------------------------------------------------------------------ customer service


@pytest.mark.rule("S004-O08")
def test_who_stays_when_the_agent_has_left_is_asked_for_a_score_and_for_anything_else() -> None:
    happened = returned_by_agent(evenly("customer-service"), (Hears("survey"), Waits(1.0), Presses("4")))
    assert happened.timeline == timeline("""
         0.0  answer
         0.0  play survey
         4.0  digit 4
         4.0  take score
         4.0  file survey
         4.0  play survey-thanks
         6.0  play anything-else
        13.0  play hanging-up
        20.0  hang up
    """)
    assert happened.filed[0].taken == {"score": "4"}


@pytest.mark.rule("S004-O07")
def test_a_call_ends_with_the_question_and_with_thanks() -> None:
    assert by_agent(evenly("customer-service"), "closing", hangs_up_after("farewell")).timeline == timeline("""
         0.0  answer
         0.0  play anything-else
         8.0  play farewell
        10.0  caller hung up
    """)


@pytest.mark.rule("S004-R03")
@pytest.mark.parametrize("by", ["caller", "agent"])
def test_what_is_urgent_is_told_to_the_supervisor_and_goes_before_other_callers(by: str) -> None:
    standard = evenly("customer-service")
    if by == "caller":
        happened = rehearse(standard, (Hears("greeting"), Presses("0")))
    else:
        happened = by_agent(standard, "urgent-call")
    assert [line.split(" ", 1)[1] for line in happened.timeline[-4:]] == [
        "file alert to supervisor",
        "play urgent",
        "play connecting",
        "hand off hotline urgent",
    ]


@pytest.mark.rule("S004-O02")
def test_the_number_of_who_is_to_be_rung_back_is_verified() -> None:
    happened = by_agent(evenly("customer-service"), "enquiry-callback", LEAVES_NUMBER)
    assert happened.filed[0].taken["number"] == NUMBER and happened.filed[0].confirmed


# ------------------------------------------------------------------ technical support


@pytest.mark.rule("S004-Q01")
def test_a_caller_of_the_support_is_answered_at_once() -> None:
    assert rehearse(evenly("it-support"), (HangsUp(),)).timeline[:2] == ("0.0 answer", "0.0 play greeting")


WAITED = Arrival(Door.AFTER_QUEUE, queue_status="TIMEOUT", queue_round=1)


@pytest.mark.rule("S004-Q02")
def test_who_meets_busy_agents_is_told_why_and_waits_on() -> None:
    assert rehearse(evenly("it-support"), (), WAITED).timeline == timeline("""
         0.0  answer
         0.0  play busy
         8.0  hand off hotline
    """)


@pytest.mark.rule("S004-Q03")
def test_who_meets_busy_agents_may_be_rung_back() -> None:
    happened = rehearse(evenly("it-support"), (Hears("busy"), Presses("1"), *LEAVES_NUMBER), WAITED)
    assert owed(happened) == [(Kind.CALLBACK, "enquiry-callback", "")]
    assert happened.filed[0].taken["number"] == NUMBER


@pytest.mark.rule("S004-Q03")
@pytest.mark.parametrize(("status", "rounds"), [("FULL", 1), ("JOINEMPTY", 1), ("TIMEOUT", 3)])
def test_whose_wait_would_be_long_leaves_a_number(status: str, rounds: int) -> None:
    arrival = Arrival(Door.AFTER_QUEUE, queue_status=status, queue_round=rounds)
    happened = rehearse(evenly("it-support"), LEAVES_NUMBER, arrival)
    assert happened.timeline[:3] == timeline("""
         0.0  answer
         0.0  play overflow
         8.0  play number-please
    """)
    assert owed(happened) == [(Kind.CALLBACK, "enquiry-callback", "")]


def test_whose_wait_would_be_long_may_wait_all_the_same() -> None:
    arrival = Arrival(Door.AFTER_QUEUE, queue_status="FULL", queue_round=1)
    happened = rehearse(evenly("it-support"), (Hears("overflow"), Presses("2")), arrival)
    assert happened.timeline[-1].endswith("hand off hotline")


@pytest.mark.rule("S004-Q06")
def test_who_cannot_be_helped_now_is_promised_a_call() -> None:
    happened = by_agent(evenly("it-support"), "enquiry-callback", LEAVES_NUMBER)
    assert happened.timeline[:2] == ("0.0 answer", "0.0 play leave-your-number")
    assert owed(happened) == [(Kind.CALLBACK, "enquiry-callback", "")]


@pytest.mark.rule("S004-Q07")
def test_the_support_transfers_nobody() -> None:
    standard = evenly("it-support")
    assert all(Then.TRANSFER not in ladder.leads() for ladder in standard.procedures.values())
    assert standard.desk.dials is None


# ------------------------------------------------------------------ government


@pytest.mark.rule("S004-E01")
def test_a_department_that_answers_a_request_says_who_it_is_first() -> None:
    assert rung_by_us(evenly("government-hotline"), "reply").timeline == timeline("""
         0.0  answer
         0.0  play outbound-reply
         3.0  play connecting
         5.0  hand off hotline urgent
    """)


def test_who_was_answered_is_asked_how_the_answer_was_received() -> None:
    happened = rung_by_us(evenly("government-hotline"), "revisit", (Hears("revisit"), Presses("2")))
    assert happened.timeline[:6] == timeline("""
         0.0  answer
         0.0  play revisit
         3.0  digit 2
         3.0  take score
         3.0  file survey
         3.0  play revisit-thanks
    """)
    assert happened.filed[0].taken == {"score": "2"}


# ------------------------------------------------------------------ call centre


@pytest.mark.rule("S004-A02")
def test_only_after_five_rings_does_a_call_centre_apologise() -> None:
    standard = evenly("call-centre")
    assert rehearse(standard, (HangsUp(),), Arrival(rang=20.0)).timeline[:2] == ("0.0 answer", "0.0 play greeting")
    assert rehearse(standard, (HangsUp(),), Arrival(rang=20.1)).timeline[:2] == ("0.0 answer", "0.0 play late-answer")


@pytest.mark.rule("S004-A06")
def test_who_is_to_be_transferred_hears_why_agrees_and_names_the_extension() -> None:
    agrees = (Hears("transfer-why"), Waits(1.0), Says(1.0), Hears("transfer-where"), *presses("6021#"))
    happened = by_agent(evenly("call-centre"), "transfer-explained", agrees)
    assert [line.split(" ", 1)[1] for line in happened.timeline if "digit" not in line] == [
        "answer",
        "play transfer-why",
        "speech",
        "play transfer-where",
        "take extension",
        "hand off extension",
    ]


@pytest.mark.rule("S004-A06")
def test_who_does_not_want_to_be_transferred_stays_with_their_agent() -> None:
    happened = by_agent(evenly("call-centre"), "transfer-explained", (Hears("transfer-why"), Presses("2")))
    assert happened.timeline[-2:] == ("3.0 digit 2", "3.0 hand off agent")


@pytest.mark.rule("S004-A07")
def test_a_caller_is_asked_whether_they_are_satisfied_before_the_end() -> None:
    content = (Hears("satisfied"), Waits(0.5), Says(1.0), *hangs_up_after("farewell"))
    assert by_agent(evenly("call-centre"), "closing", content).timeline == timeline("""
         0.0  answer
         0.0  play satisfied
         4.0  speech
         4.0  play anything-else
        11.0  play farewell
        13.0  caller hung up
    """)


# ------------------------------------------------------------------ bus station


@pytest.mark.rule("S000-B02")
def test_a_complaint_is_recorded_for_the_head_of_the_station_and_the_result_promised() -> None:
    complains = (
        Hears("complaint-facts"), Waits(0.5), Says(8.0), Waits(1.0), Presses("#"),
        Hears("number-please"), *presses(f"{NUMBER}#"), *hangs_up_after("complaint-noted"),
    )  # fmt: skip
    happened = by_agent(evenly("bus-station"), "complaint", complains)
    assert happened.timeline[:4] == timeline("""
         0.0  answer
         0.0  play complaint-facts
         3.0  record
        12.5  play number-please
    """)
    assert owed(happened) == [(Kind.TICKET, "complaint-simple", "supervisor")]
    ticket = happened.filed[0]
    assert ticket.recording and ticket.confirmed and ticket.taken["number"] == NUMBER


@pytest.mark.rule("S000-B02")
def test_who_complained_is_rung_and_told_the_result() -> None:
    assert rung_by_us(evenly("bus-station"), "complaint-result").timeline == timeline("""
         0.0  answer
         0.0  play complaint-result
         3.0  play connecting
         5.0  hand off hotline urgent
    """)


@pytest.mark.rule("S000-B04")
def test_who_has_lost_something_is_noted_with_a_number() -> None:
    misses = (Hears("number-please"), *presses(f"{NUMBER}#"), *hangs_up_after("lost-noted"))
    happened = by_agent(evenly("bus-station"), "lost-property", misses)
    assert happened.timeline[:4] == timeline("""
         0.0  answer
         0.0  play lost-what
         3.0  record
         6.0  play number-please
    """)
    assert owed(happened) == [(Kind.TICKET, "", "office")]
