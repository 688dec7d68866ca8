"""Where the shipped prompts and dialplan lie: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The shipped folder `prompts` or `dialplan`."""
    beside = _PACKAGE.parent / name
    return beside if beside.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file() else _PACKAGE / "share" / name


def homes(folder: Path, recordings: Iterable[str]) -> dict[Path, list[str]]:
    """Where recordings (`after-sales/zh-CN/noisy`) lie here, and which: beside a standard's folder, or shipped."""
    found: dict[Path, list[str]] = {}
    for recording in recordings:
        home, _, name = recording.rpartition("/")
        beside = folder.absolute().parent / home
        found.setdefault(beside if beside.is_dir() else shipped("prompts") / home, []).append(name)
    return found


def standard_folder(name_or_path: str) -> Path:
    """The folder of a standard: a shipped one by its name, or one's own by its path."""
    given = Path(name_or_path)
    return given if "/" in name_or_path or _is_folder(given) else shipped("prompts") / name_or_path


def _is_folder(here: Path) -> bool:
    try:
        return here.is_dir()
    except PermissionError:  # `sudo -u hotline` from a folder of root's
        return False
