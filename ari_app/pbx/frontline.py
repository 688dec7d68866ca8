"""The configuration of the hotline's own PBX: the very files of `dialplan/`, with our addresses and secrets.

Rule: nothing an admin would get from `dialplan/` is repeated here. The samples are included as they are, and
additive sections (`[name](+)`) change only addresses, passwords, prompts' folder and who is on the line; so
what the demo and the tests prove is what an admin gets.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ari_app.errors import PbxFailed
from ari_app.pbx.place import Place

APOLOGY = "busy"
"""The prompt of the sample's periodic announcement."""
SAMPLES = ("ari.conf", "http.conf", "manager.conf", "queues.conf", "features.conf", "pjsip.conf")
DIALPLAN = ("extensions-hotline.conf", "extensions-hotline-callback.conf")


def dialplan_folder() -> Path:
    """Where the files an admin includes lie: inside the installed package, or in the source tree."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "share/dialplan", package.parent / "dialplan"):
        if (folder / "extensions-hotline.conf").is_file():
            return folder
    raise PbxFailed("The dialplan files are missing beside the package: install the hotline again.")


def _secret() -> str:
    return secrets.token_urlsafe(12)


@dataclass(frozen=True)
class Frontline:
    """A hotline's PBX: `Pbx(asterisk, folder, configuration=Frontline(sounds=…, members=[…]))`.

    `extra` is text appended to a file, by file name: the trunk to the carrier and the agents' phones go to
    `pjsip.conf`, where the templates of the sample and the template `here` (our media address) can be used:
    `[carrier](hotline-trunk,here)`. `settings` are dialplan globals (HOTLINE_CLAIM_MS …).
    """

    sounds: Path | None = None
    members: Sequence[str] = ()
    supervisors: Sequence[str] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    ari_user: str = "hotline"
    ari_password: str = field(default_factory=_secret, repr=False)
    ami_user: str = "hotline"
    ami_password: str = field(default_factory=_secret, repr=False)
    softphone_user: str = "softphone"
    softphone_password: str = field(default_factory=_secret, repr=False)

    def __call__(self, place: Place) -> Mapping[str, str]:
        """The files for one place, each an include of the sample with our additions after it."""
        (place.spool / "recording").mkdir(parents=True, exist_ok=True)  # Asterisk records into it and does not make it
        samples = dialplan_folder()
        files = {name: f"#include {samples / name}\n\n" for name in SAMPLES}
        for name, addition in self._additions(place).items():
            files[name] += addition
        files["extensions.conf"] = self._extensions(samples)
        for name, text in self.extra.items():
            files[name] = f"{files.get(name, '')}\n{text}\n"
        return files

    def _additions(self, place: Place) -> dict[str, str]:
        ports = place.ports
        return {
            "ari.conf": f"[hotline](+)\npassword = {self.ari_password}\n",
            "http.conf": f"[general](+)\nbindaddr = {place.address}\nbindport = {ports.http}\n",
            "manager.conf": (
                f"[general](+)\nbindaddr = {place.address}\nport = {ports.ami}\n"
                f"[hotline](+)\nsecret = {self.ami_password}\n"
            ),
            "queues.conf": self._queues(),
            "pjsip.conf": self._pjsip(place),
        }

    def _queues(self) -> str:
        apology = f"periodic-announce = {self.sounds.absolute()}/{APOLOGY}\n" if self.sounds else ""
        members, supervisors = (
            "".join(f"member => {member}\n" for member in group) for group in (self.members, self.supervisors)
        )
        return f"[hotline-supervisor](+)\n{supervisors}[hotline](+)\n{apology}{members}"

    def _pjsip(self, place: Place) -> str:
        media = f"media_address = {place.address}\nbind_rtp_to_media_address = yes\n"
        return (
            f"[hotline-udp](+)\nbind = {place.address}:{place.ports.sip}\n"
            f"[softphone-login](+)\npassword = {self.softphone_password}\n"
            f"[softphone](+type=endpoint)\n{media}"
            f"[here](!)\n{media}"
        )

    def _extensions(self, samples: Path) -> str:
        sounds = {"HOTLINE_SOUNDS": str(self.sounds.absolute())} if self.sounds else {}
        settings = "".join(f"{name} = {value}\n" for name, value in (sounds | dict(self.settings)).items())
        includes = "".join(f"#include {samples / name}\n" for name in DIALPLAN)
        return f"[general]\n\n[globals]\n{settings}\n{includes}"
