"""Notes to controls: legato, attack, vibrato and dynamics, as the timbre is played; and chords to voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.timbre.controls import Controls
from assistant.timbre.features import FRAMES_A_SECOND, QUIET_DB, Frames
from assistant.timbre.timbre import Timbre

MOST_VOICES = 8
_JOINED_SECONDS = 0.03
_TOGETHER_SECONDS = 0.06
_RINGING_SECONDS = 0.2
_SOFTEST, _LOUDEST = 0.35, 0.97
_ARCH_DB = 2.0
_ACCENT_DB = 1.5


@dataclass(frozen=True, slots=True, order=True)
class Tone:
    """A note to be played: seconds, fractional MIDI pitch, velocity 1..127."""

    start: float
    end: float
    pitch: float
    velocity: float = 80.0


def voices(tones: Sequence[Tone], most: int = MOST_VOICES) -> tuple[tuple[Tone, ...], ...]:
    """Chords as voices of one tone at a time: each tone goes to the free voice whose last pitch is nearest.

    A tone beyond `most` voices takes the one that ends first, and cuts it short there.
    """
    lines: list[list[Tone]] = []
    for tone in sorted(tones, key=lambda one: (one.start, -one.pitch)):
        free = [line for line in lines if line[-1].end <= tone.start + _JOINED_SECONDS]
        if free:
            min(free, key=lambda line: abs(line[-1].pitch - tone.pitch)).append(tone)
        elif len(lines) < most:
            lines.append([tone])
        else:
            line = min(lines, key=lambda line: line[-1].end)
            last = line.pop()
            if last.start < tone.start:
                line.append(Tone(last.start, tone.start, last.pitch, last.velocity))
            line.append(tone)
    return tuple(tuple(line) for line in lines)


def melody(tones: Sequence[Tone]) -> tuple[Tone, ...]:
    """The highest voice alone. A tone that begins under one that sounds on is left out; one that begins as the higher
    one ends, as a piano's notes ring on under the pedal, cuts it short.
    """
    line: list[Tone] = []
    for tone in sorted(tones, key=lambda one: (one.start, -one.pitch)):
        while line and tone.start < line[-1].end:
            last = line[-1]
            if tone.pitch < last.pitch and last.end - tone.start > _RINGING_SECONDS:
                break
            line.pop()
            if tone.start - last.start > _TOGETHER_SECONDS:
                line.append(Tone(last.start, tone.start, last.pitch, last.velocity))
        else:
            line.append(tone)
    return tuple(line)


def performed(tones: Sequence[Tone], timbre: Timbre, seconds: float, *, seed: int = 0) -> Controls:
    """One voice's tones as this timbre plays them, over `seconds` and what the last release takes.

    Tones that touch are joined: the pitch glides over, the loudness does not drop. Raises nothing.
    """
    draw = np.random.default_rng(seed)
    playing = timbre.playing
    release = playing.release_ms / 1000
    length = max([seconds, *(tone.end + 3 * release for tone in tones)])
    frames = int(np.ceil(length * FRAMES_A_SECOND)) + 1
    times = np.arange(frames) / FRAMES_A_SECOND
    pitch = np.full(frames, tones[0].pitch if tones else 60.0)
    level = np.full(frames, QUIET_DB)
    sounding = np.zeros(frames, np.bool_)
    for number, tone in enumerate(tones):
        before = tones[number - 1] if number else None
        after = tones[number + 1] if number + 1 < len(tones) else None
        joined = before is not None and tone.start - before.end < _JOINED_SECONDS
        held = after is not None and after.start - tone.end < _JOINED_SECONDS
        end = after.start if held and after else tone.end
        inside = (times >= tone.start) & (times < end)
        since = times - tone.start
        line = np.full(frames, tone.pitch)
        if joined and before:
            line = line + (before.pitch - tone.pitch) * np.exp(-np.maximum(since, 0) * 3000 / max(playing.glide_ms, 1))
        line = line + _vibrato(since, timbre, draw)
        pitch = np.where(times >= tone.start, line, pitch)
        # What rings after the end keeps the note's own pitch, without its vibrato.
        pitch = np.where(times >= end, tone.pitch, pitch)
        shape = _dynamics(since, end - tone.start, tone.velocity, timbre)
        if not joined:
            shape = shape - 30 * np.exp(-np.maximum(since, 0) * 2500 / max(playing.attack_ms, 1))
        level = np.where(inside, shape, level)
        sounding |= inside
        if not held:
            falling = times >= end
            at_end = shape[min(frames - 1, max(0, int(np.searchsorted(times, end)) - 1))]
            level = np.where(falling, at_end - 60 * (times - end) / max(release, 0.01), level)
    return Controls(pitch.astype(np.float32), np.maximum(level, QUIET_DB).astype(np.float32), sounding)


def velocity_of(level_db: Frames, timbre: Timbre) -> Frames:
    """How hard a note is struck that is held at this loudness. What is softer or louder than any velocity of MIDI is
    below 1 or above 127.
    """
    share = np.interp(level_db, timbre.levels_db, np.linspace(0, 1, len(timbre.levels_db)))
    velocity: Frames = (share - _SOFTEST) / (_LOUDEST - _SOFTEST) * 127
    return velocity


def _vibrato(since: Frames, timbre: Timbre, draw: np.random.Generator) -> Frames:
    playing = timbre.playing
    depth = playing.vibrato_semitones * draw.uniform(0.8, 1.2)
    rate = playing.vibrato_hz * draw.uniform(0.95, 1.05)
    begun = np.clip((since - playing.vibrato_after_ms / 1000) / 0.3, 0, 1)
    wave: Frames = depth * begun * np.sin(2 * np.pi * rate * np.maximum(since, 0))
    return wave


def _dynamics(since: Frames, seconds: float, velocity: float, timbre: Timbre) -> Frames:
    """The loudness inside a note: an accent that settles, and a slight arch over what is long."""
    level = timbre.level_db(_SOFTEST + (_LOUDEST - _SOFTEST) * velocity / 127)
    share = np.clip(since / max(seconds, 0.05), 0, 1)
    arch = _ARCH_DB * min(1.0, seconds / 1.0) * (np.sin(np.pi * share) - 0.5)
    accent = _ACCENT_DB * np.exp(-np.maximum(since, 0) / 0.08)
    shape: Frames = level + arch + accent
    return shape
