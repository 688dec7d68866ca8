"""What callers of a showroom live through, and whom it rings (S004/I). Every sentence lasts two seconds here."""

from __future__ import annotations

import pytest

from ari_app.call import Arrival, Kind
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Says, Waits
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import Standard
from tests.evenly import NUMBER, by_agent, evenly, hangs_up_after, on, owed, presses, rung_by_us
from tests.timelines import timeline


@pytest.fixture(scope="module")
def standard() -> Standard:
    return evenly("retail-showroom")


@pytest.mark.rule("S004-I07")
def test_who_is_too_quiet_is_asked_once_and_stays_with_their_agent(standard: Standard) -> None:
    assert by_agent(standard, "too-quiet").timeline == timeline("""
         0.0  answer
         0.0  play louder
         8.0  hand off agent
    """)


@pytest.mark.rule("S004-I02")
def test_who_speaks_too_fast_to_be_noted_down_is_asked_to_speak_slower(standard: Standard) -> None:
    assert by_agent(standard, "slow-down").timeline == timeline("""
         0.0  answer
         0.0  play slow-down
         3.0  hand off agent
    """)


AGREES = (Hears("hold-please"), Waits(1.0), Says(1.0))


@pytest.mark.rule("S004-I04", "S004-I06")
def test_who_waits_hears_why_and_music_and_no_consultation(standard: Standard) -> None:
    assert by_agent(standard, "hold", AGREES).timeline == timeline("""
         0.0  answer
         0.0  play hold-please
         4.5  speech
        64.5  play hold-comfort
       126.5  play hold-callback
       133.5  play hold-thanks
       135.5  hand off agent
    """)
    assert [step.music for step in standard.procedures["hold"].steps] == [False, True, False, True, False, False]


@pytest.mark.rule("S004-I06")
def test_who_has_waited_two_minutes_may_be_rung_back_instead(standard: Standard) -> None:
    rather_rung_back = (
        *AGREES, Hears("hold-callback"), Presses("1"), Hears("number-please"), *presses(f"{NUMBER}#"),
        *hangs_up_after("thanks-for-cooperation"),
    )  # fmt: skip
    happened = by_agent(standard, "hold", rather_rung_back)
    assert owed(happened) == [(Kind.CALLBACK, "enquiry-callback", "")]
    assert happened.filed[0].taken["number"] == NUMBER


@pytest.mark.rule("S004-I05")
def test_a_message_for_who_is_absent_is_for_their_return(standard: Standard) -> None:
    leaves_number = (Hears("number-please"), *presses(f"{NUMBER}#"), *hangs_up_after("message-taken"))
    happened = by_agent(standard, "absent-message", leaves_number)
    assert happened.timeline[:3] == timeline("""
         0.0  answer
         0.0  play absent
         8.0  play message-please
    """)
    assert owed(happened) == [(Kind.MESSAGE, "return-callback", "")]


def test_after_a_delivery_the_customer_tells_how_it_arrived(standard: Standard) -> None:
    tells = (Hears("delivery"), Waits(0.5), Says(3.0), Waits(1.0), Presses("#"), *hangs_up_after("delivery-thanks"))
    happened = rung_by_us(standard, "delivery-call", tells)
    assert happened.timeline == timeline("""
         0.0  answer
         0.0  play delivery
         3.0  record
         7.5  file ticket to sales
         7.5  play delivery-thanks
         9.5  caller hung up
    """)
    assert owed(happened) == [(Kind.TICKET, "delivery-call", "sales")] and happened.filed[0].recording
    assert standard.clocks["delivery-call"].days == 0


def test_after_a_purchase_the_customer_is_asked_three_things(standard: Standard) -> None:
    happened = rung_by_us(standard, "purchase-call", hangs_up_after("purchase-new"))
    assert happened.timeline == timeline("""
         0.0  answer
         0.0  play purchase-laid
         3.0  record
         6.0  file ticket to sales
         6.0  play purchase-return
         8.0  record
        11.0  file ticket to sales
        11.0  play purchase-new
        13.0  caller hung up
    """)
    assert all(filing.recording for filing in happened.filed) and len({filing.key for filing in happened.filed}) == 2
    assert standard.clocks["purchase-call"].days == 25


def test_a_showroom_has_no_office_hours(standard: Standard) -> None:
    assert rehearse(standard, (HangsUp(),), Arrival(at=on("2026-11-28 20:00"))).timeline[1] == "0.0 play greeting"
