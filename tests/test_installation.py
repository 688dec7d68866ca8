"""What docs/operations.md has an admin type, the unit and its hotline.yaml are about one user and one database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ari_app import config
from ari_app.cli_config import USUAL
from ari_app.config import Configuration

ROOT = Path(__file__).parent.parent
UNIT = (ROOT / "systemd" / "hotline@.service").read_text(encoding="utf-8")
INSTALLED = ROOT / "systemd" / "hotline.yaml"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
STATE, SECRETS = "/var/lib/hotline", "/etc/hotline/secrets"


def of_unit(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    """The example as the worker and a shell read it, with its passwords elsewhere."""
    for name in ("HOTLINE_ARI_PASSWORD", "HOTLINE_RECORDS_URL", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "secrets").write_text("HOTLINE_ARI_PASSWORD=hush\n")
    written = INSTALLED.read_text(encoding="utf-8")
    assert SECRETS in written
    (tmp_path / "hotline.yaml").write_text(written.replace(SECRETS, "secrets"), encoding="utf-8")
    return config.load(tmp_path / "hotline.yaml")


def test_workers_and_shell_have_one_database_one_spool_and_one_password(installed: Configuration) -> None:
    """The unit had a dynamic user and a folder that only the worker heard of: a shell looked into another file."""
    assert installed.records.database == f"sqlite:///{STATE}/hotline.db"
    assert str(installed.records.spool_folder) == f"{STATE}/spool"
    assert str(installed.requests.spool_folder) == f"{STATE}/spool/requests"
    assert installed.ari.password.get_secret_value() == "hush"


def test_an_upgrade_finds_its_database_where_the_state_folder_was(
    installed: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", STATE)
    before = Configuration()
    assert installed.records.database == before.records.database
    assert installed.records.spool_folder == before.records.spool_folder
    assert installed.requests.spool_folder == before.requests.spool_folder


def test_the_unit_runs_as_the_user_the_installation_makes() -> None:
    assert (of_unit("User"), of_unit("Group"), of_unit("StateDirectory")) == (["hotline"], ["hotline"], ["hotline"])
    assert not of_unit("DynamicUser")
    for typed in (
        "adduser --system --group hotline", f"-o hotline -g hotline {STATE}", f"-g hotline /dev/null {SECRETS}",
        f"systemd/hotline.yaml {USUAL}", "sudo -u hotline hotline check",
    ):  # fmt: skip
        assert typed in OPERATIONS
    assert f"-c {USUAL} " in of_unit("ExecStart")[0]


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("dialplan/*.md")], ids=lambda page: page.name
)
def test_the_file_has_one_path_on_every_page(page: Path) -> None:
    assert set(re.findall(r"/etc/[\w/.-]*hotline\.yaml", page.read_text(encoding="utf-8"))) <= {str(USUAL)}
