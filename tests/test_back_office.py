"""The office beside the calls: whatever happens to files, a call that is over leaves its record."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ari_app.back_office import BackOffice
from ari_app.call import Arrival, CallId
from ari_app.config import Configuration
from ari_app.front_office import Stint
from ari_app.journal import Journal, What
from ari_app.records.settings import RecordsSettings
from ari_app.requests.settings import RequestsSettings
from ari_app.standard import load
from tests.standards import WRITTEN, write


async def test_a_call_is_recorded_while_somebody_breaks_the_standard(tmp_path: Path) -> None:
    """A worker keeps the standard it has; the first call that ends asks the file for its sentences."""
    home = write(tmp_path)
    standard = load(home)
    config = Configuration(
        records=RecordsSettings(url=f"sqlite:///{tmp_path}/calls.db", spool=str(tmp_path / "records")),
        requests=RequestsSettings(spool=str(tmp_path / "requests")),
    )
    async with BackOffice.open(config, standard) as office:
        (home / "standard.yaml").write_text(WRITTEN.replace("wait: 5", "wait: five"))
        journal = Journal(asyncio.get_running_loop().time)
        journal.note(What.ANSWER)
        office.over(Stint(CallId("c1"), Arrival(), standard, 0.0, journal))
        assert office._ledger.counts.kept == 1
