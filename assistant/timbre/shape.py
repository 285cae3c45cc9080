"""How big a timbre's network is, and what it puts out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assistant.timbre.features import HOP, SAMPLE_RATE_HZ, a_weights
from assistant.timbre.table import CELLS

BANDS = 64
"""Bands of noise, evenly spaced in mel from 0 to half the sample rate."""
NOISE_WINDOW = 4 * HOP
FADE_HZ = (18_000.0, 21_500.0)
"""Harmonics fade out between these, so that none folds back."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`harmonics` partials above the fundamental and itself; `channels` wide; a gated block for each dilation.

    `look_ahead` frames of the future are seen.
    """

    harmonics: int = 100
    channels: int = 96
    dilations: tuple[int, ...] = field(default=(1, 2, 4, 8, 16, 32, 64))
    look_ahead: int = 6

    @property
    def outputs(self) -> int:
        """A slack in gain that only learning uses, the harmonics, the bands of noise."""
        return 1 + self.harmonics + BANDS

    @property
    def past(self) -> int:
        """How many earlier frames a frame hears, beyond its own."""
        return 2 * sum(self.dilations)

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Name → shape of every array of weights: convolutions (outputs, inputs, taps) and their biases."""
        channels = self.channels
        layers = {"in": (channels, 2, 1)}
        for number in range(len(self.dilations)):
            layers[f"block{number}.gate"] = (2 * channels, channels, 3)
            layers[f"block{number}.out"] = (channels, channels, 1)
        layers["head.hidden"] = (2 * channels, channels, 1)
        layers["head.out"] = (self.outputs, 2 * channels, 1)
        weights: dict[str, tuple[int, ...]] = {f"{name}.weight": size for name, size in layers.items()}
        biases = {f"{name}.bias": size[:1] for name, size in layers.items()}
        return weights | biases | {"table": (self.outputs, CELLS)}


def band_shapes() -> NDArray[np.float32]:
    """Triangles that spread the bands over a spectrum of `NOISE_WINDOW`, shape (BANDS, bins)."""
    mel = 2595 * np.log10(1 + np.fft.rfftfreq(NOISE_WINDOW, 1 / SAMPLE_RATE_HZ) / 700)
    centres = np.linspace(0, mel[-1], BANDS)
    away = np.abs(mel[None] - centres[:, None]) / (centres[1] - centres[0])
    shapes: NDArray[np.float32] = np.maximum(0, 1 - away).astype(np.float32)
    return shapes


def band_centres_hz() -> NDArray[np.float64]:
    top = 2595 * np.log10(1 + SAMPLE_RATE_HZ / 2 / 700)
    centres: NDArray[np.float64] = 700 * (10 ** (np.linspace(0, top, BANDS) / 2595) - 1)
    return centres


def noise_weights() -> NDArray[np.float32]:
    """What each bin of the noise's power counts for loudness; the mean over a white spectrum is its power."""
    bins = NOISE_WINDOW // 2 + 1
    both_sides = np.full(bins, 2.0)
    both_sides[[0, -1]] = 1.0
    weights = a_weights(np.fft.rfftfreq(NOISE_WINDOW, 1 / SAMPLE_RATE_HZ)) * both_sides / NOISE_WINDOW
    counted: NDArray[np.float32] = weights.astype(np.float32)
    return counted
