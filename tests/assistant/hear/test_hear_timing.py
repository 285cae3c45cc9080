"""Free tempo, triplets, swing, the DAW's bars, and how far notes are moved."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.hear.timing import Timing, timed
from midi.heard import HeardNote
from midi.quantize import placed
from midi.tempo import Meter, Tempo

TUNE = (1, 1, 1, 0.5, 0.5, 1.5, 0.5, 2, 1, 1, 1, 0.5, 0.5, 1, 1, 2, 1, 1, 1, 0.5, 0.5, 1.5, 0.5, 2)


def sung(
    lengths: tuple[float, ...], bpm: float, *, free: float = 0.0, share: float = 0.5, jitter_seconds: float = 0.015
) -> list[HeardNote]:
    """Notes of these lengths in beats; the tempo sways by `free`, the first of two eighths takes `share` of a beat."""
    random = np.random.default_rng(2)
    starts = np.concatenate([[0.0], np.cumsum(lengths)])
    swung = np.where(np.abs(starts % 1 - 0.5) < 1e-9, np.floor(starts) + share, starts)
    beats = np.arange(0, starts[-1] + 1, 0.01)
    seconds = 0.5 + np.concatenate([[0.0], np.cumsum(np.exp(free * np.sin(beats / 2.5)))[:-1]]) * 0.01 * 60 / bpm
    times = np.interp(swung, beats, seconds)
    shaken = np.sort(times + random.normal(0, jitter_seconds, len(times)))
    return [HeardNote(a, a + 0.85 * (b - a), 60.0) for a, b in pairwise(shaken)]


def starts(timing: Timing, **asked: object) -> list[float]:
    rhythm = timing.rhythm
    found = placed(
        timing.notes,
        tempo=rhythm.tempo,
        meter=rhythm.meter,
        feel=timing.feel,
        first_bar_seconds=rhythm.first_bar_seconds,
        **asked,  # type: ignore[arg-type]
    )
    return [round(note.start_beats, 3) for note in found]


def beats(lengths: tuple[float, ...]) -> list[float]:
    return [round(float(start), 3) for start in np.concatenate([[0.0], np.cumsum(lengths)[:-1]])]


def test_an_even_tempo_is_left_alone():
    timing = timed(sung(TUNE, 100))
    assert (timing.feel, timing.freedom) == ("straight", 0)
    assert starts(timing) == beats(TUNE)
    assert timing.in_recording(3.25) == pytest.approx(3.25)


def test_a_tempo_that_gives_and_takes_is_followed():
    notes = sung(TUNE, 100, free=0.18)
    timing = timed(notes)
    assert timing.freedom > 0.06
    assert timing.rhythm.tempo.bpm == pytest.approx(100, rel=0.08)
    right = np.isclose(np.diff(starts(timing)), TUNE[:-1], atol=1e-3)
    assert right.mean() > 0.9
    rigid = placed(notes, tempo=Tempo(100), first_bar_seconds=notes[0].onset_seconds)
    assert np.isclose(np.diff([note.start_beats for note in rigid]), TUNE[:-1]).mean() < right.mean() - 0.2


def test_what_is_even_goes_back_to_where_it_was_sung():
    notes = sung(TUNE, 100, free=0.18)
    timing = timed(notes)
    for even, note in zip(timing.notes, notes, strict=True):
        assert timing.in_recording(even.onset_seconds) == pytest.approx(note.onset_seconds, abs=1e-6)


THIRD = 1 / 3
TRIPLETS = (1, 1, THIRD, THIRD, THIRD, 1, 1, 0.5, 0.5, THIRD, THIRD, THIRD, 2, 1, THIRD, THIRD, THIRD, 1, 1)


def test_triplets_are_found_among_eighths():
    timing = timed(sung(TRIPLETS, 90), tempo=Tempo(90), meter=Meter(4, 4))
    assert timing.feel == "triplets"
    assert starts(timing) == beats(TRIPLETS)


EIGHTHS = (0.5, 0.5, 1, 1) * 2
SWINGING = (0.5, 0.5) * 3 + (1,) + (0.5, 0.5) * 3 + (1,) + (0.5, 0.5) * 2 + (2, 2)


@pytest.mark.parametrize("share", [0.62, 0.67])
def test_swung_eighths_are_found_and_keep_their_swing(share: float):
    timing = timed(sung(SWINGING, 120, share=share), tempo=Tempo(120), meter=Meter(4, 4))
    assert timing.feel == "swing"
    off = [start % 1 for start in starts(timing) if start % 1]
    assert off == [pytest.approx(2 / 3, abs=1e-3)] * 8


@pytest.mark.parametrize(
    ("lengths", "share", "feel"), [(SWINGING, 0.65, "swing"), (TRIPLETS + EIGHTHS, 0.5, "triplets")]
)
def test_how_beats_are_divided_is_found_without_a_tempo(lengths: tuple[float, ...], share: float, feel: str):
    timing = timed(sung(lengths, 104, share=share))
    assert timing.feel == feel
    assert timing.rhythm.tempo.bpm == pytest.approx(104, rel=0.03)


def test_straight_eighths_do_not_swing():
    assert timed(sung(SWINGING, 120), tempo=Tempo(120), meter=Meter(4, 4)).feel == "straight"


def test_a_grid_that_is_given_is_kept():
    timing = timed(sung(SWINGING, 120, share=0.65), tempo=Tempo(120), grid=Fraction(1, 8))
    assert timing.feel == "straight"
    assert all((2 * start).is_integer() for start in starts(timing, grid=Fraction(1, 8)))


def test_the_bars_of_a_daw_are_kept():
    notes = [HeardNote(1.0 + at, 1.4 + at, 60.0) for at in (0.0, 0.5, 1.0, 1.5)]
    timing = timed(notes, tempo=Tempo(120), meter=Meter(4, 4), first_bar_seconds=0.0)
    # The first note is a pick-up to nothing: it lies on the third beat of a bar of the DAW, and stays there.
    assert starts(timing) == [2, 3, 4, 5]


def test_a_grid_that_is_half_as_strong_moves_notes_half_as_far():
    notes = [HeardNote(at + 0.04, at + 0.4, 60.0) for at in (0.5, 1.0, 1.5, 2.0)]
    asked = {"tempo": Tempo(120), "first_bar_seconds": 0.5}
    for strength, late_beats in ((1.0, 0.0), (0.5, 0.04), (0.0, 0.08)):
        found = [note.start_beats for note in placed(notes, strength=strength, **asked)]  # type: ignore[arg-type]
        assert found == pytest.approx([at + late_beats for at in range(4)], abs=0.003)


@given(
    st.lists(st.sampled_from([0.25, 0.5, THIRD, 1.0, 1.5]), min_size=1, max_size=30),
    st.floats(50, 180),
    st.floats(0, 0.3),
    st.floats(0, 1),
)
@settings(max_examples=25, deadline=None)
def test_no_note_is_lost_and_none_overlaps_whatever_the_time(
    lengths: list[float], bpm: float, free: float, strength: float
):
    notes = sung(tuple(lengths), bpm, free=free)
    timing = timed(notes)
    found = placed(
        timing.notes,
        tempo=timing.rhythm.tempo,
        meter=timing.rhythm.meter,
        feel=timing.feel,
        strength=strength,
        first_bar_seconds=timing.rhythm.first_bar_seconds,
    )
    assert len(found) == len(notes)
    assert all(a.end_ticks <= b.start_ticks for a, b in pairwise(found))
