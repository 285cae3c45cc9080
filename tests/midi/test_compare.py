"""How alike two clips are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midi.clip import Clip
from midi.compare import WEIGHTS, closeness, closenesses, likeness, measured, shapes, spans, top_line
from midi.note import Note

notes = st.builds(
    lambda start, pitch, length: Note(start / 12, pitch, length / 12),
    st.integers(0, 90),
    st.integers(48, 72),
    st.integers(1, 24),
)
clips = st.lists(notes, max_size=10).map(lambda some: Clip(tuple(some), length_beats=12))


def line(*pitches: int, length: float = 1.0) -> Clip:
    return Clip(tuple(Note(i * length, pitch, length) for i, pitch in enumerate(pitches)))


def test_a_clip_is_the_same_as_itself_in_every_respect():
    alike = likeness(line(60, 62, 64, 60), line(60, 62, 64, 60))
    assert (alike.pitch, alike.rhythm, alike.contour, alike.density, alike.closeness) == (1, 1, 1, 1, 1)


def test_two_silences_are_the_same():
    assert closeness(Clip((), length_beats=4), Clip((), length_beats=4)) == 1


def test_music_and_silence_have_nothing_in_common():
    assert closeness(line(60, 62), Clip((), length_beats=2)) == 0


def test_a_transposed_melody_shares_rhythm_contour_and_density_but_no_pitch():
    alike = likeness(line(60, 62, 64, 65), line(61, 63, 65, 66))
    assert (alike.pitch, alike.rhythm, alike.contour, alike.density) == (0, 1, 1, 1)
    assert alike.closeness == pytest.approx(1 - WEIGHTS["pitch"])


def test_a_mirrored_line_has_a_correlation_of_minus_one_and_no_contour_in_common():
    alike = likeness(line(60, 62, 64), line(60, 58, 56))
    assert alike.contour_correlation == -1
    assert alike.contour == 0


def test_pitch_is_the_share_of_sounding_time_with_the_same_pitch():
    # Of four beats in which either sounds, both sound the same note in one and a half.
    a = Clip((Note(0, 60, 2), Note(2, 62, 2)))
    b = Clip((Note(0, 60, 1), Note(1, 64, 1), Note(2, 62, 0.5)), length_beats=4)
    assert likeness(a, b).pitch == pytest.approx(1.5 / 4)


def test_rhythm_is_the_f_measure_of_the_onsets():
    # Four onsets and two, two of them together: precision 1, recall 1/2.
    assert likeness(line(60, 60, 60, 60), line(60, 60, length=2)).rhythm == pytest.approx(2 / 3)


def test_density_is_the_smaller_number_of_notes_over_the_larger():
    assert likeness(line(60, 62, 64, 65), line(60, 62, 64)).density == 0.75


def test_two_flat_lines_have_the_same_contour_and_a_flat_and_a_moving_one_do_not():
    assert likeness(line(60, 60, 60), line(67, 67, 67)).contour == 1
    assert likeness(line(60, 60, 60), line(60, 62, 64)).contour == 0


def test_chords_share_the_pitches_they_have_in_common():
    triad = Clip((Note(0, 60, 1), Note(0, 64, 1), Note(0, 67, 1)))
    sixth = Clip((Note(0, 60, 1), Note(0, 64, 1), Note(0, 69, 1)))
    assert likeness(triad, sixth).pitch == pytest.approx(2 / 3)


def test_the_shorter_clip_is_followed_by_silence():
    assert likeness(line(60, 62), line(60, 62, 64, 65)).pitch == 0.5


def test_the_top_line_of_block_chords_is_their_highest_notes():
    chords = [Note(0, 60, 1), Note(0, 67, 1), Note(1, 59, 1), Note(1, 65, 1)]
    assert [note.pitch for note in top_line(chords)] == [67, 65]


def test_a_bass_note_that_begins_under_a_held_note_is_not_in_the_top_line():
    assert [note.pitch for note in top_line([Note(0, 72, 2), Note(1, 48, 1), Note(2, 74, 1)])] == [72, 74]


def test_notes_played_legato_stay_in_the_top_line_cut_to_one_voice():
    line = top_line([Note(0, 64, 1.125), Note(1, 62, 1)])
    assert line == (Note(0, 64, 1), Note(1, 62, 1))


@given(clips)
def test_any_clip_is_as_close_to_itself_as_can_be(clip: Clip):
    assert closeness(clip, clip) == 1


@given(clips, clips)
def test_likeness_does_not_depend_on_which_clip_comes_first(a: Clip, b: Clip):
    assert likeness(a, b) == likeness(b, a)


@given(clips, clips)
def test_every_measure_lies_between_nothing_and_one(a: Clip, b: Clip):
    alike = likeness(a, b)
    assert all(0 <= x <= 1 for x in (alike.pitch, alike.rhythm, alike.contour, alike.density, alike.closeness))
    assert -1 <= alike.contour_correlation <= 1


@settings(max_examples=30)
@given(st.lists(clips, min_size=1, max_size=4))
def test_many_measured_at_once_are_measured_as_each_alone(some: list[Clip]):
    sampled = shapes([spans(clip) for clip in some], 12 * 480)
    together = closenesses(sampled[0], sampled)
    assert together.tolist() == pytest.approx([closeness(some[0], clip) for clip in some])
    assert np.all(measured(sampled[0], sampled)[0] == 1)
