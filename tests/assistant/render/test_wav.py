"""WAV files, judged by wavinfo, libsndfile and, where it is installed, sox."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from wavinfo import WavInfoReader

from assistant.audio import Audio
from assistant.errors import CannotWrite
from assistant.render.wav import RATES_HZ, Loop, WavFacts, wav_bytes
from midi.scale import Key
from midi.tempo import Meter, Tempo

FACTS = WavFacts(
    project="Abendlied",
    scene="Flöte",
    take="v03",
    track_names=("Flöte L", "Flöte R"),
    note="hummed → flute",
    made_at=datetime(2024, 5, 6, 7, 8, 9),
    start_samples=2**33 + 5,
    tempo=Tempo(96.5),
    meter=Meter(3, 4),
    key=Key(9, "minor"),
)


def tone(channels: int = 2, rate: int = 48_000, seconds: float = 0.5) -> Audio:
    t = np.arange(round(rate * seconds)) / rate
    wave = 0.5 * np.sin(2 * np.pi * 440 * t)
    return Audio(np.stack([wave * (i + 1) / channels for i in range(channels)]).astype(np.float32), rate)


def chunks(data: bytes) -> dict[bytes, bytes]:
    found, at = {}, 12
    while at < len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        found[name] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    assert at == len(data) == struct.unpack_from("<I", data, 4)[0] + 8
    return found


def test_wavinfo_agrees_on_every_fact():
    info = WavInfoReader(io.BytesIO(wav_bytes(tone(), FACTS)))
    assert info.fmt._asdict() == {
        "audio_format": 1,
        "channel_count": 2,
        "sample_rate": 48_000,
        "byte_rate": 288_000,
        "block_align": 6,
        "bits_per_sample": 24,
    }
    assert info.data.frame_count == 24_000
    assert info.bext.description == "Abendlied, Flote, v03, hummed ? flute"
    assert info.bext.originator == "Hummingbridge"
    assert (info.bext.originator_date, info.bext.originator_time) == ("2024-05-06", "07:08:09")
    assert info.bext.time_reference == 2**33 + 5
    assert info.bext.coding_history == "A=PCM,F=48000,W=24,M=stereo,T=Hummingbridge\r\n"
    assert (info.ixml.project, info.ixml.scene, info.ixml.take) == ("Abendlied", "Flöte", "v03")
    assert [(t.channel_index, t.interleave_index, t.name) for t in info.ixml.track_list] == [
        ("1", "1", "Flöte L"),
        ("2", "2", "Flöte R"),
    ]
    xml = info.ixml.raw_xml
    assert xml.findtext("NOTE") == "hummed → flute"
    assert [xml.findtext(f"ASWG/{tag}") for tag in ("tempo", "timeSig", "inKey")] == ["96.5", "3/4", "A minor"]
    high, low = (int(xml.findtext(f"SPEED/TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_{part}")) for part in ("HI", "LO"))
    assert high << 32 | low == info.bext.time_reference


def test_the_acid_chunk_ends_with_the_tempo():
    (_, root, _, _, beats, denominator, numerator, tempo) = struct.unpack(
        "<IHHfIHHf", chunks(wav_bytes(tone(seconds=2.5), FACTS))[b"acid"]
    )
    assert (root, beats, denominator, numerator, tempo) == (69, 4, 4, 3, 96.5)


def test_libsndfile_finds_tempo_beats_and_metre(tmp_path: Path):
    path = tmp_path / "loop.wav"
    path.write_bytes(wav_bytes(tone(seconds=2), WavFacts(tempo=Tempo(120), meter=Meter(4, 4))))
    log = soundfile.info(path, verbose=True).extra_info
    assert "Tempo     : 120" in log.replace("120.000", "120"), log
    assert "Beats     : 4" in log, log


@pytest.mark.parametrize(("seconds", "beatmapped"), [(2.0, False), (2.3, True)])
def test_audio_as_long_as_its_beats_is_a_loop_and_audio_with_a_tail_is_not(seconds: float, beatmapped: bool):
    acid = chunks(wav_bytes(tone(seconds=seconds), WavFacts(tempo=Tempo(120), length_beats=4)))[b"acid"]
    assert bool(acid[0] & 0x08) is beatmapped
    assert struct.unpack_from("<I", acid, 12) == (4,)


def test_wavinfo_agrees_on_loops():
    info = WavInfoReader(io.BytesIO(wav_bytes(tone(), WavFacts(root_pitch=57, loops=(Loop(100, 24_000),)))))
    assert (info.smpl.midi_note, info.smpl.sample_period_ns) == (57, 20_833)
    (loop,) = info.smpl.sample_loops
    assert (loop.start, loop.end, loop.loop_type_desc(), loop.repetition_count) == (100, 23_999, "FORWARD", 0)


def test_without_facts_nothing_is_invented():
    data = wav_bytes(tone())
    info = WavInfoReader(io.BytesIO(data))
    assert (info.bext.originator_date, info.bext.time_reference) == ("", 0)
    assert not {b"acid", b"smpl"} & set(chunks(data))


@pytest.mark.parametrize("rate", RATES_HZ)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_libsndfile_reads_the_same_samples(rate: int, channels: int):
    audio = tone(channels, rate, 0.1)
    with soundfile.SoundFile(io.BytesIO(wav_bytes(audio, FACTS))) as file:
        assert (file.samplerate, file.channels, file.subtype) == (rate, channels, "PCM_24")
        assert file.format == ("WAVEX" if channels > 2 else "WAV")
        read = file.read(dtype="float32", always_2d=True).T
    assert np.abs(read - audio.samples).max() <= 2**-24


@given(st.lists(st.integers(-(2**23), 2**23 - 1), min_size=1, max_size=50))
@settings(deadline=None)
def test_24_bits_come_back_bit_by_bit(values: list[int]):
    samples = np.array([values], np.float64) / 2**23
    data = chunks(wav_bytes(Audio(samples.astype(np.float32), 48_000)))[b"data"]
    assert [int.from_bytes(data[i : i + 3], "little", signed=True) for i in range(0, len(values) * 3, 3)] == values


def test_full_scale_does_not_wrap_around():
    read, _ = soundfile.read(io.BytesIO(wav_bytes(Audio(np.array([[1.0, -1.0]], np.float32), 48_000))))
    assert read.tolist() == [1 - 2**-23, -1.0]


def test_16_bits_are_dithered_so_that_what_is_below_a_step_is_still_heard():
    quiet = Audio(tone(1, seconds=1).samples * np.float32(2**-15), 48_000)
    read, _ = soundfile.read(io.BytesIO(wav_bytes(quiet, encoding="PCM_16")))
    spectrum = np.abs(np.fft.rfft(read * np.hanning(len(read))))
    assert int(spectrum[20:].argmax()) + 20 == 440
    assert wav_bytes(quiet, encoding="PCM_16") == wav_bytes(quiet, encoding="PCM_16")


def test_float_keeps_every_sample():
    audio = tone()
    with soundfile.SoundFile(io.BytesIO(wav_bytes(audio, encoding="FLOAT"))) as file:
        assert file.subtype == "FLOAT"
        assert np.array_equal(file.read(dtype="float32").T, audio.samples)


def test_the_same_audio_and_facts_give_the_same_bytes():
    assert wav_bytes(tone(), FACTS) == wav_bytes(tone(), FACTS)


@given(st.text(max_size=300), st.text(max_size=300))
@settings(deadline=None, max_examples=50)
def test_any_text_leaves_a_file_that_can_be_read(name: str, note: str):
    facts = WavFacts(project=name, scene=name, take=name, track_names=(name,), note=note, originator=name)
    info = WavInfoReader(io.BytesIO(wav_bytes(tone(seconds=0.001), facts)))
    assert len(info.bext.description) <= 256
    if name.isprintable() and name.strip():
        assert info.ixml.project == name


@pytest.mark.parametrize(
    ("samples", "facts", "says"),
    [
        ([[1.25, 0.0]], None, "peaks at \\+1.9 dBFS"),
        ([[float("nan")]], None, "not numbers"),
        ([[float("inf")]], None, "not numbers"),
        ([[]], None, "no audio"),
        ([[0.0]], WavFacts(start_samples=-1), "before the timeline"),
        ([[0.0, 0.0]], WavFacts(loops=(Loop(1, 3),)), "loop 1..3"),
    ],
)
def test_what_cannot_be_written_is_refused_with_a_remedy(samples: list[list[float]], facts: WavFacts | None, says: str):
    with pytest.raises(CannotWrite, match=says) as refused:
        wav_bytes(Audio(np.array(samples, np.float32), 48_000), facts)
    assert refused.value.hint


@pytest.mark.skipif(not shutil.which("sox"), reason="sox is not installed")
@pytest.mark.parametrize("channels", [2, 6])
def test_sox_reads_it_without_a_word(tmp_path: Path, channels: int):
    path = tmp_path / "take.wav"
    path.write_bytes(wav_bytes(tone(channels), FACTS))
    done = subprocess.run(["sox", path, "-n", "stat"], capture_output=True, text=True, check=True)
    assert "WARN" not in done.stderr
    assert f"{24_000 * channels}" in done.stderr
