"""Training examples: features of a recording and its notes, kept in one .npz each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.hear.features import features
from assistant.hear.frames import HOP, RATE_HZ, Frames
from assistant.hear.swift import PitchTrack, PitchTracker

_SPREAD_SECONDS = 0.014
_SHORTEST_SECONDS = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """`notes`: shape (notes, 3), onset and offset in seconds, pitch as a fractional MIDI number."""

    name: str
    inputs: Frames
    notes: NDArray[np.float64]
    track: PitchTrack


def make_example(name: str, samples: Samples, notes: NDArray[np.float64], tracker: PitchTracker) -> Example:
    track = tracker.track(samples)
    return Example(name, features(samples, track), notes, track)


def save_example(example: Example, folder: Path) -> None:
    np.savez(
        folder / f"{example.name}.npz",
        inputs=example.inputs.astype(np.float16),
        notes=example.notes,
        times=example.track.times_seconds,
        pitch=example.track.pitch,
        sureness=example.track.sureness,
    )


def load_example(path: Path) -> Example:
    with np.load(path) as kept:
        track = PitchTrack(kept["times"], kept["pitch"], kept["sureness"])
        return Example(path.stem, kept["inputs"].astype(np.float32), kept["notes"], track)


def with_likely_ends(notes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The notes, those that are marked far shorter than anyone sings ended shortly before the next one."""
    mended = notes.copy()
    following = np.append(notes[1:, 0], np.inf)
    slips = notes[:, 1] - notes[:, 0] < _SHORTEST_SECONDS
    likely = np.minimum(following - 0.1, notes[:, 0] + 0.4)
    mended[slips, 1] = np.maximum(likely, notes[:, 0] + 0.1)[slips]
    return mended


def targets(notes: NDArray[np.float64], frames: int) -> Frames:
    """Where notes start, sound and end, 0..1; shape (3, frames)."""
    times = np.arange(frames) * (HOP / RATE_HZ)
    wanted = np.zeros((3, frames), np.float32)
    for onset, offset, _ in with_likely_ends(notes):
        for row, moment in ((0, onset), (2, offset)):
            first, last = np.searchsorted(times, [moment - 0.06, moment + 0.06])
            bump = np.exp(-0.5 * ((times[first:last] - moment) / _SPREAD_SECONDS) ** 2)
            wanted[row, first:last] = np.maximum(wanted[row, first:last], bump)
        wanted[1, (times >= onset) & (times < offset)] = 1
    return wanted
