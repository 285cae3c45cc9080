"""Expressive phrases of one voice, drawn from a seed: notes, and how pitch and loudness move inside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]
FRAMES_A_SECOND = 250


@dataclass(frozen=True, slots=True)
class Sung:
    """A note from `start` to `end` in seconds, `velocity` 1..127."""

    start: float
    end: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """`bend` in semitones and `expression` 0..127, 250 values a second; `pitch` the note's number, held through
    rests.
    """

    notes: tuple[Sung, ...]
    bend: Curve
    expression: Curve
    pitch: Curve

    @property
    def hz(self) -> NDArray[np.float32]:
        return (440 * 2 ** ((self.pitch + self.bend - 69) / 12)).astype(np.float32)


def phrase(seed: int, low: int, high: int, seconds: float, *, plucked: bool = False) -> Phrase:
    """Steps and leaps, legato and detached, loud and soft, with vibrato, scoops and swells; `plucked` has none."""
    draw = np.random.default_rng(seed)
    notes = _notes(draw, low, high, seconds)
    frames = int(seconds * FRAMES_A_SECOND)
    times = np.arange(frames) / FRAMES_A_SECOND
    bend, expression, pitch = np.zeros(frames), np.full(frames, 115.0), np.full(frames, float(notes[0].pitch))
    for number, note in enumerate(notes):
        inside = slice(int(note.start * FRAMES_A_SECOND), int(note.end * FRAMES_A_SECOND))
        since = times[inside] - note.start
        following = notes[number + 1].start if number + 1 < len(notes) else seconds
        pitch[inside.start : int(following * FRAMES_A_SECOND)] = note.pitch
        if plucked or len(since) == 0:
            continue
        if draw.random() < 0.7:
            rise = np.clip((since - draw.uniform(0, 0.35)) / 0.25, 0, 1)
            bend[inside] += draw.uniform(0.05, 0.45) * rise * np.sin(2 * np.pi * draw.uniform(4.3, 6.8) * since)
        if number and draw.random() < 0.2:
            scoop = float(np.clip(notes[number - 1].pitch - note.pitch, -1.5, 1.5))
            bend[inside] += scoop * np.exp(-since / draw.uniform(0.02, 0.08))
        expression[inside] = _swell(draw, since / max(note.end - note.start, 1e-3))
    kernel = np.ones(9) / 9
    smooth = np.convolve(np.pad(expression, 4, mode="edge"), kernel, mode="valid")
    return Phrase(notes, np.clip(bend, -2, 2), smooth, pitch)


def _notes(draw: np.random.Generator, low: int, high: int, seconds: float) -> tuple[Sung, ...]:
    now, pitch = 0.15, int(draw.integers(low, high + 1))
    level = draw.uniform(35, 120)
    notes: list[Sung] = []
    while now < seconds - 0.6:
        short = draw.random() < 0.3
        length = draw.uniform(0.12, 0.3) if short else float(np.exp(draw.uniform(np.log(0.15), np.log(1.8))))
        length = min(length, seconds - 0.4 - now)
        if length < 0.1:
            break
        pitch = int(np.clip(pitch + round(draw.normal(0, 4)), low, high))
        if draw.random() < 0.08:
            pitch = int(draw.integers(low, high + 1))
        if draw.random() < 0.25:
            level = draw.uniform(35, 120)
        velocity = int(np.clip(level + draw.normal(0, 8), 25, 124))
        notes.append(Sung(now, now + length, pitch, velocity))
        now += length
        if draw.random() < 0.18:
            now += draw.uniform(0.05, 0.5)
    return tuple(notes)


def _swell(draw: np.random.Generator, share: Curve) -> Curve:
    start, end = draw.uniform(80, 127, 2)
    shapes = (
        np.full(len(share), start),
        start + (end - start) * np.clip(share, 0, 1),
        start * (0.6 + 0.4 * np.sin(np.pi * share)),
        start * (1 - 0.4 * np.sin(np.pi * share)),
    )
    return shapes[int(draw.integers(len(shapes)))]
