"""Which beats and bar lines sung notes may have, from when they start and how long they last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midi.heard import HeardNote
from midi.tempo import Meter, Tempo

Numbers = NDArray[np.float64]

USUAL_BPM, _SPREAD = 100.0, 0.32
"""Felt beats a minute, and how far from it they lie (a log-normal spread): where people tap along most."""

SLOWEST_BPM, FASTEST_BPM = 45.0, 190.0

METERS = (Meter(4, 4), Meter(3, 4), Meter(6, 8))
"""The metres that are considered."""

_WALTZ_COSTS = 0.08
"""What 3/4 must make up for beside 4/4, which is by far the more usual."""

_PULSES = 3
"""How many beats of halves are considered, and how many of thirds."""

_PRIOR = 0.15
"""What the usual beat counts beside how well a beat fits, where beats are chosen to be considered."""

_THIRDS = 0.3
"""What thirds of the beat rather than halves of it say for 6/8."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`first_bar_seconds`: when the bar line at or before the first note falls; may be negative. Confidences 0..1."""

    tempo: Tempo
    meter: Meter
    first_bar_seconds: float
    tempo_confidence: float
    meter_confidence: float


def tempo_of_few(onsets: Numbers) -> Tempo:
    """The tempo at which one or two intervals are about a beat, halved or doubled into 70..140."""
    if len(onsets) < 2:
        return Tempo(USUAL_BPM)
    bpm = 60.0 / float(np.median(np.diff(onsets)))
    return Tempo(round(bpm * 2.0 ** math.ceil(math.log2(70.0 / bpm)), 2))


def accents_of(notes: Sequence[HeardNote]) -> Numbers:
    """How much each onset weighs: long notes, and loud ones, mark the beat."""
    onsets = np.array([note.onset_seconds for note in notes])
    ends = np.array([note.offset_seconds for note in notes])
    following = np.append(onsets[1:], ends[-1])
    held = np.clip(np.minimum(following - onsets, 1.2 * (ends - onsets) + 0.1), 0.05, 1.5)
    loud = np.array([note.velocity for note in notes]) / 84
    weights = np.sqrt(held) * loud**0.5
    return np.asarray(weights / weights.mean(), dtype=np.float64)


def pulses_of(onsets: Numbers, accents: Numbers, *, ternary: bool) -> tuple[float, ...]:
    """The felt beats, in seconds, that the onsets fit best, the best first.

    Method: a comb of the beat and its halves and quarters (or thirds and sixths) over all pairs of onsets within six
    seconds, so that slow drift does not hurt; of its summits those that are highest where people tap along most.
    """
    apart = onsets[np.newaxis, :] - onsets[:, np.newaxis]
    first, second = np.nonzero((apart > 0.02) & (apart < 6.0))
    gaps = apart[first, second]
    weights = accents[first] * accents[second] * np.exp(-gaps / 3.0)
    weights /= weights.sum()
    periods = 60.0 / np.exp(np.arange(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), 0.005))
    fit = comb(gaps, periods, ternary=ternary) @ weights
    if ternary:
        # Every comb fits notes that only stand on beats: thirds count where the beat is divided into them.
        whole = np.cos(2 * np.pi * gaps / periods[:, np.newaxis])
        between = (1 - whole) / 2
        fit = fit + _THIRDS * ((between * (4 * whole**3 - 3 * whole - (2 * whole**2 - 1))) @ weights)
    total = fit + tempo_prior(periods)
    padded = np.pad(total, 1, constant_values=-np.inf)
    summits = np.flatnonzero((total >= padded[:-2]) & (total > padded[2:]))
    best = summits[np.argsort(-total[summits])][:_PULSES]
    return tuple(float(period) for period in periods[best])


def comb(gaps: Numbers, periods: Numbers, *, ternary: bool) -> Numbers:
    """How well distances between onsets are a beat, its halves or thirds, and the halves of those; (periods, gaps)."""
    whole = np.cos(2 * np.pi * gaps / periods[:, np.newaxis])
    # By the cosines of multiple angles.
    part = 4 * whole**3 - 3 * whole if ternary else 2 * whole**2 - 1
    shares = (0.4, 0.4, 0.2) if ternary else (0.34, 0.33, 0.33)
    fit: Numbers = shares[0] * whole + shares[1] * part + shares[2] * (2 * part**2 - 1)
    return fit


def tempo_prior(periods: Numbers) -> Numbers:
    """How usual it is to feel a beat so often, beside how well a comb fits."""
    usual: Numbers = -_PRIOR * strangeness(periods)
    return usual


def strangeness(periods: Numbers) -> Numbers:
    """How unusual it is to feel a beat so often: the log likelihood that it costs."""
    costs: Numbers = 0.5 * (np.log(60.0 / periods / USUAL_BPM) / _SPREAD) ** 2
    return costs


def bar_line(onsets: Numbers, accents: Numbers, pulse_seconds: float, meter: Meter) -> tuple[float, float]:
    """When the bar line at or before the first onset falls, and how clearly accents mark it in this metre."""
    pulses = round(meter.bar_beats / meter.pulse_beats)
    local = np.exp(2j * np.pi * onsets / pulse_seconds) * accents
    # The beat is followed through slow drift: each onset sees the phase of those within a few seconds.
    near = np.exp(-np.abs(onsets[np.newaxis, :] - onsets[:, np.newaxis]) / 4.0)
    phase = np.unwrap(np.angle(near @ local) / (2 * np.pi), period=1.0)
    along = onsets / pulse_seconds - phase
    beat = np.round(along).astype(int)
    off = np.abs(along - beat)
    on_beat = np.where(off < 0.2, accents, 0.0)
    total = max(1e-9, float(on_beat.sum()))
    marked = [float(on_beat[(beat - beat[0]) % pulses == shift].sum()) / total for shift in range(pulses)]
    # Most ideas start on a bar line, so a pick-up must be clear.
    scores = [share - 1 / pulses + (0.06 if shift == 0 else 0.0) for shift, share in enumerate(marked)]
    shift = int(np.argmax(scores))
    first = (beat[0] + phase[0]) * pulse_seconds - ((pulses - shift) % pulses) * pulse_seconds
    return float(first), float(scores[shift]) - (_WALTZ_COSTS if meter == Meter(3, 4) else 0.0)
