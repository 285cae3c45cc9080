"""Chords of a key and chords under a melody."""

from __future__ import annotations

import pytest

from midi.clip import Clip
from midi.harmony import Chord, harmonised, stress, substitutes, triads
from midi.note import Note
from midi.scale import Key
from midi.tempo import Meter


def bars(*bars: tuple[int, ...]) -> Clip:
    return Clip(
        tuple(Note(4 * n + i * 4 / len(bar), p, 4 / len(bar)) for n, bar in enumerate(bars) for i, p in enumerate(bar))
    )


def test_the_triads_of_c_major_have_their_usual_names():
    assert [str(chord) for chord in triads(Key(0, "major"))] == ["I", "ii", "iii", "IV", "V", "vi", "vii°"]


def test_the_triads_of_a_minor_have_their_usual_names():
    assert [str(chord) for chord in triads(Key(9, "minor"))] == ["i", "ii°", "III", "iv", "v", "VI", "VII"]


def test_the_dominant_of_g_major_is_d_f_sharp_a():
    assert Chord(4, Key(7, "major")).pitch_classes == (2, 6, 9)


def test_the_nearest_note_of_a_chord_is_the_lower_of_two():
    tonic = Chord(0, Key(0, "major"))
    assert tonic.nearest(62) == 60
    assert tonic.nearest(66) == 67
    assert tonic.nearest(62, within=range(61, 70)) == 64


def test_a_chord_gives_way_to_its_relative():
    assert [str(chord) for chord in substitutes(Chord(0, Key(0, "major")))] == ["vi", "iii"]


def test_broken_chords_are_heard_as_those_chords():
    clip = bars((60, 64, 67, 64), (65, 69, 72, 69), (67, 71, 74, 71), (60, 64, 67, 60))
    assert [str(chord) for chord in harmonised(clip, Key(0, "major"), Meter(4, 4))] == ["I", "IV", "V", "I"]


def test_a_silent_bar_gets_a_chord_too():
    clip = Clip((Note(0, 60, 4),), length_beats=8)
    assert len(harmonised(clip, Key(0, "major"), Meter(4, 4))) == 2


@pytest.mark.parametrize(
    ("meter", "stresses"),
    [
        ("4/4", [4, 1, 2, 1, 3, 1, 2, 1]),
        ("3/4", [4, 1, 2, 1, 2, 1]),
        ("2/4", [4, 1, 2, 1]),
        ("6/8", [4, 1, 1, 2, 1, 1]),
        ("12/8", [4, 1, 1, 2, 1, 1, 3, 1, 1, 2, 1, 1]),
    ],
)
def test_eighths_are_stressed_as_the_metre_has_it(meter: str, stresses: list[int]):
    assert [stress(Meter.parse(meter), 240 * i) for i in range(len(stresses))] == stresses


def test_what_is_finer_than_half_a_pulse_has_no_stress():
    assert stress(Meter(4, 4), 120) == 0
    assert stress(Meter(4, 4), 160) == 0
