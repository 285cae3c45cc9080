"""Scores and motifs in Standard MIDI Files: written, read back, and judged by mido and pretty_midi."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midi.clip import Clip
from midi.errors import InvalidMusic, UnreadableMidi
from midi.motif import Motif
from midi.note import Note
from midi.scale import MODES, Key
from midi.smf import Marker, Score, Track, motif_of, motif_score, read_motif, read_smf, smf_bytes
from midi.smf_events import MOST_NOTES, variable
from midi.tempo import Meter, Tempo

MELODY = Motif(
    Clip((Note(0, 69, 1, 90), Note(1, 71, 0.5, 70), Note(1.5, 72, 0.5), Note(2, 69, 2, 64)), name="Melody"),
    Key(9, "minor"),
    Meter(4, 4),
    Tempo(97.0),
)

names = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
tempos = st.floats(10, 960, allow_nan=False).map(Tempo)
meters = st.builds(Meter, st.integers(1, 32), st.sampled_from((1, 2, 4, 8, 16, 32)))
keys = st.builds(Key, st.integers(0, 11), st.sampled_from(tuple(MODES)))
notes = st.builds(
    lambda start, pitch, length, velocity: Note(start / 480, pitch, length / 480, velocity),
    st.integers(0, 20_000),
    st.integers(0, 127),
    st.integers(1, 4_000),
    st.integers(1, 127),
)


def no_pitch_over_itself(some: list[Note]) -> tuple[Note, ...]:
    kept: list[Note] = []
    for note in sorted(some):
        if not any(k.pitch == note.pitch and k.end_ticks > note.start_ticks for k in kept):
            kept.append(note)
    return tuple(kept)


clips = st.lists(notes, max_size=12).map(no_pitch_over_itself).map(Clip)
tracks = st.builds(Track, names, clips.filter(len), st.none() | st.integers(0, 127), st.integers(0, 15))
scores = st.builds(
    Score,
    st.lists(tracks, max_size=3).map(tuple),
    tempos,
    meters,
    st.none() | keys,
    st.lists(st.builds(Marker, st.integers(0, 9_000).map(lambda t: t / 480), names), max_size=3).map(tuple),
    names,
)


def vlq(*events: tuple[int, bytes]) -> bytes:
    return b"".join(variable(delta) + event for delta, event in events)


def chunk(body: bytes, kind: bytes = b"MTrk") -> bytes:
    return kind + struct.pack(">I", len(body)) + body


def header(kind: int = 1, count: int = 1, division: int = 480) -> bytes:
    return chunk(struct.pack(">HHh", kind, count, division), b"MThd")


END = (0, b"\xff\x2f\x00")


def ons(*pitches: int, channel: int = 0, length: int = 480) -> bytes:
    """One note after the other."""
    pairs = (
        ((0, bytes((0x90 | channel, p, 80))) for p in pitches),
        ((length, bytes((0x80 | channel, p, 0))) for p in pitches),
    )
    return vlq(*(event for both in zip(*pairs, strict=True) for event in both))


def starts(clip: Clip) -> list[tuple[float, int, float]]:
    return [(note.start_beats, note.pitch, note.length_beats) for note in clip]


@given(scores)
def test_a_score_is_read_back_as_it_was_written(score: Score):
    assert read_smf(smf_bytes(score)) == score
    assert not read_smf(smf_bytes(score)).from_elsewhere


@given(st.builds(Motif, clips.filter(len), keys, meters, tempos), names.filter(bool), st.none() | st.integers(0, 127))
def test_a_motif_is_read_back_as_it_was_written(motif: Motif, name: str, program: int | None):
    score = motif_score(motif, name=name, program=program)
    again = motif_of(read_smf(smf_bytes(score)))
    assert again == Motif(score.tracks[0].clip, motif.key, motif.meter, motif.tempo)


@given(st.lists(notes, max_size=30).map(lambda some: Clip(tuple(some))))
def test_notes_over_their_own_pitch_are_cut_as_a_synthesiser_would_and_stay_so(clip: Clip):
    once = read_smf(smf_bytes(Score((Track("", clip),)))).tracks[0].clip
    assert once.notes == no_pitch_over_itself(list(once))
    assert {(n.start_beats, n.pitch) for n in once} == {(n.start_beats, n.pitch) for n in clip}
    assert read_smf(smf_bytes(Score((Track("", once),)))).tracks[0].clip == once


def test_the_same_score_gives_the_same_bytes():
    assert smf_bytes(motif_score(MELODY)) == smf_bytes(motif_score(MELODY))


def test_mido_reads_what_is_written():
    import mido

    score = motif_score(MELODY, name="Cello", program=42, markers=[Marker(2, "turn")])
    file = mido.MidiFile(file=io.BytesIO(smf_bytes(score)))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 480, 2)
    conductor, part = file.tracks
    assert conductor.name == part.name == "Cello"
    metas = {message.type: message for message in conductor}
    assert metas["set_tempo"].tempo == 618557
    assert (metas["time_signature"].numerator, metas["time_signature"].denominator) == (4, 4)
    assert metas["key_signature"].key == "Am"
    assert (metas["marker"].text, metas["marker"].time) == ("turn", 960)
    assert [m.program for m in part if m.type == "program_change"] == [42]
    sounded = [(m.type, m.note, m.time) for m in part if m.type.startswith("note")]
    assert sounded == [
        ("note_on", 69, 0),
        ("note_off", 69, 480),
        ("note_on", 71, 0),
        ("note_off", 71, 240),
        ("note_on", 72, 0),
        ("note_off", 72, 240),
        ("note_on", 69, 0),
        ("note_off", 69, 960),
    ]


@given(scores.filter(lambda score: score.tracks))
def test_mido_finds_every_note_of_any_score(score: Score):
    import mido

    file = mido.MidiFile(file=io.BytesIO(smf_bytes(score)))
    for track, chunk_ in zip(score.tracks, file.tracks[1:], strict=True):
        assert sum(m.type == "note_on" for m in chunk_) == sum(m.type == "note_off" for m in chunk_) == len(track.clip)
        assert sum(m.time for m in chunk_) == round(track.clip.length_beats * 480)


def test_pretty_midi_reads_what_is_written():
    import pretty_midi

    score = motif_score(MELODY, name="Cello", program=42)
    heard = pretty_midi.PrettyMIDI(io.BytesIO(smf_bytes(score)))
    (cello,) = heard.instruments
    assert (cello.name, cello.program, cello.is_drum) == ("Cello", 42, False)
    beat = 60 / 97
    found = [(n.start / beat, n.pitch, n.end / beat, n.velocity) for n in cello.notes]
    wanted = [(n.start_beats, n.pitch, n.end_beats, n.velocity) for n in MELODY.notes]
    assert found == [pytest.approx(values, abs=1e-4) for values in wanted]
    assert heard.get_tempo_changes()[1] == pytest.approx([97.0], abs=1e-3)
    assert pretty_midi.key_number_to_key_name(heard.key_signature_changes[0].key_number) == "A minor"


@given(clips.filter(len), st.sampled_from((96, 192, 480, 960, 1920)), st.integers(0, 1))
def test_what_mido_writes_is_read(clip: Clip, division: int, kind: int):
    import mido

    # On a grid of 96 to the beat, which every division here holds.
    fine = Clip(
        tuple(
            Note(n.start_ticks // 5 / 96, n.pitch, max(1, n.end_ticks // 5 - n.start_ticks // 5) / 96, n.velocity)
            for n in clip
        )
    )
    fine = Clip(no_pitch_over_itself(list(fine)))
    events = [(n.start_beats, 1, n.pitch, n.velocity) for n in fine] + [(n.end_beats, 0, n.pitch, 0) for n in fine]
    track, now = mido.MidiTrack(), 0
    for beats, on, pitch, velocity in sorted(events):
        tick = round(beats * division)
        track.append(mido.Message("note_on", note=pitch, velocity=velocity if on else 0, time=tick - now))
        now = tick
    file = mido.MidiFile(type=kind, ticks_per_beat=division, tracks=[track])
    written = io.BytesIO()
    file.save(file=written)
    assert read_smf(written.getvalue()).tracks[0].clip.notes == fine.notes


def test_what_pretty_midi_writes_is_read():
    import pretty_midi

    file = pretty_midi.PrettyMIDI(initial_tempo=100, resolution=960)
    cello = pretty_midi.Instrument(42, name="Cello")
    cello.notes = [pretty_midi.Note(80, 60, 0.0, 0.6), pretty_midi.Note(70, 64, 0.6, 0.9)]
    file.instruments = [cello]
    written = io.BytesIO()
    file.write(written)
    score = read_smf(written.getvalue())
    assert score.tempo == Tempo(100)
    assert [(t.name, t.program, starts(t.clip)) for t in score.tracks] == [("Cello", 42, [(0, 60, 1), (1, 64, 0.5)])]


def test_a_tempo_in_microseconds_is_read_as_the_number_that_was_meant():
    plain = smf_bytes(motif_score(MELODY)).replace(b"Hummingbridge", b"Another  DAW ")
    score = read_smf(plain)
    assert score.from_elsewhere
    assert score.tempo == Tempo(97.0)


@pytest.mark.parametrize(
    ("key", "shown"), [(Key(2, "dorian"), "Dm"), (Key(7, "mixolydian"), "G"), (Key(3, "minor"), "D#m")]
)
def test_a_mode_that_midi_cannot_name_keeps_its_tonic_for_others_and_its_name_for_us(key: Key, shown: str):
    import mido

    data = smf_bytes(Score((), key=key))
    (signature,) = (m for m in mido.MidiFile(file=io.BytesIO(data)).tracks[0] if m.type == "key_signature")
    assert signature.key == shown
    assert read_smf(data).key == key


def test_another_program_that_changes_the_tempo_is_believed():
    data = smf_bytes(motif_score(MELODY))
    assert read_smf(data.replace((618557).to_bytes(3, "big"), (500000).to_bytes(3, "big"))).tempo == Tempo(120)


def test_type_0_is_split_into_its_channels():
    body = vlq((0, b"\xff\x03\x04Song"), (0, b"\xc1\x20")) + ons(60, 62) + ons(36, channel=1) + vlq(END)
    score = read_smf(header(0) + chunk(body))
    assert [(t.name, t.channel, t.program, t.clip.pitches) for t in score.tracks] == [
        ("Song 1", 0, None, (60, 62)),
        ("Song 2", 1, 32, (36,)),
    ]


def test_type_2_patterns_all_start_at_the_beginning():
    score = read_smf(header(2, 2) + chunk(ons(60) + vlq(END)) + chunk(ons(62) + vlq(END)))
    assert [starts(t.clip) for t in score.tracks] == [[(0, 60, 1)], [(0, 62, 1)]]
    assert "type 2" in score.remarks[0]


def test_running_status_is_followed():
    body = vlq((0, b"\x90\x3c\x50"), (480, b"\x3c\x00"), (0, b"\x3e\x50"), (240, b"\x3e\x00"), END)
    assert starts(read_smf(header() + chunk(body)).tracks[0].clip) == [(0, 60, 1), (1, 62, 0.5)]


def test_other_divisions_come_onto_the_grid():
    assert starts(read_smf(header(division=96) + chunk(ons(60, length=32) + vlq(END))).tracks[0].clip) == [
        (0, 60, float(Fraction(1, 3)))
    ]


def test_times_in_frames_are_counted_at_the_tempo():
    body = vlq((0, b"\xff\x51\x03" + (1_000_000).to_bytes(3, "big"))) + ons(60, length=25 * 40 * 2) + vlq(END)
    score = read_smf(header(0, 1, -(25 << 8) + 40) + chunk(body))
    assert starts(score.tracks[0].clip) == [(0, 60, 2.0)]
    assert score.remarks == ("times are in seconds: bars are counted at 60 BPM",)


@pytest.mark.parametrize("payload", [b"\x00\x00\x00", b"\x00\x00\x01", b"\xff\xff\xff"])
def test_a_tempo_that_makes_no_sense_is_passed_over_and_said(payload: bytes):
    score = read_smf(header(0) + chunk(vlq((0, b"\xff\x51\x03" + payload)) + ons(60) + vlq(END)))
    assert score.tempo == Tempo(120)
    assert score.remarks == ("a tempo that makes no sense was passed over",)


def test_the_first_tempo_metre_and_key_count_and_changes_are_said():
    changes = vlq(
        (0, b"\xff\x51\x03" + (500_000).to_bytes(3, "big")),
        (0, b"\xff\x58\x04\x03\x02\x18\x08"),
        (0, b"\xff\x59\x02\xfe\x01"),
        (480, b"\xff\x51\x03" + (600_000).to_bytes(3, "big")),
        (0, b"\xff\x58\x04\x04\x02\x18\x08"),
        (0, b"\xff\x59\x02\x00\x00"),
        END,
    )
    score = read_smf(header(1, 2) + chunk(changes) + chunk(ons(60) + vlq(END)))
    assert (score.tempo, score.meter, score.key) == (Tempo(120), Meter(3, 4), Key(7, "minor"))
    assert score.remarks == tuple(
        f"the {what} changes; the first one is taken throughout" for what in ("tempo", "metre", "key")
    )


def test_a_note_that_is_never_released_ends_where_it_is_struck_again_or_with_the_track():
    body = vlq((0, b"\x90\x3c\x50"), (480, b"\x90\x3c\x40"), (480, b"\x90\x40\x40"), (960, b"\xff\x2f\x00"))
    score = read_smf(header(0) + chunk(body))
    assert starts(score.tracks[0].clip) == [(0, 60, 1), (1, 60, 3), (2, 64, 2)]
    assert score.remarks == ("notes that are never released were closed",)


def test_a_note_of_no_length_becomes_a_64th():
    body = vlq((0, b"\x90\x3c\x50"), (0, b"\x80\x3c\x50"), END)
    assert starts(read_smf(header(0) + chunk(body)).tracks[0].clip) == [(0, 60, 1 / 16)]


def test_a_repeated_note_whose_release_comes_after_the_new_strike_is_two_notes():
    body = vlq((0, b"\x90\x3c\x50"), (480, b"\x90\x3c\x50"), (0, b"\x80\x3c\x00"), (480, b"\x80\x3c\x00"), END)
    assert starts(read_smf(header(0) + chunk(body)).tracks[0].clip) == [(0, 60, 1), (1, 60, 1)]


@pytest.mark.parametrize("name", ["Flöte".encode(), "Flöte".encode("latin-1")])
def test_names_in_utf_8_and_latin_1_survive(name: bytes):
    body = vlq((0, b"\xff\x03" + bytes((len(name),)) + name)) + ons(60) + vlq(END)
    score = read_smf(header(0) + chunk(body))
    assert score.tracks[0].name == "Flöte"
    assert read_smf(smf_bytes(score)).tracks[0].name == "Flöte"


def test_other_chunks_system_exclusive_and_riff_around_it_are_skipped():
    body = vlq((0, b"\xf0\x03\x7e\x01\xf7"), (0, b"\xb0\x07\x64"), (0, b"\xe0\x00\x40")) + ons(60) + vlq(END)
    data = header(0) + chunk(b"whatever", b"XFIH") + chunk(body) + b"trailing bytes"
    riff = b"RIFF" + struct.pack("<I", len(data) + 12) + b"RMIDdata" + struct.pack("<I", len(data)) + data
    assert read_smf(riff).tracks[0].clip.pitches == (60,)
    assert read_smf(data) == read_smf(riff)


def test_a_track_without_its_end_is_read():
    assert read_smf(header(0) + chunk(ons(60))).tracks[0].clip.pitches == (60,)


GOOD = smf_bytes(motif_score(MELODY))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt " * 9, "not a MIDI file"),
        (b"ID3" + bytes(100), "not a MIDI file"),
        (b"MThd\x00", "breaks off in its header"),
        (header(3) + chunk(ons(60)), "type 3"),
        (header(division=0) + chunk(ons(60)), "0 ticks"),
        (header(), "holds no track"),
        (GOOD[:-12], "breaks off in track 2"),
        (header(0) + chunk(vlq((0, b"\x3c\x50"))), "damaged in track 1"),
        (header(0) + chunk(vlq((0, b"\x90\xff\x50"))), "damaged in track 1"),
        (header(0) + chunk(vlq((0, b"\xf4"))), "damaged in track 1"),
        (header(0) + chunk(b"\xff\xff\xff\xff\xff\xff"), "damaged in track 1"),
        (header(0) + chunk(vlq((0, b"\xff\x03\x60abc"))), "damaged in track 1"),
        (header(1, 2) + chunk(ons(60)) + bytes(40), "damaged after track 1"),
        (header(0, 1, 1) + chunk(vlq((50_000, b"\x90\x3c\x50"))), "50000 beats, over the limit"),
        (bytes(20_000_001), "over the limit of 20 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_what_to_do(data: bytes, says: str):
    with pytest.raises(UnreadableMidi, match=says) as refused:
        read_smf(data)
    assert refused.value.hint


@given(st.data())
def test_no_damage_ends_in_anything_but_a_score_or_a_clear_error(data: st.DataObject):
    broken = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    broken = broken[: data.draw(st.integers(0, len(broken)))]
    try:
        score = read_smf(bytes(broken))
    except UnreadableMidi:
        return
    assert read_smf(smf_bytes(score)).tempo == score.tempo


def test_more_notes_than_anybody_plays_are_refused():
    one = vlq((1, b"\x90\x3c\x50"), (1, b"\x80\x3c\x00"))
    with pytest.raises(UnreadableMidi, match="more than 200000 notes"):
        read_smf(header(0) + chunk(one * (MOST_NOTES + 1)))


def test_a_file_without_notes_is_a_score_but_no_motif(tmp_path: Path):
    path = tmp_path / "quiet.mid"
    path.write_bytes(header(0) + chunk(vlq(END)))
    assert read_smf(path).tracks == (Track("", Clip(())),)
    with pytest.raises(UnreadableMidi, match=r"quiet\.mid: the MIDI file holds no notes"):
        read_motif(path)


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path):
    with pytest.raises(UnreadableMidi, match=r"none\.mid: there is no such file"):
        read_smf(tmp_path / "none.mid")
    with pytest.raises(UnreadableMidi, match="this is a folder"):
        read_smf(tmp_path)


def elsewhere(*parts: Track) -> Score:
    return Score(parts, key=Key(0), from_elsewhere=True)


def line(*pitches: int) -> Clip:
    return Clip(tuple(Note(i, pitch, 1) for i, pitch in enumerate(pitches)))


def test_the_melody_is_the_highest_of_the_tracks_that_play_much():
    bass, melody, bell = line(36, 36, 43, 43, 36, 36), line(60, 62, 64, 65), line(96)
    drums = Track("Kit", line(*[42] * 30), None, 9)
    score = elsewhere(Track("Bass", bass), Track("Piano", melody), Track("Bell", bell), drums)
    assert motif_of(score).clip.pitches == melody.pitches


def test_a_track_named_as_the_melody_is_believed():
    score = elsewhere(Track("Strings", line(80, 81, 82, 83)), Track("Lead Vocal", line(50, 52)))
    assert motif_of(score).clip.pitches == (50, 52)


def test_drums_alone_are_a_motif_of_drums_and_stay_on_their_channel():
    motif = motif_of(elsewhere(Track("Kit", line(36, 38), None, 9)))
    assert motif.drums
    assert motif_of(read_smf(smf_bytes(motif_score(motif)))) == motif


def test_the_drums_beside_a_melody_can_be_asked_for():
    score = elsewhere(Track("Piano", line(60, 62)), Track("Kit", line(36, 38), None, 9))
    assert not motif_of(score).drums
    assert motif_of(score, drums=True).clip.pitches == (36, 38)


def test_drums_asked_for_where_there_are_none_are_missed():
    with pytest.raises(UnreadableMidi, match="no drums"):
        motif_of(elsewhere(Track("Piano", line(60, 62))), drums=True)


def test_polyphony_is_kept():
    chord = Clip((Note(0, 60, 2), Note(0, 64, 2), Note(0, 67, 2)))
    assert motif_of(elsewhere(Track("Piano", chord))).clip.pitches == (60, 64, 67)


def test_empty_bars_around_the_music_of_another_program_are_dropped_and_bar_lines_kept():
    late = Clip((Note(17.5, 60, 0.5), Note(18, 62, 2)), length_beats=800)
    motif = motif_of(elsewhere(Track("Take", late)))
    assert starts(motif.clip) == [(1.5, 60, 0.5), (2, 62, 2)]
    assert motif.bars == 1


def test_a_rest_at_the_end_of_a_phrase_is_kept():
    assert motif_of(elsewhere(Track("Take", Clip(line(60, 62, 64, 65).notes, length_beats=8)))).bars == 2


def test_what_is_given_counts_more_than_the_file():
    motif = motif_of(motif_score(MELODY), key=Key(4, "minor"), meter=Meter(3, 4), tempo=Tempo(60))
    assert (motif.key, motif.meter, motif.tempo, motif.bars) == (Key(4, "minor"), Meter(3, 4), Tempo(60), 2)


def test_the_notes_tell_the_key_where_the_file_names_none():
    scale = Track("Take", line(62, 64, 66, 67, 69, 71, 73, 74, 69, 66, 62, 62))
    assert motif_of(Score((scale,))).key == Key(2, "major")


def test_a_track_takes_only_channels_and_programs_that_midi_has():
    with pytest.raises(InvalidMusic, match="channel 16"):
        Track("x", Clip(()), None, 16)
