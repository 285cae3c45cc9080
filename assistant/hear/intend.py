"""What the singer meant: semitones from sung pitches, with tuning and drift followed and the key kept in mind.

The most likely path (Viterbi) through pairs of intended semitone and tuning. A pair explains a note when semitone plus
tuning is near the sung pitch; tuning wanders a little from note to note; and a semitone follows another as often as it
does in the melodies of the same key signature that `expectation.json` was counted from. Who sings in the middle between
two keys is taken to mean the one that more of those melodies are written in: C major rather than B major.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from midi.scale import Key

Curve = NDArray[np.float64]

_TUNING_STEP = 0.1
_TUNING_REACH = 1.6
_CANDIDATES = 2


@dataclass(frozen=True, slots=True)
class Intending:
    """How freely singers sing. `miss_semitones`: how far a note strays; `wander_semitones`: how far the tuning moves
    from a note to the next; `start_semitones`: how far the tuning is from concert pitch at first; `expectation`: how
    much the melody counts.
    """

    miss_semitones: float = 0.3
    wander_semitones: float = 0.1
    start_semitones: float = 0.3
    expectation: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Intended:
    """`pitches`: the intended MIDI notes. `tuning_semitones`: how sharp the singer's tuning is at each note.
    `signature`: the key signature heard, as the tonic's pitch class of its major key.
    """

    pitches: tuple[int, ...]
    tuning_semitones: tuple[float, ...]
    signature: int


def intend(
    sung: Sequence[float], seconds: Sequence[float], *, key: Key | None = None, rules: Intending | None = None
) -> Intended:
    """What was meant by notes sung at fractional MIDI `sung`, each `seconds` long, in `key` where it is known."""
    if len(sung) == 0:
        return Intended((), (), 0)
    rules = rules or Intending()
    pitch = np.asarray(sung, float)
    tuning = np.arange(-_TUNING_REACH, _TUNING_REACH + 1e-9, _TUNING_STEP)
    nearest = np.round(pitch[:, None] - tuning)
    semitones = nearest[:, :, None] + np.arange(-_CANDIDATES, _CANDIDATES + 1)
    # A longer note is heard more surely: its pitch is the mean of more of its wobble.
    spread = rules.miss_semitones * np.clip(0.25 / np.maximum(seconds, 0.05), 0.5, 2) ** 0.25
    miss = (pitch[:, None, None] - tuning[:, None] - semitones) / spread[:, None, None]
    # Heavy tails: one note far out is a slip, and does not move the tuning.
    fits = -2.5 * np.log1p(miss**2 / 4)
    steps = -0.5 * ((tuning[:, None] - tuning) / rules.wander_semitones) ** 2
    start = -0.5 * (tuning / rules.start_semitones) ** 2
    signatures = np.arange(12) if key is None else np.array([key.relative_major])
    return _path(semitones.astype(int), tuning, fits, steps, start, signatures, rules.expectation)


def _path(
    semitones: NDArray[np.int_],
    tuning: Curve,
    fits: Curve,
    steps: Curve,
    start: Curve,
    signatures: NDArray[np.int_],
    weight: float,
) -> Intended:
    """The likeliest path in the likeliest of the key signatures; all of them are followed side by side."""
    count, _, candidates = semitones.shape
    usual, first, following, leaps = _expectation()
    degrees = (semitones - signatures[:, None, None, None]) % 12
    score = fits[0] + start[:, None] + weight * first[degrees[:, 0]] + usual[signatures][:, None, None]
    back = np.zeros((count, *score.shape), int)
    for index in range(1, count):
        # First the step of the tuning for each earlier candidate, then the step of the melody at the same tuning:
        # (tuning before, candidate before) -> (tuning now, candidate before) -> (tuning now, candidate now).
        moved = score[:, :, None, :] + steps[:, :, None]
        whence = moved.argmax(axis=1)
        carried = np.take_along_axis(moved, whence[:, None], axis=1)[:, 0]
        earlier = semitones[index - 1][whence, np.arange(candidates)]
        degree = degrees[np.arange(len(signatures))[:, None, None], index - 1, whence, np.arange(candidates)]
        leap = np.abs(semitones[index][:, None, :] - earlier[..., None])
        melody = following[degree[..., None], degrees[:, index][:, :, None, :]]
        reached = carried[..., None] + weight * (melody + leaps[np.minimum(leap, len(leaps) - 1)])
        chosen = reached.argmax(axis=2)
        score = np.take_along_axis(reached, chosen[:, :, None], axis=2)[:, :, 0] + fits[index]
        back[index] = np.take_along_axis(whence, chosen, axis=2) * candidates + chosen
    best, end = divmod(int(score.argmax()), score[0].size)
    states = [end]
    for index in range(count - 1, 0, -1):
        states.append(int(back[index, best].flat[states[-1]]))
    places = [divmod(state, candidates) for state in reversed(states)]
    return Intended(
        tuple(int(semitones[index, row, column]) for index, (row, column) in enumerate(places)),
        tuple(float(tuning[row]) for row, _ in places),
        int(signatures[best]),
    )


@cache
def _expectation() -> tuple[Curve, Curve, Curve, Curve]:
    """Log probabilities: of a key signature (by the tonic's pitch class in major), of a degree, of a degree after
    another (12 above the tonic each), and of a leap's size.
    """
    table = json.loads(Path(__file__).with_name("expectation.json").read_text("utf-8"))
    signature, degree, following, leap = (
        np.array(table[name]) for name in ("signature", "degree", "following", "leap")
    )
    return signature, degree, following, leap
