"""Tempo, metre and bar lines of sung notes, from when they start and how long they last."""

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

_METERS = {Meter(4, 4): 0.0, Meter(3, 4): -0.08, Meter(6, 8): -0.25}
"""The metres that are considered, and what each must make up for: 4/4 is by far the most usual. So 97 in 100
pieces in 4/4 are heard as such and 6/8 only where it is plain."""


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


def find_rhythm(notes: Sequence[HeardNote], *, tempo: Tempo | None = None, meter: Meter | None = None) -> Rhythm:
    """The rhythm of notes in order of onset; what is given is kept.

    Fewer than four notes tell nothing: the beat is their distance, the metre 4/4, the confidence 0. Method: a comb
    of the beat and its halves and quarters (or thirds and sixths) over all pairs of onsets within six seconds, so that
    slow drift does not hurt, with a prior for the tempo; then bar lines where long and loud notes start.
    """
    onsets = np.array([note.onset_seconds for note in notes])
    known = meter is not None
    meters = [meter] if meter is not None else list(_METERS)
    if len(notes) < 4:
        first = float(onsets[0]) if len(notes) else 0.0
        return Rhythm(tempo or _tempo_of_few(onsets), meters[0], first, float(tempo is not None), float(known))
    accents = accents_of(notes)
    pulses = {
        ternary: _pulse(onsets, accents, ternary=ternary, tempo=tempo)
        for ternary in sorted({candidate.compound for candidate in meters})
    }
    fits = []
    for candidate in meters:
        pulse = pulses[candidate.compound]
        first, clear = _bar_line(onsets, accents, pulse.seconds, round(candidate.bar_beats / candidate.pulse_beats))
        fits.append((pulse.score + clear + _METERS.get(candidate, 0.0), candidate, first))
    best = max(range(len(fits)), key=lambda index: fits[index][0])
    others = [fit[0] for index, fit in enumerate(fits) if index != best]
    _, chosen, first = fits[best]
    pulse = pulses[chosen.compound]
    bpm = tempo.bpm if tempo is not None else 60.0 / pulse.seconds * chosen.pulse_beats
    return Rhythm(
        tempo=Tempo(round(bpm, 2)),
        meter=chosen,
        first_bar_seconds=first,
        tempo_confidence=1.0 if tempo is not None else pulse.confidence,
        meter_confidence=1.0 if known else round(float(1 - np.exp(-4 * (fits[best][0] - max(others)))), 3),
    )


def _tempo_of_few(onsets: Numbers) -> Tempo:
    """The tempo at which one or two intervals are about a beat, halved or doubled into 70..140."""
    if len(onsets) < 2:
        return Tempo(USUAL_BPM)
    bpm = 60.0 / float(np.median(np.diff(onsets)))
    return Tempo(round(bpm * 2.0 ** math.ceil(math.log2(70.0 / bpm)), 2))


@dataclass(frozen=True, slots=True)
class _Pulse:
    seconds: float
    score: float
    confidence: float


def accents_of(notes: Sequence[HeardNote]) -> Numbers:
    """How much each onset weighs: long notes, and loud ones, mark the beat."""
    onsets = np.array([note.onset_seconds for note in notes])
    ends = np.array([note.offset_seconds for note in notes])
    following = np.append(onsets[1:], ends[-1])
    held = np.clip(np.minimum(following - onsets, 1.2 * (ends - onsets) + 0.1), 0.05, 1.5)
    loud = np.array([note.velocity for note in notes]) / 84
    weights = np.sqrt(held) * loud**0.5
    return np.asarray(weights / weights.mean(), dtype=np.float64)


def _pulse(onsets: Numbers, accents: Numbers, *, ternary: bool, tempo: Tempo | None) -> _Pulse:
    """The felt beat that the onsets fit best, in seconds."""
    apart = onsets[np.newaxis, :] - onsets[:, np.newaxis]
    first, second = np.nonzero((apart > 0.02) & (apart < 6.0))
    gaps = apart[first, second]
    weights = accents[first] * accents[second] * np.exp(-gaps / 3.0)
    weights /= weights.sum()
    if tempo is not None:
        periods = np.array([60.0 / tempo.bpm * (1.5 if ternary else 1.0)])
    else:
        periods = 60.0 / np.exp(np.arange(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), 0.005))
    fit = comb(gaps, periods, ternary=ternary) @ weights
    if ternary:
        # Every comb fits notes that only stand on beats: thirds count where the beat is divided into them.
        whole = np.cos(2 * np.pi * gaps / periods[:, np.newaxis])
        between = (1 - whole) / 2
        fit = fit + _THIRDS * ((between * (4 * whole**3 - 3 * whole - (2 * whole**2 - 1))) @ weights)
    total = fit + tempo_prior(periods)
    best = int(total.argmax())
    rivals = total[np.abs(np.log(periods / periods[best])) > 0.06]
    lead = float(total[best] - rivals.max()) if len(rivals) else 1.0
    clear = float(np.clip(fit[best], 0, 1) * (1 - np.exp(-12 * lead)))
    # How often the tempo was right where it was so clear, in 240 melodies timed as people time them.
    confidence = 1 - np.exp(-4.5 * clear)
    return _Pulse(float(periods[best]), float(total[best]), round(float(confidence), 3))


def comb(gaps: Numbers, periods: Numbers, *, ternary: bool) -> Numbers:
    """How well distances between onsets are a beat, its halves or thirds, and the halves of those; (periods, gaps)."""
    whole = np.cos(2 * np.pi * gaps / periods[:, np.newaxis])
    # By the cosines of multiple angles.
    part = 4 * whole**3 - 3 * whole if ternary else 2 * whole**2 - 1
    shares = (0.4, 0.4, 0.2) if ternary else (0.34, 0.33, 0.33)
    fit: Numbers = shares[0] * whole + shares[1] * part + shares[2] * (2 * part**2 - 1)
    return fit


def tempo_prior(periods: Numbers) -> Numbers:
    """How usual it is to feel a beat so often."""
    usual: Numbers = -0.15 * 0.5 * (np.log(60.0 / periods / USUAL_BPM) / _SPREAD) ** 2
    return usual


def _bar_line(onsets: Numbers, accents: Numbers, pulse_seconds: float, pulses: int) -> tuple[float, float]:
    """When the bar line at or before the first onset falls, and how clearly accents mark it."""
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
    return float(first), float(scores[shift])
