"""More than a melody: chords kept or made others, voices varied one by one, drums as drums."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.brief import Brief
from assistant.errors import InvalidBrief, UnknownName
from assistant.vary import vary
from assistant.vary.drums.pattern import alike, pattern_of
from assistant.vary.drums.techniques import DRUM_TECHNIQUES
from assistant.vary.texture import texture_of, voices_of
from midi.clip import Clip
from midi.harmony import harmonised
from midi.motif import Motif
from midi.note import Note
from midi.pitch import PitchRange
from midi.scale import Key
from midi.tempo import Meter

KICK, SNARE, HAT, RIDE = 36, 38, 42, 51


def groove(bars: int = 4) -> Motif:
    """Rock: hats in 8ths, the kick on 1 and before 4, the backbeat on 2 and 4."""
    notes = []
    for start in range(0, 4 * bars, 4):
        notes += [Note(start + eighth / 2, HAT, 0.25) for eighth in range(8)]
        notes += [Note(start, KICK, 0.25, 100), Note(start + 2.5, KICK, 0.25, 90)]
        notes += [Note(start + 1, SNARE, 0.25, 100), Note(start + 3, SNARE, 0.25, 100)]
    return Motif(Clip(tuple(notes), length_beats=4 * bars), drums=True)


def line(*pitches: int, length: float = 1) -> tuple[Note, ...]:
    return tuple(Note(number * length, pitch, length) for number, pitch in enumerate(pitches))


UPPER = line(72, 74, 76, 77, 79, 77, 76, 74, 72, 76, 74, 71, 72, 71, 69, 71)
LOWER = line(60, 59, 57, 55, 60, 57, 55, 53, 52, 50, 48, 55, 48, 50, 52, 55)
DUET = Motif(Clip(UPPER + LOWER))
MELODY = line(64, 65, 67, 72, 71, 69, 67, 65, 64, 62, 60, 62, 64, 62, 60, 60)
CHORDS = ((48, 52, 55), (53, 57, 60), (43, 47, 50), (48, 52, 55))
SONG = Motif(
    Clip(MELODY + tuple(Note(4 * bar, pitch, 4) for bar, chord in enumerate(CHORDS) for pitch in chord)), Key(0)
)


def in_bars(motif: Motif, *bars: int) -> list[Note]:
    return [note for note in motif.notes if motif.bar_of(note) in bars]


def under(motif: Motif) -> list[tuple[float, float, int]]:
    """The notes a bar long."""
    return [
        (note.start_beats, note.length_beats, note.pitch)
        for note in motif.notes
        if note.length_beats == 4 and note.pitch < 60
    ]


def test_what_a_motif_is_made_of_is_recognised():
    assert texture_of(groove(), Brief()) == "drums"
    assert texture_of(DUET, Brief()) == "voices"
    assert texture_of(SONG, Brief()) == "melody"
    assert texture_of(Motif(Clip(UPPER)), Brief()) == "melody"


def test_what_is_asked_counts_more_than_what_it_looks_like():
    assert texture_of(DUET, Brief(texture="melody")) == "melody"
    assert texture_of(SONG, Brief(texture="voices")) == "voices"


def test_voices_are_told_apart_from_high_to_low():
    assert voices_of(DUET.notes) == (UPPER, LOWER)


def test_a_voice_goes_on_where_the_other_rests():
    notes = (Note(0, 72, 1), Note(0, 48, 1), Note(1, 50, 1), Note(2, 74, 1), Note(2, 52, 1))
    assert voices_of(notes) == ((notes[0], notes[3]), (notes[1], notes[2], notes[4]))


def test_legato_is_one_voice():
    assert len(voices_of((Note(0, 60, 1.1), Note(1, 62, 1)))) == 1


def test_each_voice_of_a_duet_is_varied():
    variations = vary(DUET, Brief())
    assert len(variations) == 10
    changed = [[set(part) - set(v.motif.notes) for part in (UPPER, LOWER)] for v in variations]
    assert sum(bool(upper) for upper, _ in changed) > 5
    assert sum(bool(lower) for _, lower in changed) > 5
    assert all("voice" in v.sentence for v in variations)
    near = [v.closeness for v in variations]
    assert near == sorted(near, reverse=True)


def test_the_rhythm_of_each_voice_is_kept():
    for variation in vary(DUET, Brief(count=4, keep="rhythm")):
        times = sorted((note.start_beats, note.length_beats) for note in variation.motif.notes)
        assert times == sorted((note.start_beats, note.length_beats) for note in DUET.notes)


def test_chords_stay_as_they_are_even_under_a_melody_that_is_moved():
    high = [replace(note, pitch=note.pitch + 12) for note in MELODY]
    song = replace(SONG, clip=Clip((*high, *(note for note in SONG.notes if note not in MELODY))))
    for variation in vary(song, Brief(count=3, techniques=("transposition",), chords="keep")):
        assert under(variation.motif) == under(song)
        assert "notes under the melody kept" in variation.sentence


def test_other_chords_are_whole():
    for variation in vary(SONG, Brief(count=5, chords="reharmonise")):
        for bar in range(4):
            sounding = {note.pitch % 12 for note in variation.motif.notes if note.start_beats == 4 * bar}
            assert len(sounding) >= 3


def test_other_chords_have_the_rhythm_of_the_old_ones_and_lie_in_the_key():
    variations = vary(SONG, Brief(count=5, chords="reharmonise"))
    for variation in variations:
        assert all(sum(note.start_beats == 4 * bar for note in variation.motif.notes) >= 3 for bar in range(4))
        assert all(note.pitch in SONG.key for note in variation.motif.notes)
    assert any("new chords" in variation.sentence for variation in variations)
    assert any(under(variation.motif) != under(SONG) for variation in variations)


def test_the_chords_of_locked_bars_are_not_made_others():
    for variation in vary(SONG, Brief(count=3, chords="reharmonise", locked_bars=frozenset({2}))):
        assert in_bars(variation.motif, 2) == in_bars(SONG, 2)


def test_a_chord_that_is_avoided_gives_way_and_one_that_is_fixed_stays():
    clip, bars = Clip(line(60, 64, 64, 67, 60, 64, 67, 60)), Meter(4, 4)
    assert [chord.degree for chord in harmonised(clip, Key(0), bars)] == [0, 0]
    assert harmonised(clip, Key(0), bars, avoided={0: 0})[0].degree != 0
    assert harmonised(clip, Key(0), bars, fixed={0: 4})[0].degree == 4


def test_chords_of_a_melody_alone_cannot_be_made_others():
    with pytest.raises(InvalidBrief, match="no chords"):
        vary(Motif(Clip(UPPER)), Brief(chords="reharmonise"))


def test_ten_variations_of_drums_differ_and_go_from_near_to_far():
    variations = vary(groove(), Brief())
    near = [v.closeness for v in variations]
    assert len(variations) == len({v.motif.notes for v in variations}) == 10
    assert near == sorted(near, reverse=True)
    assert near[0] > 0.75
    assert near[-1] < 0.4
    assert all(v.motif.drums and v.source == "rules" for v in variations)
    assert variations == vary(groove(), Brief())


@pytest.mark.parametrize("name", DRUM_TECHNIQUES)
def test_each_technique_for_drums_can_be_asked_for_alone(name: str):
    assert {v.technique for v in vary(groove(), Brief(count=2, techniques=(name,)))} == {name}


def test_a_technique_for_melodies_is_none_for_drums():
    with pytest.raises(UnknownName, match="inversion"):
        vary(groove(), Brief(techniques=("inversion",)))


def test_a_fill_is_played_before_the_end_and_named():
    (variation,) = vary(groove(), Brief(count=1, closeness=0.8, techniques=("fill",)))
    assert in_bars(variation.motif, 1, 2, 3) == in_bars(groove(), 1, 2, 3)
    assert in_bars(variation.motif, 4) != in_bars(groove(), 4)
    assert variation.sentence.startswith("a fill in bar 4")


def test_the_ride_for_the_hats_is_said_so():
    sentences = {v.sentence for v in vary(groove(), Brief(count=2, techniques=("other-timekeeper",)))}
    assert "ride for hats; kick and snare kept" in sentences


@pytest.mark.parametrize("brief", [Brief(key=Key(0)), Brief(keep="contour"), Brief(source="model")])
def test_what_drums_have_not_cannot_be_asked_of_them(brief: Brief):
    with pytest.raises(InvalidBrief) as refused:
        vary(groove(), brief)
    assert refused.value.hint


@st.composite
def parts(draw: st.DrawFn) -> Motif:
    """Drum parts of 1 to 4 bars, struck on 16ths or triplets, on any sound."""
    meter = Meter.parse(draw(st.sampled_from(("4/4", "3/4", "6/8", "12/8", "2/4"))))
    bars = draw(st.integers(1, 4))
    end = bars * meter.bar_beats
    unit = draw(st.sampled_from((0.25, 0.5, 1 / 3)))
    hits = draw(
        st.lists(
            st.tuples(st.integers(0, int(end / unit) - 1), st.sampled_from((35, 36, 38, 42, 46, 51, 49, 45, 75))),
            min_size=2,
            max_size=50,
            unique=True,
        )
    )
    length = draw(st.sampled_from((0.1, unit)))
    notes = tuple(Note(at * unit, pitch, length, draw(st.sampled_from((60, 90)))) for at, pitch in hits)
    return Motif(Clip(notes, length_beats=end), meter=meter, drums=True)


@st.composite
def drum_briefs(draw: st.DrawFn) -> Brief:
    return Brief(
        count=draw(st.sampled_from((1, 4, 10))),
        closeness=draw(st.none() | st.sampled_from((0.3, 0.8))),
        keep=draw(st.none() | st.just("rhythm")),
        locked_bars=draw(st.frozensets(st.integers(1, 4), max_size=2)),
        pitch_range=draw(st.none() | st.just(PitchRange(35, 46))),
        density=draw(st.none() | st.sampled_from((0.6, 1.5))),
        seed=draw(st.integers(0, 9)),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts(), drum_briefs())
def test_every_variation_of_drums_holds_every_constraint_or_the_brief_is_refused(motif: Motif, brief: Brief):
    try:
        variations, remedy = vary(motif, brief), ""
    except InvalidBrief as refused:
        variations, remedy = (), refused.hint
    assert remedy or 1 <= len(variations) <= brief.count
    bar = motif.meter.bar_beats
    locked = [((number - 1) * bar, number * bar) for number in brief.locked_bars]

    def held(notes: tuple[Note, ...]) -> list[Note]:
        return [n for n in notes if any(n.start_beats < end and n.end_beats > start for start, end in locked)]

    for variation in variations:
        varied = variation.motif
        assert (varied.bars, varied.meter, varied.drums) == (motif.bars, motif.meter, True)
        assert held(varied.notes) == held(motif.notes)
        free = set(varied.notes) - set(held(varied.notes))
        if brief.pitch_range is not None:
            assert all(note.pitch in brief.pitch_range for note in free)
        if brief.keep == "rhythm":
            assert {n.start_beats for n in varied.notes} == {n.start_beats for n in motif.notes}
        assert len(varied.notes) in brief.note_counts(len(pattern_of(motif).hits))
        assert variation.closeness == alike(pattern_of(motif).hits, pattern_of(varied).hits) < 1
        assert variation.sentence != "unchanged"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.integers(2, 3))
def test_every_constraint_holds_in_every_voice(seed: int, count: int):
    lot = Random(seed)
    key = Key(lot.randrange(12))
    notes = [Note(beat, key.pitch(35 + lot.randrange(5) - 6 * voice), 1) for voice in range(count) for beat in range(8)]
    motif = Motif(Clip(tuple(notes)), key)
    brief = Brief(
        count=4,
        keep=lot.choice((None, None, "rhythm", "pitches")),
        locked_bars=frozenset(lot.sample((1, 2), lot.randrange(2))),
        pitch_range=lot.choice((None, PitchRange(30, 90))),
        key=lot.choice((None, Key((key.tonic + 7) % 12))),
        density=lot.choice((None, 0.8, 1.3)),
        seed=seed,
        texture="voices",
    )
    try:
        variations, remedy = vary(motif, brief), ""
    except InvalidBrief as refused:
        variations, remedy = (), refused.hint
    assert remedy or variations
    for variation in variations:
        varied = variation.motif
        assert varied.notes != motif.notes
        assert varied.bars == 2
        for bar in brief.locked_bars:
            assert in_bars(varied, bar) == in_bars(motif, bar)
        free = [note for note in varied.notes if varied.bar_of(note) not in brief.locked_bars]
        assert all(note.pitch in (brief.key or key) for note in free)
        assert brief.pitch_range is None or all(note.pitch in brief.pitch_range for note in free)
        assert len(varied.notes) in brief.note_counts(len(motif.notes))
        if brief.keep == "rhythm":
            assert sorted(n.start_beats for n in varied.notes) == sorted(n.start_beats for n in motif.notes)
        if brief.keep == "pitches":
            assert sorted(n.pitch for n in varied.notes) == sorted(n.pitch for n in motif.notes)
