"""Several players of one timbre, as cheap as one: they share the spectrum, and each has a tuning, a time and a place.

They sit two to a desk, as strings do. The first desk plays the line as it is, in the middle; at each of the others one
player is as sharp as the other is flat. Two tones so near are one that swells and fades: harmonic `k` of a desk is the
line's, times the cosine of `k` turns of what lies between the two. So all of them are one number for each harmonic,
side and frame, and the sound is synthesised once.
"""

from __future__ import annotations

import numpy as np

from assistant.timbre.features import FRAMES_A_SECOND, Frames

_APART_SEMITONES = 0.07
_APART_DB = 1.5
_LATEST_FRAMES = 10
_WANDERS_HZ = (0.13, 0.9)
_WANDERS = 3
_FASTEST = 16
_HIGHEST_HZ = 400.0
"""No desk turns faster than the sixteenth harmonic of this pitch would: a frame is too long for more. Harmonics above
it turn as slower ones do.
"""
_MIDDLE, _SIDES = 0.25, 0.6
"""How strong a desk is beside the first, in the middle and at the sides: heard by one ear a section is as calm as the
recordings that its spectrum was learnt from, between two it moves.
"""


class Section:
    """So many desks over time: `gains` are asked for block by block, each going on from the last."""

    def __init__(self, desks: int, seed: int) -> None:
        draw = np.random.default_rng((seed, 7))
        others = desks - 1
        self._speeds = draw.uniform(*_WANDERS_HZ, (others, _WANDERS))
        self._phases = draw.uniform(0, 1, (others, _WANDERS))
        self._strength_db = draw.normal(0, _APART_DB, others)
        self._late = draw.integers(0, _LATEST_FRAMES + 1, others)
        self._places = draw.permutation(np.linspace(-1, 1, others)) if others > 1 else np.ones(others)
        self._turns = draw.uniform(0, 1, others)
        self._frame = 0
        self._levels: Frames | None = None

    def gains(self, hz: Frames, level_db: Frames, harmonics: int) -> Frames:
        """`hz` and `level_db` of shape (frames,) → (2, frames, harmonics): left and right."""
        times = (self._frame + np.arange(len(hz)))[:, None, None] / FRAMES_A_SECOND
        self._frame += len(hz)
        wander = np.sin(2 * np.pi * (times * self._speeds + self._phases)).mean(axis=2)
        semitones = wander * _APART_SEMITONES * np.sqrt(2 * _WANDERS)
        apart = np.minimum(hz, _HIGHEST_HZ)[:, None] * np.expm1(semitones * np.log(2) / 12)
        turns = self._turns + np.cumsum(apart / FRAMES_A_SECOND, axis=0)
        self._turns = turns[-1]
        speeds = _FASTEST - np.abs(np.arange(1, harmonics + 1) % (2 * _FASTEST) - _FASTEST)
        swelling = np.cos(2 * np.pi * ((turns[..., None] * speeds) % 1.0).astype(np.float32))
        strengths = self._strengths(level_db)
        middle = 1 + _across(_MIDDLE * strengths, swelling)
        side = _across(_SIDES * self._places * strengths, swelling)
        return np.stack([middle + side, middle - side])

    def _strengths(self, level_db: Frames) -> Frames:
        """How strong each desk is in each frame: late ones still do what the line did a moment ago."""
        before = np.repeat(level_db[:1], _LATEST_FRAMES) if self._levels is None else self._levels
        heard = np.concatenate([before, level_db])
        self._levels = heard[len(heard) - _LATEST_FRAMES :]
        places = _LATEST_FRAMES + np.arange(len(level_db))[:, None] - self._late
        behind_db = np.clip(heard[places] - level_db[:, None], -20, 6)
        strengths: Frames = 10 ** ((behind_db + self._strength_db) / 20)
        return strengths


def _across(strengths: Frames, swelling: Frames) -> Frames:
    """The sum over the desks: (frames, desks), (frames, desks, harmonics) → (frames, harmonics)."""
    total: Frames = (strengths.astype(np.float32)[:, None] @ swelling)[:, 0]
    return total
