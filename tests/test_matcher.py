"""The matcher on synthetic lines: what a telephone does to a prompt must not hide it, and nothing else is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ari_app import paths
from ari_app.qa.ear import Recording
from ari_app.qa.matcher import BACKWARDS, Found, Matcher, load_prompts
from ari_app.qa.ulaw import RATE, Samples, decode, encode

FOLDER = paths.standard_folder("hotline-standard") / "zh-CN"
PROMPTS = load_prompts(path for path in FOLDER.glob("*.wav") if path.stem != "lead-in")
VOICES = Path(__file__).parent.parent / "ari_app/qa/voices"


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(PROMPTS)


def line(*parts: Samples | float) -> Samples:
    """Prompts and seconds of nothing, one after the other, as G.711 brings them."""
    laid = [np.zeros(round(p * RATE), np.int16) if isinstance(p, float) else p for p in parts]
    return decode(encode(np.concatenate(laid)))


def noise(seconds: float, level: float, seed: int = 1) -> Samples:
    """White noise at an rms level in dB of full scale."""
    rms = 32768 * 10 ** (level / 20)
    return (np.random.default_rng(seed).normal(0, rms, round(seconds * RATE))).astype(np.int16)


def lose(sound: Samples, share: float, seed: int = 2) -> Samples:
    """Some of the 20 ms packets never come."""
    lost, left = np.random.default_rng(seed).random(len(sound) // 160 + 1) < share, sound.copy()
    left[np.repeat(lost, 160)[: len(left)]] = 0
    return left


def find(matcher: Matcher, sound: Samples) -> tuple[Found, ...]:
    return matcher.find(Recording(sound))


def names(found: tuple[Found, ...]) -> list[str]:
    return [f.prompt for f in found]


@pytest.mark.parametrize("name", sorted(PROMPTS))
def test_every_prompt_is_found_whole_to_the_millisecond(matcher: Matcher, name: str) -> None:
    (found,) = find(matcher, line(1.234, PROMPTS[name], 1.0))
    assert found.prompt == name
    assert found.start == pytest.approx(1.234, abs=0.001)
    assert found.end == pytest.approx(1.234 + len(PROMPTS[name]) / RATE, abs=0.001)
    assert found.whole and found.opening > 0.9 and found.dropouts == 0.0


def test_nothing_is_found_in_silence_noise_or_other_people(matcher: Matcher) -> None:
    people = load_prompts(VOICES.glob("*.wav"))
    assert find(matcher, line(3.0)) == ()
    assert find(matcher, noise(10.0, -30)) == ()
    assert find(matcher, line(0.5, people["caller"], 0.5, people["agent"], 0.5, people["cough"], 0.5)) == ()


def test_prompts_that_share_words_are_each_found_once(matcher: Matcher) -> None:
    order = ["greeting", "offer", "late-answer", "offer", "anything-else", "busy", "busy-farewell", "no-sound"]
    parts: list[Samples | float] = []
    for name in order:
        parts += [0.5, PROMPTS[name]]
    assert names(find(matcher, line(*parts))) == order


def test_the_gap_between_two_prompts_is_measured_to_the_millisecond(matcher: Matcher) -> None:
    first, second = find(matcher, line(0.3, PROMPTS["offer"], 5.017, PROMPTS["offer"]))
    assert second.start - first.end == pytest.approx(5.017, abs=0.001)


@pytest.mark.parametrize("gain", [-18, -6, 3])
def test_a_quieter_or_louder_line_changes_nothing(matcher: Matcher, gain: float) -> None:
    changed = np.clip(line(0.5, PROMPTS["greeting"], 0.5) * 10 ** (gain / 20), -32768, 32767).astype(np.int16)
    (found,) = find(matcher, changed)
    assert found.whole and found.start == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_lost_packets_are_told_as_dropouts_of_the_prompt_they_hit(matcher: Matcher, share: float) -> None:
    sound = lose(line(0.5, PROMPTS["greeting"], 0.5), share)
    (found,) = find(matcher, sound)
    assert found.prompt == "greeting" and found.start == pytest.approx(0.5, abs=0.001)
    assert found.dropouts == pytest.approx(share * found.heard_until, rel=0.6)


@pytest.mark.parametrize("level", [-40, -25])
def test_a_noisy_line_hides_no_prompt(matcher: Matcher, level: float) -> None:
    sound = line(0.5, PROMPTS["no-sound"], 0.5)
    sound += noise(len(sound) / RATE, level)[: len(sound)]
    (found,) = find(matcher, sound)
    assert found.prompt == "no-sound" and found.start == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize("seconds", [1.0, 2.0, 5.0])
def test_an_interrupted_prompt_tells_how_much_was_heard(matcher: Matcher, seconds: float) -> None:
    cut = PROMPTS["greeting"][: round(seconds * RATE)]
    (found,) = find(matcher, line(0.5, cut, 5.0))
    assert found.prompt == "greeting" and not found.whole
    assert found.heard_until == pytest.approx(0.5 + seconds, abs=0.25)  # it may have been pausing when it was cut
    assert found.start == pytest.approx(0.5, abs=0.001)


def test_an_interrupted_prompt_and_the_next_are_told_apart(matcher: Matcher) -> None:
    cut = PROMPTS["greeting"][: round(1.2 * RATE)]
    assert names(find(matcher, line(0.5, cut, PROMPTS["connecting"], 2.0))) == ["greeting", "connecting"]


def test_a_prompt_with_which_a_longer_one_begins_is_not_the_longer_one_cut_short() -> None:
    """S002-10 says "you are through", and then "you are through, can you hear me?"."""
    beginning = PROMPTS["no-sound"][: 3 * RATE]
    both = Matcher(PROMPTS | {"beginning": beginning})
    found = find(both, line(0.5, beginning, 3.0, PROMPTS["no-sound"], 1.0))
    assert names(found) == ["beginning", "no-sound"]
    assert all(f.whole for f in found)


@pytest.mark.parametrize("seconds", [0.5, 0.6, 0.7, 0.8, 0.9])
@pytest.mark.parametrize("name", ["greeting", "offer", "extension-silent", "challenge.1"])
def test_a_prompt_cut_before_it_differs_from_others_is_among_those_it_may_have_been(
    matcher: Matcher, name: str, seconds: float
) -> None:
    found = find(matcher, line(0.5, PROMPTS[name][: round(seconds * RATE)], 2.0))
    assert name in (found[0].prompt, *found[0].rivals)


def test_a_clipped_first_syllable_is_noticed(matcher: Matcher) -> None:
    sound = line(0.5, PROMPTS["greeting"], 0.5)
    speaks = int(np.flatnonzero(np.abs(sound.astype(np.int32)) > 300)[0])
    sound[: speaks + RATE // 10] = 0
    (found,) = find(matcher, sound)
    assert found.start == pytest.approx(0.5, abs=0.001)
    assert found.opening < 0.6 and found.dropouts > 0.06


def test_a_hole_in_a_prompt_is_measured(matcher: Matcher) -> None:
    sound = line(0.5, PROMPTS["greeting"], 0.5)
    sound[3 * RATE : round(3.4 * RATE)] = 0
    (found,) = find(matcher, sound)
    assert 0.2 <= found.dropouts <= 0.42


def test_a_prompt_that_stumbled_is_one_prompt(matcher: Matcher) -> None:
    whole = PROMPTS["no-sound"]
    (found,) = find(matcher, line(0.5, whole[: 3 * RATE], 0.15, whole[3 * RATE :], 0.5))
    assert found.prompt == "no-sound" and found.start == pytest.approx(0.5, abs=0.001)
    assert found.end == pytest.approx(0.65 + len(whole) / RATE, abs=0.001)


def test_the_negative_control_would_be_noticed() -> None:
    """A matcher whose control cannot speak up would be believed whatever it says."""
    from ari_app.qa.matcher import Overheard

    with pytest.raises(Overheard):
        find(Matcher(PROMPTS), line(0.5, PROMPTS["offer"][::-1], 0.5))
    assert BACKWARDS not in "".join(PROMPTS)
