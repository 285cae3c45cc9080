"""How usual a rhythm is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.hear.usual import likelihood

THIRD = 1 / 3


def test_eighths_on_the_beat_are_more_usual_than_the_same_between_the_beats():
    assert likelihood([0, 0.5, 1, 2], compound=False) > likelihood([0.25, 0.75, 1.25, 2.25], compound=False)


def test_a_triplet_is_likelier_whole_than_broken_off():
    assert likelihood([0, THIRD, 2 * THIRD, 1], compound=False) > likelihood([0, THIRD, 0.75, 1], compound=False)


def test_three_eighths_fill_a_beat_of_six_eight():
    assert likelihood([0, 0.5, 1, 1.5], compound=True) > likelihood([0, 0.75, 1.5], compound=True)


def test_one_note_has_no_step():
    assert likelihood([3.0], compound=False) == 0


@given(st.lists(st.integers(1, 200), max_size=20), st.booleans())
def test_every_rhythm_is_possible_and_bars_change_nothing(lengths: list[int], compound: bool):
    starts = np.concatenate([[0], np.cumsum(lengths)]) / 24
    bar = 3.0 if compound else 4.0
    assert np.isfinite(likelihood(starts, compound=compound))
    assert likelihood(starts + bar, compound=compound) == pytest.approx(likelihood(starts, compound=compound))
