"""What in the sound tells that a sung note begins or goes on: nine cues, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.hear.frames import RATE_HZ, Frames
from assistant.hear.network import (
    CONTOUR_BINS_PER_SEMITONE,
    HIGHEST_VOICE,
    LOWEST_PITCH,
    LOWEST_VOICE,
    Posteriorgrams,
)

CUES = ("onset", "note", "fall", "level", "rise", "up", "down", "change", "step")
"""onset, note: how likely the network thinks that some note starts, or sounds. fall: how much less likely a pitch
gets. level: loudness. rise: how much louder it gets. up, down: how much the bands of the spectrum swell, or shrink, as
consonants make them. change, step: how different the pitch is afterwards, and by how much."""

_BAND_EDGES_HZ = (60, 150, 300, 500, 800, 1200, 1700, 2400, 3300, 4500, 6500, 10000)
_SPECTRUM = 512


def cues(samples: Samples, heard: Posteriorgrams) -> Frames:
    """The cues of a mono recording at 22050 Hz, shape (frames, 9); none depends on how loud the whole recording is."""
    voice = slice(LOWEST_VOICE - LOWEST_PITCH, HIGHEST_VOICE - LOWEST_PITCH)
    thirds = slice(voice.start * CONTOUR_BINS_PER_SEMITONE, voice.stop * CONTOUR_BINS_PER_SEMITONE)
    note, contour = heard.note[:, voice], heard.contour[:, thirds]
    bands, level = _loudness(samples, heard.times_seconds)
    rise = _around(level, 1, 7).max(axis=0) - _around(level, -5, 2).min(axis=0)
    swell = _around(bands, 2, 4).mean(axis=0) - _around(bands, -3, -1).mean(axis=0)
    fall = (_mean_between(note, -6, 0) - _mean_between(note, 0, 6)).max(axis=1)
    before, after = _mean_between(contour, -9, 0), _mean_between(contour, 3, 12)
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    change = 1 - (before * after).sum(axis=1) / (lengths + 1e-6)
    step = np.abs(after.argmax(axis=1) - before.argmax(axis=1)) / CONTOUR_BINS_PER_SEMITONE
    columns = (
        _logit(heard.onset[:, voice].max(axis=1)),
        _logit(note.max(axis=1)),
        fall,
        level / 20,
        rise / 10,
        swell.clip(min=0).mean(axis=1) / 5,
        (-swell).clip(min=0).mean(axis=1) / 5,
        change,
        np.minimum(step, 3),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def _loudness(samples: Samples, times_seconds: NDArray[np.float64]) -> tuple[Frames, Frames]:
    """The level of each band and of all together, in dB under the recording's own loud passages, floored where only the
    room is heard. Shapes (frames, bands) and (frames,).
    """
    edges = np.round(np.array(_BAND_EDGES_HZ) / RATE_HZ * _SPECTRUM).astype(int)
    power = np.concatenate([_band_power(part, edges) for part in _spectra(samples, times_seconds)])
    bands = 10 * np.log10(power + 1e-10)
    level = 10 * np.log10(power.sum(axis=1) + 1e-10)
    bands = np.maximum(bands - np.percentile(bands, 95, axis=0), -40)
    level = np.maximum(level - np.percentile(level, 95), -50)
    return bands.astype(np.float32), level.astype(np.float32)


def _band_power(spectrum: Frames, edges: NDArray[np.int_]) -> Frames:
    summed: Frames = np.add.reduceat(spectrum, edges, axis=1)[:, :-1]
    return summed


def _spectra(samples: Samples, times_seconds: NDArray[np.float64]) -> Iterator[Frames]:
    """Power spectra around the frames, shape (frames, bins), a few thousand frames at a time."""
    padded = np.pad(samples, (_SPECTRUM // 2, _SPECTRUM))
    window = np.hanning(_SPECTRUM).astype(np.float32)
    first = np.round(times_seconds * RATE_HZ).astype(np.int64)
    views = np.lib.stride_tricks.sliding_window_view(padded, _SPECTRUM)
    for start in range(0, len(first), 4096):
        spectrum = np.fft.rfft(views[first[start : start + 4096]] * window, axis=1)
        yield (spectrum.real**2 + spectrum.imag**2).astype(np.float32)


def _around(values: Frames, first: int, stop: int) -> Frames:
    """`values` seen from `first` to before `stop` frames away, the ends held; shape (stop - first, *values.shape)."""
    frames = np.arange(len(values))
    return np.stack([values[(frames + lag).clip(0, len(values) - 1)] for lag in range(first, stop)])


def _mean_between(values: Frames, first: int, stop: int) -> Frames:
    """The mean from `first` to before `stop` frames away, zeros beyond the ends; the shape of `values`."""
    total = np.zeros_like(values)
    for lag in range(first, stop):
        if lag >= 0:
            total[: max(0, len(values) - lag)] += values[lag:]
        else:
            total[-lag:] += values[:lag]
    return total / np.float32(stop - first)


def _logit(probability: Frames) -> Frames:
    kept = probability.clip(1e-3, 1 - 1e-3)
    logit: Frames = np.log(kept / (1 - kept))
    return logit
