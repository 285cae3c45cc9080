"""What the nets hear in training: recordings at other speeds, through rooms, microphones, noise and codecs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.hear.frames import RATE_HZ
from assistant.hear.spoil import (
    Curve,
    Rng,
    as_mp3,
    clipped,
    equalised,
    fan,
    hiss,
    in_a_room,
    softer,
    with_noise,
)


def coloured(samples: Samples, rng: Rng) -> Samples:
    """A microphone's colour: a tilt, some wide peaks and dips, an end at the bottom and at the top."""
    tilt, low, high = rng.normal(0, 2), np.exp(rng.uniform(np.log(40), np.log(250))), rng.uniform(4000, 14000)
    peaks = [
        (np.exp(rng.uniform(np.log(150), np.log(9000))), rng.normal(0, 5), rng.uniform(0.2, 0.8)) for _ in range(4)
    ]

    def gain(hz: Curve) -> Curve:
        octaves = np.log2(np.maximum(hz, 20) / 1000)
        total = tilt * octaves
        for centre, height, width in peaks:
            total = total + height * np.exp(-0.5 * ((octaves - np.log2(centre / 1000)) / width) ** 2)
        total = total - 10 * np.log10(1 + (low / np.maximum(hz, 20)) ** 4)
        return total - 10 * np.log10(1 + (hz / high) ** 8)

    return equalised(samples, gain)


def telephone(samples: Samples, rng: Rng) -> Samples:
    low, high = rng.uniform(80, 350), rng.uniform(3200, 3900)
    return equalised(
        samples, lambda hz: -10 * np.log10(1 + (low / np.maximum(hz, 10)) ** 6) - 10 * np.log10(1 + (hz / high) ** 40)
    )


def degraded(samples: Samples, rng: Rng) -> Samples:
    """Through some of what happens to a voice on its way into a file, at random."""
    heard = samples
    if rng.random() < 0.5:
        decay, wet = np.exp(rng.uniform(np.log(0.12), np.log(0.7))), rng.uniform(-22, -5)
        heard = in_a_room(heard, rng, decay_seconds=float(decay), wet_db=float(wet))
    if rng.random() < 0.7:
        heard = coloured(heard, rng)
    if rng.random() < 0.6:
        noise = fan(len(heard), rng) if rng.random() < 0.4 else hiss(len(heard), rng.uniform(0, 6), rng)
        heard = with_noise(heard, noise, rng.uniform(12, 45))
    if rng.random() < 0.12:
        heard = telephone(heard, rng)
    if rng.random() < 0.12:
        heard = clipped(heard, rng.uniform(3, 14))
    if rng.random() < 0.12:
        heard = as_mp3(heard, int(rng.choice([32, 48, 64, 96])))
    if rng.random() < 0.15:
        heard = softer(heard, rng.uniform(5, 35))
    return heard


def varied(samples: Samples, notes: NDArray[np.float64], rng: Rng) -> tuple[Samples, NDArray[np.float64]]:
    """Played faster or slower as a tape is, so higher or lower too; then stretched, in some, without changing pitch."""
    import soxr

    speed = np.exp(rng.uniform(np.log(0.8), np.log(1.25)))
    changed = soxr.resample(samples, RATE_HZ * speed, RATE_HZ).astype(np.float32)
    moved = notes / np.array([speed, speed, 1]) + np.array([0, 0, 12 * np.log2(speed)])
    if rng.random() < 0.5:
        from pedalboard import time_stretch

        stretch = np.exp(rng.uniform(np.log(0.8), np.log(1.3)))
        shift = rng.uniform(-3, 3)
        changed = time_stretch(changed, RATE_HZ, stretch_factor=stretch, pitch_shift_in_semitones=shift)[0]
        moved = moved / np.array([stretch, stretch, 1]) + np.array([0, 0, shift])
    return changed, moved
