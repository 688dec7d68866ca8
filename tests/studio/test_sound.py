"""What callers hear of a recording, measured: its band, its loudness, its ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ari_app.errors import StudioFailed
from ari_app.standard import LEAD_IN
from ari_app.studio import acoustics, cutting
from ari_app.studio.recording import inspect
from tests.studio.booth import (
    HUMS,
    level_at,
    master,
    render,
    samples_of,
    speechlike,
    tone,
    wav,
)


@pytest.mark.parametrize("hertz", [50, 5000, 6500, 7900, 15000])
def test_what_a_telephone_cannot_carry_is_gone(tmp_path: Path, hertz: float) -> None:
    """pydub's resampler folds 5 kHz back to 3 kHz at full strength: the wound this guards."""
    path = tmp_path / "take.wav"
    path.write_bytes(wav(speechlike() + tone(hertz, 2.0)))
    heard = samples_of(cutting.telephone_ready(path).wav)
    folded = abs((hertz + 4000) % 8000 - 4000)
    assert level_at(heard, folded) < cutting.LEVEL_DBOV - 50


@pytest.mark.parametrize("hertz", [50, 100, 5000, 7000, 11000])
def test_the_band_filter_takes_at_least_40_db(hertz: float) -> None:
    passed = acoustics.in_band(tone(hertz), 44100)
    assert acoustics.decibels(float(np.sqrt(np.mean(passed**2)))) < acoustics.decibels(0.25 / 2**0.5) - 40


@pytest.mark.parametrize("hertz", [310, 1000, 2000, 3390])
@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_speech_frequencies_pass_unharmed(hertz: float, rate: int) -> None:
    passed = acoustics.in_band(tone(hertz, rate=rate), rate)[800:-800]
    assert acoustics.decibels(float(np.sqrt(np.mean(passed**2)))) == pytest.approx(
        acoustics.decibels(0.25 / 2**0.5), abs=0.1
    )


@pytest.mark.parametrize("amplitude", [0.5, 0.05, 0.005])
def test_the_active_level_of_a_steady_tone_is_its_rms(amplitude: float) -> None:
    steady = tone(1000, 4.0, 8000, amplitude)
    assert acoustics.active_level(steady, 8000) == pytest.approx(acoustics.decibels(amplitude / 2**0.5), abs=0.1)


def test_pauses_do_not_make_a_sentence_quieter() -> None:
    spoken = tone(1000, 4.0, 8000)
    paused = np.concatenate([spoken, np.zeros(5 * 8000), spoken])
    rms = [acoustics.decibels(float(np.sqrt(np.mean(x**2)))) for x in (spoken, paused)]
    assert rms[0] - rms[1] > 1.5
    assert acoustics.active_level(paused, 8000) == pytest.approx(acoustics.active_level(spoken, 8000), abs=0.25)


def test_silence_has_no_level_and_no_error() -> None:
    assert acoustics.active_level(np.zeros(8000), 8000) == float("-inf")
    assert acoustics.peak_dbfs(np.zeros(0)) == float("-inf")


@pytest.mark.parametrize("gain", [0.05, 0.2, 1.0, 3.0])
def test_quiet_and_loud_masters_come_out_equally_loud(tmp_path: Path, gain: float) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(wav(speechlike() * gain))
    (tmp_path / "out.wav").write_bytes(cutting.telephone_ready(path).wav)
    sound = inspect(tmp_path / "out.wav")
    assert sound.level_dbov == pytest.approx(cutting.LEVEL_DBOV, abs=0.5)
    assert sound.peak_dbfs <= cutting.CEILING_DBFS + 0.01


def test_peaks_are_held_down_without_a_flat_top() -> None:
    loud = speechlike(rate=8000)
    loud[4000] = 1.3 * np.abs(loud).max() * 10 ** (2 / 20)
    even, limited_db = acoustics.at_loudness(loud, 8000, -14.0, -2.0)
    assert limited_db > 0
    assert acoustics.peak_dbfs(even) <= -2.0 + 1e-9
    assert np.count_nonzero(np.abs(even) > 10 ** (-2.001 / 20)) < 5


def test_a_master_with_a_click_above_its_speech_is_refused(tmp_path: Path) -> None:
    clicked = speechlike() * 0.05
    clicked[22050:22120] = 0.9
    with pytest.raises(StudioFailed, match=r"hello.*peaks.*record"):
        cutting.telephone_ready(master(tmp_path, wav(clicked)))


def test_dead_air_is_cut_and_the_ends_are_even(tmp_path: Path) -> None:
    take = np.concatenate([np.zeros(44100 * 2), speechlike(2.0), np.zeros(44100)])
    hum = take + tone(50, 5.0, amplitude=0.05)  # mains hum must not pass for sound
    out = tmp_path / "out.wav"
    out.write_bytes(cutting.telephone_ready(master(tmp_path, wav(hum))).wav)
    sound = inspect(out)
    assert 1.8 < sound.seconds < 2.4
    assert cutting.SENTENCE.lead_ms <= sound.lead_ms <= cutting.SENTENCE.lead_ms + 30
    assert cutting.SENTENCE.tail_ms <= sound.tail_ms <= cutting.SENTENCE.tail_ms + 40
    heard = samples_of(out.read_bytes())
    assert not heard[: cutting.SENTENCE.lead_ms * 8].any(), "the lead is digital silence"
    assert not heard[-cutting.SENTENCE.tail_ms * 8 :].any(), "so is the tail"
    assert abs(heard[cutting.SENTENCE.lead_ms * 8]) < 0.002, "no click where the sound begins"


def test_the_lead_in_is_300_ms_of_digital_silence(tmp_path: Path) -> None:
    [lead_in] = render(tmp_path, [], HUMS)
    heard = samples_of(lead_in.path.read_bytes())
    assert (lead_in.name, len(heard), bool(heard.any())) == (LEAD_IN, 2400, False)
