"""How loud each note is sung."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.audio import Samples
from assistant.hear.frames import RATE_HZ

_MIDDLE, _SOFTEST, _LOUDEST = 84, 30, 120
_VELOCITY_PER_DB = 2.0


def velocities(samples: Samples, spans_seconds: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """MIDI velocities: the middle note of the recording gets 84, and each decibel above or below it counts two."""
    levels = [_level_db(samples[int(start * RATE_HZ) : int(end * RATE_HZ) + 1]) for start, end in spans_seconds]
    if not levels:
        return ()
    middle = float(np.median(levels))
    return tuple(
        int(np.clip(round(_MIDDLE + _VELOCITY_PER_DB * (level - middle)), _SOFTEST, _LOUDEST)) for level in levels
    )


def _level_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-10)) if len(samples) else -100.0
