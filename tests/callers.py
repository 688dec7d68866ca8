"""The cast, as scripts: who rings in rehearsals and on the real PBX.

Rule: the nine of the demo have one home, `ari_app/qa/cast.py`; here are their scripts by name, and a few
callers more, whom only a rehearsal can time to the millisecond.
"""

from __future__ import annotations

from ari_app.qa import cast
from ari_app.rehearsal.script import HangsUp, Hears, Presses, Says, Script, Waits

SILENT = cast.SILENT.script
SPEAKS_AT_ONCE = cast.SPEAKS_AT_ONCE.script
SPEAKS_AFTER_SECOND_OFFER = cast.SPEAKS_AFTER_SECOND_OFFER.script
SPEAKS_IN_LAST_WAIT = cast.SPEAKS_IN_LAST_WAIT.script
PRESSES_WRONG_NUMBER_KEY = cast.WRONG_NUMBER.script
COUGHS_ONCE = cast.COUGHS_ONCE.script
HANGS_UP_IN_GREETING = cast.HANGS_UP_IN_GREETING.script
LINGERS: Script = ()  # after the agent has left: says nothing more

PRESSES_ANY_KEY: Script = (Waits(1.0), Presses("5"))
COUGHS_ALL_THE_TIME: Script = (Says(0.15), Waits(1.0)) * 60
STAMMERS: Script = (Hears("greeting"), Says(0.15), Waits(0.1), Says(0.15))
COUGHS_AS_TIME_RUNS_OUT: Script = (Hears("no-sound"), Waits(4.9), Says(0.15))
BEGINS_TO_SPEAK_AS_TIME_RUNS_OUT: Script = (Hears("no-sound"), Waits(4.99), Says(2.0))
WANTS_A_PERSON_AFTER_ALL: Script = (*PRESSES_WRONG_NUMBER_KEY, Hears("station-menu"), Waits(1.0), Presses("1"))
TALKS_TO_THE_STATION: Script = (*PRESSES_WRONG_NUMBER_KEY, Hears("wrong-number"), Waits(6.0), Says(2.0))
SPEAKS_AND_HANGS_UP_WHILE_BEING_CONNECTED: Script = (Waits(1.0), Says(1.0), HangsUp())
