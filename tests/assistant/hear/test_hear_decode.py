"""From likelihoods to notes."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.hear.decode import Decoding, Span, note_pitch, note_spans
from assistant.hear.swift import PitchTrack

FRAME_SECONDS = 256 / 22050
AS_THEY_ARE = Decoding(blur_frames=0, onset_shift_seconds=0.0)


def starts(peaks: dict[int, float], rules: Decoding = AS_THEY_ARE, frames: int = 120) -> list[int]:
    """The frames at which notes start in a voice that sounds from the first to the last of the peaks."""
    onset, active = np.zeros(frames, np.float32), np.zeros(frames, np.float32)
    for frame, likely in peaks.items():
        onset[frame] = likely
    active[min(peaks) : frames - 10] = 1
    return [round(span.onset_seconds / FRAME_SECONDS) for span in note_spans(onset, active, rules)]


def test_every_likely_start_begins_a_note():
    assert starts({10: 0.9, 40: 0.8, 70: 0.95}) == [10, 40, 70]


def test_an_unlikely_start_begins_none():
    assert starts({10: 0.9, 40: 0.5, 70: 0.95}) == [10, 70]


def test_of_two_starts_side_by_side_the_likelier_counts():
    assert starts({10: 0.9, 40: 0.85, 46: 0.95}) == [10, 46]


def test_a_start_yields_to_two_around_it_that_are_likelier_together():
    assert starts({10: 0.9, 40: 0.92, 46: 0.93, 52: 0.92}) == [10, 40, 52]


def test_a_start_beside_one_that_yielded_counts():
    assert starts({10: 0.9, 40: 0.98, 46: 0.9, 52: 0.8}) == [10, 40, 52]


def test_voice_that_sets_in_without_a_start_is_a_note():
    assert starts({30: 0.1}) == [30]


@given(
    st.dictionaries(
        st.integers(1, 15).map(lambda n: 6 * n), st.integers(76, 98).map(lambda n: n / 100), min_size=1, max_size=8
    )
)
def test_no_other_choice_of_starts_is_likelier(peaks: dict[int, float]):
    def gain(chosen: tuple[int, ...] | list[int]) -> float:
        return sum(np.log(peaks[frame] / (1 - peaks[frame])) - np.log(0.75 / 0.25) for frame in chosen)

    apart = [
        chosen
        for count in range(len(peaks) + 1)
        for chosen in combinations(sorted(peaks), count)
        if all(later - sooner > 8 for sooner, later in pairwise(chosen))
    ]
    found = [frame for frame in starts(peaks) if frame in peaks]
    assert gain(found) == pytest.approx(max(map(gain, apart)), abs=1e-5)


def test_a_note_has_the_pitch_it_is_held_at_whatever_it_scoops_from():
    times = np.arange(0, 1, 0.016)
    pitch = np.where(times < 0.09, 57, np.where(times > 0.9, 55, 60.2)).astype(np.float32)
    track = PitchTrack(times, pitch, np.ones(len(times), np.float32))
    assert note_pitch(track, Span(0.0, 1.0, 1.0)) == pytest.approx(60.2, abs=1e-4)
