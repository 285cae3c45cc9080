"""basic-pitch's network without basic_pitch."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.hear import network as network_module
from assistant.hear.network import Network, check

pytestmark = pytest.mark.skipif(not check().ready, reason=check().reason)


def singing(seconds: float) -> np.ndarray:
    """A voice-like tone that glides, float32 at 22050 Hz."""
    time = np.arange(round(seconds * 22050)) / 22050
    phase = 2 * np.pi * np.cumsum(200 + 40 * np.sin(2 * np.pi * 0.7 * time)) / 22050
    return (0.3 * (np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase))).astype(np.float32)


def test_posteriorgrams_agree_with_basic_pitch(data: Path, tmp_path: Path):
    for package in ("librosa", "resampy"):
        pytest.importorskip(package, reason=f"basic_pitch itself needs {package}")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from basic_pitch import ICASSP_2022_MODEL_PATH
        from basic_pitch.inference import Model, run_inference

        samples, rate = soundfile.read(data / "voice" / "solfege_1011" / "audio.flac", dtype="float32", stop=22050 * 9)
        clip = tmp_path / "clip.wav"
        soundfile.write(clip, samples, rate, subtype="FLOAT")
        upstream = run_inference(clip, Model(ICASSP_2022_MODEL_PATH))
    ours = Network().posteriorgrams(samples)
    for name in ("note", "onset", "contour"):
        theirs = upstream[name]
        # Upstream counts 86 frames a second, of 86.6, and so loses the end of every recording.
        assert len(ours.times_seconds) >= len(theirs)
        assert np.abs(getattr(ours, name)[: len(theirs)] - theirs).max() < 1e-4


def test_frames_lie_where_their_sound_is():
    samples = np.zeros(22050 * 5, np.float32)
    for second in (1.0, 2.5, 4.0):
        start = round(second * 22050)
        samples[start : start + 11025] = singing(0.5)
    heard = Network().posteriorgrams(samples)
    loudest = heard.times_seconds[heard.onset[:, 20:60].max(axis=1) > 0.5]
    for second in (1.0, 2.5, 4.0):
        assert np.abs(loudest - second).min() < 0.03
    assert heard.times_seconds[-1] == pytest.approx(5, abs=0.02)
    assert (np.diff(heard.times_seconds) > 0).all()


def test_silent_windows_are_not_run():
    samples = np.concatenate([singing(1.0), np.zeros(22050 * 8, np.float32)])
    heard = Network().posteriorgrams(samples)
    assert heard.note[heard.times_seconds < 1].max() > 0.3
    assert heard.note[heard.times_seconds > 4].max() == 0


@pytest.mark.parametrize("length", [0, 1, 255, 2000, 43844, 36164 * 2])
def test_any_length_gives_as_many_frames_as_it_lasts(length: int):
    heard = Network(threads=1).posteriorgrams(singing(4)[:length])
    assert heard.note.shape == (len(heard.times_seconds), 88)
    assert heard.contour.shape == (len(heard.times_seconds), 264)
    assert len(heard.times_seconds) == pytest.approx(length / 256, abs=4)


def test_progress_rises_to_one():
    told: list[float] = []
    Network().posteriorgrams(singing(12), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_progress_reaches_one_though_the_end_is_silent():
    told: list[float] = []
    Network().posteriorgrams(np.append(singing(3), np.zeros(22050 * 6, np.float32)), progress=told.append)
    assert told[-1] == 1.0


def test_hearing_leaves_the_arithmetic_of_the_process_alone():
    smallest = 5e-324
    Network().posteriorgrams(singing(0.5))
    assert smallest * 1.0 == 5e-324 != 0.0, "very small numbers have become zero for everybody"


def test_a_missing_model_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(network_module, "_model_file", lambda: tmp_path / "nmp.onnx")
    readiness = check()
    assert not readiness.ready
    assert "basic-pitch" in readiness.remedy
