"""What can be known of the containers' files without an engine."""

from __future__ import annotations

import re
import tomllib

import yaml

from ari_app.pbx import basics
from ari_app.pbx.place import Ports
from tests.docker.engine import DOCKER, REPOSITORY

COMPOSE = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
START = (DOCKER / "pbx/start.sh").read_text(encoding="utf-8")


def test_the_pbx_in_a_container_loads_the_modules_of_every_other() -> None:
    listed = re.findall(r"^noload = (\w+)\.so$", (DOCKER / "pbx/etc/modules.conf").read_text(), re.MULTILINE)
    assert listed == basics.NOT_LOADED


def test_images_bear_the_version_of_the_package() -> None:
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    assert set(re.findall(r"HOTLINE_TAG:-([^}]+)", COMPOSE)) == {version}
    assert ":latest" not in COMPOSE


def test_every_sample_of_the_dialplan_is_included_as_it_is() -> None:
    texts = START + "".join(path.read_text() for path in (DOCKER / "pbx/etc").iterdir())
    for sample in (REPOSITORY / "dialplan").glob("*.conf"):
        assert f"write {sample.name}" in texts or f"/{sample.name}\n" in texts or f"/{sample.name}\\n" in texts, sample


def test_whatever_can_be_set_is_told_in_the_example() -> None:
    told = set(re.findall(r"^# (\w+)=", (DOCKER / "example.env").read_text(), re.MULTILINE))
    internal = {"HOTLINE_TAG", "HOTLINE_PBX_BASE", "HOTLINE_APP_BASE", "PIP_EXTRA_INDEX_URL"}
    assert set(re.findall(r"\$\{(\w+):-", COMPOSE)) - internal == told


def test_only_telephones_reach_the_pbx_from_outside() -> None:
    services = yaml.safe_load(COMPOSE)["services"]
    published = {service: told.get("ports", []) for service, told in services.items()}
    assert all(port.endswith("/udp") for port in published.pop("pbx"))
    assert not any(published.values())


def test_the_ports_inside_are_those_an_admin_knows() -> None:
    assert Ports().sip == 5060 and ":5060/udp" in COMPOSE
    assert f"http://pbx:{Ports().http}/ari" in (DOCKER / "hotline/hotline.yaml").read_text()
