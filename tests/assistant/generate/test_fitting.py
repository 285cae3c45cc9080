"""What was generated is brought to the session's tempo and key, and cut to its bars."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio import Audio
from assistant.generate.fitting import fitted, heard_tempo, semitones_to
from midi.scale import Key
from midi.tempo import Tempo

RATE = 32000


def played(pitches: list[int], bpm: float, seconds: float = 12.0, rate: int = RATE) -> Audio:
    """The pitches in turn, one a beat, each plucked."""
    time = np.arange(round(seconds * rate)) / rate
    beat = time * bpm / 60
    hz = 440 * 2 ** ((np.array(pitches)[beat.astype(int) % len(pitches)] - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / rate
    sound = (np.sin(phase) + 0.4 * np.sin(2 * phase)) * np.exp(-5 * (beat % 1))
    return Audio((0.4 * sound)[np.newaxis].astype(np.float32), rate)


C_MAJOR = [60, 64, 67, 72, 65, 69, 62, 71, 67, 64, 60, 60]


@pytest.mark.parametrize("bpm", [84.0, 96.5, 120.0, 140.0])
def test_the_tempo_is_heard_within_half_a_percent(bpm: float) -> None:
    heard = heard_tempo(played(C_MAJOR, bpm), near=Tempo(bpm * 1.06))
    assert heard is not None
    assert heard.bpm == pytest.approx(bpm, rel=0.005)


@pytest.mark.parametrize("sound", ["silence", "noise", "held note"])
def test_no_tempo_is_heard_where_there_is_no_beat(sound: str) -> None:
    time = np.arange(10 * RATE) / RATE
    noise = np.random.default_rng(1).standard_normal(10 * RATE)
    samples = {"silence": 0 * time, "noise": 0.2 * noise, "held note": 0.3 * np.sin(2 * np.pi * 220 * time)}[sound]
    assert heard_tempo(Audio(samples[np.newaxis].astype(np.float32), RATE), near=Tempo(120)) is None


def test_a_tempo_far_from_the_sessions_is_left_alone() -> None:
    fit = fitted(played(C_MAJOR, 90), tempo=Tempo(120), key=None, seconds=8.0)
    assert fit.remarks == ()


def test_a_tempo_nearby_becomes_the_sessions() -> None:
    fit = fitted(played(C_MAJOR, 114), tempo=Tempo(120), key=None, seconds=8.0)
    (remark,) = fit.remarks
    assert re.fullmatch(r"it came at 11[34]\.\d BPM and was brought to 120", remark)
    heard = heard_tempo(fit.audio, near=Tempo(118))
    assert heard is not None
    assert heard.bpm == pytest.approx(120, rel=0.005)


@pytest.mark.parametrize(
    ("key", "semitones"), [("C major", 0), ("A minor", 0), ("D major", 2), ("Bb major", -2), ("F# major", 0)]
)
def test_it_is_moved_into_a_key_that_is_near_and_only_then(key: str, semitones: int) -> None:
    assert semitones_to(played(C_MAJOR, 120), Key.parse(key)) == semitones


def test_a_moved_sound_is_in_the_key() -> None:
    fit = fitted(played(C_MAJOR, 120), tempo=None, key=Key.parse("D major"), seconds=12.0)
    assert fit.remarks == ("it was moved by +2 semitones into D major",)
    assert semitones_to(fit.audio, Key.parse("D major")) == 0
    assert semitones_to(fit.audio, Key.parse("C major")) == -2


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3000), st.floats(0.01, 0.2), st.integers(1, 2))
def test_it_lasts_to_the_sample_and_ends_in_silence(samples: int, seconds: float, channels: int) -> None:
    sound = Audio(np.full((channels, samples), 0.5, np.float32), 8000)
    fit = fitted(sound, tempo=None, key=None, seconds=seconds).audio
    assert fit.samples.shape == (channels, round(seconds * 8000))
    assert np.isfinite(fit.samples).all()
    assert abs(float(fit.samples[0, -1])) < 1e-6
