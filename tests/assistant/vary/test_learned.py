"""The learned model: music as steps and back, constraints that hold in all it writes, requests that it meets."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.brief import Brief
from assistant.errors import CannotRead, InvalidBrief
from assistant.presets import shipped
from assistant.vary import vary
from assistant.vary.hold import broken as broken_terms
from assistant.vary.learned.constraints import KEEPS, Constraints, broken
from assistant.vary.learned.likeness import common_length, likeness
from assistant.vary.learned.models import NAME
from assistant.vary.learned.page import pages_of
from assistant.vary.learned.sampling import Manner, Passage, written
from assistant.vary.learned.source import by_model, load_network, load_wishes
from assistant.vary.learned.steps import LENGTHS, METRES, Bars, beat_ticks, joined_notes, pieces, rests, split_into_bars
from assistant.vary.terms import terms_of
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.tempo import Meter

TUNE = [(0, 24, 22), (24, 48, 24), (48, 72, 26), (72, 96, 22), (96, 144, 29), (144, 168, 26), (168, 216, 24)]
MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})


def tune() -> Bars:
    return split_into_bars(TUNE, 3, 96, 24)


def passage(bars: Bars) -> Passage:
    return Passage(bars, 2, 96, 24, np.zeros(len(bars) * 96, np.int64))


def scale_motif(bars: int, meter: Meter | None = None, key: Key | None = None) -> Motif:
    """Quarter notes up and down the scale."""
    meter, key = meter or Meter(4, 4), key or Key()
    count = round(bars * meter.bar_beats)
    notes = tuple(Note(beat, key.pitch(35 + abs(beat % 12 - 6)), 1) for beat in range(count))
    return Motif(Clip(notes, length_beats=bars * meter.bar_beats), key, meter)


@given(st.integers(1, 600))
def test_every_length_is_a_sum_of_known_ones(ticks: int):
    assert sum(LENGTHS[piece] for piece in pieces(ticks)) == ticks


@pytest.mark.parametrize(
    ("metre", "silence", "written"),
    [
        ((4, 4), (0, 96), (96,)),
        ((4, 4), (24, 96), (24, 48)),
        ((4, 4), (12, 48), (12, 24)),
        ((3, 4), (24, 72), (24, 24)),
        ((6, 8), (36, 72), (24, 12)),
        ((6, 8), (12, 72), (12, 12, 24, 12)),
        ((2, 4), (8, 24), (8, 8)),
    ],
)
def test_a_rest_is_written_by_the_beat(metre: tuple[int, int], silence: tuple[int, int], written: tuple[int, ...]):
    bar, beat = 96 * metre[0] // metre[1], beat_ticks(*metre)
    assert tuple(LENGTHS[index] for index in rests(*silence, bar, beat)) == written


@given(st.integers(0, 143), st.integers(1, 144), st.sampled_from(METRES))
def test_a_rest_is_as_long_as_its_parts(start: int, ticks: int, metre: tuple[int, int]):
    bar = 96 * metre[0] // metre[1]
    start, end = start % bar, min(bar, start % bar + ticks)
    assert sum(LENGTHS[index] for index in rests(start, end, bar, beat_ticks(*metre))) == end - start


def test_a_note_over_a_bar_line_is_tied_and_joined_again():
    bars = tune()
    assert bars[2][0].tied
    assert not bars[1][-1].tied
    assert joined_notes(bars, 96) == TUNE
    assert joined_notes(split_into_bars([(72, 120, 20)], 2, 96, 24), 96) == [(72, 120, 20)]


def test_a_passage_is_like_itself():
    same = likeness(tune(), tune(), 96)
    assert (same.overlap, same.rhythm, same.pitches, same.density, same.register) == (1, 1, 1, 1, 0)
    assert same.contour == pytest.approx(1)


def test_the_longest_line_in_common_keeps_the_order():
    assert common_length([1, 2, 3, 4], [2, 4, 3]) == 2


def test_the_same_seed_writes_the_same_music():
    asked = load_wishes().near((0.8, 0.5, 0.3), 1)
    once, again = (
        written(load_network(), passage(tune()), asked, Constraints(), manner=Manner(), seed=3) for _ in range(2)
    )
    assert once == again


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(KEEPS), st.sets(st.integers(0, 2), max_size=2), st.booleans(), st.booleans(), st.integers(0, 10**6)
)
def test_what_must_hold_holds(keep: str, locked: set[int], in_key: bool, pinned: bool, seed: int):
    constraints = Constraints(
        locked=frozenset(locked),
        pinned=frozenset({(1, 0)}) if pinned else frozenset(),
        tones=MAJOR if in_key else None,
        lowest=20,
        highest=31,
        keep=keep,
    )
    asked = load_wishes().near((0.8, 0.6, 0.4, 0.2), seed)
    made = written(load_network(), passage(tune()), asked, constraints, manner=Manner(), seed=seed)
    assert [broken(tune(), one.bars, constraints, 96) for one in made] == [""] * 4


@pytest.mark.parametrize("meter", ["2/4", "3/4", "4/4", "6/8", "9/8", "12/8", "3/8", "2/2", "5/4", "7/8"])
def test_it_writes_in_every_metre_that_a_bar_of_six_quarters_holds(meter: str):
    motif = scale_motif(4, Meter.parse(meter), Key(7, "minor"))
    terms = terms_of(motif, Brief())
    candidates = by_model(terms, (0.8, 0.6, 0.4, 0.3), Random(2))
    assert len(candidates) >= 3
    assert [broken_terms(terms, candidate.tones) for candidate in candidates] == [None] * len(candidates)


def test_a_melody_of_forty_bars_is_written_page_by_page():
    terms = terms_of(scale_motif(40), Brief())
    assert [len(page.passage.bars) for page in pages_of(terms)] == [8] * 5
    (candidate,) = by_model(terms, (0.5,), Random(1))
    assert abs(candidate.closeness - 0.5) < 0.2
    assert {tone.start // (4 * 480 * 8) for tone in candidate.tones} == {0, 1, 2, 3, 4}


def test_a_melody_that_it_has_no_symbols_for_is_left_to_the_rules():
    wide = Motif(Clip((Note(0, 24, 1), Note(1, 60, 1), Note(2, 108, 2))))
    assert by_model(terms_of(wide, Brief()), (0.5,), Random(1)) == []
    assert {variation.source for variation in vary(wide, Brief(count=3))} == {"rules"}


def test_either_source_can_be_asked_for_alone():
    motif = scale_motif(4)
    assert {variation.source for variation in vary(motif, Brief(count=4, source="model"))} == {"model"}
    assert {variation.source for variation in vary(motif, Brief(count=4, source="rules"))} == {"rules"}


def test_the_model_knows_no_technique_by_name():
    with pytest.raises(InvalidBrief) as refused:
        Brief(source="model", techniques=("inversion",))
    assert refused.value.message == "the model knows no technique by name (inversion)"


def test_what_it_writes_comes_as_near_as_was_asked():
    terms = terms_of(scale_motif(8), Brief())
    for asked in (0.8, 0.4):
        near = [candidate.closeness for candidate in by_model(terms, [asked] * 8, Random(4))]
        assert abs(float(np.median(near)) - asked) < 0.1


def test_the_shipped_model_is_small():
    assert shipped(NAME).stat().st_size < 8_000_000


def test_what_is_not_a_model_is_refused(tmp_path: Path):
    path = tmp_path / "model.npz"
    path.write_bytes(b"not a model")
    with pytest.raises(CannotRead, match="is not a model of variations"):
        load_network(path)


def test_it_leaves_the_key_only_where_that_is_asked():
    motif = scale_motif(4)
    aims = [0.5] * 24
    plain, chromatic = (
        {tone.pitch for c in by_model(terms_of(motif, brief), aims, Random(3)) for tone in c.tones}
        for brief in (Brief(), Brief(chromatic=True))
    )
    assert all(pitch in motif.key for pitch in plain)
    assert any(pitch not in motif.key for pitch in chromatic)
    assert max(chromatic) <= max(note.pitch for note in motif.notes) + 7


def test_a_key_and_notes_foreign_to_it_contradict_each_other():
    with pytest.raises(InvalidBrief, match="chromatic notes contradict"):
        Brief(key=Key(2, "minor"), chromatic=True)
