"""What a passage echoes: of every place heard before, in the motif or in what is written, what went on there.

A network as small as this one learns how melodies go, but less well how this melody repeats itself. So it is told: each
echo is a sort of likeness between now and a place heard before, and what followed there speaks for the same here. How
much each echo counts beside the network's own scores was fitted to how people vary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.features import Rows
from assistant.vary.learned.steps import LENGTHS, PITCH_CHOICES, PITCHES, Bars

Floats = NDArray[np.float32]

NEVER = -1
"""What is in a column where nothing was."""
COLUMNS = (
    "onset",
    "beat",
    "length",
    "length_before",
    "length_two_before",
    "symbol_before",
    "symbol_two_before",
    "symbol_three_before",
    "interval_before",
    "interval_two_before",
)
LENGTH_ECHOES: tuple[tuple[str, ...], ...] = (
    ("onset", "length_before", "length_two_before"),
    ("onset", "length_before"),
    ("onset",),
    ("length_before", "length_two_before"),
    ("beat", "length_before"),
    ("onset", "symbol_before"),
    ("symbol_before", "symbol_two_before", "length_before"),
)
"""Alike in all of these columns: then the same length speaks for itself."""
PITCH_ECHOES: tuple[tuple[str, ...], ...] = (
    ("symbol_before", "symbol_two_before", "symbol_three_before", "length"),
    ("symbol_before", "symbol_two_before", "length"),
    ("symbol_before", "symbol_two_before"),
    ("symbol_before", "onset"),
    ("symbol_before",),
    ("onset", "length"),
    ("symbol_before", "interval_before", "length"),
    ("symbol_before", "onset", "length"),
    ("beat", "symbol_before"),
    (),
)
"""The same of the pitch."""
INTERVAL_ECHOES: tuple[tuple[str, ...], ...] = (
    ("interval_before", "interval_two_before", "length"),
    ("interval_before", "length"),
    ("interval_before", "onset"),
    ("onset", "length"),
    ("onset", "length", "length_before"),
    ("interval_before", "onset", "length"),
    ("interval_before", "length", "length_before"),
    ("beat", "length"),
    (),
)
"""The same of the interval from the last note."""
FURTHEST = PITCHES - 1
NO_INTERVAL = 2 * FURTHEST + 1
"""Intervals are counted from `-FURTHEST`; this is where there is none."""
EMPHASIS = 20.0
ROOM = 64


@dataclass(frozen=True, slots=True)
class Echoing:
    """How much each echo counts, `(3, echoes)`: by the share of the places alike that went on so, by how many did, and
    by how many of those in what is written did. `scale`: how much the network's own scores do."""

    lengths: Floats
    pitches: Floats
    intervals: Floats
    length_scale: float
    pitch_scale: float


@dataclass(frozen=True, slots=True)
class Grades:
    """How strongly each echo speaks for each choice, where it does: the row, the echo, the choice, and three grades
    `(n, 3)`."""

    rows: Rows
    echoes: Rows
    choices: Rows
    grades: Floats

    def summed(self, weights: Floats, rows: int, choices: int) -> Floats:
        """What they say together, `(rows, choices)`, each echo counting `(3, echoes)`."""
        said = (weights.T[self.echoes] * self.grades).sum(1)
        found = np.bincount(self.rows * choices + self.choices, said, rows * choices)
        return found.reshape(rows, choices).astype(np.float32)

    def dense(self, rows: int, echoes: int, choices: int) -> Floats:
        """The grades laid out, `(rows, 3, echoes, choices)`."""
        found = np.zeros((rows, 3, echoes, choices), np.float32)
        found[self.rows, :, self.echoes, self.choices] = self.grades
        return found


class Echoes:
    """What B passages have heard: the motif but for its hidden bars, then what each has written."""

    def __init__(self, rows: int, source: Bars, bar_ticks: int, beat_ticks: int, hidden: Sequence[bool] = ()) -> None:
        self.beat_ticks = beat_ticks
        size = sum(map(len, source)) + ROOM
        self.places = np.full((rows, size, len(COLUMNS)), NEVER, np.int16)
        self.went = {
            "length": np.zeros((rows, size, len(LENGTHS)), np.float32),
            "pitch": np.zeros((rows, size, PITCH_CHOICES), np.float32),
            "interval": np.zeros((rows, size, NO_INTERVAL), np.float32),
        }
        self.count = 0
        self.begin(rows)
        for number, bar in enumerate(source):
            for step in bar:
                heard = np.array([step.onset, step.length, step.symbol])[:, None].repeat(rows, 1)
                self.write(*heard, kept=not (hidden and hidden[number]))
        self.motif = self.count
        self.begin(rows)

    def begin(self, rows: int) -> None:
        """Where nothing was before."""
        self.now = np.full((rows, len(COLUMNS)), NEVER, np.int16)
        self.now[:, INTERVALS] = NO_INTERVAL
        self.before = np.full(rows, PITCHES)

    def write(self, onsets: Rows, lengths: Rows, symbols: Rows, *, kept: bool = True) -> None:
        """Each passage goes on by a step."""
        self.at(onsets)
        self.now[:, LENGTH] = lengths
        begun = symbols < PITCHES
        moved = begun & (self.before < PITCHES)
        intervals = np.where(moved, symbols - self.before + FURTHEST, NO_INTERVAL)
        if kept:
            self.make_room()
            row = np.arange(len(symbols))
            self.places[:, self.count] = self.now
            self.went["length"][row, self.count, lengths] = 1
            self.went["pitch"][row, self.count, symbols] = 1
            self.went["interval"][row[moved], self.count, intervals[moved]] = 1
            self.count += 1
        self.now[:, LENGTH + 2] = self.now[:, LENGTH + 1]
        self.now[:, LENGTH + 1] = lengths
        self.now[:, SYMBOL + 1 : SYMBOL + 3] = self.now[:, SYMBOL : SYMBOL + 2].copy()
        self.now[:, SYMBOL] = symbols
        self.now[moved, INTERVALS.start + 1] = self.now[moved, INTERVALS.start]
        self.now[moved, INTERVALS.start] = intervals[moved]
        self.before = np.where(begun, symbols, self.before)

    def at(self, onsets: Rows) -> None:
        self.now[:, 0] = onsets
        self.now[:, 1] = onsets % self.beat_ticks

    def make_room(self) -> None:
        if self.count < self.places.shape[1]:
            return
        self.places = grown(self.places, NEVER)
        self.went = {name: grown(table, 0) for name, table in self.went.items()}

    def of_lengths(self, onsets: Rows) -> Grades:
        """What speaks for each length."""
        self.at(onsets)
        return self.graded(LENGTH_ECHOES, "length", self.alike())

    def of_pitches(self, lengths: Rows) -> tuple[Grades, Grades]:
        """What speaks for each pitch choice, the lengths being chosen: by pitch and by interval."""
        self.now[:, LENGTH] = lengths
        alike = self.alike()
        by_interval = self.graded(INTERVAL_ECHOES, "interval", alike)
        to = self.before[by_interval.rows] + by_interval.choices - FURTHEST
        reached = (self.before[by_interval.rows] < PITCHES) & (to >= 0) & (to < PITCHES)
        rows, spoke = by_interval.rows[reached], by_interval.echoes[reached]
        return self.graded(PITCH_ECHOES, "pitch", alike), Grades(rows, spoke, to[reached], by_interval.grades[reached])

    def alike(self) -> NDArray[np.int16]:
        """A bit for each column in which a place is like now, `(B, places)`."""
        same = (self.places[:, : self.count] == self.now[:, None]).astype(np.float32) @ PLACE_BITS
        found: NDArray[np.int16] = same.astype(np.int16)
        return found

    def graded(self, echoes: tuple[tuple[str, ...], ...], what: str, bits: NDArray[np.int16]) -> Grades:
        masks = masks_of(echoes)
        alike = ((bits[:, None] & masks) == masks).astype(np.float32)
        went = self.went[what][:, : self.count]
        counts = alike @ went
        rows, spoke, choices = np.nonzero(counts)
        written = (alike[..., self.motif :] @ went[:, self.motif :])[rows, spoke, choices]
        found = counts[rows, spoke, choices]
        shares = found * EMPHASIS / counts.sum(-1)[rows, spoke]
        grades: Floats = np.log1p(np.stack([shares, found, written], 1))
        return Grades(rows, spoke, choices, grades)


@cache
def masks_of(echoes: tuple[tuple[str, ...], ...]) -> NDArray[np.int16]:
    """A bit for each column that must be alike, `(echoes, 1)`."""
    return np.array([[sum(1 << COLUMNS.index(name) for name in names)] for names in echoes], np.int16)


def grown(table: NDArray[Any], empty: int) -> NDArray[Any]:
    return np.concatenate([table, np.full((table.shape[0], ROOM, table.shape[2]), empty, table.dtype)], 1)


LENGTH, SYMBOL = COLUMNS.index("length"), COLUMNS.index("symbol_before")
INTERVALS = slice(COLUMNS.index("interval_before"), COLUMNS.index("interval_two_before") + 1)
PLACE_BITS = np.array([1 << column for column in range(len(COLUMNS))], np.float32)


def with_echoes_of_lengths(scores: Floats, echoing: Echoing, echoes: Echoes, onsets: Rows) -> Floats:
    """The network's scores of lengths `(B, lengths)` and what speaks for each besides."""
    said = echoes.of_lengths(onsets).summed(echoing.lengths, *scores.shape)
    found: Floats = np.float32(echoing.length_scale) * scores + said
    return found


def with_echoes_of_pitches(scores: Floats, echoing: Echoing, echoes: Echoes, lengths: Rows) -> Floats:
    """The same of pitches `(B, PITCH_CHOICES)`."""
    by_pitch, by_interval = echoes.of_pitches(lengths)
    said = by_pitch.summed(echoing.pitches, *scores.shape) + by_interval.summed(echoing.intervals, *scores.shape)
    found: Floats = np.float32(echoing.pitch_scale) * scores + said
    return found


def read_echoing(path: Path) -> Echoing:
    with np.load(path) as stored:
        lengths, pitches, intervals = (stored[name].astype(np.float32) for name in ("lengths", "pitches", "intervals"))
        return Echoing(lengths, pitches, intervals, float(stored["scales"][0]), float(stored["scales"][1]))


def write_echoing(path: Path, echoing: Echoing) -> None:
    arrays = {name: getattr(echoing, name) for name in ("lengths", "pitches", "intervals")}
    scales = np.array([echoing.length_scale, echoing.pitch_scale], np.float32)
    np.savez_compressed(path, allow_pickle=False, scales=scales, **arrays)
