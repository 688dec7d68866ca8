"""docs/a-call.md tells the truth."""

import re
from pathlib import Path

from ari_app import paths, standard
from ari_app.rehearsal.twin import rehearse

DOCUMENT = Path(__file__).parents[2] / "docs" / "a-call.md"


def test_the_timeline_in_the_document_is_what_happens() -> None:
    told = re.search(r"```\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert told is not None
    happened = rehearse(standard.load(paths.standard_folder("hotline-standard")), ()).timeline
    assert tuple(line.strip().replace("  ", " ") for line in told[1].splitlines()) == happened
