"""Chords under a melody, guessed from the notes that sound together: what the model is told of harmony."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.sections import Section
from assistant.vary.learned.steps import LOWEST, REST, Bars

SHAPES = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 7, 10))
DIATONIC = frozenset({0, 2, 4, 5, 7, 9, 11})


def templates() -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Bits, tones `(chords, 12)` and a small preference for the plain chords of the key."""
    bits, tones, prior = [], [], []
    for root in range(12):
        for shape in SHAPES:
            pitch_classes = [(root + step) % 12 for step in shape]
            bits.append(sum(1 << pitch_class for pitch_class in pitch_classes))
            tones.append([float(pc in pitch_classes) for pc in range(12)])
            outside = len(set(pitch_classes) - DIATONIC)
            prior.append(-0.12 * outside - 0.05 * (len(shape) - 3) - 0.04 * (root not in (0, 5, 7, 9)))
    return np.array(bits), np.array(tones), np.array(prior)


def chord_span(bar_ticks: int, beat_ticks: int) -> int:
    """How long a chord lasts: half a bar where that is whole beats, otherwise a bar."""
    return bar_ticks // 2 if bar_ticks % (2 * beat_ticks) == 0 and bar_ticks >= 72 else bar_ticks


def chords_of(voices: Sequence[Bars], bar_ticks: int, beat_ticks: int) -> NDArray[np.int64]:
    """The tones above `do` of the likeliest chord as 12 bits, for each `chord_span` of the passage; 0 in silence."""
    span = chord_span(bar_ticks, beat_ticks)
    weights = np.zeros((max(len(bars) for bars in voices) * bar_ticks // span, 12))
    for bars in voices:
        for number, bar in enumerate(bars):
            for step in bar:
                if step.pitch != REST:
                    moment = number * bar_ticks + step.onset
                    strong = 1.5 if moment % span == 0 else 1.0
                    weights[moment // span, (step.pitch + LOWEST) % 12] += strong * step.ticks
    bits, tones, prior = templates()
    total = weights.sum(1, keepdims=True)
    scores = weights @ tones.T / np.maximum(1, total) + prior
    return np.where(total[:, 0] > 0, bits[scores.argmax(1)], 0)


def section_chords(sections: Sequence[Section]) -> dict[str, NDArray[np.int64]]:
    """For each section, by id, a chord for each span: from all parts of a quartet together, else from the melody."""
    together: dict[tuple[str, str, int], list[Section]] = {}
    for section in sections:
        movement = section.id.rpartition(".")[2]
        together.setdefault((section.score, movement, len(section.bars)), []).append(section)
    found: dict[str, NDArray[np.int64]] = {}
    for parts in together.values():
        chords = chords_of([tuple(b or () for b in p.bars) for p in parts], parts[0].bar_ticks, parts[0].beat_ticks)
        found |= {part.id: chords for part in parts}
    return found
