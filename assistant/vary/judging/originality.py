"""Whether a variation says again what the model learned by heart."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from assistant.presets import shipped
from assistant.vary.judging.judge import whole_stretches
from assistant.vary.learned.sections import Section
from assistant.vary.learned.steps import Bars

WINDOW = 8
NAME = "melody/learned-from.npz"
Windows = NDArray[np.uint32]


def windows(bars: Bars) -> set[int]:
    """Every eight notes in a row, as intervals and lengths, each as a number; rests are passed over."""
    notes = [step for bar in bars for step in bar if step.begins]
    found = set()
    for at in range(len(notes) - WINDOW + 1):
        low = notes[at].pitch - 128
        found.add(crc32(bytes(value for step in notes[at : at + WINDOW] for value in (step.pitch - low, step.length))))
    return found


def known_by_heart(sections: Iterable[Section]) -> Windows:
    """All windows of some sections, in order."""
    known = {window for section in sections for bars in whole_stretches(section) for window in windows(bars)}
    return np.array(sorted(known), np.uint32)


def copies(varied: Bars, source: Bars, known: Windows) -> bool:
    """Whether eight notes of a variation are in the training set and not in the motif."""
    return share_known(windows(varied) - windows(source), known) > 0


def share_known(some: set[int], known: Windows) -> float:
    """The share of some windows that are known."""
    found = np.array(list(some), np.uint32)
    return float(np.isin(found, known, assume_unique=True).mean()) if len(found) else 0.0


@lru_cache(maxsize=1)
def load_known() -> Windows:
    """The windows of all that the shipped model learned from."""
    with np.load(shipped(NAME)) as stored:
        return np.cumsum(stored["steps"], dtype=np.uint32)
