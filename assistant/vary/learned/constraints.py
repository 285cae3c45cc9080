"""What must hold whatever the model would rather write: masks over lengths and pitches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.features import Rows
from assistant.vary.learned.steps import LENGTHS, LOWEST, PITCH_CHOICES, PITCHES, REST, TIED, Bars, Step, joined_notes

KEEPS = ("", "rhythm", "contour", "pitches")


@dataclass(frozen=True, slots=True)
class Constraints:
    """`locked` and `hidden` bars by number from 0; `pinned` notes of the source by (bar, onset tick).

    `tones`: the pitch classes above `do` that new notes may have; `lowest`, `highest`: pitch indices; `keep` what every
    new note has from the source: its rhythm, its direction of movement, or its pitches in order.
    """

    locked: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()
    pinned: frozenset[tuple[int, int]] = frozenset()
    tones: frozenset[int] | None = None
    lowest: int = 0
    highest: int = PITCHES - 1
    keep: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """Constraints laid out by tick. `forced_*` are symbols or -1; `lengths` what may follow at a tick."""

    locked: NDArray[np.bool_]
    forced_length: Rows
    forced_symbol: Rows
    lengths: NDArray[np.bool_]
    pitches: NDArray[np.bool_] = field(default_factory=lambda: np.ones(PITCH_CHOICES, np.bool_))


def rules_of(source: Bars, constraints: Constraints, bar_ticks: int) -> Rules:
    """Constraints by tick. `lengths` has shape (ticks, lengths): none crosses a bar line, runs into a locked note or
    leaves the grid."""
    ticks = len(source) * bar_ticks
    locked = np.zeros(ticks, np.bool_)
    forced_length, forced_symbol = np.full(ticks, -1), np.full(ticks, -1)
    held = held_steps(source, constraints)
    for number, bar in enumerate(source):
        for step in bar:
            start, end = number * bar_ticks + step.onset, number * bar_ticks + step.end
            if (number, step.onset) in held:
                locked[start:end] = True
                forced_length[start], forced_symbol[start] = step.length, step.symbol
            elif constraints.keep == "rhythm" and number not in constraints.hidden:
                forced_length[start] = step.length
                if step.symbol >= PITCHES:
                    forced_symbol[start] = step.symbol
    return Rules(
        locked,
        forced_length,
        forced_symbol,
        allowed_lengths(source, locked, forced_length, bar_ticks),
        allowed_pitches(constraints),
    )


def held_steps(source: Bars, constraints: Constraints) -> set[tuple[int, int]]:
    """Bar and onset of each step that stays: a locked bar keeps whole the notes that sound in it."""
    held: set[tuple[int, int]] = set()
    note: list[tuple[int, int]] = []
    for number, bar in enumerate(source):
        for step in bar:
            note = [*note, (number, step.onset)] if step.tied else [(number, step.onset)]
            if number in constraints.locked or any(place in constraints.pinned or place in held for place in note):
                held.update(note)
    return held


def feasible(line: Sequence[int], fixed: Sequence[bool], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pitches `(notes, PITCHES)` that each note of a line of kept contour may have for all later ones to follow."""
    found = np.zeros((len(line), PITCHES), np.bool_)
    index = np.arange(PITCHES)
    moves = np.sign(index[None] - index[:, None])
    for note in range(len(line) - 1, -1, -1):
        found[note] = index == line[note] if fixed[note] else allowed[:PITCHES]
        if note + 1 < len(line):
            asked = np.sign(line[note + 1] - line[note])
            found[note] &= ((moves == asked) & found[note + 1][None]).any(1)
    return found


def allowed_pitches(constraints: Constraints) -> NDArray[np.bool_]:
    allowed = np.ones(PITCH_CHOICES, np.bool_)
    index = np.arange(PITCHES)
    allowed[:PITCHES] = (index >= constraints.lowest) & (index <= constraints.highest)
    if constraints.tones is not None:
        allowed[:PITCHES] &= np.isin((index + LOWEST) % 12, list(constraints.tones))
    return allowed


def allowed_lengths(source: Bars, locked: NDArray[np.bool_], forced: Rows, bar_ticks: int) -> NDArray[np.bool_]:
    ticks = len(locked)
    stops = np.flatnonzero(np.concatenate([locked[1:] & ~locked[:-1], [False]])) + 1
    bar_ends = (np.arange(ticks) // bar_ticks + 1) * bar_ticks
    next_stop = np.concatenate([stops, [ticks]])[np.searchsorted(stops, np.arange(ticks), "right")]
    room = np.minimum(bar_ends, next_stop) - np.arange(ticks)
    lengths = np.array(LENGTHS)
    fits = lengths[None] <= room[:, None]
    onsets = {step.onset for bar in source for step in bar}
    usual = np.array([t % 3 == 0 or t % 4 == 0 or t in onsets for t in range(bar_ticks)] * (ticks // bar_ticks))
    ends = np.minimum(np.arange(ticks)[:, None] + lengths, ticks)
    tidy = np.concatenate([usual, [True]])[ends] | (lengths == room[:, None])
    found: NDArray[np.bool_] = np.where((fits & tidy).any(1, keepdims=True), fits & tidy, fits)
    rows = np.flatnonzero(forced >= 0)
    found[rows] = False
    found[rows, forced[rows]] = True
    return found


NOT_A_NOTE = np.isin(np.arange(PITCH_CHOICES), (REST, TIED))


def broken(source: Bars, varied: Bars, constraints: Constraints, bar_ticks: int) -> str:
    """The first thing that a passage does not hold, in words; empty where all holds."""
    if len(varied) != len(source) or any(not full(bar, bar_ticks) for bar in varied):
        return "length"
    rules = rules_of(source, constraints, bar_ticks)
    mine, theirs = joined_notes(varied, bar_ticks), joined_notes(source, bar_ticks)
    pinned = {number * bar_ticks + onset for number, onset in constraints.pinned}
    if any(note[0] in pinned and note not in mine for note in theirs):
        return "pinned"
    if any(varied[number] != source[number] for number in constraints.locked):
        return "locked"
    free = [step for n, bar in enumerate(varied) for step in bar if not rules.locked[n * bar_ticks + step.onset]]
    if any(step.begins and not rules.pitches[step.pitch] for step in free):
        return "key or range"
    if constraints.keep == "rhythm" and [n[:2] for n in mine] != [n[:2] for n in theirs]:
        return "rhythm"
    pitches, asked = [n[2] for n in mine], [n[2] for n in theirs]
    if constraints.keep == "pitches" and pitches != asked:
        return "pitches"
    if constraints.keep == "contour" and list(np.sign(np.diff(pitches))) != list(np.sign(np.diff(asked))):
        return "contour"
    return ""


def full(bar: tuple[Step, ...], bar_ticks: int) -> bool:
    """Whether the steps follow on each other and fill the bar."""
    ends = [0, *(step.end for step in bar)]
    return ends[-1] == bar_ticks and [step.onset for step in bar] == ends[:-1]
