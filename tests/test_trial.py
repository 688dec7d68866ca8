"""`hotline try` before its PBX is up: what it says to who waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.errors import PbxFailed
from ari_app.trial import trial


def asterisk_that_ends_at_once(folder: Path) -> Path:
    """A program that answers to -V as an Asterisk does, whatever it is asked."""
    for part in ("lib/asterisk/modules", "share/asterisk", "sbin"):
        (folder / part).mkdir(parents=True)
    binary = folder / "sbin/asterisk"
    binary.write_text("#!/bin/sh\necho 'Asterisk 22.10.1'\n", encoding="utf-8")
    binary.chmod(0o755)
    return binary


async def test_who_waits_is_told_what_for_before_the_pbx_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_ASTERISK", str(asterisk_that_ends_at_once(tmp_path / "pretended")))
    said: list[str] = []
    with pytest.raises(PbxFailed):
        async with trial(tmp_path / "try", None, None, 1, said.append):
            pytest.fail("there is no PBX")
    assert [line.partition(" ")[0] for line in said] == ["Looking", "Starting"]
