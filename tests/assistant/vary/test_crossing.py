"""Candidates from candidates: bars of one and of another."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.brief import Brief
from assistant.vary.candidates import by_rules
from assistant.vary.crossing import crossed, mixed, with_bars
from assistant.vary.hold import broken
from assistant.vary.phrase import Tone
from assistant.vary.terms import terms_of
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note

BAR = 4 * 480


def motif(bars: int) -> Motif:
    notes = tuple(Note(beat, (60, 62, 64, 65, 67)[beat * 3 % 5], 1) for beat in range(4 * bars))
    return Motif(Clip(notes, length_beats=4 * bars))


def test_the_bars_between_two_lines_are_the_others():
    one = tuple(Tone(bar * BAR, 60, BAR) for bar in range(3))
    other = tuple(Tone(bar * BAR, 72, BAR) for bar in range(3))
    assert [tone.pitch for tone in with_bars(one, other, BAR, 2 * BAR)] == [60, 72, 60]


def test_a_note_over_a_seam_is_struck_again_there():
    one, other = (Tone(0, 60, 2 * BAR),), (Tone(0, 72, 2 * BAR),)
    assert with_bars(one, other, BAR, 2 * BAR) == (Tone(0, 60, BAR), Tone(BAR, 72, BAR))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.sets(st.integers(1, 2), max_size=1), st.integers(0, 10**6))
def test_each_bar_is_of_a_parent_or_the_motif_and_the_terms_hold(bars: int, locked: set[int], seed: int):
    terms = terms_of(motif(bars), Brief(locked_bars=frozenset(locked)))
    # A change of mode has terms of its own.
    parents = [p for p in by_rules(terms, (0.8, 0.6, 0.4, 0.3), Random(seed)) if p.terms is terms]
    made = mixed(parents, 12, Random(seed))
    known = {terms.source.tones, *(parent.tones for parent in parents)}
    for candidate in made:
        assert broken(terms, candidate.tones) is None
        assert candidate.tones not in known
        for bar in range(bars):
            assert within(candidate.tones, bar) in {within(tones, bar) for tones in known}


def within(tones: tuple[Tone, ...], bar: int) -> tuple[tuple[int, int], ...]:
    """Which pitches sound in a bar, and until when, cut to it."""
    sounding = [tone for tone in tones if tone.start < (bar + 1) * BAR and tone.end > bar * BAR]
    return tuple((tone.pitch, min(tone.end, (bar + 1) * BAR)) for tone in sounding)


def test_they_come_as_near_as_is_aimed_at():
    terms = terms_of(motif(4), Brief())
    parents = by_rules(terms, (0.9, 0.7, 0.5, 0.3, 0.2), Random(1))
    near, far = (crossed(parents, [aim] * 6, Random(2)) for aim in (0.9, 0.3))
    assert near[0].closeness == max(c.closeness for c in near)
    assert far[0].closeness == min(c.closeness for c in far)
    assert near[0].closeness > far[0].closeness


def test_a_motif_of_one_bar_has_nothing_to_mix():
    terms = terms_of(motif(1), Brief())
    assert mixed(by_rules(terms, (0.6, 0.4), Random(1)), 10, Random(1)) == []


def test_where_an_overlap_is_asked_for_all_of_them_have_it():
    terms = terms_of(motif(4), Brief(overlap=(0.35, 0.8)))
    parents = by_rules(terms, (0.8, 0.6, 0.4), Random(3))
    for candidate in crossed(parents, [0.7, 0.6, 0.5], Random(3)):
        sounding = sum(tone.length for tone in candidate.tones)
        same = sum(
            max(0, min(a.end, b.end) - max(a.start, b.start))
            for a in candidate.tones
            for b in terms.source.tones
            if a.pitch == b.pitch
        )
        assert 0.33 <= same / (sounding + terms.source.length - same) <= 0.82
