"""What kind of sound it is: a voice, somebody speaking, drums, or several notes at once.

Only what is plain is said: in doubt it is a voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.hear.frames import RATE_HZ, Frames
from assistant.hear.swift import PitchTrack
from midi.heard import HeardNote

Kind = Literal["voice", "speech", "drums", "several notes"]

_VOICED = 0.5
_LOUD_BELOW_DB = 20.0
_WINDOW = 4096
_EVERY = 8
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 3000.0
_PEAK_BELOW_DB, _PEAK_ABOVE_DB = 20.0, 8.0
_AROUND = 20
_FEW_NOTES, _FEW_FRAMES = 8, 4
_UNSURE_BELOW = 0.95


@dataclass(frozen=True, slots=True)
class Traits:
    """What tells the kinds apart.

    `pitched`: the part of the loud moments that has a pitch. `held`: the part of all pitch that stays within a
    semitone for a quarter of a second. `length_seconds`: the middle length of the notes; `glide_semitones`: how far
    the pitch moves through the middle one. `unsure`: the part of the notes that may be none. `turn_semitones`: how
    different a step from note to note is from the step before it, in the middle. `foreign`: how often a loud partial
    is none of the pitch's own, `foreign_power`: how much of the sound such partials make. `noisy`: how flat the
    spectrum is, 0..1. `steady_frames`: how many moments that was seen in.
    """

    pitched: float
    held: float
    notes: int
    length_seconds: float
    glide_semitones: float
    sureness: float
    unsure: float
    turn_semitones: float
    foreign: float
    foreign_power: float
    noisy: float
    steady_frames: int


def kind_of(traits: Traits) -> Kind:
    """The kind that the traits make plain.

    The bounds lie between what was measured on 50 recordings of singing, as they are and spoiled, and on speech in
    fourteen languages at 80 to 230 words a minute, drums, chords and intervals of seven instruments, and pairs of
    singers at once.
    """
    clean = traits.steady_frames >= _FEW_FRAMES and traits.noisy < 0.4 and traits.foreign_power >= 0.04
    # Somebody sings beside something else in a few recordings; the ear is sure of the voice then.
    if clean and (traits.foreign >= 0.95 or (traits.foreign >= 0.45 and traits.sureness < 0.99)):
        return "several notes"
    if traits.pitched < 0.35 and traits.noisy < 0.15:
        return "several notes"
    if traits.held < 0.1 and ((traits.pitched < 0.5 and traits.noisy > 0.4) or traits.glide_semitones > 1.2):
        return "drums"
    if traits.notes >= _FEW_NOTES and traits.held + 2 * traits.length_seconds < 0.5 and traits.glide_semitones > 0.2:
        return "speech"
    # Spoken slowly in a language of tones, syllables are as still as notes; but they make no melody.
    flat = traits.turn_semitones < 0.5 and traits.unsure >= 0.06 and traits.length_seconds < 0.3
    return "speech" if flat and traits.notes >= 2 * _FEW_NOTES else "voice"


def may_be_speech(traits: Traits) -> bool:
    """Whether a voice may be speaking slowly. Somebody who sings words freely may sound the same: these are notes
    until the composer says otherwise.
    """
    short_and_unsure = traits.unsure >= 0.07 and traits.length_seconds < 0.35 and traits.glide_semitones > 0.2
    gliding = traits.glide_semitones > 0.6 and traits.length_seconds < 0.5
    return traits.notes >= _FEW_NOTES and traits.held < 0.8 and (short_and_unsure or gliding)


def traits_of(samples: Samples, track: PitchTrack, notes: Sequence[HeardNote]) -> Traits:
    """The traits of mono samples at 22050 Hz in which `track` and `notes` were heard."""
    frames = range(0, len(track.pitch), _EVERY)
    spectra, kept = _spectra(samples, [float(track.times_seconds[frame]) for frame in frames])
    if len(kept) == 0:
        return Traits(0, 0, len(notes), 0, 0, 0, 0, 0, 0, 0, 1, 0)
    level = 10 * np.log10(spectra.sum(axis=1) + 1e-12)
    loud = level > np.percentile(level, 95) - _LOUD_BELOW_DB
    places = np.array([frames[index] for index in kept])
    steady = [row for row in np.flatnonzero(loud) if _steady(track, int(places[row]))]
    foreign = _foreign(spectra[steady], track.pitch[places[steady]])
    glides = [glide for note in notes if (glide := _glide(track, note)) is not None]
    lengths = [note.length_seconds for note in notes]
    confidences = [note.confidence for note in notes]
    turns = np.abs(np.diff([note.pitch for note in notes], n=2))
    return Traits(
        pitched=float((track.sureness[places[loud]] > _VOICED).mean()),
        held=_held(track),
        notes=len(notes),
        length_seconds=float(np.median(lengths)) if lengths else 0.0,
        glide_semitones=float(np.median(glides)) if glides else 0.0,
        sureness=float(np.mean(confidences)) if notes else 0.0,
        unsure=float(np.mean(np.array(confidences) < _UNSURE_BELOW)) if notes else 0.0,
        turn_semitones=float(np.median(turns)) if len(turns) else 0.0,
        foreign=float(foreign[:, 0].mean()) if len(foreign) else 0.0,
        foreign_power=float(np.median(foreign[:, 1])) if len(foreign) else 0.0,
        noisy=float(np.median(_flatness(spectra[loud]))),
        steady_frames=len(foreign),
    )


def _spectra(samples: Samples, times_seconds: Sequence[float]) -> tuple[Frames, list[int]]:
    """Power between the lowest and highest frequency around each time, and which times lie far enough inside."""
    window = np.hanning(_WINDOW).astype(np.float32)
    band = slice(*(int(hz / RATE_HZ * _WINDOW) for hz in (_LOWEST_HZ, _HIGHEST_HZ)))
    rows, kept = [], []
    for index, seconds in enumerate(times_seconds):
        first = round(seconds * RATE_HZ) - _WINDOW // 2
        if first >= 0 and first + _WINDOW <= len(samples):
            rows.append(np.abs(np.fft.rfft(samples[first : first + _WINDOW] * window))[band] ** 2)
            kept.append(index)
    return np.array(rows, np.float32), kept


def _steady(track: PitchTrack, frame: int) -> bool:
    """Whether the pitch is sure and stands still around a frame."""
    around = slice(max(0, frame - 4), frame + 5)
    return bool(track.sureness[around].min() > _VOICED and np.ptp(track.pitch[around]) < 0.5)


def _foreign(spectra: Frames, pitch: Frames) -> NDArray[np.float64]:
    """For each frame whether a loud partial is none of the pitch's harmonics, 0 or 1, and how much of the power lies
    beside them; shape (frames, 2).
    """
    frequency = (np.arange(spectra.shape[1]) + int(_LOWEST_HZ / RATE_HZ * _WINDOW)) * (RATE_HZ / _WINDOW)
    hz = 440 * 2 ** ((pitch.astype(np.float64)[:, np.newaxis] - 69) / 12)
    harmonic = np.maximum(1, np.round(frequency / hz)) * hz
    beside = np.abs(frequency - harmonic) > np.maximum(3.2 * RATE_HZ / _WINDOW, 0.035 * harmonic)
    level = 10 * np.log10(spectra + 1e-12)
    peaks = np.zeros(level.shape, bool)
    peaks[:, 1:-1] = (level[:, 1:-1] > level[:, :-2]) & (level[:, 1:-1] >= level[:, 2:])
    peaks &= level > level.max(axis=1, keepdims=True, initial=-np.inf) - _PEAK_BELOW_DB
    rows, bins = np.nonzero(peaks & beside)
    around = np.pad(level, ((0, 0), (_AROUND, _AROUND)), constant_values=np.nan)
    middle = np.nanmedian(around[rows[:, np.newaxis], bins[:, np.newaxis] + np.arange(2 * _AROUND + 1)], axis=1)
    stands_out = rows[level[rows, bins] > middle + _PEAK_ABOVE_DB]
    share = np.where(beside, spectra, 0).sum(axis=1) / (spectra.sum(axis=1) + 1e-12)
    return np.column_stack([np.isin(np.arange(len(spectra)), stands_out), share]).astype(np.float64)


def _flatness(spectra: Frames) -> NDArray[np.float64]:
    amplitude = np.sqrt(spectra.astype(np.float64)) + 1e-9
    flat: NDArray[np.float64] = np.exp(np.log(amplitude).mean(axis=1)) / amplitude.mean(axis=1)
    return flat


def _held(track: PitchTrack) -> float:
    """The part of the time with a pitch in which it stays within 1.2 semitones for a quarter of a second."""
    lengths: list[int] = []
    first, low, high = -1, 0.0, 0.0
    for frame, (pitch, sure) in enumerate(zip(track.pitch.tolist(), track.sureness.tolist(), strict=True)):
        goes_on = sure > _VOICED and first >= 0 and max(high, pitch) - min(low, pitch) < 1.2
        if goes_on:
            low, high = min(low, pitch), max(high, pitch)
            continue
        if first >= 0:
            lengths.append(frame - first)
        first, low, high = (frame, pitch, pitch) if sure > _VOICED else (-1, 0.0, 0.0)
    if first >= 0:
        lengths.append(len(track.pitch) - first)
    hop = float(track.times_seconds[1] - track.times_seconds[0]) if len(track.times_seconds) > 1 else 1.0
    long = sum(length for length in lengths if length * hop >= 0.25)
    return long / sum(lengths) if lengths else 0.0


def _glide(track: PitchTrack, note: HeardNote) -> float | None:
    """How far the pitch moves between the first and the last third of where a note is held; vibrato evens out."""
    edges = (note.onset_seconds + note.length_seconds / 6, note.offset_seconds - note.length_seconds / 8)
    first, stop = np.searchsorted(track.times_seconds, edges)
    pitch = track.pitch[first:stop][track.sureness[first:stop] > _VOICED]
    if len(pitch) < 4:
        return None
    third = len(pitch) // 3
    return abs(float(pitch[:third].mean()) - float(pitch[-third:].mean()))
