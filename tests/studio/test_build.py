"""What a build renders, what it leaves alone, and what it may never do."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ari_app.cli_prompts import prompts as prompts_command
from ari_app.errors import BrokenConfiguration, StudioFailed
from ari_app.paths import shipped
from ari_app.studio import cutting
from ari_app.studio.acoustics import TELEPHONE_RATE
from ari_app.studio.manifest import Manifest
from ari_app.studio.voice import MANDARIN, Voice, speak, voice_for
from tests.studio.booth import (
    HUMS,
    Saying,
    a_program,
    master,
    names_in,
    needs_espeak,
    needs_ffmpeg,
    render,
    samples_of,
    speechlike,
    tone,
    wav,
)


def test_a_second_build_renders_nothing_and_a_changed_sentence_renders_one_file(tmp_path: Path) -> None:
    sayings = [Saying("hello"), Saying("bye", "再见", "zai4 jian4")]
    assert [made.fresh for made in render(tmp_path, sayings, HUMS)] == [True, True, True]
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert [made.fresh for made in render(tmp_path, sayings, HUMS)] == [False, False, False]
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    sayings[1] = Saying("bye", "再见！", "zai4 jian4")
    assert [made.name for made in render(tmp_path, sayings, HUMS) if made.fresh] == ["bye"]
    louder = replace(HUMS, ssml="louder {say}")
    assert sum(made.fresh for made in render(tmp_path, sayings, louder)) == 2
    assert sum(made.fresh for made in render(tmp_path, sayings, louder, force=True)) == 3


def test_a_missing_or_damaged_recording_is_made_again(tmp_path: Path) -> None:
    made = render(tmp_path, [Saying("hello")], HUMS)[1]
    whole = made.path.read_bytes()
    made.path.unlink()
    assert render(tmp_path, [Saying("hello")], HUMS)[1].fresh
    assert made.path.read_bytes() == whole


def test_a_build_killed_before_it_wrote_its_manifest_is_taken_up(tmp_path: Path) -> None:
    render(tmp_path, [Saying("hello")], HUMS)
    (tmp_path / "manifest.json").unlink()
    assert render(tmp_path, [Saying("hello")], HUMS)[1].fresh


def test_a_dropped_in_recording_is_never_overwritten_unasked(tmp_path: Path) -> None:
    made = render(tmp_path, [Saying("hello")], HUMS)[1]
    somebodys_work = wav(speechlike(rate=8000), 8000)
    made.path.write_bytes(somebodys_work)
    with pytest.raises(StudioFailed, match="move it to masters/"):
        render(tmp_path, [Saying("hello", "你好")], HUMS)
    assert made.path.read_bytes() == somebodys_work
    assert render(tmp_path, [Saying("hello", "你好")], HUMS, force=True)[1].fresh


def test_the_recording_of_a_sentence_that_is_gone_goes_too(tmp_path: Path) -> None:
    render(tmp_path, [Saying("hello"), Saying("bye")], HUMS)
    (tmp_path / "mine.wav").write_bytes(b"not yours")
    render(tmp_path, [Saying("hello")], HUMS)
    assert names_in(tmp_path) == ["hello.wav", "lead-in.wav", "manifest.json", "mine.wav"]


def test_a_master_takes_the_place_of_the_voice(tmp_path: Path) -> None:
    spoken = render(tmp_path, [Saying("hello")], HUMS)[1]
    assert spoken.sound.seconds == pytest.approx(1.24, abs=0.1)
    take = master(tmp_path, wav(speechlike(3.0), channels=2))
    recorded = render(tmp_path, [Saying("hello")], HUMS)[1]
    assert (recorded.fresh, recorded.source) == (True, "masters/hello.wav")
    assert recorded.sound.seconds == pytest.approx(3.1, abs=0.2)
    take.write_bytes(wav(speechlike(2.0)))
    assert render(tmp_path, [Saying("hello")], HUMS)[1].fresh


@needs_ffmpeg
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("flac", "flac"), ("mp3", "libmp3lame"), ("ogg", "libvorbis")]
    + [("wav", codec) for codec in ("pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_mulaw")],
)
def test_masters_of_every_kind_sound_the_same(tmp_path: Path, suffix: str, codec: str) -> None:
    """pydub reads 32-bit floats in an extensible WAV as integers, which is loud noise: the wound this guards."""
    original, take = tmp_path / "original.wav", tmp_path / "masters" / f"hello.{suffix}"
    original.write_bytes(wav(speechlike()))
    take.parent.mkdir()
    subprocess.run(["ffmpeg", "-v", "error", "-i", original, "-ac", "2", "-c:a", codec, take], check=True, timeout=30)
    heard, wanted = (samples_of(cutting.telephone_ready(path).wav) for path in (take, original))
    assert abs(len(heard) - len(wanted)) < 0.06 * TELEPHONE_RATE
    size = min(len(heard), len(wanted))
    spectra = [np.abs(np.fft.rfft(x, 16384))[600:7000] for x in (heard[:size], wanted[:size])]
    assert np.corrcoef(spectra[0], spectra[1])[0, 1] > 0.98


@needs_espeak
def test_two_builds_are_byte_identical(tmp_path: Path) -> None:
    sayings = [Saying("hello"), Saying("bye", "再见", "zai4 jian4")]
    for folder in ("one", "two"):
        render(tmp_path / folder, sayings, MANDARIN, jobs=1 if folder == "one" else 3)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"hello\.wav: is empty"),
        (b"RIFF garbage that is no sound at all" * 50, r"hello\.wav: (is no sound|needs ffmpeg)"),
        (os.urandom(4000), r"hello\.wav: (is no sound|needs ffmpeg)"),
        (wav(np.zeros(44100)), r"hello\.wav: holds no speech"),
        (wav(np.zeros(0)), r"hello\.wav: (is no sound|needs ffmpeg|holds no speech)"),
        (wav(tone(440, 2.0, rate=4000), rate=4000), r"hello\.wav: has only 4000 samples"),
        (wav(tone(440, 121, rate=8000), rate=8000), r"hello\.wav: lasts 121 s, longer than 120 s"),
    ],
    ids=["empty", "garbage", "random", "silent", "no frames", "4 kHz", "121 s"],
)
def test_a_bad_master_is_named_in_one_line_and_nothing_changes(tmp_path: Path, content: bytes, message: str) -> None:
    made = render(tmp_path, [Saying("hello"), Saying("bye")], HUMS)[1]
    before = made.path.read_bytes()
    master(tmp_path, content)
    with pytest.raises(StudioFailed, match=message) as failure:
        render(tmp_path, [Saying("hello"), Saying("bye", "再见！")], HUMS)
    assert "\n" not in str(failure.value)
    assert made.path.read_bytes() == before
    assert names_in(tmp_path) == ["bye.wav", "hello.wav", "lead-in.wav", "manifest.json", "masters"], "no draft left"
    manifest = Manifest.read(tmp_path)
    assert manifest["bye"].text == "再见！", "the other sentences are rendered all the same"
    assert manifest["hello"].text == "您好"


def test_a_two_hour_master_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """115 MB that take no room on the disk: the header says so, and nobody reads on."""
    take, frames = master(tmp_path, b""), 2 * 3600 * 8000
    sizes = (36 + 2 * frames).to_bytes(4, "little"), (2 * frames).to_bytes(4, "little")
    take.write_bytes(b"RIFF" + sizes[0] + wav(np.zeros(1), rate=8000)[8:40] + sizes[1])
    os.truncate(take, 44 + 2 * frames)
    tracemalloc.start()
    try:
        with pytest.raises(StudioFailed, match=r"hello\.wav: lasts 7200 s, longer than 120 s"):
            render(tmp_path, [Saying("hello")], HUMS)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_too_large_for_a_sentence_is_refused_whatever_it_says(tmp_path: Path) -> None:
    os.truncate(master(tmp_path, b"fLaC"), 1_270_000_000)
    with pytest.raises(StudioFailed, match=r"hello\.wav: is 1270 MB"):
        render(tmp_path, [Saying("hello")], HUMS)


@needs_ffmpeg
def test_a_two_hour_mp3_that_is_small_is_refused_without_being_decoded_to_its_end(tmp_path: Path) -> None:
    take = master(tmp_path, b"", "hello.mp3")
    hours = ("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=440:r=8000:d=130", "-b:a", "8k", "-f", "mp3")
    subprocess.run([*hours, str(take)], check=True, timeout=60)
    take.write_bytes(take.read_bytes() * 56)  # frames after frames: two hours
    tracemalloc.start()
    try:
        with pytest.raises(StudioFailed, match=r"hello\.mp3: lasts longer than 120 s"):
            render(tmp_path, [Saying("hello")], HUMS)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000  # the first 121 s, as floats
    finally:
        tracemalloc.stop()


def test_two_masters_of_one_sentence_are_refused(tmp_path: Path) -> None:
    master(tmp_path, wav(speechlike()))
    master(tmp_path, b"x", "hello.MP3")
    with pytest.raises(StudioFailed, match=r"hello: has several masters, hello\.MP3, hello\.wav"):
        render(tmp_path, [Saying("hello")], HUMS)


@pytest.mark.parametrize(("name", "message"), [("helo.wav", "belongs to no sentence"), ("hello.m4a", "is not read")])
def test_a_master_that_would_be_passed_over_is_named(tmp_path: Path, name: str, message: str) -> None:
    master(tmp_path, wav(speechlike()), name)
    with pytest.raises(StudioFailed, match=f"{name}: {message}"):
        render(tmp_path, [Saying("hello")], HUMS)
    assert (tmp_path / "hello.wav").exists(), "the sentence has a voice all the same"


@pytest.mark.parametrize(
    ("voice", "message"),
    [
        (a_program("sys.exit('no such voice')"), "hello: python.* failed with status 1: no such voice"),
        (a_program("pass"), "hello: python.* wrote no sound"),
        (a_program("open(sys.argv[1], 'w')"), "hello: python.* wrote no sound"),
        (a_program("open(sys.argv[1], 'w').write('sorry' * 999)"), "hello: (is no sound|needs ffmpeg)"),
        (a_program("import os; open(sys.argv[1], 'w'); os.truncate(sys.argv[1], 10**9)"), "^hello: is 1000 MB"),
        (Voice(("/no/such/voice", "{out}")), "hello: voice is not installed"),
    ],
    ids=["fails", "writes nothing", "writes an empty file", "writes text", "never ends", "is not installed"],
)
def test_a_voice_that_lets_us_down_is_named_with_the_sentence(tmp_path: Path, voice: Voice, message: str) -> None:
    with pytest.raises(StudioFailed, match=message) as failure:
        render(tmp_path, [Saying("hello")], voice)
    assert "\n" not in str(failure.value)
    assert not (tmp_path / "hello.wav").exists()
    assert "hello" not in json.loads((tmp_path / "manifest.json").read_text())["prompts"]


def test_a_voice_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "child"
    hangs = Voice(("sh", "-c", f"sleep 600 & echo $! > '{pid}'; wait", "sh", "{out}", "{text}"), time_limit=1.5)
    with pytest.raises(StudioFailed, match=r"hello: sh did not finish within 1.5 s"):
        render(tmp_path / "out", [Saying("hello")], hangs)
    assert is_gone_within(10, int(pid.read_text()))


def is_gone_within(seconds: float, pid: int) -> bool:
    try:
        gone = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([gone], [], [], seconds)[0])
    finally:
        os.close(gone)


def test_every_failure_is_told_in_a_line_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(StudioFailed) as failure:
        render(tmp_path, [Saying("a"), Saying("b")], a_program("sys.exit(3)"))
    assert [line[:2] for line in str(failure.value).splitlines()] == ["a:", "b:"]


def test_a_sentence_never_becomes_a_command_or_a_template(tmp_path: Path) -> None:
    out = tmp_path / "heard"
    hostile = "{out} $(touch x); `id` {say} </prosody> \"'"
    listens = Voice((sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write(sys.argv[2])", "{out}", "{text}"))
    speak(listens, "hello", hostile, "x", out)
    assert out.read_text() == hostile


def test_a_voice_without_a_placeholder_reads_its_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "heard"
    reads = Voice((sys.executable, "-c", "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())", "{out}"))
    speak(reads, "hello", "您好", "x", out)
    assert out.read_text(encoding="utf-8") == "您好"


def test_a_damaged_manifest_says_how_to_mend_it(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"prompts": {"a": 1}}')
    with pytest.raises(StudioFailed, match=r"manifest\.json: is damaged; delete it and build with --force"):
        render(tmp_path, [Saying("hello")], HUMS)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioFailed, match="cannot be read"):
        render(tmp_path / "file" / "zh-CN", [Saying("hello")], HUMS)


def test_a_language_nobody_speaks_is_named() -> None:
    with pytest.raises(StudioFailed, match="no packaged voice speaks xx-YY"):
        voice_for("xx-YY")


@needs_espeak
def test_the_command_builds_and_shows_a_table(tmp_path: Path) -> None:
    copy = tmp_path / "hotline-standard"
    shutil.copytree(shipped("prompts") / "hotline-standard", copy)
    (copy / "zh-CN" / "hanging-up.wav").unlink()
    done = CliRunner().invoke(prompts_command, ["build", str(copy)], env={"HOTLINE_VOICE": ""}, catch_exceptions=False)
    assert done.exit_code == 0
    assert re.search(r"hanging-up +espeak-ng +\d\.\d\d +-\d\d\.\d +-\d\.\d +\d+ +\d+ +rendered", done.output)
    assert re.search(r"^1 rendered, \d+ unchanged", done.output, re.MULTILINE)


@pytest.mark.parametrize("command", ["piper", "piper '{out}"])
def test_a_voice_command_that_cannot_work_is_refused(command: str) -> None:
    done = CliRunner().invoke(prompts_command, ["build", "--voice", command])
    assert isinstance(done.exception, BrokenConfiguration) and "--voice or HOTLINE_VOICE: the voice" in str(
        done.exception
    )
