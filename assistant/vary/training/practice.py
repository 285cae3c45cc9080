"""Draws exercises from sections: human variations, repaired damage, gaps to fill, answers."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.controls import Controls
from assistant.vary.learned.harmony import chord_span, section_chords
from assistant.vary.learned.likeness import likeness
from assistant.vary.learned.pairs import Pair, mine_pairs, passage
from assistant.vary.learned.sections import Section
from assistant.vary.learned.steps import LENGTH_INDEX, METRES, PITCHES, Bars, beat_ticks, metre_index
from assistant.vary.training.damage import damaged
from assistant.vary.training.exercises import Exercise

BAR_ODDS = {1: 0.05, 2: 0.15, 3: 0.06, 4: 0.34, 6: 0.08, 8: 0.26, 12: 0.04, 16: 0.02}
TASK_ODDS = {"vary": 0.68, "denoise": 0.07, "infill": 0.18, "answer": 0.07}
Scalar = TypeVar("Scalar", bound=np.generic)
COUNTED = ("overlap", "rhythm", "density", "contour")
SLOWER = {(2, 4): (4, 4), (3, 4): (3, 2), (3, 8): (3, 4), (6, 8): (6, 4)}
"""The metre in which the same bars are written with notes twice as long."""


class Practice:
    """An endless supply of exercises from `sections`, the same for the same seed."""

    def __init__(self, sections: Sequence[Section], *, seed: int, most_steps: int = 112) -> None:
        self.random = random.Random(seed)
        self.most_steps = most_steps
        self.chords = section_chords(sections)
        self.pairs: dict[int, list[list[Pair]]] = {}
        self.pair_odds: dict[int, list[float]] = {}
        self.windows: dict[int, list[tuple[Section, int]]] = {
            bars: [(section, first) for section in sections for first in section.runs(bars)] for bars in BAR_ODDS
        }
        self.bar_odds = {bars: odds for bars, odds in BAR_ODDS.items() if self.windows[bars]}
        by_bars: dict[int, list[list[Pair]]] = defaultdict(list)
        for section in sections:
            of_section: dict[int, list[Pair]] = defaultdict(list)
            for pair in mine_pairs(section, tuple(BAR_ODDS)):
                of_section[pair.bars].append(pair)
            for bars, pairs in of_section.items():
                by_bars[bars].append(pairs)
        for bars, lists in by_bars.items():
            self.pairs[bars] = lists
            # A strophic song has hundreds of pairs that are nearly the same; a root keeps it from filling the lesson.
            self.pair_odds[bars] = [len(pairs) ** 0.5 for pairs in lists]

    def draw(self, task: str | None = None, *, plain: bool = False) -> Exercise:
        """A new exercise; `plain`: nothing locked or hidden, everything asked, nothing counted down."""
        chosen = task or self.random.choices(tuple(TASK_ODDS), tuple(TASK_ODDS.values()))[0]
        while True:
            section, source, target, first = self.material(chosen)
            notes = sum(step.begins for bar in target for step in bar)
            heard = sum(step.begins for bar in source for step in bar)
            longest = max(sum(map(len, source)), sum(map(len, target)))
            if notes >= 3 and heard >= 3 and longest <= self.most_steps:
                break
        return self.exercise(chosen, section, source, target, first, plain=plain)

    def material(self, task: str) -> tuple[Section, Bars, Bars, int]:
        """Source, target and the bar of the section at which the target begins."""
        rng = self.random
        bars = rng.choices(tuple(self.bar_odds), tuple(self.bar_odds.values()))[0]
        if task == "vary" and bars in self.pairs:
            pair = rng.choice(rng.choices(self.pairs[bars], self.pair_odds[bars])[0])
            first, second = (pair.first, pair.second) if rng.random() < 0.5 else (pair.second, pair.first)
            return pair.section, passage(pair.section, first, bars), passage(pair.section, second, bars), second
        if task == "answer":
            bars = bars if self.windows.get(2 * bars) else 2
            section, first = rng.choice(self.windows[2 * bars])
            return section, passage(section, first, bars), passage(section, first + bars, bars), first + bars
        section, first = rng.choice(self.windows[bars])
        target = passage(section, first, bars)
        if task == "denoise":
            others = [bar for bar in section.bars if bar]
            return section, damaged(target, others, rng), target, first
        return section, target, target, first

    def exercise(self, task: str, section: Section, source: Bars, target: Bars, first: int, *, plain: bool) -> Exercise:
        rng = self.random
        bars, ticks = len(target), section.bar_ticks
        hidden, locked_bars = self.gaps(task, bars, plain=plain)
        source = tuple(target[n] if locked_bars[n] else source[n] for n in range(bars))
        locked = np.repeat(np.array(locked_bars), ticks)
        if not plain and rng.random() < 0.15:
            locked |= self.pinned(source, target, ticks)
        controls = Controls()
        free = tuple(n for n in range(bars) if not locked_bars[n])
        if task != "infill" and not any(hidden):
            full = Controls.of(likeness(tuple(source[n] for n in free), tuple(target[n] for n in free), ticks))
            controls = full if plain else self.some(full)
        elif not all(hidden) and task == "infill" and rng.random() < 0.4:
            controls = self.some(gap_controls(target, hidden))
        shown = not any(hidden) and not plain and task != "answer"
        counted = (
            frozenset(name for name in COUNTED if rng.random() < 0.6) if shown and rng.random() < 0.7 else frozenset()
        )
        chords = np.zeros(bars * ticks, np.int64)
        if not plain and rng.random() < 0.3:
            chords = self.chord_ticks(section, first, bars)
        metre = section.metre
        made = Exercise(
            source,
            target,
            task,
            metre_index(*metre),
            ticks,
            section.beat_ticks,
            hidden,
            locked,
            chords,
            controls,
            counted,
        )
        return made if plain else self.disguised(made, metre)

    def gaps(self, task: str, bars: int, *, plain: bool) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
        """Which bars are hidden, and which are locked."""
        rng = self.random
        if task == "infill":
            count = max(
                1, min(bars, rng.choice([1, 2, bars // 2, bars // 2, bars - 1, bars if rng.random() < 0.3 else 1]))
            )
            chosen = set(range(bars - count, bars)) if rng.random() < 0.4 else set(rng.sample(range(bars), count))
            hidden = tuple(n in chosen for n in range(bars))
            return hidden, tuple(not gone for gone in hidden)
        nothing = (False,) * bars
        if plain or bars == 1 or rng.random() > 0.25:
            return nothing, nothing
        held = set(rng.sample(range(bars), rng.randrange(1, bars)))
        locked = tuple(n in held for n in range(bars))
        hidden = tuple(not kept and rng.random() < 0.4 for kept in locked) if rng.random() < 0.2 else nothing
        return hidden, locked

    def pinned(self, source: Bars, target: Bars, bar_ticks: int) -> NDArray[np.bool_]:
        """The ticks of some of the notes that source and target share."""
        pinned = np.zeros(len(source) * bar_ticks, np.bool_)
        share = self.random.choice((0.2, 0.5, 0.9))
        for number, (bar, other) in enumerate(zip(source, target, strict=True)):
            for step in set(bar) & set(other):
                if step.pitch < PITCHES and self.random.random() < share:
                    pinned[number * bar_ticks + step.onset : number * bar_ticks + step.end] = True
        return pinned

    def some(self, controls: Controls) -> Controls:
        """The same request with some things left free: often all, often only the closeness."""
        rng = self.random
        kind = rng.random()
        if kind < 0.25:
            return controls
        if kind < 0.4:
            return Controls()
        kept = rng.choice((0.3, 0.6, 0.8))
        return controls.without(*(name for name in Controls.__slots__ if rng.random() > kept))

    def chord_ticks(self, section: Section, first: int, bars: int) -> NDArray[np.int64]:
        span = chord_span(section.bar_ticks, section.beat_ticks)
        per_bar = section.bar_ticks // span
        chords = self.chords[section.id][first * per_bar : (first + bars) * per_bar].copy()
        if self.random.random() < 0.3:
            chords[[self.random.random() < 0.4 for _ in chords]] = 0
        return np.repeat(chords, span)

    def disguised(self, exercise: Exercise, metre: tuple[int, int]) -> Exercise:
        """Sometimes an octave away, or written in notes twice or half as long."""
        rng = self.random
        if rng.random() < 0.08:
            exercise = octave_away(exercise, rng.choice((-12, 12)))
        if rng.random() < 0.15:
            faster = {slow: fast for fast, slow in SLOWER.items()}
            table, factor = rng.choice(((SLOWER, 2), (faster, 0.5)))
            if metre in table:
                exercise = respelled(exercise, table[metre], factor)
        return exercise


def gap_controls(target: Bars, hidden: tuple[bool, ...]) -> Controls:
    """Density and register of the gaps against the bars that are shown."""
    gone = [step for bar, out in zip(target, hidden, strict=True) if out for step in bar if step.begins]
    left = [step for bar, out in zip(target, hidden, strict=True) if not out for step in bar if step.begins]
    if not gone or not left:
        return Controls()
    density = len(gone) / sum(hidden) / (len(left) / (len(hidden) - sum(hidden)))
    register = float(np.mean([s.pitch for s in gone]) - np.mean([s.pitch for s in left]))
    return Controls(density=density, register=register)


def octave_away(exercise: Exercise, semitones: int) -> Exercise:
    steps = [step for bars in (exercise.source, exercise.target) for bar in bars for step in bar]
    if any(step.pitch < PITCHES and not 0 <= step.pitch + semitones < PITCHES for step in steps):
        return exercise

    def moved(bars: Bars) -> Bars:
        return tuple(
            tuple(s._replace(pitch=s.pitch + semitones) if s.pitch < PITCHES else s for s in bar) for bar in bars
        )

    return with_music(exercise, moved(exercise.source), moved(exercise.target))


def with_music(exercise: Exercise, source: Bars, target: Bars) -> Exercise:
    return Exercise(
        source,
        target,
        exercise.task,
        exercise.metre,
        exercise.bar_ticks,
        exercise.beat_ticks,
        exercise.hidden,
        exercise.locked,
        exercise.chords,
        exercise.controls,
        exercise.countdowns,
    )


def respelled(exercise: Exercise, metre: tuple[int, int], factor: float) -> Exercise:
    """The same music in notes `factor` times as long, or unchanged where a length would have no symbol."""
    steps = [step for bars in (exercise.source, exercise.target) for bar in bars for step in bar]
    if any(step.ticks * factor not in LENGTH_INDEX or step.onset * factor % 1 for step in steps):
        return exercise
    ticks = int(exercise.bar_ticks * factor)

    def scaled(bars: Bars) -> Bars:
        return tuple(
            tuple(s._replace(onset=int(s.onset * factor), length=LENGTH_INDEX[int(s.ticks * factor)]) for s in bar)
            for bar in bars
        )

    def stretched(values: NDArray[Scalar]) -> NDArray[Scalar]:
        return np.repeat(values, 2) if factor == 2 else values[::2]

    assert metre in METRES
    return Exercise(
        scaled(exercise.source),
        scaled(exercise.target),
        exercise.task,
        metre_index(*metre),
        ticks,
        beat_ticks(*metre),
        exercise.hidden,
        stretched(exercise.locked),
        stretched(exercise.chords),
        exercise.controls,
        exercise.countdowns,
    )
