"""The doors: are our contexts there, does anything lead to them, and does the PBX fit the door it uses.

Everything is asked of the running PBX over AMI; a file that was never reloaded counts for nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ari_app.ami.client import AmiClient
from ari_app.check.ari import Ari
from ari_app.check.findings import Finding, error, fine, not_checked, warning
from ari_app.errors import PbxRefused
from ari_app.pbx.asterisk import FLOOR_IN_WORDS, Version, serves_the_hotline

NOBODY = "999999"
"""An extension no house has: who knows it knows every number."""
OURS = re.compile(r"hotline(-plain)?$")
LEADS = re.compile(r"(?:^|,)\s*(hotline(?:-plain)?),")
LONG_LIST = 20.0
"""Seconds a big PBX may take to list its whole dialplan."""
MANY_ENDPOINTS = 300


@dataclass
class Doors:
    """By which of our doors callers come in; None: nobody could tell."""

    used: set[str] | None = None
    endpoints: dict[str, str] = field(default_factory=dict)

    @property
    def plain_only(self) -> bool:
        return self.used == {"hotline-plain"}


async def look(ami: AmiClient, queue: str) -> list[Finding]:
    """Our contexts, each by an extension a caller would use."""
    probes = {
        "hotline": "s",
        "hotline-queue": queue,
        "hotline-after-queue": "s",
        "hotline-fallback": "s",
        "hotline-agent-key": "silent",
        "hotline-resume": "s",
        "hotline-transfer": "8001",
        "hotline-agents": "*11",
        "hotline-settings": "s",
    }
    missing = [
        context
        for context, extension in probes.items()
        if await ami.evaluate(f"DIALPLAN_EXISTS({context},{extension},1)") != "1"
    ]
    if not missing:
        return [fine("dialplan", "the hotline's dialplan is loaded: the door, the queue, the way back, the fallback")]
    return [
        error(
            "dialplan",
            f"the dialplan has no {', '.join(f'[{context}]' for context in missing)}",
            "callers are not offered to the application, or cannot leave it for an agent",
            "#include /path/to/dialplan/extensions-hotline.conf at the end of extensions.conf; then: "
            "asterisk -rx 'dialplan reload'",
        )
    ]


async def extensions(ami: AmiClient) -> list[Finding]:
    """Whom callers may be connected with: the admin's own context, and nothing beyond it."""
    if await ami.evaluate(f"DIALPLAN_EXISTS(hotline-extensions,{NOBODY},1)") != "1":
        return []
    return [
        warning(
            "extensions",
            f"[hotline-extensions] knows every number: {NOBODY} too",
            "a caller could be connected with whatever your dialplan makes of any six digits",
            "include in [hotline-extensions] the context of your own extensions only, not the trunk's or outside lines",
        )
    ]


async def doors(ami: AmiClient, ari: Ari) -> tuple[Doors, list[Finding]]:
    """What leads callers to us: an include, a Goto, or an endpoint's own context."""
    found = Doors(set())
    _, listed = await ari.ask("GET", "endpoints/PJSIP")
    names = [endpoint["resource"] for endpoint in listed] if isinstance(listed, list) else []
    for name in names[:MANY_ENDPOINTS]:
        found.endpoints[name] = await ami.evaluate(f"PJSIP_ENDPOINT({name},context)")
    assert found.used is not None
    found.used |= {context for context in found.endpoints.values() if OURS.match(context)}
    try:
        listing = await ami.ask("ShowDialPlan", LONG_LIST)
    except PbxRefused as problem:
        mend = "write = agent,call,reporting for the user in manager.conf"
        return Doors(None), [not_checked("door", "whether callers are led to us", f"AMI says: {problem}", mend)]
    for line in listing:
        if line.get("Context", "").startswith("hotline"):
            continue
        if OURS.match(line.get("IncludeContext", "")):
            found.used.add(line["IncludeContext"])
        if line.get("Application", "").startswith(("Goto", "Gosub", "Dial", "Exec")):
            found.used |= set(LEADS.findall(line.get("AppData", "")))
    if found.used:
        return found, [fine("door", f"callers come in by {', '.join(f'[{door}]' for door in sorted(found.used))}")]
    return found, [
        warning(
            "door",
            "nothing leads callers to [hotline]: no include, no Goto, no endpoint with that context",
            "calls may ring elsewhere; a Goto through a variable or a database cannot be seen from here",
            "include => hotline in your trunk's context in extensions.conf, or context = hotline at the trunk",
        )
    ]


def version(told: str, found: Doors) -> Finding:
    """Whether this Asterisk can offer a caller to several workers, if that is what its dialplan does."""
    parsed = Version.parse(f"Asterisk {told}")
    if parsed is None:
        because = f"{told!r} is no release; module app_stasis_broadcast tells instead"
        return not_checked("version", "whether Asterisk is new enough", because)
    if serves_the_hotline(parsed):
        return fine("version", f"Asterisk {parsed}")
    if found.plain_only:
        return fine("version", f"Asterisk {parsed}, with the plain door: one worker serves")
    return error(
        "version",
        f"Asterisk {parsed} is too old for the door [hotline]: StasisBroadcast needs {FLOOR_IN_WORDS}",
        "a call that comes in by that door ends at once",
        "include => hotline-plain in place of include => hotline, and one worker; or a newer Asterisk",
    )


async def plain_name(ari: Ari, app: str, found: Doors) -> list[Finding]:
    """With the plain door the dialplan names the one worker it calls."""
    if not found.used or "hotline-plain" not in found.used:
        return []
    named = await ari.variable("HOTLINE_APP", "hotline-1")
    if named == app:
        return [fine("plain-app", f"the plain door calls {named}")]
    why = "by that door callers never reach the application; they get the apology and the queue"
    mend = f"[globals] in extensions.conf: HOTLINE_APP = {app}; or worker: {named.removeprefix('hotline-')} here"
    return [error("plain-app", f"the plain door calls {named}, and this worker is {app}", why, mend)]
