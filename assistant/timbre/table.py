"""A timbre's table: the spectrum of every key at every level, that the network bends from moment to moment.

Instruments sound different from key to key, and from soft to loud; a network that hears the pitch as one number takes
long to learn so much, where a table is measured at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.timbre.features import Frames, unscaled

KEYS = range(24, 109)
LEVELS_DB = (-65.0, -52.0, -43.0, -36.0, -30.0, -24.0, -18.0)
CELLS = len(KEYS) * len(LEVELS_DB)

Cells = NDArray[np.intp]


def corners(features: Frames) -> list[tuple[Frames, Cells]]:
    """How much of which of the `CELLS` each frame is: the four around it. `features` are a network's, (…, 2, frames);
    pitches and levels outside are at the edge.
    """
    pitch, level_db = unscaled(features)
    across = np.clip(pitch - KEYS[0], 0, len(KEYS) - 1)
    up = np.interp(level_db, LEVELS_DB, np.arange(len(LEVELS_DB))).astype(np.float32)
    key = np.minimum(across.astype(np.intp), len(KEYS) - 2)
    level = np.minimum(up.astype(np.intp), len(LEVELS_DB) - 2)
    high, loud = across - key.astype(np.float32), up - level.astype(np.float32)
    cell = key * len(LEVELS_DB) + level
    following = len(LEVELS_DB)
    return [
        ((1 - high) * (1 - loud), cell),
        ((1 - high) * loud, cell + 1),
        (high * (1 - loud), cell + following),
        (high * loud, cell + following + 1),
    ]
