"""What a timbre is driven by: loudness and pitch, 250 times a second, and the scales both are written in."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Frames = NDArray[np.floating[Any]]
"""Numbers, one or a row of them a frame; float32 wherever it is sound."""

SAMPLE_RATE_HZ = 48_000
HOP = 192
"""Samples a frame; frame `t` is centred on sample `t * HOP`."""
FRAMES_A_SECOND = SAMPLE_RATE_HZ / HOP
WINDOW = 2048
QUIET_DB = -90.0
"""Nothing is heard below; loudness is never less."""
_BLOCK_FRAMES = 512


def a_weights(hz: Frames) -> NDArray[np.float64]:
    """The power that the A curve (IEC 61672) gives to each frequency, 1 at 1 kHz."""
    square = np.square(np.asarray(hz, np.float64))
    curve = square**2 * 12194.0**2
    curve /= (square + 20.6**2) * np.sqrt((square + 107.7**2) * (square + 737.9**2)) * (square + 12194.0**2) + 1e-30
    weights: NDArray[np.float64] = (curve * 10**0.1) ** 2
    return weights


def hann_response(bins_away: Frames, size: int) -> Frames:
    """The transform of a Hann window of `size`, so many bins beside a tone of amplitude 2."""
    response: Frames = np.sinc(bins_away) + 0.5 * np.sinc(bins_away - 1) + 0.5 * np.sinc(bins_away + 1)
    return response * size / 2


@cache
def tone_weights(step_hz: float) -> Frames:
    """What the power of a tone counts for `loudness`, for every `step_hz` up to half the sample rate.

    That is the A curve, but for the lowest tones: the window spreads a tone of 40 Hz to where the curve is far higher.
    """
    places = np.arange(0, SAMPLE_RATE_HZ / 2 + step_hz, step_hz) * WINDOW / SAMPLE_RATE_HZ
    weights = a_weights(np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE_HZ))
    total, powers = np.zeros(len(places)), np.zeros(len(places))
    for offset in range(-4, 5):
        bins = np.rint(places).astype(np.int64) + offset
        power = np.square(hann_response(bins - places, WINDOW))
        total += power * weights[np.minimum(np.abs(bins), WINDOW // 2)] * (bins >= 0)
        powers += power
    curve: Frames = (total / powers).astype(np.float32)
    return curve


def frames_in(samples: int) -> int:
    """How many frames cover so many samples."""
    return -(-samples // HOP)


def loudness(samples: Frames) -> Frames:
    """A-weighted power in dB, one value a frame, of mono audio of shape (samples,) at 48 kHz; `QUIET_DB` at least.

    A full-scale sine at 1 kHz reads -3 dB. Hann windows of 43 ms.
    """
    count = frames_in(len(samples))
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    weights = a_weights(np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE_HZ))
    weights *= 2 / (WINDOW * np.square(window).sum())
    weighting = weights.astype(np.float32)
    padded = np.pad(np.asarray(samples, np.float32), (WINDOW // 2, WINDOW // 2 + count * HOP - len(samples)))
    parts = sliding_window_view(padded, WINDOW)[::HOP][:count]
    power = np.empty(count, np.float32)
    for first in range(0, count, _BLOCK_FRAMES):
        spectrum = np.fft.rfft(parts[first : first + _BLOCK_FRAMES] * window, axis=1)
        power[first : first + _BLOCK_FRAMES] = (spectrum.real**2 + spectrum.imag**2) @ weighting
    level: Frames = np.maximum(10 * np.log10(power + 1e-12), QUIET_DB).astype(np.float32)
    return level


def midi_pitch(hz: Frames) -> Frames:
    """Hz to fractional MIDI note numbers."""
    pitch: Frames = (69 + 12 * np.log2(np.asarray(hz) / 440.0)).astype(np.float32)
    return pitch


def hertz(pitch: Frames) -> Frames:
    hz: Frames = (440.0 * np.exp2((np.asarray(pitch) - 69) / 12)).astype(np.float32)
    return hz


def network_input(pitch: Frames, loudness_db: Frames) -> Frames:
    """Shape (2, frames): both near ±1."""
    return np.stack([(pitch - 60) / 24, (loudness_db + 40) / 20]).astype(np.float32)


def unscaled(features: Frames) -> tuple[Frames, Frames]:
    """The pitch and the loudness that `network_input` made `features` of, (…, 2, frames)."""
    return features[..., 0, :] * np.float32(24) + 60, features[..., 1, :] * np.float32(20) - 40
