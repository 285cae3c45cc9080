"""Other chords under a melody: one for each bar, and the notes under the melody moved into them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from assistant.vary.phrase import Tone, note_of
from assistant.vary.terms import Terms, sounds_in_locked
from midi.clip import Clip
from midi.harmony import Chord, harmonised

Progression = tuple[Chord, ...]


def progressions(terms: Terms, tones: Sequence[Tone]) -> tuple[Progression, Progression]:
    """The chords of the motif bar by bar, and others that fit the varied melody `tones`; the last bar's, on which the
    phrase comes to rest, is taken again where it fits, and those of locked bars stay."""
    motif, meter = terms.motif, terms.source.meter
    before = harmonised(motif.clip, motif.key, meter)
    melody = Clip(tuple(map(note_of, tones)), length_beats=motif.clip.length_beats)
    locked = {bar - 1 for bar in terms.brief.locked_bars}
    after = harmonised(
        melody,
        terms.key,
        meter,
        avoided={bar: chord.degree for bar, chord in enumerate(before[:-1]) if bar not in locked},
        fixed={bar: before[bar].degree for bar in locked},
    )
    return before, after


def reharmonised(terms: Terms, tones: Sequence[Tone]) -> dict[Tone, int]:
    """The new pitch of each note under the melody that may change.

    The lowest of several takes the chord's root, the others its nearest notes, first those that are not there yet; a
    note by itself the nearest, on a bar line the root. Notes that the chord and the range leave no room for go where
    the key allows.
    """
    _, chords = progressions(terms, tones)
    bar = terms.source.bar_ticks
    found: dict[Tone, int] = {}
    free = sorted(tone for tone in terms.under if not sounds_in_locked(tone, terms))
    for start, struck in groupby(free, key=lambda tone: tone.start):
        chord, taken = chords[start // bar], set[int]()
        together = list(struck)
        for index, tone in enumerate(together):
            lowest = index == 0 and (len(together) > 1 or start % bar == 0)
            wanted = chord.pitch_classes[:1] if lowest else chord.pitch_classes
            missing = set(wanted) - {pitch % 12 for pitch in taken} or set(wanted)
            choices = [p for p in terms.allowed if p % 12 in missing and p not in taken]
            pitch = min(choices, key=lambda p: (abs(p - tone.pitch), p), default=terms.fit(tone.pitch))
            taken.add(pitch)
            found[tone] = pitch
    return found
