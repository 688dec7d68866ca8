"""What a procedure can do to a caller beyond saying and waiting: music, messages, keys, and every way out."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from ari_app import line
from ari_app.ari import peers, wire
from ari_app.ari.channel import FILED, PLACE, PRIORITY, RECORDING
from ari_app.ari.reloading import tell_workers
from ari_app.config import AriSettings
from ari_app.journal import What
from ari_app.standard import Standard, load
from tests.standards import LENGTHS, WRITTEN, write
from tests.wire.conftest import Employ
from tests.wire.stub import PASSWORD, USER, Fault, StubApp, StubAri, StubChannel

PROCEDURES = """\
  hold:
    steps:
      - {say: offer, wait: 0.04}
      - {wait: 300, music: true, keys: {"1": resume}}
    then: resume
    on_response: stay
  message:
    steps:
      - {say: offer, record: 60}
      - {file: message, say: busy, wait: 0.04}
    then: queue
  extension:
    steps:
      - {say: offer, wait: 300, take: {name: extension, least: 3, most: 3}}
    then: transfer
  supervisor:
    steps: [{say: offer, wait: 0.04}]
    then: supervisor
  urgent:
    steps: [{say: offer, wait: 0.04}]
    then: urgent
"""


@pytest.fixture(scope="module")
def richer(tmp_path_factory: pytest.TempPathFactory) -> Standard:
    written = WRITTEN.replace("wait: 5", "wait: 300").replace("patience: 5", "patience: 300") + PROCEDURES
    return load(write(tmp_path_factory.mktemp("richer"), written, dict.fromkeys(LENGTHS, 0.02)))


def sent_to(pbx: StubAri, app: str, procedure: str, **variables: str) -> StubChannel:
    caller = pbx.arrives("c1", answered=True, variables=variables)
    pbx.enter(caller, app, ["procedure", procedure])
    return caller


async def test_a_caller_on_hold_hears_music_until_they_act(pbx: StubAri, employ: Employ, richer: Standard) -> None:
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, "hold", HOTLINE_AGENT_NAME="7")
        await pbx.bell.until(lambda: caller.music == [True])
        pbx.press(caller, "1")
        await pbx.bell.until(lambda: caller.departed)
        assert (caller.music, caller.departed) == ([True, False], "hotline-resume,s")


async def test_who_hangs_up_on_hold_is_gone(pbx: StubAri, employ: Employ, richer: Standard) -> None:
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, "hold")
        await pbx.bell.until(lambda: caller.music)
        pbx.hang_up(caller)
        await pbx.bell.until(lambda: "c1" in worker.journals)
        assert worker.journals["c1"].last == What.CALLER_HUNG_UP


@pytest.mark.parametrize("kept", [True, False])
async def test_a_message_is_recorded_and_filed_or_the_caller_goes_on(
    pbx: StubAri, employ: Employ, richer: Standard, kept: bool
) -> None:
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, "message")
        await pbx.bell.until(lambda: caller.recording)
        pbx.said_enough(caller, kept)
        await pbx.bell.until(lambda: caller.departed and "c1" in worker.journals)
        assert caller.departed == "hotline-queue,hotline"
        assert (What.FILE, "message") in [(m.what, m.detail) for m in worker.journals["c1"]]


async def test_keys_are_an_extension(pbx: StubAri, employ: Employ, richer: Standard) -> None:
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, "extension")
        await pbx.bell.until(lambda: caller.playing or caller.heard)
        for key in "204":
            pbx.press(caller, key)
        await pbx.bell.until(lambda: caller.departed)
        assert caller.departed == "hotline-transfer,204"


async def test_an_extension_that_does_not_exist_leads_to_people(pbx: StubAri, employ: Employ, richer: Standard) -> None:
    """`continue` to a missing extension is answered with 204, and the caller dropped."""
    pbx.missing.add("DIALPLAN_EXISTS(hotline-transfer,999,1)")
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, "extension")
        await pbx.bell.until(lambda: caller.playing or caller.heard)
        for key in "999":
            pbx.press(caller, key)
        await pbx.bell.until(lambda: caller.departed)
        assert caller.departed == "hotline-fallback,s"


@pytest.mark.parametrize(("procedure", "where"), [
    ("supervisor", "hotline-queue,hotline-supervisor"),
    ("urgent", "hotline-queue,hotline"),
])  # fmt: skip
async def test_who_is_urgent_goes_before_others(
    pbx: StubAri, employ: Employ, richer: Standard, procedure: str, where: str
) -> None:
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, procedure)
        await pbx.bell.until(lambda: caller.departed)
        assert (caller.departed, caller.variables[PRIORITY]) == (where, "10")


async def test_without_an_agent_to_go_back_to_the_caller_goes_before_others(
    pbx: StubAri, employ: Employ, richer: Standard
) -> None:
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, "hold")
        await pbx.bell.until(lambda: caller.music)
        pbx.press(caller, "1")
        await pbx.bell.until(lambda: caller.departed)
        assert (caller.departed, caller.variables[PRIORITY]) == ("hotline-queue,hotline", "10")


async def test_whoever_answers_is_told_what_was_heard(pbx: StubAri, employ: Employ, richer: Standard) -> None:
    async with employ(spoken=richer):
        caller = pbx.ring()
        await pbx.bell.until(lambda: caller.playing or caller.heard)
        pbx.speak(caller, 900)
        await pbx.bell.until(lambda: caller.departed)
        assert caller.variables["HOTLINE_HEARD"] == "speech"
        assert caller.variables["HOTLINE_STEP"] == "connecting 1"
        assert caller.variables["HOTLINE_WAITED"].isdecimal()


async def test_every_worker_is_told_to_read_its_standard_again(pbx: StubAri, employ: Employ) -> None:
    async with employ("1") as one, employ("2") as two:
        settings = AriSettings(url=pbx.url, user=USER, password=SecretStr(PASSWORD))
        assert await tell_workers(settings) == ["1", "2"]
        await pbx.bell.until(lambda: one.reloads == two.reloads == 1)


async def test_a_message_that_cannot_be_recorded_stops_nobody(pbx: StubAri, employ: Employ, richer: Standard) -> None:
    """Asterisk has no folder for recordings, or no room on its disk."""
    pbx.faults.append(Fault("POST channels/c1/record", 500))
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, "message")
        await pbx.bell.until(lambda: caller.departed and "c1" in worker.journals)
        assert What.FAILED in [m.what for m in worker.journals["c1"]]
        assert [filing.recording for filing in worker.filed] == [""]


async def test_who_speaks_a_message_when_we_stop_goes_to_the_queue(
    pbx: StubAri, employ: Employ, richer: Standard
) -> None:
    """A recording makes a channel wait as a prompt does, for a minute: it is ended, and kept."""
    async with employ(spoken=richer, drain_seconds=0.05) as worker:
        caller = sent_to(pbx, worker.app, "message")
        await pbx.bell.until(lambda: caller.records)
        await worker.board.drain()
        assert (caller.departed, caller.records) == ("hotline-queue,hotline", False)


async def test_a_message_of_a_former_self_makes_nobody_wait(pbx: StubAri, employ: Employ, richer: Standard) -> None:
    """Restarted under the same name while a caller spoke: `answer` over the socket would stop every call."""
    caller = pbx.arrives("c1", app="hotline-1", answered=True, variables={PLACE: "message 1"})
    await pbx._do_channel(caller, "POST", ["record"], {"name": "hotline-c1-1"}, {}, False)
    caller.variables[RECORDING] = "hotline-c1-1"
    async with employ(spoken=richer) as worker:
        await pbx.bell.until(lambda: caller.recording != "hotline-c1-1")
        pbx.said_enough(caller)
        await pbx.bell.until(lambda: caller.departed)
        assert pbx.stalled == []
        assert worker.filed[-1].recording == caller.recording


async def test_a_message_of_a_dead_worker_is_ended(
    pbx: StubAri, employ: Employ, richer: Standard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "SILENT_FOR", 0.3)
    pbx.apps["hotline-2"] = StubApp("hotline-2")
    caller = pbx.arrives("c1", app="hotline-2", answered=True, variables={PLACE: "message 1"})
    await pbx._do_channel(caller, "POST", ["record"], {"name": "hotline-c1-1"}, {}, False)
    caller.variables[RECORDING] = "hotline-c1-1"
    async with employ(spoken=richer) as worker:
        await pbx.bell.until(lambda: caller.app == worker.app and caller.recording != "hotline-c1-1")
        assert pbx.count("POST channels/c1/move") == 1


async def test_a_recording_of_which_we_do_not_know_is_ended(
    pbx: StubAri, employ: Employ, richer: Standard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asterisk began to record and could not say so: what we ask next would wait for its end, and so would others."""
    pbx.faults.append(Fault("POST channels/c1/record", lost=True))
    async with employ(spoken=richer) as worker:
        monkeypatch.setattr(wire, "ANSWER_WITHIN", 0.2)
        caller = sent_to(pbx, worker.app, "message")
        await pbx.bell.until(lambda: caller.departed)
        assert (pbx.stalled, [filing.recording for filing in worker.filed]) == ([], [""])


@pytest.mark.parametrize(("waited", "where"), [
    ("duty", "duty"),  # colleagues on duty: at night nobody serves the other queue
    ("hotline-supervisor", "hotline"),
    ("hotline", "hotline"),
])  # fmt: skip
async def test_who_comes_from_a_queue_goes_back_to_it(
    pbx: StubAri, employ: Employ, richer: Standard, waited: str, where: str
) -> None:
    left = {"HOTLINE_QUEUE_NOW": waited, "HOTLINE_QUEUESTATUS": "TIMEOUT", "HOTLINE_QUEUE_ROUND": "1"}
    async with employ(spoken=richer) as worker:
        caller = pbx.arrives("c1", answered=True, variables=left)
        pbx.enter(caller, worker.app, ["after-queue"])
        await pbx.bell.until(lambda: caller.departed)
        assert caller.departed == f"hotline-queue,{where}"


async def test_a_message_whose_end_nobody_told_us_is_over(
    pbx: StubAri, employ: Employ, richer: Standard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection was lost when it ended: the caller would hear a minute of silence, and the message be lost."""
    monkeypatch.setattr(line, "LOOK_EVERY", 0.1)
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, "message")
        await pbx.bell.until(lambda: caller.records)
        await worker.board.wire.request("GET", "applications")  # we know that it is being made
        pbx.abort(worker.app)
        pbx.said_enough(caller)
        await pbx.bell.until(lambda: caller.departed)
        assert [filing.recording for filing in worker.filed] == [caller.recording]


async def test_back_to_the_agent_is_no_wait_in_vain(pbx: StubAri, employ: Employ, richer: Standard) -> None:
    """An agent who presses two keys would use up their caller's rounds: the next wait would end with a farewell."""
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, "hold", HOTLINE_AGENT_NAME="7", HOTLINE_QUEUE_ROUND="1")
        await pbx.bell.until(lambda: caller.music)
        pbx.press(caller, "1")
        await pbx.bell.until(lambda: caller.departed)
        assert (caller.departed, caller.variables["HOTLINE_QUEUE_ROUND"]) == ("hotline-resume,s", "1")


async def test_what_was_filed_in_the_step_of_a_worker_that_died_is_known_by_its_key(
    pbx: StubAri, employ: Employ, richer: Standard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The adopter files again, without the recording of which it does not know; the office keeps one."""
    monkeypatch.setattr(peers, "SILENT_FOR", 0.3)
    async with employ("1", spoken=richer) as one, employ("2", spoken=richer) as two:
        caller = sent_to(pbx, one.app, "message")
        await pbx.bell.until(lambda: caller.records)
        pbx.prompt_seconds = None
        pbx.said_enough(caller)
        await pbx.bell.until(lambda: caller.playing)
        pbx.freeze(one.app)
        await pbx.bell.until(lambda: two.filed and len(caller.heard) == 4)
        (first,), (again,) = one.filed, two.filed
        assert (again.recording, first.recording) == ("", caller.recording)
        assert again.key == first.key
        assert caller.variables[FILED] == f"{first.key.partition(' ')[0]} 0"


async def test_each_filing_of_a_call_has_a_key_of_its_own(pbx: StubAri, employ: Employ, richer: Standard) -> None:
    """An agent takes a second message on the same call."""
    async with employ(spoken=richer) as worker:
        caller = sent_to(pbx, worker.app, "message")
        for times in (1, 2):
            await pbx.bell.until(lambda: caller.records)
            pbx.said_enough(caller)
            await pbx.bell.until(lambda: caller.departed)
            assert (len(worker.filed), caller.variables[FILED]) == (times, "")
            caller.departed = ""
            pbx.enter(caller, worker.app, ["procedure", "message"])
        assert len({filing.key for filing in worker.filed}) == 2
