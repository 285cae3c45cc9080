"""What the network is shown: one row of symbols for each step of the source, and for each step that it writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.steps import (
    LENGTH_INDEX,
    LENGTH_NOTHING,
    LENGTH_UNKNOWN,
    LONGEST_BAR,
    MOST_BARS,
    NOTHING,
    PITCHES,
    REST,
    UNKNOWN,
    Bars,
)

Rows = NDArray[np.int64]

SOURCE_COLUMNS = {
    "symbol": NOTHING + 1,
    "length": LENGTH_NOTHING + 1,
    "onset": LONGEST_BAR + 1,
    "bar": MOST_BARS,
    "locked": 2,
    "phase": 37,
    "strength": 5,
}
"""Name and number of symbols of each column of a source row."""
STATIC_COLUMNS = {
    "onset": LONGEST_BAR + 1,
    "bar": MOST_BARS,
    "bars_left": MOST_BARS + 1,
    "locked": 2,
    "source_symbol": NOTHING + 1,
    "source_length": LENGTH_NOTHING + 1,
    "source_onset": 2,
    "next_symbol": NOTHING + 1,
    "next_length": LENGTH_NOTHING + 1,
    "phase": 37,
    "strength": 5,
}
"""Columns of a written row that only depend on the moment."""
COUNTDOWN = 12
FREE = COUNTDOWN - 1
DYNAMIC_COLUMNS = {
    "before_symbol": NOTHING + 1,
    "before_length": LENGTH_NOTHING + 1,
    "shift": 27,
    "agreed": 3,
    "overlap_left": COUNTDOWN,
    "rhythm_left": COUNTDOWN,
    "density_left": COUNTDOWN,
    "contour_so_far": COUNTDOWN,
}
"""Columns of a written row that depend on what was written, and on what is still owed to what was asked."""
COLUMNS = {**STATIC_COLUMNS, **DYNAMIC_COLUMNS}
CENTRES = ("before", "source", "parallel")
"""Pitches from which the next pitch is measured: the one before, the source's here, and as the source moves."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The passage to write in: its metre and what is known of each moment, a row for each tick.

    `static` has shape `(ticks, len(STATIC_COLUMNS))`; `source_pitch` the sounding pitch index or `PITCHES`;
    `chords` the 12 bits of the chord tones above `do`, 0 where no harmony is asked.
    """

    source_rows: Rows
    static: Rows
    source_pitch: Rows
    chords: Rows
    bars: int
    bar_ticks: int


def strength_of(onset: int, bar_ticks: int, beat_ticks: int) -> int:
    """How strong a moment of the bar is: 4 the bar line, 3 its half, 2 a beat, 1 half a beat, 0 between."""
    if onset == 0:
        return 4
    if onset * 2 == bar_ticks and bar_ticks % (2 * beat_ticks) == 0:
        return 3
    if onset % beat_ticks == 0:
        return 2
    return 1 if onset % 12 == 0 else 0


def frame_of(
    source: Bars,
    *,
    hidden: Sequence[bool],
    locked: NDArray[np.bool_],
    chords: Rows,
    bar_ticks: int,
    beat_ticks: int,
) -> Frame:
    """`hidden` bars are not shown; `locked` and `chords` have a value for each tick of the passage."""
    rows: list[tuple[int, ...]] = []
    starts: list[int] = []
    pitches: list[int] = []
    for number, bar in enumerate(source):
        base = number * bar_ticks
        if hidden[number]:
            starts.append(base)
            rows.append((UNKNOWN, LENGTH_UNKNOWN, 0, number, 0, 0, 4))
            pitches.append(PITCHES)
        for step in bar:
            pinned = bool(locked[base + step.onset])
            if hidden[number] and not pinned:
                continue
            phase, strength = step.onset % beat_ticks, strength_of(step.onset, bar_ticks, beat_ticks)
            rows.append((step.symbol, step.length, step.onset, number, int(pinned), min(phase, 36), strength))
            if not hidden[number]:
                starts.append(base + step.onset)
                pitches.append(step.pitch if step.pitch != REST else PITCHES)
    shown = [row for row in rows if not hidden[row[3]] or row[0] == UNKNOWN]
    ticks = len(source) * bar_ticks
    moments = np.arange(ticks)
    index = np.searchsorted(np.array(starts), moments, "right") - 1
    ends = np.array([*starts[1:], ticks])
    symbols = np.array([row[0] for row in shown])
    lengths = np.array([row[1] for row in shown])
    at_onset = np.array(starts)[index] == moments
    left = ends[index] - moments
    sounding = np.array(pitches)[index]
    hidden_here = symbols[index] == UNKNOWN
    here = np.where(at_onset | hidden_here, symbols[index], np.where(sounding < PITCHES, sounding, REST))
    length_here = np.where(
        hidden_here, LENGTH_UNKNOWN, np.where(at_onset, lengths[index], LENGTH_LEFT[np.minimum(left, LONGEST_BAR)])
    )
    following = np.minimum(index + 1, len(shown) - 1)
    last = index + 1 >= len(shown)
    onset = moments % bar_ticks
    bar_number = moments // bar_ticks
    strengths = np.array([strength_of(t, bar_ticks, beat_ticks) for t in range(bar_ticks)])
    static = np.stack(
        [
            onset,
            bar_number,
            len(source) - bar_number,
            locked.astype(np.int64),
            here,
            length_here,
            at_onset.astype(np.int64),
            np.where(last, NOTHING, symbols[following]),
            np.where(last, LENGTH_NOTHING, lengths[following]),
            np.minimum(onset % beat_ticks, 36),
            strengths[onset],
        ],
        1,
    )
    return Frame(np.array(rows, np.int64), static, sounding, chords, len(source), bar_ticks)


LENGTH_LEFT = np.array([LENGTH_INDEX.get(ticks, LENGTH_UNKNOWN) for ticks in range(LONGEST_BAR + 1)])


def shift_symbol(before: Rows, source: Rows) -> Rows:
    """How far above the source the last pitch was, -12..12 as 0..24; 25 without a source there, 26 without a pitch."""
    known = np.where(source < PITCHES, np.clip(before - source, -12, 12) + 12, 25)
    return np.where(before < PITCHES, known, 26)


def parallel_pitch(before: Rows, source_before: Rows, source: Rows) -> Rows:
    """The pitch after the last one if the melody moves as the source does, or `PITCHES`."""
    moved = before + source - source_before
    known = (before < PITCHES) & (source_before < PITCHES) & (source < PITCHES) & (moved >= 0) & (moved < PITCHES)
    found: Rows = np.where(known, moved, PITCHES)
    return found


def share_symbol(part: NDArray[np.float64], whole: NDArray[np.float64]) -> Rows:
    """A share in tenths, 0..10."""
    found: Rows = np.clip(np.rint(10 * part / np.maximum(1e-9, whole)), 0, 10).astype(np.int64)
    return found


def ratio_symbol(part: NDArray[np.float64], whole: NDArray[np.float64]) -> Rows:
    """A ratio on a logarithmic scale, 0..10; 5 is as many."""
    found: Rows = np.clip(np.rint(5 + 3 * np.log2((part + 0.5) / (whole + 0.5))), 0, 10).astype(np.int64)
    return found


def correlation_symbol(correlation: NDArray[np.float64], cells: NDArray[np.float64]) -> Rows:
    """A correlation on a scale that is finer near 1, 0..9; 10 before anything can be said."""
    step = np.searchsorted(np.array([-0.5, 0.0, 0.2, 0.35, 0.5, 0.65, 0.75, 0.85, 0.92]), correlation)
    found: Rows = np.where(cells >= 4, step, 10).astype(np.int64)
    return found
