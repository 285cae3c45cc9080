"""The time of a hum: a tempo that gives and takes is followed, and triplets and swing are told from plain halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from assistant.hear.rhythm import FASTEST_BPM, SLOWEST_BPM, Rhythm, accents_of, comb, find_rhythm, tempo_prior
from midi.heard import HeardNote
from midi.quantize import CHORD_SECONDS, Feel, positioned
from midi.tempo import Meter, Tempo

Numbers = NDArray[np.float64]

_FEELS: tuple[Feel, ...] = ("straight", "triplets", "swing")
_FEW = 8
"""Fewer notes than this say nothing of a tempo that changes."""
_REACH_SECONDS, _GAP_SECONDS, _LONGEST_GAP = 1.5, 2.0, 4.0
_STEP = 0.02
_BEND = 0.06
"""How far, as a logarithm, the tempo moves in a second."""
_TRUST = 10.0
_FREE = 0.06
"""The spread of the tempo, as a logarithm, from which on it is free and not merely human."""
_FREE_COSTS = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """The notes in a time in which their tempo is even, and their rhythm there.

    `even_seconds` are the onsets in that time, `sung_seconds` those in the recording. `feel`: how beats are divided.
    `freedom`: how much the tempo gives and takes, as a logarithm; 0 where it is even.
    """

    notes: tuple[HeardNote, ...]
    rhythm: Rhythm
    feel: Feel
    freedom: float
    sung_seconds: Numbers
    even_seconds: Numbers

    def in_recording(self, seconds: float) -> float:
        """When in the recording a moment of the even time is."""
        return _along(seconds, self.even_seconds, self.sung_seconds)


def timed(
    notes: Sequence[HeardNote],
    *,
    tempo: Tempo | None = None,
    meter: Meter | None = None,
    grid: Fraction | None = None,
    first_bar_seconds: float | None = None,
) -> Timing:
    """The likeliest reading of the notes' time, in order of onset. What is given is kept: with a tempo, it is even."""
    plain = _read(tuple(notes), None, tempo, meter, grid, first_bar_seconds)
    if tempo is not None or len(notes) < _FEW or first_bar_seconds is not None:
        return plain[1]
    onsets = np.array([note.onset_seconds for note in notes])
    pulses = _flow(onsets, accents_of(notes), ternary=plain[1].rhythm.meter.compound)
    freedom = float(np.std(np.log(pulses)))
    if freedom < _FREE:
        return plain[1]
    beats = np.concatenate([[0.0], np.cumsum(np.diff(onsets) * 0.5 * (1 / pulses[1:] + 1 / pulses[:-1]))])
    even = onsets[0] + beats * (onsets[-1] - onsets[0]) / beats[-1]
    free = _read(tuple(notes), (onsets, even, freedom), None, meter, grid, None)
    return free[1] if free[0] + _FREE_COSTS < plain[0] else plain[1]


def _read(
    notes: tuple[HeardNote, ...],
    warp: tuple[Numbers, Numbers, float] | None,
    tempo: Tempo | None,
    meter: Meter | None,
    grid: Fraction | None,
    first_bar_seconds: float | None,
) -> tuple[float, Timing]:
    """The cost of a reading, and the reading."""
    onsets = np.array([note.onset_seconds for note in notes])
    sung, even, freedom = warp or (onsets, onsets, 0.0)
    evened = notes if warp is None else tuple(_evened(note, sung, even) for note in notes)
    rhythm = find_rhythm(evened, tempo=tempo, meter=meter)
    if first_bar_seconds is not None:
        rhythm = replace(rhythm, first_bar_seconds=first_bar_seconds)
    chords = np.diff([note.onset_seconds for note in evened], prepend=-1.0) <= CHORD_SECONDS
    starts = [
        rhythm.tempo.beats(note.onset_seconds - rhythm.first_bar_seconds)
        for note, together in zip(evened, chords, strict=True)
        if not together
    ]
    feels = _FEELS[:1] if grid is not None or rhythm.meter.compound or len(starts) < _FEW else _FEELS
    costs = [positioned(starts, tempo=rhythm.tempo, meter=rhythm.meter, grid=grid, feel=feel)[1] for feel in feels]
    best = int(np.argmin(costs)) if starts else 0
    return costs[best], Timing(evened, rhythm, feels[best], round(freedom, 3), sung, even)


def _evened(note: HeardNote, sung: Numbers, even: Numbers) -> HeardNote:
    onset, offset = (_along(seconds, sung, even) for seconds in (note.onset_seconds, note.offset_seconds))
    return replace(note, onset_seconds=max(0.0, onset), offset_seconds=max(offset, onset + 0.01))


def _along(seconds: float, here: Numbers, there: Numbers) -> float:
    """A moment in another time: between two onsets in proportion, before the first and after the last as far away."""
    if len(here) == 0 or seconds <= here[0]:
        return seconds + float(there[0] - here[0]) if len(here) else seconds
    if seconds >= here[-1]:
        return seconds + float(there[-1] - here[-1])
    return float(np.interp(seconds, here, there))


def _flow(onsets: Numbers, accents: Numbers, *, ternary: bool) -> Numbers:
    """The felt beat in seconds at each onset: the likeliest path of the comb's beats over the notes around each."""
    apart = onsets[np.newaxis, :] - onsets[:, np.newaxis]
    first, second = np.nonzero((apart > 0.02) & (apart < _LONGEST_GAP))
    gaps, middle = apart[first, second], (onsets[first] + onsets[second]) / 2
    weights = accents[first] * accents[second] * np.exp(-gaps / _GAP_SECONDS)
    near = np.exp(-np.abs(onsets[:, np.newaxis] - middle) / _REACH_SECONDS) * weights
    near /= np.maximum(near.sum(axis=1, keepdims=True), 1e-12)
    pulses = np.arange(np.log(60 / FASTEST_BPM), np.log(60 / SLOWEST_BPM), _STEP)
    fit = _TRUST * (near @ comb(gaps, np.exp(pulses), ternary=ternary).T + tempo_prior(np.exp(pulses)))
    step = (pulses[:, np.newaxis] - pulses) ** 2
    score = fit[0]
    before: list[NDArray[np.int64]] = []
    for index in range(1, len(onsets)):
        seconds = max(float(onsets[index] - onsets[index - 1]), 0.05)
        reached = score[:, np.newaxis] - 0.5 * step / (_BEND**2 * seconds)
        best = reached.argmax(axis=0)
        before.append(best)
        score = reached[best, np.arange(len(pulses))] + fit[index]
    path = [int(score.argmax())]
    for best in reversed(before):
        path.append(int(best[path[-1]]))
    found: Numbers = np.exp(pulses[path[::-1]])
    return found
