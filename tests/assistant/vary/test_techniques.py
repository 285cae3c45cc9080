"""Each technique on tiny music, and all of them in every metre."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import UnknownName
from assistant.vary import TECHNIQUES
from assistant.vary.figures import ornamentation, passing_notes, reduction
from assistant.vary.forms import call_and_answer, diatonic_sequence, extension, fragmentation
from assistant.vary.phrase import Phrase, Tone, melody_of
from assistant.vary.pitches import inversion, mode_change, octave_displacement, other_mode, transposition
from assistant.vary.repitching import (
    contour_preserving_re_pitching,
    reharmonised_skeleton,
    rhythm_preserving_re_pitching,
)
from assistant.vary.rhythms import (
    augmentation,
    diminution,
    new_rhythm,
    retrograde,
    rhythmic_displacement,
    syncopation,
)
from assistant.vary.techniques import applied, technique
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.tempo import Meter

C_MAJOR = Key(0, "major")
QUARTER, HALF, EIGHTH = 480, 960, 240


def phrase(*notes: tuple[int, float], meter: str = "4/4", rest: float = 0.0, key: Key = C_MAJOR) -> Phrase:
    """Notes one after another as (pitch, beats), after some beats of silence, filled up to whole bars."""
    tones: list[Tone] = []
    now = round(rest * 480)
    for pitch, beats in notes:
        tones.append(Tone(now, pitch, round(beats * 480)))
        now = tones[-1].end
    measure = Meter.parse(meter)
    bar = round(measure.bar_beats * 480)
    return Phrase(tuple(tones), max(1, -(-now // bar)), measure, key)


def quarters(*pitches: int, meter: str = "4/4") -> Phrase:
    return phrase(*((pitch, 1.0) for pitch in pitches), meter=meter)


def pitches(tones: tuple[Tone, ...]) -> list[int]:
    return [t.pitch for t in tones]


def beats(tones: tuple[Tone, ...]) -> list[tuple[float, float]]:
    """Start and length of each note."""
    return [(t.start / 480, t.length / 480) for t in tones]


def any_of(made: object, phrase: Phrase, strength: float = 1.0) -> set[tuple[int, ...]]:
    """The pitches that a technique gives over many seeds."""
    return {tuple(pitches(made(phrase, Random(seed), strength))) for seed in range(60)}


def test_transposition_moves_every_note_by_the_same_scale_step():
    made = any_of(transposition, quarters(60, 64, 67, 65), strength=0.0)
    assert made == {(62, 65, 69, 67), (59, 62, 65, 64)}


def test_transposition_goes_up_to_a_fifth_when_strong():
    assert {p[0] for p in any_of(transposition, quarters(60))} == {53, 55, 57, 59, 62, 64, 65, 67}


def test_inversion_mirrors_around_the_first_note():
    assert pitches(inversion(quarters(60, 64, 67, 65), Random(0))) == [60, 57, 53, 55]


def test_inversion_keeps_the_rhythm():
    idea = phrase((60, 1.5), (62, 0.5), (64, 2))
    assert beats(inversion(idea, Random(0))) == beats(idea.tones)


def test_retrograde_turns_pitches_and_rhythm_round():
    made = retrograde(phrase((60, 2), (62, 1), (64, 0.5), (65, 0.5)), Random(0))
    assert pitches(made) == [65, 64, 62, 60]
    assert beats(made) == [(0, 0.5), (0.5, 0.5), (1, 1), (2, 2)]


def test_retrograde_leaves_a_pick_up_where_it_is():
    made = retrograde(phrase((67, 1), (60, 2), (64, 2), rest=3), Random(0))
    assert beats(made) == [(3, 2), (5, 2), (7, 1)]


def test_augmentation_is_twice_as_slow_and_cut_at_the_end():
    made = augmentation(quarters(60, 62, 64, 65), Random(0))
    assert pitches(made) == [60, 62]
    assert beats(made) == [(0, 2), (2, 2)]


def test_augmentation_keeps_the_pick_up_and_the_first_downbeat():
    made = augmentation(phrase((67, 1), (60, 1), (62, 1), (64, 1), (65, 1), rest=3), Random(0))
    assert pitches(made) == [67, 60, 62]
    assert beats(made) == [(3, 1), (4, 2), (6, 2)]


def test_diminution_is_twice_as_fast_and_said_twice():
    made = diminution(quarters(60, 62, 64, 65), Random(0), 0.0)
    assert pitches(made) == [60, 62, 64, 65, 60, 62, 64, 65]
    assert beats(made) == [(i / 2, 0.5) for i in range(8)]


def test_diminution_leaves_sixteenths_alone():
    idea = phrase(*((60, 0.25) for _ in range(16)))
    assert diminution(idea, Random(0)) == idea.tones


def test_ornamentation_keeps_every_note_within_its_time():
    idea = quarters(60, 64, 67, 72)
    for seed in range(40):
        made = ornamentation(idea, Random(seed))
        assert len(made) > 4
        for tone in idea.tones:
            assert any(t.pitch == tone.pitch and tone.start <= t.start < tone.end for t in made)


def test_ornamentation_stays_beside_the_notes():
    for seed in range(40):
        assert all(abs(t.pitch - 67) <= 2 for t in ornamentation(quarters(67, 67, 67, 67), Random(seed)))


def test_ornamentation_leaves_short_notes_alone():
    idea = phrase(*((60 + i % 3, 0.25) for i in range(16)))
    assert ornamentation(idea, Random(0)) == idea.tones


def test_passing_notes_fill_a_third_and_a_fourth():
    made = passing_notes(phrase((60, 1), (64, 1), (69, 2)), Random(0))
    assert pitches(made) == [60, 62, 64, 65, 67, 69]
    assert beats(made) == [(0, 0.5), (0.5, 0.5), (1, 0.5), (1.5, 0.25), (1.75, 0.25), (2, 2)]


def test_passing_notes_take_the_last_third_of_a_dotted_note():
    made = passing_notes(phrase((60, 1.5), (64, 1.5), meter="6/8"), Random(0))
    assert beats(made) == [(0, 1), (1, 0.5), (1.5, 1.5)]


def test_passing_notes_leave_steps_and_wide_leaps_alone():
    idea = quarters(60, 62, 72, 71)
    assert passing_notes(idea, Random(0)) == idea.tones


def test_reduction_keeps_first_last_and_stressed_notes_and_lets_them_sound_on():
    made = reduction(phrase((60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5), (67, 2)), Random(0), 0.6)
    assert pitches(made) == [60, 64, 67]
    assert beats(made) == [(0, 1), (1, 1), (2, 2)]


def test_rhythmic_displacement_comes_half_a_beat_later_and_cuts_the_end():
    made = rhythmic_displacement(quarters(60, 62, 64, 65), Random(0), 0.0)
    assert pitches(made) == [60, 62, 64, 65]
    assert beats(made) == [(0.5, 1), (1.5, 1), (2.5, 1), (3.5, 0.5)]


def test_rhythmic_displacement_in_six_eight_is_by_an_eighth():
    made = rhythmic_displacement(phrase((60, 1.5), (62, 1.5), meter="6/8"), Random(0), 0.0)
    assert beats(made) == [(0.5, 1.5), (2, 1)]


def test_syncopation_brings_notes_on_the_beat_forward():
    made = syncopation(quarters(60, 62, 64, 65), Random(0))
    assert beats(made) == [(0, 0.5), (0.5, 1), (1.5, 1), (2.5, 1.5)]
    assert pitches(made) == [60, 62, 64, 65]


def test_new_rhythm_keeps_the_pitches_and_the_length():
    idea = quarters(60, 62, 64, 65)
    for seed in range(30):
        made = new_rhythm(idea, Random(seed))
        assert pitches(made) == [60, 62, 64, 65]
        assert beats(made) != beats(idea.tones)
        assert made[-1].end == idea.length


def test_new_rhythm_dots_evens_or_turns_about_two_notes():
    made = {tuple(beats(new_rhythm(phrase((60, 1), (62, 1), meter="2/4"), Random(seed)))) for seed in range(30)}
    assert made == {((0, 1.5), (1.5, 0.5)), ((0, 0.5), (0.5, 1.5))}


def test_a_mode_change_makes_major_minor_on_the_same_tonic():
    made = mode_change(quarters(60, 64, 69, 71), Random(0))
    assert pitches(made) == [60, 63, 68, 70]
    assert other_mode(C_MAJOR) == Key(0, "minor")


def test_octave_displacement_moves_parts_of_the_line_by_whole_octaves():
    idea = quarters(60, 62, 74, 72)
    for made in any_of(octave_displacement, idea):
        moved = [b - a for a, b in zip((60, 62, 74, 72), made, strict=True)]
        assert set(moved) <= {-12, 0, 12}
        assert any(moved)
        assert moved[0] == moved[1]
        assert moved[2] == moved[3]


def test_a_diatonic_sequence_repeats_the_first_bar_a_step_on():
    idea = quarters(60, 62, 64, 62, 67, 67, 67, 67, 60, 60, 60, 60)
    assert any_of(diatonic_sequence, idea, 0.0) == {
        (60, 62, 64, 62, 62, 64, 65, 64, 64, 65, 67, 65),
        (60, 62, 64, 62, 59, 60, 62, 60, 57, 59, 60, 59),
    }


def test_a_sequence_in_a_single_bar_repeats_its_half():
    assert (60, 62, 62, 64) in any_of(diatonic_sequence, quarters(60, 62, 67, 67), 0.0)


def test_the_answer_has_the_rhythm_of_the_call_and_ends_on_the_tonic():
    idea = phrase((60, 1.5), (64, 0.5), (67, 2), (65, 1), (65, 1), (65, 1), (65, 1))
    for seed in range(40):
        made = call_and_answer(idea, Random(seed))
        assert pitches(made)[:3] == [60, 64, 67]
        assert beats(made)[3:] == [(4, 1.5), (5.5, 0.5), (6, 2)]
        assert made[-1].pitch % 12 == 0


def test_a_bar_left_over_after_call_and_answer_stays():
    made = call_and_answer(quarters(60, 62, 64, 65, 67, 67, 67, 67, 72, 71, 69, 67), Random(0))
    assert pitches(made)[:4] == [60, 62, 64, 65]
    assert pitches(made)[8:] == [72, 71, 69, 67]


def test_fragmentation_says_the_opening_again_and_closes_as_before():
    idea = quarters(60, 64, 60, 60, 67, 67, 67, 67, 72, 71, 69, 67)
    made = fragmentation(idea, Random(1), 0.0)
    assert [p - 60 for p in pitches(made)][:4] in ([0, 4, 2, 5], [0, 4, -1, 2])
    assert pitches(made)[-4:] == [72, 71, 69, 67]
    assert beats(made) == beats(idea.tones)


def test_extension_leads_the_first_half_on_to_a_long_note_of_the_tonic_chord():
    idea = quarters(60, 62, 64, 65, 67, 65, 64, 62, 60, 62, 64, 65, 60, 60, 60, 60)
    made = extension(idea, Random(0))
    assert pitches(made)[:8] == [60, 62, 64, 65, 67, 65, 64, 62]
    assert made[-1].length == 4 * QUARTER
    assert made[-1].pitch % 12 in (0, 4, 7)
    assert made[-1].end == idea.length


def test_contour_preserving_re_pitching_rises_and_falls_as_before():
    idea = quarters(60, 64, 62, 62, 67, 65, 71, 60)
    for made in any_of(contour_preserving_re_pitching, idea):
        assert [(b > a) - (b < a) for a, b in pairwise(made)] == [1, -1, 0, 1, -1, 1, -1]


def test_rhythm_preserving_re_pitching_keeps_the_rhythm_and_the_last_note():
    idea = phrase((60, 1.5), (64, 0.5), (62, 1), (67, 1))
    for seed in range(30):
        made = rhythm_preserving_re_pitching(idea, Random(seed))
        assert beats(made) == beats(idea.tones)
        assert made[-1].pitch == 67
        assert all(p in C_MAJOR for p in pitches(made))


def test_a_reharmonised_skeleton_moves_the_stressed_notes_to_the_relative_chord():
    # Bar 1 suggests C major; its substitutes are A minor (C E A) and E minor (B E G).
    idea = quarters(60, 64, 67, 64, 60, 60, 60, 60)
    assert any_of(reharmonised_skeleton, idea) == {
        (60, 64, 69, 64, 60, 60, 60, 60),
        (59, 64, 67, 64, 60, 60, 60, 60),
    }


def test_an_unknown_technique_names_the_known_ones():
    with pytest.raises(UnknownName) as refused:
        technique("retrogade")
    assert "did you mean 'retrograde'?" in refused.value.hint


def test_a_technique_can_be_applied_to_a_motif_by_name():
    motif = Motif(Clip(tuple(Note(i, p, 1) for i, p in enumerate((60, 64, 67, 65)))), C_MAJOR)
    assert applied(motif, "inversion").clip.pitches == (60, 57, 53, 55)
    assert applied(motif, "mode-change").key == Key(0, "minor")


LENGTHS = (120, 160, 240, 240, 320, 480, 480, 720, 960, 1440)


@st.composite
def phrases(draw: st.DrawFn) -> Phrase:
    """Melodies with rests, pick-ups, triplets and ties over bar lines, in many metres."""
    meter = Meter.parse(draw(st.sampled_from(("2/4", "3/4", "4/4", "6/8", "9/8", "12/8", "3/8", "2/2", "5/4", "7/8"))))
    bar = round(meter.bar_beats * 480)
    bars = draw(st.integers(1, 5))
    now = draw(st.sampled_from((0, 0, 0, 240, 480, 1200)))
    tones: list[Tone] = []
    while now < bars * bar:
        length = min(draw(st.sampled_from(LENGTHS)), bars * bar - now)
        if draw(st.integers(0, 6)):
            tones.append(Tone(now, draw(st.integers(55, 79)), length))
        now += length
    return Phrase(tuple(tones), bars, meter, Key(draw(st.integers(0, 11)), draw(st.sampled_from(("major", "minor")))))


@pytest.mark.parametrize("name", TECHNIQUES)
@settings(max_examples=40, deadline=None)
@given(idea=phrases(), seed=st.integers(0, 99), strength=st.sampled_from((0.1, 0.5, 1.0)))
def test_every_technique_gives_one_voice_on_the_grid_within_the_phrase(
    name: str, idea: Phrase, seed: int, strength: float
):
    made = technique(name)(idea, Random(seed), strength)
    assert all(a.end <= b.start for a, b in pairwise(made))
    assert all(t.start >= 0 and t.end <= idea.length and t.length > 0 for t in made)
    assert all(t.start % 20 == 0 == t.length % 20 for t in made)
    assert all(1 <= t.velocity <= 127 for t in made)
    assert made == technique(name)(idea, Random(seed), strength)


@given(idea=phrases())
def test_a_retrograde_of_a_retrograde_is_the_phrase(idea: Phrase):
    backwards = retrograde(idea, Random(0))
    assert retrograde(idea.with_tones(backwards), Random(0)) == idea.tones


@given(idea=phrases())
def test_a_motif_and_its_phrase_have_the_same_notes(idea: Phrase):
    notes = tuple(Note(t.start / 480, t.pitch, t.length / 480, t.velocity) for t in idea.tones)
    motif = Motif(Clip(notes, length_beats=idea.length / 480), idea.key, idea.meter)
    assert melody_of(motif).tones == idea.tones
