"""The pitch that is sung, from the network's contour: as a curve, and inside each note."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.hear.frames import Frames
from assistant.hear.network import (
    CONTOUR_BINS_PER_SEMITONE,
    HIGHEST_VOICE,
    LOWEST_PITCH,
    LOWEST_VOICE,
    Posteriorgrams,
)
from assistant.hear.sung import PitchCurve
from midi.heard import HeardNote

_SHARP_SEMITONES = 0.3
"""How much too high the contour reads: the middle third of the lowest semitone is not its first bin. Measured on 72
harmonic tones from A2 to F#5 (0.298, deviation 0.025)."""


def curve_between(heard: Posteriorgrams, start: int, stop: int, near_pitch: float) -> Frames:
    """The pitch in each frame from `start` to before `stop`, within about a semitone and a half of `near_pitch`.

    The strongest third of a semitone, refined by the weight of its two neighbours. Shape (stop - start,).
    """
    centre = round((near_pitch + _SHARP_SEMITONES - LOWEST_PITCH) * CONTOUR_BINS_PER_SEMITONE)
    low, high = max(0, centre - 4), min(heard.contour.shape[1], centre + 5)
    part = heard.contour[start:stop, low:high]
    best = part.argmax(axis=1)
    around = np.stack([best - 1, best, best + 1], axis=1)
    weight: Frames = np.take_along_axis(part, around.clip(0, part.shape[1] - 1), axis=1)
    weight = np.where((around >= 0) & (around < part.shape[1]), weight, 0) + np.float32(1e-9)
    bins = (around * weight).sum(axis=1) / weight.sum(axis=1)
    pitch: Frames = (LOWEST_PITCH - _SHARP_SEMITONES + (low + bins) / CONTOUR_BINS_PER_SEMITONE).astype(np.float32)
    return pitch


def strongest_pitch(heard: Posteriorgrams, start: int, stop: int) -> Frames:
    """The pitch that sounds most in each frame, anywhere in a voice's range, to a third of a semitone.

    Shape (stop - start,).
    """
    low, high = ((pitch - LOWEST_PITCH) * CONTOUR_BINS_PER_SEMITONE for pitch in (LOWEST_VOICE, HIGHEST_VOICE))
    bins = heard.contour[start:stop, low:high].argmax(axis=1)
    pitch: Frames = (LOWEST_VOICE - _SHARP_SEMITONES + bins / CONTOUR_BINS_PER_SEMITONE).astype(np.float32)
    return pitch


def core(start: int, stop: int) -> tuple[int, int]:
    """The frames that tell a note's pitch: not its first sixth and its last eighth, where singers scoop and fall."""
    length = stop - start
    first = start + (max(1, length // 6) if length > 3 else 0)
    return first, max(first + 1, stop - length // 8)


def sung_pitch(heard: Posteriorgrams, start: int, stop: int, near_pitch: float) -> float:
    """The pitch of a note: the median of its curve where it is held."""
    first, last = core(start, stop)
    return float(np.median(curve_between(heard, first, last, near_pitch)))


def sung_curve(heard: Posteriorgrams, notes: Sequence[HeardNote]) -> PitchCurve:
    """The pitch along each of the notes; where they overlap, that of the later one."""
    pitch = np.full(len(heard.times_seconds), np.nan, np.float32)
    for note in notes:
        start, stop = np.searchsorted(heard.times_seconds, (note.onset_seconds, note.offset_seconds))
        if stop > start:
            pitch[start:stop] = curve_between(heard, int(start), int(stop), note.pitch)
    return PitchCurve(heard.times_seconds, pitch)
