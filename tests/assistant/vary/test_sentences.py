"""The sentence says what changed, with the right bars."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.brief import Brief
from assistant.vary import vary
from assistant.vary.describe import described
from assistant.vary.phrase import melody_of, tone_of
from assistant.vary.relations import higher, relation
from assistant.vary.terms import terms_of
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.tempo import Meter

SOURCE = ((60, 1), (64, 1), (62, 1), (67, 1), (67, 2), (65, 1), (64, 1), (69, 1), (67, 1), (65, 1), (64, 1), (60, 4))


def motif(*notes: tuple[int, float], start: float = 0.0) -> Motif:
    made, now = [], start
    for pitch, beats in notes:
        made.append(Note(now, pitch, beats))
        now += beats
    return Motif(Clip(tuple(made)), Key(0, "major"), Meter(4, 4))


def said(source: Motif, varied: Motif, brief: Brief | None = None) -> str:
    terms = terms_of(source, brief or Brief())
    return described(terms, [tone_of(note) for note in varied.notes])


def with_bar(number: int, *notes: tuple[int, float]) -> Motif:
    """The source with another bar."""
    source = motif(*SOURCE)
    bar = motif(*notes).notes
    kept = [note for note in source.notes if source.bar_of(note) != number]
    return source.with_notes((*kept, *(note.moved(4 * (number - 1)) for note in bar)))


@pytest.mark.parametrize(
    ("bar", "notes", "sentence"),
    [
        (1, ((64, 1), (67, 1), (65, 1), (71, 1)), "kept the rhythm; bar 1 a third higher"),
        (1, ((60, 1), (57, 1), (59, 1), (53, 1)), "kept the rhythm; bar 1 upside down"),
        (1, ((67, 1), (62, 1), (64, 1), (60, 1)), "kept the rhythm; bar 1 with the pitches backwards"),
        (2, ((64, 1), (65, 1), (67, 2)), "bar 2 backwards"),
        (1, ((60, 1), (64, 1), (62, 1), (72, 1)), "kept the rhythm; bar 1 with one note changed"),
        (1, ((60, 1), (67, 1), (64, 1), (69, 1)), "kept the rhythm; bar 1 on new pitches with the same contour"),
        (1, ((60, 0.5), (62, 0.5), (64, 1), (62, 1), (67, 1)), "bar 1 with passing notes"),
        (1, ((60, 0.5), (59, 0.25), (60, 0.25), (64, 1), (62, 1), (67, 1)), "bar 1 ornamented"),
        (3, ((69, 2), (65, 2)), "bar 3 thinned to fewer notes"),
        (1, ((60, 2), (64, 2)), "bar 1 twice as slow"),
        (3, ((69, 0.5), (67, 0.5), (65, 0.5), (64, 0.5)) * 2, "bar 3 twice as fast"),
        (1, ((60, 0.5), (64, 1), (62, 1), (67, 1.5)), "kept the pitches; bar 1 syncopated"),
        (1, ((60, 1.5), (64, 0.5), (62, 1), (67, 1)), "kept the pitches; bar 1 in a new rhythm"),
        (3, ((60, 4),), "bar 3 brought to rest on a long note"),
        (3, ((65, 2), (64, 1), (62, 1)), "bar 3: bar 2 again, a step lower"),
        (4, ((62, 4),), "kept the rhythm; bar 4 a step higher"),
    ],
)
def test_a_change_of_one_bar_is_named(bar: int, notes: tuple[tuple[int, float], ...], sentence: str):
    assert said(motif(*SOURCE), with_bar(bar, *notes)) == sentence


def test_a_bar_whose_notes_are_only_held_as_written_did_not_change():
    played = motif(*SOURCE)
    played = played.with_notes([replace(note, length_beats=note.length_beats - 0.02) for note in played.notes])
    varied = with_bar(2, (72, 2), (65, 1), (64, 1))
    assert said(played, varied) == "kept the rhythm; bar 2 with one note changed"


def test_a_change_from_a_bar_to_the_end_is_named_so():
    higher = tuple((pitch + 12, beats) for pitch, beats in SOURCE[4:])
    assert said(motif(*SOURCE), motif(*SOURCE[:4], *higher)) == "kept the rhythm; from bar 2 an octave higher"


def test_a_change_of_everything_is_named_so():
    every = tuple((pitch + 12, beats) for pitch, beats in SOURCE)
    assert said(motif(*SOURCE), motif(*every)) == "kept the rhythm; the whole melody an octave higher"


def test_the_same_change_in_two_bars_is_said_once():
    changed = ((62, 1), (65, 1), (64, 1), (69, 1), *SOURCE[4:7], (71, 1), (69, 1), (67, 1), (65, 1), (60, 4))
    sentence = said(motif(*SOURCE), motif(*changed))
    assert sentence == "kept the rhythm; bars 1, 3 a step higher"


def test_a_melody_that_comes_later_is_named_by_how_much():
    source = motif((60, 1), (62, 1), (64, 2))
    later = motif((60, 1), (62, 1), (64, 1), start=1)
    assert said(source, later) == "kept the pitches; the whole melody a quarter later"


def test_notes_in_what_was_silence_are_no_ornaments():
    source = motif((60, 1), (62, 1), start=2)
    busy = motif((60, 1), (64, 1), (60, 1), (62, 1))
    assert said(source, busy) == "the whole melody with most of its notes kept, in more notes"


def test_a_rise_that_became_a_fall_is_said_to_be_answered():
    sentence = said(motif(*SOURCE), with_bar(1, (72, 1.5), (69, 1.5), (66, 1)))
    assert sentence == "bar 1: the rise answered with a fall, in fewer notes"


def test_another_key_is_named():
    source = motif(*SOURCE)
    (first, *_) = vary(source, Brief(count=1, key=Key(0, "minor")))
    assert first.sentence.startswith("in C minor instead of C major")


def test_a_key_on_the_same_tonic_is_spelled_like_the_old_one():
    """Ab minor has seven flats and is written as G# minor; beside Ab major that reads as another tonic."""
    low = replace(motif(*((pitch - 4, length) for pitch, length in SOURCE)), key=Key.parse("Ab major"))
    (first, *_) = vary(low, Brief(count=1, key=Key(8, "minor")))
    assert first.sentence.startswith("in Ab minor instead of Ab major")


def test_a_density_is_told_in_notes():
    for variation in vary(motif(*SOURCE), Brief(count=3, density=2.0)):
        count = len(variation.motif.notes)
        assert f"{count} notes instead of 12" in variation.sentence


def test_bars_that_are_not_named_did_not_change():
    source = motif(*SOURCE)
    for variation in vary(source, Brief(count=10)):
        if "whole melody" in variation.sentence or "instead of" in variation.sentence:
            continue
        for number in range(1, 5):
            if source.bar(number).notes != variation.motif.bar(number).notes:
                assert any(str(n) in variation.sentence for n in range(1, number + 1)), variation.sentence


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (1, "a step higher"),
        (-2, "a third lower"),
        (7, "an octave higher"),
        (-14, "2 octaves lower"),
        (9, "a tenth higher"),
        (-12, "more than an octave lower"),
    ],
)
def test_intervals_are_named_as_musicians_do(steps: int, words: str):
    assert higher(steps) == words


def test_a_foreign_note_moved_to_a_neighbour_is_still_a_transposition():
    old = melody_of(motif((60, 1), (66, 1), (67, 2)))
    new = replace(old, tones=tuple(t._replace(pitch=p) for t, p in zip(old.tones, (62, 67, 69), strict=True)))
    assert relation(old, new) == "a step higher"
