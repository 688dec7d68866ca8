"""The keys an agent presses during a call, written for Asterisk's features.conf.

Rule 1: a key leads to a procedure by its name; the dialplan's door takes any name, the standard knows which there are.
Rule 2: nothing is written that Asterisk would cut or take for another key.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from ari_app.errors import BrokenStandard
from ari_app.standard import Standard

GROUP = "hotline-agent-keys"
HEAD = """\
; The agents' keys of {name}, by `hotline standard keys {name} --features`. Both sections go into features.conf in place
; of the sample's; then: asterisk -rx 'module reload features'. The dialplan needs no line for them: HOTLINE_AGENT_KEYS
; is the group's name unless [globals] says otherwise.
"""
_PROCEDURE = re.compile(r"[a-z][a-z0-9-]{1,39}")
_KEY = re.compile(r"[0-9A-D*#]{1,11}")  # Asterisk compares eleven (MAXIMUM_DTMF_FEATURE_STRING)


def keys_of(standard: Standard) -> dict[str, str]:
    """Every key an agent has in a standard, by its procedure."""
    return {ladder.name: ladder.agent_key for ladder in standard.procedures.values() if ladder.agent_key}


def features_of(standard: Standard) -> str:
    """Both sections of features.conf for a standard, with a line on where they go. Raises BrokenStandard."""
    return f"{HEAD.format(name=standard.name)}\n{features(keys_of(standard))}"


def features(keys: Mapping[str, str]) -> str:
    """Text for features.conf by which an agent's key gives the caller to a procedure: `{"too-quiet": "*74"}`.

    The lines stand in the order of the keys. Raises BrokenStandard, one line, for a key or a procedure that
    Asterisk would not take, and for two keys of which one begins the other: it would always be the shorter.
    """
    for procedure, key in keys.items():
        if not _PROCEDURE.fullmatch(procedure):
            raise BrokenStandard(f"agent_key {key!r}: {procedure!r} is no name for a procedure: a-z, 0-9 and - only")
        if not _KEY.fullmatch(key):
            raise BrokenStandard(f"agent_key of {procedure!r}: {key!r} is no key: 1 to 11 of 0-9, *, #, A-D")
    ordered = sorted(keys.items(), key=lambda pair: pair[1])
    for (one, shorter), (other, longer) in itertools.pairwise(ordered):
        if longer.startswith(shorter):
            raise BrokenStandard(
                f"agent_key {longer!r} of {other!r} begins with {shorter!r} of {one!r}: choose another"
            )
    return "\n".join(
        (
            "[applicationmap]",
            *(f"hotline-{procedure} => {key},{_action(procedure)}" for procedure, key in ordered),
            "",
            f"[{GROUP}]",
            *(f"hotline-{procedure} =>" for procedure, _ in ordered),
            "",
        )
    )


def _action(procedure: str) -> str:
    """On the other party's channel (the caller's), when the callee (the agent) pressed it."""
    return f'peer/callee,ChannelRedirect,"${{CHANNEL(name)}},hotline-agent-key,{procedure},1"'
