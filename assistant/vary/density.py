"""More notes or fewer: a melody brought to the number of notes that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from assistant.vary.figures import without
from assistant.vary.phrase import GRID_TICKS, SHORTEST_TICKS, Tone, moved
from assistant.vary.terms import Terms


def brought_to(terms: Terms, tones: Sequence[Tone]) -> tuple[Tone, ...] | None:
    """A melody with the nearest number of notes that the brief allows; notes of locked bars stay. None where there is
    no room for so many, or nothing more to leave out."""
    if len(tones) < terms.counts.start:
        return _filled(terms, tuple(tones), terms.counts.start - len(tones))
    return _thinned(terms, tuple(tones), len(tones) - (terms.counts.stop - 1))


def _thinned(terms: Terms, tones: tuple[Tone, ...], less: int) -> tuple[Tone, ...] | None:
    """Without the `less` least stressed and shortest notes; the notes before them sound on."""
    phrase = terms.source
    # The note before must be free to sound on, else the gap would be heard as a rest that nobody asked for.
    able = [
        i
        for i, (before, tone) in enumerate(pairwise(tones), 1)
        if tone not in terms.frozen and (before not in terms.frozen or before.end < tone.start)
    ]
    able.sort(key=lambda i: (phrase.stress(tones[i].start), tones[i].length, -i))
    if len(able) < less:
        return None
    return without(tones, set(able[:less]))


def _filled(terms: Terms, tones: tuple[Tone, ...], more: int) -> tuple[Tone, ...] | None:
    """With `more` notes: the longest notes are divided, the new second half a step towards the next note, or beside the
    note where the next one is no further."""
    result = list(tones)
    for _ in range(more):
        able = [i for i, t in enumerate(result) if t not in terms.frozen and _divisible(t)]
        if not able:
            return None
        at = max(able, key=lambda i: (result[i].length, -terms.source.stress(result[i].start), -i))
        tone = result[at]
        first = tone.length * 2 // 3 if tone.length % (3 * SHORTEST_TICKS) == 0 else tone.length // 2
        following = result[at + 1].pitch if at + 1 < len(result) else tone.pitch
        up = following > tone.pitch or (following == tone.pitch and at % 2 == 0)
        pitch = terms.fit(moved(terms.key, tone.pitch, 1 if up else -1))
        if pitch == following:
            pitch = tone.pitch if following != tone.pitch else terms.fit(moved(terms.key, tone.pitch, -1))
        second = Tone(tone.start + first, pitch, tone.length - first, max(1, tone.velocity * 9 // 10))
        result[at : at + 1] = [tone._replace(length=first), second]
    return tuple(result)


def _divisible(tone: Tone) -> bool:
    return tone.length >= SHORTEST_TICKS and tone.length % (2 * GRID_TICKS) == 0
