"""How near a timbre comes to its instrument, on phrases that it did not learn from, and what should not be in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.audio import Samples
from assistant.optional import require
from assistant.timbre.features import Frames, hertz, loudness
from assistant.timbre.judging.material import HeldOut
from assistant.timbre.measures import aliasing_db, loudness_distance, mel_distance, spectral_distance
from assistant.timbre.network import Network
from assistant.timbre.shape import Shape
from assistant.timbre.synthesis import sound
from assistant.timbre.timbre import Timbre

_TONE_SECONDS = 2.0
_FROM_THE_TOP = (0.4, 4.7, 9.3)
"""Semitones below the highest pitch, where harmonics come nearest to half the sample rate; between the keys, so that
what folds back falls on no harmonic."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """The multi-scale spectral loss over that of a network that has learnt nothing; the mean difference of a mel band,
    and of the loudness, in dB.
    """

    to_untrained: float
    mel_db: float
    loudness_db: float


def likeness(timbre: Timbre, phrases: Sequence[HeldOut]) -> Likeness:
    """The mean over phrases. Raises `MissingPart`: what has learnt nothing is drawn by torch."""
    nothing = untrained(timbre.network.shape if timbre.network else Shape())
    rows = []
    for one in phrases:
        made = played_by(timbre, one)
        idle = sound(nothing, one.hz, loudness(one.samples))
        rows.append(
            (
                spectral_distance(made, one.samples) / spectral_distance(idle, one.samples),
                mel_distance(one.samples, made),
                loudness_distance(one.samples, made),
            )
        )
    return Likeness(*(float(value) for value in np.mean(rows, axis=0)))


def untrained(shape: Shape) -> Network:
    """The network that every training begins with. Raises `MissingPart`."""
    require("torch", what_for="the loss of a network that has learnt nothing")
    from assistant.timbre.training.model import fresh

    return Network({name: value.numpy() for name, value in fresh(shape, 0).items()}, shape)


def played_by(timbre: Timbre, phrase: HeldOut) -> Samples:
    """The phrase with its own pitch and loudness, mono."""
    assert timbre.network is not None
    made = sound(timbre.network, phrase.hz, loudness(phrase.samples), players=timbre.seats)
    middle: Samples = np.atleast_2d(made).mean(axis=0)
    return middle


def folded_db(timbre: Timbre) -> float:
    """The loudest partial that is none of the tone's own, of steady tones near the top of the range, in dB below the
    loudest.
    """
    assert timbre.network is not None
    frames = int(_TONE_SECONDS * 250)
    level = np.full(frames, timbre.level_db(0.9), np.float32)
    found = []
    for below in _FROM_THE_TOP:
        hz: Frames = hertz(np.full(frames, timbre.high - below))
        steady = sound(timbre.network, hz, level, noise=False)[24_000:72_000]
        found.append(aliasing_db(steady, float(hz[0])))
    return max(found)
