"""What to look for in a recording: people's voices, what this caller is owed, what anybody may come to hear.

Rule: not every sentence of a standard. Looking for all of them in every recording would take longer than the calls, and
standards are polite in the same words: "请稍候" is a sentence here and the middle of another there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ari_app.call import Prompt
from ari_app.qa.cast import CastCaller
from ari_app.qa.casting import within_reach
from ari_app.qa.matcher import Matcher, load_prompts
from ari_app.qa.mouth import Clip
from ari_app.standard import Standard


class Ears:
    """Matchers for the callers of one standard, each made once; `sounds` is the folder its recordings lie below."""

    def __init__(self, standard: Standard, sounds: Path, voices: Sequence[Clip]) -> None:
        self._standard, self._sounds, self._voices = standard, sounds, voices
        self._made: dict[frozenset[str], Matcher] = {}

    def matcher(self, caller: CastCaller) -> Matcher:
        """What finds the prompts this caller heard."""
        owed = frozenset(name.partition(".")[0] for name in caller.expects)
        wanted = owed | within_reach(self._standard)
        if wanted not in self._made:
            prompts = [prompt for name, prompt in self._standard.prompts.items() if name in wanted]
            fragments = (part for prompt in prompts for part in prompt.slots if isinstance(part, Prompt))
            recorded = (prompt for prompt in (*prompts, *fragments) if prompt.recording)
            recordings = (self._sounds / f"{prompt.recording}.wav" for prompt in recorded)
            people = {clip.name: clip.samples for clip in self._voices}
            self._made[wanted] = Matcher(load_prompts(recordings) | people)
        return self._made[wanted]
