"""How alike two passages are, and in which respect: what the model is asked for and judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.steps import PITCHES, REST, Bars

CELL_TICKS = 2
"""Passages are compared on cells that hold 64ths, 32nds and triplets alike."""
SILENT = -1
Sums = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Likeness:
    """A varied passage against its source.

    `overlap`: share of the sounding time in which both have the same pitch; `rhythm`: F1 of the onsets; `contour`:
    correlation of the pitches over time, -1..1; `pitches`: longest common subsequence of the pitches, as a share;
    `density`: notes per note of the source; `register`: semitones that the middle lies higher.
    """

    overlap: float
    rhythm: float
    contour: float
    pitches: float
    density: float
    register: float


@dataclass(frozen=True, slots=True)
class Cells:
    """A passage on a grid: the sounding pitch index of each cell (`SILENT`: none), and whether a note starts there."""

    pitch: NDArray[np.int64]
    onset: NDArray[np.bool_]


def cells_of(bars: Bars, bar_ticks: int) -> Cells:
    """Shape `(bars * bar_ticks / CELL_TICKS,)`; a note on an odd tick counts from the next cell on."""
    size = -(-len(bars) * bar_ticks // CELL_TICKS)
    pitch = np.full(size, SILENT, np.int64)
    onset = np.zeros(size, np.bool_)
    for number, bar in enumerate(bars):
        for step in bar:
            if step.pitch == REST:
                continue
            start = number * bar_ticks + step.onset
            first, last = -(-start // CELL_TICKS), -(-(start + step.ticks) // CELL_TICKS)
            pitch[first:last] = step.pitch
            if not step.tied and first < size:
                onset[first] = True
    return Cells(pitch, onset)


def likeness(source: Bars, varied: Bars, bar_ticks: int) -> Likeness:
    """Compare two passages of as many bars."""
    return likeness_of_cells(
        cells_of(source, bar_ticks), cells_of(varied, bar_ticks), pitch_line(source), pitch_line(varied)
    )


def pitch_line(bars: Bars) -> list[int]:
    return [step.pitch for bar in bars for step in bar if not step.tied and step.pitch < PITCHES]


def likeness_of_cells(source: Cells, varied: Cells, source_line: Sequence[int], line: Sequence[int]) -> Likeness:
    sounding_a, sounding_b = source.pitch >= 0, varied.pitch >= 0
    both = sounding_a & sounding_b
    either = int((sounding_a | sounding_b).sum())
    same = int((both & (source.pitch == varied.pitch)).sum())
    onsets_a, onsets_b = int(source.onset.sum()), int(varied.onset.sum())
    shared = int((source.onset & varied.onset).sum())
    longest = common_length(source_line, line)
    return Likeness(
        overlap=same / max(1, either),
        rhythm=2 * shared / max(1, onsets_a + onsets_b),
        contour=correlation(source.pitch[both], varied.pitch[both]),
        pitches=2 * longest / max(1, len(source_line) + len(line)),
        density=onsets_b / max(1, onsets_a),
        register=float(np.mean(line) - np.mean(source_line)) if len(line) and len(source_line) else 0.0,
    )


def correlation(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    """Pearson's correlation; 0 where one of the lines does not move."""
    if len(a) < 4:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / scale) if scale > 0 else 0.0


def correlation_of_sums(n: Sums, x: Sums, y: Sums, xx: Sums, yy: Sums, xy: Sums) -> Sums:
    """Pearson's correlation from the number, Σx, Σy, Σx², Σy² and Σxy, each of any shape."""
    spread = np.sqrt(np.maximum(0, n * xx - x * x) * np.maximum(0, n * yy - y * y))
    found: Sums = np.where(spread > 1e-6, (n * xy - x * y) / np.maximum(1e-6, spread), 0.0)
    return found


def common_length(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of the longest common subsequence, by bit-parallel dynamic programming (Hyyrö 2004)."""
    where: dict[int, int] = {}
    for index, item in enumerate(a):
        where[item] = where.get(item, 0) | (1 << index)
    full = (1 << len(a)) - 1
    row = full
    for item in b:
        matches = row & where.get(item, 0)
        row = ((row + matches) | (row - matches)) & full
    return len(a) - row.bit_count()
