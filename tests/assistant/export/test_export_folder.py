"""Songs as folders of stems: names, places, versions, whole or absent."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from wavinfo import WavInfoReader

from assistant.audio import Audio
from assistant.errors import CannotWrite
from assistant.export.folder import export_folder, read_export
from assistant.export.song import Part, Song, key_tag
from assistant.export.versions import next_version, write_new_file, write_new_folder
from assistant.text import file_name
from midi.clip import Clip
from midi.note import Note
from midi.scale import Key
from midi.smf import read_smf
from midi.tempo import Meter, Tempo

RATE = 48_000
CLIP = Clip((Note(0, 60, 1), Note(1, 64, 1)), length_beats=4)


def hum(seconds: float, rate: int = RATE) -> Audio:
    return Audio(np.full((1, round(seconds * rate)), 0.25, np.float32), rate)


SONG = Song(
    "Song",
    Tempo(120),
    Meter(),
    (Part("Melody", CLIP, hum(2.5), at_bar=3, program=42), Part("Bass", CLIP, hum(1))),
    Key(9, "minor"),
)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_files_are_named_for_title_tempo_key_track_and_version(tmp_path: Path):
    export = export_folder(SONG, tmp_path)
    assert export.path == tmp_path / "Song_120bpm_Am_v01"
    assert names(export.path) == [
        "Song_120bpm_Am_Bass_v01.mid",
        "Song_120bpm_Am_Bass_v01.wav",
        "Song_120bpm_Am_Melody_v01.mid",
        "Song_120bpm_Am_Melody_v01.wav",
        "manifest.json",
    ]


def test_a_part_at_bar_3_is_a_file_to_be_dragged_there(tmp_path: Path):
    export = export_folder(SONG, tmp_path)
    wav = WavInfoReader(export.path / "Song_120bpm_Am_Melody_v01.wav")
    assert wav.bext.time_reference == 4 * RATE
    assert wav.data.frame_count == 2.5 * RATE
    assert (wav.ixml.project, wav.ixml.scene, wav.ixml.take) == ("Song", "Melody", "v01")
    score = read_smf(export.path / "Song_120bpm_Am_Melody_v01.mid")
    assert score.tracks[0].clip.notes == CLIP.notes
    assert (score.tempo, score.meter, score.key, score.tracks[0].program) == (Tempo(120), Meter(), Key(9, "minor"), 42)


def test_from_bar_one_all_stems_are_equally_long_and_end_on_a_bar_line(tmp_path: Path):
    export = export_folder(SONG, tmp_path, from_bar_one=True)
    melody, rate = soundfile.read(export.path / "Song_120bpm_Am_Melody_v01.wav")
    bass, _ = soundfile.read(export.path / "Song_120bpm_Am_Bass_v01.wav")
    assert len(melody) == len(bass) == 8 * rate
    assert np.flatnonzero(melody)[[0, -1]].tolist() == [4 * rate, 6.5 * rate - 1]
    assert WavInfoReader(export.path / "Song_120bpm_Am_Melody_v01.wav").bext.time_reference == 0
    score = read_smf(export.path / "Song_120bpm_Am_Melody_v01.mid")
    assert [note.start_beats for note in score.tracks[0].clip] == [8, 9]
    assert [(marker.beats, marker.text) for marker in score.markers] == [(8, "Song")]


@given(
    st.floats(20, 300),
    st.integers(1, 40),
    st.integers(1, 9_000),
    st.sampled_from((44_100, 48_000, 96_000)),
)
def test_every_stem_fits_into_the_length_from_bar_one(bpm: float, bar: int, length: int, rate: int):
    part = Part("x", None, Audio(np.zeros((1, length), np.float32), rate), at_bar=bar)
    whole = Song("x", Tempo(bpm), Meter(), (part,))
    end = whole.start_samples(part, rate) + length
    assert end <= whole.end_samples(rate) <= end + Tempo(bpm).seconds(4) * rate + 1


def test_audio_of_exactly_a_bar_does_not_get_another_bar_of_silence():
    bar_seconds = Tempo(97).seconds(4)
    part = Part("x", None, hum(bar_seconds))
    assert Song("x", Tempo(97), Meter(), (part,)).end_samples(RATE) == pytest.approx(bar_seconds * RATE, abs=1)


def test_the_manifest_says_what_each_file_is_and_how_it_was_made(tmp_path: Path):
    made = {"licences": ["CC0-1.0"], "recipe": {"seed": 7}}
    export = export_folder(SONG, tmp_path, manifest=made, identity="take-1")
    described = json.loads((export.path / "manifest.json").read_text("utf-8"))
    assert described["made"] == made
    assert (described["id"], described["tempo_bpm"], described["key"], described["meter"]) == (
        "take-1",
        120,
        "A minor",
        "4/4",
    )
    for one in described["files"]:
        assert hashlib.sha256((export.path / one["file"]).read_bytes()).hexdigest() == one["sha256"]
    assert [(one["kind"], one["track"], one["at_bar"], one["begins_at_bar"]) for one in described["files"]] == [
        ("audio", "Melody", 3, 3),
        ("notes", "Melody", 3, 3),
        ("audio", "Bass", 1, 1),
        ("notes", "Bass", 1, 1),
    ]
    assert read_export(export.path) == export


def test_an_export_that_lost_a_file_is_none(tmp_path: Path):
    export = export_folder(SONG, tmp_path)
    (export.path / export.laid[0].file).unlink()
    assert read_export(export.path) is None


def test_versions_count_up_over_tempos_and_keys_and_nothing_is_written_over(tmp_path: Path):
    for changes in ({}, {"tempo": Tempo(96.5)}, {"key": None}, {"title": "SONG"}, {"title": "Song 2"}):
        export_folder(replace(SONG, **changes), tmp_path)
    assert names(tmp_path) == [
        "SONG_120bpm_Am_v04",
        "Song-2_120bpm_Am_v01",
        "Song_120bpm_Am_v01",
        "Song_120bpm_v03",
        "Song_96.5bpm_Am_v02",
    ]


def test_the_same_song_gives_the_same_bytes(tmp_path: Path):
    first, second = (export_folder(SONG, tmp_path / name).path for name in ("a", "b"))
    assert {f.name: f.read_bytes() for f in first.iterdir()} == {f.name: f.read_bytes() for f in second.iterdir()}


def test_two_parts_of_one_name_get_two_files(tmp_path: Path):
    export = export_folder(replace(SONG, parts=(Part("Solo", CLIP), Part("solo", CLIP))), tmp_path)
    assert [one.file for one in export.laid] == ["Song_120bpm_Am_Solo_v01.mid", "Song_120bpm_Am_solo-2_v01.mid"]


def test_a_failure_half_way_leaves_nothing(tmp_path: Path):
    too_loud = Part("Loud", None, Audio(np.full((1, 9), 1.5, np.float32), RATE))
    with pytest.raises(CannotWrite, match="would clip"):
        export_folder(replace(SONG, parts=(*SONG.parts, too_loud)), tmp_path)
    assert names(tmp_path) == []


def test_a_full_disk_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    synced: list[int] = []

    def full(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="Song_120bpm_Am_v01 cannot be written: the disk is full") as refused:
        export_folder(SONG, tmp_path)
    assert refused.value.hint
    assert names(tmp_path) == []


def test_a_file_where_a_folder_is_needed_is_said(tmp_path: Path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(CannotWrite, match="a file stands where a folder is needed"):
        export_folder(SONG, tmp_path / "taken" / "below")
    with pytest.raises(CannotWrite):
        export_folder(SONG, tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_who_comes_second_to_a_name_gets_the_next_version(tmp_path: Path):
    def folder(version: int) -> tuple[str, dict[str, bytes]]:
        if version == 1:
            (tmp_path / "Song_x_v01").mkdir()
            (tmp_path / "Song_x_v01" / "theirs").write_text("theirs")
        return f"Song_x_v{version:02}", {"ours": b"ours"}

    assert write_new_folder(tmp_path, "Song", folder).name == "Song_x_v02"

    def file(version: int) -> tuple[str, bytes]:
        if version == 1:
            (tmp_path / "Song_x_v01.bin").write_text("theirs")
        return f"Song_x_v{version:02}.bin", b"ours"

    assert write_new_file(tmp_path, "Song", ".bin", file).name == "Song_x_v02.bin"
    assert (tmp_path / "Song_x_v01.bin").read_text() == "theirs"
    assert names(tmp_path / "Song_x_v01") == ["theirs"]


def test_a_first_file_is_version_1_whatever_folders_lie_beside_it(tmp_path: Path):
    (tmp_path / "Song_x_v07").mkdir()
    assert next_version(tmp_path, "Song", ".bin") == 1
    assert next_version(tmp_path, "Song") == 8


def test_many_exports_at_once_all_arrive(tmp_path: Path):
    threads = [threading.Thread(target=export_folder, args=(SONG, tmp_path)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(tmp_path) == [f"Song_120bpm_Am_v{n:02}" for n in range(1, 9)]
    assert all(read_export(entry) for entry in tmp_path.iterdir())


EXPORTS_FOR_EVER = """
import sys
from pathlib import Path
import numpy as np
from assistant.audio import Audio
from assistant.export.folder import export_folder
from assistant.export.song import Part, Song
from midi.tempo import Meter, Tempo

song = Song("Song", Tempo(120), Meter(), (Part("Hum", None, Audio(np.zeros((2, 200_000), np.float32), 48_000)),))
print("ready", flush=True)
while True:
    export_folder(song, Path(sys.argv[1]))
"""


def test_a_process_that_is_killed_leaves_whole_exports_or_none(tmp_path: Path):
    for pause in (0.01, 0.033, 0.07, 0.1, 0.151):
        child = subprocess.Popen([sys.executable, "-c", EXPORTS_FOR_EVER, tmp_path], stdout=subprocess.PIPE)
        with child:
            assert child.stdout
            child.stdout.readline()
            time.sleep(pause)
            child.kill()
    shown = [entry for entry in tmp_path.iterdir() if not entry.name.startswith(".")]
    assert shown
    assert all(read_export(entry) for entry in shown)


def test_what_a_killed_run_left_is_removed_a_day_later(tmp_path: Path):
    old, new = tmp_path / ".unfinished-1", tmp_path / ".unfinished-2"
    for staged in (old, new):
        staged.mkdir()
        (staged / "half.wav").write_bytes(b"RIFF")
    os.utime(old, (time.time() - 90_000,) * 2)
    export_folder(SONG, tmp_path)
    assert names(tmp_path) == [".unfinished-2", "Song_120bpm_Am_v01"]


def test_without_the_folder_the_first_version_is_1(tmp_path: Path):
    assert next_version(tmp_path / "new", "Song") == 1


@given(st.text(max_size=200))
def test_any_text_makes_a_name_that_every_system_takes(text: str):
    name = file_name(text, otherwise="Untitled")
    assert name
    assert len(name.encode()) <= 81
    assert not set(name) & set('<>:"/\\|?*_\0\n\t ')
    assert name.strip(". ") == name
    assert file_name(name, otherwise="Untitled").rstrip("-") == name.rstrip("-")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My Song", "My-Song"),
        ("../../etc/passwd", "etc-passwd"),
        ("a_b", "a-b"),
        ("CON", "CON-"),
        ("com1.wav", "com1.wav-"),
        ("Flöte №1", "Flöte-№1"),
        ("...", "Untitled"),
        ("", "Untitled"),
    ],
)
def test_names_are_made_safe(text: str, name: str):
    assert file_name(text, otherwise="Untitled") == name


@pytest.mark.parametrize(
    ("key", "tag"),
    [
        (Key(9, "minor"), "Am"),
        (Key(10), "Bb"),
        (Key(6, "minor"), "F#m"),
        (Key(2, "harmonic minor"), "D-harmonic-minor"),
    ],
)
def test_keys_are_written_as_musicians_do(key: Key, tag: str):
    assert key_tag(key) == tag
