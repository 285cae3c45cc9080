"""An ear that has learned how what the model writes differs from what people write, to choose by.

It only chooses: candidates are drawn with the odds that a human wrote them (importance resampling), so that their
spread as well as their middle comes to that of human variations. The judges of the evaluation are others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.likeness import likeness
from assistant.vary.learned.page import sheet_of
from assistant.vary.learned.steps import LOWEST, REST, Bars
from assistant.vary.phrase import Phrase
from assistant.vary.plausible import MelodyModel

REPEATS = 1500
RATE = 0.3
RIDGE = 0.01
MAJOR = (0, 2, 4, 5, 7, 9, 11)
LIKENESS, OVERLAP = range(11, 15), 11
"""Where in `heard_in_notes` the likeness to the source begins and ends, and where the overlap is."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A logistic model of features and their squares."""

    middle: NDArray[np.float64]
    spread: NDArray[np.float64]
    slope: NDArray[np.float64]

    def scores(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """The logarithm of how much likelier a human wrote each, up to a constant."""
        found: NDArray[np.float64] = expanded((features - self.middle) / self.spread) @ self.slope
        return found


def heard_features(candidates: Sequence[Phrase], source: Phrase, habits: MelodyModel) -> NDArray[np.float64]:
    """What the listener hears, shape `(n, 30)`: `heard_in_notes`, bits a note of the rhythm and of the pitches, and how
    all but the likeness differs from the source, for people keep to the manner of what they vary."""
    sheet = sheet_of(source)
    read = sheet.read(source)
    notes = np.array([heard_in_notes(sheet.read(phrase), read, sheet.bar_ticks) for phrase in (source, *candidates)])
    heard = np.concatenate([notes, habits.bits_apart([source, *candidates]).round(9)], 1)
    of_itself = [column for column in range(heard.shape[1]) if column not in LIKENESS]
    return np.concatenate([heard[1:], (heard[1:] - heard[0])[:, of_itself]], 1)


def expanded(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """With squares and a constant; what is far out counts as 4 spreads."""
    z = np.clip(z, -4, 4)
    return np.concatenate([z, z * z - 1, np.ones((len(z), 1))], 1)


def listener_of(human: NDArray[np.float64], made: NDArray[np.float64]) -> Listener:
    """Fit to features of human and of made variations, shape `(n, features)` each, weighing both sides the same."""
    x = np.concatenate([human, made])
    middle, spread = x.mean(0), x.std(0) + 1e-6
    z = expanded((x - middle) / spread)
    y = np.concatenate([np.ones(len(human)), np.zeros(len(made))])
    weight = np.concatenate([np.full(len(human), 0.5 / len(human)), np.full(len(made), 0.5 / len(made))])
    slope = np.zeros(z.shape[1])
    for _ in range(REPEATS):
        odds = 1 / (1 + np.exp(-z @ slope))
        slope -= RATE * (z.T @ ((odds - y) * weight) + RIDGE * slope)
    return Listener(middle, spread, slope)


def read_listener(path: Path) -> Listener:
    with np.load(path) as stored:
        return Listener(stored["middle"], stored["spread"], stored["slope"])


def heard_in_notes(varied: Bars, source: Bars, bar_ticks: int) -> list[float]:
    """Fifteen numbers: intervals, silence, syncopation, ending, spread, and likeness to the source."""
    steps = [step for bar in varied for step in bar]
    pitches = np.array([step.pitch + LOWEST for step in steps if step.begins] or [0])
    leaps = np.abs(np.diff(pitches)) if len(pitches) > 1 else np.zeros(1)
    alike = likeness(source, varied, bar_ticks)
    return [
        float(leaps.mean()),
        float((leaps > 4).mean()),
        float((leaps == 0).mean()),
        float((leaps > 9).mean()),
        float(np.mean(~np.isin(pitches % 12, MAJOR))),
        float(np.mean([step.pitch == REST for step in steps])),
        float(np.mean([step.onset % 12 != 0 for step in steps])),
        float(pitches[-1] % 12 in (0, 4, 7, 9)),
        float(pitches.std()),
        len(set(pitches.tolist())) / len(pitches),
        float(np.std(np.log([step.ticks for step in steps]))),
        alike.overlap,
        alike.rhythm,
        alike.contour,
        min(alike.density, 3.0),
    ]
