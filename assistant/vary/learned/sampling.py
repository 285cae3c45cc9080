"""Writes variations: many at once, step by step, under constraints that always hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.constraints import NOT_A_NOTE, Constraints, Rules, feasible, rules_of
from assistant.vary.learned.controls import TASKS, Controls
from assistant.vary.learned.debts import Debts
from assistant.vary.learned.echoes import Echoes, with_echoes_of_lengths, with_echoes_of_pitches
from assistant.vary.learned.features import Frame, Rows, frame_of, parallel_pitch, shift_symbol
from assistant.vary.learned.likeness import cells_of
from assistant.vary.learned.network import Floats, Network, Writer, over_pitches, softmax, tones_of
from assistant.vary.learned.steps import LENGTH_NOTHING, LENGTHS, NOTHING, PITCHES, REST, TIED, Bars, Step


@dataclass(frozen=True, slots=True)
class Passage:
    """What is varied: bars of a metre, with a chord of 12 bits for each tick (0: no harmony asked)."""

    bars: Bars
    metre: int
    bar_ticks: int
    beat_ticks: int
    chords: Rows

    @property
    def ticks(self) -> int:
        return len(self.bars) * self.bar_ticks


@dataclass(frozen=True, slots=True)
class Manner:
    """How boldly to draw: `warmth` 1 as learned; of the likeliest choices that make up `nucleus`.

    `counted`: tell the model what is still owed to the request; `steering`: nats off for a pitch for each unit that it
    would leave the contour from the one asked for; `silence`: nats added to a rest.
    """

    task: str = "vary"
    warmth: float = 1.0
    nucleus: float = 0.94
    counted: bool = True
    steering: float = 12.0
    silence: float = 0.0


@dataclass(frozen=True, slots=True)
class Written:
    """A passage that the model wrote, and the mean of the logarithms (nats a step) of its free choices."""

    bars: Bars
    likelihood: float


def written(
    network: Network,
    passage: Passage,
    wanted: Sequence[Controls],
    constraints: Constraints,
    *,
    manner: Manner,
    seed: int,
) -> list[Written]:
    """One variation for each of `wanted`. The same arguments give the same music."""
    pen = Pen(network, passage, wanted, constraints, manner, seed)
    while pen.moment.min() < passage.ticks:
        pen.write()
    return pen.results()


class Pen:
    """B passages on their way: where each has come to, and what it was before."""

    def __init__(
        self,
        network: Network,
        passage: Passage,
        wanted: Sequence[Controls],
        constraints: Constraints,
        manner: Manner,
        seed: int,
    ) -> None:
        rows = len(wanted)
        self.network, self.passage, self.manner, self.constraints = network, passage, manner, constraints
        self.random = np.random.default_rng(seed)
        self.rules: Rules = rules_of(passage.bars, constraints, passage.bar_ticks)
        hidden = tuple(number in constraints.hidden for number in range(len(passage.bars)))
        self.frame: Frame = frame_of(
            passage.bars,
            hidden=hidden,
            locked=self.rules.locked,
            chords=passage.chords,
            bar_ticks=passage.bar_ticks,
            beat_ticks=passage.beat_ticks,
        )
        self.debts = Debts(
            cells_of(passage.bars, passage.bar_ticks),
            self.rules.locked,
            wanted,
            counted=manner.counted and not any(hidden),
        )
        asked = np.array([(TASKS.index(manner.task), passage.metre, *controls.symbols()) for controls in wanted])
        condition = network.condition(asked)
        self.writer = Writer(network, network.encoded(self.frame.source_rows, condition), condition, 64)
        self.static_input = network.static_input(self.frame.static, self.frame.chords)
        self.tones = over_pitches(tones_of(self.frame.chords))
        self.echoes = Echoes(rows, passage.bars, passage.bar_ticks, passage.beat_ticks, hidden)
        self.moment = np.zeros(rows, np.int64)
        self.writing = np.arange(rows)
        self.before_symbol, self.before_length = np.full(rows, NOTHING), np.full(rows, LENGTH_NOTHING)
        self.before, self.source_before = np.full(rows, PITCHES), np.full(rows, PITCHES)
        self.agreed = np.zeros(rows, np.int64)
        self.likelihood, self.choices = np.zeros(rows), np.zeros(rows)
        self.steps: list[list[list[Step]]] = [[[] for _ in passage.bars] for _ in wanted]
        begun = [
            (n * passage.bar_ticks + s.onset, s.pitch) for n, bar in enumerate(passage.bars) for s in bar if s.begins
        ]
        self.onsets, self.line = [moment for moment, _ in begun], [pitch for _, pitch in begun]
        fixed = [bool(self.rules.locked[moment]) for moment in self.onsets]
        self.open_pitches = feasible(self.line, fixed, self.rules.pitches)
        self.sung = np.zeros(rows, np.int64)
        self.stop, self.due = self.in_stretches()

    def write(self) -> None:
        """One more step of every passage that is not at its end."""
        at = np.minimum(self.moment, self.passage.ticks - 1)
        active = self.moment < self.passage.ticks
        static = self.frame.static[at]
        source_now = self.frame.source_pitch[at]
        dynamic = np.concatenate(
            [
                np.stack(
                    [
                        self.before_symbol,
                        self.before_length,
                        shift_symbol(self.before, self.source_before),
                        self.agreed,
                    ],
                    1,
                ),
                self.debts.symbols(at),
            ],
            1,
        )
        h = self.read(self.static_input[at], dynamic, np.flatnonzero(active))
        length_mask = self.rules.lengths[at]
        if self.constraints.keep in ("contour", "pitches"):
            length_mask = self.with_room_for_the_line(length_mask, at)
        scores = self.network.length_scores(h, static[:, 5])
        onsets = at % self.passage.bar_ticks
        if self.network.echoing:
            scores = with_echoes_of_lengths(scores, self.network.echoing, self.echoes, onsets)
        lengths, weight = self.drawn(scores, length_mask)
        centres = np.stack([self.before, source_now, parallel_pitch(self.before, self.source_before, source_now)], 1)
        scores = self.network.pitch_scores(h, lengths, centres, self.tones[at])
        if self.network.echoing:
            scores = with_echoes_of_pitches(scores, self.network.echoing, self.echoes, lengths)
        scores[:, REST] += np.float32(self.manner.silence)
        mask = self.pitch_mask(at, static, lengths)
        if self.manner.steering and self.debts.counted:
            off = self.manner.steering * self.debts.off_contour(at, LENGTH_TICKS[lengths])
            scores = steered(scores, mask, off.astype(np.float32))
        pitches, more = self.drawn(scores, mask)
        free = active & ~self.rules.locked[at]
        self.likelihood += np.where(free, weight + more, 0)
        self.choices += free
        self.take(np.flatnonzero(active), at, lengths, pitches)
        self.echoes.write(onsets, lengths, pitches)
        on_onset = static[:, 6] == 1
        self.agreed = np.where(on_onset, 1 + (static[:, 5] == lengths), 0)
        begun = active & (pitches < PITCHES)
        self.sung += begun
        self.before = np.where(begun, pitches, self.before)
        self.source_before = np.where(begun, source_now, self.source_before)
        self.before_symbol, self.before_length = pitches, lengths
        self.moment = np.where(active, self.moment + LENGTH_TICKS[lengths], self.moment)

    def read(self, static_input: Floats, dynamic: Rows, active: Rows) -> Floats:
        """What the network makes of the last step of each passage; of those at their end it may be nothing."""
        if len(active) <= MOST_OF * len(self.writing):
            self.writer.go_on_with(np.searchsorted(self.writing, active))
            self.writing = active
        h = np.zeros_like(static_input)
        h[self.writing] = self.writer.step(static_input[self.writing], dynamic[self.writing])
        return h

    def take(self, rows: Rows, at: Rows, lengths: Rows, symbols: Rows) -> None:
        """Write down what was chosen for each of `rows`."""
        tied = symbols == TIED
        pitches = np.where(tied, self.before, symbols)
        chosen = zip(*(each[rows].tolist() for each in (at, lengths, pitches, tied)), strict=True)
        for row, (moment, length, pitch, over) in zip(rows.tolist(), chosen, strict=True):
            bar, onset = divmod(moment, self.passage.bar_ticks)
            self.steps[row][bar].append(Step(onset, length, pitch, over))
        self.debts.write(rows, at[rows], LENGTH_TICKS[lengths[rows]], pitches[rows], symbols[rows] < PITCHES)

    def pitch_mask(self, at: Rows, static: Rows, lengths: Rows) -> NDArray[np.bool_]:
        """Shape `(B, PITCH_CHOICES)`; what is forced wins over everything."""
        mask = np.repeat(self.rules.pitches[None], len(at), 0)
        # A note goes on only over a bar line, and never beyond the end that a locked note has.
        after_lock = self.rules.locked[np.maximum(at - 1, 0)] & ~self.rules.locked[at] & (at > 0)
        tie = (static[:, 0] == 0) & (self.before_symbol != REST) & (self.before_symbol != NOTHING) & ~after_lock
        mask[:, TIED] &= tie
        if self.constraints.keep == "rhythm":
            sounds = (self.rules.forced_symbol[at] < 0) & (self.rules.forced_length[at] >= 0)
            mask[np.ix_(sounds, NOT_A_NOTE)] = False
        elif self.constraints.keep:
            self.mask_line(mask, at, lengths)
        forced = self.rules.forced_symbol[at]
        rows = np.flatnonzero(forced >= 0)
        mask[rows] = False
        mask[rows, forced[rows]] = True
        return mask

    def mask_line(self, mask: NDArray[np.bool_], at: Rows, lengths: Rows) -> None:
        """As many notes as the source has up to the next locked one; its pitches, or its direction of movement."""
        for row, sung in enumerate(self.sung):
            due, left = int(self.due[at[row]]), int(self.stop[at[row]] - at[row] - LENGTHS[lengths[row]])
            if sung >= due:
                mask[row, :PITCHES] = False
                continue
            if left < 12 * (due - sung):
                mask[row, NOT_A_NOTE] = False
            if self.constraints.keep == "pitches":
                mask[row, :PITCHES] = PITCH_RANGE[0] == self.line[sung]
                continue
            mask[row, :PITCHES] &= self.open_pitches[sung]
            if sung > 0:
                asked = np.sign(self.line[sung] - self.line[sung - 1])
                mask[row, :PITCHES] &= np.sign(PITCH_RANGE[0] - self.before[row]) == asked

    def with_room_for_the_line(self, mask: NDArray[np.bool_], at: Rows) -> NDArray[np.bool_]:
        """Lengths that leave the notes still to come before the next locked one room enough."""
        to_come = np.maximum(0, self.due[at] - self.sung - 1)
        left = self.stop[at] - at
        unit = np.clip(left // (to_come + 1), 1, 12)
        short = mask & (LENGTH_TICKS[None] <= np.maximum(unit, left - to_come * unit)[:, None])
        return np.where(short.any(1, keepdims=True), short, mask)

    def in_stretches(self) -> tuple[Rows, Rows]:
        """For each tick, where the next locked note begins, and how many notes of the source begin before that."""
        locked = self.rules.locked
        starts = np.flatnonzero(locked & ~np.concatenate([[False], locked[:-1]]))
        stop = np.concatenate([starts, [self.passage.ticks]])[
            np.searchsorted(starts, np.arange(self.passage.ticks), "right")
        ]
        return stop, np.searchsorted(np.array(self.onsets), stop, "left")

    def drawn(self, scores: Floats, mask: NDArray[np.bool_]) -> tuple[Rows, NDArray[np.float64]]:
        """A choice for each row and the logarithm of its odds."""
        odds = softmax(np.where(mask, scores / np.float32(self.manner.warmth), np.float32(-1e9)))
        order = np.argsort(-odds, 1)
        ranked = np.take_along_axis(odds, order, 1).astype(np.float64)
        ranked[ranked.cumsum(1) - ranked >= self.manner.nucleus] = 0
        total = ranked.cumsum(1)
        place = (total < self.random.random((len(odds), 1)) * total[:, -1:]).sum(1)
        chosen = order[np.arange(len(odds)), place]
        return chosen, np.log(odds[np.arange(len(odds)), chosen].astype(np.float64) + 1e-12)

    def results(self) -> list[Written]:
        mean = self.likelihood / np.maximum(1, self.choices)
        return [
            Written(tuple(tuple(bar) for bar in bars), float(value))
            for bars, value in zip(self.steps, mean, strict=True)
        ]


MOST_OF = 0.75
"""When no more than this share of the passages is still being written, the network lets go of the others."""
LENGTH_TICKS = np.array(LENGTHS)
PITCH_RANGE = np.arange(PITCHES)[None]


def steered(scores: Floats, mask: NDArray[np.bool_], off: Floats) -> Floats:
    """Scores less `off` for the pitches, whose odds against silence and ties stay as they were."""
    before = np.where(mask, scores, np.float32(-1e9))[:, :PITCHES]
    after = before - off
    found = scores.copy()
    found[:, :PITCHES] = after + (total(before) - total(after))
    return found


def total(scores: Floats) -> Floats:
    """The logarithm of the sum of the odds of each row, shape `(B, 1)`."""
    most = scores.max(1, keepdims=True)
    summed: Floats = most + np.log(np.exp(scores - most).sum(1, keepdims=True))
    return summed
