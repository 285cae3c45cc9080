"""Pitch as pYIN and YIN (librosa) hear it: none of them has a part in the making, where SwiftF0 listens."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assistant.audio import Samples
from assistant.optional import require
from assistant.timbre.controls import Controls, Flags
from assistant.timbre.features import HOP, SAMPLE_RATE_HZ, Frames, hertz
from assistant.timbre.timbre import Timbre

_HOP = 480
_RESOLUTION = 0.2
_PERIODS = 2
_WINDOW = 1440
_BELOW = 5
_PARTIALS, _TO_HZ = 20, 8000.0
SUNG = (35.0, 91.0)
"""Where voices and a piano are looked for, as MIDI pitches."""


@dataclass(frozen=True, slots=True, eq=False)
class Pitch:
    """MIDI pitch every 10 ms, and where the tracker is sure of one."""

    midi: Frames
    sure: Flags


@dataclass(frozen=True, slots=True)
class Agreement:
    """The median difference in cents, infinite where no pitch is heard; the share of frames within 50 cents."""

    cents: float
    within_50: float


def tracked(samples: Samples, low: float, high: float) -> Pitch:
    """Mono samples at 48 kHz, their pitch looked for between two MIDI numbers. pYIN says where there is one, YIN, which
    is not in steps, which; where they are a semitone apart there is none. Raises `MissingPart`.

    The window holds two periods of the lowest pitch, the least that YIN can do with, and thirty milliseconds at least.
    In a shorter one it reads a tone of few harmonics up to 8 cents sharp, in a longer one it smears where a voice
    moves.
    """
    librosa = require("librosa", what_for="judging pitch")
    lowest, highest = (float(edge) for edge in hertz(np.array([low - 1, high + 1])))
    window = max(_WINDOW, 2 * int(np.ceil(_PERIODS * SAMPLE_RATE_HZ / lowest / 2)))
    asked = {"fmin": lowest, "fmax": highest, "sr": SAMPLE_RATE_HZ, "frame_length": window, "hop_length": _HOP}
    rough, voiced, _ = librosa.pyin(samples, resolution=_RESOLUTION, **asked)
    fine = librosa.yin(samples, **asked)
    apart = np.abs(12 * np.log2(fine / np.nan_to_num(rough, nan=1.0)))
    sure: Flags = np.asarray(voiced & (apart < 1), np.bool_)
    return Pitch(69 + 12 * np.log2(fine / 440), sure)


def compass(control: Controls, timbre: Timbre) -> tuple[float, float]:
    """Where to look for what a timbre was asked for: all that it can play, but for what is far below this phrase."""
    lowest = float(control.pitch[control.sounding].min(initial=timbre.high))
    return max(timbre.low, lowest - _BELOW), float(timbre.high)


def exact(control: Controls) -> Samples:
    """A buzzing tone that does exactly what is asked: what the tracker makes of it is the tracker's own error."""
    count = len(control) * HOP
    hz, level = (
        np.interp(np.arange(count) / HOP, np.arange(len(control)), curve)
        for curve in (hertz(control.pitch), 10 ** (control.loudness_db / 20))
    )
    turns = np.cumsum(hz / SAMPLE_RATE_HZ)
    tone = sum(
        np.sin(2 * np.pi * (number * turns % 1.0)) / number * (number * hz < _TO_HZ) for number in range(1, _PARTIALS)
    )
    samples: Samples = (tone * level).astype(np.float32)
    return samples


def against_control(made: Pitch, control: Controls) -> Agreement:
    """The pitch that came out beside the one that the timbre was given, where it was to sound. An octave counts."""
    places = np.rint(np.arange(len(made.midi)) * (_HOP / HOP)).astype(int)
    places = places[places < len(control)]
    asked = control.sounding[places] & made.sure[: len(places)]
    return _agreement((made.midi[: len(places)] - control.pitch[places])[asked])


def against_source(made: Pitch, source: Pitch) -> Agreement:
    """The pitch that came out beside that of the source. Octaves do not count: transfers move by them."""
    count = min(len(made.midi), len(source.midi))
    both = made.sure[:count] & source.sure[:count]
    apart = (made.midi[:count] - source.midi[:count])[both]
    return _agreement((apart + 6) % 12 - 6)


def _agreement(semitones: Frames) -> Agreement:
    if not len(semitones):
        return Agreement(math.inf, 0.0)
    cents = np.abs(semitones) * 100
    return Agreement(float(np.median(cents)), float((cents < 50).mean()))
