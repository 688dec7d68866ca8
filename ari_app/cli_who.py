"""Whose doing it is, for histories: who typed the command, also by way of `sudo -u hotline`."""

from __future__ import annotations

import getpass
import os


def login() -> str:
    """The login name of who runs this."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
