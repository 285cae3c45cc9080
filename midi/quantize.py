"""Sung notes on the bar grid: which beat each was meant for, and which pitch."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from midi.clip import Clip
from midi.errors import InvalidMusic
from midi.heard import HeardNote
from midi.motif import Motif
from midi.note import Note
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
    first_bar_seconds: float | None = None,
    polyphonic: bool = False,
) -> tuple[Note, ...]:
    """One note on the grid for each sung note, in the same order.

    `grid` is a fraction of a whole note (a sixteenth if None); `first_bar_seconds` is when a bar line falls (the first
    onset if None); `pitches` are the MIDI notes that were meant (the nearest if None). Who drifts from the tempo is
    followed. One voice comes out without overlaps; with `polyphonic`, notes that start within 50 ms start together
    and sound as long as they did. No two different starts fall on one grid position, so no note is lost.
    Raises `InvalidMusic` for a grid that is not 1/4..1/32 or its triplets.
    """
    step = _step_beats(grid or SIXTEENTHS)
    if not notes:
        return ()
    bar = (meter or Meter()).bar_beats
    origin = notes[0].onset_seconds if first_bar_seconds is None else first_bar_seconds
    moments, moment_of = _moments(notes, polyphonic=polyphonic)
    positions = _positions([tempo.beats(moment - origin) for moment in moments], tempo, meter or Meter(), step)
    # The earliest onset decides which bar is the first one.
    first_bar = math.floor(positions[0] * step / bar)
    starts = [positions[moment] * step - first_bar * bar for moment in moment_of]
    meant = pitches or [meant_pitch(note.pitch) for note in notes]
    found = []
    for index, note in enumerate(notes):
        later = moment_of[index] + 1
        following = positions[later] * step - first_bar * bar if later < len(positions) else None
        gap = moments[later] - note.offset_seconds if later < len(moments) else math.inf
        length = max(step, round(tempo.beats(note.length_seconds) / step) * step)
        if following is not None and not polyphonic:
            room = following - starts[index]
            breath = gap <= _BREATH_SECONDS and room - length <= max(step, _BREATH_BEATS) + 1e-9
            length = room if length > room or breath else length
        found.append(Note(starts[index], meant[index], length, note.velocity))
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


def _positions(onsets_beats: Sequence[float], tempo: Tempo, meter: Meter, step: float) -> list[int]:
    """The grid position of each onset, rising strictly.

    The cheapest path (Viterbi) through pairs of a position near each onset and how late the singer is there as a
    whole. It costs to sing a note beside its place, to become earlier or later, to be far from the tempo, and to lie
    between the beats. Notes far out cost little more than notes out: one slip does not bend the time around it.
    """
    onsets = np.array(onsets_beats)
    reach = max(2, math.ceil(_DRIFT_BEATS / step))
    around = np.round(onsets / step).astype(np.int64)[:, np.newaxis] + np.arange(-reach, reach + 1)
    drifts = np.linspace(-_DRIFT_BEATS, _DRIFT_BEATS, _DRIFTS)
    beside = (onsets[:, np.newaxis] - around * step)[:, :, np.newaxis] - drifts
    place = _SLIP * np.log1p((beside / tempo.beats(_JITTER_SECONDS)) ** 2 / (2 * _SLIP))
    place += (_depth(around, step, meter) * _FINER_COSTS)[:, :, np.newaxis] + (drifts / _DRIFT_BEATS) ** 2
    cost = place[0]
    before: list[NDArray[np.int64]] = []
    for index in range(1, len(onsets)):
        seconds = tempo.seconds(onsets[index] - onsets[index - 1])
        wander = tempo.beats(_WANDER_SECONDS + _WANDER_OF_INTERVAL * min(seconds, 2.0))
        move = 0.5 * ((drifts[:, np.newaxis] - drifts) / wander) ** 2
        # Which drift before is cheapest for each position before and drift now, then which position before.
        moved = cost[:, :, np.newaxis] + move
        whence = moved.argmin(axis=1)
        carried = moved.min(axis=1)
        path = np.where(
            around[index][np.newaxis, :, np.newaxis] > around[index - 1][:, np.newaxis, np.newaxis],
            carried[:, np.newaxis, :],
            1e9,
        )
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
    return chosen


def _depth(positions: NDArray[np.int64], step: float, meter: Meter) -> NDArray[np.float64]:
    """How far down the metre a position lies: 0 on the beat, 1 on its halves or thirds, 2 on quarters, 3 below."""
    parts = {2: (1 / 2, 1 / 6), 1: (1 / 3,)} if meter.compound else {2: (1 / 4, 1 / 6), 1: (1 / 2, 1 / 3)}
    units = [(level, part * meter.pulse_beats) for level, sizes in parts.items() for part in sizes]
    depth = np.full(positions.shape, 3.0)
    for level, unit in (*units, (0, meter.pulse_beats), (-0.25, meter.bar_beats)):
        along = positions * step / unit
        depth[np.abs(along - np.round(along)) < 1e-6] = level
    return depth
