"""True peaks: how high the sound rises between its samples, and keeping that below full scale."""

from __future__ import annotations

import numpy as np

from assistant.audio import Samples

CEILING_DBTP = -1.0
"""Where everything that is written stays below: what EBU R 128 asks for, and what a lossy codec needs for headroom."""

OVERSAMPLING = 4
_REACH = 12


def true_peak(samples: Samples, *, worth: float = 0.0) -> float:
    """The highest magnitude of `samples`, shape (channels, samples), at four times its rate.

    Exact only where it matters: a signal whose samples stay below half of `worth` is answered by its sample peak.
    Method: windowed sinc, 24 points, around each local maximum above half of the sample peak; ITU-R BS.1770 asks for
    four times oversampling of everything, which finds the same maxima at a hundred times the cost.
    """
    if samples.size == 0:
        return 0.0
    peak = float(max(samples.max(), -samples.min()))
    if peak <= worth / 2:
        return peak
    kernels = _kernels()
    highest = peak
    for channel in samples:
        padded = np.pad(channel, _REACH)
        near = _maxima(padded, max(peak, worth) / 2)
        # In batches, so that noise at full scale does not fill the memory.
        for first in range(0, len(near), 1 << 16):
            some = near[first : first + (1 << 16), None]
            before = padded[some + np.arange(-_REACH, _REACH)] @ kernels
            after = padded[some + np.arange(1 - _REACH, _REACH + 1)] @ kernels
            highest = max(highest, float(np.abs(before).max()), float(np.abs(after).max()))
    return highest


def kept_below(samples: Samples, ceiling_dbtp: float = CEILING_DBTP) -> Samples:
    """`samples` turned down as a whole, where that is needed, until the true peak is at `ceiling_dbtp`: no clipping."""
    ceiling = 10 ** (ceiling_dbtp / 20)
    highest = true_peak(samples, worth=ceiling)
    return samples if highest <= ceiling else samples * np.float32(ceiling / highest)


def _maxima(padded: Samples, threshold: float) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Where the magnitude is a local maximum above `threshold`, away from the padding's edge."""
    magnitude = np.abs(padded[_REACH:-_REACH])
    high = np.flatnonzero(magnitude > threshold)
    left, right = magnitude[np.maximum(high - 1, 0)], magnitude[np.minimum(high + 1, len(magnitude) - 1)]
    here = magnitude[high]
    return high[(here >= left) & (here >= right)] + _REACH


def _kernels() -> Samples:
    """What interpolates at ¼, ½ and ¾ between the middle two of 24 samples, shape (24, 3)."""
    offsets = np.arange(-_REACH, _REACH)[:, None] + 1 - np.arange(1, OVERSAMPLING)[None, :] / OVERSAMPLING
    window = np.i0(8.0 * np.sqrt(np.maximum(0.0, 1 - (offsets / _REACH) ** 2))) / np.i0(8.0)
    kernels = np.sinc(offsets) * window
    normalised: Samples = (kernels / kernels.sum(axis=0)).astype(np.float32)
    return normalised
