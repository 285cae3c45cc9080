"""Pitch and loudness over time: what is heard in a source, and what drives a timbre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.timbre.features import FRAMES_A_SECOND, QUIET_DB, SAMPLE_RATE_HZ, Frames, frames_in, loudness, midi_pitch
from assistant.timbre.tuning import RATE_HZ, tuned

Flags = NDArray[np.bool_]

_SURE = 0.5
_LOWEST_HZ = 47.0
_DEEPEST_DB = 55.0
"""What lies so far below the loudest tenth is not heard as sung."""
_ABSOLUTE_DB = -65.0
_SHORTEST_FRAMES = 10
_SHORTEST_GAP_FRAMES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Controls:
    """`pitch` in fractional MIDI numbers, held through rests; `loudness_db`; `sounding` where a note is held.

    All of shape (frames,), 250 a second.
    """

    pitch: Frames
    loudness_db: Frames
    sounding: Flags

    def __len__(self) -> int:
        return len(self.pitch)

    @property
    def seconds(self) -> float:
        return len(self) / FRAMES_A_SECOND


def heard(samples: Samples) -> Controls:
    """What one voice does in mono audio at 48 kHz, shape (samples,).

    Pitch by SwiftF0, at 16 ms, its frames joined where it goes on and held where it does not: nothing glides through
    a gap; then made exact by its harmonics. `sounding` is where it is sure of a pitch and the source is loud enough.
    """
    import soxr
    from swift_f0 import SwiftF0

    count = frames_in(len(samples))
    level = loudness(samples)
    nothing = Controls(np.full(count, 60, np.float32), np.full(count, QUIET_DB, np.float32), np.zeros(count, np.bool_))
    if count < _SHORTEST_FRAMES:
        return nothing
    peak = float(np.abs(samples).max())
    if peak < 1e-4:
        return nothing
    # The tracker is used to voices at speaking level.
    levelled = soxr.resample(samples * np.float32(0.7 / peak), SAMPLE_RATE_HZ, RATE_HZ)
    tracked = SwiftF0(threads=1, spin=False).detect(levelled, RATE_HZ)
    sure = (tracked.confidence >= _SURE) & (tracked.pitch_hz > _LOWEST_HZ)
    pitch, known = _at_frames(tracked.timestamps, midi_pitch(tracked.pitch_hz), sure, count)
    loud = level > max(_ABSOLUTE_DB, float(np.quantile(level, 0.9)) - _DEEPEST_DB)
    sounding = _without_specks(known & loud)
    exact = tuned(levelled, pitch, sounding & known)
    return Controls(held_through(exact, sounding), level, sounding)


def _at_frames(times: NDArray[np.float64], pitch: Frames, sure: Flags, count: int) -> tuple[Frames, Flags]:
    """The tracker's frames at 250 Hz: between two sure neighbours less than two semitones apart the line between them,
    at a leap the nearer one.
    """
    wanted = np.arange(count) / FRAMES_A_SECOND
    after = np.searchsorted(times, wanted).clip(1, max(1, len(times) - 1))
    if len(times) < 2:
        return np.full(count, pitch[0], np.float32), np.full(count, bool(sure[0]))
    before = after - 1
    share = ((wanted - times[before]) / (times[after] - times[before])).clip(0, 1)
    nearer = np.where(share < 0.5, before, after)
    joined = sure[before] & sure[after] & (np.abs(pitch[after] - pitch[before]) < 2)
    line = pitch[before] * (1 - share) + pitch[after] * share
    return np.where(joined, line, pitch[nearer]).astype(np.float32), joined | sure[nearer]


def _without_specks(flags: Flags) -> Flags:
    """Gaps of under 24 ms are closed, then what is shorter than 40 ms is dropped."""
    mended = flags.copy()
    for first, last in spans(~flags):
        if last - first < _SHORTEST_GAP_FRAMES and first > 0 and last < len(flags):
            mended[first:last] = True
    for first, last in spans(mended):
        if last - first < _SHORTEST_FRAMES:
            mended[first:last] = False
    return mended


def spans(flags: Flags) -> list[tuple[int, int]]:
    """The stretches where a flag is set, as (first, past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def held_through(pitch: Frames, sounding: Flags) -> Frames:
    """In a rest the pitch stays where it was; before the first note, where that begins."""
    places = np.flatnonzero(sounding)
    if len(places) == 0:
        return np.full(len(pitch), 60, np.float32)
    last = np.maximum.accumulate(np.where(sounding, np.arange(len(pitch)), -1))
    return pitch[np.where(last < 0, places[0], last)]


def smoothed(values: Frames, frames: int) -> Frames:
    """The mean over so many frames around each (a triangle: two passes), edges held."""
    half = max(1, frames // 2)
    kernel = np.ones(2 * half + 1) / (2 * half + 1)
    for _ in range(2):
        values = np.convolve(np.pad(values, half, mode="edge"), kernel, mode="valid").astype(np.float32)
    return values
