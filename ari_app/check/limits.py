"""Limits and keys that only the PBX's files tell: asked over AMI where that is allowed, else read from the folder.

The AMI user of our samples may not read files, and should not: they hold passwords.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from ari_app.agent_keys import keys_of
from ari_app.ami.client import AmiClient
from ari_app.check import conffile
from ari_app.check.ari import Ari
from ari_app.check.conffile import Sections
from ari_app.check.findings import Finding, fine, not_checked, warning
from ari_app.config import AriSettings, Configuration
from ari_app.errors import PbxRefused, PbxUnreachable
from ari_app.standard import Standard

USUAL = Path("/etc/asterisk")
WRITE_TIMEOUT, WRITE_TIMEOUT_DEFAULT = 1000, 100
SESSIONS, SESSIONS_DEFAULT = 500, 100
KEYS = "hotline-agent-keys"
_KEY = re.compile(r"hotline-agent-key,([a-z0-9-]+),1")


class Files:
    """Asterisk's configuration files, from a folder or by AMI. `no_folder` says why there is no folder to read."""

    def __init__(self, ami: AmiClient | None, folder: Path | None, no_folder: str = "") -> None:
        self._ami = ami
        self._folder = folder
        self._no_folder = no_folder

    async def read(self, name: str) -> Sections:
        """Raises PbxUnreachable, with what stands in the way, when there is no way to it."""
        if self._folder is not None:
            try:
                return conffile.read(self._folder / name)
            except OSError as problem:
                raise PbxUnreachable(f"{self._folder / name}: {problem.strerror}") from None
        if self._ami is None:
            raise PbxUnreachable(f"{self._no_folder}, and there is no AMI connection")
        try:
            return _sections((await self._ami.ask("GetConfig", Filename=name))[0])
        except PbxRefused:
            told = "our AMI user may not read files (nor should it: they hold passwords)"
            raise PbxUnreachable(f"{self._no_folder}, and {told}") from None


def files_of(settings: Configuration, ami: AmiClient | None, etc: Path | None, usual: Path = USUAL) -> Files:
    """By way of `etc` where it is said, else the usual folder, if it can be read and is that of our PBX."""
    no_folder = "" if etc else _not_usable(usual, settings.ari)
    return Files(ami, etc or (None if no_folder else usual), no_folder)


def _not_usable(folder: Path, ari: AriSettings) -> str:
    """Why a folder is not that of the very PBX `ari.url` names, or cannot be read; "" when it is and can."""
    url = urlsplit(ari.url)
    try:
        http = conffile.read(folder / "http.conf").get("general", {})
        knows_us = ari.user in conffile.read(folder / "ari.conf")
    except PermissionError:
        return f"this user may not read {folder}"
    except OSError:
        return f"there is no Asterisk's {folder} on this machine"
    here = url.hostname in ("localhost", "127.0.0.1", "::1", http.get("bindaddr"))
    same = knows_us and here and http.get("bindport", "8088") == str(url.port or 80)
    return "" if same else f"{folder} here is not that of the PBX at {ari.url}"


async def look(files: Files, ari: Ari, spoken: Standard) -> list[Finding]:
    """Time-outs, limits and the agents' keys."""
    try:
        return [
            _write_timeout(await files.read("ari.conf")),
            _sessions(await files.read("http.conf")),
            *agents_keys(await files.read("features.conf"), await ari.variable("HOTLINE_AGENT_KEYS", KEYS), spoken),
        ]
    except PbxUnreachable as problem:
        mend = (
            "on the PBX's machine, as root: hotline check --etc FOLDER, the one with its ari.conf; or look there for "
            "websocket_write_timeout >= 1000 (ari.conf), sessionlimit >= 500 (http.conf), agents' keys (features.conf)"
        )
        what = "websocket_write_timeout, sessionlimit, agents' keys"
        return [not_checked("limits", what, str(problem), mend)]


def _write_timeout(ari_conf: Sections) -> Finding:
    told = ari_conf.get("general", {}).get("websocket_write_timeout", "")
    milliseconds = int(told) if told.isdecimal() else WRITE_TIMEOUT_DEFAULT
    if milliseconds >= WRITE_TIMEOUT:
        return fine("websocket-write-timeout", f"websocket_write_timeout is {milliseconds} ms")
    return warning(
        "websocket-write-timeout",
        f"websocket_write_timeout is {milliseconds} ms" + ("" if told else " (Asterisk's default)"),
        "one busy moment closes the application's connection, and the events of every call with it",
        "websocket_write_timeout = 5000 in [general] of ari.conf; then: asterisk -rx 'module reload res_ari.so'",
    )


def _sessions(http_conf: Sections) -> Finding:
    told = http_conf.get("general", {}).get("sessionlimit", "")
    limit = int(told) if told.isdecimal() else SESSIONS_DEFAULT
    if limit >= SESSIONS:
        return fine("sessionlimit", f"sessionlimit is {limit}")
    return warning(
        "sessionlimit",
        f"sessionlimit is {limit}" + ("" if told else " (Asterisk's default)"),
        "each worker, request and listened-to line takes one; beyond it Asterisk hangs up on the application",
        "sessionlimit = 1000 in [general] of http.conf; then: asterisk -rx 'core reload'",
    )


def agents_keys(features: Sections, group: str, spoken: Standard) -> list[Finding]:
    """The keys the group names, where each leads, and whether the standard knows that procedure."""
    keys = features.get("applicationmap", {})
    wanted = features.get(group, {})
    mend = "both sections of dialplan/features.conf into features.conf; then: asterisk -rx 'module reload features'"
    why = "agents cannot give a caller back to the application by a key"
    if not wanted:
        return [warning("agent-keys", f"features.conf has no group [{group}]", why, mend)]
    undefined = sorted(name for name in wanted if name not in keys)
    if undefined:
        told = f"[{group}] names keys that [applicationmap] does not define: {', '.join(undefined)}"
        return [warning("agent-keys", told, why, mend)]
    procedures = {found[1]: name for name in wanted if (found := _KEY.search(keys[name]))}
    unknown = sorted(set(procedures) - set(spoken.procedures))
    if unknown:
        told = f"keys lead to procedures the standard {spoken.name!r} does not have: {', '.join(unknown)}"
        lost = "the caller comes back to the application and is only offered the queue again"
        return [warning("agent-keys", told, lost, f"name one of: {', '.join(sorted(spoken.procedures))}")]
    told = ", ".join(f"{keys[name].partition(',')[0]} {procedure}" for procedure, name in sorted(procedures.items()))
    absent = ", ".join(sorted(key for name, key in keys_of(spoken).items() if name not in procedures))
    more = f"; not in [{group}]: {absent} (hotline standard keys {spoken.name} --features)" if absent else ""
    return [fine("agent-keys", f"agents' keys: {told}{more}")]


def _sections(answer: dict[str, str]) -> Sections:
    """GetConfig's flat answer: Category-000000: general, Line-000000-000000: enabled=yes."""
    sections: Sections = {}
    by_number: dict[str, dict[str, str]] = {}
    for field, value in answer.items():
        kind, _, numbers = field.partition("-")
        if kind == "Category":
            by_number[numbers] = sections.setdefault(value, {})
        elif kind == "Line":
            name, _, told = value.partition("=")
            by_number[numbers.partition("-")[0]][name.strip()] = told.strip()
    return sections
