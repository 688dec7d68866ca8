"""The file hotline.yaml names under `secrets`: passwords, where whoever may read hotline.yaml need not see them.

Rule: one line NAME=VALUE each, as systemd's EnvironmentFile has them; # begins a comment. No value is ever told.
"""

from __future__ import annotations

from pathlib import Path

from ari_app.errors import BrokenConfiguration

NAMES = ("HOTLINE_ARI_PASSWORD", "HOTLINE_AMI_PASSWORD", "HOTLINE_RECORDS_URL", "HOTLINE_RECORDS_SECRET")


def read(path: Path) -> dict[str, str]:
    """What the file says. Raises BrokenConfiguration, one line with file and line, or with who may read it."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise BrokenConfiguration(f"{path}: no such file; `secrets` in hotline.yaml names it") from None
    except PermissionError:
        raise BrokenConfiguration(
            f"{path}: this user may not read the passwords (from a shell: sudo -u hotline hotline …)"
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise BrokenConfiguration(f"{path}: cannot be read ({type(problem).__name__})") from None
    return dict(_pair(f"{path}:{number}", line.strip()) for number, line in enumerate(lines, 1) if _says(line))


def _says(line: str) -> bool:
    return line.strip()[:1] not in ("", "#", ";")


def _pair(where: str, line: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in line.partition("="))
    if name not in NAMES or not equals:
        raise BrokenConfiguration(f"{where}: is no line of passwords: write NAME=VALUE, NAME one of {', '.join(NAMES)}")
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return name, value[1:-1] if quoted else value
