"""hotline.yaml: the sample is true, and a mistake is told without telling a secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from ari_app import config, secrets_file
from ari_app.errors import BrokenConfiguration

SAMPLE = Path(__file__).parent.parent / "hotline.yaml.sample"


@pytest.fixture(autouse=True)
def no_passwords_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOTLINE_ARI_PASSWORD", "HOTLINE_AMI_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def test_the_sample_names_every_setting_with_its_default() -> None:
    assert config.load(SAMPLE) == config.Configuration()
    written = yaml.safe_load(SAMPLE.read_text())
    assert written.keys() == config.Configuration.model_fields.keys()
    for name, value in config.Configuration():
        if isinstance(value, BaseModel):
            assert written[name].keys() == type(value).model_fields.keys()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("queu: hotline\n", ":1: queu: is not a word this file knows; is it a typing mistake?"),
        ("ari:\n  password: 12345\n", ":2: ari.password: is read as a number or a yes/no: put it in quotes"),
        ("queu: hotline\n", ":1: queu: is not a word this file knows; is it a typing mistake? did you mean queue?"),
        ("ari:\n  pasword: x\n", ":2: ari.pasword: is not a word this file knows; is it a typing mistake?"),
        ("worker: a b\nqueu: one\n", ":2: queu: is not a word this file knows"),
        ("queue: two words\n", ":1: queue: a queue's name is 2 to 80 letters, digits, dashes, no dash first"),
        ("worker: two words\n", ":1: worker: a worker's name is 1 to 40 letters, digits, dots, dashes (it is 'two wor"),
        ("ari: {url: localhost}\n", ":1: ari.url: write it as http://127.0.0.1:8088/ari (it is 'localhost')"),
        ("log_level: LOUD\n", ":1: log_level: is DEBUG, INFO, WARNING or ERROR (it is 'LOUD')"),
        ('sounds: "a b"\n', ":1: sounds: a folder's name has no space, comma, & or | (it is 'a b')"),
        ("requests: {allowed_prefixes: ['86']}\n", ":1: requests.allowed_prefixes.0: write a prefix as +86"),
        ("drain_seconds: -1\n", ":1: drain_seconds: "),
        ("ari: [1, 2\nqueue: }\n", ":2: not valid YAML: "),
        ("queue: one\nqueue: two\n", ":2: not valid YAML: 'queue' is written twice"),
        ("", ":1: is not a mapping of names to values"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_word(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text(text)
    with pytest.raises(BrokenConfiguration) as refused:
        config.load(file)
    said = str(refused.value)
    assert said.startswith(f"{file}{told}")
    assert "\n" not in said
    assert "12345" not in said


def test_passwords_in_the_environment_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text("ari: {password: old}\n")
    monkeypatch.setenv("HOTLINE_ARI_PASSWORD", "new")
    settings = config.load(file)
    assert settings.ari.password.get_secret_value() == "new"
    assert "new" not in repr(settings)


PASSWORDS = (
    "# ours\n\nHOTLINE_ARI_PASSWORD=one = #1\nHOTLINE_AMI_PASSWORD='two'\nHOTLINE_RECORDS_SECRET=sixteen characters"
)


def test_the_passwords_may_stand_in_a_file_of_their_own_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ARI password was in a file only systemd could read: `hotline check` from a shell was refused."""
    (tmp_path / "secrets").write_text(PASSWORDS)
    file = tmp_path / "hotline.yaml"
    file.write_text("secrets: secrets\nari: {password: old}\nrecords: {numbers: hash}\n")
    monkeypatch.setenv("HOTLINE_AMI_PASSWORD", "")  # nothing, as Compose leaves it
    read = config.load(file)
    assert (read.ari.password.get_secret_value(), read.ami.password.get_secret_value()) == ("one = #1", "two")
    assert read.records.secret.get_secret_value() == "sixteen characters"
    monkeypatch.setenv("HOTLINE_AMI_PASSWORD", "three")
    assert config.load(file).ami.password.get_secret_value() == "three"


@pytest.mark.parametrize("line", ["HOTLINE_ARI_PASWORD=hush", "HOTLINE_ARI_PASSWORD hush", "hush"])
def test_a_mistake_among_the_passwords_is_told_without_them(tmp_path: Path, line: str) -> None:
    (tmp_path / "secrets").write_text(f"# ours\n{line}\n")
    file = tmp_path / "hotline.yaml"
    file.write_text("secrets: secrets\n")
    with pytest.raises(BrokenConfiguration) as refused:
        config.load(file)
    said = str(refused.value)
    assert said.startswith(f"{tmp_path}/secrets:2: is no line of passwords") and "hush" not in said


def test_passwords_that_are_not_there_are_told_of(tmp_path: Path) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text("secrets: secrets\n")
    with pytest.raises(BrokenConfiguration, match="secrets: no such file"):
        config.load(file)


def test_passwords_one_may_not_read_are_told_of_with_who_may(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    (tmp_path / "secrets").write_text(PASSWORDS)
    (tmp_path / "secrets").chmod(0o600)
    os.seteuid(65534)
    try:
        with pytest.raises(BrokenConfiguration, match="sudo -u hotline"):
            secrets_file.read(tmp_path / "secrets")
    finally:
        os.seteuid(0)


def test_a_file_that_hashes_may_leave_the_secret_to_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text("records: {numbers: hash}\n")
    with pytest.raises(BrokenConfiguration, match="needs a secret"):
        config.load(file)
    monkeypatch.setenv("HOTLINE_RECORDS_SECRET", "a secret of some length")
    assert config.load(file).records.secret.get_secret_value() == "a secret of some length"


def test_a_worker_s_name_is_one_asterisk_can_know(tmp_path: Path) -> None:
    with pytest.raises(BrokenConfiguration, match="letters, digits, dots, dashes"):
        config.load(None, "a b")
    assert config.load(None, "2").app == "hotline-2"
