"""Everything that can go wrong, drawn.

    HotlineError                      the message is one line for a person: the cause, and the mend
    ├── CallerHungUp                  the caller left; normal, let it pass
    ├── LineTaken                     another worker serves this caller now
    ├── BrokenStandard                a standard.yaml that must not answer a telephone
    ├── BrokenScript                  a rehearsed caller whose words cannot be understood
    ├── BrokenConfiguration           a hotline.yaml that cannot work
    ├── NoAsterisk                    no Asterisk to run on
    ├── PbxFailed                     an Asterisk of ours did not start or died
    ├── PbxUnreachable                ARI or AMI does not answer
    │   └── PbxRefused                it answers, and says no (password, rights, not enabled)
    │       └── NameTaken             another program connected under our name
    ├── StoreUnreachable              the database does not answer, or its disk is full
    ├── BrokenPattern                 no number, prefix or range that the register understands
    ├── BrokenSheet                   a sheet for the register that cannot be entered as a whole
    ├── BrokenCalls                   recorded calls for a replay that cannot be read
    ├── CannotUndo                    a change of the register that is not there, too old, or changed again since
    ├── CannotPrint                   standard output is full
    ├── ReaderGone                    nobody reads what is printed any more; normal, end quietly
    ├── NoDoor                        the AGI door's address or port cannot be had
    ├── RequestRefused                what was asked of a callback request or ticket cannot be done
    └── StudioFailed                  a prompt could not be rendered

From BrokenPattern to NoDoor they stand beside what raises them: nobody else knows them.

Rule: `except HotlineError` belongs in `line.py` (translate), `switchboard.py` (save the caller), `cli.py`
(tell the person) and `check/` (report it as a finding) only. Numbers and names of callers never enter a message.
"""

from __future__ import annotations


class HotlineError(Exception):
    """Something the hotline has a word for."""


class CallerHungUp(HotlineError):
    """The caller has left the line."""


class LineTaken(HotlineError):
    """Another worker serves this caller now."""


class BrokenStandard(HotlineError):
    """A service standard cannot be used as written."""


class BrokenScript(HotlineError):
    """What a rehearsed caller is to do cannot be understood."""


class BrokenConfiguration(HotlineError):
    """The configuration cannot work as written."""


class NoAsterisk(HotlineError):
    """No Asterisk could be found or provided."""


class PbxFailed(HotlineError):
    """An Asterisk we started did not come up or died."""


class PbxUnreachable(HotlineError):
    """The PBX does not answer. `what` is the cause, `mend` the line that mends it; together they are the message."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(f"{what}; {mend}" if mend else what)
        self.what, self.mend = what, mend


class PbxRefused(PbxUnreachable):
    """The PBX answers and refuses."""


class NameTaken(PbxRefused):
    """Another program connected under our name."""


class StoreUnreachable(HotlineError):
    """The database cannot be used."""


class RequestRefused(HotlineError):
    """A request is not there, or cannot go where somebody wants it."""


class StudioFailed(HotlineError):
    """A prompt could not be rendered."""
