"""The ladder: say, wait, say, wait … then. One engine for every procedure of every standard."""

from __future__ import annotations

from ari_app.call import Call, Digit, Silence, Speech
from ari_app.journal import Place
from ari_app.standard import Ladder, Step, Then


async def climb(call: Call, ladder: Ladder, first_step: int = 1) -> Then:
    """The caller hears each prompt and is given each wait, until they answer or the ladder ends.

    Waits count from the end of the prompt (CON-03), the last one included: who answers then is not
    hung up on (CON-04).
    """
    for number, step in enumerate(ladder.steps, start=1):
        if number < first_step:
            continue
        call.journal.enter(Place(ladder.name, number))
        answer = respond(ladder, await ask(call, ladder, step))
        if answer is not Then.STAY:
            return answer
    return ladder.then


async def ask(call: Call, ladder: Ladder, step: Step) -> Digit | Speech | Silence:
    """One step: say it, and listen."""
    interrupted = await call.play(step.say, ladder.heed)
    return interrupted or await call.listen(step.wait, ladder.heed)


def respond(ladder: Ladder, heard: Digit | Speech | Silence) -> Then:
    """What the standard prescribes for what was heard: go on, or leave the ladder."""
    match heard:
        case Silence():
            return Then.STAY
        case Digit(key) if key in ladder.keys:
            return ladder.keys[key]
        case _:
            return ladder.on_response
