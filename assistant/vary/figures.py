"""Techniques that add notes to a melody or take them away: ornamentation, passing notes, reduction."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from assistant.vary.phrase import GRID_TICKS, SHORTEST_TICKS, Phrase, Tone, degree, moved

Figure = tuple[tuple[int, int], ...]
"""Notes of an ornament: the length in parts of the ornamented note, and how many scale steps from it."""

ORNAMENTS: dict[str, tuple[int, tuple[Figure, ...]]] = {
    "neighbour": (4, (((2, 0), (1, 1), (1, 0)), ((2, 0), (1, -1), (1, 0)))),
    "escape": (4, (((3, 0), (1, 1)), ((2, 0), (2, 1)))),
    "appoggiatura": (2, (((1, 1), (1, 0)), ((1, -1), (1, 0)))),
    "turn": (4, (((1, 1), (1, 0), (1, -1), (1, 0)), ((1, 0), (1, 1), (1, 0), (1, -1)))),
    "mordent": (4, (((1, 0), (1, 1), (2, 0)), ((1, 0), (1, -1), (2, 0)))),
    "dotted neighbour": (3, (((1, 0), (1, 1), (1, 0)), ((1, 0), (1, -1), (1, 0)), ((2, 0), (1, 1)))),
}
"""name → the parts that a note is divided into, and the figures, the upper one first."""


def ornamentation(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """Neighbour notes, appoggiaturas, turns and mordents on notes long enough to carry them; when weak on a few."""
    able = [i for i, t in enumerate(phrase.tones) if _figures(t)]
    chosen = _some(able, random, strength * 0.7)
    result: list[Tone] = []
    for i, tone in enumerate(phrase.tones):
        figures = _figures(tone) if i in chosen else []
        if not figures:
            result.append(tone)
            continue
        following = phrase.tones[i + 1] if i + 1 < len(phrase.tones) else None
        parts, figure = random.choice(figures)
        if following and following.start == tone.end:
            # An ornament that ends on the next note would be heard as that note come early.
            last = moved(phrase.key, tone.pitch, figure[-1][1])
            if figure[-1][1] and last == following.pitch:
                figure = tuple((length, -steps) for length, steps in figure)
        result += figured(tone, parts, figure, phrase)
    return tuple(result)


def figured(tone: Tone, parts: int, figure: Figure, phrase: Phrase) -> list[Tone]:
    """One tone written out as a figure; notes beside the scale note are a little softer."""
    written: list[Tone] = []
    start = tone.start
    for length, steps in figure:
        ticks = tone.length * length // parts
        softer = max(1, tone.velocity * 9 // 10) if steps else tone.velocity
        written.append(Tone(start, moved(phrase.key, tone.pitch, steps), ticks, softer))
        start += ticks
    return written


def _figures(tone: Tone) -> list[tuple[int, Figure]]:
    """The ornaments that a note is long enough for: none of their notes shorter than a 16th and all on the grid. Notes
    of two beats and more keep to those that leave a long note."""
    found = []
    for parts, figures in ORNAMENTS.values():
        part = tone.length // parts
        if tone.length % parts or part < SHORTEST_TICKS or part % (2 * GRID_TICKS) or part > 480:
            continue
        if parts == 3 and tone.length % 720:
            continue
        found += [(parts, figure) for figure in figures]
    return found


def passing_notes(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """Thirds and fourths filled with the scale notes between, in time taken from the first note; when weak some."""
    tones = phrase.tones
    able = [i for i, (a, b) in enumerate(pairwise(tones)) if _passing(phrase, a, b)]
    chosen = _some(able, random, strength)
    result: list[Tone] = []
    for i, tone in enumerate(tones):
        result += _passing(phrase, tone, tones[i + 1]) if i in chosen else [tone]
    return tuple(result)


def _passing(phrase: Phrase, tone: Tone, following: Tone) -> list[Tone]:
    """`tone` and the notes that lead from it to the next, or nothing where none fit."""
    way = degree(phrase.key, following.pitch) - degree(phrase.key, tone.pitch)
    if tone.end != following.start or abs(way) not in (2, 3):
        return []
    up = 1 if way > 0 else -1
    between = abs(way) - 1
    # The passing notes take the last half of the note; of a dotted one the last third.
    spare = tone.length // 3 if tone.length % 720 == 0 else tone.length // 2
    part = spare // between
    if spare % between or part < SHORTEST_TICKS or part % GRID_TICKS or tone.length % (2 * GRID_TICKS):
        return []
    if part > 480:
        part = 480 if tone.length > 480 * (between + 1) else part
    written = [tone._replace(length=tone.length - part * between)]
    for number in range(between):
        pitch = moved(phrase.key, tone.pitch, up * (number + 1))
        written.append(Tone(written[-1].end, pitch, part, max(1, tone.velocity * 9 // 10)))
    return written if written[-1].pitch != following.pitch else []


def reduction(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """The melody without its lesser notes: the least stressed and shortest go, and the notes before them sound on.
    The first and last notes, and the first of each bar, stay."""
    tones = phrase.tones
    able = [
        i
        for i, (before, t) in enumerate(pairwise(tones), 1)
        if i + 1 < len(tones)
        and before.end == t.start
        and phrase.stress(t.start) < 4
        and t.start // phrase.bar_ticks == before.start // phrase.bar_ticks
    ]
    weight = {i: (phrase.stress(tones[i].start), tones[i].length, random.random()) for i in able}
    going = set(sorted(able, key=weight.__getitem__)[: max(1, round(strength * 0.6 * len(tones)))])
    return without(tones, going)


def without(tones: tuple[Tone, ...], going: set[int]) -> tuple[Tone, ...]:
    """The tones without those at some indices; each time goes to the note before, or where there is none to silence."""
    result: list[Tone] = []
    for i, tone in enumerate(tones):
        if i not in going:
            result.append(tone)
        elif result and result[-1].end == tone.start:
            result[-1] = result[-1]._replace(length=tone.end - result[-1].start)
    return tuple(result)


def _some(able: list[int], random: Random, share: float) -> set[int]:
    """At least one of some indices, by share."""
    return set(random.sample(able, min(len(able), max(1, round(share * len(able)))))) if able else set()
