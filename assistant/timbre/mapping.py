"""What a source does, made into what a timbre can do: its range, its loudness, its way of beginning a note."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from assistant.errors import InvalidBrief
from assistant.timbre.controls import Controls, smoothed, spans
from assistant.timbre.features import FRAMES_A_SECOND, QUIET_DB, Frames
from assistant.timbre.performing import Tone, performed, velocity_of
from assistant.timbre.timbre import Timbre

_LEAP_SEMITONES = 0.7
_LEAP_FRAMES = 8
_STRUCK_DB_A_SECOND = -10.0
_EARLY_FRAMES = 25
_FADE_DB_A_FRAME = 0.2
_SPREAD = (0.6, 1.4)
_ATTACK_FRAMES = 25
_MIDDLE = 0.6


@dataclass(frozen=True, slots=True)
class Settings:
    """How much of the source is kept.

    `loudness`, `vibrato`, `attack` 0..1 (vibrato to 3): 0 lets the timbre play by itself, 1 follows the source. `noise`
    0..1: how much of what has no pitch, breath and consonants, is laid over. `transpose` semitones; `fold` brings
    notes out of range back by octaves, else they stay at its edge. `wet` 0..1. `struck`: the source dies away, as a
    piano does, and its notes are held instead; None finds out. `chords`: several voices at once; `melody`:
    of several at once the highest alone. `room` 0..1: how much of the room that a timbre was recorded in.
    """

    loudness: float = 1.0
    vibrato: float = 1.0
    attack: float = 1.0
    noise: float = 0.0
    transpose: float = 0.0
    octaves: int | None = None
    fold: bool = True
    wet: float = 1.0
    struck: bool | None = None
    chords: bool = False
    melody: bool = False
    seed: int = 0
    room: float = 1.0

    def __post_init__(self) -> None:
        limits = {"loudness": 2.0, "vibrato": 3.0, "attack": 1.0, "noise": 1.0, "wet": 1.0, "room": 1.0}
        for name, highest in limits.items():
            value = getattr(self, name)
            if not 0 <= value <= highest:
                raise InvalidBrief(f"{name} {value:g} is outside 0..{highest:g}", hint="bring it within the range")
        if not -48 <= self.transpose <= 48:
            raise InvalidBrief(f"transposing by {self.transpose:g} is outside -48..48", hint="four octaves at most")
        if self.chords and self.melody:
            raise InvalidBrief("all voices and the melody alone were asked for", hint="choose one of the two")


def notes_in(controls: Controls) -> list[tuple[int, int]]:
    """The stretches of one note each: sounding, and cut where the pitch leaps."""
    found = []
    for first, last in spans(controls.sounding):
        pitch = controls.pitch[first:last]
        if last - first <= 2 * _LEAP_FRAMES:
            found.append((first, last))
            continue
        change = np.zeros(last - first)
        change[_LEAP_FRAMES:-_LEAP_FRAMES] = np.abs(pitch[2 * _LEAP_FRAMES :] - pitch[: -2 * _LEAP_FRAMES])
        cuts = [first]
        for start, stop in spans(change > _LEAP_SEMITONES):
            at = first + start + int(change[start:stop].argmax())
            # Vibrato swings far too, but comes back at once.
            settled = abs(
                float(np.median(pitch[max(0, start - 30) : start + 1]) - np.median(pitch[stop - 1 : stop + 30]))
            )
            if settled > _LEAP_SEMITONES and at - cuts[-1] > _LEAP_FRAMES:
                cuts.append(at)
        found += list(pairwise([*cuts, last]))
    return found


def within_range(controls: Controls, timbre: Timbre, settings: Settings) -> tuple[Controls, int]:
    """The pitch moved to where the timbre plays, and by how many octaves the whole was moved.

    First all of it by the octaves that bring most of it in, then note by note by octaves, then what is left to the
    edge: the network never hears a pitch that it was not trained on.
    """
    pitch = controls.pitch + np.float32(settings.transpose)
    heard = pitch[controls.sounding]
    octaves = settings.octaves
    if octaves is None:
        octaves = _best_octaves(heard, timbre) if settings.fold and len(heard) else 0
    pitch = pitch + np.float32(12 * octaves)
    if settings.fold:
        pitch = pitch.copy()
        edges = notes_in(replace(controls, pitch=pitch))
        for number, (first, last) in enumerate(edges):
            middle = float(np.median(pitch[first:last]))
            moved = _folded(middle, timbre.low, timbre.high) - middle
            until = edges[number + 1][0] if number + 1 < len(edges) else len(pitch)
            if moved:
                pitch[first:until] += np.float32(moved)
    clamped = np.clip(pitch, timbre.low, timbre.high).astype(np.float32)
    return replace(controls, pitch=clamped), octaves


def _best_octaves(heard: Frames, timbre: Timbre) -> int:
    """The shift with the most inside the range, the smallest of those that are as good."""
    inside = {
        shift: float(((heard + 12 * shift >= timbre.low) & (heard + 12 * shift <= timbre.high)).mean())
        for shift in range(-5, 6)
    }
    best = max(inside.values())
    return min((shift for shift, share in inside.items() if share > best - 0.02), key=abs)


def _folded(pitch: float, low: float, high: float) -> float:
    while pitch < low - 0.5:
        pitch += 12
    while pitch > high + 0.5:
        pitch -= 12
    return pitch


def is_struck(controls: Controls) -> bool:
    """Whether the source's notes die away by themselves: long ones fall by 10 dB a second or more, and nearly all are
    loudest in their first tenth of a second, which a voice's are not.
    """
    slopes, early = [], []
    for first, last in notes_in(controls):
        held = controls.loudness_db[first + 15 : last - 10]
        if len(held) > 40:
            slopes.append(np.polyfit(np.arange(len(held)) / FRAMES_A_SECOND, held, 1)[0])
            early.append(int(controls.loudness_db[first:last].argmax()) < _EARLY_FRAMES)
    return len(slopes) > 0 and float(np.median(slopes)) < _STRUCK_DB_A_SECOND and float(np.mean(early)) >= 0.75


def mapped(controls: Controls, timbre: Timbre, settings: Settings) -> Controls:
    """The source's pitch and loudness as the timbre's."""
    if not controls.sounding.any():
        return replace(controls, loudness_db=np.full(len(controls), QUIET_DB, np.float32))
    struck = is_struck(controls) if settings.struck is None else settings.struck
    pitch = controls.pitch
    if settings.vibrato != 1.0 or struck:
        pitch = _vibrato(controls, settings.vibrato)
    if struck:
        return replace(controls, pitch=pitch, loudness_db=_held(controls, timbre, settings))
    level, pitch = _through_rests(_level(controls, timbre, settings), pitch, controls)
    return replace(controls, pitch=pitch, loudness_db=level)


def _level(controls: Controls, timbre: Timbre, settings: Settings) -> Frames:
    """The source's loudness on the timbre's scale: a straight line, so that the phrasing stays what it was."""
    heard = controls.loudness_db[controls.sounding]
    middle = float(np.quantile(heard, _MIDDLE))
    level: Frames = timbre.level_db(_MIDDLE) + settings.loudness * _slope(heard, timbre) * (
        controls.loudness_db - middle
    )
    highest = timbre.level_db(1.0)
    level = np.where(level > highest - 3, highest - 3 * np.exp(-(np.maximum(level - highest + 3, 0)) / 3), level)
    if settings.attack < 1.0:
        level = _attacks(level, controls, timbre, settings)
    on_scale: Frames = level.astype(np.float32)
    return on_scale


def _slope(heard: Frames, timbre: Timbre) -> float:
    """By how much the timbre grows louder where its source does by one decibel."""
    low, high = np.quantile(heard, (0.1, 0.95))
    own = timbre.level_db(0.95) - timbre.level_db(0.2)
    return float(np.clip(own / max(high - low, 3.0), *_SPREAD))


def _attacks(level: Frames, controls: Controls, timbre: Timbre, settings: Settings) -> Frames:
    """Beginnings of notes after a rest, in part the timbre's own."""
    level = level.copy()
    for first, last in spans(controls.sounding):
        stop = min(last, first + _ATTACK_FRAMES)
        since = np.arange(stop - first) * 1000 / FRAMES_A_SECOND
        goal = float(np.median(level[first : min(last, first + 2 * _ATTACK_FRAMES)]))
        own = goal - 30 * np.exp(-since * 2.5 / max(timbre.playing.attack_ms, 1))
        fade = np.linspace(1, 0, stop - first)
        share = (1 - settings.attack) * fade
        level[first:stop] = level[first:stop] * (1 - share) + own * share
    return level


def _through_rests(level: Frames, pitch: Frames, controls: Controls) -> tuple[Frames, Frames]:
    """Loudness and pitch where nothing is sung: a note fades as its source does, and never swells again; the next one
    may come in with its consonant. Both lose 5 dB in a tenth of a second besides, so that a rest grows silent though
    its source does not. The louder of the two has its own pitch.
    """
    level, pitch = level.copy(), pitch.copy()
    for first, last in spans(~controls.sounding):
        behind, ahead = np.full((2, last - first), QUIET_DB)
        steps = np.arange(1, last - first + 1)
        if first:
            falling = np.minimum.accumulate(_beside(level, controls, slice(first, last), first - 1))
            behind = falling - _FADE_DB_A_FRAME * steps
        if last < len(level):
            ahead = _beside(level, controls, slice(first, last), last) - _FADE_DB_A_FRAME * steps[::-1]
            pitch[first:last][ahead > behind] = pitch[last]
        level[first:last] = np.maximum(np.maximum(behind, ahead), QUIET_DB)
    return level.astype(np.float32), pitch


def _beside(level: Frames, controls: Controls, rest: slice, edge: int) -> Frames:
    """A rest's loudness beside the edge of a note: as far below it as the source's is, and no louder."""
    quieter: Frames = level[edge] + np.minimum(controls.loudness_db[rest] - controls.loudness_db[edge], 0)
    return quieter


def _vibrato(controls: Controls, kept: float) -> Frames:
    """The pitch with its quick movement inside each note made smaller or larger."""
    pitch = controls.pitch.copy()
    for first, last in notes_in(controls):
        slow = smoothed(pitch[first:last], min(50, max(2, (last - first) // 2)))
        pitch[first:last] = slow + np.float32(kept) * (pitch[first:last] - slow)
    return pitch


def _held(controls: Controls, timbre: Timbre, settings: Settings) -> Frames:
    """Loudness for a source that dies away: each note is held as the timbre holds it, as loud as it was struck."""
    notes = notes_in(controls)
    peaks = np.array([float(controls.loudness_db[first : first + 20].max()) for first, _ in notes])
    level = timbre.level_db(_MIDDLE) + settings.loudness * _slope(peaks, timbre) * (peaks - np.median(peaks))
    hardness = velocity_of(level, timbre)
    tones = [
        Tone(
            first / FRAMES_A_SECOND,
            last / FRAMES_A_SECOND,
            float(np.median(controls.pitch[first:last])),
            float(velocity),
        )
        for (first, last), velocity in zip(notes, hardness, strict=True)
    ]
    level = performed(tones, timbre, controls.seconds, seed=settings.seed).loudness_db[: len(controls)]
    return np.pad(level, (0, max(0, len(controls) - len(level))), constant_values=QUIET_DB)
