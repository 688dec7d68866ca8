"""The verdict must be able to fail: one call by the standard, and the same call with one thing wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from ari_app import paths, standard
from ari_app.qa.carrier import By
from ari_app.qa.cast import AGENT_CLIP, CALLER_CLIP, CAST, COUGHS_ONCE, SILENT, SPEAKS_AT_ONCE, CastCaller
from ari_app.qa.ear import Recording, silence
from ari_app.qa.hearing import Act, AgentSide, Deed, Hearing
from ari_app.qa.matcher import Found
from ari_app.qa.report import explain
from ari_app.qa.verdict import judge, waits_of

STANDARD = standard.load(paths.standard_folder("hotline-standard"))


def found(prompt: str, start: float, heard: float = 1.0) -> Found:
    seconds = STANDARD.prompts[prompt].seconds if prompt in STANDARD.prompts else 2.5
    return Found(prompt, start, start + seconds, start + seconds * heard, heard, 0.0, 1.0, 1.0)


def ladder(prompts: Sequence[str], wait: float = 5.0) -> tuple[tuple[Found, ...], float]:
    """Prompts with the same wait after each; and when the last wait is over."""
    at, heard = 0.3, []
    for prompt in prompts:
        heard.append(found(prompt, at))
        at = heard[-1].end + wait
    return tuple(heard), at


def treated(caller: CastCaller = SILENT, wait: float = 5.0) -> Hearing:
    """A silent caller, treated by the standard when `wait` is 5."""
    heard, ended = ladder(SILENT.expects, wait)
    return Hearing(caller, 0.01, ended, By.THEM, Recording(silence(ended)), heard)


def talked() -> Hearing:
    """A caller who spoke at once and talked with an agent."""
    greeting = replace(found("greeting", 0.3, heard=0.12), heard_until=1.5)
    connecting = found("connecting", 1.5)
    rang = connecting.end + 0.1
    agent_said = found(AGENT_CLIP, rang + 0.8)
    agent = AgentSide(rang, rang + 0.5, 13.0, By.THEM, Recording(silence(7)), (found(CALLER_CLIP, 3.1),))
    acts = (Act(1.0, Deed.SPOKE, 1.8), Act(rang + 4, Deed.TALKED, 2.5), Act(13.0, Deed.HUNG_UP))
    recording = Recording(silence(13))
    return Hearing(SPEAKS_AT_ONCE, 0.01, 13.0, By.US, recording, (greeting, connecting, agent_said), acts, (agent,))


def complaints(hearing: Hearing) -> str:
    return " | ".join(fault.what for fault in judge(hearing, STANDARD).faults)


def test_a_silent_caller_treated_by_the_standard_has_no_complaint() -> None:
    verdict = judge(treated(), STANDARD)
    assert verdict.kept
    assert [wait.measured for wait in verdict.waits] == pytest.approx([5.0] * 4)


def test_a_cough_changes_nothing() -> None:
    coughed = replace(treated(COUGHS_ONCE), acts=(Act(12.0, Deed.COUGHED, 0.15),))
    assert judge(coughed, STANDARD).kept and len(judge(coughed, STANDARD).waits) == 4


def test_sound_missing_inside_a_sentence_is_a_fault_and_may_be_the_machines() -> None:
    lost = replace(treated(), found=(replace(treated().found[0], dropouts=0.24), *treated().found[1:]))
    [fault] = judge(lost, STANDARD).faults
    assert fault.what == "240 ms are missing inside greeting" and fault.starved
    late = judge(treated(wait=5.11), STANDARD).faults
    assert late and not any(fault.starved for fault in late)


@pytest.mark.parametrize("wait", [4.89, 5.11])
def test_a_wait_more_than_a_tenth_of_a_second_off_breaks_the_standard(wait: float) -> None:
    assert f"{wait:.2f} s after offer, not 5 s" in complaints(treated(wait=wait))
    assert judge(treated(wait=5.09), STANDARD).kept


def test_a_missing_or_extra_prompt_breaks_the_standard() -> None:
    whole = treated()
    assert "heard greeting, offer, no-sound" in complaints(replace(whole, found=whole.found[:1] + whole.found[2:]))
    assert "farewell" in complaints(replace(whole, found=(*whole.found, found("farewell", 44.0))))
    assert "heard nothing" in complaints(replace(whole, found=()))


def test_a_prompt_cut_where_it_could_be_another_is_taken_for_the_one_owed() -> None:
    whole = treated()
    either = replace(whole.found[0], prompt="offer", rivals=("greeting",))
    assert "owed" not in complaints(replace(whole, found=(either, *whole.found[1:])))


def test_a_clipped_greeting_breaks_the_standard() -> None:
    whole = treated()
    clipped = replace(whole.found[0], opening=0.2)
    assert "the first syllable of greeting is missing" in complaints(replace(whole, found=(clipped, *whole.found[1:])))


def test_a_prompt_broken_off_by_us_breaks_the_standard_but_not_by_the_caller() -> None:
    whole = treated()
    broken = replace(whole.found[1], heard=0.5)
    assert "offer broke off after 50%" in complaints(replace(whole, found=(whole.found[0], broken, *whole.found[2:])))
    assert judge(talked(), STANDARD).kept


def test_a_slow_answer_to_a_voice_breaks_the_standard() -> None:
    slow = replace(talked(), acts=(Act(0.4, Deed.SPOKE, 1.8), *talked().acts[1:]))
    assert "had to wait 1.10 s" in complaints(slow)


def test_one_way_audio_is_noticed_in_either_direction() -> None:
    call = talked()
    assert call.agent is not None
    assert "caller did not hear the agent" in complaints(replace(call, found=call.found[:2]))
    assert "agent did not hear the caller" in complaints(replace(call, agents=(replace(call.agent, found=()),)))
    assert "no agent answered" in complaints(replace(call, agents=()))


def test_of_a_talk_it_is_told_whether_nothing_arrived_or_not_all_of_it() -> None:
    call = talked()
    torn, short = replace(call.found[2], dropouts=0.1, heard=0.93), replace(call.found[2], heard=0.6)
    [fault] = judge(replace(call, found=(*call.found[:2], torn)), STANDARD).faults
    assert fault.what == "100 ms are missing inside what the caller heard of the agent" and fault.starved
    [fault] = judge(replace(call, found=(*call.found[:2], short)), STANDARD).faults
    assert fault.what == "the caller heard only 60% of the agent" and not fault.starved
    assert judge(replace(call, found=(*call.found, torn)), STANDARD).kept  # said once more, and whole


def test_whoever_was_not_to_hang_up_is_noticed() -> None:
    assert "the person hung up, not the hotline" in complaints(replace(treated(), hung_up_by=By.US))


def test_a_call_that_came_to_nothing_is_never_a_success() -> None:
    nothing = Hearing(SILENT, None, None, None, Recording(silence(0)))
    assert not judge(nothing, STANDARD).kept
    assert "nobody answered" in complaints(replace(nothing, trouble="nobody answered"))


def test_every_complaint_comes_with_a_likely_cause() -> None:
    verdict = judge(replace(treated(wait=6.0), found=(), hung_up_by=By.US), STANDARD)
    assert verdict.faults and all(fault.likely for fault in verdict.faults)


def test_a_machine_that_stood_still_is_named_only_where_something_was_wrong() -> None:
    console = Console(record=True, width=200, file=StringIO())
    late, whole = treated(wait=5.2), treated()
    explain(console, [(whole, judge(whole, STANDARD))], scarce=0.9, stood_still=0.2)
    assert console.export_text() == ""
    explain(console, [(late, judge(late, STANDARD))], scarce=0.1, stood_still=0.2)
    assert "stood still for 200 ms" in console.export_text()
    explain(console, [(late, judge(late, STANDARD))], scarce=0.1, stood_still=0.01)
    assert "stood still" not in console.export_text()


def test_the_cast_is_owed_only_what_the_standard_has() -> None:
    assert len(CAST) == 9 and len({caller.name for caller in CAST}) == 9
    assert {name for caller in CAST for name in caller.expects} <= set(STANDARD.prompts)
    assert waits_of(STANDARD)["offer"] == 5.0
