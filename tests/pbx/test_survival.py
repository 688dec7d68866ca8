"""Nobody is lost when a worker is killed: every caller is looked for afterwards."""

from pathlib import Path

import pytest

from ari_app.pbx.asterisk import Asterisk
from ari_app.qa.disaster import strike
from ari_app.qa.stage import Stage

pytestmark = pytest.mark.pbx

CROWD = 12


@pytest.mark.parametrize("workers", [1, 2], ids=["restarted", "another takes over"])
async def test_a_killed_worker_loses_nobody(asterisk: Asterisk, tmp_path: Path, workers: int) -> None:
    async with Stage(asterisk, tmp_path) as stage:
        toll = await strike(stage, callers=CROWD, workers=workers)
    assert toll.lost == ()
    assert toll.with_agent == 2
    assert toll.longest_silence < 10
