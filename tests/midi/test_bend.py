"""Pitch bends in MIDI files: read by mido, and back by ourselves."""

from __future__ import annotations

import io

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midi.bend import Bend, Bends
from midi.clip import Clip
from midi.errors import InvalidMusic
from midi.motif import Motif
from midi.note import Note
from midi.score import Score, Track
from midi.smf import motif_of, motif_score, read_smf, smf_bytes

TUNE = Motif(Clip((Note(0, 60, 1), Note(1, 62, 1), Note(2, 64, 2))))
BENDS: Bends = ((Bend(0, -0.5), Bend(0.25, 0.1)), (), (Bend(0, 0), Bend(1, 1.5), Bend(1.5, 0.25)))


def messages(score: Score) -> list[tuple[int, mido.Message]]:
    track = mido.MidiFile(file=io.BytesIO(smf_bytes(score))).tracks[1]
    now, found = 0, []
    for message in track:
        now += message.time
        if not message.is_meta:
            found.append((now, message))
    return found


def bends_heard(score: Score) -> list[tuple[int, int, float]]:
    """Tick, channel and share of the range."""
    return [(tick, m.channel, round(m.pitch / 8192, 3)) for tick, m in messages(score) if m.type == "pitchwheel"]


def test_a_bend_follows_its_note_and_goes_back_when_the_note_ends():
    assert bends_heard(motif_score(TUNE, bends=BENDS)) == [
        (0, 0, -0.25), (120, 0, 0.05), (480, 0, 0.0), (960, 0, 0.0), (1440, 0, 0.75), (1680, 0, 0.125), (1920, 0, 0.0),
    ]  # fmt: skip


def test_the_bend_is_there_before_its_note_and_gone_before_the_next():
    at_beat_one = [m.type for tick, m in messages(motif_score(TUNE, bends=BENDS)) if tick == 480]
    assert at_beat_one == ["note_off", "pitchwheel", "note_on"]
    at_start = [m.type for tick, m in messages(motif_score(TUNE, bends=BENDS)) if tick == 0 and m.type[0] in "np"]
    assert at_start == ["pitchwheel", "note_on"]


def test_the_range_is_set_to_two_semitones_and_let_go_of():
    controls = [(m.control, m.value) for _, m in messages(motif_score(TUNE, bends=BENDS)) if m.type == "control_change"]
    assert controls == [(101, 0), (100, 0), (6, 2), (38, 0), (101, 127), (100, 127)]


def test_mpe_gives_each_note_its_own_channel():
    score = motif_score(TUNE, bends=BENDS, mpe=True)
    ons = [(m.channel, m.note) for _, m in messages(score) if m.type == "note_on"]
    assert ons == [(1, 60), (2, 62), (3, 64)]
    assert bends_heard(score)[0] == (0, 1, round(-0.5 / 48, 3))
    zone = [(m.channel, m.control, m.value) for _, m in messages(score) if m.type == "control_change"][:3]
    assert zone == [(0, 101, 0), (0, 100, 6), (0, 6, 15)]


def test_without_bends_nothing_of_them_is_written():
    assert {m.type for _, m in messages(motif_score(TUNE))} == {"note_on", "note_off"}


@pytest.mark.parametrize("mpe", [False, True])
def test_a_file_with_bends_is_the_same_melody(mpe: bool):
    assert motif_of(read_smf(smf_bytes(motif_score(TUNE, bends=BENDS, mpe=mpe)))).notes == TUNE.notes


def test_chords_bend_only_as_mpe():
    chord = Clip((Note(0, 60, 1), Note(0, 64, 1)))
    bends = ((Bend(0, 0.5),), (Bend(0, -0.5),))
    with pytest.raises(InvalidMusic, match="one channel"):
        Track("chord", chord, bends=bends)
    assert (
        read_smf(smf_bytes(Score((Track("chord", chord, bends=bends, mpe=True),)))).tracks[0].clip.notes == chord.notes
    )


def test_bends_of_other_notes_are_refused():
    with pytest.raises(InvalidMusic, match="do not fit"):
        motif_score(TUNE, bends=BENDS[:2])


@pytest.mark.parametrize("bend", [(-0.1, 0), (0, 49), (0, float("nan"))])
def test_a_bend_that_is_none_is_refused(bend: tuple[float, float]):
    with pytest.raises(InvalidMusic):
        Bend(*bend)


curves = st.lists(
    st.tuples(st.integers(0, 470), st.floats(0.02, 2).flatmap(lambda size: st.sampled_from([size, -size]))),
    max_size=6,
    unique_by=lambda point: point[0],
).map(lambda points: tuple(Bend(tick / 480, semitones) for tick, semitones in sorted(points)))


@given(st.lists(curves, min_size=1, max_size=8), st.booleans())
@settings(max_examples=60, deadline=None)
def test_bends_come_back_as_they_were_written(every: list[tuple[Bend, ...]], mpe: bool):
    clip = Clip(tuple(Note(index, 60 + index, 1) for index in range(len(every))))
    (track,) = read_smf(smf_bytes(Score((Track("", clip, bends=tuple(every), mpe=mpe),)))).tracks
    assert track.clip.notes == clip.notes
    for wrote, read in zip(every, track.bends or ((),) * len(every), strict=True):
        written = [(bend.beats, bend.semitones) for bend in wrote if track.bends]
        assert [bend.beats for bend in read] == [beats for beats, _ in written]
        assert [bend.semitones for bend in read] == pytest.approx([s for _, s in written], abs=48 / 8192)
