"""Spectrograms: what is loud is light, and stands as high as it sounds."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from assistant.timbre.features import SAMPLE_RATE_HZ
from assistant.timbre.picture import spectrograms


def tone(hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ).astype(np.float32)


def brightest_row(low_hz: float, high_hz: float) -> tuple[int, int]:
    """Where each of two tones, one above the other in the picture, is brightest: rows of pixels from the top."""
    sheet = np.asarray(
        Image.open(io.BytesIO(spectrograms("tones", {"low": {"hum": tone(low_hz)}, "high": {"hum": tone(high_hz)}})))
    )
    # The middle of the only column; the right margin is left out.
    bright = sheet[:, 450].astype(int).sum(axis=-1)
    bright[bright > 700] = 0
    upper, lower = slice(116, 336), slice(356, 576)
    return int(bright[upper].argmax()), int(bright[lower].argmax())


def test_a_higher_tone_stands_higher():
    low, high = brightest_row(200.0, 4000.0)
    assert high + 60 < low


def test_every_way_and_every_source_has_a_picture():
    sounds = {"one": tone(300.0), "two": tone(500.0), "three": tone(700.0)}
    few = Image.open(io.BytesIO(spectrograms("few", {"came in": {"one": sounds["one"]}})))
    many = Image.open(io.BytesIO(spectrograms("many", {"came in": sounds, "made": sounds})))
    assert few.size[0] < many.size[0]
    assert few.size[1] < many.size[1]


def test_silence_is_dark():
    sheet = np.asarray(Image.open(io.BytesIO(spectrograms("none", {"came in": {"hum": tone(300.0) * 0}}))))
    assert tuple(sheet[226, 450]) == (16, 14, 34)
