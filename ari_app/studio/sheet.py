"""The script sheet: what a voice talent reads from, and what the takes are compared with when they come back.

Rule: the sheet keeps the words it was printed with; if a sentence changes before its take arrives, that is told.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Final

from ari_app.errors import StudioFailed
from ari_app.studio.lint import spoken
from ari_app.studio.manifest import Manifest
from ari_app.studio.masters import master_of
from ari_app.studio.scripts import Saying, Script

COLUMNS: Final = ("name", "text", "say", "about", "language")
_DATA = re.compile(r'<script type="application/json" id="sheet">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence to record: its name is the file's."""

    name: str
    text: str
    say: str
    about: str
    language: str


def sheet(script: Script, *, everything: bool = False) -> list[Line]:
    """The sentences that want a recording: those without one, those whose text has changed since, or all."""
    manifest = Manifest.read(script.folder)
    wanted = [saying for saying in script.sayings if everything or not _is_recorded(script, manifest, saying)]
    return [_line(script, saying) for saying in wanted]


def _is_recorded(script: Script, manifest: Manifest, saying: Saying) -> bool:
    if master_of(script.folder, saying.name) is None:
        return False
    entry = manifest.get(saying.name)
    return not (entry and entry.recorded) or spoken(entry.recorded) == spoken(saying.text)


def _line(script: Script, saying: Saying) -> Line:
    about = str(getattr(saying, "rule", ""))
    say = saying.say if saying.say != saying.text else ""
    return Line(saying.name, saying.text, say, about, script.language)


# ------------------------------------------------------------------ on paper


def printed(lines: list[Line], title: str, suffix: str) -> str:
    """The sheet as HTML to print, or as CSV for a spreadsheet; raises StudioFailed for any other suffix."""
    match suffix.lower():
        case ".html":
            return _as_html(lines, title)
        case ".csv":
            return _as_csv(lines)
    raise StudioFailed(f"a script sheet is .html or .csv, not {suffix or 'a file without a suffix'}")


def _as_html(lines: list[Line], title: str) -> str:
    frame = Template((Path(__file__).parent / "sheet.html").read_text(encoding="utf-8"))
    rows = "\n".join(
        f"<tr><td>{number}</td><td><code>{html.escape(line.name)}</code></td>"
        f'<td class="text">{html.escape(line.text)}<small>{html.escape(line.say)}</small></td>'
        f'<td class="about">{html.escape(line.about)}</td><td class="takes"></td></tr>'
        for number, line in enumerate(lines, start=1)
    )
    data = json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=0).replace("<", "\\u003c")
    language = lines[0].language if lines else "en"
    example = lines[0].name if lines else "greeting"
    return frame.substitute(language=language, title=html.escape(title), example=example, rows=rows, data=data)


def _as_csv(lines: list[Line]) -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS)
    table.writeheader()
    table.writerows(asdict(line) for line in lines)
    return f"\ufeff{out.getvalue()}"  # spreadsheets take a file without this mark for another alphabet


# ------------------------------------------------------------------ back from paper


def read(path: Path) -> list[Line]:
    """The sheet as it was printed; raises StudioFailed, naming the file and the mend."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = _rows(text, path)
        lines = [Line(*(str(row[column] or "") for column in COLUMNS)) for row in rows]
    except FileNotFoundError:
        raise StudioFailed(f"{path}: no such sheet; print it first, without --takes") from None
    except OSError as problem:
        raise StudioFailed(f"{path}: cannot be read ({problem.strerror})") from None
    except (ValueError, TypeError, KeyError, csv.Error):
        raise StudioFailed(f"{path}: is no script sheet; print it again with `hotline prompts record`") from None
    if not lines:
        raise StudioFailed(f"{path}: has no sentence on it")
    return lines


def _rows(text: str, path: Path) -> Iterable[dict[str, str]]:
    if path.suffix.lower() == ".csv":
        return list(csv.DictReader(io.StringIO(text)))
    found = _DATA.search(text)
    if found is None:
        raise ValueError("no data on the page")
    rows: list[dict[str, str]] = json.loads(found[1])
    return rows
