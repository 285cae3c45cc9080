"""REAPER's side in a real Lua, over a stand-in for REAPER that checks every call against the documented parameters.

The project of most tests has 96 quarters a minute, 4/4 for four bars and 6/8 from bar 5 at 60, and begins at bar 1.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio import Audio
from bridge.daw.job_folder import JobFolder
from bridge.daw.port import DawRefused, DawUnreachable, Parcel, Placement
from bridge.daw.reaper import Reaper
from bridge.daw.reaper_install import install
from bridge.osc.client import OscPeer
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.tempo import Meter, Tempo
from tests.fakes.reaper_process import FakeReaper
from tests.fakes.waiting import eventually

MAP = (
    "project.tempo = 96; project.changes = { { measure = 4, tempo = 60, numerator = 6, denominator = 8 }, "
    "{ measure = 8, tempo = 96, numerator = 4, denominator = 4 } }"
)


@pytest.fixture
def resource(tmp_path: Path) -> Path:
    folder = tmp_path / "REAPER"
    folder.mkdir()
    install(folder)
    return folder


@pytest.fixture
def media(tmp_path: Path) -> Path:
    return tmp_path / "Söng's media"


@pytest.fixture
def fake(resource: Path, media: Path) -> Iterator[FakeReaper]:
    made = FakeReaper(resource, media)
    yield made
    made.close()


@pytest.fixture
def reaper(resource: Path, fake: FakeReaper) -> Reaper:
    return Reaper(resource)


def tune(*pitches: int) -> Motif:
    notes = tuple(Note(beat / 3, pitch, 1 / 3, 80 + beat) for beat, pitch in enumerate(pitches))
    return Motif(Clip(notes), meter=Meter(4, 4), tempo=Tempo(96))


def parcel(name: str = "idea", at_bar: int = 3, **more: Any) -> Parcel:
    return replace(Parcel.of(name, tune(60, 64, 67), at_bar=at_bar), track="Melody", id="", **more)


def tone(seconds: float = 1.0, *, channels: int = 2) -> Audio:
    wave = 0.4 * np.sin(np.arange(round(48_000 * seconds)) / 20)
    return Audio(np.tile(wave, (channels, 1)).astype(np.float32), 48_000)


def test_notes_lie_on_the_bar_that_the_tempo_map_gives(reaper: Reaper, fake: FakeReaper):
    fake.do(MAP)
    placed = reaper.insert_notes(parcel(at_bar=7))
    # Four bars of 4/4 and two of 6/8 are 22 quarters: 16 at 96 in ten seconds, six at 60 in six more.
    assert placed == Placement("notes", "Melody", 7, 22.0, region="idea")
    (item,) = fake.items()["Melody"]
    assert (item["seconds"], item["length"]) == (pytest.approx(16.0), pytest.approx(4.0))
    assert item["notes"] == [
        [pytest.approx(22 + beat / 3), pitch, pytest.approx(1 / 3), 80 + beat]
        for beat, pitch in enumerate((60, 64, 67))
    ]


def test_sound_lies_on_the_bar_and_its_file_beside_the_recordings(reaper: Reaper, fake: FakeReaper, media: Path):
    fake.do(MAP)
    sound = tone(1.5)
    placed = reaper.insert_audio(parcel("sunrise ☀", 6, audio=sound))
    assert (placed.track, placed.at_bar, placed.start_beats) == ("Melody", 6, 19.0)
    (item,) = fake.items()["Melody"]
    assert (item["name"], item["seconds"], item["length"]) == ("sunrise ☀", pytest.approx(13.0), pytest.approx(1.5))
    assert placed.path == Path(item["path"])
    assert placed.path.parent == media
    samples, rate = soundfile.read(placed.path, dtype="float32")
    assert rate == 48_000
    np.testing.assert_allclose(samples.T, sound.samples, atol=2**-23)
    assert placed.remark == "the sound was made at 96 BPM and REAPER plays at 60 there"


def test_bars_are_those_that_the_ruler_shows(reaper: Reaper, fake: FakeReaper):
    fake.do("project.first_bar = -3")
    assert reaper.insert_notes(parcel(at_bar=1)).start_beats == 16.0
    reaper.locate(2)
    assert (reaper.transport().bar, reaper.transport().position_beats) == (2, 20.0)


def test_a_bar_before_the_first_is_refused(reaper: Reaper, fake: FakeReaper):
    fake.do("project.first_bar = 5")
    with pytest.raises(DawRefused, match="bar 3 is before the project's first"):
        reaper.insert_notes(parcel(at_bar=3))
    assert fake.told()["undo"] == []


def test_the_tempo_is_in_quarter_notes_whatever_the_metre(reaper: Reaper, fake: FakeReaper):
    fake.do(MAP + "; project.playing = 5; project.play_position = 11.5")
    transport = reaper.transport()
    assert (transport.tempo, transport.meter, transport.playing) == (Tempo(60), Meter(6, 8), True)
    assert (transport.bar, transport.bar_line_beats, transport.position_beats) == (5, 16.0, 17.5)
    assert transport.recording
    assert transport.project == Path("/music/song.rpp")


def test_one_insertion_is_one_step_to_undo(reaper: Reaper, fake: FakeReaper):
    reaper.insert_audio(parcel("sunrise", audio=tone()))
    told = fake.told()
    assert told["undo"] == ["Hummingbridge: sunrise"]
    assert (told["untracked"], told["open_blocks"], told["held_refresh"]) == (0, 0, 0)
    fake.do("undo ()")
    assert fake.items() == {}


def test_what_was_undone_can_be_sent_again(reaper: Reaper, fake: FakeReaper):
    asked = parcel("sunrise", audio=tone())
    first = reaper.insert_audio(asked)
    fake.do("undo ()")
    second = reaper.insert_audio(asked)
    assert not second.already_there
    assert first.path is not None
    assert first.path.exists()
    assert second.path == first.path.with_name(f"{first.path.stem}-2.wav")


def test_an_item_at_the_place_stays_and_the_new_one_gets_a_track_beside(reaper: Reaper, fake: FakeReaper):
    fake.do("item_on (track_named ('Melody'), 6, 10)")
    before = fake.items()["Melody"]
    # At 120 a bar takes two seconds: bar 3 ends where the item begins, at second 6.
    placed = [reaper.insert_notes(parcel(name, bar)) for name, bar in (("a", 3), ("b", 4), ("c", 4))]
    assert [each.track for each in placed] == ["Melody", "Melody 1", "Melody 2"]
    assert fake.items()["Melody"][0] == before[0]
    assert list(fake.items()) == ["Melody", "Melody 1", "Melody 2"]


def test_items_may_touch(reaper: Reaper, fake: FakeReaper):
    bar = Motif(Clip((Note(0, 60, 4),)), tempo=Tempo(96))
    placed = [reaper.insert_notes(replace(parcel(f"bar {n}", n), motif=bar, id="")) for n in (2, 1, 3)]
    assert [each.track for each in placed] == ["Melody"] * 3


def test_cursor_and_selection_of_the_composer_stay(reaper: Reaper, fake: FakeReaper):
    fake.do("project.cursor = 1.25")
    reaper.insert_audio(parcel(audio=tone()))
    assert fake.told()["cursor"] == 1.25


@pytest.mark.parametrize("fault", ["error", "nothing"])
@pytest.mark.parametrize("call", ["CreateNewMIDIItemInProj", "GetActiveTake", "MIDI_InsertNote", "MIDI_CountEvts"])
def test_what_goes_wrong_inside_leaves_the_project_as_it_was(reaper: Reaper, fake: FakeReaper, call: str, fault: str):
    fake.do(f"project.faults = {{ {call} = '{fault}' }}")
    with pytest.raises(DawRefused, match="REAPER: "):
        reaper.insert_notes(parcel())
    told = fake.told()
    assert told["tracks"] == []
    assert (told["untracked"], told["open_blocks"], told["held_refresh"]) == (0, 0, 0)
    assert not reaper.insert_notes(parcel()).already_there


@pytest.mark.parametrize("content", [None, b"", b"RIFF no sound", b"RIFF\0\0\0\0WAVEfmt "])
def test_a_missing_or_broken_file_is_reported_and_nothing_arrives(
    resource: Path, fake: FakeReaper, media: Path, tmp_path: Path, content: bytes | None
):
    path = tmp_path / "hb.wav"
    if content is not None:
        path.write_bytes(content)
    job = {"op": "insert_audio", "path": str(path), "file_name": "hb.wav", "tag": "hb012345", "name": "x"}
    answer = jobs(resource).ask({"protocol": 1, **job, "track": "Broken", "bar": 2})
    assert (answer["ok"], answer["code"]) == (False, "missing-file" if content is None else "broken-file")
    assert fake.told()["tracks"] == []
    assert list(media.glob("*")) == []


def test_a_disk_that_is_full_is_reported(reaper: Reaper, fake: FakeReaper, media: Path):
    media.write_text("a file where the folder should be")
    with pytest.raises(DawRefused, match="could not be written"):
        reaper.insert_audio(parcel(audio=tone()))
    assert fake.items() == {}


@pytest.mark.parametrize(
    "job",
    [
        {"op": "state", "protocol": 0, "expires": 9_999_999_999},
        {"op": "state", "protocol": 1, "expires": 1},
        {"op": "__index", "protocol": 1, "expires": 9_999_999_999},
        {"op": "insert_notes", "protocol": 1, "expires": 9_999_999_999},
        {"op": "insert_notes", "protocol": 1, "tag": "hb012345", "name": "x", "track": "y", "bar": "z"},
        {"protocol": 1},
    ],
)
def test_a_job_that_makes_no_sense_is_answered_with_no(resource: Path, fake: FakeReaper, job: dict[str, Any]):
    answer = jobs(resource).ask(job)
    assert answer["ok"] is False
    assert answer["code"] in {"protocol", "expired", "bad-request"}
    assert fake.told()["tracks"] == []


@pytest.mark.parametrize("text", [b"", b"{", b"[1, 2", b'"x"', b"{}", b'{"id": "../../x", "op": "state"}', b"\xff\xfe"])
def test_what_is_no_job_is_passed_over(reaper: Reaper, resource: Path, text: bytes):
    queue = resource / "Scripts/Hummingbridge/queue"
    (queue / "inbox.job").write_bytes(text)
    eventually(lambda: not (queue / "inbox.job").exists(), seconds=20, what="the script takes it")
    assert reaper.check().ready
    assert list((queue / "answers").iterdir()) == []


def test_while_a_dialog_is_open_it_waits_and_says_so(resource: Path, fake: FakeReaper):
    fake.pause()
    with pytest.raises(DawUnreachable, match=r"no answer from REAPER in 0\.3 s") as caught:
        Reaper(resource, pickup_seconds=0.3).insert_notes(parcel())
    assert "close its open windows" in caught.value.hint
    fake.resume()
    assert Reaper(resource).check().ready
    assert fake.items() == {}


def test_a_dialog_that_closes_in_time_is_waited_for(resource: Path, fake: FakeReaper):
    fake.pause()
    later = threading.Timer(0.5, fake.resume)
    later.start()
    assert Reaper(resource, pickup_seconds=20).insert_notes(parcel()).track == "Melody"
    later.join()


def test_a_script_that_is_started_twice_does_each_job_once(reaper: Reaper, fake: FakeReaper, resource: Path):
    fake.do("dofile (reaper.GetResourcePath () .. '/Scripts/__startup.lua')")
    placed = [reaper.insert_notes(parcel(f"idea {n}", at_bar=n + 1)) for n in range(4)]
    assert [each.at_bar for each in placed] == [1, 2, 3, 4]
    assert len(fake.items()["Melody"]) == 4


def test_a_name_that_the_composer_gave_another_track_is_not_mixed_up(reaper: Reaper, fake: FakeReaper):
    fake.do("track_named ('Melody 2'); track_named ('')")
    assert reaper.insert_notes(parcel()).track == "Melody"
    assert reaper.transport().tracks == ("Melody 2", "Track 2", "Melody")


def test_the_selected_notes_are_cut_where_the_item_is(reaper: Reaper, fake: FakeReaper):
    reaper.insert_notes(parcel("chosen"))
    fake.do(
        "local item = project.tracks[1].items[1]; item.D_LENGTH = 0.25; item.takes[1].notes[1][2] = true; "
        "select ('chosen')"
    )
    (track,) = reaper.read_selection().tracks
    # Half a quarter is left of a quarter's worth: the first note is muted, the second cut, the third outside.
    assert track.clip == Clip((Note(1 / 3, 64, 0.5 - 1 / 3, 81),), 0.5, "chosen")


def test_of_selected_sound_it_tells_the_file_to_hum_from(reaper: Reaper, fake: FakeReaper):
    placed = reaper.insert_audio(parcel("sung", audio=tone()))
    fake.do("select ('sung')")
    with pytest.raises(DawRefused, match="'sung' holds audio") as caught:
        reaper.read_selection()
    assert f"hummingbridge hum {str(placed.path)!r}" in caught.value.hint


def test_a_project_with_a_map_of_tempi_keeps_it(reaper: Reaper, fake: FakeReaper):
    reaper.set_tempo(Tempo(92.5))
    assert fake.told()["tempo"] == 92.5
    fake.do(MAP)
    with pytest.raises(DawRefused, match="tempo markers, which stay"):
        reaper.set_tempo(Tempo(120))
    assert fake.told()["tempo"] == 96


def test_what_reaper_tells_over_osc_is_heard_at_once(resource: Path):
    heard = threading.Event()
    with OscPeer(9) as free:
        port = free._socket.getsockname()[1]
    with Reaper(resource, osc_port=port).listen(heard.set), OscPeer(port) as from_reaper:
        from_reaper.send("/play", 1.0)
        assert heard.wait(20)


def test_a_port_that_is_taken_is_no_trouble(resource: Path):
    with Reaper(resource, osc_port=9_399).listen(lambda: None), Reaper(resource, osc_port=9_399).listen(lambda: None):
        pass


def test_it_says_what_is_missing(tmp_path: Path, resource: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Reaper().check().reason.startswith("REAPER was never started here")
    (resource / "Scripts/Hummingbridge/insert.lua").write_text("-- old")
    assert Reaper(resource).check().reason == "the script in REAPER is of another version"
    (resource / "Scripts/__startup.lua").unlink()
    assert Reaper(resource).check().reason == "the script is not in REAPER's resource folder"


def jobs(resource: Path) -> JobFolder:
    queue = resource / "Scripts/Hummingbridge/queue"
    return JobFolder(queue, "REAPER", "", lambda job: json.dumps(job).encode(), json.loads)


values = st.recursive(
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, min_size=1, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("lua", ["lua5.4", "lua5.3"])
def test_any_json_comes_back_from_lua_as_it_went(lua: str, tmp_path: Path):
    if shutil.which(lua) is None:
        pytest.skip(f"no {lua} here: apt-get install {lua}")
    folder = Path(__file__).parents[3] / "presets/daw/reaper"
    code = (
        f"local json = dofile ('{folder}/json.lua') "
        "for line in io.lines () do print (json.encode (json.decode (line))) io.stdout:flush () end"
    )
    with subprocess.Popen(
        [lua, "-e", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        @given(values, st.booleans())
        @settings(max_examples=150, deadline=None)
        def comes_back(value: object, ascii_only: bool) -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(value, ensure_ascii=ascii_only) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == value

        comes_back()
