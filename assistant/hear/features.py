"""What the ear model is shown of a voice: loudness in bands of the spectrum, and the sung pitch, every 11.6 ms.

Everything is relative to the recording's own loud passages and to the pitch that surrounds a frame, so that neither
the level, nor the register, nor the key matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.hear.frames import HOP, RATE_HZ, Frames
from assistant.hear.swift import PitchTrack

BANDS = 56
_WINDOW = 1024
_LOWEST_HZ, _HIGHEST_HZ = 70.0, 10500.0
_FLOOR_DB = 60.0
_BLOCK_FRAMES = 2048

_VOICED = 0.5
LAGS = (2, 4, 8, 16)
"""Frames before and after, whose pitch a frame's pitch is compared with."""
PITCH_COLUMNS = 4 + 2 * len(LAGS)
COLUMNS = BANDS + 1 + PITCH_COLUMNS


def frame_count(samples: Samples) -> int:
    return len(samples) // HOP + 1


def frame_times(count: int) -> NDArray[np.float64]:
    return np.arange(count, dtype=np.float64) * (HOP / RATE_HZ)


def features(samples: Samples, track: PitchTrack, *, loud_db: float | None = None) -> Frames:
    """The model's input for mono samples at 22050 Hz; shape (frames, COLUMNS). `loud_db` as for `spectrum_features`."""
    count = frame_count(samples)
    spectrum = spectrum_features(band_levels(samples), loud_db=loud_db)
    return np.concatenate([spectrum, pitch_features(track, count)], axis=1)


def band_levels(samples: Samples) -> Frames:
    """The level of each band in dB; shape (frames, BANDS)."""
    filters = _filters()
    window = np.hanning(_WINDOW).astype(np.float32)
    count = frame_count(samples)
    padded = np.pad(samples, (_WINDOW // 2, _WINDOW))
    views = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
    levels = np.empty((count, BANDS), np.float32)
    for start in range(0, count, _BLOCK_FRAMES):
        spectrum = np.fft.rfft(views[start : min(count, start + _BLOCK_FRAMES)] * window, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        levels[start : start + len(power)] = 10 * np.log10(power @ filters + 1e-9)
    return levels


def loudness_db(levels: Frames) -> Frames:
    """The level of all bands together; shape (frames, 1)."""
    together: Frames = 10 * np.log10((10 ** (levels / 10)).sum(axis=1, keepdims=True))
    return together


def spectrum_features(levels: Frames, *, loud_db: float | None = None) -> Frames:
    """Bands and loudness against the recording's loud passages, about -1..1; shape (frames, BANDS + 1).

    `loud_db` is how loud those are, where `levels` are only a part of the recording.
    """
    loudness = loudness_db(levels)
    reference = np.percentile(loudness, 95) if loud_db is None else loud_db
    relative = np.concatenate([levels + 10, loudness], axis=1) - reference
    scaled: Frames = (relative.clip(-_FLOOR_DB, 12) / (_FLOOR_DB / 2) + 1).astype(np.float32)
    return scaled


def pitch_features(track: PitchTrack, count: int) -> Frames:
    """How sure a pitch is sung, where it lies among those around, and how it moves; shape (count, PITCH_COLUMNS)."""
    times = frame_times(count)
    pitch, sureness = pitch_at(track, times)
    voiced = (sureness > _VOICED).astype(np.float32)
    held = _held(pitch, voiced > 0)
    logit = np.log(sureness.clip(0.01, 0.99) / (1 - sureness.clip(0.01, 0.99))) / 4
    columns = [sureness, logit, voiced, ((held - _local_mean(held, voiced)) / 5).clip(-2, 2) * voiced]
    for lag in LAGS:
        for shift in (-lag, lag):
            other = np.arange(count) + shift
            other = other.clip(0, count - 1)
            columns.append((held - held[other]).clip(-3, 3) / 2 * voiced * voiced[other])
    return np.stack(columns, axis=1).astype(np.float32)


def pitch_at(track: PitchTrack, times_seconds: NDArray[np.float64]) -> tuple[Frames, Frames]:
    """Pitch and sureness at other times: interpolated, the pitch only between neighbours less than a semitone apart."""
    if len(track.pitch) == 0:
        return np.full(len(times_seconds), 60, np.float32), np.zeros(len(times_seconds), np.float32)
    place = np.interp(times_seconds, track.times_seconds, np.arange(len(track.pitch)))
    before = np.floor(place).astype(int)
    after = np.minimum(before + 1, len(track.pitch) - 1)
    part = (place - before).astype(np.float32)
    low, high = track.pitch[before], track.pitch[after]
    smooth = np.abs(high - low) < 1
    pitch = np.where(smooth, low + part * (high - low), np.where(part < 0.5, low, high))
    sureness = track.sureness[before] * (1 - part) + track.sureness[after] * part
    return pitch.astype(np.float32), sureness.astype(np.float32)


def _held(pitch: Frames, voiced: NDArray[np.bool_]) -> Frames:
    """The pitch, with that of the last voiced frame through the gaps."""
    if not voiced.any():
        return np.full_like(pitch, 60)
    last = np.maximum.accumulate(np.where(voiced, np.arange(len(pitch)), -1))
    first = int(np.argmax(voiced))
    held: Frames = pitch[np.where(last < 0, first, last)]
    return held


def _local_mean(pitch: Frames, weight: Frames, reach: int = 86) -> Frames:
    total = np.concatenate([[0.0], np.cumsum(pitch * weight, dtype=np.float64)])
    counted = np.concatenate([[0.0], np.cumsum(weight, dtype=np.float64)])
    frames = np.arange(len(pitch))
    low, high = (frames - reach).clip(0), (frames + reach + 1).clip(None, len(pitch))
    mean: Frames = ((total[high] - total[low]) / np.maximum(counted[high] - counted[low], 1)).astype(np.float32)
    return mean


def _filters() -> Frames:
    """Triangles evenly spaced on the mel scale, each of unit area; shape (bins, BANDS)."""
    mel = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    bins = np.arange(_WINDOW // 2 + 1) * (RATE_HZ / _WINDOW)
    low, peak, high = corners[:-2], corners[1:-1], corners[2:]
    rising = (bins[:, None] - low) / (peak - low)
    falling = (high - bins[:, None]) / (high - peak)
    triangles = np.minimum(rising, falling).clip(min=0)
    unit: Frames = (triangles / np.maximum(triangles.sum(axis=0), 1e-3)).astype(np.float32)
    return unit


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))
