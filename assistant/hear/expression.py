"""What of a sung pitch is expression: scoops, vibrato, falls, as bends of the notes that were meant."""

from __future__ import annotations

import numpy as np

from assistant.hear.heard import Heard
from midi.bend import CHANNEL_RANGE_SEMITONES, MPE_RANGE_SEMITONES, Bend, Bends

_FAR_SEMITONES = 3.0
"""Further from the note than this is an octave that was misheard, no expression."""
_STEP_SEMITONES = 0.03
"""What is not heard as a movement of pitch is not written."""


def bends_of(heard: Heard, *, mpe: bool = False) -> Bends:
    """How the voice moved around each note of the motif, its own tuning left out.

    `mpe` lets a bend reach as far as it was sung; without it, two semitones either way.
    """
    reach = MPE_RANGE_SEMITONES if mpe else CHANNEL_RANGE_SEMITONES
    order = sorted(range(len(heard.placed)), key=lambda index: heard.placed[index])
    return tuple(_bends(heard, index, float(reach)) for index in order)


def _bends(heard: Heard, index: int, reach: float) -> tuple[Bend, ...]:
    sung, note = heard.notes[index], heard.placed[index]
    times, curve = heard.curve.times_seconds, heard.curve.pitch
    first, stop = np.searchsorted(times, (sung.onset_seconds, sung.offset_seconds))
    off = curve[first:stop] - note.pitch - heard.tunings_cents[index] / 100
    after = np.clip(times[first:stop] - sung.onset_seconds, 0, None)
    kept = ~np.isnan(off) & (np.abs(off) < _FAR_SEMITONES)
    bends: list[Bend] = []
    for seconds, semitones in zip(after[kept], off[kept], strict=True):
        bent = round(float(np.clip(semitones, -reach, reach)), 3)
        beats = heard.motif.tempo.beats(float(seconds)) if bends else 0.0
        if beats >= note.length_beats:
            break
        if not bends or abs(bent - bends[-1].semitones) >= _STEP_SEMITONES:
            bends.append(Bend(beats, bent))
    return tuple(bends)
