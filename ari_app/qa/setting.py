"""What a stage is set up with, and the files that follow from it: an admin's for this carrier and these agents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ari_app import paths
from ari_app.agent_keys import features, keys_of
from ari_app.config import AmiSettings
from ari_app.pbx.frontline import Frontline, dialplan_folder
from ari_app.pbx.place import Place
from ari_app.qa.application import COMMAND
from ari_app.qa.carrier_config import Phone
from ari_app.qa.casting import root
from ari_app.standard import Standard


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A hotline on an ordinary day; what is said is what is different."""

    standard_folder: Path = field(default_factory=lambda: paths.standard_folder("hotline-standard"))
    sounds: Path | None = None  # where the prompts of that standard are; the folder it lies in
    agents: int = 8
    supervisors: int = 0
    phones_apart: bool = False  # the agents' telephones on a PBX of their own, which may lose its power
    command: Sequence[str] = COMMAND  # what runs as the application

    globals: Mapping[str, str] = field(default_factory=dict)  # of the dialplan, HOTLINE_…
    dialplan: str = ""  # what is written below the sample files: extensions.conf,
    queues: str = ""  # queues.conf,
    sip: str = ""  # pjsip.conf

    records: Mapping[str, object] = field(default_factory=dict)  # of hotline.yaml, beside the stage's own
    requests: Mapping[str, object] = field(default_factory=lambda: NOBODY_IS_RUNG)
    station: Mapping[str, object] = field(default_factory=dict)

    @property
    def agents_phones(self) -> tuple[Phone, ...]:
        return _phones("agent", self.agents)

    @property
    def supervisors_phones(self) -> tuple[Phone, ...]:
        return _phones("supervisor", self.supervisors)

    @property
    def phones(self) -> tuple[Phone, ...]:
        """Everybody's."""
        return self.agents_phones + self.supervisors_phones

    @property
    def sounds_folder(self) -> Path:
        return (self.sounds or self.standard_folder.parent).absolute()

    def frontline(self, spoken: Standard, carrier: Place) -> Frontline:
        """The hotline's PBX on the sample files, with a trunk to this carrier and the agents' telephones."""
        return Frontline(
            sounds=self.sounds_folder / root(spoken) / spoken.language,
            members=tuple(f"PJSIP/{phone.user}" for phone in self.agents_phones),
            supervisors=tuple(f"PJSIP/{phone.user}" for phone in self.supervisors_phones),
            extra={
                "pjsip.conf": "".join(self._trunk_and_phones(carrier)) + self.sip,
                "extensions.conf": self.dialplan,
                "queues.conf": self.queues,
                "features.conf": _more_keys(spoken),
            },
            settings=dict(self.globals),
        )

    def _trunk_and_phones(self, carrier: Place) -> Iterator[str]:
        yield _TRUNK.format(address=carrier.address, port=carrier.ports.sip)
        for phone in self.phones:
            yield _PHONE.format(phone=phone)

    def hotline_yaml(self, folder: Path, ari: Mapping[str, str], ami: AmiSettings) -> str:
        """The application's configuration, all it writes in this folder; the passwords come by the environment."""
        return json.dumps(
            {
                "ari": dict(ari),
                "ami": ami.model_dump(include={"host", "port", "user"}),
                "standard": str(self.standard_folder.absolute()),
                "sounds": str(self.sounds_folder),
                "records": {
                    "url": f"sqlite:///{folder / 'hotline.db'}",
                    "spool": str(folder / "spool"),
                    **self.records,
                },
                "requests": {"spool": str(folder / "spool" / "requests"), **self.requests},
                "station": dict(self.station),
            }
        )


NOBODY_IS_RUNG: Mapping[str, object] = {"ring": False}
"""Else the numbers callers leave would be rung on the carrier."""


def _phones(whose: str, many: int) -> tuple[Phone, ...]:
    return tuple(Phone(f"{whose}-{n:03}", f"secret-{n:03}") for n in range(1, many + 1))


def _more_keys(standard: Standard) -> str:
    """The agents' keys of a standard that the sample features.conf does not have."""
    sample = (dialplan_folder() / "features.conf").read_text(encoding="utf-8")
    more = {name: key for name, key in keys_of(standard).items() if f"=> {key}," not in sample}
    return re.sub(r"^(\[.*\])$", r"\1(+)", features(more), flags=re.MULTILINE) if more else ""


_TRUNK = """[carrier](hotline-trunk,here)
aors = carrier
[carrier]
type = aor
contact = sip:{address}:{port}
[carrier]
type = identify
endpoint = carrier
match = {address}
"""

_PHONE = """
[{phone.user}](hotline-agent-phone,here)
auth = {phone.user}-login
aors = {phone.user}
[{phone.user}-login](hotline-agent-login)
username = {phone.user}
password = {phone.password}
[{phone.user}](hotline-agent-place)
"""
