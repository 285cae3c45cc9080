"""Human variations: passages of one section that are alike but not the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.likeness import cells_of
from assistant.vary.learned.sections import Section
from assistant.vary.learned.steps import Bars, untied_start

PASSAGE_BARS = (1, 2, 3, 4, 6, 8, 12, 16)
SAME = 0.985
"""Passages with more overlap than this are repeats, not variations."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Bars `first` and `second` of `section` begin passages of `bars` bars; how alike they are."""

    section: Section
    first: int
    second: int
    bars: int
    overlap: float
    rhythm: float
    contour: float


def mine_pairs(section: Section, lengths: tuple[int, ...] = PASSAGE_BARS) -> list[Pair]:
    """Every two passages at any distance that do not overlap in time and are variations of each other.

    Variations share pitches in time (overlap ≥ .35 and contour > .3), or are the same shape and rhythm elsewhere in the
    scale (contour > .75 and rhythm > .75: a sequence). Sums over whole bars, so that each distance is one pass.
    """
    bars = section.bars
    whole = np.array([bar is not None for bar in bars])
    if whole.sum() < 2:
        return []
    filled = untied_start(tuple(bar or () for bar in bars))
    cells = cells_of(filled, section.bar_ticks)
    pitch = cells.pitch.reshape(len(bars), -1).astype(np.float64)
    onset = cells.onset.reshape(len(bars), -1)
    found = []
    for distance in range(1, len(bars)):
        table = bar_sums(pitch[:-distance], pitch[distance:], onset[:-distance], onset[distance:])
        usable = whole[:-distance] & whole[distance:]
        for length in lengths:
            if length <= distance and length <= len(usable):
                found += passages(section, table, usable, distance, length)
    return found


def bar_sums(
    a: NDArray[np.float64], b: NDArray[np.float64], onset_a: NDArray[np.bool_], onset_b: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Shape `(bars, 10)`: same, either, shared onsets, onsets, and the sums of which a correlation is made."""
    both = (a >= 0) & (b >= 0)
    x, y = np.where(both, a, 0), np.where(both, b, 0)
    columns = (
        (both & (a == b)).sum(1),
        ((a >= 0) | (b >= 0)).sum(1),
        (onset_a & onset_b).sum(1),
        onset_a.sum(1) + onset_b.sum(1),
        both.sum(1),
        x.sum(1),
        y.sum(1),
        (x * x).sum(1),
        (y * y).sum(1),
        (x * y).sum(1),
    )
    return np.stack(columns, 1).astype(np.float64)


def passages(
    section: Section, table: NDArray[np.float64], usable: NDArray[np.bool_], distance: int, length: int
) -> list[Pair]:
    total = np.concatenate([np.zeros((1, table.shape[1])), table.cumsum(0)])
    good = np.concatenate([[0], usable.cumsum()])
    sums = total[length:] - total[:-length]
    whole = good[length:] - good[:-length] == length
    same, either, shared, onsets, n, x, y, xx, yy, xy = sums.T
    overlap = same / np.maximum(1, either)
    rhythm = 2 * shared / np.maximum(1, onsets)
    spread = np.sqrt(np.maximum(0, xx * n - x * x) * np.maximum(0, yy * n - y * y))
    contour = np.where(spread > 1e-6, (xy * n - x * y) / np.maximum(1e-6, spread), 0.0)
    alike = ((overlap >= 0.35) & (contour > 0.3)) | ((contour > 0.75) & (rhythm > 0.75))
    alike &= whole & (overlap < SAME) & (onsets >= 8 + 2 * length)
    return [
        Pair(section, int(i), int(i) + distance, length, float(overlap[i]), float(rhythm[i]), float(contour[i]))
        for i in np.flatnonzero(alike)
    ]


def passage(section: Section, first: int, bars: int) -> Bars:
    """So many bars from `first` on; a note tied over from before begins anew."""
    return untied_start(tuple(bar or () for bar in section.bars[first : first + bars]))
