"""Exercises as arrays of one size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.features import CENTRES, COLUMNS, SOURCE_COLUMNS
from assistant.vary.learned.steps import LENGTH_NOTHING, NOTHING, PITCHES
from assistant.vary.training.exercises import Rendered


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of several exercises, filled up to the longest; the filling weighs nothing."""

    source: NDArray[np.int16]
    written: NDArray[np.int16]
    centres: NDArray[np.int16]
    chords: NDArray[np.int16]
    lengths: NDArray[np.int16]
    pitches: NDArray[np.int16]
    weights: NDArray[np.float32]
    condition: NDArray[np.int16]


def batch_of(exercises: Sequence[Rendered]) -> Batch:
    count = len(exercises)
    longest_source = max(len(e.source) for e in exercises)
    longest = max(len(e.lengths) for e in exercises)
    source = np.zeros((count, longest_source, len(SOURCE_COLUMNS)), np.int16)
    source[..., :2] = NOTHING, LENGTH_NOTHING
    batch = Batch(
        source,
        np.zeros((count, longest, len(COLUMNS)), np.int16),
        np.full((count, longest, len(CENTRES)), PITCHES, np.int16),
        np.zeros((count, longest), np.int16),
        np.zeros((count, longest), np.int16),
        np.zeros((count, longest), np.int16),
        np.zeros((count, longest), np.float32),
        np.stack([e.condition for e in exercises]).astype(np.int16),
    )
    for index, exercise in enumerate(exercises):
        size = len(exercise.lengths)
        batch.source[index, : len(exercise.source)] = exercise.source
        batch.written[index, :size] = exercise.written
        batch.centres[index, :size] = exercise.centres
        batch.chords[index, :size] = exercise.chords
        batch.lengths[index, :size] = exercise.lengths
        batch.pitches[index, :size] = exercise.pitches
        batch.weights[index, :size] = exercise.weights
    return batch


def sorted_batches(exercises: Sequence[Rendered], steps_a_batch: int) -> list[Batch]:
    """Batches of exercises of like length with about as many steps each."""
    ordered = sorted(exercises, key=lambda e: (len(e.lengths), len(e.source)))
    batches: list[list[Rendered]] = [[]]
    for exercise in ordered:
        if (len(batches[-1]) + 1) * (len(exercise.lengths) + len(exercise.source)) > 2 * steps_a_batch and batches[-1]:
            batches.append([])
        batches[-1].append(exercise)
    return [batch_of(batch) for batch in batches]
