"""What happens to a voice on its way into a file: noise, fans, MP3, the telephone's rate, levels, clipping, rooms.

Everything takes and gives mono samples at 22050 Hz, shape (samples,); the same seed gives the same sound.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.hear.frames import RATE_HZ

Rng = np.random.Generator
Curve = NDArray[np.float64]

_MP3_RATE_HZ = 44100
_LONGEST_DELAY = 4096


def equalised(samples: Samples, gain_db: Callable[[Curve], Curve]) -> Samples:
    """Filtered without delay by a gain for each frequency in Hz."""
    size = _power_of_two(len(samples) + 2048)
    spectrum = np.fft.rfft(samples, size)
    spectrum *= 10 ** (gain_db(np.fft.rfftfreq(size, 1 / RATE_HZ).astype(np.float64)) / 20)
    filtered: Samples = np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)
    return filtered


def hiss(count: int, slope_db: float, rng: Rng) -> Samples:
    """Noise whose power falls by `slope_db` an octave, at unit level."""
    spectrum = np.fft.rfft(rng.normal(size=count))
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum *= (np.maximum(hz, 40) / 1000) ** (-slope_db / 6.02)
    noise = np.fft.irfft(spectrum, count)
    level: Samples = (noise / (noise.std() + 1e-9)).astype(np.float32)
    return level


def fan(count: int, rng: Rng) -> Samples:
    """A laptop's fan at unit level: dull noise, the tone of its blades with harmonics, and the mains."""
    time = np.arange(count) / RATE_HZ
    noise = hiss(count, rng.uniform(3, 6), rng)
    blade, mains = rng.uniform(90, 420), rng.choice([50, 60])
    wobble = 1 + 0.003 * np.sin(2 * np.pi * rng.uniform(0.1, 0.5) * time)
    for harmonic in range(1, 6):
        noise += (0.5 / harmonic) * rng.random() * np.sin(2 * np.pi * np.cumsum(blade * harmonic * wobble) / RATE_HZ)
        noise += (0.4 / harmonic) * rng.random() * np.sin(2 * np.pi * mains * harmonic * time)
    level: Samples = (noise / noise.std()).astype(np.float32)
    return level


def with_noise(samples: Samples, noise: Samples, snr_db: float) -> Samples:
    """With `noise` of unit level, `snr_db` under the mean level of the samples."""
    level = np.sqrt(np.mean(np.square(samples, dtype=np.float64)))
    return (samples + noise * np.float32(level * 10 ** (-snr_db / 20))).astype(np.float32)


def softer(samples: Samples, by_db: float) -> Samples:
    """At a lower level, in the steps of 16 bits."""
    return (np.round(samples * 10 ** (-by_db / 20) * 32767) / 32767).astype(np.float32)


def clipped(samples: Samples, drive_db: float) -> Samples:
    """Driven so far over the limit."""
    peak = np.abs(samples).max(initial=1e-9)
    driven: Samples = (samples / peak * 10 ** (drive_db / 20)).clip(-1, 1).astype(np.float32)
    return driven


def in_a_room(samples: Samples, rng: Rng, *, decay_seconds: float, wet_db: float) -> Samples:
    """Early reflections, then noise that dies away by 60 dB in `decay_seconds`."""
    length = int(decay_seconds * RATE_HZ)
    time = np.arange(length) / RATE_HZ
    tail = rng.normal(size=length) * 10 ** (-3 * time / decay_seconds)
    tail[: int(rng.uniform(0.002, 0.02) * RATE_HZ)] = 0
    for _ in range(6):
        tail[int(rng.uniform(0.002, 0.05) * RATE_HZ)] += rng.normal() * 6
    tail *= 10 ** (wet_db / 20) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    size = _power_of_two(len(samples) + length)
    wetted = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)
    heard: Samples = wetted[: len(samples)].astype(np.float32)
    return heard


def as_mp3(samples: Samples, kbit_s: int) -> Samples:
    """There and back through MP3; the encoder's delay is taken out again."""
    import io

    import soxr
    from pedalboard.io import AudioFile

    packed = io.BytesIO()
    with AudioFile(packed, "w", _MP3_RATE_HZ, 1, format="mp3", quality=kbit_s) as file:
        file.write(soxr.resample(samples, RATE_HZ, _MP3_RATE_HZ).astype(np.float32)[np.newaxis])
    packed.seek(0)
    with AudioFile(packed) as file:
        opened = np.asarray(file.read(file.frames)[0], np.float32)
    back = soxr.resample(opened, _MP3_RATE_HZ, RATE_HZ).astype(np.float32)
    size = _power_of_two(2 * max(len(back), len(samples)))
    likeness = np.fft.irfft(np.fft.rfft(back, size) * np.conj(np.fft.rfft(samples, size)), size)
    delay = int(np.argmax(likeness[:_LONGEST_DELAY]))
    aligned = np.zeros_like(samples)
    part = back[delay : delay + len(samples)]
    aligned[: len(part)] = part
    return aligned


def _power_of_two(size: int) -> int:
    return 1 << int(np.ceil(np.log2(size)))


SPOILS: dict[str, Callable[[Samples, Rng], Samples]] = {
    "white noise at 20 dB": lambda samples, rng: with_noise(samples, hiss(len(samples), 0, rng), 20),
    "a laptop's fan at 15 dB": lambda samples, rng: with_noise(samples, fan(len(samples), rng), 15),
    "MP3, 64 kbit/s": lambda samples, _: as_mp3(samples, 64),
    "8 kHz": lambda samples, _: equalised(samples, lambda hz: -10 * np.log10(1 + (hz / 3800) ** 60)),
    "30 dB softer": lambda samples, _: softer(samples, 30),
    "12 dB into clipping": lambda samples, _: clipped(samples, 12),
    "a room": lambda samples, rng: in_a_room(samples, rng, decay_seconds=0.4, wet_db=-8),
}
"""What a recording is judged through with `hummingbridge evaluate hearing --degraded`."""
