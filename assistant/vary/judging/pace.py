"""How long variations take, on a made motif of eight bars and 56 notes."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from assistant.brief import Brief
from assistant.vary.make import vary
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.tempo import Meter

DEGREES = (0, 1, 2, 4, 3, 2, 4, 5, 4, 3, 2, 1, 2, 0, 4, 4, 5, 6, 7, 5, 4, 2, 3, 4, 3, 2, 1, 0)
BEATS = (1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)


def made_motif() -> Motif:
    """Eight bars of 4/4 with seven notes each."""
    key = Key(2, "major")
    notes, now = [], 0.0
    for i in range(56):
        length = BEATS[i % 7]
        notes.append(Note(now, key.pitch(35 + DEGREES[i % len(DEGREES)] + (i // 28)), length))
        now += length
    return Motif(Clip(tuple(notes)), key, Meter(4, 4))


def pace(progress: Callable[[str, float], None], *, times: int = 20) -> tuple[float, float, float]:
    """Seconds for ten variations, the median and the 95th percentile, and for a thousand."""
    motif = made_motif()
    vary(motif, Brief())
    taken = []
    for seed in range(times):
        began = time.perf_counter()
        vary(motif, Brief(seed=seed))
        taken.append(time.perf_counter() - began)
        progress("speed", (seed + 1) / times)
    began = time.perf_counter()
    vary(motif, Brief(count=1000))
    return float(np.median(taken)), float(np.percentile(taken, 95)), time.perf_counter() - began
