"""Can the PBX play what we will ask it to play? It is asked to, where nobody listens.

Each recording is played into an empty bridge from behind its end: Asterisk opens the file, with its own rights and
by its own rules, and says done or failed within 20 ms. So this is as true for a PBX on another machine.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable
from typing import Any

import aiohttp

from ari_app import paths
from ari_app.check.ari import Ari
from ari_app.check.findings import Finding, error, fine, not_checked, warning
from ari_app.standard import Standard
from ari_app.studio import native

BEHIND_THE_END = "3600000"
ENDS_WITHIN = 3.0
DIALPLAN_SAYS = ("late-answer", "busy", "busy-farewell", "farewell")
DIALPLAN_SOUNDS = "hotline/hotline-standard/zh-CN"


OLD_WORDS = "Asterisk plays them before the recordings: callers hear old words"


class CannotTell(Exception):
    """The PBX did not say whether it could play."""


async def look(ari: Ari, sounds: str, spoken: Standard) -> list[Finding]:
    """What the application says, and what the dialplan says when there is no application."""
    ours = list(dict.fromkeys(prompt.recording for prompt in spoken.recordings))
    folder = (await ari.variable("HOTLINE_SOUNDS", DIALPLAN_SOUNDS)).rstrip("/")
    theirs = [f"{folder}/{name}" for name in DIALPLAN_SAYS]
    try:
        silent = await _unplayable(ari, [*(f"{sounds}/{recording}" for recording in ours), *theirs])
    except CannotTell as reason:
        return [not_checked("prompts", "whether the PBX can play the prompts", str(reason))]
    return [
        *_formats(spoken),
        _ours(sounds, spoken, [r for r in ours if f"{sounds}/{r}" in silent], len(ours)),
        _theirs(folder, [path for path in theirs if path in silent]),
    ]


def _formats(spoken: Standard) -> list[Finding]:
    """What lies beside the recordings on this machine: Asterisk takes it before them."""
    spoken_too = (spoken, *spoken.languages.values())
    homes = paths.homes(spoken.folder, sorted({p.recording for other in spoken_too for p in other.recordings}))
    old = [path for folder in homes for path in native.stale(folder)]
    mend = f"run `hotline prompts build {spoken.folder}`"
    if old:
        return [error("formats", f"{len(old)} files are older than their recordings ({old[0].name})", OLD_WORDS, mend)]
    slow = sum(len(native.lacking(folder, names)) for folder, names in homes.items())
    if slow:
        return [warning("formats", f"{slow} recordings lack the PBX's own formats", "Asterisk transcodes them", mend)]
    return [fine("formats", "every recording is there in the formats the PBX's codecs speak")]


def _ours(sounds: str, spoken: Standard, silent: list[str], of: int) -> Finding:
    if not silent:
        return fine("prompts", f"the PBX can play all {of} prompts of {spoken.name} under {sounds}")
    which = f"none of the {of} prompts" if len(silent) == of else f"not: {', '.join(sorted(silent))}"
    return error(
        "prompts",
        f"of what the standard {spoken.name!r} says, the PBX can play {which} (looked for under {sounds})",
        "callers hear nothing where a prompt should be",
        f"let Asterisk's user read them: make {spoken.folder.absolute()} visible as {sounds}/{spoken.name} (a relative "
        "`sounds` lies under Asterisk's sounds folder, a link will do), or set `sounds` to an absolute path",
    )


def _theirs(folder: str, silent: list[str]) -> Finding:
    if not silent:
        return fine("dialplan-prompts", f"the dialplan can say its own words ({folder})")
    return warning(
        "dialplan-prompts",
        f"the dialplan cannot play {', '.join(path.rpartition('/')[2] for path in silent)} under {folder}",
        "when no worker serves, callers reach the queue without hearing an apology",
        "[globals] in extensions.conf: HOTLINE_SOUNDS = /path/to/prompts/hotline-standard/zh-CN",
    )


async def _unplayable(ari: Ari, paths: Iterable[str]) -> set[str]:
    """Those of `paths` the PBX cannot open. Raises CannotTell, PbxUnreachable."""
    name = f"check-hotline-{os.getpid()}"  # not ^hotline-: no caller is offered to it
    try:
        async with ari.events(name) as socket:
            return {path for i, path in enumerate(paths) if not await _plays(ari, socket, name, f"{name}-{i}", path)}
    except (aiohttp.ClientError, TimeoutError, OSError) as problem:
        raise CannotTell(f"the events WebSocket did not serve ({problem or 'no answer in time'})") from None


async def _plays(ari: Ari, socket: aiohttp.ClientWebSocketResponse, app: str, name: str, path: str) -> bool:
    """A bridge for each: in one that has just played, the next prompt now and then fails without a reason."""
    await _must(ari, "POST", f"bridges/{name}", type="mixing")
    try:
        await _must(ari, "POST", f"applications/{app}/subscription", eventSource=f"bridge:{name}")
        await _must(ari, "POST", f"bridges/{name}/play/{name}", media=f"sound:{path}", offsetms=BEHIND_THE_END)
        async with asyncio.timeout(ENDS_WITHIN):
            while True:
                message: dict[str, Any] = json.loads(await socket.receive_str())
                if message["type"] == "PlaybackFinished" and message["playback"]["id"] == name:
                    return bool(message["playback"]["state"] == "done")
    finally:
        await ari.ask("DELETE", f"bridges/{name}")


async def _must(ari: Ari, method: str, uri: str, **query: str) -> None:
    status, body = await ari.ask(method, uri, **query)
    if status >= 300:
        raise CannotTell(f"ARI answered {status} to {method} {uri} ({(body or {}).get('message', 'no reason given')})")
