"""What a model has made, fitted to a session: its tempo, its key, whole bars."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Audio
from midi.keyfinding import estimate_key
from midi.scale import Key
from midi.tempo import Tempo

Curve = NDArray[np.float64]

_TIMES = (1, 2, 4, 8)
NEAR = 0.12
"""Further from the session's tempo than this part of it, stretching would be heard: the sound stays as it is."""
MOST_SEMITONES = 2
_FRAME, _HOP = 2048, 256
_LONG_FRAME = 8192
"""For pitches: two semitones at 70 Hz are four bins of 4 Hz."""
_SURE = 0.35
"""Of the energy of the onsets, the part that has to recur at the tempo for it to be taken for one: a held note and
noise stay under .2, a beat comes to .5 and more."""
_BEATEN = 0.05
"""How much the onset curve varies where something is struck: .42 for plucked notes, .01 for noise."""
_SURE_OF_KEY = 0.5
_FADE_SECONDS = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The sound and what was done to it, a sentence each."""

    audio: Audio
    remarks: tuple[str, ...] = ()


def fitted(audio: Audio, *, tempo: Tempo | None, key: Key | None, seconds: float) -> Fitted:
    """`audio` at the session's `tempo` and `key` as far as it is near them, `seconds` long to the sample.

    What is too short ends in silence; the cut is faded over 20 ms.
    """
    remarks: list[str] = []
    stretch, semitones = 1.0, 0
    if tempo and (heard := heard_tempo(audio, near=tempo)):
        stretch = tempo.bpm / heard.bpm
        if abs(stretch - 1) > 0.002:
            remarks.append(f"it came at {heard.bpm:.1f} BPM and was brought to {tempo.bpm:g}")
    if key and (semitones := semitones_to(audio, key)):
        remarks.append(f"it was moved by {semitones:+d} semitone{'s' if abs(semitones) > 1 else ''} into {key}")
    if abs(stretch - 1) > 0.002 or semitones:
        audio = _stretched(audio, stretch, semitones)
    return Fitted(_cut(audio, seconds), tuple(remarks))


def heard_tempo(audio: Audio, *, near: Tempo) -> Tempo | None:
    """The tempo of `audio` within `NEAR` of `near`, None where no beat is heard there.

    Method: the autocorrelation of the spectral flux at the period and twice, four and eight times it, the peak refined
    by a parabola.
    """
    flux, rate_hz = onset_curve(audio)
    periods = np.arange(60 / (near.bpm * (1 + NEAR)), 60 / (near.bpm * (1 - NEAR)), 0.1 / rate_hz)
    if len(flux) < 1.1 * _TIMES[-1] * periods[-1] * rate_hz or flux.std() < _BEATEN:
        return None
    spectrum = np.fft.rfft(flux, 2 * len(flux))
    recurs = np.fft.irfft(np.abs(spectrum) ** 2)[: len(flux)]
    recurs /= recurs[0]
    lags = np.arange(len(recurs))
    strengths = np.mean([np.interp(times * periods * rate_hz, lags, recurs) for times in _TIMES], axis=0)
    best = int(strengths.argmax())
    if strengths[best] < _SURE or best in (0, len(periods) - 1):
        return None
    left, top, right = strengths[best - 1 : best + 2]
    bend = left - 2 * top + right
    shift = 0.0 if bend == 0 else 0.5 * (left - right) / bend
    return Tempo(float(60 / (periods[best] + shift * (periods[1] - periods[0]))))


def onset_curve(audio: Audio) -> tuple[Curve, float]:
    """How much louder the spectrum becomes from frame to frame, shape (frames,), less its mean; frames a second."""
    power = np.log1p(1000 * _spectra(audio.mono(), _FRAME, _HOP))
    rises = np.maximum(0.0, np.diff(power, axis=0)).mean(axis=1) if len(power) > 1 else np.zeros(0)
    return rises - rises.mean() if len(rises) else rises, audio.sample_rate_hz / _HOP


def pitch_classes(audio: Audio) -> Curve:
    """How long each pitch class sounds, shape (12,), C first: the spectrum between 65 and 2100 Hz folded into one
    octave, each frame counting by the root of its energy."""
    spectra = _spectra(audio.mono(), _LONG_FRAME, _LONG_FRAME // 2)
    hz = np.fft.rfftfreq(_LONG_FRAME, 1 / audio.sample_rate_hz)
    band = (hz > 65) & (hz < 2100)
    # The strong peaks alone: between the partials there is only leakage, and what stretching has smeared.
    strong = spectra[:, 1:-1] > 0.1 * spectra.max(axis=1, keepdims=True)
    peaked = (spectra[:, 1:-1] > spectra[:, :-2]) & (spectra[:, 1:-1] > spectra[:, 2:])
    inner = spectra[:, 1:-1] * (peaked & strong)
    peaks = np.pad(inner, ((0, 0), (1, 1)))[:, band]
    classes = np.round(69 + 12 * np.log2(hz[band] / 440)).astype(int) % 12
    folded = np.stack([peaks[:, classes == one].sum(axis=1) for one in range(12)], axis=1)
    weights: Curve = np.sqrt(folded).sum(axis=0)
    return weights


def semitones_to(audio: Audio, key: Key) -> int:
    """How many semitones, `MOST_SEMITONES` at most either way, bring `audio` into the notes of `key`; 0 where it is
    there, too far, or where its key is not clear."""
    heard, sure = estimate_key(pitch_classes(audio).tolist())
    if sure < _SURE_OF_KEY:
        return 0
    away = (key.relative_major - heard.relative_major + 6) % 12 - 6
    return away if abs(away) <= MOST_SEMITONES else 0


def _spectra(samples: NDArray[np.float32], frame: int, hop: int) -> Curve:
    """Magnitudes, shape (frames, bins)."""
    padded = np.pad(samples.astype(np.float64), (0, max(0, frame - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop]
    spectra: Curve = np.abs(np.fft.rfft(frames * np.hanning(frame), axis=1))
    return spectra


def _stretched(audio: Audio, stretch: float, semitones: int) -> Audio:
    """`stretch` times as fast, `semitones` higher (Rubber Band, through pedalboard)."""
    from pedalboard import time_stretch

    samples = time_stretch(
        audio.samples, audio.sample_rate_hz, stretch_factor=stretch, pitch_shift_in_semitones=semitones
    )
    return replace(audio, samples=np.ascontiguousarray(samples, dtype=np.float32))


def _cut(audio: Audio, seconds: float) -> Audio:
    length = round(seconds * audio.sample_rate_hz)
    samples = np.zeros((audio.channels, length), np.float32)
    kept = min(length, audio.length)
    samples[:, :kept] = audio.samples[:, :kept]
    fade = min(kept, round(_FADE_SECONDS * audio.sample_rate_hz))
    if fade:
        samples[:, kept - fade : kept] *= np.linspace(1, 0, fade, dtype=np.float32)
    return replace(audio, samples=samples)
