"""What a refused handshake or a broken connection means to an admin, and the line that mends it."""

from __future__ import annotations

import os

from picows import WSInvalidStatusError

from ari_app.config import AriSettings
from ari_app.errors import PbxRefused, PbxUnreachable


def refusal(problem: WSInvalidStatusError, settings: AriSettings) -> PbxUnreachable:
    """The error to raise: PbxRefused when trying again cannot help."""
    status = int(problem.response.status) if problem.response is not None else 0
    match status:
        case 401 | 403:
            return PbxRefused(
                f"ARI at {settings.url} refuses user {settings.user!r}: wrong user or password; compare "
                "ari.user and ari.password here with the [user] section of ari.conf"
            )
        case 404:
            return PbxRefused(
                f"there is no ARI at {settings.url}: set enabled=yes in ari.conf [general], load "
                "res_ari_events.so, and check the prefix in http.conf"
            )
        case _:
            return PbxUnreachable(f"Asterisk at {settings.url} answers {status} instead of opening the WebSocket")


def in_short(problem: BaseException) -> str:
    """What went wrong, without the library's way of saying it."""
    if isinstance(problem, OSError) and problem.errno:
        return os.strerror(problem.errno) if problem.errno > 0 else str(problem.strerror)
    return str(problem) or type(problem).__name__
