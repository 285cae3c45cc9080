"""Techniques that move the pitches and leave the rhythm: transposition, inversion, mode change, octave displacement.

Every technique takes a phrase, a random generator and a strength 0..1, and gives tones within the phrase's length.
"""

from __future__ import annotations

from random import Random

from assistant.vary.phrase import Phrase, Tone, degree, moved, repitched, stepped
from midi.scale import MODES, Key

_OTHER_MODE = {
    "major": "minor",
    "minor": "major",
    "dorian": "mixolydian",
    "phrygian": "lydian",
    "lydian": "phrygian",
    "mixolydian": "dorian",
    "locrian": "lydian",
    "harmonic minor": "major",
    "melodic minor": "major",
}


def transposition(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """The melody moved along the scale as a whole: by a step when weak, by up to a fifth when strong."""
    steps = random.randint(1, 1 + round(3 * strength)) * random.choice((1, -1))
    return stepped(phrase.tones, phrase.key, steps)


def inversion(phrase: Phrase, _random: Random, _strength: float = 1.0) -> tuple[Tone, ...]:
    """The melody upside down: every interval mirrored along the scale around the first note."""
    if not phrase.tones:
        return ()
    key, axis = phrase.key, phrase.tones[0].pitch
    return repitched(phrase.tones, (mirrored(key, axis, t.pitch) for t in phrase.tones))


def mirrored(key: Key, axis: int, pitch: int) -> int:
    """`pitch` mirrored along the scale around `axis`."""
    return axis if pitch == axis else moved(key, axis, degree(key, axis) - degree(key, pitch))


def mode_change(phrase: Phrase, _random: Random, _strength: float = 1.0) -> tuple[Tone, ...]:
    """The melody in the other mode on the same tonic, as `other_mode` gives it: major in minor, minor in major."""
    return repitched(phrase.tones, (rekeyed(phrase.key, other_mode(phrase.key), t.pitch) for t in phrase.tones))


def other_mode(key: Key) -> Key:
    """The key on the same tonic with the third changed: C major for C minor and the other way round."""
    return Key(key.tonic, _OTHER_MODE[key.mode])


def rekeyed(key: Key, other: Key, pitch: int) -> int:
    """`pitch` of one key on the same degree of another, the tonics as near to each other as they can be."""
    away = (other.tonic - key.tonic + 6) % 12 - 6
    step, alteration = key.degree(pitch)
    octave, index = divmod(step, 7)
    return key.tonic + away + 12 * octave + MODES[other.mode][index] + alteration


def octave_displacement(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """Some of the melody an octave away: from a leap on to the end of a bar, or a whole bar; high parts go down and low
    parts up, so that the line stays near its middle."""
    tones = phrase.tones
    if not tones:
        return ()
    middle = sorted(t.pitch for t in tones)[len(tones) // 2]
    groups = _groups(phrase)
    count = max(1, round(strength * len(groups) / 2))
    chosen = set(random.sample(range(len(groups)), min(count, len(groups))))
    pitches: list[int] = []
    for index, group in enumerate(groups):
        mean = sum(t.pitch for t in group) / len(group)
        away = (-12 if mean > middle or (mean == middle and random.random() < 0.5) else 12) if index in chosen else 0
        pitches += [t.pitch + away for t in group]
    return repitched(tones, pitches)


def _groups(phrase: Phrase) -> list[list[Tone]]:
    """The melody in parts that can be moved by an octave: cut at bar lines, rests and leaps of a fourth or more."""
    groups: list[list[Tone]] = []
    for tone in phrase.tones:
        last = groups[-1][-1] if groups else None
        if last and last.start // phrase.bar_ticks == tone.start // phrase.bar_ticks:
            joined = abs(last.pitch - tone.pitch) < 5 and last.end == tone.start
        else:
            joined = False
        if joined:
            groups[-1].append(tone)
        else:
            groups.append([tone])
    return groups
