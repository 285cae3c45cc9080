"""What an instrument sounds like at the pitches that are played.

Two phrases of one instrument lie further apart in their mean cepstrum than two instruments do, where the one is low and
the other high: a clarinet at the top of its range is next to nothing like one at the bottom. So a timbre is also judged
beside its instrument at the very pitches that it played.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assistant.timbre.features import FRAMES_A_SECOND, SAMPLE_RATE_HZ, Frames
from assistant.timbre.measures import cepstra
from assistant.timbre.training.recipes import rendered

_SEEDS = range(902, 906)
"""Phrases that no timbre learnt from, nor is measured by otherwise."""
_HOP = 480
_NEAR_SEMITONES = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """An instrument's cepstra, shape (frames, coefficients), and the pitch of each as it was written."""

    pitches: Frames
    cepstra: Frames

    def at(self, pitch: Frames) -> Frames:
        """The mean cepstrum of the instrument where it plays these pitches; shape (coefficients,)."""
        keys, counts = np.unique(np.rint(pitch).astype(int), return_counts=True)
        weights = np.exp(-0.5 * np.square((self.pitches - keys[:, None]) / _NEAR_SEMITONES)) + 1e-9
        spectra = weights @ self.cepstra / weights.sum(axis=1, keepdims=True)
        mean: Frames = (counts @ spectra / counts.sum()).astype(np.float32)
        return mean


def register(name: str) -> Register:
    """Two minutes of the true instrument over all its range."""
    pitches, spectra = [], []
    for seed in _SEEDS:
        samples, written = rendered(name, seed)
        found, heard = cepstra(samples, _HOP)
        frames = np.rint(np.arange(len(found)) * _HOP * FRAMES_A_SECOND / SAMPLE_RATE_HZ).astype(int)
        pitch = written.pitch[np.minimum(frames, len(written.pitch) - 1)]
        pitches.append(pitch[heard])
        spectra.append(found[heard])
    return Register(np.concatenate(pitches), np.concatenate(spectra))
