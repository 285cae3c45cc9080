"""How usual a rhythm is: how often each length follows each place in the beat, in melodies that people wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TICKS = 24
"""To the quarter note, as the scores were counted in."""
BEAT_TICKS = {"simple": 24, "compound": 36}
LONGEST_BEATS = 4

_UNSEEN, _ALIKE = 0.02, 5.0
"""What is added to every count, and how many times the lengths of all places are added to those of each."""


def likelihood(starts_beats: Sequence[float], *, compound: bool) -> float:
    """The log likelihood of the steps between notes that start at these quarter notes, 0 on a felt beat."""
    kind = "compound" if compound else "simple"
    table = _steps(kind)
    ticks = np.round(np.asarray(starts_beats, float) * TICKS).astype(int)
    lengths = np.diff(ticks).clip(1, table.shape[1] - 1)
    return float(table[ticks[:-1] % BEAT_TICKS[kind], lengths].sum())


@cache
def _steps(kind: str) -> NDArray[np.float64]:
    """The log probability of a length in ticks after a start at each tick of the felt beat; the last for all longer."""
    counts = json.loads(Path(__file__).with_name("rhythms.json").read_text("utf-8"))[kind]
    table = np.full((BEAT_TICKS[kind], LONGEST_BEATS * BEAT_TICKS[kind] + 1), _UNSEEN)
    for place, lengths in counts.items():
        for length, count in lengths.items():
            table[int(place), int(length)] += count
    together = table.sum(axis=0)
    table += _ALIKE * together / together.sum()
    logs: NDArray[np.float64] = np.log(table / table.sum(axis=1, keepdims=True))
    return logs
