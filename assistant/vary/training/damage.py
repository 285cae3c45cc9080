"""Music made worse: what the model learns to repair."""

from __future__ import annotations

import random
from collections.abc import Sequence

from assistant.vary.learned.steps import LENGTH_INDEX, LOWEST, PITCHES, Bar, Bars, Step

MAJOR = (0, 2, 4, 5, 7, 9, 11)


def along_scale(pitch: int, steps: int) -> int:
    """A pitch index moved by steps of the key signature's scale; unchanged where that is out of range."""
    octave, within = divmod(pitch + LOWEST, 12)
    degree = max(index for index, tone in enumerate(MAJOR) if tone <= within)
    up, index = divmod(degree + steps, 7)
    moved = 12 * (octave + up) + MAJOR[index] - LOWEST
    return moved if 0 <= moved < PITCHES else pitch


def damaged(bars: Bars, others: Sequence[Bar], rng: random.Random) -> Bars:
    """Bars swapped for others, moved along the scale, with wrong, joined, split and exchanged notes."""
    force = rng.choice((0.3, 0.6, 0.9, 1.2))
    size = sum(step.ticks for step in bars[0])
    return tuple(damaged_bar(bar, [b for b in others if b[-1].end == size], force, rng) for bar in bars)


def damaged_bar(bar: Bar, others: Sequence[Bar], force: float, rng: random.Random) -> Bar:
    steps = [
        step._replace(tied=False) for step in (rng.choice(others) if rng.random() < force * 0.25 and others else bar)
    ]
    moved = rng.choice((-4, -3, -2, -1, 1, 2, 3, 4)) if rng.random() < force * 0.35 else 0
    wrong = rng.random() * force
    for index, step in enumerate(steps):
        if step.pitch < PITCHES:
            near = rng.choice((-2, -1, -1, 1, 1, 2)) if rng.random() < wrong else 0
            if moved + near:
                steps[index] = step._replace(pitch=along_scale(step.pitch, moved + near))
    steps = joined(steps, rng.random() * force * 0.8, rng)
    steps = divided(steps, rng.random() * force * 0.5, rng)
    if rng.random() < force * 0.4 and len(steps) > 1:
        at = rng.randrange(len(steps) - 1)
        a, b = steps[at], steps[at + 1]
        steps[at : at + 2] = [Step(a.onset, b.length, a.pitch), Step(a.onset + b.ticks, a.length, b.pitch)]
    return tuple(steps)


def joined(steps: list[Step], odds: float, rng: random.Random) -> list[Step]:
    found: list[Step] = []
    for step in steps:
        last = found[-1] if found else None
        if last and rng.random() < odds and last.ticks + step.ticks in LENGTH_INDEX:
            found[-1] = last._replace(length=LENGTH_INDEX[last.ticks + step.ticks])
        else:
            found.append(step)
    return found


def divided(steps: list[Step], odds: float, rng: random.Random) -> list[Step]:
    found: list[Step] = []
    for step in steps:
        first = rng.choice((step.ticks // 2, step.ticks // 2, 2 * step.ticks // 3, 3 * step.ticks // 4))
        rest = step.ticks - first
        if step.pitch < PITCHES and step.ticks >= 6 and rng.random() < odds and {first, rest} <= LENGTH_INDEX.keys():
            other = along_scale(step.pitch, rng.choice((-2, -1, 0, 1, 2)))
            found += [
                Step(step.onset, LENGTH_INDEX[first], step.pitch),
                Step(step.onset + first, LENGTH_INDEX[rest], other),
            ]
        else:
            found.append(step)
    return found
