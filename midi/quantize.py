"""Sung notes on the bar grid: which beat each was meant for, and which pitch."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from midi.clip import Clip
from midi.errors import InvalidMusic
from midi.heard import HeardNote
from midi.motif import Motif
from midi.note import TICKS_PER_BEAT, Note
from midi.scale import Key
from midi.tempo import Meter, Tempo

SIXTEENTHS = Fraction(1, 16)

CHORD_SECONDS = 0.05
"""Notes that start this close together are meant together, where several may sound at once."""

_JITTER_SECONDS = 0.04
"""How far from where the singer feels its place a sung note falls."""

_WANDER_SECONDS, _WANDER_OF_INTERVAL = 0.005, 0.05
"""How far what the singer feels moves from one note to the next: always, and with the time between them."""

_DRIFT_BEATS = 0.6
"""How far a singer may be ahead of or behind the tempo after a while."""
_DRIFTS = 25

_SLIP = 2.5
"""How soon a note counts as a slip: the tails of Student's distribution of four degrees of freedom."""

_FINER_COSTS = 0.7
"""What each halving of the beat costs beside the timing: between two readings the simpler rhythm wins."""

_OUT_OF_KEY_SEMITONES = 0.3
"""How much nearer a note must lie to a pitch outside the key than to one within."""

_PARTS = 24
"""Of a beat: so that 32nds and the triplets of sixteenths are whole numbers."""
_REACH = 5
"""How many positions before and after an onset are considered."""

Feel = Literal["straight", "triplets", "swing"]
_SWING_SHARE = 0.635
"""Of a beat, for the first of two swung eighths: in the middle of a light swing and a triplet's."""
_THIRD_COSTS, _MIXED_COSTS, _AGAIN_EARNS = 1.5, 1.0, 0.8
"""A third of a beat; a change between thirds and halves; a third after a third."""

_BREATH_SECONDS, _BREATH_BEATS = 0.16, 0.34
"""A shorter gap before the next note is a consonant or a breath, no rest."""


def parse_grid(text: str) -> Fraction:
    """`"1/16"` → 1/16 of a whole note, `"1/8t"` (triplets) → 1/12. Raises `InvalidMusic`."""
    found = re.fullmatch(r"\s*1/(4|8|16|32)\s*([tT]?)\s*", text)
    if not found:
        raise InvalidMusic(f"grid {text!r} is not one", hint="give 1/4, 1/8, 1/16 or 1/32, or triplets such as 1/8t")
    return Fraction(1, int(found[1])) * (Fraction(2, 3) if found[2] else 1)


def quantize(
    notes: Sequence[HeardNote],
    *,
    tempo: Tempo,
    meter: Meter | None = None,
    key: Key | None = None,
    tuning_cents: float = 0.0,
    grid: Fraction | None = None,
    first_bar_seconds: float | None = None,
    polyphonic: bool = False,
) -> Motif:
    """The motif that sung notes were meant as.

    `tuning_cents` is how sharp the singer is throughout; the other arguments are as for `placed`. The motif starts on
    the bar line before the first note.
    """
    on_bars = placed(
        notes,
        tempo=tempo,
        meter=meter,
        pitches=[meant_pitch(note.pitch, tuning_cents, key) for note in notes],
        grid=grid,
        first_bar_seconds=first_bar_seconds,
        polyphonic=polyphonic,
    )
    return Motif(Clip(on_bars), key=key or Key(), meter=meter or Meter(), tempo=tempo)


def placed(
    notes: Sequence[HeardNote],
    *,
    tempo: Tempo,
    meter: Meter | None = None,
    pitches: Sequence[int] | None = None,
    grid: Fraction | None = None,
    feel: Feel = "straight",
    strength: float = 1.0,
    first_bar_seconds: float | None = None,
    polyphonic: bool = False,
) -> tuple[Note, ...]:
    """One note on the grid for each sung note, in the same order.

    `grid` is a fraction of a whole note; without one it is sixteenths, with `feel` also triplets of eighths, or
    swung eighths. `strength`, 0..1, is how far each note is moved there from where it was sung. `first_bar_seconds` is
    when a bar line falls (the first onset if None); `pitches` are the MIDI notes that were meant (the nearest if
    None). Who drifts from the tempo is followed. One voice comes out without overlaps; with `polyphonic`, notes that
    start within 50 ms start together and sound as long as they did. No two different starts fall on one grid
    position, so no note is lost. Raises `InvalidMusic` for a grid that is not 1/4..1/32 or its triplets.
    """
    step = _step_beats(grid or SIXTEENTHS)
    if not notes:
        return ()
    bar = (meter or Meter()).bar_beats
    origin = notes[0].onset_seconds if first_bar_seconds is None else first_bar_seconds
    moments, moment_of = _moments(notes, polyphonic=polyphonic)
    sung = [tempo.beats(moment - origin) for moment in moments]
    positions = positioned(sung, tempo=tempo, meter=meter, grid=grid, feel=feel)
    # The earliest onset decides which bar is the first one.
    first_bar = math.floor(positions[0] / bar + 1e-9) * bar
    felt = [max(0.0, at + (1 - strength) * (was - at) - first_bar) for at, was in zip(positions, sung, strict=True)]
    meant = pitches or [meant_pitch(note.pitch) for note in notes]
    found = []
    for index, note in enumerate(notes):
        start, later = felt[moment_of[index]], moment_of[index] + 1
        following = felt[later] if later < len(felt) else None
        gap = moments[later] - note.offset_seconds if later < len(moments) else math.inf
        lasted = tempo.beats(note.length_seconds)
        length = max(step, round(lasted / step) * step)
        length += (1 - strength) * (lasted - length)
        if following is not None and not polyphonic:
            room = following - start
            breath = gap <= _BREATH_SECONDS and room - length <= max(step, _BREATH_BEATS) + 1e-9
            length = room if length > room or (breath and strength == 1) else length
        found.append(Note(start, meant[index], max(length, 1 / TICKS_PER_BEAT), note.velocity))
    return tuple(found)


def meant_pitch(sung: float, tuning_cents: float = 0.0, key: Key | None = None) -> int:
    """The MIDI note that a sung pitch was meant as: the nearest after tuning, one of the key's where it is in doubt."""
    tuned = sung - tuning_cents / 100
    below = math.floor(tuned)

    def distance(pitch: int) -> float:
        return abs(tuned - pitch) + (_OUT_OF_KEY_SEMITONES if key is not None and pitch not in key else 0.0)

    return min(max(min((below, below + 1), key=distance), 0), 127)


def _step_beats(grid: Fraction) -> float:
    if grid not in {Fraction(1, size) * part for size in (4, 8, 16, 32) for part in (Fraction(1), Fraction(2, 3))}:
        raise InvalidMusic(f"a grid of {grid} is not one", hint="give 1/4, 1/8, 1/16 or 1/32, or their triplets")
    return float(grid * 4)


def _moments(notes: Sequence[HeardNote], *, polyphonic: bool) -> tuple[list[float], list[int]]:
    """The separate onsets in seconds, and for each note which of them is its own."""
    moments: list[float] = []
    moment_of = []
    for note in notes:
        if not (polyphonic and moments and note.onset_seconds - moments[-1] <= CHORD_SECONDS):
            moments.append(note.onset_seconds)
        moment_of.append(len(moments) - 1)
    return moments, moment_of


def positioned(
    onsets_beats: Sequence[float],
    *,
    tempo: Tempo,
    meter: Meter | None = None,
    grid: Fraction | None = None,
    feel: Feel = "straight",
) -> list[float]:
    """Where each onset was meant to be, in beats, rising strictly.

    The cheapest path (Viterbi) through pairs of a position near each onset and how late the singer is there as a
    whole. It costs to sing a note beside its place, to become earlier or later, to be far from the tempo, to lie
    between the beats, and to change between halves and thirds within one. Notes far out cost little more than notes
    out: one slip does not bend the time around it.
    """
    meter = meter or Meter()
    if feel == "swing" and grid is None:
        return _swung(onsets_beats, tempo, meter)
    thirds = feel == "triplets" and grid is None and not meter.compound
    places = _places(onsets_beats, _step_beats(grid or SIXTEENTHS), thirds=thirds)
    found: list[float] = (places[_path(np.array(onsets_beats), tempo, meter, places, thirds=thirds)] / _PARTS).tolist()
    return found


def _swung(onsets_beats: Sequence[float], tempo: Tempo, meter: Meter) -> list[float]:
    """As `positioned`, where the first of two eighths takes more of the beat; the second goes to its last third."""
    beats, share = np.array(onsets_beats), _SWING_SHARE
    part = beats - np.floor(beats)
    even = np.floor(beats) + np.where(part < share, part * 0.5 / share, 0.5 + (part - share) * 0.5 / (1 - share))
    places = _places(even.tolist(), 0.5, thirds=False)
    found = places[_path(even, tempo, meter, places, thirds=False)] / _PARTS
    off = np.abs(found - np.floor(found) - 0.5) < 1e-9
    swung: list[float] = np.where(off, np.floor(found) + 2 / 3, found).tolist()
    return swung


def _places(onsets_beats: Sequence[float], step: float, *, thirds: bool) -> NDArray[np.int64]:
    """The positions there are, in `_PARTS` of a beat, with room for every onset to have its own."""
    room = 8 + math.ceil(len(onsets_beats) * step)
    first, last = math.floor(min(onsets_beats)) - room, math.ceil(max(onsets_beats)) + room
    every = np.arange(first * _PARTS, last * _PARTS, dtype=np.int64)
    fits = every % round(step * _PARTS) == 0
    if thirds:
        fits |= every % (_PARTS // 3) == 0
    kept: NDArray[np.int64] = every[fits]
    return kept


def _path(
    onsets: NDArray[np.float64], tempo: Tempo, meter: Meter, places: NDArray[np.int64], *, thirds: bool
) -> NDArray[np.int64]:
    """Which of the places each onset takes."""
    nearest = np.searchsorted(places, onsets * _PARTS)
    around = nearest[:, np.newaxis] + np.arange(-_REACH - 1, _REACH)
    around = around.clip(0, len(places) - 1)
    at_beat = places[around] / _PARTS
    drifts = np.linspace(-_DRIFT_BEATS, _DRIFT_BEATS, _DRIFTS)
    beside = (onsets[:, np.newaxis] - at_beat)[:, :, np.newaxis] - drifts
    place = _SLIP * np.log1p((beside / tempo.beats(_JITTER_SECONDS)) ** 2 / (2 * _SLIP))
    place += _between(places[around], meter, thirds=thirds)[:, :, np.newaxis] + (drifts / _DRIFT_BEATS) ** 2
    third = thirds & (places[around] % (_PARTS // 3) == 0) & (places[around] % _PARTS != 0)
    half = ~third & (places[around] % _PARTS != 0)
    cost = place[0]
    before: list[NDArray[np.int64]] = []
    for index in range(1, len(onsets)):
        seconds = tempo.seconds(onsets[index] - onsets[index - 1])
        wander = tempo.beats(_WANDER_SECONDS + _WANDER_OF_INTERVAL * min(seconds, 2.0))
        # Which drift before is cheapest for each position before and drift now, then which position before.
        moved = cost[:, :, np.newaxis] + 0.5 * ((drifts[:, np.newaxis] - drifts) / wander) ** 2
        whence = moved.argmin(axis=1)
        pair = np.where(around[index] > around[index - 1][:, np.newaxis], 0.0, 1e9)
        if thirds:
            pair += _MIXED_COSTS * (third[index - 1][:, np.newaxis] & half[index])
            pair += _MIXED_COSTS * (half[index - 1][:, np.newaxis] & third[index])
            pair -= _AGAIN_EARNS * (third[index - 1][:, np.newaxis] & third[index])
        path = np.take_along_axis(moved, whence[:, np.newaxis], axis=1) + pair[:, :, np.newaxis]
        best = path.argmin(axis=0)
        before.append(best * _DRIFTS + whence[best, np.arange(_DRIFTS)])
        cost = path.min(axis=0) + place[index]
    at = int(cost.argmin())
    chosen = [int(around[-1][at // _DRIFTS])]
    for index in range(len(onsets) - 2, -1, -1):
        at = int(before[index].flat[at])
        chosen.append(int(around[index][at // _DRIFTS]))
    chosen.reverse()
    # More notes than the grid has room for are pushed later.
    for index in range(1, len(chosen)):
        chosen[index] = max(chosen[index], chosen[index - 1] + 1)
    return np.array(chosen)


def _between(places: NDArray[np.int64], meter: Meter, *, thirds: bool) -> NDArray[np.float64]:
    """What it costs to lie between the beats."""
    cost = _depth(places, 1 / _PARTS, meter) * _FINER_COSTS
    if thirds:
        cost[(places % (_PARTS // 3) == 0) & (places % _PARTS != 0)] = _THIRD_COSTS
    return cost


def _depth(positions: NDArray[np.int64], step: float, meter: Meter) -> NDArray[np.float64]:
    """How far down the metre a position lies: 0 on the beat, 1 on its halves or thirds, 2 on quarters, 3 below."""
    parts = {2: (1 / 2, 1 / 6), 1: (1 / 3,)} if meter.compound else {2: (1 / 4, 1 / 6), 1: (1 / 2, 1 / 3)}
    units = [(level, part * meter.pulse_beats) for level, sizes in parts.items() for part in sizes]
    depth = np.full(positions.shape, 3.0)
    for level, unit in (*units, (0, meter.pulse_beats), (-0.25, meter.bar_beats)):
        along = positions * step / unit
        depth[np.abs(along - np.round(along)) < 1e-6] = level
    return depth
