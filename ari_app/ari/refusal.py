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
            return password_refused(settings)
        case 404:
            return PbxRefused(
                f"there is no ARI at {settings.url}: set enabled=yes in ari.conf [general], load "
                "res_ari_events.so, and check the prefix in http.conf"
            )
        case _:
            return PbxUnreachable(f"Asterisk at {settings.url} answers {status} instead of opening the WebSocket")


def password_refused(settings: AriSettings) -> PbxRefused:
    """Asterisk does not let us in: the password is another one, or nobody has said one."""
    where = f"ARI at {settings.url} refuses user {settings.user!r}: "
    section = f"section [{settings.user}] of ari.conf"
    if not settings.password.get_secret_value():
        mend = f"ari.password, or HOTLINE_ARI_PASSWORD in the environment or the file of `secrets`, as in {section}"
        return PbxRefused(f"{where}no password is set", mend)
    mend = (
        f"compare ari.user and ari.password (or HOTLINE_ARI_PASSWORD) with {section}; "
        "after a change there: asterisk -rx 'module reload res_ari.so'"
    )
    return PbxRefused(f"{where}wrong user or password", mend)


def unanswered(problem: BaseException, settings: AriSettings) -> PbxUnreachable:
    """Nobody is there."""
    mend = "is Asterisk running, is http.conf enabled, is ari.url right?"
    return PbxUnreachable(f"Asterisk does not answer at {settings.url} ({in_short(problem)})", mend)


def in_short(problem: BaseException) -> str:
    """What went wrong, without the library's way of saying it."""
    if isinstance(problem, OSError) and problem.errno:
        return os.strerror(problem.errno) if problem.errno > 0 else str(problem.strerror)
    return str(problem) or ("no answer in time" if isinstance(problem, TimeoutError) else type(problem).__name__)
