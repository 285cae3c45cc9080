"""The key of a melody."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midi.clip import Clip
from midi.errors import InvalidMusic
from midi.keyfinding import estimate_key, key_of
from midi.note import Note
from midi.scale import Key


def melody(*pitches: int) -> Clip:
    return Clip(tuple(Note(beat, pitch, 1.0) for beat, pitch in enumerate(pitches)))


def test_a_c_major_melody_is_in_c_major():
    assert key_of(melody(60, 62, 64, 65, 67, 64, 60, 71, 72)) == Key(0, "major")


def test_a_melody_with_a_leading_note_tells_minor_from_its_relative_major():
    assert key_of(melody(62, 65, 69, 68 - 7, 62, 64, 65, 69, 62)) == Key(2, "minor")


def test_long_notes_count_more_than_short_ones():
    notes = (Note(0, 67, 4.0), Note(4, 71, 4.0), Note(8, 74, 2.0), Note(10, 66, 1.0), Note(11, 65, 0.25))
    assert key_of(Clip(notes)) == Key(7, "major")


def test_silence_has_no_key():
    assert estimate_key([0.0] * 12) == (Key(0, "major"), 0.0)


def test_twelve_equal_weights_leave_the_key_open():
    assert estimate_key([1.0] * 12)[1] < 0.15


@pytest.mark.parametrize("weights", [[1.0] * 11, [1.0] * 11 + [-1.0], [float("nan")] * 12])
def test_weights_that_are_none_are_refused(weights: list[float]):
    with pytest.raises(InvalidMusic):
        estimate_key(weights)


@given(st.lists(st.integers(48, 72), min_size=1, max_size=16), st.integers(0, 11))
def test_a_transposed_melody_has_the_transposed_key_where_the_key_is_clear(pitches: list[int], semitones: int):
    weights = [0.0] * 12
    for pitch in pitches:
        weights[pitch % 12] += 1
    key, sure = estimate_key(weights)
    moved, as_sure = estimate_key(weights[-semitones:] + weights[:-semitones] if semitones else weights)
    assert as_sure == pytest.approx(sure, abs=0.002)
    if sure > 0.55:
        assert moved == Key((key.tonic + semitones) % 12, key.mode)


def test_songs_and_quartets_mostly_get_their_own_signature(data: Path):
    """Eight bars, of which some modulate, and some quartet parts hardly have a tune; asked is a clear majority."""
    right = []
    with gzip.open(data / "melodies.jsonl.gz", "rt", encoding="utf-8") as file:
        for piece in map(json.loads, islice(file, 0, None, 8)):
            weights = [0.0] * 12
            for bar in [bar for bar in piece["bars"] if bar][:8]:
                for _, duration, pitch, _ in bar:
                    if pitch is not None:
                        weights[pitch % 12] += duration
            if any(weights):
                right.append((estimate_key(weights)[0].fifths - piece["fifths"]) % 12 == 0)
    assert len(right) > 200
    assert sum(right) / len(right) >= 0.65
