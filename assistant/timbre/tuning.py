"""A tracked pitch made exact: how fast the lowest harmonics really turn.

A tracker hears in steps of several cents, and over longer than a swing of vibrato lasts. Where it has found a pitch,
the speed at which each harmonic's phase turns says the rest (Flanagan and Golden, 1966). A harmonic counts by how
exactly it tells the fundamental: by its power and the square of its number.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from assistant.timbre.features import FRAMES_A_SECOND, Frames, hertz

RATE_HZ = 16_000
_HOP = int(RATE_HZ / FRAMES_A_SECOND)
_PERIODS = 3
_LEAST_SECONDS = 0.04
_HARMONICS = 10
_TOP_HZ = 6000.0
_PASSES = 2
_STEP_SEMITONES = 0.25
"""Frames whose pitches are so near share their window."""
_FURTHEST_SEMITONES = 0.6
_LOWEST = 24.0


def tuned(samples: Frames, pitch: Frames, where: NDArray[np.bool_]) -> Frames:
    """`pitch` of shape (frames,), of mono `samples` at 16 kHz, made exact at the frames that are set in `where`.

    The window is three periods around the frame, or 40 ms, if that is longer. A frame stays as it was where its
    harmonics would be over half a semitone off: they are not those of this pitch then.
    """
    margin = _half_window(float(hertz(np.array(_LOWEST))))
    padded = np.pad(samples, (margin, margin + max(0, len(pitch) * _HOP - len(samples))))
    exact: Frames = pitch.astype(np.float32)
    for _ in range(_PASSES):
        nearer = exact.copy()
        steps = np.rint(np.maximum(exact, _LOWEST) / _STEP_SEMITONES).astype(np.int64)
        for step in np.unique(steps[where]):
            chosen = np.flatnonzero(where & (steps == step))
            near_hz = float(hertz(np.array(step * _STEP_SEMITONES)))
            half = _half_window(near_hz)
            parts = sliding_window_view(padded, 2 * half + 1)[chosen * _HOP + margin - half]
            found = 69 + 12 * np.log2(np.maximum(_turning_hz(parts, near_hz), 1.0) / 440)
            nearer[chosen] = np.where(np.abs(found - pitch[chosen]) < _FURTHEST_SEMITONES, found, exact[chosen])
        exact = nearer
    return exact


def _half_window(hz: float) -> int:
    return round(max(_PERIODS / hz, _LEAST_SECONDS) * RATE_HZ / 2)


def _turning_hz(parts: Frames, near_hz: float) -> Frames:
    """The fundamental of each row of samples: what its harmonics' own frequencies say, the stronger ones more."""
    size = parts.shape[1] + 1
    places = np.arange(1 - size // 2, size // 2)
    turn = 2 * np.pi * places / size
    # A Blackman window: what leaks from one harmonic into the next is less than with a Hann window by 30 dB.
    window = 0.42 + 0.5 * np.cos(turn) + 0.08 * np.cos(2 * turn)
    slope = -(0.5 * np.sin(turn) + 0.16 * np.sin(2 * turn)) * RATE_HZ / size
    numbers = np.arange(1, max(1, min(_HARMONICS, int(_TOP_HZ / near_hz))) + 1)
    angles = -2 * np.pi * near_hz / RATE_HZ * numbers * places[:, None]
    cosines, sines = np.cos(angles), np.sin(angles)
    waves = [wave * shape[:, None] for shape in (window, slope) for wave in (cosines, sines)]
    measured = np.split(parts @ np.concatenate(waves, axis=1, dtype=np.float32), 4, axis=1)
    level, turned = measured[0] + 1j * measured[1], measured[2] + 1j * measured[3]
    power = np.square(np.abs(level)) + 1e-12
    off = -np.imag(turned * level.conj()) / power
    trusted = power * numbers * (np.abs(off) < 0.3 * near_hz)
    hz: Frames = near_hz + (trusted * off).sum(axis=1) / np.maximum((trusted * numbers).sum(axis=1), 1e-12)
    return hz
