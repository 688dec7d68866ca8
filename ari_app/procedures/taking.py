"""Keys a caller presses one after the other: a number, an extension, a score; read back until it is right.

Rule: a caller is asked again, never scolded; who presses nothing goes on without.
"""

from __future__ import annotations

from ari_app.call import NOTHING, Call, Digit, Heed, Silence, Speech
from ari_app.standard import TONE, Standard, Step, Take, spoken

ENOUGH = "#"
ANEW = "*"
WRONG = "2"


async def take(call: Call, standard: Standard, step: Step, wanted: Take, begun: str = "") -> bool:
    """What the caller pressed is kept under its name; whether they heard it read back and let it stand (S004-F07).

    `begun` is a key that was pressed already.
    """
    for _ in range(wanted.tries):
        keys = await collect(call, standard, step, wanted, begun)
        begun = ""
        if len(keys) < wanted.least:
            if not keys:
                return False
            continue
        call.take(wanted.name, keys)
        if wanted.read_back is None:
            return False
        if not await is_wrong(call, standard, step, wanted):
            return True
        call.take(wanted.name, "")
    return False


async def collect(call: Call, standard: Standard, step: Step, wanted: Take, begun: str) -> str:
    """Keys until #, until there are enough, or until the caller has pressed none for the step's wait; * begins anew."""
    ear = Heed(False, wanted.keys | {ENOUGH, ANEW} if wanted.most > 1 else wanted.keys)
    keys = begun
    heard: Digit | Speech | Silence | None = None
    if not keys and step.say is not None:
        heard = await call.play(spoken(standard, step.say, call.taken, call.arrival), ear)
    while len(keys) < wanted.most:
        match heard or await call.listen(step.wait, ear):
            case Digit(key) if key == ENOUGH:
                break
            case Digit(key) if key == ANEW and key not in wanted.keys:
                keys = ""
            case Digit(key):
                keys += key
            case Silence() | Speech():
                break
        heard = None
    return keys


async def is_wrong(call: Call, standard: Standard, step: Step, wanted: Take) -> bool:
    """The caller hears what was taken; whether they press that it is wrong."""
    if wanted.read_back is None:
        return False
    ear = Heed(False, frozenset("12#"))
    heard = await call.play(spoken(standard, wanted.read_back, call.taken, call.arrival), ear)
    match heard or await call.listen(step.wait, ear):
        case Digit(key):
            return key == WRONG
        case _:
            return False


async def take_message(call: Call, standard: Standard, step: Step) -> str:
    """The caller is asked to speak, and does; where Asterisk keeps it."""
    if step.say is not None:
        await call.play(spoken(standard, step.say, call.taken, call.arrival), NOTHING)
    return await call.record(step.record, standard.pieces.get(TONE))
