"""How our own effects sound. All take (samples, settings, sample_rate_hz) and give samples of the same shape."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.effects.kinds import Settings, number


def pitch(samples: Samples, settings: Settings, sample_rate_hz: int) -> Samples:
    """Rubber Band's finer engine, offline: within a cent, where pedalboard's pitch shifter strays by two hundred."""
    import pedalboard

    heard = np.flatnonzero(samples.any(axis=0))
    # What follows the sound for a tail to ring in is left out: this is the slowest of all effects.
    end = min(samples.shape[1], int(heard[-1]) + sample_rate_hz // 10) if len(heard) else 0
    # A mono sound that was made stereo needs the work but once.
    alike = samples.shape[0] == 2 and np.array_equal(samples[0, :end], samples[1, :end])
    shifted = np.zeros_like(samples)
    if end:
        shifted[:, :end] = pedalboard.time_stretch(
            np.ascontiguousarray(samples[:1, :end] if alike else samples[:, :end]),
            sample_rate_hz,
            1.0,
            number(settings, "semitones"),
            high_quality=True,
            preserve_formants=bool(settings["formants"]),
        )[:, :end]
    return shifted


def wow(samples: Samples, settings: Settings, sample_rate_hz: int) -> Samples:
    """A delay line that sways, by pedalboard's chorus at its wettest; its mean delay is taken out again.

    JUCE's chorus sways by 10 ms · depth to either side, so a sine of `rate_hz` bends the pitch by 2π · rate · that.
    """
    import pedalboard

    rate_hz = number(settings, "rate_hz")
    sway_ms = 1000 * (2 ** (number(settings, "cents") / 1200) - 1) / (2 * math.pi * rate_hz)
    depth = min(1.0, sway_ms / 10)
    # One millisecond is the least the line can do, so the mean delay is the sway and a little.
    delay_ms = 10 * depth + 2.0
    late = round(delay_ms / 1000 * sample_rate_hz)
    board = pedalboard.Pedalboard(
        [pedalboard.Chorus(rate_hz=rate_hz, depth=depth, centre_delay_ms=delay_ms, feedback=0.0, mix=1.0)]
    )
    swayed: Samples = board(np.pad(samples, ((0, 0), (0, late))), sample_rate_hz)
    return np.ascontiguousarray(swayed[:, late:])


def tremolo(samples: Samples, settings: Settings, sample_rate_hz: int) -> Samples:
    depth = number(settings, "depth")
    phase = _phase(samples, number(settings, "rate_hz"), sample_rate_hz)
    # The phases of two channels are half a turn apart at full spread.
    turns = np.arange(samples.shape[0])[:, None] * math.pi * number(settings, "spread")
    swell: Samples = (1 - depth / 2 * (1 - np.cos(phase[None, :] + turns))).astype(np.float32)
    return samples * swell


def ring(samples: Samples, settings: Settings, sample_rate_hz: int) -> Samples:
    carrier = np.sin(_phase(samples, number(settings, "frequency_hz"), sample_rate_hz)).astype(np.float32)
    return samples * carrier


def width(samples: Samples, settings: Settings, _sample_rate_hz: int) -> Samples:
    if samples.shape[0] != 2:
        return samples
    middle = (samples[0] + samples[1]) * np.float32(0.5)
    side = (samples[0] - samples[1]) * np.float32(0.5 * number(settings, "width"))
    return np.stack([middle + side, middle - side])


def pan(samples: Samples, settings: Settings, _sample_rate_hz: int) -> Samples:
    return panned(samples, number(settings, "position"))


def panned(samples: Samples, position: float) -> Samples:
    """Equal-power panning of two channels, unchanged in the middle; one channel stays as it is."""
    if samples.shape[0] != 2 or position == 0.0:
        return samples
    angle = (position + 1) * math.pi / 4
    gains = np.array([[math.cos(angle)], [math.sin(angle)]], np.float32) * np.float32(math.sqrt(2))
    middle = (samples[0] + samples[1]) * np.float32(0.5)
    # What was stereo narrows towards the side it goes to, so that nothing of the other side is lost.
    stays = np.float32(1 - abs(position))
    placed: Samples = gains * (stays * samples + (1 - stays) * middle[None, :])
    return placed


def hiss(samples: Samples, settings: Settings, sample_rate_hz: int) -> Samples:
    """White noise, its low end thinned by a difference, `level_db` beside the sound's RMS."""
    draw = np.random.default_rng(int(number(settings, "seed")))
    noise = draw.standard_normal((samples.shape[0], samples.shape[1] + 1), dtype=np.float32)
    thin = noise[:, 1:] - np.float32(0.7) * noise[:, :-1]
    level = _rms(samples) * 10 ** (number(settings, "level_db") / 20) / math.sqrt(1.49)
    hissing: Samples = samples + thin * (np.float32(level) * _sounding(samples, sample_rate_hz))
    return hissing


def crackle(samples: Samples, settings: Settings, sample_rate_hz: int) -> Samples:
    """Clicks of a fraction of a millisecond at random times, most of them soft."""
    draw = np.random.default_rng(int(number(settings, "seed")))
    length = samples.shape[1]
    count = int(number(settings, "density_hz") * length / sample_rate_hz)
    decay = max(2, int(sample_rate_hz * 0.0004))
    click = (np.exp(-np.arange(decay * 4) / decay) * np.cos(np.arange(decay * 4) * 2.2)).astype(np.float32)
    level = max(_rms(samples), 1e-9) * 10 ** (number(settings, "level_db") / 20) * 4
    clicks = np.zeros((samples.shape[0], length + len(click)), np.float32)
    at = draw.integers(0, max(1, length), count)
    height = level * draw.beta(1.2, 5.0, count) * draw.choice([-1.0, 1.0], count)
    side = draw.uniform(0.5, 1.0, (samples.shape[0], count))
    for i in range(count):
        clicks[:, at[i] : at[i] + len(click)] += (side[:, i] * height[i]).astype(np.float32)[:, None] * click
    return np.add(samples, clicks[:, :length] * _sounding(samples, sample_rate_hz), dtype=np.float32)


def _phase(samples: Samples, hz: float, sample_rate_hz: int) -> NDArray[np.float64]:
    return np.arange(samples.shape[1], dtype=np.float64) * (2 * math.pi * hz / sample_rate_hz)


def _rms(samples: Samples) -> float:
    """Over the part that sounds."""
    loud = np.abs(samples).max(axis=0, initial=0.0)
    heard = samples[:, loud > 1e-3 * float(loud.max(initial=0.0))]
    return float(np.sqrt(np.mean(np.square(heard, dtype=np.float64)))) if heard.size else 0.0


def _sounding(samples: Samples, sample_rate_hz: int) -> Samples:
    """1 from the first sound to the last, 0 elsewhere, with 20 ms of fading; shape (samples,)."""
    loud = np.abs(samples).max(axis=0, initial=0.0)
    heard = np.flatnonzero(loud > 1e-3 * float(loud.max(initial=0.0)))
    gate = np.zeros(samples.shape[1], np.float32)
    if len(heard):
        gate[heard[0] : heard[-1] + 1] = 1.0
        fade = min(int(0.02 * sample_rate_hz), int(heard[-1] - heard[0] + 1) // 2)
        if fade:
            ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
            gate[heard[0] : heard[0] + fade] = ramp
            gate[heard[-1] + 1 - fade : heard[-1] + 1] = ramp[::-1]
    return gate
