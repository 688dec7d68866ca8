"""What callers of an office live through (S004/B, C, D, F, H, J, N, R). Every sentence lasts two seconds here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ari_app import paths
from ari_app.call import Arrival, Door, Kind
from ari_app.hours_file import HoursFile
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Says, Waits
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import Standard, sentences
from tests.evenly import NUMBER, by_agent, evenly, hangs_up_after, on, owed, presses
from tests.timelines import timeline

TUESDAY = "2026-11-24"


@pytest.fixture(scope="module")
def standard() -> Standard:
    return evenly("office-reception")


def first_words(standard: Standard, arrival: Arrival) -> str:
    """The sentence a caller hears first."""
    return rehearse(standard, (), arrival).timeline[1].removeprefix("0.0 play ")


# ------------------------------------------------------------------ who is greeted how


@pytest.mark.rule("S004-D01", "S004-F01", "S004-J02")
def test_a_caller_is_answered_at_once(standard: Standard) -> None:
    assert rehearse(standard, (HangsUp(),)).timeline[0] == "0.0 answer"


@pytest.mark.rule("S004-H01")
@pytest.mark.parametrize(
    ("moment", "greeting"),
    [
        (f"{TUESDAY} 08:30", "good-morning"),
        (f"{TUESDAY} 10:59", "good-morning"),
        (f"{TUESDAY} 11:00", "greeting"),
        (f"{TUESDAY} 13:00", "good-afternoon"),
        (f"{TUESDAY} 17:29", "good-afternoon"),
        ("2026-12-25 09:00", "christmas"),
    ],
)
def test_the_greeting_is_that_of_the_hour_and_of_the_day(standard: Standard, moment: str, greeting: str) -> None:
    assert first_words(standard, Arrival(at=on(moment))) == greeting


@pytest.mark.rule("S004-H01")
@pytest.mark.parametrize(
    ("day", "greeting"), [("2027-01-01", "new-year"), ("2027-05-01", "holiday"), ("2026-10-01", "holiday")]
)
def test_an_office_that_opens_on_a_holiday_greets_by_it(standard: Standard, day: str, greeting: str) -> None:
    written = {"zone": "Asia/Shanghai", "workdays": ["08:30-17:30"], "holidays": "CN", "open_on": [day]}
    opens_then = replace(standard, hours=HoursFile.model_validate(written).hours())
    assert first_words(opens_then, Arrival(at=on(f"{day} 10:00"))) == greeting


@pytest.mark.rule("S004-H01")
def test_an_office_that_is_open_in_the_evening_greets_by_it(standard: Standard) -> None:
    written = {"zone": "Asia/Shanghai", "workdays": ["08:30-22:00"]}
    opens_late = replace(standard, hours=HoursFile.model_validate(written).hours())
    assert first_words(opens_late, Arrival(at=on(f"{TUESDAY} 19:00"))) == "good-evening"


@pytest.mark.rule("S004-F02")
def test_a_colleague_hears_the_name_of_the_department(standard: Standard) -> None:
    assert first_words(standard, Arrival(number="8021", at=on(f"{TUESDAY} 09:00"))) == "department"


@pytest.mark.rule("S004-N01", "S004-J03")
def test_each_number_of_the_house_is_answered_in_its_own_words(standard: Standard) -> None:
    assert first_words(standard, Arrival(number=NUMBER, dialled="8001")) == "company"
    assert first_words(standard, Arrival(number=NUMBER, dialled="8002")) == "small-company"


# ------------------------------------------------------------------ hours


@pytest.mark.rule("S004-B01")
@pytest.mark.parametrize("moment", [f"{TUESDAY} 12:00", f"{TUESDAY} 12:59"])
def test_a_caller_at_lunch_is_served_by_those_on_duty(standard: Standard, moment: str) -> None:
    assert rehearse(standard, (), Arrival(at=on(moment))).timeline == timeline("""
         0.0  answer
         0.0  play lunch
         3.0  play connecting
         5.0  hand off hotline-duty
    """)


@pytest.mark.rule("S004-B01")
@pytest.mark.parametrize(
    "moment",
    [f"{TUESDAY} 08:29", f"{TUESDAY} 17:30", f"{TUESDAY} 23:00", "2026-11-28 10:00", "2026-10-01 10:00"],
)
def test_a_caller_outside_the_hours_is_served_by_those_on_duty(standard: Standard, moment: str) -> None:
    assert rehearse(standard, (), Arrival(at=on(moment))).timeline == timeline("""
         0.0  answer
         0.0  play closed
         3.0  play connecting
         5.0  hand off hotline-duty
    """)


# ------------------------------------------------------------------ extensions


@pytest.mark.rule("S004-D12", "S004-J06")
def test_who_dials_an_extension_in_the_greeting_is_put_through(standard: Standard) -> None:
    """Who names an extension has consented (CON-15)."""
    assert rehearse(standard, (Waits(2.0), *presses("6021#"))).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         2.0  digit 6
         2.0  interrupted greeting
         2.0  digit 0
         2.0  digit 2
         2.0  digit 1
         2.0  digit #
         2.0  take extension
         2.0  play one-moment
         4.0  hand off extension
    """)


@pytest.mark.rule("S004-B07", "S004-D03")
def test_who_is_to_be_transferred_is_told_why_and_asked_first(standard: Standard) -> None:
    agrees = (Hears("transfer-consent"), Waits(1.0), Says(1.0), Hears("transfer-where"), *presses("6021#"))
    assert by_agent(standard, "transfer-consent", agrees).timeline == timeline("""
         0.0  answer
         0.0  play transfer-consent
         4.5  speech
         4.5  play transfer-where
         6.5  digit 6
         6.5  digit 0
         6.5  digit 2
         6.5  digit 1
         6.5  digit #
         6.5  take extension
         6.5  play one-moment
         8.5  hand off extension
    """)


@pytest.mark.rule("S004-B07", "S004-D03")
def test_who_does_not_want_to_be_transferred_stays_with_their_agent(standard: Standard) -> None:
    assert by_agent(standard, "transfer-consent", (Hears("transfer-consent"), Presses("2"))).timeline == timeline("""
         0.0  answer
         0.0  play transfer-consent
         3.0  digit 2
         3.0  hand off agent
    """)


def came_back(status: str) -> Arrival:
    """A caller whom an extension has given back."""
    return Arrival(Door.TRANSFERRED, dial_status=status)


@pytest.mark.rule("S004-D13", "S004-F12")
def test_who_meets_a_busy_extension_may_leave_a_message(standard: Standard) -> None:
    happened = rehearse(
        standard, (Hears("busy-choice"), Presses("1"), *hangs_up_after("message-taken")), came_back("BUSY")
    )
    assert happened.timeline == timeline("""
         0.0  answer
         0.0  play extension-busy
         3.0  play busy-choice
         5.0  digit 1
         5.0  play message-please
         7.0  record
        10.0  play number-please
        22.0  file message
        22.0  play message-taken
        24.0  caller hung up
    """)
    assert owed(happened) == [(Kind.MESSAGE, "message-relay", "")]


@pytest.mark.rule("S004-F12")
def test_who_meets_a_busy_extension_may_be_rung_back(standard: Standard) -> None:
    wants_a_call = (
        Hears("busy-choice"), Presses("2"), Hears("number-please"), *presses(f"{NUMBER}#"),
        *hangs_up_after("thanks-for-cooperation"),
    )  # fmt: skip
    happened = rehearse(standard, wants_a_call, came_back("BUSY"))
    assert owed(happened) == [(Kind.CALLBACK, "enquiry-callback", "")]
    assert happened.filed[0].taken["number"] == NUMBER


def test_who_meets_an_extension_nobody_answers_may_leave_a_message(standard: Standard) -> None:
    assert rehearse(standard, hangs_up_after("message-please"), came_back("NOANSWER")).timeline == timeline("""
         0.0  answer
         0.0  play extension-silent
         3.0  play busy-choice
        10.0  play message-please
        12.0  record
        12.0  caller hung up
    """)


# ------------------------------------------------------------------ messages


@pytest.mark.rule("S004-L11", "S004-N05")
def test_a_message_for_who_is_absent_is_words_and_a_number(standard: Standard) -> None:
    leaves_message = (
        Hears("absent"), Waits(1.0), Says(0.5), Hears("message-please"), Waits(0.5), Says(6.0), Waits(1.0),
        Presses("#"), Hears("number-please"), *presses(f"{NUMBER}#"), *hangs_up_after("message-taken"),
    )  # fmt: skip
    happened = by_agent(standard, "absent-message", leaves_message)
    assert happened.timeline[:5] == timeline("""
         0.0  answer
         0.0  play absent
         4.5  speech
         4.5  play message-please
         6.5  record
    """)
    assert happened.timeline[-3:] == timeline("""
        28.8  file message
        28.8  play message-taken
        30.8  caller hung up
    """)
    message = happened.filed[0]
    assert message.taken["number"] == NUMBER and message.confirmed and message.recording


def test_who_does_not_want_to_leave_a_message_hears_no_more_of_it(standard: Standard) -> None:
    assert by_agent(standard, "absent-message", (Hears("absent"), Presses("2"))).timeline[2:4] == timeline("""
         3.0  digit 2
         3.0  play anything-else
    """)


@pytest.mark.rule("S004-F07")
def test_a_number_is_read_back_until_it_is_right(standard: Standard) -> None:
    corrects = (
        Hears("number-please"), *presses("0219559#"), Waits(4.0), Presses("2"),
        Hears("number-please", 2), *presses(f"{NUMBER}#"), Waits(4.0), Presses("1"), *hangs_up_after("message-taken"),
    )  # fmt: skip
    happened = by_agent(standard, "message", corrects)
    assert [line.split(" ", 1)[1] for line in happened.timeline if "play" in line] == [
        "play message-please",
        "play number-please",
        "play number-is",
        "play number-please",
        "play number-is",
        "play message-taken",
    ]
    assert happened.filed[0].taken["number"] == NUMBER


@pytest.mark.rule("S004-B06")
def test_who_leaves_a_message_is_told_by_when_it_is_passed_on(standard: Standard) -> None:
    text = next(
        sentence.text
        for sentence in sentences(paths.shipped("prompts") / "office-reception")
        if sentence.name == "message-taken"
    )
    assert "两小时之内" in text
    assert standard.clocks[standard.procedures["message"].clock].minutes == 2 * 60


@pytest.mark.rule("S004-C03")
def test_who_wants_an_executive_says_who_they_are_before_anybody_is_looked_for(standard: Standard) -> None:
    says_who = (Hears("screen-who"), Waits(0.5), Says(5.0), Waits(1.0), Presses("#"))
    happened = by_agent(standard, "executive-screen", says_who)
    assert happened.timeline == timeline("""
         0.0  answer
         0.0  play screen-who
         3.0  record
         9.5  file message to executive
         9.5  play screen-find
        11.5  hand off agent
    """)
    assert happened.filed[0].recording


# ------------------------------------------------------------------ hold, and the end


@pytest.mark.rule("S004-D06", "S004-J05")
def test_a_caller_on_hold_hears_music_and_a_word_every_half_minute(standard: Standard) -> None:
    assert by_agent(standard, "hold", (Hears("hold-please"), Waits(1.0), Says(1.0))).timeline == timeline("""
         0.0  answer
         0.0  play hold-please
         4.5  speech
        34.5  play hold-comfort
        66.5  play hold-thanks
        68.5  hand off agent
    """)
    assert [step.music for step in standard.procedures["hold"].steps] == [False, True, False, True, False]


@pytest.mark.rule("S004-N06")
def test_a_wrong_number_is_explained(standard: Standard) -> None:
    assert rehearse(standard, (Presses("#"), *hangs_up_after("wrong-number"))).timeline == timeline("""
         0.0  answer
         0.0  play greeting
         0.0  digit #
         0.0  interrupted greeting
         0.0  play wrong-number
         2.0  caller hung up
    """)


@pytest.mark.rule("S004-R08", "S004-D15", "S004-D07", "S004-F10", "S004-N09")
def test_a_call_ends_with_the_question_and_with_thanks_and_the_caller_hangs_up_first(standard: Standard) -> None:
    assert by_agent(standard, "closing", (Hears("farewell"), Waits(4.0), HangsUp())).timeline == timeline("""
         0.0  answer
         0.0  play anything-else
         8.0  play farewell
        14.0  caller hung up
    """)


def test_who_was_cut_off_hears_an_apology_and_is_with_their_agent_again(standard: Standard) -> None:
    assert by_agent(standard, "dropped-call").timeline == timeline("""
         0.0  answer
         0.0  play callback-apology
         3.0  hand off agent
    """)
