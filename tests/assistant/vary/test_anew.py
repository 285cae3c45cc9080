"""Bars written anew: gaps filled, a motif gone on with, a call answered; all else stays as it is."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.brief import Brief
from assistant.errors import InvalidBrief
from assistant.vary import vary
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.pitch import PitchRange
from midi.scale import Key
from midi.tempo import Meter

METERS = ("2/4", "3/4", "4/4", "6/8", "9/8", "12/8", "3/8", "2/2")


def tune(bars: int = 4, meter: str = "4/4", seed: int = 1) -> Motif:
    lot, measure, key = Random(seed), Meter.parse(meter), Key(2)
    notes, now, end, degree = [], 0.0, bars * measure.bar_beats, 36
    while now < end:
        length = min(lot.choice((0.5, 0.5, 1.0, 1.5)), end - now)
        degree = max(31, min(41, degree + lot.choice((-2, -1, 1, 2))))
        notes.append(Note(now, key.pitch(degree), length))
        now += length
    return Motif(Clip(tuple(notes), length_beats=end), key, measure)


def outside(motif: Motif, bars: set[int]) -> list[Note]:
    """The notes that do not begin in some bars."""
    return [note for note in motif.notes if motif.bar_of(note) not in bars]


def test_a_bar_is_filled_in_ten_ways_from_what_is_around_it():
    motif = tune()
    made = vary(motif, Brief(fill=frozenset({3})))
    assert len({variation.motif.notes for variation in made}) == 10
    for variation in made:
        assert outside(variation.motif, {3}) == outside(motif, {3})
        assert variation.motif.bars == 4
        assert (variation.technique, variation.source) == ("learned", "model")
        assert "bar 3" in variation.sentence


def test_a_bar_that_is_empty_can_be_filled():
    motif = tune()
    gap = motif.with_notes(tuple(outside(motif, {2})))
    for variation in vary(gap, Brief(count=3, fill=frozenset({2}))):
        assert variation.motif.bar(2).notes
        assert "bar 2 newly written" in variation.sentence


def test_a_motif_goes_on_for_as_many_bars_as_asked():
    for variation in vary(tune(), Brief(count=3, goes_on=3)):
        assert variation.motif.bars == 7
        assert outside(variation.motif, {5, 6, 7}) == list(tune().notes)
        assert "from bar 5" in variation.sentence


def test_an_answer_is_as_long_as_the_call_and_follows_it():
    made = vary(tune(), Brief(count=5, answer=True))
    assert len(made) == 5
    for variation in made:
        assert variation.motif.bars == 8
        assert outside(variation.motif, {5, 6, 7, 8}) == list(tune().notes)


def test_the_same_seed_writes_the_same_and_another_something_else():
    brief = Brief(count=3, goes_on=2)
    assert vary(tune(), brief) == vary(tune(), brief)
    assert vary(tune(), brief) != vary(tune(), Brief(count=3, goes_on=2, seed=1))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(METERS), st.sampled_from((1, 2, 3, 5)), st.integers(0, 99), st.sampled_from("fac"))
def test_in_every_metre_the_rest_stays_and_key_and_range_hold(meter: str, bars: int, seed: int, what: str):
    motif = tune(bars, meter, seed)
    reach = PitchRange(55, 84)
    brief = Brief(count=3, seed=seed, pitch_range=reach)
    lot = Random(seed)
    fill = frozenset(lot.sample(range(1, bars + 1), max(1, bars - 1))) if bars > 1 else frozenset[int]()
    if what == "f" and fill:
        brief = replace(brief, fill=fill)
    else:
        brief = replace(brief, answer=True) if what == "a" else replace(brief, goes_on=2)
    try:
        made, remedy = vary(motif, brief), ""
    except InvalidBrief as refused:
        made, remedy = (), refused.hint
    assert remedy or made
    for variation in made:
        bar = motif.meter.bar_beats
        free = {note for note in variation.motif.notes if note not in motif.notes}
        assert all(note.pitch in motif.key and note.pitch in reach for note in free)
        new = brief.fill or frozenset(range(bars + 1, variation.motif.bars + 1))
        assert all(variation.motif.bar_of(note) in new for note in free)
        whole = [
            note
            for note in motif.notes
            if not any(note.start_beats < number * bar and note.end_beats > (number - 1) * bar for number in new)
        ]
        assert set(whole) <= set(variation.motif.notes)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"fill": {9}}, "not there"),
        ({"fill": {1, 2, 3, 4}}, "nothing is left"),
        ({"goes_on": 2, "answer": True}, "three things"),
        ({"goes_on": 2, "keep": "rhythm"}, "what is kept"),
        ({"answer": True, "closeness": 0.5}, "closeness"),
        ({"fill": {2}, "locked_bars": {2}}, "locked and filled"),
        ({"answer": True, "texture": "drums"}, "only melodies"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_remedy(asked: dict[str, object], words: str):
    with pytest.raises(InvalidBrief, match=words) as refused:
        vary(tune(), Brief(**asked))
    assert refused.value.hint
