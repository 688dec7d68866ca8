"""The ear's time axis: spurts, loss, reordering. Packets are made by hand; no clock, no socket."""

from __future__ import annotations

import numpy as np
import pytest

from ari_app.qa.ear import Packet, Recording, reconstruct
from ari_app.qa.mouth import Clip, Mouth
from ari_app.qa.ulaw import FRAME, RATE, decode, encode

TONE = (8000 * np.sin(np.arange(FRAME) * 2 * np.pi * 500 / RATE)).astype(np.int16)
SOUND = encode(TONE)


def spurt(at: float, packets: int, *, seq: int = 0, timestamp: int = 0, ssrc: int = 1) -> list[Packet]:
    """Sound of 20 ms packets that arrive on the beat, the first one marked."""
    return [
        Packet(at + n * 0.02, ssrc, (seq + n) % 65536, (timestamp + n * FRAME) % (1 << 32), n == 0, SOUND)
        for n in range(packets)
    ]


def sounding(recording: Recording) -> list[float]:
    """Where sound starts, ends, starts … in seconds."""
    loud = np.abs(recording.samples[: len(recording.samples) // FRAME * FRAME].reshape(-1, FRAME)).max(1) > 1000
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(np.int8), [0]])))
    return [round(float(edge) * 0.02, 2) for edge in edges]


def test_a_wait_in_which_nothing_is_sent_keeps_its_length() -> None:
    """The wound: joining packets swallows the very waits that are to be measured."""
    packets = spurt(10.0, 50) + spurt(16.0, 50, seq=50, timestamp=50 * FRAME)
    recording = reconstruct(packets, answered=10.0, ended=20.0)
    assert sounding(recording) == [0.0, 1.0, 6.0, 7.0]
    assert recording.seconds == pytest.approx(10.0)


def test_a_lost_packet_is_silence_in_its_place() -> None:
    packets = spurt(0.0, 50)
    del packets[10:12]
    recording = reconstruct(packets, 0.0, 1.0)
    assert sounding(recording) == [0.0, 0.2, 0.24, 1.0]
    assert recording.lost == 2


def test_packets_that_come_late_or_out_of_order_take_their_place() -> None:
    packets = spurt(0.0, 50)
    late = packets[20]._replace(arrived=packets[23].arrived + 0.001)
    packets = sorted([*packets[:20], late, *packets[21:]], key=lambda p: p.arrived)
    recording = reconstruct(packets, 0.0, 1.0)
    assert sounding(recording) == [0.0, 1.0]
    assert recording.lost == 0 and len(recording.spurts) == 1


def test_a_first_packet_that_comes_late_does_not_move_its_spurt() -> None:
    packets = spurt(0.0, 50)
    packets[0] = packets[0]._replace(arrived=0.019)
    assert reconstruct(packets, 0.0, 1.0).spurts[0].start == pytest.approx(0.0, abs=0.001)


def test_counters_may_wrap_around() -> None:
    recording = reconstruct(spurt(0.0, 50, seq=65530, timestamp=(1 << 32) - 5 * FRAME), 0.0, 1.0)
    assert sounding(recording) == [0.0, 1.0] and recording.lost == 0


def test_a_new_sender_is_a_new_spurt_wherever_its_counters_stand() -> None:
    packets = spurt(0.0, 10) + spurt(0.3, 10, seq=9000, timestamp=123456, ssrc=2)
    assert sounding(reconstruct(packets, 0.0, 1.0)) == [0.0, 0.2, 0.3, 0.5]


def test_a_sender_whose_timestamps_do_not_count_the_wait_is_placed_by_the_clock() -> None:
    packets = spurt(0.0, 10) + [p._replace(marker=False) for p in spurt(0.5, 10, seq=10, timestamp=10 * FRAME)]
    assert sounding(reconstruct(packets, 0.0, 1.0)) == pytest.approx([0.0, 0.2, 0.5, 0.7], abs=0.021)


def test_what_sounds_before_the_answer_is_not_heard() -> None:
    assert sounding(reconstruct(spurt(9.9, 10), answered=10.0, ended=11.0)) == [0.0, 0.1]


def test_a_mouth_sends_silence_until_it_speaks_and_again_afterwards() -> None:
    mouth = Mouth(7, lambda: 0.0)
    before = mouth.packet()
    mouth.say(Clip("word", np.resize(TONE, FRAME + 40)))
    sent = [mouth.packet() for _ in range(3)]
    assert before[12:] == sent[2][12:] == b"\xff" * FRAME
    assert decode(sent[0][12:]).max() > 7000
    assert sent[1][12:] == encode(TONE[:40]).ljust(FRAME, b"\xff")
    assert [int.from_bytes(p[2:4]) for p in (before, *sent)] == [0, 1, 2, 3]
    assert [int.from_bytes(p[4:8]) for p in (before, *sent)] == [0, 160, 320, 480]


def test_ulaw_is_decoded_to_its_own_levels() -> None:
    levels = decode(bytes(range(256)))
    again = decode(encode(levels))
    assert (levels == again).all() and levels.max() == 32124 and levels.min() == -32124
    assert encode(np.zeros(1, np.int16)) == b"\xff"
