"""ARI as a stranger meets it: is it there, does it let us in, may we act, what has it loaded, who serves already.

Rule: nothing here touches a caller; the only thing made is asked for by name and deleted (see prompts.py).
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

import aiohttp

from ari_app.ari.refusal import password_refused
from ari_app.check.findings import Finding, error, fine, warning
from ari_app.config import AriSettings
from ari_app.errors import PbxUnreachable

ANSWER_WITHIN = 5.0
NOTHING = "check-nothing"

FOR_CALLS = """
res_ari res_ari_applications res_ari_asterisk res_ari_channels res_ari_events res_ari_playbacks res_stasis
res_stasis_answer res_stasis_playback app_stasis func_talkdetect format_wav res_rtp_asterisk
""".split()  # noqa: SIM905
FOR_DIALPLAN = """
app_queue app_playback app_stack app_exec func_logic func_strings func_dialplan pbx_config
""".split()  # noqa: SIM905
FOR_AGENT_KEYS = ("bridge_builtin_features", "app_channelredirect")
FOR_TRANSFERS = ("app_dial", "func_devstate")
FOR_AGENTS = ("app_waitforsilence", "app_playtones", "func_callerid", "func_cdr", "func_cut")
FOR_MESSAGES = ("res_ari_recordings", "res_stasis_recording")
SIP = ("chan_pjsip", "res_pjsip", "res_pjsip_session", "res_pjsip_sdp_rtp")
OTHER_LINES = ("chan_dahdi", "chan_iax2", "chan_sip")


class Ari:
    """ARI over plain HTTP, every question with a deadline."""

    def __init__(self, settings: AriSettings) -> None:
        self.settings = settings
        self.url = settings.url.rstrip("/")
        self.user = settings.user
        pair = f"{settings.user}:{settings.password.get_secret_value()}"
        self._headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        self._http: aiohttp.ClientSession | None = None

    async def ask(self, method: str, uri: str, **query: str) -> tuple[int, Any]:
        """HTTP status and decoded body (None when it is no JSON). Raises PbxUnreachable."""
        try:
            async with self._session().request(method, f"{self.url}/{uri}", params=query) as response:
                text = await response.text(errors="replace")
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise PbxUnreachable(_reason(problem)) from None
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, None

    async def variable(self, name: str, default: str) -> str:
        """A dialplan global, or what the dialplan takes when it is not set."""
        status, body = await self.ask("GET", "asterisk/variable", variable=name)
        return str((body or {}).get("value") or default) if status == 200 else default

    def events(self, app: str) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        return self._session().ws_connect(f"{self.url}/events", params={"app": app, "subscribeAll": "false"})

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            limit = aiohttp.ClientTimeout(total=ANSWER_WITHIN)
            self._http = aiohttp.ClientSession(headers=self._headers, timeout=limit)
        return self._http

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()


def _reason(problem: BaseException) -> str:
    if isinstance(problem, aiohttp.ClientConnectorError):
        return os.strerror(problem.os_error.errno) if problem.os_error.errno else str(problem.os_error)
    return str(problem) or f"no answer within {ANSWER_WITHIN:g} s"


async def knock(ari: Ari) -> tuple[list[Finding], str | None]:
    """Whether ARI lets us in; with it, the version of Asterisk as it tells it."""
    lost = "without ARI the application answers nobody; every caller gets the dialplan's apology and the queue"
    try:
        status, info = await ari.ask("GET", "asterisk/info")
    except PbxUnreachable as problem:
        mend = (
            "start Asterisk; in http.conf [general] set enabled = yes, and bindaddr and bindport as in "
            f"ari.url here ({ari.url})"
        )
        return [error("ari-unreachable", f"nobody answers at {ari.url}: {problem}", lost, mend)], None
    match status:
        case 200 if isinstance(info, dict) and "system" in info:
            version = str(info["system"].get("version", ""))
            return [fine("ari", f"ARI answers at {ari.url} and knows user {ari.user!r}")], version
        case 401 | 403:
            refused = password_refused(ari.settings)
            return [error("ari-password", refused.what, lost, refused.mend)], None
        case 404:
            what = f"there is a web server at {ari.url}, and no ARI on it"
            mend = (
                "in ari.conf [general] set enabled = yes; in modules.conf do not noload res_ari.so; compare the path "
                "in ari.url with prefix in http.conf; then restart Asterisk"
            )
            return [error("ari-not-enabled", what, lost, mend)], None
        case _:
            what = f"what answers at {ari.url} is not ARI (status {status})"
            return [error("ari-not-ari", what, lost, "correct ari.url; Asterisk's own is http://HOST:8088/ari")], None


async def rights(ari: Ari) -> Finding:
    """Whether the user may act: deleting what does not exist is refused in two ways."""
    status, _ = await ari.ask("DELETE", f"bridges/{NOTHING}")
    if status == 403:
        return error(
            "ari-read-only",
            f"ARI user {ari.user!r} may look and not act",
            "it can neither answer a caller nor play a word",
            f"read_only = no in section [{ari.user}] of ari.conf; then: asterisk -rx 'module reload res_ari.so'",
        )
    return fine("ari-rights", f"ARI user {ari.user!r} may answer, play and hang up")


async def modules(ari: Ari, plain_only: bool) -> list[Finding]:
    """Whether every part of Asterisk is there that a call passes through."""
    _, listed = await ari.ask("GET", "asterisk/modules")
    state: Mapping[str, str] = {m["name"].removesuffix(".so"): m["status"] for m in listed or []}
    broadcast = [] if plain_only else ["app_stasis_broadcast"]
    lines = [] if any(state.get(other) == "Running" for other in OTHER_LINES) else SIP
    found = [
        _missing(name, "callers are not answered by the application without it")
        for name in (*FOR_CALLS, *broadcast, *lines)
        if state.get(name) != "Running"
    ]
    found += [
        _missing(name, "the dialplan needs it to bring callers to agents")
        for name in FOR_DIALPLAN
        if state.get(name) != "Running"
    ]
    for names, why in (
        (FOR_AGENT_KEYS, "agents' keys do nothing"),
        (FOR_TRANSFERS, "callers are not connected with extensions, nor with the agent they came from"),
        (FOR_AGENTS, "agents cannot log in from their telephones, or are told less of a caller"),
        (FOR_MESSAGES, "callers cannot leave a message"),
    ):
        for name in names:
            if state.get(name) != "Running":
                missing = _missing(name, why)
                found.append(warning(missing.name, missing.what, missing.why, missing.mend))
    return found or [fine("modules", f"every module a call needs is loaded ({len(state)} in all)")]


def _missing(name: str, why: str) -> Finding:
    mend = f"asterisk -rx 'module load {name}.so'; and see that modules.conf has no noload = {name}.so"
    return error(f"module-{name}", f"module {name}.so is not running", why, mend)


async def recordings(ari: Ari) -> list[Finding]:
    """Whether Asterisk can show the folder in which it keeps what callers said."""
    status, listed = await ari.ask("GET", "recordings/stored")
    if status == 200 and isinstance(listed, list):
        return [fine("recordings", f"recordings folder: {len(listed)} kept")]
    return [
        warning(
            "recordings",
            f"Asterisk does not list its recordings (status {status})",
            "callers cannot leave a message",
            "load res_stasis_recording.so and res_ari_recordings.so; a folder recording/ in astspooldir "
            "(/var/spool/asterisk) that Asterisk's user may write to",
        )
    ]


async def workers(ari: Ari, app: str) -> list[Finding]:
    """Who serves callers at this moment."""
    _, listed = await ari.ask("GET", "applications")
    callers = {a["name"]: len(a["channel_ids"]) for a in listed or [] if a["name"].startswith("hotline-")}
    if not callers:
        return [
            warning(
                "no-worker",
                "no worker is connected at this moment",
                "each caller waits for the claim time-out, hears the apology and goes to the queue",
                "hotline run; as a service: systemctl enable --now hotline@1 hotline@2",
            )
        ]
    told = ", ".join(f"{name} ({count} on the line)" for name, count in sorted(callers.items()))
    if app in callers:
        told += f"; {app} is the name in this file: start another worker with a name of its own (-w), or it takes over"
    return [fine("workers", f"connected: {told}")]
