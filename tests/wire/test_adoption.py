"""Several workers at one Asterisk: who takes up whose callers, and where."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ari_app.ari import peers
from ari_app.ari.channel import PLACE, PLAYBACK, ROUND, SUSPICION
from ari_app.journal import What
from ari_app.standard import Standard, load
from tests.standards import WRITTEN, write
from tests.wire.callers import hears, reaches_an_agent, told
from tests.wire.conftest import Employ
from tests.wire.stub import StubApp, StubAri

HARASSMENT = """\
  harassment:
    steps: [{say: wrong-number, wait: 5}]
    then: station
"""


async def test_claim_lost_to_another_worker_is_no_error(
    pbx: StubAri, employ: Employ, patient: Standard, caplog: pytest.LogCaptureFixture
) -> None:
    async with employ("1", patient) as first, employ("2", patient) as second:
        callers = [pbx.ring() for _ in range(10)]
        await pbx.bell.until(lambda: all(caller.heard == ["greeting"] for caller in callers))
        await pbx.bell.until(lambda: pbx.count("POST events/claim") == 20)
        assert first.board.live + second.board.live == 10
        for caller in callers:
            pbx.hang_up(caller)
        await pbx.bell.until(lambda: len(first.journals) + len(second.journals) == 10)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_adopts_the_callers_of_its_former_self(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    """Restarted under the same name: the caller goes on with the step they were at."""
    caller = pbx.arrives("c1", app="hotline-1", answered=True, variables={PLACE: "silent 2"})
    async with employ(spoken=patient):
        await hears(pbx, caller, "offer")
        pbx.speak(caller, 900)
        await reaches_an_agent(pbx, caller)


async def test_adopts_a_caller_in_the_midst_of_a_prompt(pbx: StubAri, employ: Employ, patient: Standard) -> None:
    """The former worker's prompt is stopped, and the news of its end is not taken for the end of ours."""
    caller = pbx.arrives("c1", app="hotline-1", answered=True)
    pbx.prompt_seconds = None
    pbx._play(caller, "c1-1", "sound:round/offer")
    caller.variables.update({PLACE: "silent 2", PLAYBACK: "c1-1"})
    async with employ(spoken=patient) as worker:
        await hears(pbx, caller, "offer", "offer")
        assert caller.playing != ["c1-1"] and len(caller.playing) == 1
        pbx._finish(caller.playing[0], "done")
        await pbx.bell.until(lambda: not caller.playing)
        pbx.speak(caller, 900)
        await pbx.bell.until(lambda: caller.heard[-1] == "connecting")
        pbx._finish(caller.playing[0], "done")
        await reaches_an_agent(pbx, caller)
        assert (await told(worker, caller)).count(What.PLAYED) == 2


@pytest.mark.parametrize("left", ["", "no-such-procedure 1", "silent 9", "silent two", "²"])
async def test_adopts_a_caller_whose_place_it_does_not_know(
    pbx: StubAri, employ: Employ, patient: Standard, left: str
) -> None:
    caller = pbx.arrives("c1", app="hotline-1", answered=True, variables={PLACE: left, ROUND: "²"})
    async with employ(spoken=patient):
        await pbx.bell.until(lambda: caller.heard)
        assert caller.heard[0] in ("greeting", "connecting")


@pytest.mark.rule("S000-28")
@pytest.mark.parametrize(
    ("door", "verdict", "said"),
    [
        (("incoming",), "station", "station-menu"),
        (("incoming",), "challenge", "greeting"),  # a standard that tells nobody a key
        (("procedure", "harassment"), "", "wrong-number"),
    ],
    ids=["known to screening", "suspected", "called so by an agent"],
)
async def test_a_nuisance_stays_one_for_whoever_adopts_them(
    pbx: StubAri, employ: Employ, tmp_path: Path, door: tuple[str, ...], verdict: str, said: str
) -> None:
    """Killed, a worker left callers whom another one took for anybody, and led from a full station to an agent."""
    async with employ(spoken=load(write(tmp_path, WRITTEN + HARASSMENT))) as worker:
        worker.suspected["100"] = verdict
        caller = pbx.arrives("c1", answered=True)
        pbx.enter(caller, worker.app, [*door])
        await hears(pbx, caller, said)
        left = dict(caller.variables)
        pbx.hang_up(caller)
        await pbx.bell.until(lambda: "c1" in worker.journals)
        adopted = pbx.arrives("c2", app=worker.app, answered=True, variables=left)
        await hears(pbx, adopted, said)
        pbx.hang_up(adopted)
        await pbx.bell.until(lambda: "c2" in worker.journals)
        assert worker.arrivals["c2"].suspected == worker.arrivals["c1"].suspected != ""


@pytest.mark.rule("S000-28")
@pytest.mark.parametrize("suspect", ["station", "harassment"])
async def test_an_adopted_nuisance_who_finds_no_place_reaches_no_agent(
    pbx: StubAri, employ: Employ, standard: Standard, suspect: str
) -> None:
    left = {PLACE: "wrong-number 1", SUSPICION: suspect}
    async with employ(spoken=standard) as worker:
        worker.full = True
        caller = pbx.arrives("c1", app=worker.app, answered=True, variables=left)
        await pbx.bell.until(lambda: "c1" in worker.journals)
        assert caller.heard == ["wrong-number", "anything-else", "hanging-up"]  # this standard has no other farewell
        assert not caller.departed


async def test_adopts_a_dead_peers_callers(
    pbx: StubAri, employ: Employ, patient: Standard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "SILENT_FOR", 0.3)
    pbx.apps["hotline-2"] = StubApp("hotline-2")
    caller = pbx.arrives("c1", app="hotline-2", answered=True)
    pbx._play(caller, "c1-1", "sound:round/offer")
    caller.variables.update({PLACE: "silent 2", PLAYBACK: "c1-1"})
    async with employ("1", patient):
        await pbx.bell.until(lambda: caller.app == "hotline-1")
        await hears(pbx, caller, "offer", "offer")
        pbx.speak(caller, 900)
        await reaches_an_agent(pbx, caller)
        assert pbx.count("POST channels/c1/move") == 1


async def test_a_living_peers_callers_are_left_alone(
    pbx: StubAri, employ: Employ, patient: Standard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "SILENT_FOR", 0.5)
    async with employ("1", patient), employ("2", patient):
        caller = pbx.arrives("c1")
        pbx.enter(caller, "hotline-2", ["incoming"])
        await hears(pbx, caller, "greeting")
        greeted = pbx.count("POST events/user/.*")
        await pbx.bell.until(lambda: pbx.count("POST events/user/.*") > greeted + 30)  # longer than SILENT_FOR
        assert caller.app == "hotline-2" and caller.heard == ["greeting"]
