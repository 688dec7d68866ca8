"""The cast is nine people; every standard treats them in its own words."""

from __future__ import annotations

import pytest

from ari_app import paths
from ari_app.journal import What
from ari_app.qa.cast import CAST, CastCaller
from ari_app.qa.casting import cast_for
from ari_app.rehearsal.twin import rehearse
from ari_app.standard import Standard, load


def test_the_hotline_standard_treats_the_cast_as_it_is_written_there() -> None:
    ours = cast_for(load(paths.standard_folder("hotline-standard")))
    assert [(c.name, c.expects, c.outcome, c.agent) for c in ours] == [
        (c.name, c.expects, c.outcome, c.agent) for c in CAST
    ]


STANDARDS = [load(f.parent) for f in sorted(paths.shipped("prompts").glob("*/standard.yaml"))]
PEOPLE = [(standard, caller) for standard in STANDARDS for caller in cast_for(standard) if not caller.application_down]


@pytest.mark.parametrize(("standard", "caller"), PEOPLE, ids=[f"{s.name}: {c.name}" for s, c in PEOPLE])
def test_the_twin_owes_every_caller_what_the_cast_says(standard: Standard, caller: CastCaller) -> None:
    """Until an agent talks with them: what comes after, only a telephone can tell."""
    said = [m.detail for m in rehearse(standard, caller.script).journal if m.what is What.PLAY]
    assert said == list(caller.expects[: len(said)])
    assert said[-1] in (caller.expects[-1], standard.desk.connecting.name)
