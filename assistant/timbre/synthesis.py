"""Pitch and loudness to sound: a timbre's network, its harmonics and its noise, whole or by blocks.

A block of controls gives all the samples that are final by then; blocks of any size give what the whole gives.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from assistant.timbre.features import HOP, QUIET_DB, SAMPLE_RATE_HZ, Frames, midi_pitch, network_input, tone_weights
from assistant.timbre.section import Section
from assistant.timbre.shape import FADE_HZ, NOISE_WINDOW, Shape, band_shapes, noise_weights

_BLOCK_FRAMES = 125
_SINES_FRAMES = 5
"""So many frames' harmonics stay in a processor's own memory: a bass is a tenth faster than with all of a block."""
_GATE_DB = (-85.0, -70.0)
"""Sound fades to nothing between these."""
_HALF = NOISE_WINDOW // 2
_CURVE_STEP_HZ = 1.0


class Outputs(Protocol):
    """What puts out spectra block by block."""

    def next(self, features: Frames) -> Frames: ...


class Spectra(Protocol):
    """A network, or what stands for one."""

    shape: Shape

    def flow(self) -> Outputs: ...


class Stream:
    """Sound as controls come. `push` gives samples from where the last call ended; `finish` the rest.

    Samples are late by the network's look-ahead of 24 ms and the noise's window of 8 ms, never shifted. One player
    gives samples of shape (samples,), several of shape (2, samples).
    """

    def __init__(self, network: Spectra, *, seed: int = 0, noise: bool = True, players: int = 1) -> None:
        self._network = network
        self._flow = network.flow()
        self._constants = _Constants()
        self._random = np.random.default_rng(seed)
        self._section = Section((players + 1) // 2, seed) if players > 1 else None
        self._with_noise = noise
        self._skip = network.shape.look_ahead
        self._waiting_hz = np.zeros(0, np.float32)
        self._waiting_db = np.zeros(0, np.float32)
        self._last_input: Frames | None = None
        self._turns = 0.0
        self._held: tuple[np.float32, Frames] | None = None
        self._tones = np.zeros((2, 0) if self._section else 0, np.float32)
        self._noise = np.zeros(NOISE_WINDOW - HOP, np.float32)
        self._dropped = False

    def push(self, hz: Frames, loudness_db: Frames) -> Frames:
        """`hz` and `loudness_db` of shape (frames,) → samples of shape (samples,)."""
        parts = [self._tones[..., :0]]
        for first in range(0, len(hz), _BLOCK_FRAMES):
            block = slice(first, first + _BLOCK_FRAMES)
            parts.append(self._block(np.asarray(hz[block], np.float32), np.asarray(loudness_db[block], np.float32)))
        return np.concatenate(parts, axis=-1)

    def finish(self) -> Frames:
        """The samples that were still to come: with them, `HOP` for every frame pushed."""
        if self._last_input is None:
            return self._tones
        ahead = np.repeat(self._last_input, self._network.shape.look_ahead, axis=1)
        parts = [self._through(ahead)]
        assert self._held is not None
        hz, tones = self._held
        self._harmonic(np.array([hz, hz]), np.stack([tones, tones], axis=-2))
        parts.append(self._ready(self._tones.shape[-1]))
        return np.concatenate(parts, axis=-1)

    def _block(self, hz: Frames, loudness_db: Frames) -> Frames:
        level = np.maximum(loudness_db, QUIET_DB)
        self._waiting_hz = np.concatenate([self._waiting_hz, hz])
        self._waiting_db = np.concatenate([self._waiting_db, level])
        features = network_input(midi_pitch(hz), level)
        self._last_input = features[:, -1:]
        skipped = min(self._skip, features.shape[1])
        self._skip -= skipped
        return self._through(features[:, skipped:])

    def _through(self, features: Frames) -> Frames:
        """The samples that become final with these inputs of the network."""
        count = features.shape[1]
        if count == 0:
            return self._tones[..., :0]
        hz, self._waiting_hz = self._waiting_hz[:count], self._waiting_hz[count:]
        level, self._waiting_db = self._waiting_db[:count], self._waiting_db[count:]
        count = len(hz)
        out = self._flow.next(features)[:count]
        tones, noise = self._amplitudes(out, hz, level)
        self._add_noise(noise if self._with_noise else np.zeros_like(noise))
        if self._held is not None:
            hz = np.concatenate([[self._held[0]], hz])
            tones = np.concatenate([self._held[1][..., None, :], tones], axis=-2)
        self._held = (hz[-1], tones[..., -1, :])
        self._harmonic(hz, tones)
        return self._ready(
            min(self._tones.shape[-1], len(self._noise) - (NOISE_WINDOW - HOP) - (0 if self._dropped else _HALF))
        )

    def _ready(self, count: int) -> Frames:
        """Takes `count` final samples."""
        if count <= 0:
            return self._tones[..., :0]
        if not self._dropped:
            # The first window of noise begins before the first sample.
            self._noise, self._dropped = self._noise[_HALF:], True
        samples: Frames = self._tones[..., :count] + self._noise[:count]
        self._tones, self._noise = self._tones[..., count:], self._noise[count:]
        return samples

    def _amplitudes(self, out: Frames, hz: Frames, level: Frames) -> tuple[Frames, Frames]:
        """Harmonics (frames, harmonics), of several players (2, frames, harmonics), and bins of noise (frames, bins),
        at the loudness asked for.
        """
        constants, harmonics = self._constants, self._network.shape.harmonics
        partials = hz[:, None] * np.arange(1, harmonics + 1, dtype=np.float32)
        fade = np.clip((FADE_HZ[1] - partials) / np.float32(FADE_HZ[1] - FADE_HZ[0]), 0, 1)
        tones = np.exp(np.clip(out[:, 1 : 1 + harmonics], -16, 6)) * fade
        noise = np.exp(np.clip(out[:, 1 + harmonics :] - 4, -18, 6)) @ constants.bands
        curve = constants.curve[np.minimum(partials / _CURVE_STEP_HZ, len(constants.curve) - 1).astype(np.int32)]
        if self._section:
            tones = tones * self._section.gains(hz, level, harmonics)
        middle = tones.mean(axis=0) if self._section else tones
        power = (middle * middle * curve).sum(axis=1) / 2 + (noise * noise) @ constants.noise_weights
        gate = np.clip((level - _GATE_DB[0]) / np.float32(_GATE_DB[1] - _GATE_DB[0]), 0, 1)
        wanted = np.float32(10) ** (level / 20) * gate
        gain = (wanted / np.sqrt(power + 1e-9))[:, None].astype(np.float32)
        return tones * gain, noise * gain

    def _harmonic(self, hz: Frames, tones: Frames) -> None:
        """Adds the sound between the first and the last of these frames."""
        frames = len(hz) - 1
        if frames < 1:
            return
        ramp = self._constants.ramp
        steps = (hz[:-1, None] * (1 - ramp) + hz[1:, None] * ramp).astype(np.float64) / SAMPLE_RATE_HZ
        turns = self._turns + np.cumsum(steps.ravel())
        self._turns = float(turns[-1] % 1.0)
        sounding = np.abs(tones).reshape(-1, tones.shape[-1]).max(axis=0) > 0
        heard = max(1, int(np.flatnonzero(sounding).max(initial=0)) + 1)
        phase = ((turns % 1.0) * (2 * np.pi)).astype(np.float32).reshape(frames, 1, HOP)
        numbers = np.arange(1, heard + 1, dtype=np.float32)[:, None]
        sides = tones[..., :heard].reshape(-1, frames + 1, heard)
        # For every frame the amplitudes at its beginning on each side, then those at its end.
        ends = np.concatenate([sides[:, :-1], sides[:, 1:]]).transpose(1, 0, 2)
        both = np.empty((frames, ends.shape[1], HOP), np.float32)
        for first in range(0, frames, _SINES_FRAMES):
            few = slice(first, first + _SINES_FRAMES)
            sines = phase[few] * numbers
            np.matmul(ends[few], np.sin(sines, out=sines), out=both[few])
        before, after = np.split(both.transpose(1, 0, 2), 2)
        sound = (before * (1 - ramp) + after * ramp).reshape(*tones.shape[:-2], -1)
        self._tones = np.concatenate([self._tones, sound.astype(np.float32)], axis=-1)

    def _add_noise(self, bins: Frames) -> None:
        """Overlaps and adds a window of filtered noise for every frame."""
        frames = len(bins)
        drawn = self._random.standard_normal((frames, bins.shape[1], 2), dtype=np.float32)
        spectrum = drawn.view(np.complex64)[..., 0] * (bins * np.float32(np.sqrt(NOISE_WINDOW / 2)))
        windows = np.fft.irfft(spectrum, NOISE_WINDOW, axis=1).astype(np.float32) * self._constants.window
        laid = np.concatenate([self._noise, np.zeros(frames * HOP, np.float32)])
        start = len(self._noise) - (NOISE_WINDOW - HOP)
        rows = windows.reshape(frames, NOISE_WINDOW // HOP, HOP)
        for part in range(NOISE_WINDOW // HOP):
            first = start + part * HOP
            laid[first : first + frames * HOP] += rows[:, part].ravel()
        self._noise = laid


def sound(
    network: Spectra, hz: Frames, loudness_db: Frames, *, seed: int = 0, noise: bool = True, players: int = 1
) -> Frames:
    """The sound of controls of shape (frames,): `frames * HOP` samples at 48 kHz, without its noise on request; of
    several players shape (2, frames * HOP).
    """
    stream = Stream(network, seed=seed, noise=noise, players=players)
    return np.concatenate([stream.push(hz, loudness_db), stream.finish()], axis=-1)


class _Constants:
    def __init__(self) -> None:
        self.bands = band_shapes()
        self.noise_weights = noise_weights()
        self.curve = tone_weights(_CURVE_STEP_HZ)
        window = np.hanning(NOISE_WINDOW + 1)[:-1]
        self.window = (window / np.sqrt(np.square(window).sum() / HOP)).astype(np.float32)
        self.ramp = (np.arange(HOP) / HOP).astype(np.float32)
