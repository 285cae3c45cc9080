"""Sung notes on the bar grid."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midi.errors import InvalidMusic
from midi.heard import HeardNote
from midi.note import on_grid
from midi.quantize import meant_pitch, parse_grid, placed, quantize
from midi.scale import Key
from midi.tempo import Meter, Tempo

AT_120 = Tempo(120)


def sung(*notes: tuple[float, float, float]) -> list[HeardNote]:
    """(onset, offset, pitch) in seconds."""
    return [HeardNote(onset, offset, pitch) for onset, offset, pitch in notes]


def starts(notes: list[HeardNote], *, tempo: Tempo = AT_120, **asked: Any) -> list[float]:
    return [note.start_beats for note in placed(notes, tempo=tempo, **asked)]


@pytest.mark.parametrize(
    ("text", "grid"),
    [("1/4", Fraction(1, 4)), ("1/16", Fraction(1, 16)), ("1/8t", Fraction(1, 12)), (" 1/32T ", Fraction(1, 48))],
)
def test_grids_are_read_as_musicians_write_them(text: str, grid: Fraction):
    assert parse_grid(text) == grid


@pytest.mark.parametrize("text", ["", "1/7", "16", "1/64", "1/8tt", "2/4"])
def test_what_is_no_grid_is_refused_with_an_example(text: str):
    with pytest.raises(InvalidMusic, match="grid") as caught:
        parse_grid(text)
    assert "1/16" in caught.value.hint


def test_notes_go_to_the_nearest_sixteenth():
    notes = sung((0.0, 0.4, 60), (0.51, 0.7, 62), (0.76, 0.9, 64), (0.98, 1.4, 65))
    assert starts(notes) == [0, 1, 1.5, 2]


def test_the_first_onset_is_the_first_beat_where_nothing_else_is_known():
    assert starts(sung((3.21, 3.6, 60), (3.71, 4.0, 62))) == [0, 1]


def test_a_pick_up_lies_at_the_end_of_its_bar():
    notes = sung((0.5, 0.9, 67), (1.0, 1.9, 72), (2.0, 2.4, 74))
    assert starts(notes, first_bar_seconds=1.0) == [3, 4, 6]


def test_whole_bars_before_the_first_note_are_left_out():
    assert starts(sung((9.0, 9.4, 60), (9.5, 9.9, 60)), first_bar_seconds=0.0) == [2, 3]


def test_triplets_are_heard_as_triplets_on_a_triplet_grid():
    notes = sung((0.0, 0.16, 60), (0.167, 0.32, 62), (0.333, 0.48, 64), (0.5, 0.9, 65))
    assert starts(notes, grid=Fraction(1, 12)) == [0, on_grid(1 / 3), on_grid(2 / 3), 1]


def test_a_singer_who_drags_is_followed():
    """Four quarters a bar, each 3 % late on the last: after two bars a beat would be a quarter off."""
    seconds = np.cumsum([0.0] + [0.5 * 1.03] * 11)
    notes = sung(*((onset, onset + 0.4, 60.0) for onset in seconds))
    assert starts(notes) == list(range(12))


def test_one_voice_has_no_overlaps_and_breaths_are_no_rests():
    notes = sung((0.0, 0.55, 60), (0.5, 0.9, 62), (1.0, 1.2, 64), (2.0, 2.4, 65))
    assert [(note.start_beats, note.length_beats) for note in placed(notes, tempo=AT_120)] == [
        (0, 1),
        (1, 1),
        (2, 0.5),
        (4, 0.75),
    ]


def test_more_notes_than_the_grid_has_room_for_are_all_kept():
    notes = sung(*((0.05 * i, 0.05 * i + 0.04, 60.0 + i) for i in range(12)))
    found = starts(notes, grid=Fraction(1, 4))
    assert len(set(found)) == 12
    assert found == sorted(found)


def test_the_notes_of_a_chord_start_together():
    notes = sung((0.0, 0.9, 48), (0.02, 0.9, 64), (0.04, 1.9, 67), (1.01, 1.4, 60), (1.02, 1.4, 64))
    found = placed(notes, tempo=AT_120, polyphonic=True)
    assert [note.start_beats for note in found] == [0, 0, 0, 2, 2]
    assert found[2].length_beats == pytest.approx(3.75)


def test_in_six_eight_the_eighths_are_found():
    notes = sung(*((i / 3, i / 3 + 0.3, 60.0) for i in range(6)))
    assert starts(notes, tempo=Tempo(90), meter=Meter(6, 8)) == [0, 0.5, 1, 1.5, 2, 2.5]


def test_who_is_sharp_throughout_is_taken_down():
    assert [meant_pitch(pitch, 40) for pitch in (60.4, 62.5, 64.2)] == [60, 62, 64]


def test_a_note_in_doubt_goes_to_the_key():
    assert meant_pitch(60.6) == 61
    assert meant_pitch(60.6, key=Key(0)) == 60
    assert meant_pitch(60.9, key=Key(0)) == 61, "a clear accidental stays"


def test_a_motif_carries_tempo_key_and_metre_and_ends_on_a_bar_line():
    motif = quantize(sung((0, 0.9, 62)), tempo=AT_120, key=Key(2, "minor"), meter=Meter(3, 4))
    assert (motif.tempo, motif.key, motif.meter) == (AT_120, Key(2, "minor"), Meter(3, 4))
    assert motif.clip.length_beats == 3


def test_no_notes_give_an_empty_bar():
    assert quantize([], tempo=AT_120).notes == ()


def test_a_grid_that_is_none_is_refused():
    with pytest.raises(InvalidMusic, match="1/7"):
        placed(sung((0, 1, 60)), tempo=AT_120, grid=Fraction(1, 7))


@st.composite
def lines(draw: st.DrawFn) -> list[HeardNote]:
    """One voice: gaps and lengths of any size."""
    now = draw(st.floats(0, 3))
    notes = []
    for _ in range(draw(st.integers(1, 20))):
        length = draw(st.floats(0.03, 2))
        notes.append(HeardNote(now, now + length, draw(st.floats(30, 100))))
        now += length + draw(st.floats(0, 1.5))
    return notes


GRIDS = [Fraction(1, size) * part for size in (4, 8, 16, 32) for part in (1, Fraction(2, 3))]


@given(
    lines(), st.floats(40, 240), st.sampled_from(GRIDS), st.sampled_from(["4/4", "3/4", "6/8", "7/8"]), st.floats(-2, 9)
)
def test_no_note_is_lost_and_none_overlaps(
    notes: list[HeardNote], bpm: float, grid: Fraction, meter: str, first_bar_seconds: float
):
    found = placed(notes, tempo=Tempo(bpm), grid=grid, meter=Meter.parse(meter), first_bar_seconds=first_bar_seconds)
    assert len(found) == len(notes)
    assert all(before.end_ticks <= after.start_ticks for before, after in pairwise(found))
    step = float(grid * 4)
    if Meter.parse(meter).bar_beats % step == 0:
        assert all(abs(note.start_beats / step % 1 - 0.5) > 0.49 for note in found)
    assert 0 <= found[0].start_beats < Meter.parse(meter).bar_beats


@given(st.integers(0, 10_000), st.floats(60, 160))
def test_what_is_played_within_20_ms_comes_back_exactly(seed: int, bpm: float):
    random = np.random.default_rng(seed)
    beats = np.cumsum(random.choice([0.5, 1.0, 1.0, 1.5, 2.0], size=12))
    tempo = Tempo(bpm)
    notes = [
        HeardNote(tempo.seconds(beat) + 1 + random.uniform(-0.02, 0.02), tempo.seconds(beat + 0.4) + 1, 60.0)
        for beat in beats
    ]
    found = [note.start_beats for note in placed(notes, tempo=tempo, first_bar_seconds=1.0)]
    assert np.diff(found).tolist() == np.diff(beats).tolist()
