"""A real dialplan asks at the AGI door, and callers claim what they like through a real trunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio

from ari_app.agi import Door, judged_by, serve
from ari_app.procedures.screening import Screening, Treatment
from ari_app.qa.carrier import CallerId
from ari_app.records.database import Database
from ari_app.register.entries import Entry
from ari_app.register.live import LiveRegister
from ari_app.register.numbers import pattern
from ari_app.register.store import Store
from tests.pair import Pair, pair

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

EXTENSIONS = """[trunk]
exten => _[a-z].,1,Set(SLOT=${{EXTEN}})
 same => n,AGI(agi://127.0.0.1:{port}/screen)
 same => n,Set(GLOBAL(SEEN_${{SLOT}})=${{HOTLINE_VERDICT}}/${{HOTLINE_REASON}}/${{AGISTATUS}})
 same => n,Answer()
 same => n,Hangup()
"""
LISTED = "13800138000"
HOSTILE = [
    ("hostileone", "=1+1", "=cmd|'/c calc'!A1"),
    ("hostiletwo", "9" * 300, "x" * 200),
    ("hostilethree", "${SHELL(id)}", '"><script>${SHELL(id)};DROP'),
    ("hostilefour", "１３８", "匿名'--"),
]


class Screened:
    """The two PBXs, the door, and the register behind it."""

    def __init__(self, line: Pair, door: Door) -> None:
        self.line, self.door = line, door

    async def ring(self, slot: str, number: str, name: str = "") -> str:
        """What the dialplan saw: verdict, reason, AGISTATUS."""
        async with self.line.carrier.ring(slot, CallerId(number, name)) as leg:
            await asyncio.wait_for(leg.ended, 15)
        seen = await self.line.pbx.console("dialplan show globals")
        return next(line.split("=", 1)[1].strip() for line in seen.splitlines() if f"SEEN_{slot}=" in line)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def screened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Screened]:
    folder: Path = tmp_path_factory.mktemp("screening")
    database = await Database.open(f"sqlite:///{folder}/register.db")
    store = Store(database)
    await store.add([Entry(pattern(LISTED), Treatment.STATION), Entry(pattern("+86170*"), Treatment.CHALLENGE)], "ada")
    register = LiveRegister(store)
    await register.load()
    rules = Screening()
    door = await serve(judged_by(register, lambda: rules, lambda: datetime.now().astimezone()), port=0)
    async with pair(folder, {"extensions.conf": EXTENSIONS.format(port=door.port)}) as line:
        yield Screened(line, door)
    await door.close()
    await database.close()


async def test_a_listed_number_is_for_the_station_however_it_is_sent(screened: Screened) -> None:
    assert await screened.ring("listed", LISTED) == "station/listed/SUCCESS"
    assert await screened.ring("listedabroad", f"+86{LISTED}") == "station/listed/SUCCESS"


async def test_a_listed_prefix_is_challenged_and_everybody_else_admitted(screened: Screened) -> None:
    assert await screened.ring("prefix", "17012345678") == "challenge/listed/SUCCESS"
    assert await screened.ring("stranger", "13900139000") == "admit/nothing-known/SUCCESS"


async def test_hostile_claims_are_admitted_and_nothing_is_executed(screened: Screened) -> None:
    for slot, number, name in HOSTILE:
        assert await screened.ring(slot, number, name) == "admit/nothing-known/SUCCESS"
    assert "uid=" not in await screened.line.pbx.console("dialplan show globals")


async def test_thirty_callers_at_once_are_judged_while_strangers_hold_the_door(screened: Screened) -> None:
    strangers = [await asyncio.open_connection("127.0.0.1", screened.door.port) for _ in range(200)]
    seen = await asyncio.gather(*(screened.ring(f"many{chr(97 + n % 26)}{n}", LISTED) for n in range(30)))
    assert seen == ["station/listed/SUCCESS"] * 30
    for _, writer in strangers:
        writer.close()


async def test_a_closed_door_lets_the_call_go_on(screened: Screened) -> None:
    """The last one here: the door stays closed."""
    await screened.door.close()
    assert await screened.ring("closed", LISTED) == "//FAILURE"
