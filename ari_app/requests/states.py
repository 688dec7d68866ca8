"""The states of a request and the ways between them.

Rule: a protocol is a table. What is not in it cannot happen, whoever asks; what happens is written in the history.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a request is."""

    OPEN = "open"  # to be done
    CLAIMED = "claimed"  # somebody is doing it
    DONE = "done"
    FAILED = "failed"  # tried as often as we try
    CANCELLED = "cancelled"  # nobody wants it any more


LIVE = frozenset({State.OPEN, State.CLAIMED})

WAYS: dict[State, frozenset[State]] = {
    State.OPEN: frozenset({State.CLAIMED, State.DONE, State.FAILED, State.CANCELLED}),
    State.CLAIMED: frozenset({State.OPEN, State.DONE, State.FAILED, State.CANCELLED}),
    State.FAILED: frozenset({State.OPEN, State.DONE, State.CANCELLED}),
    State.DONE: frozenset(),
    State.CANCELLED: frozenset(),
}


def may(now: State, then: State) -> bool:
    """Whether a request may go from one state to another."""
    return then in WAYS[now]
