"""The native formats beside each recording: what a caller on each codec hears, and that nobody hears old words."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ari_app.studio import acoustics, cutting, native
from ari_app.studio.acoustics import WIDE, Samples
from ari_app.studio.recording import telephone_samples
from ari_app.studio.voice import Voice
from tests.studio.booth import HUMS, Saying, master, needs_ffmpeg, render, speechlike, tone, wav

NATIVE_OF_HELLO = [f"hello{suffix}" for suffix in sorted(native.SUFFIXES)]


def native_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("hello.*") if path.suffix in native.SUFFIXES)


def heard_wide(folder: Path) -> Samples:
    return np.frombuffer((folder / "hello.sln16").read_bytes(), "<i2") / 32768.0


# ------------------------------------------------------------------ the sound


@pytest.mark.parametrize(("suffix", "format"), [(".ulaw", "mulaw"), (".alaw", "alaw")])
@needs_ffmpeg
def test_g711_is_the_wav_to_the_nearest_level(tmp_path: Path, suffix: str, format: str) -> None:
    """Decoded by ffmpeg, which has never seen our tables."""
    every = np.arange(-32768, 32768, dtype=np.int16)
    coded = native.narrow_files(every)[suffix]
    command = ("ffmpeg", "-v", "error", "-f", format, "-ar", "8000", "-i", "pipe:0", "-f", "s16le", "pipe:1")
    decoded = subprocess.run(command, input=coded, capture_output=True, check=True, timeout=30).stdout
    heard = np.frombuffer(decoded, "<i2").astype(int)
    assert np.array_equal(heard, native.LEVELS[suffix][np.frombuffer(coded, np.uint8)])
    levels = np.sort(native.LEVELS[suffix])
    distance = np.abs(
        levels[np.clip(np.searchsorted(levels, every), 1, 255)[:, None] + [-1, 0]] - every[:, None].astype(int)
    )
    assert np.array_equal(np.abs(heard - every), distance.min(axis=1))


def test_silence_is_coded_as_telephones_send_it() -> None:
    assert native.narrow_files(np.zeros(2, np.int16)) == {".ulaw": b"\xff\xff", ".alaw": b"\xd5\xd5"}


@needs_ffmpeg
def test_a_caller_in_wide_band_hears_what_the_telephone_band_lacks(tmp_path: Path) -> None:
    """Rendered from the master, not blown up from 8 kHz: a 5.5 kHz line of the master is there."""
    master(tmp_path, wav(speechlike() + tone(5500, 2.0, amplitude=0.02)))
    [_, made] = render(tmp_path, [Saying("hello")], HUMS)
    assert made.added == native.SUFFIXES and not made.wanting
    heard = heard_wide(tmp_path)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    line = round(5500 * len(heard) / WIDE.rate)
    assert spectrum[line - 3 : line + 4].max() > 30 * np.median(spectrum[line - 200 : line + 200])
    assert acoustics.active_level(heard, WIDE.rate) == pytest.approx(cutting.LEVEL_DBOV, abs=0.5)
    assert acoustics.peak_dbfs(heard) <= cutting.CEILING_DBFS + 0.01


@needs_ffmpeg
@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.9371])
def test_a_sentence_lasts_as_long_in_every_format(tmp_path: Path, seconds: float) -> None:
    master(tmp_path, wav(speechlike(seconds)))
    render(tmp_path, [Saying("hello")], HUMS)
    length = len(telephone_samples(tmp_path / "hello.wav"))
    sizes = {name: (tmp_path / name).stat().st_size for name in NATIVE_OF_HELLO}
    assert sizes == {"hello.alaw": length, "hello.g722": length, "hello.sln16": 4 * length, "hello.ulaw": length}


@needs_ffmpeg
def test_wide_and_narrow_begin_at_the_same_moment(tmp_path: Path) -> None:
    master(tmp_path, wav(np.concatenate([np.zeros(9000), speechlike(), np.zeros(5000)])))
    render(tmp_path, [Saying("hello")], HUMS)
    narrow = telephone_samples(tmp_path / "hello.wav") / 32768.0
    wide = acoustics.in_band(heard_wide(tmp_path), WIDE.rate)[: len(narrow)]
    lags = np.correlate(narrow, wide, "full")
    assert abs(int(np.argmax(lags)) - (len(narrow) - 1)) <= 1


def test_a_master_of_8_khz_is_not_blown_up(tmp_path: Path) -> None:
    master(tmp_path, wav(speechlike(rate=8000), 8000))
    [_, made] = render(tmp_path, [Saying("hello")], HUMS)
    assert native_in(tmp_path) == ["hello.alaw", "hello.ulaw"]
    assert made.wanting == "the master has fewer than 16000 samples a second"
    assert not render(tmp_path, [Saying("hello")], HUMS)[1].added, "and it is not tried again"


# ------------------------------------------------------------------ only what changed


@needs_ffmpeg
def test_a_second_build_makes_no_format_and_a_changed_sentence_those_of_one(tmp_path: Path) -> None:
    sayings = [Saying("hello"), Saying("bye", "再见", "zai4 jian4")]
    assert all(made.added == native.SUFFIXES for made in render(tmp_path, sayings, HUMS))
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert not any(made.added for made in render(tmp_path, sayings, HUMS))
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    sayings[0] = Saying("hello", "你好", "ni3 hao3")
    assert [made.name for made in render(tmp_path, sayings, HUMS) if made.added] == ["hello"]


@needs_ffmpeg
@pytest.mark.parametrize("suffix", native.SUFFIXES)
def test_a_missing_or_damaged_format_is_made_again_and_the_wav_left_alone(tmp_path: Path, suffix: str) -> None:
    render(tmp_path, [Saying("hello")], HUMS)
    file = tmp_path / f"hello{suffix}"
    whole, before = file.read_bytes(), (tmp_path / "hello.wav").stat().st_mtime_ns
    for harm in (file.unlink, lambda: file.write_bytes(b"old words")):
        harm()
        [_, made] = render(tmp_path, [Saying("hello")], HUMS)
        assert (made.fresh, bool(made.added), file.read_bytes() == whole) == (False, True, True)
    assert (tmp_path / "hello.wav").stat().st_mtime_ns == before


def test_a_fresh_clone_has_its_formats_after_one_build_and_the_same_wavs(tmp_path: Path) -> None:
    render(tmp_path, [Saying("hello")], HUMS)
    wave = (tmp_path / "hello.wav").read_bytes()
    for name in (*native_in(tmp_path), native.STATE):
        (tmp_path / name).unlink()
    [_, made] = render(tmp_path, [Saying("hello")], HUMS)
    assert not made.fresh and made.added
    assert (tmp_path / "hello.wav").read_bytes() == wave


def test_without_a_voice_g711_comes_from_the_wav(tmp_path: Path) -> None:
    render(tmp_path, [Saying("hello")], HUMS)
    whole = {name: (tmp_path / name).read_bytes() for name in native_in(tmp_path)}
    for name in (*whole, native.STATE):
        (tmp_path / name).unlink()
    absent = replace(HUMS, command=("no-such-voice", *HUMS.command[1:]))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["prompts"]["hello"]["recipe"] = as_if_made_by(absent, tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    [_, made] = render(tmp_path, [Saying("hello")], absent)
    assert made.wanting == "no-such-voice is not installed"
    assert native_in(tmp_path) == ["hello.alaw", "hello.ulaw"]
    assert all((tmp_path / name).read_bytes() == whole[name] for name in native_in(tmp_path))
    assert not render(tmp_path, [Saying("hello")], absent)[1].added


def as_if_made_by(voice: Voice, folder: Path) -> str:
    from ari_app.studio.build import PIPELINE
    from ari_app.studio.manifest import recipe

    return recipe(PIPELINE, "您好", "nin2 hao3", (voice.command, voice.ssml))


def test_a_voice_that_now_speaks_otherwise_adds_no_wide_band_to_an_old_recording(tmp_path: Path) -> None:
    """Else callers in wide band would hear another take than the one that was signed off, and another length."""
    render(tmp_path, [Saying("hello")], HUMS)
    slower = Voice((sys.executable, "-c", HUMS.command[2].replace("range(16000)", "range(26000)"), "{out}", "{text}"))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["prompts"]["hello"]["recipe"] = as_if_made_by(slower, tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / native.STATE).unlink()
    [_, made] = render(tmp_path, [Saying("hello")], slower)
    assert "speaks otherwise" in made.wanting and not made.fresh
    assert native_in(tmp_path) == ["hello.alaw", "hello.ulaw"]


def test_formats_only_leaves_every_wav_and_the_manifest_as_they_are(tmp_path: Path) -> None:
    """So that a test run never mends what it is to find."""
    render(tmp_path, [Saying("hello"), Saying("bye")], HUMS)
    for name in (*native_in(tmp_path), native.STATE):
        (tmp_path / name).unlink()
    (tmp_path / "bye.wav").unlink()
    before = (tmp_path / "hello.wav").read_bytes(), (tmp_path / "manifest.json").read_bytes()
    changed = [Saying("hello"), Saying("new", "您好")]
    render(tmp_path, changed, HUMS, formats_only=True, force=True)
    assert (native_in(tmp_path), native.lacking(tmp_path, ["hello"])) == (NATIVE_OF_HELLO, [])
    assert native.lacking(tmp_path, ["hello", "new"]) == ["new"]
    assert before == ((tmp_path / "hello.wav").read_bytes(), (tmp_path / "manifest.json").read_bytes())
    assert not (tmp_path / "new.wav").exists()
    made = render(tmp_path, [Saying("hello", "你好")], HUMS, formats_only=True)
    assert not any(prompt.fresh for prompt in made)


# ------------------------------------------------------------------ nobody hears old words


def test_a_format_of_an_older_wav_is_stale(tmp_path: Path) -> None:
    """Asterisk prefers hello.ulaw to a newer hello.wav, as after a `git pull` without a build."""
    render(tmp_path, [Saying("hello")], HUMS)
    assert native.stale(tmp_path) == []
    (tmp_path / "hello.wav").write_bytes(wav(speechlike(rate=8000), 8000))
    assert [path.name for path in native.stale(tmp_path)] == native_in(tmp_path)


def test_a_format_nobody_knows_is_stale(tmp_path: Path) -> None:
    render(tmp_path, [Saying("hello")], HUMS)
    shutil.copy(tmp_path / "hello.ulaw", tmp_path / "bye.ulaw")
    (tmp_path / "hello.alaw").write_bytes(b"somebody's")
    assert [path.name for path in native.stale(tmp_path)] == ["bye.ulaw", "hello.alaw"]
    render(tmp_path, [Saying("hello")], HUMS)
    assert native.stale(tmp_path) == [] and not (tmp_path / "bye.ulaw").exists()


def test_the_formats_of_a_sentence_that_is_gone_go_too(tmp_path: Path) -> None:
    render(tmp_path, [Saying("hello")], HUMS)
    render(tmp_path, [], HUMS)
    assert native_in(tmp_path) == []


def test_a_damaged_note_means_that_all_is_made_again(tmp_path: Path) -> None:
    render(tmp_path, [Saying("hello")], HUMS)
    (tmp_path / native.STATE).write_text("[1")
    assert native.stale(tmp_path)
    assert render(tmp_path, [Saying("hello")], HUMS)[1].added
    assert native.stale(tmp_path) == []


def test_a_failed_render_leaves_the_old_recording_with_its_formats(tmp_path: Path) -> None:
    render(tmp_path, [Saying("hello")], HUMS)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    fails = replace(HUMS, command=(sys.executable, "-c", "raise SystemExit(1)", "{out}"))
    with pytest.raises(Exception, match="failed with status 1"):
        render(tmp_path, [Saying("hello", "你好")], fails)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert native.stale(tmp_path) == []
