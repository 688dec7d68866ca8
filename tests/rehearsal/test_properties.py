"""What holds for every caller, whatever they do: hypothesis writes the scripts."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.call import Arrival, Door
from ari_app.ear import SLACK, TALK_GAP
from ari_app.journal import Milestone, Place, What
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Says, Script, Waits
from ari_app.rehearsal.twin import Rehearsal, rehearse
from ari_app.standard import Standard, Then
from tests.standards import LENGTHS, rounded

seconds = st.floats(0, 15, allow_nan=False).map(lambda s: round(s, 3))
sounds = st.floats(0.02, 4, allow_nan=False).map(lambda s: Says(round(s, 3)))
coughs = st.floats(0.02, 0.24, allow_nan=False).map(lambda s: Says(round(s, 3)))
keys = st.sampled_from("0123456789*#").map(Presses)
marks = st.builds(Hears, st.sampled_from(sorted(LENGTHS)), st.integers(1, 2))
scripts = st.lists(st.builds(Waits, seconds) | sounds | coughs | keys | marks | st.just(HangsUp()), max_size=8).map(
    tuple
)
doors = st.one_of(
    st.just(Arrival()),
    st.builds(
        lambda status, rounds: Arrival(Door.AFTER_QUEUE, queue_status=status, queue_round=rounds),
        st.sampled_from(["CONTINUE", "TIMEOUT", "FULL", "JOINEMPTY", "UNKNOWN", ""]),
        st.integers(0, 5),
    ),
    st.builds(lambda name: Arrival(Door.PROCEDURE, procedure=name), st.sampled_from(["wrong-number", "station", "?"])),
    st.builds(
        lambda name, step: Arrival(Door.ADOPTED, place=Place(name, step)),
        st.sampled_from(["greeting", "silent", "station", "linger", "busy", "?"]),
        st.integers(0, 4),
    ),
)

often = settings(max_examples=100, deadline=None)


@cache
def standard() -> Standard:
    with TemporaryDirectory() as folder:
        return rounded(Path(folder))


def last(happened: Rehearsal) -> Milestone:
    return happened.journal[-1]


def spoken(happened: Rehearsal) -> list[tuple[float, float]]:
    return [(at, at + act.seconds) for at, act in happened.acts if isinstance(act, Says)]


@often
@given(scripts, doors)
def test_every_call_ends_with_an_agent_a_complete_ladder_or_the_callers_own_hang_up(
    script: Script, arrival: Arrival
) -> None:
    happened = rehearse(standard(), script, arrival)
    assert last(happened).what in (What.HAND_OFF, What.HANG_UP, What.CALLER_HUNG_UP)
    if last(happened).what is What.CALLER_HUNG_UP:
        assert HangsUp() in script
    if last(happened).what is What.HANG_UP:
        the_last_ladder_was_complete(happened, arrival)


def the_last_ladder_was_complete(happened: Rehearsal, arrival: Arrival) -> None:
    entered = [m.detail.split() for m in happened.journal if m.what is What.ENTER]
    name = entered[-1][0]
    ladder = standard().procedures[name]
    steps = [int(step) for procedure, step in entered if procedure == name][-len(ladder.steps) :]
    first = arrival.place.step if arrival.place is not None and arrival.place.procedure == name else 1
    assert ladder.then is Then.HANG_UP
    assert steps == list(range(first, len(ladder.steps) + 1))
    rungs = len(ladder.steps) + 1 - first
    heard = [m.what for m in happened.journal if m.what is not What.ENTER][-3 * rungs - 1 :]
    assert heard == [What.PLAY, What.PLAYED, What.SILENCE] * rungs + [What.HANG_UP]


@often
@given(scripts, doors)
def test_we_never_hang_up_while_the_caller_is_speaking(script: Script, arrival: Arrival) -> None:
    happened = rehearse(standard(), script, arrival)
    if last(happened).what is What.HANG_UP:
        at = last(happened).at
        assert not [sound for sound in spoken(happened) if sound[0] < at < sound[1]]


@often
@given(scripts, doors)
def test_every_wait_before_our_hang_up_is_exactly_the_standards(script: Script, arrival: Arrival) -> None:
    """Longer only by the judgement of a sound that is in the air as the wait ends."""
    happened = rehearse(standard(), script, arrival)
    if last(happened).what is not What.HANG_UP:
        return
    step = standard().procedures[[m for m in happened.journal if m.what is What.ENTER][-1].detail.split()[0]].steps[-1]
    ended = [m.at for m in happened.journal if m.what is What.PLAYED][-1]
    due = ended + step.wait
    judged = standard().hearing.speech_minimum + TALK_GAP + SLACK
    in_the_air = [s for s in spoken(happened) if s[0] <= due <= s[1] + TALK_GAP + SLACK]
    if in_the_air:
        assert due - 1e-6 <= last(happened).at <= due + judged + 1e-6
    else:
        assert last(happened).at == pytest.approx(due, abs=1e-6)


@often
@given(scripts, doors)
def test_the_journals_offsets_never_decrease(script: Script, arrival: Arrival) -> None:
    happened = rehearse(standard(), script, arrival)
    assert all(earlier.at <= later.at for earlier, later in pairwise(happened.journal))
    assert happened.journal[0].at >= 0


@often
@given(scripts, doors)
def test_the_same_script_happens_the_same_way(script: Script, arrival: Arrival) -> None:
    assert rehearse(standard(), script, arrival) == rehearse(standard(), script, arrival)


@often
@given(st.floats(0, 32.9), st.floats(0.6, 5))
def test_who_speaks_at_any_moment_before_the_end_reaches_an_agent(moment: float, length: float) -> None:
    happened = rehearse(standard(), (Waits(moment), Says(length)))
    assert last(happened).what is What.HAND_OFF
    speech = next(m.at for m in happened.journal if m.what is What.SPEECH)
    assert moment + 0.25 <= speech <= moment + 0.25 + TALK_GAP + SLACK + 1e-6


@often
@given(st.lists(st.tuples(coughs, st.floats(0.3, 10).map(Waits)), max_size=12))
def test_who_only_coughs_is_given_the_whole_ladder(coughing: list[tuple[Says, Waits]]) -> None:
    happened = rehearse(standard(), tuple(act for pair in coughing for act in pair))
    assert last(happened).what is What.HANG_UP
    prompts = [m.detail for m in happened.journal if m.what is What.PLAY]
    assert prompts == ["greeting", "offer", "offer", "no-sound"]
