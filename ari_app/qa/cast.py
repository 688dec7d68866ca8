"""The cast: nine callers whose treatment proves the standard. Data, no code.

Rule: a caller's script is moments and sounds; what the caller is owed (prompts in order, outcome) stands
beside it. How long each wait must be is not written here: that is the standard's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ari_app.call import Arrival
from ari_app.qa.carrier import CallerId
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Says, Script, Waits


class Agent(StrEnum):
    """What the agent does who gets this caller."""

    STAYS = "talks until the caller hangs up"
    LEAVES_FIRST = "talks and hangs up first"
    SENDS_BACK = "talks and presses a key: the caller is given back"


class Outcome(StrEnum):
    """How the call is to end."""

    LET_GO = "the hotline hangs up after the last wait"
    SERVED = "an agent talks with the caller, who then hangs up"
    LEFT = "the caller hangs up"


@dataclass(frozen=True)
class CastCaller:
    """One caller: what they do, what they are owed."""

    name: str
    does: str
    script: Script
    expects: tuple[str, ...]
    outcome: Outcome
    agent: Agent | None = None
    application_down: bool = False
    claims: CallerId | None = None  # None: a number of the stage's choosing
    agent_presses: str = "*71"  # with SENDS_BACK
    dialled: str = ""  # "": the hotline's number
    arrival: Arrival | None = None  # what the twin is told of them: late, at lunch, while a notice is on
    afterwards: Script = ()  # what they do when the agent's key has given them back
    answered_within: float = 5.0  # seconds from dialling: one ring
    meetings: int = 1  # how often they talk with an agent, where one is due


CALLER_CLIP, AGENT_CLIP, COUGH_CLIP = "caller", "agent", "cough"  # files of voices/

SENTENCE = Says(1.8)
COUGH = Says(0.15)
SILENT_LADDER = ("greeting", "offer", "offer", "no-sound")

SILENT = CastCaller("silent", "says nothing", (), SILENT_LADDER, Outcome.LET_GO)
SPEAKS_AT_ONCE = CastCaller(
    "speaks at once",
    "talks over the greeting",
    (Waits(1.0), SENTENCE),
    ("greeting", "connecting"),
    Outcome.SERVED,
    Agent.STAYS,
)
SPEAKS_AFTER_SECOND_OFFER = CastCaller(
    "speaks after the second offer",
    "is silent until the second offer has been made, then speaks",
    (Hears("offer", 2), Waits(1.5), SENTENCE),
    ("greeting", "offer", "offer", "connecting"),
    Outcome.SERVED,
    Agent.STAYS,
)
SPEAKS_IN_LAST_WAIT = CastCaller(
    "speaks in the last wait",
    "speaks after the farewell, two seconds before we would hang up",
    (Hears("no-sound"), Waits(3.0), SENTENCE),
    (*SILENT_LADDER, "connecting"),
    Outcome.SERVED,
    Agent.STAYS,
)
WRONG_NUMBER = CastCaller(
    "wrong number",
    "presses the wrong-number key during the greeting",
    (Waits(3.0), Presses("9")),
    ("greeting", "wrong-number", "station-menu", "station-menu", "anything-else", "hanging-up"),
    Outcome.LET_GO,
)
COUGHS_ONCE = CastCaller(
    "coughs once",
    "coughs (150 ms) in the first wait and is otherwise silent",
    (Hears("greeting"), Waits(2.0), COUGH),
    SILENT_LADDER,
    Outcome.LET_GO,
)
HANGS_UP_IN_GREETING = CastCaller(
    "hangs up in the greeting",
    "puts the phone down after three seconds",
    (Waits(3.0), HangsUp()),
    ("greeting",),
    Outcome.LEFT,
)
APPLICATION_DOWN = CastCaller(
    "rings while the application is down",
    "rings when nobody claims the call",
    (),
    ("late-answer",),
    Outcome.SERVED,
    Agent.STAYS,
    application_down=True,
)
LINGERS = CastCaller(
    "agent hangs up first",
    "speaks, talks with the agent, and stays on the line when the agent has gone",
    (Waits(1.0), SENTENCE),
    ("greeting", "connecting", "anything-else", "hanging-up"),
    Outcome.LET_GO,
    Agent.LEAVES_FIRST,
)

CAST = (
    SILENT,
    SPEAKS_AT_ONCE,
    SPEAKS_AFTER_SECOND_OFFER,
    SPEAKS_IN_LAST_WAIT,
    WRONG_NUMBER,
    COUGHS_ONCE,
    HANGS_UP_IN_GREETING,
    APPLICATION_DOWN,
    LINGERS,
)

# Not of the nine: the agent finds out that the number was wrong, and is free again with one key.
SENT_BACK = CastCaller(
    "sent back by the agent's key",
    "speaks at once, and has dialled the wrong number",
    (Waits(1.0), SENTENCE),
    ("greeting", "connecting", "wrong-number", "station-menu", "station-menu", "anything-else", "hanging-up"),
    Outcome.LET_GO,
    Agent.SENDS_BACK,
)

# Not of the nine: callers whose claims are hostile text. They are owed what every silent caller is owed.
INJECTS = CastCaller(
    "caller id with markup and shell",
    "sends markup, shell and line ends as a name, and is silent",
    (),
    SILENT_LADDER,
    Outcome.LET_GO,
    claims=CallerId('"><script>${SHELL(id)}\\r\\n;DROP', '"><script>${SHELL(id)}\\r\\n;DROP'),
)
LONG_NUMBER = CastCaller(
    "300-digit number",
    "sends a number of 300 digits, and speaks at once",
    (Waits(1.0), SENTENCE),
    ("greeting", "connecting"),
    Outcome.SERVED,
    Agent.STAYS,
    claims=CallerId("9" * 300, "long"),
)
HOSTILE = (INJECTS, LONG_NUMBER)
