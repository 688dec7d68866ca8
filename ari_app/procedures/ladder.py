"""The ladder: say, wait, say, wait … then. One engine for every procedure of every standard."""

from __future__ import annotations

from collections.abc import Iterable

from ari_app.call import Call, Digit, Filing, Silence, Speech
from ari_app.journal import Place
from ari_app.procedures.taking import take, take_message
from ari_app.standard import Ladder, Lead, Standard, Step, Then, spoken


async def climb(
    call: Call, standard: Standard, ladder: Ladder, first_step: int = 1, *, clock: str = "", begun: str = ""
) -> Lead:
    """The caller hears each prompt and is given each wait, until they answer or the ladder ends.

    Waits count from the end of the prompt (CON-03), the last one included: who answers then is not
    hung up on (CON-04). `clock` is the clock of the procedure that led here, for one that has none of its own;
    `begun`, a key already pressed. Who has left a number or a message, and hangs up, has left it all the same. Who
    finds no place at the station goes to the queue; a nuisance is let go (S000-28).
    """
    if ladder.name == standard.desk.station.name and not call.take_place():
        return Then.RELEASE if call.arrival.is_nuisance else Then.QUEUE
    ladder = ladder.telling(call.arrival.told_key)
    if call.arrival.is_nuisance:
        ladder = ladder.for_a_nuisance()
    confirmed, recording = False, ""
    for number, step in enumerate(ladder.steps, start=1):
        if number < first_step:
            continue
        call.journal.enter(Place(ladder.name, number))
        if (due := owed(call, ladder, (step,), clock, confirmed, recording)) is not None:
            call.owe(None)
            call.file(due)
        if step.take is not None:
            confirmed = await take(call, standard, step, step.take, begun) or confirmed
            begun, left = "", call.taken.get(step.take.name, "")
        elif step.record:
            left = recording = await take_message(call, standard, step)
        else:
            left = ""
            lead = respond(ladder, step, await ask(call, standard, ladder, step))
            if lead is not Then.STAY and lead is not Then.NEXT:
                call.owe(None)  # they go on with somebody, or with something else
                return lead
        if left:
            call.owe(owed(call, ladder, ladder.steps[number:], clock, confirmed, recording))
    return ladder.then


def owed(
    call: Call, ladder: Ladder, steps: Iterable[Step], clock: str, confirmed: bool, recording: str
) -> Filing | None:
    """What the first of these steps that files anything files, with all that the caller has left until now."""
    for step in steps:
        if step.file is not None:
            taken = {name: keys for name, keys in call.taken.items() if keys}
            return Filing(step.file, ladder.name, ladder.clock or clock, step.to, taken, confirmed, recording)
    return None


async def ask(call: Call, standard: Standard, ladder: Ladder, step: Step) -> Digit | Speech | Silence:
    """One step: say it, and listen."""
    heed = ladder.heed(step)
    if step.say is not None:
        interrupted = await call.play(spoken(standard, step.say, call.taken, call.arrival), heed)
        if interrupted is not None:
            return interrupted
    return await call.listen(step.wait, heed, music=step.music) if step.wait or step.say is not None else Silence(0)


def respond(ladder: Ladder, step: Step, heard: Digit | Speech | Silence) -> Lead:
    """What the standard prescribes for what was heard: go on, or leave the ladder."""
    match heard:
        case Silence():
            return Then.STAY
        case Digit(key) if key in step.keys:
            return step.keys[key]
        case Digit(key) if key in ladder.keys:
            return ladder.keys[key]
        case _:
            return step.on_response or ladder.on_response
