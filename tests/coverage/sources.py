"""What a result was measured on: one fingerprint of everything that can change a verdict.

Rule: recordings and build products are left out; a standard's words, waits and keys are not.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

FOLDERS = ("ari_app", "dialplan", "docker", "prompts", "tests")
NOT_MEASURED = "later.yaml"
"""What is only believed of a run: taking a rule off it changes no verdict."""
KINDS = frozenset({".py", ".yaml", ".yml", ".conf", ".html", ".sh", ".toml"})


def fingerprint(root: Path) -> str:
    """The same for the same sources, whatever the machine."""
    found = hashlib.sha256()
    for file in sorted(_sources(root)):
        found.update(file.relative_to(root).as_posix().encode() + b"\0")
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:16]


def _sources(root: Path) -> list[Path]:
    pyproject = [file for file in (root / "pyproject.toml",) if file.is_file()]
    return pyproject + [
        file
        for folder in FOLDERS
        for file in (root / folder).rglob("*")
        if file.suffix in KINDS and file.is_file() and "__pycache__" not in file.parts and file.name != NOT_MEASURED
    ]
