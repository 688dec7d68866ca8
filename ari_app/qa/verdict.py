"""Was the caller treated by the standard? Pure: a hearing and the standard in, a verdict with reasons out.

Rule 1: only what was heard counts; the hotline's own records are not asked.
Rule 2: a wait runs from the end of a prompt's recording to the next thing the caller notices.
Rule 3: a verdict that fails says in words what is likely to be wrong and where to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ari_app.call import Prompt
from ari_app.qa.carrier import By
from ari_app.qa.cast import AGENT_CLIP, CALLER_CLIP, Outcome
from ari_app.qa.hearing import Act, Hearing
from ari_app.qa.matcher import Found
from ari_app.standard import Ladder, Standard

TOLERANCE = 0.1  # seconds a wait may differ from the standard
REACTION = 1.0  # seconds from a voice or key, or from an agent's leaving, until the caller hears an answer
DROPOUT = 0.06  # seconds that may be missing inside a prompt: three packets
NOBODY_CLAIMS = 2.0  # the same when the application is down: the claim's second, and one more
CLEAR = 0.6  # correlation of a first syllable that is there
WHOLE = 0.95  # share of a prompt, or of what somebody said, that must have been heard


@dataclass(frozen=True)
class Wait:
    """A wait of the standard, as the caller measured it."""

    after: str
    since: float  # the end of that prompt, seconds since the answer
    prescribed: float
    measured: float

    @property
    def off(self) -> float:
        """Seconds too long; negative: too short."""
        return self.measured - self.prescribed

    @property
    def kept(self) -> bool:
        return abs(self.off) <= TOLERANCE


@dataclass(frozen=True)
class Fault:
    """One thing the caller was owed and did not get, and what is likely behind it."""

    what: str
    likely: str

    @property
    def starved(self) -> bool:
        """Whether sound is missing inside a sentence: no application takes it away, a PBX without CPU does."""
        return self.likely == LIKELY["dropout"]


@dataclass(frozen=True)
class Verdict:
    """The standard was kept when there is no fault."""

    waits: tuple[Wait, ...] = ()
    reactions: tuple[float, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def kept(self) -> bool:
        return not self.faults


def waits_of(standard: Standard) -> dict[str, float]:
    """How long the standard waits after each prompt that is followed by a wait."""
    desk = standard.desk
    waits = {say.name: desk.patience for say in (desk.greeting, *(greeting.say for greeting in desk.greetings))}
    for ladder in standard.procedures.values():
        for name, wait in _waits(ladder):
            if waits.setdefault(name, wait) != wait:
                raise ValueError(f"{name} is followed by different waits: the ear cannot tell which is due")
    return waits


def _waits(ladder: Ladder) -> Iterator[tuple[str, float]]:
    """After each sentence: its wait, and those of wordless steps behind it; none where keys or a voice are taken."""
    said, wait = "", 0.0
    for step in (*ladder.steps, None):
        if step is None or step.say is not None:
            if said and wait:
                yield said, wait
            said, wait = ("", 0.0) if step is None or step.say is None else (step.say.name, 0.0)
        if step is not None:
            wait += step.wait
            if step.take is not None or step.record:
                said = ""  # what is waited for there is up to the caller


def sayings_of(standard: Standard) -> frozenset[str]:
    """Every sentence of the standard, and every fragment of one."""
    prompts = standard.prompts.values()
    return frozenset(standard.prompts) | {part.name for p in prompts for part in p.slots if isinstance(part, Prompt)}


def unhurried(standard: Standard) -> frozenset[str]:
    """After these the caller presses several keys or leaves a message, and takes their time."""
    steps = [step for ladder in standard.procedures.values() for step in ladder.steps if step.say is not None]
    return frozenset(step.say.name for step in steps if step.say and (step.take is not None or step.record))


def judge(hearing: Hearing, standard: Standard) -> Verdict:
    """Compare what was heard with what the caller is owed."""
    if hearing.trouble or hearing.ended is None or hearing.answered_after is None:
        return Verdict(faults=(Fault(hearing.trouble or "the call did not end", LIKELY["trouble"]),))
    prompts = hearing.prompts(sayings_of(standard))
    waits, reactions = _measure(hearing, prompts, waits_of(standard), unhurried(standard))
    faults = (
        *_answer(hearing),
        *_order(hearing, prompts),
        *_soundness(hearing, prompts),
        *(_wait_fault(wait) for wait in waits if not wait.kept),
        *(_reaction_fault(after) for after in reactions if after > REACTION),
        *_people(hearing),
        *_ending(hearing),
    )
    return Verdict(tuple(waits), tuple(reactions), faults)


def _measure(
    hearing: Hearing, prompts: tuple[Found, ...], prescribed: Mapping[str, float], unhurried: frozenset[str]
) -> tuple[list[Wait], list[float]]:
    """From each prompt to what came next: a wait of the standard, or our answer to something."""
    waits, reactions = [], []
    for found, after, until in _steps(hearing, prompts):
        act = _act_between(hearing, found.start, until)
        agent = next((agent for agent in hearing.agents if found.start <= agent.rang <= until), None)
        if act is not None:
            if after is not None and found.prompt not in unhurried:
                reactions.append(after.start - _last_act_between(hearing, found.start, until))
        elif agent is not None:
            if after is not None:
                reactions.append(after.start - agent.ended)
        elif found.prompt in prescribed:
            waits.append(Wait(found.prompt, found.end, prescribed[found.prompt], until - found.end))
    return waits, reactions


def _steps(hearing: Hearing, prompts: tuple[Found, ...]) -> Iterator[tuple[Found, Found | None, float]]:
    """Each prompt, the next one, and when the next thing happened (the next prompt, or the end of the call)."""
    assert hearing.ended is not None
    for i, found in enumerate(prompts):
        after = prompts[i + 1] if i + 1 < len(prompts) else None
        yield found, after, after.start if after else hearing.ended


def _act_between(hearing: Hearing, start: float, until: float) -> Act | None:
    """The first thing the caller did in between that was for the hotline."""
    return next((act for act in hearing.acts if act.heeded and start <= act.at <= until), None)


def _last_act_between(hearing: Hearing, start: float, until: float) -> float:
    """When the caller last did something in between: several keys are answered after the last of them."""
    return max(act.at for act in hearing.acts if act.heeded and start <= act.at <= until)


def _answer(hearing: Hearing) -> Iterator[Fault]:
    """Within one ring; within the claim's time and a second when the application is down."""
    limit = NOBODY_CLAIMS if hearing.caller.application_down else hearing.caller.answered_within
    if hearing.answered_after is not None and hearing.answered_after > limit:
        yield Fault(f"answered only after {hearing.answered_after:.1f} s", LIKELY["answer"])


def _order(hearing: Hearing, prompts: tuple[Found, ...]) -> Iterator[Fault]:
    """The right prompts in the right order; a prompt cut too early to be told apart is taken for the right one."""
    owed = hearing.caller.expects
    same = len(owed) == len(prompts) and all(
        name == found.prompt or name in found.rivals for name, found in zip(owed, prompts, strict=True)
    )
    if not same:
        heard = ", ".join(found.prompt for found in prompts) or "nothing"
        yield Fault(f"heard {heard}; owed {', '.join(owed)}", LIKELY["order"])


def _soundness(hearing: Hearing, prompts: tuple[Found, ...]) -> Iterator[Fault]:
    """Every first syllable there, nothing missing, nothing broken off unless the caller did it."""
    for found, _, until in _steps(hearing, prompts):
        act = _act_between(hearing, found.start, until)
        cut_by_caller = act is not None and act.at <= found.end
        if found.opening < CLEAR:
            yield Fault(f"the first syllable of {found.prompt} is missing", LIKELY["opening"])
        if found.dropouts > DROPOUT:
            yield Fault(f"{found.dropouts * 1000:.0f} ms are missing inside {found.prompt}", LIKELY["dropout"])
        if found.heard < WHOLE and not cut_by_caller:
            yield Fault(f"{found.prompt} broke off after {found.heard:.0%}", LIKELY["broken off"])


def _people(hearing: Hearing) -> Iterator[Fault]:
    """An agent where one is owed, and each heard the other."""
    if hearing.caller.agent is None:
        if hearing.agent is not None:
            yield Fault("an agent was rung for a caller who did not need one", LIKELY["needless agent"])
        return
    if len(hearing.agents) < hearing.caller.meetings:
        met = f"only {len(hearing.agents)} of {hearing.caller.meetings} times" if hearing.agents else "never"
        yield Fault(f"no agent answered: {met}" if hearing.agents else "no agent answered", LIKELY["agent"])
        return
    yield from _talk(hearing.found, AGENT_CLIP, len(hearing.agents), "the caller", "the agent")
    for agent in hearing.agents:
        yield from _talk(agent.found, CALLER_CLIP, 1, "the agent", "the caller")


def _talk(found: tuple[Found, ...], clip: str, owed: int, hearer: str, speaker: str) -> Iterator[Fault]:
    """What one of two people said to the other arrived, and as it was said: whether nothing came, or not all of it."""
    said = [f for f in found if f.prompt == clip]
    spoilt = [f for f in said if not (f.whole and f.dropouts <= DROPOUT)]
    if len(said) - len(spoilt) >= owed:
        return
    missing = max((f.dropouts for f in spoilt), default=0.0)
    if len(said) < owed:
        yield Fault(f"{hearer} did not hear {speaker}", LIKELY["one way"])
    elif missing > DROPOUT:
        yield Fault(f"{missing * 1000:.0f} ms are missing inside what {hearer} heard of {speaker}", LIKELY["dropout"])
    else:
        yield Fault(f"{hearer} heard only {min(f.heard for f in spoilt):.0%} of {speaker}", LIKELY["cut short"])


def _ending(hearing: Hearing) -> Iterator[Fault]:
    """Whoever was to hang up did."""
    owed = By.THEM if hearing.caller.outcome is Outcome.LET_GO else By.US
    if hearing.hung_up_by is not owed:
        yield Fault(f"the {hearing.hung_up_by} hung up, not the {owed}", LIKELY["ending"])


def _wait_fault(wait: Wait) -> Fault:
    why = "too long" if wait.off > 0 else "too short"
    return Fault(f"{wait.measured:.2f} s after {wait.after}, not {wait.prescribed:g} s", LIKELY[why])


def _reaction_fault(after: float) -> Fault:
    return Fault(f"the caller had to wait {after:.2f} s for an answer", LIKELY["reaction"])


LIKELY = {
    "trouble": "the trunk does not reach the hotline, or its dialplan does not answer: see the PBX's log.",
    "answer": "nobody claims the call in time: is the application connected? HOTLINE_CLAIM_MS?",
    "order": "a noise was taken for speech or speech for noise (hearing in standard.yaml), a step is missing in "
    "the procedure, or the call was adopted in the wrong place.",
    "opening": "the first packets were sent before the line was open: the lead-in is too short or not played.",
    "dropout": "packets were lost or the PBX was starved of CPU: see the lost packets and the machine's load.",
    "broken off": "an echo or noise was taken for an interruption, or the worker died in this prompt.",
    "too long": "the application reacted late (its load, the machine's), or the wait in standard.yaml is another.",
    "too short": "the wait is not counted from the prompt's end, or the recording is longer than its WAV.",
    "reaction": "speech_minimum or the threshold of `hearing` is too high, or the prompt is not stopped at once.",
    "agent": "no agent's phone is registered or free (`queue show`), or the hand-off went to another queue.",
    "needless agent": "something was taken for speech: see `hearing` in standard.yaml.",
    "one way": "RTP flows in one direction only: media_address, direct_media or a firewall.",
    "cut short": "the call, or one side's leg of it, ended while somebody spoke.",
    "ending": "a procedure ended with another `then`, the queue did not give the caller back, or the call broke.",
}
