"""Songs as .dawproject: valid by the published schema, every clip at its bar, the same bytes each time."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from assistant.audio import Audio
from assistant.export.dawproject import dawproject_bytes, export_dawproject, read_export
from assistant.export.song import Part, Song
from midi.clip import Clip
from midi.errors import InvalidMusic
from midi.note import Note
from midi.scale import Key
from midi.score import Marker
from midi.tempo import Meter, Tempo

TONE = Audio((0.3 * np.sin(np.arange(44_100) * 0.05)).astype(np.float32)[np.newaxis], 44_100)
CLIP = Clip((Note(0, 60, 1, 127), Note(1 / 3, 64, 1 / 3, 90), Note(2, 67, 2, 1)), length_beats=6)
SONG = Song(
    "Abend & Flöte",
    Tempo(97.3),
    Meter(3, 4),
    (
        Part("Melody", CLIP, TONE, at_bar=3),
        Part("Bass <1>", Clip((Note(0, 36, 1),)), at_bar=5),
        Part("Voice", None, TONE),
    ),
    Key(9, "minor"),
    (Marker(4.5, "turn"),),
    datetime(2024, 5, 6),
)


def opened(data: bytes) -> tuple[zipfile.ZipFile, etree._Element]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return archive, etree.fromstring(archive.read("project.xml"))


def clips(project: etree._Element) -> dict[str, etree._Element]:
    """Each track's clip by the track's name."""
    names = {track.get("id"): track.get("name") for track in project.iter("Track")}
    lanes = project.findall("Arrangement/Lanes/Lanes")
    return {names[lane.get("track")]: lane.find("Clips/Clip") for lane in lanes}


def invalid(schemas: Path, data: bytes) -> str:
    """What the published schema finds wrong: nothing."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    found = ""
    for schema, name in (("Project", "project.xml"), ("MetaData", "metadata.xml")):
        rules = etree.XMLSchema(etree.parse(schemas / f"{schema}.xsd"))
        rules.validate(etree.fromstring(archive.read(name)))
        found += str(rules.error_log)
    return found


def test_it_is_valid_by_the_published_schema(data: Path):
    assert invalid(data / "dawproject", dawproject_bytes(SONG)) == ""


def test_any_song_is_valid_by_the_published_schema(data: Path):
    @given(
        title=st.text(max_size=20),
        name=st.text(max_size=20),
        bpm=st.floats(10, 960),
        meter=st.builds(Meter, st.integers(1, 32), st.sampled_from((1, 2, 4, 8, 16, 32))),
        bar=st.integers(1, 500),
        pitch=st.integers(0, 127),
        ticks=st.tuples(st.integers(0, 9_000), st.integers(1, 9_000)),
    )
    @settings(max_examples=30, deadline=None)
    def check(title: str, name: str, bpm: float, meter: Meter, bar: int, pitch: int, ticks: tuple[int, int]):
        clip = Clip((Note(ticks[0] / 480, pitch, ticks[1] / 480),))
        song = Song(title, Tempo(bpm), meter, (Part(name, clip, TONE, bar), Part(name, clip)), None, (Marker(1, name),))
        assert invalid(data / "dawproject", dawproject_bytes(song)) == ""

    check()


def test_tempo_and_metre_are_the_songs():
    _, project = opened(dawproject_bytes(SONG))
    tempo, meter = project.find("Transport/Tempo"), project.find("Transport/TimeSignature")
    assert (tempo.get("unit"), float(tempo.get("value"))) == ("bpm", 97.3)
    assert (meter.get("numerator"), meter.get("denominator")) == ("3", "4")


def test_every_clip_lies_at_its_bar():
    _, project = opened(dawproject_bytes(SONG))
    assert project.find("Arrangement/Lanes").get("timeUnit") == "beats"
    assert {name: float(clip.get("time")) for name, clip in clips(project).items()} == {
        "Melody": 6.0,
        "Melody (audio)": 6.0,
        "Bass <1>": 12.0,
        "Voice": 0.0,
    }


def test_the_notes_are_the_clips_to_the_tick():
    _, project = opened(dawproject_bytes(SONG))
    melody = clips(project)["Melody"]
    assert float(melody.get("duration")) == 6.0
    read = [
        Note(float(n.get("time")), int(n.get("key")), float(n.get("duration")), round(float(n.get("vel")) * 127))
        for n in melody.iter("Note")
    ]
    assert tuple(read) == CLIP.notes


def test_the_audio_is_in_it_and_lasts_as_the_clip_says():
    archive, project = opened(dawproject_bytes(SONG))
    clip = clips(project)["Melody (audio)"]
    audio = clip.find("Audio")
    with archive.open(audio.find("File").get("path")) as file, soundfile.SoundFile(io.BytesIO(file.read())) as wav:
        assert (wav.samplerate, wav.channels, wav.frames, wav.subtype) == (44_100, 1, 44_100, "PCM_24")
    assert (audio.get("sampleRate"), audio.get("channels"), float(audio.get("duration"))) == ("44100", "1", 1.0)
    assert clip.get("contentTimeUnit") == "seconds"
    assert float(clip.get("duration")) == pytest.approx(97.3 / 60)


def test_markers_stand_where_parts_begin_and_where_they_were_asked_for():
    _, project = opened(dawproject_bytes(SONG))
    assert [(float(m.get("time")), m.get("name")) for m in project.iter("Marker")] == [
        (6.0, "Abend & Flöte"),
        (12.0, "Abend & Flöte"),
        (0.0, "Abend & Flöte"),
        (4.5, "turn"),
    ]


def test_the_comment_names_the_key():
    archive, _ = opened(dawproject_bytes(SONG))
    metadata = etree.fromstring(archive.read("metadata.xml"))
    assert metadata.findtext("Title") == "Abend & Flöte"
    assert metadata.findtext("Comment") == "Hummingbridge: 97.3 BPM, 3/4, A minor"


def test_every_track_ends_in_the_master():
    _, project = opened(dawproject_bytes(SONG))
    channels = {channel.get("role"): channel for channel in project.iter("Channel")}
    regular = [channel for channel in project.iter("Channel") if channel.get("role") == "regular"]
    assert {channel.get("destination") for channel in regular} == {channels["master"].get("id")}


def test_how_it_was_made_lies_in_it():
    archive, _ = opened(dawproject_bytes(SONG, manifest={"licences": ["CC0-1.0"]}, identity="take-7"))
    described = json.loads(archive.read("manifest.json"))
    assert (described["id"], described["made"]) == ("take-7", {"licences": ["CC0-1.0"]})


def test_the_same_song_gives_the_same_bytes():
    assert dawproject_bytes(SONG) == dawproject_bytes(SONG)


def test_versions_count_up(tmp_path: Path):
    first = export_dawproject(SONG, tmp_path, identity="a")
    second = export_dawproject(SONG, tmp_path, identity="b")
    assert [first.path.name, second.path.name] == [
        "Abend-&-Flöte_97.3bpm_Am_v01.dawproject",
        "Abend-&-Flöte_97.3bpm_Am_v02.dawproject",
    ]
    assert read_export(second.path) == second
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [first.path.name, second.path.name]


def test_other_files_are_not_taken_for_exports(tmp_path: Path):
    (tmp_path / "other.dawproject").write_bytes(b"PK not a zip")
    with zipfile.ZipFile(tmp_path / "bitwig.dawproject", "w") as archive:
        archive.writestr("project.xml", "<Project/>")
    assert read_export(tmp_path / "other.dawproject") is None
    assert read_export(tmp_path / "bitwig.dawproject") is None


def test_a_song_of_nothing_is_refused():
    with pytest.raises(InvalidMusic, match="nothing to export"):
        Song("x", Tempo(), Meter(), (Part("Empty"),))
    with pytest.raises(InvalidMusic, match="bar 0"):
        Part("x", CLIP, at_bar=0)
