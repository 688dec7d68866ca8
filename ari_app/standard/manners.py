"""What no standard may do to a caller, whatever is written in it.

Rule: each refusal names the rule of the service standards that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator

from ari_app.standard.facts import MINIMUM_CONFIRMATIONS, Ladder, Lead, Standard, Then
from ari_app.standard.inheritance import Written
from ari_app.yamlfile import Location


def check_ladder(written: Written, ladder: Ladder, for_nuisances: bool = False) -> None:
    """Nobody is hung up on without a wait, or while they answer; raises BrokenStandard."""
    where = ("procedures", ladder.name)
    if for_nuisances:
        _check_let_go(written, ladder, where)
    for there, leads in _answers(ladder):
        if Then.HANG_UP in leads:
            raise written.complaint((*where, *there), "nobody is hung up on because they answer (CON-04)")
    if ladder.then is not Then.HANG_UP:
        return
    last, at = ladder.steps[-1], ("steps", len(ladder.steps) - 1)
    answers = {last.on_response or ladder.on_response, *ladder.keys.values(), *last.keys.values()}
    if answers & {Then.STAY, Then.NEXT} and not for_nuisances:
        what = "who answers before we hang up must be able to go on (CON-04)"
        raise written.complaint((*where, *(at if last.on_response or last.keys else ("on_response",))), what)
    if last.take is not None or last.record:
        raise written.complaint((*where, *at), "we never hang up without a word after what was taken (S000-35)")
    if not last.wait or last.music:
        what = "we never hang up without a wait after the last prompt (S000-35)"
        raise written.complaint((*where, "steps", len(ladder.steps) - 1, "wait"), what)
    if all(step.say is None for step in ladder.steps):
        raise written.complaint((*where, "steps"), "we never hang up without a word (S000-05, S000-35)")


def _check_let_go(written: Written, ladder: Ladder, where: Location) -> None:
    """Whoever is let go comes to an end, hears no question, and can still ask for a person by key (S000-28)."""
    if ladder.then is not Then.HANG_UP:
        raise written.complaint((*where, "then"), "who is let go must be let go: hang_up (S000-28)")
    if ladder.on_response is not Then.STAY or any(step.on_response for step in ladder.steps):
        raise written.complaint((*where, "on_response"), "a word costs an agent here: stay, in each step (S000-28)")
    if Then.QUEUE not in ladder.keys.values():
        raise written.complaint((*where, "keys"), "one key must lead a nuisance to a person: queue (S000-28)")


def _answers(ladder: Ladder) -> Iterator[tuple[Location, set[Lead | None]]]:
    """Where an answer leads, and where that is written."""
    yield ("on_response",), {ladder.on_response}
    yield ("keys",), set(ladder.keys.values())
    for i, step in enumerate(ladder.steps):
        yield ("steps", i), {step.on_response, *step.keys.values()}


def check(written: Written, standard: Standard) -> None:
    """A silent caller is asked often enough, no key of agents means two things, nobody goes in circles."""
    _check_silent(written, standard.desk.silent)
    _check_agent_keys(written, standard)
    _check_circles(written, standard)


def _check_silent(written: Written, silent: Ladder) -> None:
    if silent.then is Then.HANG_UP and len(silent.steps) <= MINIMUM_CONFIRMATIONS:
        what = (
            f"a silent caller is asked at least {MINIMUM_CONFIRMATIONS} times before the farewell (S000-03, S004-M10)"
        )
        raise written.complaint(("procedures", silent.name, "steps"), what)


def _check_agent_keys(written: Written, standard: Standard) -> None:
    taken: dict[str, str] = {}
    for ladder in standard.procedures.values():
        if ladder.agent_key and taken.setdefault(ladder.agent_key, ladder.name) != ladder.name:
            what = f"{ladder.agent_key} is already the key of {taken[ladder.agent_key]}"
            raise written.complaint(("procedures", ladder.name, "agent_key"), what)


def _check_circles(written: Written, standard: Standard) -> None:
    """A caller who does nothing comes to an end, whichever procedure they are in."""
    for ladder in standard.procedures.values():
        seen: set[str] = set()
        following = standard.procedure_of(ladder.then)
        while following is not None and following.name not in seen:
            if following.name == ladder.name:
                where = ("procedures", ladder.name, "then")
                raise written.complaint(where, f"leads to {following.name!r} again, for ever")
            seen.add(following.name)
            following = standard.procedure_of(following.then)
