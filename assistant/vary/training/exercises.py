"""An exercise for the model: a source, what is hidden and locked of it, what is asked, and what a human wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.controls import TASKS, Controls
from assistant.vary.learned.features import (
    FREE,
    Frame,
    Rows,
    correlation_symbol,
    frame_of,
    parallel_pitch,
    ratio_symbol,
    share_symbol,
    shift_symbol,
)
from assistant.vary.learned.likeness import CELL_TICKS, cells_of, correlation_of_sums
from assistant.vary.learned.steps import LENGTH_NOTHING, NOTHING, PITCHES, Bars, Step


@dataclass(frozen=True, slots=True)
class Exercise:
    """`locked` and `chords` have a value for each tick, `hidden` for each bar; `countdowns` names what is counted."""

    source: Bars
    target: Bars
    task: str
    metre: int
    bar_ticks: int
    beat_ticks: int
    hidden: tuple[bool, ...]
    locked: NDArray[np.bool_]
    chords: Rows
    controls: Controls = field(default_factory=Controls)
    countdowns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rendered:
    """An exercise in rows: source `(S, 7)`, written `(N, 19)`, centres `(N, 3)`, chords, answers, weights `(N,)`."""

    source: Rows
    written: Rows
    centres: Rows
    chords: Rows
    lengths: Rows
    pitches: Rows
    weights: NDArray[np.float32]
    condition: Rows


def rendered(exercise: Exercise) -> Rendered:
    frame = frame_of(
        exercise.source,
        hidden=exercise.hidden,
        locked=exercise.locked,
        chords=exercise.chords,
        bar_ticks=exercise.bar_ticks,
        beat_ticks=exercise.beat_ticks,
    )
    steps = [(n * exercise.bar_ticks + s.onset, s) for n, bar in enumerate(exercise.target) for s in bar]
    moments = np.array([moment for moment, _ in steps])
    symbols = np.array([step.symbol for _, step in steps])
    lengths = np.array([step.length for _, step in steps])
    before, source_before = pitches_before(frame, moments, steps)
    source_now = frame.source_pitch[moments]
    static = frame.static[moments]
    agreed = np.zeros(len(steps), np.int64)
    on_onset = static[:, 6] == 1
    agreed[1:] = np.where(on_onset[:-1], 1 + (static[:-1, 5] == lengths[:-1]), 0)
    dynamic = np.stack(
        [
            np.concatenate([[NOTHING], symbols[:-1]]),
            np.concatenate([[LENGTH_NOTHING], lengths[:-1]]),
            shift_symbol(before, source_before),
            agreed,
            *countdown_columns(exercise, moments),
        ],
        1,
    )
    condition = np.array([TASKS.index(exercise.task), exercise.metre, *exercise.controls.symbols()])
    return Rendered(
        frame.source_rows,
        np.concatenate([static, dynamic], 1),
        np.stack([before, source_now, parallel_pitch(before, source_before, source_now)], 1),
        frame.chords[moments],
        lengths,
        symbols,
        (~exercise.locked[moments]).astype(np.float32),
        condition,
    )


def pitches_before(frame: Frame, moments: Rows, steps: Sequence[tuple[int, Step]]) -> tuple[Rows, Rows]:
    """The last sounding pitch before each step, and the source's pitch at the onset of that note."""
    before = np.full(len(steps), PITCHES)
    source_before = np.full(len(steps), PITCHES)
    last, last_source = PITCHES, PITCHES
    for index, (moment, step) in enumerate(steps):
        before[index], source_before[index] = last, last_source
        if step.begins:
            last, last_source = step.pitch, int(frame.source_pitch[moment])
    return before, source_before


def countdown_columns(exercise: Exercise, moments: Rows) -> list[Rows]:
    """What the target still shares with the source from each step on: overlap, rhythm, density; the contour so far."""
    free = np.full(len(moments), FREE)
    if not exercise.countdowns:
        return [free] * 4
    source, target = cells_of(exercise.source, exercise.bar_ticks), cells_of(exercise.target, exercise.bar_ticks)
    open_cells = ~exercise.locked[::CELL_TICKS]
    cell = np.minimum(-(-moments // CELL_TICKS), len(open_cells))

    def left(flags: NDArray[np.bool_]) -> NDArray[np.float64]:
        total = np.concatenate([[0], (flags & open_cells).cumsum()]).astype(np.float64)
        remaining: NDArray[np.float64] = total[-1] - total[cell]
        return remaining

    both = (source.pitch >= 0) & (target.pitch >= 0)
    either = (source.pitch >= 0) | (target.pitch >= 0)
    onsets = left(source.onset)
    columns = {
        "overlap": share_symbol(left(both & (source.pitch == target.pitch)), left(either)),
        "rhythm": share_symbol(left(source.onset & target.onset), onsets),
        "density": ratio_symbol(left(target.onset), onsets),
        "contour": contour_so_far(source.pitch, target.pitch, both & open_cells, cell),
    }
    return [columns[name] if name in exercise.countdowns else free for name in columns]


def contour_so_far(source: Rows, target: Rows, both: NDArray[np.bool_], cell: Rows) -> Rows:
    x, y = np.where(both, source, 0).astype(np.float64), np.where(both, target, 0).astype(np.float64)
    sums = np.stack([both.astype(np.float64), x, y, x * x, y * y, x * y], 1)
    total = np.concatenate([np.zeros((1, 6)), sums.cumsum(0)])[cell]
    return correlation_symbol(correlation_of_sums(*total.T), total[:, 0])
