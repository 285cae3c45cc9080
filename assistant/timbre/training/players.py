"""Phrases played: by a SoundFont through FluidSynth, or by synthesisers of our own. Mono, 48 kHz, float32."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.timbre.features import HOP, SAMPLE_RATE_HZ
from assistant.timbre.training.phrases import FRAMES_A_SECOND, Phrase

Samples = NDArray[np.float32]
TICKS = 4800
_DAMPING_SECONDS = 0.04


@dataclass(frozen=True, slots=True)
class Part:
    """A phrase for a General MIDI program. `single`: what rings on is damped as soon as the next note begins."""

    phrase: Phrase
    program: int
    seed: int
    single: bool = False

    @property
    def length(self) -> int:
        return len(self.phrase.pitch) * HOP


def soundfont(phrase: Phrase, program: int, font: Path, seed: int, *, single: bool = False) -> Samples:
    """The phrase as a General MIDI program plays it, dry."""
    return soundfonts([Part(phrase, program, seed, single)], font)[0]


def soundfonts(parts: Sequence[Part], font: Path) -> list[Samples]:
    """The parts played one after the other in one go: a compressed SoundFont takes seven seconds to load."""
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder) / "phrases.mid", Path(folder) / "phrases.wav"
        _midi(parts).save(score)
        options = f"-ni -q -R 0 -C 0 -r {SAMPLE_RATE_HZ} -g 0.5 -T wav -O float"
        command = ["fluidsynth", *options.split(), "-F", str(sound), str(font), str(score)]
        subprocess.run(command, check=True, capture_output=True)
        samples, _ = soundfile.read(sound, dtype="float32", always_2d=True)
    length = sum(part.length for part in parts)
    mono = np.pad(samples.mean(axis=1), (0, max(0, length - len(samples)))).astype(np.float32)
    ends = np.cumsum([part.length for part in parts])
    return [mono[end - part.length : end] for part, end in zip(parts, ends, strict=True)]


def _midi(parts: Sequence[Part]) -> Any:
    import mido

    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    last, begin = 0, 0.0
    for part in parts:
        for at, _, message in _events(part):
            tick = max(last, round((begin + at) * 2 * TICKS))
            track.append(message.copy(time=tick - last))
            last = tick
        begin += part.length / SAMPLE_RATE_HZ
    track.append(mido.MetaMessage("end_of_track", time=TICKS))
    return mido.MidiFile(ticks_per_beat=TICKS, tracks=[track])


def _events(part: Part) -> list[tuple[float, int, Any]]:
    """(seconds, order at one time, message). Single notes take turns on two channels, so that one can be damped."""
    import mido

    phrase, draw = part.phrase, np.random.default_rng((part.seed, 1))
    channels = range(2 if part.single else 1)
    events: list[tuple[float, int, Any]] = [
        (0.0, 0, mido.Message("program_change", program=part.program, channel=channel)) for channel in channels
    ]
    for number, note in enumerate(phrase.notes):
        channel = number % len(channels)
        end = note.end
        if number + 1 < len(phrase.notes):
            following = phrase.notes[number + 1]
            joined = following.start - note.end < 1e-3 and following.pitch != note.pitch
            end += draw.uniform(0.005, 0.03) if joined and draw.random() < 0.5 else 0.0
            if part.single:
                events += _damped(channel, following.start)
        events.append(
            (note.start, 2, mido.Message("note_on", note=note.pitch, velocity=note.velocity, channel=channel))
        )
        events.append((end, 0, mido.Message("note_off", note=note.pitch, channel=channel)))
    bends = np.rint(phrase.bend / 2 * 8191).astype(int)
    levels = np.clip(np.rint(phrase.expression), 0, 127).astype(int)
    starts = [int(note.start * FRAMES_A_SECOND) for note in phrase.notes]
    owners = np.maximum(np.searchsorted(starts, np.arange(len(bends)), side="right") - 1, 0) % len(channels)
    sent: dict[tuple[str, int], int] = {}
    for frame, channel in enumerate(owners.tolist()):
        at = frame / FRAMES_A_SECOND
        if sent.get(("bend", channel)) != bends[frame]:
            sent["bend", channel] = int(bends[frame])
            events.append((at, 1, mido.Message("pitchwheel", pitch=int(bends[frame]), channel=channel)))
        if sent.get(("level", channel)) != levels[frame]:
            sent["level", channel] = int(levels[frame])
            level = mido.Message("control_change", control=11, value=int(levels[frame]), channel=channel)
            events.append((at, 1, level))
    return sorted(events, key=lambda event: event[:2])


def _damped(channel: int, at: float) -> list[tuple[float, int, Any]]:
    """What fades a channel out around a time, and makes it ready for its next note."""
    import mido

    first, last = at - _DAMPING_SECONDS * 0.4, at + _DAMPING_SECONDS * 0.6
    fade = [
        (
            first + share * (last - first),
            1,
            mido.Message("control_change", control=7, value=round(100 * (1 - share) ** 0.5), channel=channel),
        )
        for share in np.linspace(0, 1, 11)[1:].tolist()
    ]
    silent = mido.Message("control_change", control=120, value=0, channel=channel)
    ready = mido.Message("control_change", control=7, value=100, channel=channel)
    return [*fade, (last + 0.002, 1, silent), (last + 0.004, 1, ready)]


def gritty_lead(phrase: Phrase, seed: int) -> Samples:
    """A saw wave with a resonance that opens with every attack, driven until it growls, with sand in it."""
    import soxr

    since, level = _envelope(phrase, attack=0.006, release=0.05)
    opening = 350 + 5200 * level**1.5 * (0.35 + 0.65 * np.exp(-since / 0.25))
    partials = phrase.hz[:, None] * np.arange(1, 81)
    resonance = 1 + 2.5 * np.exp(-((np.log2(partials / opening[:, None]) / 0.3) ** 2))
    tones = resonance / np.arange(1, 81) / (1 + (partials / opening[:, None]) ** 3)
    driven = soxr.resample(_harmonic(phrase, tones * level[:, None]), SAMPLE_RATE_HZ, 4 * SAMPLE_RATE_HZ)
    driven = np.tanh(3.5 * driven + 0.25) - np.tanh(0.25)
    shaped = soxr.resample(driven, 4 * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ)[: len(phrase.pitch) * HOP]
    sand = _band(np.random.default_rng((seed, 2)), len(shaped), 1500, 9000) * 0.03 * np.abs(shaped)
    return _mono(0.5 * (shaped + sand) * _sampled(level**0.3))


def warm_pad(phrase: Phrase, seed: int) -> Samples:
    """Two soft saws through a low filter, slow to come and to go."""
    since, level = _envelope(phrase, attack=0.12, release=0.25)
    partials = phrase.hz[:, None] * np.arange(1, 61)
    cutoff = (500 + 1400 * level * np.clip(since / 0.4, 0.2, 1))[:, None]
    tones = 1 / np.arange(1, 61) / (1 + (partials / cutoff) ** 2.5)
    tones[:, 1::2] *= 0.6
    hiss = _band(np.random.default_rng((seed, 2)), len(phrase.pitch) * HOP, 200, 3000) * 0.004
    return _mono(0.5 * _harmonic(phrase, tones * level[:, None]) + hiss * _sampled(level))


def glass(phrase: Phrase, seed: int) -> Samples:
    """Rubbed glass: few high partials that flash at the touch and die away, and the finger on the rim."""
    since, level = _envelope(phrase, attack=0.03, release=0.3)
    tones = np.zeros((len(level), 24))
    for number, strength, decay in (
        (1, 1.0, 9.0),
        (2, 0.08, 1.0),
        (3, 0.3, 0.9),
        (5, 0.22, 0.35),
        (8, 0.18, 0.15),
        (13, 0.1, 0.08),
    ):
        tones[:, number - 1] = strength * (0.15 + 0.85 * np.exp(-since / decay)) * level ** (1 + 0.06 * number)
    rub = _band(np.random.default_rng((seed, 2)), len(level) * HOP, 2500, 8000) * 0.012
    return _mono(0.5 * _harmonic(phrase, tones) + rub * _sampled(level * (0.3 + np.exp(-since / 0.06))))


def sub_bass(phrase: Phrase, seed: int) -> Samples:
    """A sine pressed into saturation: round when soft, with a knock of harmonics when hard."""
    since, level = _envelope(phrase, attack=0.008, release=0.06)
    round_tone = _harmonic(phrase, np.ones((len(level), 1)))
    drive = _sampled(0.6 + 2.2 * level**2 * (0.4 + 0.6 * np.exp(-since / 0.12)))
    return _mono(0.6 * np.tanh(drive * round_tone) / np.tanh(drive) * _sampled(level))


SYNTHS: dict[str, Callable[[Phrase, int], Samples]] = {
    "gritty-lead": gritty_lead,
    "warm-pad": warm_pad,
    "glass": glass,
    "sub-bass": sub_bass,
}


def _envelope(phrase: Phrase, *, attack: float, release: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds since the last attack and level 0..1, a value a frame."""
    frames = len(phrase.pitch)
    times = np.arange(frames) / FRAMES_A_SECOND
    since, level = np.full(frames, 10.0), np.zeros(frames)
    for note in phrase.notes:
        after = times - note.start
        begun = after >= 0
        since[begun] = after[begun]
        rise = 1 - np.exp(-np.maximum(after, 0) / attack)
        fall = np.exp(-np.maximum(times - note.end, 0) / release)
        own = (note.velocity / 127) ** 1.6 * rise * fall * begun
        level = np.maximum(level * np.exp(-np.maximum(after, 0) / release), own)
    return since, level * phrase.expression / 127


def _harmonic(phrase: Phrase, tones: NDArray[np.float64]) -> NDArray[np.float64]:
    """Harmonics summed, those near half the sample rate left out."""
    hz = _sampled(phrase.hz.astype(np.float64))
    turns = np.cumsum(hz / SAMPLE_RATE_HZ)
    total = np.zeros(len(turns))
    for number in range(1, tones.shape[1] + 1):
        amplitude = _sampled(tones[:, number - 1]) * np.clip((20_000 - number * hz) / 2000, 0, 1)
        if amplitude.max() > 1e-5:
            total += amplitude * np.sin(2 * np.pi * ((turns * number) % 1.0))
    return total


def _sampled(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """A curve at 250 Hz as one at 48 kHz."""
    curve: NDArray[np.float64] = np.interp(np.arange(len(frames) * HOP) / HOP, np.arange(len(frames)), frames)
    return curve


def _band(draw: np.random.Generator, length: int, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    """Noise between two frequencies, of unit power."""
    spectrum = np.fft.rfft(draw.normal(size=length))
    hz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE_HZ)
    octaves = np.log2(np.maximum(hz, 1) / np.sqrt(low_hz * high_hz))
    noise = np.fft.irfft(spectrum * np.exp(-((octaves * 2 / np.log2(high_hz / low_hz)) ** 4)), length)
    unit: NDArray[np.float64] = noise / np.sqrt(np.mean(noise**2))
    return unit


def _mono(samples: NDArray[np.float64]) -> Samples:
    return np.asarray(samples, np.float32)
