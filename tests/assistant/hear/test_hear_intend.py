"""What was meant by notes that are sung sharp, flat, drifting or in between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.hear.intend import intend
from midi.scale import Key

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
TUNE = (67, 64, 65, 67, 72, 71, 69, 67, 65, 64, 62, 60, 64, 67, 65, 62, 60)


def meant(*sung: float, key: Key | None = None) -> tuple[int, ...]:
    return intend(sung, [0.5] * len(sung), key=key).pitches


@pytest.mark.parametrize("cents", [-45, -20, 0, 13, 44])
def test_who_sings_sharp_or_flat_throughout_is_understood(cents: float):
    assert meant(*(pitch + cents / 100 for pitch in SCALE)) == SCALE


def test_the_key_decides_where_singing_lies_between_two_pitches():
    between = [pitch + 0.5 for pitch in SCALE]
    assert meant(*between, key=Key(0)) == SCALE
    assert meant(*between, key=Key(1)) == tuple(pitch + 1 for pitch in SCALE)


def test_who_sinks_by_a_semitone_is_followed():
    sinking = np.array(TUNE) - np.linspace(0, 1, len(TUNE))
    assert meant(*sinking) == TUNE
    assert intend(sinking, [0.5] * len(TUNE)).tuning_semitones[-1] == pytest.approx(-1, abs=0.3)


def test_a_slip_moves_neither_its_neighbours_nor_the_tuning():
    slipped = [float(pitch) for pitch in TUNE]
    slipped[5] -= 0.45
    assert meant(*slipped)[:5] == TUNE[:5]
    assert meant(*slipped)[6:] == TUNE[6:]


def test_no_notes_mean_nothing():
    assert intend([], []).pitches == ()


def test_in_the_middle_between_two_keys_the_one_that_is_written_more_often_is_meant():
    between = [pitch - 0.5 for pitch in TUNE]
    assert meant(*between) == TUNE
    assert meant(*(pitch + 7 for pitch in between)) == tuple(pitch + 7 for pitch in TUNE)


@given(st.lists(st.integers(40, 84), min_size=1, max_size=12), st.integers(-12, 12))
@settings(max_examples=25, deadline=None)
def test_singing_higher_in_a_key_as_much_higher_means_the_same_higher(tune: list[int], by: int):
    moved = meant(*(pitch + by for pitch in tune), key=Key(by % 12))
    assert moved == tuple(pitch + by for pitch in meant(*tune, key=Key(0)))
