"""A tracked pitch made exact, judged by tones whose pitch is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.timbre.features import HOP, SAMPLE_RATE_HZ, hertz
from assistant.timbre.tuning import RATE_HZ, tuned

EVERY = np.ones(500, np.bool_)
INSIDE = slice(25, -25)


def tone(pitch: np.ndarray, partials: int = 8) -> np.ndarray:
    """A buzz of that pitch, a value a frame, at 16 kHz."""
    at = np.arange(len(pitch) * HOP // 3) * SAMPLE_RATE_HZ / RATE_HZ / HOP
    turns = np.cumsum(np.interp(at, np.arange(len(pitch)), hertz(pitch)) / RATE_HZ)
    return sum(np.sin(2 * np.pi * k * turns) / k for k in range(1, partials + 1)).astype(np.float32)


def off_cents(found: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    return 100 * np.abs(found - pitch)[INSIDE]


@settings(max_examples=30, deadline=None)
@given(st.floats(36, 84), st.floats(-0.4, 0.4))
def test_a_steady_tone_is_heard_to_half_a_cent(pitch, wrong):
    true = np.full(500, pitch, np.float32)
    assert off_cents(tuned(tone(true), true + np.float32(wrong), EVERY), true).max() < 0.5


def test_a_sine_is_heard_as_well():
    true = np.full(500, 57, np.float32)
    assert off_cents(tuned(tone(true, partials=1), true + np.float32(0.2), EVERY), true).max() < 0.5


def test_vibrato_is_followed():
    true = (57 + 0.5 * np.sin(2 * np.pi * 5.5 * np.arange(500) / 250)).astype(np.float32)
    tracked = true + np.random.default_rng(0).normal(0, 0.05, 500).astype(np.float32)
    assert np.median(off_cents(tuned(tone(true), tracked, EVERY), true)) < 1


def test_a_pitch_that_is_not_there_stays_as_it_was():
    heard = np.full(500, 61.0, np.float32)
    assert tuned(tone(np.full(500, 57, np.float32)), heard, EVERY) == pytest.approx(heard, abs=0.6)


def test_only_the_frames_asked_for_are_touched():
    true = np.full(500, 57, np.float32)
    some = np.arange(500) < 100
    found = tuned(tone(true), true + np.float32(0.2), some)
    assert off_cents(found, true)[:70].max() < 0.5
    assert (found[100:] == true[100:] + np.float32(0.2)).all()


def test_a_frame_hears_its_neighbourhood_alone():
    true = np.full(500, 57, np.float32)
    sound = tone(true)
    whole = tuned(sound, true + np.float32(0.2), EVERY)
    part = tuned(sound[: 300 * 64], true[:300] + np.float32(0.2), EVERY[:300])
    assert (part[:290] == whole[:290]).all()
