"""True peaks: how high the sound rises between its samples, and keeping that below full scale."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples

CEILING_DBTP = -1.0
"""Where everything that is written stays below: what EBU R 128 asks for, and what a lossy codec needs for headroom."""

OVERSAMPLING = 4
BLOCK = 1024
_REACH = 12
_OVERSHOOT = 1.5
"""How far the sound may rise above a maximum among its samples: 1.41 for a tone at a quarter of the rate, the worst."""


def block_peaks(samples: Samples) -> Samples:
    """The peak of every 1024 samples, shape (channels, blocks); the last block may be shorter.

    It is no number where one of the samples is none. Finding it is most of what the functions below do, so they take it
    from a caller that has it.
    """
    whole = samples.shape[1] // BLOCK * BLOCK
    peaks = _magnitudes(samples[:, :whole].reshape(samples.shape[0], -1, BLOCK))
    rest = samples[:, whole:]
    return np.append(peaks, _magnitudes(rest)[:, None], axis=1) if rest.size else peaks


def _magnitudes(samples: Samples) -> Samples:
    """The largest magnitude along the last axis.

    The bits of float32 are ordered as whole numbers are, those of negative ones above all others where they have no
    sign: that finds the highest and the lowest sample, or a NaN, in two thirds of the time.
    """
    highest, lowest = (samples.view(kind).max(axis=-1).view(np.float32) for kind in (np.int32, np.uint32))
    found: Samples = np.maximum(highest, -lowest)
    return found


def trimmed(samples: Samples, peaks: Samples, length: int, floor: float, fade: int) -> Samples:
    """`samples` up to the last block whose peak is above `floor`, but `length` at least; of what is longer the last
    `fade` samples fade out, where they lie."""
    heard = np.flatnonzero((peaks > floor).any(axis=0))
    kept = samples[:, : max(length, (int(heard[-1]) + 1) * BLOCK if len(heard) else 0)]
    fade = min(fade, kept.shape[1] - length)
    if fade > 0:
        kept[:, -fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return kept


def true_peak(samples: Samples, *, worth: float = 0.0, peaks: Samples | None = None) -> float:
    """The highest magnitude of `samples`, shape (channels, samples), at four times its rate.

    Exact only where it matters: a signal whose samples stay well below `worth` is answered by its sample peak.
    `peaks` are its `block_peaks`, or those of what it was trimmed from. Method: windowed sinc, 24 points, around each
    local maximum above two thirds of the sample peak; ITU-R BS.1770 asks for four times oversampling of everything,
    which finds the same maxima at a hundred times the cost.
    """
    if peaks is None:
        peaks = block_peaks(samples)
    highest = peak = float(peaks.max(initial=0.0))
    threshold = max(peak, worth) / _OVERSHOOT
    if peak <= threshold:
        return peak
    # The kernel of a peak between two blocks reaches into both, so the neighbours' maxima are enough.
    kernels = _kernels()
    for channel, loud in zip(samples, peaks > threshold, strict=True):
        near = _maxima(channel, np.flatnonzero(loud), threshold)
        # In batches, so that noise at full scale does not fill the memory.
        for first in range(0, len(near), 1 << 16):
            some = near[first : first + (1 << 16), None]
            between = _around(channel, some + np.arange(-_REACH, _REACH + 1)) @ kernels
            highest = max(highest, float(between.max(initial=0.0)), -float(between.min(initial=0.0)))
    return highest


def amplified(samples: Samples, gain: float, *, peaks: Samples | None = None) -> Samples:
    """`samples` times `gain`, or as much less as keeps the true peak at or below -1 dBTP: turned down, never clipped.

    They are changed where they lie. `peaks` as for `true_peak`.
    """
    ceiling = 10 ** (CEILING_DBTP / 20)
    highest = gain * true_peak(samples, worth=ceiling / gain, peaks=peaks)
    samples *= np.float32(gain * min(1.0, ceiling / highest) if highest > 0.0 else gain)
    return samples


def _maxima(channel: Samples, loud: NDArray[np.intp], threshold: float) -> NDArray[np.intp]:
    """Where the sound turns round above `threshold`, within the blocks numbered `loud`; of a plateau its two ends."""
    whole = len(channel) // BLOCK
    rows = loud[loud < whole]
    found = _above(channel[: whole * BLOCK].reshape(whole, BLOCK)[rows], threshold)
    rest = _above(channel[whole * BLOCK :], threshold) + whole * BLOCK
    high = np.concatenate([rows[found // BLOCK] * BLOCK + found % BLOCK, rest])
    here = channel[high]
    # Positive where the magnitude falls towards that neighbour.
    left = (here - channel.take(high - 1, mode="clip")) * here
    right = (here - channel.take(high + 1, mode="clip")) * here
    turns = (left >= 0) & (right >= 0) & ((left > 0) | (right > 0))
    # At the two ends the sound falls to silence, whatever its neighbour.
    turns |= (high == 0) | (high == len(channel) - 1)
    maxima: NDArray[np.intp] = high[turns]
    return maxima


def _above(samples: Samples, threshold: float) -> NDArray[np.intp]:
    above = samples > threshold
    return np.flatnonzero(np.logical_or(above, samples < -threshold, out=above))


def _around(channel: Samples, places: NDArray[np.intp]) -> Samples:
    """The samples there, silence before the first and after the last."""
    values: Samples = channel[np.clip(places, 0, len(channel) - 1)]
    if places[0, 0] < 0 or places[-1, -1] >= len(channel):
        values[(places < 0) | (places >= len(channel))] = 0.0
    return values


@cache
def _kernels() -> Samples:
    """What interpolates at the three quarters before and after the middle one of 25 samples, shape (25, 6)."""
    offsets = np.arange(-_REACH, _REACH)[:, None] + 1 - np.arange(1, OVERSAMPLING)[None, :] / OVERSAMPLING
    window = np.i0(8.0 * np.sqrt(np.maximum(0.0, 1 - (offsets / _REACH) ** 2))) / np.i0(8.0)
    between = np.sinc(offsets) * window
    between /= between.sum(axis=0)
    kernels = np.zeros((2 * _REACH + 1, 2 * (OVERSAMPLING - 1)), np.float32)
    kernels[:-1, : OVERSAMPLING - 1] = between
    kernels[1:, OVERSAMPLING - 1 :] = between
    return kernels
