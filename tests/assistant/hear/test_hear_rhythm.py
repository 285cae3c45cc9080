"""Tempo, metre, bar lines of notes that are given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.hear.rhythm import Rhythm
from assistant.hear.timing import timed
from midi.heard import HeardNote
from midi.tempo import Meter, Tempo


def played(
    beats: list[float], bpm: float, *, lead_seconds: float = 0.5, jitter_seconds: float = 0.0
) -> list[HeardNote]:
    """Notes of these lengths in beats, one after the other; a negative length is a rest."""
    random = np.random.default_rng(0)
    tempo, now, notes = Tempo(bpm), 0.0, []
    for length in beats:
        onset = lead_seconds + tempo.seconds(now) + random.uniform(-jitter_seconds, jitter_seconds)
        if length > 0:
            notes.append(HeardNote(onset, onset + tempo.seconds(length) * 0.85, 60.0))
        now += abs(length)
    return notes


def find_rhythm(notes: list[HeardNote], *, tempo: Tempo | None = None, meter: Meter | None = None) -> Rhythm:
    return timed(notes, tempo=tempo, meter=meter).rhythm


MARCH = [1, 1, 1, 0.5, 0.5, 1.5, 0.5, 2, 1, 1, 1, 0.5, 0.5, 1, 1, 2]
WALTZ = [2, 1, 2, 1, 1, 1, 1, 3, 2, 1, 2, 1, 1, 1, 1, 3]
JIG = [0.5, 0.5, 0.5, 1, 0.5, 1, 0.5, 1.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 0.5, 1.5]


@pytest.mark.parametrize("bpm", [72, 88, 100, 120, 132])
def test_the_tempo_of_a_march_is_found(bpm: float):
    found = find_rhythm(played(MARCH, bpm, jitter_seconds=0.02))
    assert found.tempo.bpm == pytest.approx(bpm, rel=0.02)
    assert found.meter == Meter(4, 4)
    assert found.first_bar_seconds == pytest.approx(0.5, abs=0.06)


def test_a_waltz_is_in_three():
    found = find_rhythm(played(WALTZ, 110))
    assert found.tempo.bpm == pytest.approx(110, rel=0.02)
    assert found.meter == Meter(3, 4)


def test_a_jig_is_in_six_eight():
    found = find_rhythm(played(JIG, 180))
    assert found.meter == Meter(6, 8)
    assert found.tempo.bpm == pytest.approx(180, rel=0.02)


def test_a_clear_pick_up_comes_before_the_bar_line():
    found = find_rhythm(played([1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 3], 100), meter=Meter(4, 4))
    beats = (0.5 - found.first_bar_seconds) * 100 / 60
    assert beats == pytest.approx(3, abs=0.15)


def test_what_is_given_is_kept():
    found = find_rhythm(played(MARCH, 100), tempo=Tempo(61.5), meter=Meter(7, 8))
    assert (found.tempo, found.meter) == (Tempo(61.5), Meter(7, 8))
    assert (found.tempo_confidence, found.meter_confidence) == (1.0, 1.0)


def test_two_notes_are_a_beat_apart_and_promise_nothing():
    found = find_rhythm(played([1, 1], 96))
    assert found.tempo.bpm == pytest.approx(96, rel=0.01)
    assert found.tempo_confidence == 0


def test_no_notes_have_the_usual_tempo():
    assert find_rhythm([]).tempo == Tempo(100)


def test_steady_notes_are_surer_than_free_ones():
    random = np.random.default_rng(1)
    free = [HeardNote(onset, onset + 0.1, 60.0) for onset in np.sort(random.uniform(0, 10, 20))]
    assert find_rhythm(played(MARCH, 100)).tempo_confidence > find_rhythm(free).tempo_confidence + 0.1


@given(st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0, -1.0]), min_size=1, max_size=30), st.floats(40, 200))
@settings(max_examples=40, deadline=None)
def test_any_notes_have_a_rhythm(beats: list[float], bpm: float):
    notes = played(beats, bpm)
    found = find_rhythm(notes)
    assert 30 <= found.tempo.bpm <= 300
    assert 0 <= found.tempo_confidence <= 1
    assert 0 <= found.meter_confidence <= 1
    if notes:
        half_a_pulse = found.tempo.seconds(found.meter.pulse_beats / 2)
        assert found.first_bar_seconds <= notes[0].onset_seconds + half_a_pulse + 1e-6
