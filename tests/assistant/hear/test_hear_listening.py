"""From recordings, good and bad, to notes and a motif."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from assistant.audio import Audio, read_audio
from assistant.errors import NothingHeard, UnknownName
from assistant.hear import Heard, HearSettings, Listener, check_ears
from midi.pitch import hz_from_midi
from midi.scale import Key
from midi.tempo import Meter, Tempo

ROOT = Path(__file__).parents[3]
needs_ears = pytest.mark.skipif(not check_ears().ready, reason=check_ears().reason)


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener()


def hummed(
    *notes: tuple[float, float], rate: int = 22050, cents: float = 0.0, bpm: float = 100.0, gap_seconds: float = 0.07
) -> Audio:
    """(pitch, beats) as hummed: harmonics, a little scoop into each note, a short closing of the lips between them."""
    parts = [np.zeros(rate // 4)]
    for pitch, beats in notes:
        seconds = np.arange(round(beats * 60 / bpm * rate)) / rate
        length = seconds[-1] - gap_seconds
        bent = pitch + cents / 100 - 0.5 * np.exp(-seconds / 0.03)
        phase = 2 * np.pi * np.cumsum(440 * 2 ** ((bent - 69) / 12)) / rate
        highest = rate / 2 / hz_from_midi(pitch + 2)
        tone = sum(np.sin(part * phase) / part**1.6 for part in range(1, 12) if part < highest)
        parts.append(0.25 * tone * np.clip(np.minimum(seconds / 0.03, (length - seconds) / 0.04), 0.0, 1))
    parts.append(np.zeros(rate // 4))
    return Audio(np.concatenate(parts).astype(np.float32)[np.newaxis], rate)


TUNE = ((62, 1), (65, 0.5), (64, 0.5), (62, 1), (69, 1), (67, 1.5), (65, 0.5), (64, 1), (61, 1), (62, 2))


def placed(heard: Heard) -> list[tuple[int, float]]:
    return [(note.pitch, note.start_beats) for note in heard.motif.notes]


def expected(tune: tuple[tuple[int, float], ...]) -> list[tuple[int, float]]:
    starts = np.cumsum([0.0, *(beats for _, beats in tune)])
    return [(pitch, float(start)) for (pitch, _), start in zip(tune, starts[:-1], strict=True)]


@needs_ears
def test_a_hummed_tune_comes_back_note_for_note(listener: Listener):
    heard = listener.listen(hummed(*TUNE))
    assert placed(heard) == expected(TUNE)
    assert heard.motif.tempo.bpm == pytest.approx(100, rel=0.02)
    assert heard.motif.key == Key(2, "minor")
    assert heard.motif.meter == Meter(4, 4)
    assert heard.motif.clip.one_voice
    assert heard.tuning_cents == pytest.approx(0, abs=8)


@needs_ears
def test_the_hum_that_ships_is_heard_note_for_note(listener: Listener):
    hum = ROOT / "presets" / "demo" / "hum.flac"
    if not hum.exists():
        pytest.skip("the shipped hum is made by scripts/make_demo_hum.py")
    heard = listener.listen(read_audio(hum))
    assert [note.pitch for note in heard.motif.notes] == [62, 65, 64, 62, 69, 67, 65, 64, 65, 67, 69, 65, 60, 64, 62]
    assert heard.motif.tempo.bpm == pytest.approx(92, rel=0.02)
    assert [note.start_beats for note in heard.motif.notes] == [0, 1, 1.5, 2, 3, 4, 5.5, 6, 8, 8.5, 9, 10, 11, 12, 13]


@needs_ears
def test_who_sings_flat_throughout_is_understood(listener: Listener):
    heard = listener.listen(hummed(*TUNE, cents=-38))
    assert placed(heard) == expected(TUNE)
    assert heard.tuning_cents == pytest.approx(-38, abs=8)
    assert heard.notes[0].pitch == pytest.approx(61.62, abs=0.1)


@needs_ears
def test_what_is_known_is_kept(listener: Listener):
    settings = HearSettings(tempo=Tempo(50), key=Key(5, "major"), meter=Meter(3, 4), grid=Fraction(1, 8))
    heard = listener.listen(hummed(*TUNE), settings)
    assert (heard.motif.tempo, heard.motif.key, heard.motif.meter) == (Tempo(50), Key(5, "major"), Meter(3, 4))
    assert (heard.tempo_confidence, heard.key_confidence, heard.meter_confidence) == (1.0, 1.0, 1.0)
    assert all(note.start_beats * 2 == round(note.start_beats * 2) for note in heard.motif.notes)
    assert len(heard.motif.notes) == len(TUNE)


@needs_ears
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda x: np.clip(x * 8, -1, 1), id="clipped"),
        pytest.param(lambda x: x + 0.4, id="with a constant offset"),
        pytest.param(lambda x: x * 0.01, id="very soft"),
        pytest.param(lambda x: np.repeat(x, 6, axis=0), id="in six channels"),
        pytest.param(lambda x: np.concatenate([x, 0 * x]), id="on the left only"),
        pytest.param(lambda x: x + 0.003 * np.random.default_rng(0).standard_normal(x.shape), id="in a noisy room"),
    ],
)
def test_a_spoiled_recording_is_understood(spoil, listener: Listener):
    audio = hummed(*TUNE)
    spoiled = Audio(spoil(audio.samples).astype(np.float32), audio.sample_rate_hz)
    assert [note.pitch for note in listener.listen(spoiled).motif.notes] == [pitch for pitch, _ in TUNE]


@needs_ears
@pytest.mark.parametrize("rate", [8000, 11025, 44100, 96000])
def test_any_sample_rate_is_understood(rate: int, listener: Listener):
    assert placed(listener.listen(hummed(*TUNE, rate=rate))) == expected(TUNE)


@needs_ears
@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(np.zeros(22050), id="silence"),
        pytest.param(np.full(22050, 0.5), id="a constant"),
        pytest.param(0.2 * np.random.default_rng(1).standard_normal(22050 * 4), id="white noise"),
        pytest.param(0.002 * np.random.default_rng(2).standard_normal(22050 * 4), id="an empty room"),
        pytest.param(np.cumsum(np.random.default_rng(3).standard_normal(22050 * 4)) / 500, id="rumble"),
        pytest.param(0.3 * np.sin(np.arange(800)), id="36 ms"),
    ],
)
def test_where_nothing_is_sung_it_says_so_and_what_to_do(samples: np.ndarray, listener: Listener):
    with pytest.raises(NothingHeard) as caught:
        listener.listen(Audio(samples.astype(np.float32)[np.newaxis], 22050))
    assert caught.value.hint


@needs_ears
def test_one_note_is_enough(listener: Listener):
    heard = listener.listen(hummed((64, 2)))
    assert placed(heard) == [(64, 0)]
    assert heard.tempo_confidence == 0


@needs_ears
def test_the_notes_as_json_have_the_fields_that_are_promised(listener: Listener):
    heard = listener.listen(hummed(*TUNE))
    told = json.loads(json.dumps(heard.as_json()))
    assert list(told) == ["tempo_bpm", "key", "meter", "tuning_cents", "feel", "freedom", "confidence", "notes"]
    assert (told["key"], told["meter"]) == ("D minor", "4/4")
    assert list(told["notes"][0]) == [
        "onset_s", "offset_s", "pitch_sung", "pitch_midi", "hz", "velocity", "confidence", "start_beats",
        "length_beats",
    ]  # fmt: skip
    assert [note["pitch_midi"] for note in told["notes"]] == [pitch for pitch, _ in TUNE]
    assert [note["start_beats"] for note in told["notes"]] == [start for _, start in expected(TUNE)]
    assert told["notes"][0]["onset_s"] == pytest.approx(0.25, abs=0.04)


@needs_ears
def test_the_pitch_curve_follows_the_voice(listener: Listener):
    heard = listener.listen(hummed((60, 2), (67, 2)))
    sung = heard.curve.pitch[~np.isnan(heard.curve.pitch)]
    assert np.percentile(sung, 20) == pytest.approx(60, abs=0.2)
    assert np.percentile(sung, 80) == pytest.approx(67, abs=0.2)


@needs_ears
def test_louder_notes_get_a_higher_velocity(listener: Listener):
    audio = hummed((60, 1), (62, 1), (64, 1), (65, 1))
    swell = np.linspace(0.2, 1.0, audio.length, dtype=np.float32)
    velocities = [note.velocity for note in listener.listen(Audio(audio.samples * swell, 22050)).notes]
    assert velocities == sorted(velocities)
    assert velocities[-1] - velocities[0] > 10


@needs_ears
def test_the_tempo_of_a_sung_line_at_80_is_found(data: Path, listener: Listener):
    heard = listener.listen(read_audio(data / "voice" / "vocal_da_80bpm" / "audio.wav"))
    assert heard.motif.tempo.bpm == pytest.approx(80, rel=0.02)


@needs_ears
@pytest.mark.parametrize("name", ["hum", "sing", "whistle"])
def test_a_hum_a_song_and_a_whistle_have_the_same_five_notes(name: str, data: Path, listener: Listener):
    heard = listener.listen(read_audio(data / "voice" / "hums" / f"f0curve_{name}.wav"))
    first = heard.motif.notes[0].pitch
    assert [note.pitch - first for note in heard.motif.notes] == [0, 2, 4, 2, 0]


@needs_ears
def test_an_unknown_tracker_is_refused_with_those_that_are_known(listener: Listener):
    with pytest.raises(UnknownName, match="basik-pitch") as caught:
        listener.listen(hummed((60, 1)), HearSettings(tracker="basik-pitch"))
    assert "basic-pitch-chords" in caught.value.hint


@needs_ears
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone tells the most memory of one program")
def test_ten_minutes_are_heard_in_bounded_memory():
    script = """
import sys
import numpy as np
from assistant.audio import Audio
from assistant.hear import listen
time = np.arange(22050 * 600) / 22050
hz = np.where(time % 2 < 1, 220.0, 262.0)
phase = 2 * np.pi * np.cumsum(hz) / 22050
gate = np.convolve((time % 1 < 0.85) * (time % 60 < 15), np.ones(441) / 441, "same")
tone = (0.2 * sum(np.sin(part * phase) / part for part in range(1, 9)) * gate).astype(np.float32)
told = []
heard = listen(Audio(tone[np.newaxis], 22050), progress=told.append)
# getrusage would count what the process that started this one had in use.
status = open("/proc/self/status").read()
print(len(heard.notes), told[-1], int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    notes, done, megabytes = answer.stdout.split()
    assert int(notes) == pytest.approx(150, abs=8)
    assert float(done) == 1.0
    assert int(megabytes) < 1200


def test_nothing_heavy_is_imported_with_the_package():
    heavy = "onnxruntime soundfile soxr PIL librosa scipy basic_pitch swift_f0 pretty_midi mido"
    script = f"import sys, assistant.hear, assistant.plot; print(sorted(set({heavy.split()}) & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.strip() == "[]"
