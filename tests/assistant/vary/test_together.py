"""Steps between two motifs, bars of one in another, a motif grown into a phrase."""

from __future__ import annotations

import pytest

from assistant.errors import InvalidBrief
from assistant.vary.together import FORMS, between, developed, joined, spliced
from midi.clip import Clip
from midi.compare import closeness
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key


def line(*pitches: int) -> Motif:
    return Motif(Clip(tuple(Note(beat, pitch, 1) for beat, pitch in enumerate(pitches))), Key(0))


LOW = line(60, 62, 64, 65, 67, 65, 64, 62, 60, 64, 62, 60)
HIGH = line(72, 71, 69, 67, 72, 74, 76, 74, 72, 67, 71, 72)


def test_the_steps_between_two_lead_from_one_to_the_other():
    steps = between(LOW, HIGH, 3)
    assert len(steps) == 3
    away = [closeness(LOW.clip, step.clip) for step in steps]
    left = [closeness(step.clip, HIGH.clip) for step in steps]
    assert away[0] > away[-1]
    assert left[0] < left[-1]
    assert between(LOW, HIGH, 3) == steps


def test_a_bar_from_another_comes_as_it_is_there():
    mixed = spliced(LOW, HIGH, [2])
    assert mixed.bar(2).notes == HIGH.bar(2).notes
    assert mixed.bar(1).notes == LOW.bar(1).notes
    assert mixed.bar(3).notes == LOW.bar(3).notes


def test_a_note_that_would_sound_into_the_bar_ends_there():
    held = Motif(Clip((Note(0, 60, 8),)))
    other = Motif(Clip((Note(0, 64, 4), Note(4, 67, 4))))
    assert spliced(held, other, [2]).notes == (Note(0, 60, 4), Note(4, 67, 4))


def test_only_two_of_a_size_go_together():
    with pytest.raises(InvalidBrief, match="do not go together"):
        spliced(LOW, line(60, 62, 64, 65), [1])


def test_a_bar_that_is_not_there_is_refused():
    with pytest.raises(InvalidBrief, match="bar 9 is not there"):
        spliced(LOW, HIGH, [9])


@pytest.mark.parametrize("form", FORMS)
def test_a_phrase_is_four_times_as_long_begins_with_the_idea_and_ends_on_the_tonic(form: str):
    phrase = developed(LOW, form)
    assert phrase.bars == 4 * LOW.bars
    assert phrase.notes[: len(LOW.notes)] == LOW.notes
    assert phrase.notes[-1].pitch % 12 == 0
    assert phrase.notes[-1].end_beats == phrase.clip.length_beats


def test_a_period_says_the_idea_twice_and_stops_half_way_on_the_dominant():
    phrase = developed(LOW, "period")
    half = phrase.clip.length_beats / 2
    again = [note.moved(-half) for note in phrase.notes if half <= note.start_beats < half + 12]
    assert again == list(LOW.notes)
    assert [note for note in phrase.notes if note.start_beats < half][-1].pitch % 12 == 7


@pytest.mark.parametrize("seed", range(5))
def test_a_close_is_a_long_note_on_a_strong_beat(seed: int):
    for form in ("sentence", "period"):
        phrase = developed(LOW, form, seed=seed)
        last = phrase.notes[-1]
        assert last.pitch % 12 == phrase.key.tonic
        assert last.end_beats == phrase.clip.length_beats
        assert last.length_beats in (2, 4)


def test_drums_are_grown_too_and_stay_a_drum_part():
    beat = Motif(Clip(tuple(Note(n / 2, 42 if n % 4 else 36, 0.25) for n in range(16))), drums=True)
    phrase = developed(beat, "sentence")
    assert (phrase.bars, phrase.drums) == (8, True)
    assert {note.pitch for note in phrase.notes[-3:]} <= set(range(35, 60))


def test_motifs_are_joined_end_to_end():
    assert joined([LOW, HIGH]).bars == 6
