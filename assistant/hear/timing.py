"""The time of a hum: tempo, metre and how beats are divided, and a tempo that gives and takes followed.

Every likely beat is read in every likely way: divided into halves, with triplets, swung, or as 6/8; even, and with a
tempo that gives and takes. Of these readings the likeliest is taken: by how near to their places the notes are sung,
how usual the written rhythm and the beat are, and how clearly the bar line is marked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from assistant.hear.rhythm import (
    FASTEST_BPM,
    METERS,
    SLOWEST_BPM,
    Rhythm,
    accents_of,
    bar_line,
    comb,
    pulses_of,
    strangeness,
    tempo_of_few,
    tempo_prior,
)
from assistant.hear.usual import likelihood
from midi.heard import HeardNote
from midi.quantize import CHORD_SECONDS, Feel, positioned
from midi.tempo import Meter, Tempo

Numbers = NDArray[np.float64]

_FEW = 8
"""Fewer notes than this say nothing of a tempo that changes, nor of swing."""
_FEWEST = 4
"""Fewer notes than this say nothing."""

_NEAR_SECONDS, _NEAR_OF_INTERVAL, _SLIP = 0.03, 0.05, 4
"""How exactly intervals are sung: always, and of their length; Student's distribution of four degrees of freedom."""
_WRITTEN, _BEAT, _MARKED = 0.7, 2.0, 5.0
"""What the written rhythm, the beat and the bar line count beside how exactly it is sung."""
_THIRDS_COST, _FREE_THIRDS_COST = 1.0, 6.0
"""What triplets, swing and 6/8 must make up for beside plain halves of the beat: in an even tempo; in a free one, where
halves that are held a little longer are likelier.
"""
_DOUBT, _METER_DOUBT = 0.2, 0.3
"""How much of the likelihood to believe where it is told how sure the tempo and the metre are: notes do not err
independently. Set on 180 melodies that a machine sang."""

_REACH_SECONDS, _GAP_SECONDS, _LONGEST_GAP = 1.5, 2.0, 4.0
_STEP = 0.02
_BEND = 0.06
"""How far, as a logarithm, the tempo moves in a second."""
_TRUST = 10.0
_FREE = 0.06
"""The spread of the tempo, as a logarithm, from which on it is free and not merely human."""
_FREE_COSTS = 2.0
"""What it must make up for."""


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


@dataclass(frozen=True, slots=True)
class _Known:
    """What is given."""

    tempo: Tempo | None
    meter: Meter | None
    grid: Fraction | None
    first_bar_seconds: float | None


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """`likely`: its log likelihood, beside a constant of all readings."""

    likely: float
    tempo: Tempo
    meter: Meter
    feel: Feel
    first_bar_seconds: float
    warp: _Warp


@dataclass(frozen=True, slots=True, eq=False)
class _Warp:
    """The notes in an even time. `costs`: how unlikely it is that a singer bends the tempo so."""

    notes: tuple[HeardNote, ...]
    sung: Numbers
    even: Numbers
    freedom: float
    costs: float


def timed(
    notes: Sequence[HeardNote],
    *,
    tempo: Tempo | None = None,
    meter: Meter | None = None,
    grid: Fraction | None = None,
    first_bar_seconds: float | None = None,
) -> Timing:
    """The likeliest reading of the notes' time, in order of onset. What is given is kept: with a tempo, it is even.

    Fewer than four notes tell nothing: the beat is their distance, the metre 4/4, the confidence 0.
    """
    known = _Known(tempo, meter, grid, first_bar_seconds)
    onsets = np.array([note.onset_seconds for note in notes])
    plain = _Warp(tuple(notes), onsets, onsets, 0.0, 0.0)
    if len(notes) < _FEWEST:
        first = first_bar_seconds if first_bar_seconds is not None else float(onsets[0]) if len(notes) else 0.0
        rhythm = Rhythm(
            tempo or tempo_of_few(onsets), meter or METERS[0], first, float(tempo is not None), float(meter is not None)
        )
        return Timing(plain.notes, rhythm, "straight", 0.0, onsets, onsets)
    warps = [plain]
    if tempo is None and first_bar_seconds is None and len(notes) >= _FEW:
        warps += _warps(plain, meter)
    readings = [reading for warp in warps for reading in _readings(warp, known)]
    best = max(readings, key=lambda reading: reading.likely)
    return Timing(
        best.warp.notes, _rhythm(best, readings, known), best.feel, best.warp.freedom, best.warp.sung, best.warp.even
    )


def _rhythm(best: _Reading, readings: Sequence[_Reading], known: _Known) -> Rhythm:
    """The rhythm of a reading; how sure it is, by what the others that agree with it are worth of all."""
    lead = np.array([reading.likely - best.likely for reading in readings])
    alike = np.array([abs(np.log(reading.tempo.bpm / best.tempo.bpm)) < 0.05 for reading in readings])
    same_meter = np.array([reading.meter == best.meter for reading in readings])
    worth, worth_of_meter = np.exp(_DOUBT * lead), np.exp(_METER_DOUBT * lead)
    return Rhythm(
        tempo=known.tempo or Tempo(round(best.tempo.bpm, 2)),
        meter=best.meter,
        first_bar_seconds=best.first_bar_seconds,
        tempo_confidence=1.0 if known.tempo else round(float(worth[alike].sum() / worth.sum()), 3),
        meter_confidence=1.0
        if known.meter
        else round(float((worth_of_meter * same_meter).sum() / worth_of_meter.sum()), 3),
    )


def _warps(plain: _Warp, meter: Meter | None) -> Iterator[_Warp]:
    """The notes with a tempo evened that gives and takes, where it does."""
    onsets = plain.sung
    accents = accents_of(plain.notes)
    for ternary in sorted({one.compound for one in ([meter] if meter else METERS)}):
        pulses = _flow(onsets, accents, ternary=ternary)
        freedom = float(np.std(np.log(pulses)))
        if freedom < _FREE:
            continue
        beats = np.concatenate([[0.0], np.cumsum(np.diff(onsets) * 0.5 * (1 / pulses[1:] + 1 / pulses[:-1]))])
        even = onsets[0] + beats * (onsets[-1] - onsets[0]) / beats[-1]
        bends = np.diff(np.log(pulses)) ** 2 / np.maximum(np.diff(onsets), 0.05)
        notes = tuple(_evened(note, onsets, even) for note in plain.notes)
        costs = _FREE_COSTS + 0.5 * float(bends.sum()) / _BEND**2
        yield _Warp(notes, onsets, even, round(freedom, 3), costs)


def _readings(warp: _Warp, known: _Known) -> Iterator[_Reading]:
    """Every likely beat of the notes, in every metre and division that it may have."""
    onsets = np.array([note.onset_seconds for note in warp.notes])
    accents = accents_of(warp.notes)
    together = np.diff(onsets, prepend=-1.0) <= CHORD_SECONDS
    starts = onsets[~together]
    meters = [known.meter] if known.meter else METERS
    simple, compound = ([meter for meter in meters if meter.compound == kind] for kind in (False, True))
    feels: tuple[Feel, ...] = (
        ("straight", "triplets", "swing") if known.grid is None and len(starts) >= _FEW else ("straight",)
    )

    def read(pulse: float, meters: Sequence[Meter], feels: Sequence[Feel]) -> Iterator[_Reading]:
        bars = {meter: bar_line(onsets, accents, pulse, meter) for meter in meters}
        clearest = max(meters, key=lambda meter: bars[meter][1])
        tempo = known.tempo or Tempo(60.0 / pulse * clearest.pulse_beats)
        for feel in feels:
            origin = bars[clearest][0] if known.first_bar_seconds is None else known.first_bar_seconds
            beats = [tempo.beats(start - origin) for start in starts]
            found = positioned(beats, tempo=tempo, meter=clearest, grid=known.grid, feel=feel)
            if feel != "straight" and not _divided(found):
                continue
            fits = _fit(starts, found, tempo) + _WRITTEN * likelihood(_written(found, feel), compound=clearest.compound)
            fits -= _BEAT * float(strangeness(np.array(pulse))) + warp.costs
            if feel != "straight" or clearest.compound:
                fits -= _FREE_THIRDS_COST if warp.freedom else _THIRDS_COST
            for meter, (first, clear) in bars.items():
                first = first if known.first_bar_seconds is None else known.first_bar_seconds
                yield _Reading(fits + _MARKED * clear, tempo, meter, feel, first, warp)

    if known.tempo is not None:
        for meter in meters:
            pulse = known.tempo.seconds(meter.pulse_beats)
            yield from read(pulse, [meter], feels[:1] if meter.compound else feels)
        return
    halved = pulses_of(onsets, accents, ternary=False) if simple else ()
    for pulse in halved:
        yield from read(pulse, simple, feels)
    for pulse in pulses_of(onsets, accents, ternary=True):
        if compound:
            yield from read(pulse, compound, feels[:1])
        # Swung eighths divide the beat into thirds.
        if simple and "swing" in feels and not np.isclose(pulse, halved, rtol=0.02).any():
            yield from read(pulse, simple, ["swing"])


def _fit(starts: Numbers, found: Sequence[float], tempo: Tempo) -> float:
    """How likely it is to sing these intervals where those that were found are meant."""
    sung = np.diff(starts)
    spread = np.hypot(_NEAR_SECONDS, _NEAR_OF_INTERVAL * sung)
    beside = (sung - tempo.seconds(1.0) * np.diff(found)) / spread
    return float((-0.5 * (_SLIP + 1) * np.log1p(beside**2 / _SLIP) - np.log(spread)).sum())


def _divided(found: Sequence[float]) -> bool:
    """Whether some note lies on a third of a beat, without which a reading is but a straight one again."""
    thirds = np.asarray(found) * 3
    return bool(((np.abs(thirds - np.round(thirds)) < 1e-6) & (np.round(thirds) % 3 != 0)).any())


def _written(found: Sequence[float], feel: Feel) -> Sequence[float]:
    """As musicians write it: swung eighths are eighths."""
    if feel != "swing":
        return found
    return [np.floor(at) + 0.5 if abs(at - np.floor(at) - 2 / 3) < 1e-6 else at for at in found]


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
