"""A worker that is started before its Asterisk."""

from __future__ import annotations

import pytest

from ari_app.ari import wire
from ari_app.errors import PbxRefused
from tests.wire.stub import StubAri
from tests.wire.test_wire import dialled, ended


async def test_a_booting_asterisk_is_waited_for_though_it_has_no_ari_yet(pbx: StubAri) -> None:
    """Measured on 22.10.1: refused connections, then 404 until the modules are loaded, then 503, then ARI."""
    pbx.refuse = 503
    async with dialled(pbx) as connection:
        await pbx.bell.until(lambda: pbx.knocks >= 2)
        pbx.refuse = 404
        seen = pbx.knocks
        await pbx.bell.until(lambda: pbx.knocks >= seen + 2)
        pbx.refuse = 0
        await connection.ready()


async def test_an_asterisk_that_never_gets_an_ari_is_told_in_the_end(
    pbx: StubAri, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "BOOTS_WITHIN", 0.1)
    pbx.refuse = 503
    async with dialled(pbx) as connection:
        await pbx.bell.until(lambda: pbx.knocks >= 2)
        pbx.refuse = 404
        assert isinstance(await ended(connection), PbxRefused)
