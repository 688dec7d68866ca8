"""What callers hear of the prompts, measured: band, level, peak, silence; and what a build may never do."""

from __future__ import annotations

import io
import json
import os
import re
import select
import shutil
import subprocess
import sys
import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ari_app.cli_prompts import prompts as prompts_command
from ari_app.errors import StudioFailed
from ari_app.paths import shipped
from ari_app.standard import LEAD_IN, language_of, sentences
from ari_app.studio import acoustics
from ari_app.studio import build as studio
from ari_app.studio.acoustics import TELEPHONE_RATE, Samples
from ari_app.studio.manifest import Manifest, fingerprint
from ari_app.studio.recording import inspect
from ari_app.studio.voice import MANDARIN, Voice, phonemes, speak, voice_for

needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")

STANDARDS = sorted(path.parent for path in shipped("prompts").glob("*/standard.yaml"))


@dataclass(frozen=True)
class Saying:
    name: str
    text: str = "您好"
    say: str = "nin2 hao3"


# ------------------------------------------------------------------ sounds and voices made here


def tone(hertz: float, seconds: float = 1.0, rate: int = 44100, amplitude: float = 0.25) -> Samples:
    made: Samples = amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return made


def speechlike(seconds: float = 2.0, rate: int = 44100) -> Samples:
    """Vowels of 150 ms, 4 a second: harmonics of 140 Hz under a syllable's envelope."""
    clock = np.arange(round(seconds * rate)) / rate
    voiced = sum(np.sin(2 * np.pi * 140 * k * clock + k) / k for k in range(1, 25))
    made: Samples = 0.1 * np.asarray(voiced) * np.clip(np.sin(2 * np.pi * 4 * clock), 0, 1)
    return made


def wav(samples: Samples, rate: int = 44100, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(np.repeat(samples, channels) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def samples_of(recording: bytes) -> Samples:
    with wave.open(io.BytesIO(recording)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0


def level_at(samples: Samples, hertz: float) -> float:
    """dB of one spectral line, whatever else sounds."""
    clock = np.arange(len(samples)) / TELEPHONE_RATE
    window = np.hanning(len(samples))
    line = np.abs(np.sum(samples * window * np.exp(-2j * np.pi * hertz * clock))) / window.sum()
    return acoustics.decibels(float(line))


def master(folder: Path, content: bytes, name: str = "hello.wav") -> Path:
    path = folder / "masters" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def a_program(what: str, time_limit: float = 20.0) -> Voice:
    """A voice that is a line of Python; sys.argv[1] is the file to write."""
    return Voice((sys.executable, "-c", f"import sys, time; {what}", "{out}", "{text}"), time_limit=time_limit)


HUMS = a_program(
    "import wave, array, math; w = wave.open(sys.argv[1], 'wb'); w.setparams((1, 2, 16000, 0, 'NONE', '')); "
    "w.writeframes(array.array('h', [int(9000 * math.sin(i / 5)) for i in range(16000)]).tobytes()); w.close()"
)


# ------------------------------------------------------------------ the band


@pytest.mark.parametrize("hertz", [50, 5000, 6500, 7900, 15000])
def test_what_a_telephone_cannot_carry_is_gone(tmp_path: Path, hertz: float) -> None:
    """pydub's resampler folds 5 kHz back to 3 kHz at full strength: the wound this guards."""
    path = tmp_path / "take.wav"
    path.write_bytes(wav(speechlike() + tone(hertz, 2.0)))
    heard = samples_of(studio.telephone_ready(path))
    folded = abs((hertz + 4000) % 8000 - 4000)
    assert level_at(heard, folded) < studio.LEVEL_DBOV - 50


@pytest.mark.parametrize("hertz", [50, 100, 5000, 7000, 11000])
def test_the_band_filter_takes_at_least_40_db(hertz: float) -> None:
    passed = acoustics.telephone_band(tone(hertz), 44100)
    assert acoustics.decibels(float(np.sqrt(np.mean(passed**2)))) < acoustics.decibels(0.25 / 2**0.5) - 40


@pytest.mark.parametrize("hertz", [310, 1000, 2000, 3390])
@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_speech_frequencies_pass_unharmed(hertz: float, rate: int) -> None:
    passed = acoustics.telephone_band(tone(hertz, rate=rate), rate)[800:-800]
    assert acoustics.decibels(float(np.sqrt(np.mean(passed**2)))) == pytest.approx(
        acoustics.decibels(0.25 / 2**0.5), abs=0.1
    )


# ------------------------------------------------------------------ the loudness


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
    (tmp_path / "out.wav").write_bytes(studio.telephone_ready(path))
    sound = inspect(tmp_path / "out.wav")
    assert sound.level_dbov == pytest.approx(studio.LEVEL_DBOV, abs=0.5)
    assert sound.peak_dbfs <= studio.CEILING_DBFS + 0.01


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
        studio.telephone_ready(master(tmp_path, wav(clicked)))


# ------------------------------------------------------------------ the ends


def test_dead_air_is_cut_and_the_ends_are_even(tmp_path: Path) -> None:
    take = np.concatenate([np.zeros(44100 * 2), speechlike(2.0), np.zeros(44100)])
    hum = take + tone(50, 5.0, amplitude=0.05)  # mains hum must not pass for sound
    out = tmp_path / "out.wav"
    out.write_bytes(studio.telephone_ready(master(tmp_path, wav(hum))))
    sound = inspect(out)
    assert 1.8 < sound.seconds < 2.4
    assert studio.LEAD_MS <= sound.lead_ms <= studio.LEAD_MS + 30
    assert studio.TAIL_MS <= sound.tail_ms <= studio.TAIL_MS + 40
    heard = samples_of(out.read_bytes())
    assert not heard[: studio.LEAD_MS * 8].any(), "the lead is digital silence"
    assert not heard[-studio.TAIL_MS * 8 :].any(), "so is the tail"
    assert abs(heard[studio.LEAD_MS * 8]) < 0.002, "no click where the sound begins"


def test_the_lead_in_is_300_ms_of_digital_silence(tmp_path: Path) -> None:
    [lead_in] = studio.render(tmp_path, [], HUMS)
    heard = samples_of(lead_in.path.read_bytes())
    assert (lead_in.name, len(heard), bool(heard.any())) == (LEAD_IN, 2400, False)


# ------------------------------------------------------------------ only what changed


def test_a_second_build_renders_nothing_and_a_changed_sentence_renders_one_file(tmp_path: Path) -> None:
    sayings = [Saying("hello"), Saying("bye", "再见", "zai4 jian4")]
    assert [made.fresh for made in studio.render(tmp_path, sayings, HUMS)] == [True, True, True]
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert [made.fresh for made in studio.render(tmp_path, sayings, HUMS)] == [False, False, False]
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    sayings[1] = Saying("bye", "再见！", "zai4 jian4")
    assert [made.name for made in studio.render(tmp_path, sayings, HUMS) if made.fresh] == ["bye"]
    louder = replace(HUMS, ssml="louder {say}")
    assert sum(made.fresh for made in studio.render(tmp_path, sayings, louder)) == 2
    assert sum(made.fresh for made in studio.render(tmp_path, sayings, louder, force=True)) == 3


def test_a_missing_or_damaged_recording_is_made_again(tmp_path: Path) -> None:
    made = studio.render(tmp_path, [Saying("hello")], HUMS)[1]
    whole = made.path.read_bytes()
    made.path.unlink()
    assert studio.render(tmp_path, [Saying("hello")], HUMS)[1].fresh
    assert made.path.read_bytes() == whole


def test_a_build_killed_before_it_wrote_its_manifest_is_taken_up(tmp_path: Path) -> None:
    studio.render(tmp_path, [Saying("hello")], HUMS)
    (tmp_path / "manifest.json").unlink()
    assert studio.render(tmp_path, [Saying("hello")], HUMS)[1].fresh


def test_a_dropped_in_recording_is_never_overwritten_unasked(tmp_path: Path) -> None:
    made = studio.render(tmp_path, [Saying("hello")], HUMS)[1]
    somebodys_work = wav(speechlike(rate=8000), 8000)
    made.path.write_bytes(somebodys_work)
    with pytest.raises(StudioFailed, match="move it to masters/"):
        studio.render(tmp_path, [Saying("hello", "你好")], HUMS)
    assert made.path.read_bytes() == somebodys_work
    assert studio.render(tmp_path, [Saying("hello", "你好")], HUMS, force=True)[1].fresh


def test_the_recording_of_a_sentence_that_is_gone_goes_too(tmp_path: Path) -> None:
    studio.render(tmp_path, [Saying("hello"), Saying("bye")], HUMS)
    (tmp_path / "mine.wav").write_bytes(b"not yours")
    studio.render(tmp_path, [Saying("hello")], HUMS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hello.wav", "lead-in.wav", "manifest.json", "mine.wav"]


def test_a_master_takes_the_place_of_the_voice(tmp_path: Path) -> None:
    spoken = studio.render(tmp_path, [Saying("hello")], HUMS)[1]
    assert spoken.sound.seconds == pytest.approx(1.24, abs=0.1)
    take = master(tmp_path, wav(speechlike(3.0), channels=2))
    recorded = studio.render(tmp_path, [Saying("hello")], HUMS)[1]
    assert (recorded.fresh, recorded.source) == (True, "masters/hello.wav")
    assert recorded.sound.seconds == pytest.approx(3.1, abs=0.2)
    take.write_bytes(wav(speechlike(2.0)))
    assert studio.render(tmp_path, [Saying("hello")], HUMS)[1].fresh


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
    heard, wanted = (samples_of(studio.telephone_ready(path)) for path in (take, original))
    assert abs(len(heard) - len(wanted)) < 0.06 * TELEPHONE_RATE
    size = min(len(heard), len(wanted))
    spectra = [np.abs(np.fft.rfft(x, 16384))[600:7000] for x in (heard[:size], wanted[:size])]
    assert np.corrcoef(spectra[0], spectra[1])[0, 1] > 0.98


@needs_espeak
def test_two_builds_are_byte_identical(tmp_path: Path) -> None:
    sayings = [Saying("hello"), Saying("bye", "再见", "zai4 jian4")]
    for folder in ("one", "two"):
        studio.render(tmp_path / folder, sayings, MANDARIN, jobs=1 if folder == "one" else 3)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


# ------------------------------------------------------------------ what can go wrong


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"hello\.wav: is empty"),
        (b"RIFF garbage that is no sound at all" * 50, r"hello\.wav: (is no sound|needs ffmpeg)"),
        (os.urandom(4000), r"hello\.wav: (is no sound|needs ffmpeg)"),
        (wav(np.zeros(44100)), r"hello\.wav: holds no speech"),
        (wav(np.zeros(0)), r"hello\.wav: (is no sound|needs ffmpeg|holds no speech)"),
        (wav(tone(440, 2.0, rate=4000), rate=4000), r"hello\.wav: has only 4000 samples"),
        (wav(tone(440, 121, rate=8000), rate=8000), r"hello\.wav: lasts longer than 120 s"),
    ],
    ids=["empty", "garbage", "random", "silent", "no frames", "4 kHz", "121 s"],
)
def test_a_bad_master_is_named_in_one_line_and_nothing_changes(tmp_path: Path, content: bytes, message: str) -> None:
    made = studio.render(tmp_path, [Saying("hello"), Saying("bye")], HUMS)[1]
    before = made.path.read_bytes()
    master(tmp_path, content)
    with pytest.raises(StudioFailed, match=message) as failure:
        studio.render(tmp_path, [Saying("hello"), Saying("bye", "再见！")], HUMS)
    assert "\n" not in str(failure.value)
    assert made.path.read_bytes() == before
    assert sorted(path.suffix for path in tmp_path.iterdir()) == ["", ".json", ".wav", ".wav", ".wav"], "no draft left"
    manifest = Manifest.read(tmp_path)
    assert manifest["bye"].text == "再见！", "the other sentences are rendered all the same"
    assert manifest["hello"].text == "您好"


def test_a_two_hour_master_is_refused_before_it_is_read(tmp_path: Path) -> None:
    take = master(tmp_path, wav(np.zeros(10)))
    os.truncate(take, 1_270_000_000)  # sparse: takes no room
    with pytest.raises(StudioFailed, match=r"hello\.wav: is 1270 MB"):
        studio.render(tmp_path, [Saying("hello")], HUMS)


def test_two_masters_of_one_sentence_are_refused(tmp_path: Path) -> None:
    master(tmp_path, wav(speechlike()))
    master(tmp_path, b"x", "hello.MP3")
    with pytest.raises(StudioFailed, match=r"hello: has several masters, hello\.MP3, hello\.wav"):
        studio.render(tmp_path, [Saying("hello")], HUMS)


@pytest.mark.parametrize(("name", "message"), [("helo.wav", "belongs to no sentence"), ("hello.m4a", "is not read")])
def test_a_master_that_would_be_passed_over_is_named(tmp_path: Path, name: str, message: str) -> None:
    master(tmp_path, wav(speechlike()), name)
    with pytest.raises(StudioFailed, match=f"{name}: {message}"):
        studio.render(tmp_path, [Saying("hello")], HUMS)
    assert (tmp_path / "hello.wav").exists(), "the sentence has a voice all the same"


@pytest.mark.parametrize(
    ("voice", "message"),
    [
        (a_program("sys.exit('no such voice')"), "hello: python.* failed with status 1: no such voice"),
        (a_program("pass"), "hello: python.* wrote no sound"),
        (a_program("open(sys.argv[1], 'w')"), "hello: python.* wrote no sound"),
        (a_program("open(sys.argv[1], 'w').write('sorry' * 999)"), "hello: (is no sound|needs ffmpeg)"),
        (Voice(("/no/such/voice", "{out}")), "hello: voice is not installed"),
    ],
    ids=["fails", "writes nothing", "writes an empty file", "writes text", "is not installed"],
)
def test_a_voice_that_lets_us_down_is_named_with_the_sentence(tmp_path: Path, voice: Voice, message: str) -> None:
    with pytest.raises(StudioFailed, match=message) as failure:
        studio.render(tmp_path, [Saying("hello")], voice)
    assert "\n" not in str(failure.value)
    assert not (tmp_path / "hello.wav").exists()
    assert "hello" not in json.loads((tmp_path / "manifest.json").read_text())["prompts"]


def test_a_voice_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "child"
    hangs = Voice(("sh", "-c", f"sleep 600 & echo $! > '{pid}'; wait", "sh", "{out}", "{text}"), time_limit=1.5)
    with pytest.raises(StudioFailed, match=r"hello: sh did not finish within 1.5 s"):
        studio.render(tmp_path / "out", [Saying("hello")], hangs)
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
        studio.render(tmp_path, [Saying("a"), Saying("b")], a_program("sys.exit(3)"))
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
        studio.render(tmp_path, [Saying("hello")], HUMS)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioFailed, match="cannot be read"):
        studio.render(tmp_path / "file" / "zh-CN", [Saying("hello")], HUMS)


def test_a_language_nobody_speaks_is_named() -> None:
    with pytest.raises(StudioFailed, match="no packaged voice speaks xx-YY"):
        voice_for("xx-YY")


# ------------------------------------------------------------------ Mandarin


@pytest.mark.parametrize("say", ["nin2 hao3 ABC", "8008", "您好", "nin2 hao", "ni3hao3"])
def test_what_is_not_toned_pinyin_is_refused(tmp_path: Path, say: str) -> None:
    with pytest.raises(StudioFailed, match=r"hello: .* is not toned pinyin"):
        studio.render(tmp_path, [Saying("hello", say=say)], MANDARIN)


@needs_espeak
def test_a_syllable_that_falls_back_to_english_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioFailed, match=r"hello: espeak-ng falls back to another language \(en\)"):
        studio.render(tmp_path, [Saying("hello", say="zhogn1 wen2")], MANDARIN)


TONES = {1: {"55"}, 2: {"35"}, 3: {"214", "21", "35"}, 4: {"51"}, 5: {"11", "33", "44", "21", "22"}}


@needs_espeak
@pytest.mark.parametrize("folder", STANDARDS, ids=lambda folder: folder.name)
def test_every_syllable_is_pronounced_with_its_written_tone(folder: Path) -> None:
    for sentence in sentences(folder):
        written = [int(tone) for tone in re.findall(r"[a-zü]([1-5])", sentence.say)]
        spoken = re.findall(r"\D(\d+)", phonemes(MANDARIN, sentence.name, sentence.text, sentence.say))
        assert len(spoken) == len(written), sentence.name
        wrong = [(i, w, s) for i, (w, s) in enumerate(zip(written, spoken, strict=True), 1) if s not in TONES[w]]
        assert not wrong, f"{sentence.name}: syllable, written tone, spoken contour: {wrong}"


# ------------------------------------------------------------------ what is shipped


@pytest.mark.parametrize("folder", STANDARDS, ids=lambda folder: folder.name)
def test_shipped_recordings_are_those_of_the_sentences(folder: Path) -> None:
    """A word changed without `hotline prompts build` is found here, with nothing rendered."""
    language = folder / language_of(folder)
    manifest = Manifest.read(language)
    written = {sentence.name: (sentence.text, sentence.say) for sentence in sentences(folder)}
    for name, words in written.items():
        entry = manifest.get(name)
        assert entry, f"{name} was never built: run hotline prompts build {folder.name}"
        assert (entry.text, entry.say) == words, f"{name} has changed: run hotline prompts build {folder.name}"
        assert entry.wave == fingerprint(language / f"{name}.wav"), f"{name}.wav is not the one that was built"
    assert {path.stem for path in language.glob("*.wav")} == {*written, LEAD_IN}


def test_a_changed_word_without_a_new_recording_is_found(tmp_path: Path) -> None:
    copy = tmp_path / "hotline-standard"
    shutil.copytree(shipped("prompts") / "hotline-standard", copy)
    yaml = copy / "standard.yaml"
    yaml.write_text(yaml.read_text(encoding="utf-8").replace("请问还有什么", "请问还需要什么"), encoding="utf-8")
    with pytest.raises(AssertionError, match="anything-else has changed"):
        test_shipped_recordings_are_those_of_the_sentences(copy)


@pytest.mark.parametrize(
    "path", [p for folder in STANDARDS for p in sorted(folder.glob("*/*.wav")) if p.stem != LEAD_IN],
    ids=lambda path: path.stem,
)  # fmt: skip
def test_shipped_recordings_sound_right(path: Path) -> None:
    sound = inspect(path)
    assert sound.level_dbov == pytest.approx(studio.LEVEL_DBOV, abs=0.5)
    assert sound.peak_dbfs <= studio.CEILING_DBFS + 0.01
    assert 1 < sound.seconds < 20
    assert studio.LEAD_MS <= sound.lead_ms <= studio.LEAD_MS + 40
    assert studio.TAIL_MS <= sound.tail_ms <= studio.TAIL_MS + 40


def test_the_voices_of_qa_are_as_described() -> None:
    voices = Path(studio.__file__).parent.parent / "qa" / "voices"
    caller, agent, cough = (inspect(voices / f"{name}.wav") for name in ("caller", "agent", "cough"))
    assert cough.seconds == 0.150 and cough.lead_ms == cough.tail_ms == 0
    assert 2 < caller.seconds < 3 and 2 < agent.seconds < 3
    for sound in (caller, agent, cough):
        assert sound.level_dbov == pytest.approx(-20, abs=0.5)


# ------------------------------------------------------------------ the command


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
def test_a_voice_command_that_cannot_work_is_a_usage_error(command: str) -> None:
    done = CliRunner().invoke(prompts_command, ["build", "--voice", command])
    assert done.exit_code == 2 and "--voice" in done.output
