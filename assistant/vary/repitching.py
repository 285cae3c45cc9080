"""Techniques that give the rhythm new pitches: the contour kept, free, or on the skeleton of other chords."""

from __future__ import annotations

from random import Random

from assistant.vary.phrase import Phrase, Tone, degree, moved, note_of, repitched
from midi.clip import Clip
from midi.harmony import Chord, harmonised, substitutes

# How often a melody moves by so many scale steps: mostly by step, and thirds more than larger leaps.
_STEPS = (1, 2, 3, 4, 5)
_STEP_WEIGHTS = (60, 24, 9, 5, 2)


def contour_preserving_re_pitching(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """New intervals in the same directions: what rose rises, what fell falls, what stayed stays. The line is drawn back
    towards the old one, so that it does not run away; when weak only single notes move."""
    tones = phrase.tones
    if len(tones) < 2:
        return tones
    key = phrase.key
    old = [degree(key, t.pitch) for t in tones]
    free = _freed(len(tones), random, strength)
    new = [old[0] + (random.choice((-2, -1, 1, 2)) if 0 in free else 0)]
    for i in range(1, len(tones)):
        way = (tones[i].pitch > tones[i - 1].pitch) - (tones[i].pitch < tones[i - 1].pitch)
        if way == 0:
            new.append(new[-1])
        elif i in free:
            new.append(new[-1] + way * _drawn(way, new[-1], old[i], random))
        else:
            new.append(max(old[i], new[-1] + 1) if way > 0 else min(old[i], new[-1] - 1))
    return _on_degrees(phrase, old, new)


def rhythm_preserving_re_pitching(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """A new line in the same rhythm: mostly by step, notes of the bar's chord on stressed beats, near the old line,
    to the old last note. When weak only some notes change."""
    tones = phrase.tones
    if not tones:
        return ()
    key = phrase.key
    chords = chords_of(phrase)
    old = [degree(key, t.pitch) for t in tones]
    free = _freed(len(tones), random, strength) - {len(tones) - 1}
    new: list[int] = []
    for i, tone in enumerate(tones):
        if i not in free:
            new.append(old[i])
            continue
        before = new[-1] if new else old[0]
        way = random.choice((1, -1))
        if abs(before - old[i]) > 3:
            way = 1 if old[i] > before else -1
        candidate = before + way * random.choices(_STEPS, _STEP_WEIGHTS)[0]
        if phrase.stress(tone.start) >= 2:
            candidate = _on_chord(chords[tone.start // phrase.bar_ticks], candidate)
        following = old[i + 1] if i + 1 < len(tones) and i + 1 not in free else None
        if following is not None and abs(candidate - following) > 4:
            candidate = (before + following) // 2
        new.append(candidate)
    return _on_degrees(phrase, old, new)


def reharmonised_skeleton(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """The melody over other chords: each bar's chord is found, some give way to a relative, and the stressed notes move
    to the nearest note of the new chord; those between move along with them. The last bar keeps its chord."""
    chords = chords_of(phrase)
    last = max((t.start // phrase.bar_ticks for t in phrase.tones), default=0)
    able = [bar for bar in range(phrase.bars) if bar != last or phrase.bars == 1]
    count = min(len(able), max(1, round(strength * len(able))))
    changed = {bar: random.choice(substitutes(chords[bar])) for bar in sorted(random.sample(able, count))}
    pitches: list[int] = []
    away = 0
    for tone in phrase.tones:
        bar = tone.start // phrase.bar_ticks
        if bar not in changed:
            away = 0
        elif phrase.stress(tone.start) >= 2 or tone.length >= phrase.pulse_ticks:
            place = degree(phrase.key, tone.pitch)
            away = _on_chord(changed[bar], place) - place
        pitches.append(moved(phrase.key, tone.pitch, away))
    return repitched(phrase.tones, pitches)


def chords_of(phrase: Phrase) -> tuple[Chord, ...]:
    """The chord that each bar of a phrase suggests."""
    length = phrase.length / 480
    clip = Clip(tuple(note_of(t) for t in phrase.tones), length_beats=length)
    return harmonised(clip, phrase.key, phrase.meter)


def _freed(count: int, random: Random, strength: float) -> set[int]:
    """Which notes may change: all of them when strong, at least one."""
    wanted = max(1, round(strength * count))
    return set(random.sample(range(count), wanted))


def _drawn(way: int, here: int, old: int, random: Random) -> int:
    """The size of the next move in scale steps: small moves where the line has run ahead of the old one, larger ones
    where it lags behind."""
    ahead = (here - old) * way
    weights = (80, 20, 0, 0, 0) if ahead >= 1 else (40, 30, 18, 8, 4) if ahead < -2 else _STEP_WEIGHTS
    return random.choices(_STEPS, weights)[0]


def _on_chord(chord: Chord, place: int) -> int:
    """The scale degree of the chord nearest to `place`, the lower of two."""
    return min((place + d for d in (0, -1, 1)), key=lambda p: ((p - chord.degree) % 7 not in (0, 2, 4), abs(p - place)))


def _on_degrees(phrase: Phrase, old: list[int], new: list[int]) -> tuple[Tone, ...]:
    """The rhythm with its notes on new scale degrees; a note that stays keeps its alteration."""
    key = phrase.key
    return repitched(
        phrase.tones,
        (t.pitch if a == b else key.pitch(b) for t, a, b in zip(phrase.tones, old, new, strict=True)),
    )
