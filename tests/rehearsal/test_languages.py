"""A caller is spoken to in the language of the number, the key or the line."""

from dataclasses import replace

import pytest

from ari_app import paths, standard
from ari_app.rehearsal.script import Presses, Waits
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import Choice, Standard


@pytest.fixture(scope="module")
def shipped() -> Standard:
    return standard.load(paths.standard_folder("hotline-standard"))


def test_who_presses_8_in_the_greeting_is_greeted_in_english_and_asked_in_english(shipped: Standard) -> None:
    english = shipped.in_language("en")
    plays = [m for m in rehearse(shipped, (Waits(3.0), Presses("8"))).journal if m.what == "play"]
    assert [m.detail for m in plays[:3]] == ["greeting", "greeting", "offer"]
    assert plays[1].at == pytest.approx(3.0)
    assert plays[2].at == pytest.approx(3.0 + english.desk.greeting.seconds + english.desk.patience)
    assert english.desk.greeting.recording == "hotline-standard/en/greeting"
    assert all(prompt.language == "en" for prompt in english.prompts.values())


def test_a_number_has_a_language(shipped: Standard) -> None:
    spoken = replace(shipped, choices={"en": Choice(dialled=("4008008001",))})
    assert spoken.for_caller("4008008001", "").language == "en"
    assert spoken.for_caller("4008008000", "en").language == "zh-CN"


def test_a_line_has_a_language_and_the_number_goes_before_it(shipped: Standard) -> None:
    spoken = replace(shipped, choices={"en": Choice(callers=("en",)), "zh-CN": Choice(dialled=("95588",))})
    assert spoken.for_caller("1", "en").language == "en"
    assert spoken.for_caller("95588", "en").language == "zh-CN"


def test_every_language_says_the_same_sentences(shipped: Standard) -> None:
    assert set(shipped.languages) == {"zh-CN", "en"}
    for spoken in shipped.languages.values():
        assert set(spoken.prompts) == set(shipped.prompts)


def test_an_unknown_language_is_our_own(shipped: Standard) -> None:
    assert shipped.in_language("xx") is shipped
