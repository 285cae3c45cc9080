"""How near one sound is to another, and what should not be in it: numbers for cards and for `evaluate timbre`."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.timbre.features import SAMPLE_RATE_HZ, Frames, loudness

Flags = NDArray[np.bool_]
SCALES = (4096, 2048, 1024, 512, 256, 128)
MEL_BANDS = 80
MEL_TOP_HZ = 16_000.0
MEL_WINDOW = 2048
RANGE_DB = 70.0
_COEFFICIENTS = 20
_LOUD_DB = -45.0


def magnitudes(samples: Samples, size: int, hop: int) -> Frames:
    """Hann-windowed spectra, shape (frames, size // 2 + 1)."""
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    padded = np.pad(samples, size // 2, mode="reflect")
    parts = sliding_window_view(padded, size)[::hop]
    return np.concatenate(
        [np.abs(np.fft.rfft(parts[first : first + 256] * window, axis=1)) for first in range(0, len(parts), 256)]
    ).astype(np.float32)


def spectral_distance(one: Samples, other: Samples) -> float:
    """The multi-scale spectral loss of Engel et al. (2020): magnitudes and their logarithms, at six scales."""
    total = 0.0
    for size in SCALES:
        first, second = (np.sqrt(magnitudes(each, size, size // 4) ** 2 + 1e-9) for each in (one, other))
        total += float(np.abs(first - second).mean())
        total += float(np.abs(np.log(first + 1e-4) - np.log(second + 1e-4)).mean())
    return total / len(SCALES)


def mel_db(samples: Samples, hop: int = 480) -> Frames:
    """Power in 80 mel bands (Slaney's scale and areas) to 16 kHz, every 10 ms, in dB; shape (frames, 80)."""
    power = magnitudes(samples, MEL_WINDOW, hop) ** 2 @ mel_filters().T
    decibel: Frames = 10 * np.log10(power + 1e-10)
    return decibel


def mel_distance(one: Samples, other: Samples) -> float:
    """The mean difference of mel spectra in dB; what lies 70 dB under the loudest of `one` counts as silence."""
    first, second = mel_db(one), mel_db(other)
    floor = first.max() - RANGE_DB
    return float(np.abs(np.maximum(first, floor) - np.maximum(second, floor)).mean())


def loudness_distance(one: Samples, other: Samples) -> float:
    """The mean difference of loudness in dB, where `one` is heard."""
    first, second = loudness(one), loudness(other)
    heard = first > _LOUD_DB
    return float(np.abs(first - second)[heard].mean()) if heard.any() else 0.0


def cepstra(samples: Samples, hop: int = 480) -> tuple[Frames, Flags]:
    """Mel-frequency cepstra without the first coefficient, which is level; shape (frames, 19). And which are heard."""
    spectra = mel_db(samples, hop)
    heard: Flags = spectra.max(axis=1) > spectra.max() - 45
    places = np.pi * (np.arange(MEL_BANDS) + 0.5) / MEL_BANDS
    basis = np.sqrt(2 / MEL_BANDS) * np.cos(np.arange(1, _COEFFICIENTS)[:, None] * places)
    return spectra @ basis.T, heard


def timbre_of(samples: Samples) -> Frames:
    """The mean mel-frequency cepstrum of what is heard, shape (19,)."""
    found, heard = cepstra(samples)
    mean: Frames = found[heard].mean(axis=0).astype(np.float32)
    return mean


def timbre_distance(one: Samples, other: Samples) -> float:
    """How far apart two mean cepstra lie."""
    return float(np.linalg.norm(timbre_of(one) - timbre_of(other)))


def aliasing_db(samples: Samples, hz: float) -> float:
    """The loudest partial that is no multiple of a steady tone's `hz`, below its loudest one, in dB.

    Tones only: noise is averaged out over the whole sound.
    """
    window = np.blackman(len(samples))
    spectrum = np.abs(np.fft.rfft(samples * window))
    bins = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    multiple = bins / hz
    off = np.abs(multiple - np.round(multiple)) * hz > 12
    return float(20 * np.log10(spectrum[off & (bins > 30)].max() / spectrum.max()))


@cache
def mel_filters() -> Frames:
    bins = np.fft.rfftfreq(MEL_WINDOW, 1 / SAMPLE_RATE_HZ)
    edges = _mel_to_hz(np.linspace(0, _hz_to_mel(MEL_TOP_HZ), MEL_BANDS + 2))
    rising = (bins[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    filters: Frames = (np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(
        np.float32
    )
    return filters


_LINEAR_TO_HZ, _HZ_A_MEL, _MELS_AN_E = 1000.0, 200 / 3, 27 / np.log(6.4)


def _hz_to_mel(hz: float) -> float:
    linear = hz / _HZ_A_MEL
    return linear if hz < _LINEAR_TO_HZ else float(15 + np.log(hz / _LINEAR_TO_HZ) * _MELS_AN_E)


def _mel_to_hz(mel: Frames) -> Frames:
    hz: Frames = np.where(mel < 15, mel * _HZ_A_MEL, _LINEAR_TO_HZ * np.exp((mel - 15) / _MELS_AN_E))
    return hz
