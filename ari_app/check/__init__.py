"""A look at a running PBX from outside, before a caller finds out: what is wrong, why it matters, what mends it.

Rule 1: nothing is changed and no caller is touched; it may be run at any moment, with workers connected or not.
Rule 2: a part that does not answer costs its own findings only; every question has a deadline.
"""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path

from ari_app import paths, standard
from ari_app.ami.client import AmiClient
from ari_app.check import agents, ari, dialplan, limits, prompts
from ari_app.check.ari import Ari
from ari_app.check.dialplan import Doors
from ari_app.check.findings import Finding, error, fine, not_checked, warning
from ari_app.config import AmiSettings, Configuration
from ari_app.errors import BrokenStandard, PbxRefused, PbxUnreachable
from ari_app.standard import Standard


async def look(settings: Configuration, etc: Path | None = None) -> list[Finding]:
    """Every finding, in the order in which one would mend them. `etc`: Asterisk's folder, if we may read it."""
    spoken, found = _standard(settings.standard)
    async with Ari(settings.ari) as door:
        entered, told = await ari.knock(door)
        found += entered
        if told is None:
            found += await _without_ari(settings.ami)
            return found
        ami, refused = await _ami(settings.ami)
        try:
            found += refused
            found += await _with_ari(settings, door, ami, spoken, told, etc)
        finally:
            if ami is not None:
                await ami.close()
    return found


async def _with_ari(
    settings: Configuration, door: Ari, ami: AmiClient | None, spoken: Standard | None, told: str, etc: Path | None
) -> list[Finding]:
    found = [await ari.rights(door)]
    doors = Doors()
    if ami is not None:
        found += await _try("dialplan", "the dialplan", dialplan.look(ami, settings.queue))
        found += await _try("extensions", "the extensions callers may dial", dialplan.extensions(ami))
        try:
            doors, seen = await dialplan.doors(ami, door)
            found += seen
        except PbxUnreachable as problem:
            found.append(not_checked("door", "whether callers are led to us", str(problem)))
    found.append(dialplan.version(told, doors))
    found += await dialplan.plain_name(door, settings.app, doors)
    found += await _try("modules", "Asterisk's modules", ari.modules(door, doors.plain_only))
    if spoken is not None:
        found += await _try("prompts", "the prompts", prompts.look(door, settings.sounds, spoken))
    if ami is not None:
        found += await _try("queue", "the queue", agents.queues(ami, door, settings.queue))
        found += await _try("sip", "SIP", agents.sip(ami, door, doors.endpoints))
    if spoken is not None:
        found += await limits.look(limits.files_of(settings, ami, etc), door, spoken)
    found += await _try("recordings", "the folder of callers' messages", ari.recordings(door))
    found += await _try("workers", "who serves", ari.workers(door, settings.app))
    return found


async def _try(name: str, what: str, looking: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        return await looking
    except PbxUnreachable as problem:
        return [not_checked(name, what, str(problem))]


def _standard(name: str) -> tuple[Standard | None, list[Finding]]:
    try:
        spoken = standard.load(paths.standard_folder(name))
    except BrokenStandard as problem:
        why = "no worker starts with it, and nobody is greeted"
        return None, [error("standard", str(problem), why, "correct that line, or choose another `standard`")]
    return spoken, [fine("standard", f"standard {spoken.name!r} version {spoken.version}, every recording is there")]


async def _without_ari(settings: AmiSettings) -> list[Finding]:
    """With ARI closed, at least tell whether AMI would open: one round of mending instead of two."""
    ami, refused = await _ami(settings)
    if ami is not None:
        await ami.close()
    skipped = "version, modules, dialplan, prompts, queue, limits"
    return [*refused, not_checked("rest", skipped, "ARI has to answer first", "the above, then check again")]


async def _ami(settings: AmiSettings) -> tuple[AmiClient | None, list[Finding]]:
    """AMI tells of dialplan and queue; calls are answered without it."""
    why = "the dialplan and the agents' queue cannot be looked at"
    try:
        ami = await AmiClient.connect(settings)
    except PbxRefused as problem:
        return None, [warning("ami-password", problem.what, why, problem.mend)]
    except PbxUnreachable as problem:
        return None, [warning("ami-unreachable", problem.what, why, problem.mend)]
    return ami, [fine("ami", f"AMI answers at {settings.host}:{settings.port} and knows user {settings.user!r}")]


__all__ = ["Finding", "look"]
