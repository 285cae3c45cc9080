"""What every DAW adapter keeps, and what those that write files keep."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from wavinfo import WavInfoReader

from assistant.audio import Audio
from assistant.errors import CannotWrite, UnknownName
from assistant.tables import resolve
from bridge.daw import DAWS
from bridge.daw.port import CAPABILITIES, CannotDo, Daw, Parcel
from midi.clip import Clip
from midi.errors import InvalidMusic
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.tempo import Meter, Tempo

MOTIF = Motif(Clip((Note(0, 69, 1), Note(1, 72, 2)), name="Melody"), Key(9, "minor"), Meter(3, 4), Tempo(90))
AUDIO = Audio(np.full((2, 4_800), 0.5, np.float32), 48_000)
PARCEL = replace(Parcel.of("Song", MOTIF, AUDIO, at_bar=3), manifest={"licences": ["CC0-1.0"]})

every_daw = pytest.mark.parametrize("daw", [resolve(DAWS, name, kind="DAW")() for name in DAWS], ids=list(DAWS))
FILES = [daw for daw in (resolve(DAWS, name, kind="DAW")() for name in DAWS) if "deliver" in daw.capabilities]
every_writer = pytest.mark.parametrize("daw", FILES, ids=[daw.name for daw in FILES])


def tree(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


@every_daw
def test_its_name_is_its_key_in_the_table(daw: Daw):
    assert isinstance(resolve(DAWS, daw.name, kind="DAW")(), type(daw))


@every_daw
def test_it_says_whether_it_is_ready_and_what_to_do_if_not(daw: Daw):
    readiness = daw.check()
    assert readiness.reason
    assert readiness.ready or readiness.remedy


@every_daw
def test_what_it_cannot_do_it_says_with_what_to_do_instead(daw: Daw, tmp_path: Path):
    arguments = {
        "insert_audio": (PARCEL,),
        "insert_notes": (PARCEL,),
        "deliver": (PARCEL, tmp_path),
        "set_tempo": (Tempo(90),),
        "locate": (3,),
    }
    for capability in CAPABILITIES:
        if capability not in daw.capabilities:
            with pytest.raises(CannotDo, match=f"{daw.name} cannot") as refused:
                getattr(daw, capability)(*arguments.get(capability, ()))
            assert refused.value.hint


def test_every_way_in_can_do_something():
    for name in DAWS:
        assert resolve(DAWS, name, kind="DAW")().capabilities


@every_writer
def test_a_delivery_says_what_lies_where(daw: Daw, tmp_path: Path):
    delivery = daw.deliver(PARCEL, tmp_path)
    assert not delivery.already_there
    assert delivery.id == PARCEL.id
    assert sorted((p.kind, p.at_bar, p.start_beats) for p in delivery.placements) == [
        ("audio", 3, 6.0),
        ("notes", 3, 6.0),
    ]
    assert len({(p.kind, p.track) for p in delivery.placements}) == 2
    assert {str(path.relative_to(tmp_path)) for path in delivery.paths} == set(tree(tmp_path))
    assert "bar 3" in delivery.advice
    assert delivery.as_json()["files"] == [str(path) for path in delivery.paths]


@every_writer
def test_the_same_parcel_twice_arrives_once(daw: Daw, tmp_path: Path):
    first = daw.deliver(PARCEL, tmp_path)
    there = tree(tmp_path)
    assert daw.deliver(PARCEL, tmp_path) == replace(first, already_there=True)
    assert tree(tmp_path) == there


@every_writer
def test_the_same_id_arrives_once_whatever_is_in_it(daw: Daw, tmp_path: Path):
    daw.deliver(replace(PARCEL, id="take-7"), tmp_path)
    again = daw.deliver(replace(PARCEL, id="take-7", at_bar=5), tmp_path)
    assert again.already_there
    assert {placement.at_bar for placement in again.placements} == {3}


@every_writer
def test_another_place_is_another_delivery_beside_the_first(daw: Daw, tmp_path: Path):
    daw.deliver(PARCEL, tmp_path)
    there = tree(tmp_path)
    other = daw.deliver(replace(PARCEL, at_bar=5, id=""), tmp_path)
    assert not other.already_there
    assert {p.start_beats for p in other.placements} == {12.0}
    now = tree(tmp_path)
    assert {path: now[path] for path in there} == there
    assert len(now) > len(there)


@every_writer
def test_what_was_there_stays(daw: Daw, tmp_path: Path):
    for version in ("v01", "v02"):
        (tmp_path / f"Song_90bpm_Am_{version}.dawproject").write_text("mine")
        (tmp_path / f"Song_90bpm_Am_{version}").mkdir()
    delivery = daw.deliver(PARCEL, tmp_path)
    assert "v03" in str(delivery.paths[0])
    assert (tmp_path / "Song_90bpm_Am_v02.dawproject").read_text() == "mine"


@every_writer
@pytest.mark.parametrize("parts", ["notes", "audio"])
def test_notes_alone_and_audio_alone_arrive(daw: Daw, tmp_path: Path, parts: str):
    parcel = replace(PARCEL, id="", **{"notes": {"audio": None}, "audio": {"motif": None}}[parts])
    (placement,) = daw.deliver(parcel, tmp_path).placements
    assert (placement.kind, placement.track, placement.at_bar) == (parts, "Melody", 3)


@every_writer
def test_how_it_was_made_goes_with_it(daw: Daw, tmp_path: Path):
    daw.deliver(PARCEL, tmp_path)
    (record,) = [data for data in unpacked(tmp_path).items() if data[0].endswith("manifest.json")]
    assert b"CC0-1.0" in record[1]


@every_writer
def test_the_audio_knows_its_place_on_the_timeline(daw: Daw, tmp_path: Path):
    daw.deliver(PARCEL, tmp_path)
    (wav,) = [data for name, data in unpacked(tmp_path).items() if name.endswith(".wav")]
    assert WavInfoReader(io.BytesIO(wav)).bext.time_reference == 48_000 * 4


@every_writer
def test_a_failure_leaves_the_folder_as_it_was(daw: Daw, tmp_path: Path):
    loud = replace(PARCEL, audio=Audio(AUDIO.samples * 3, 48_000), id="")
    with pytest.raises(CannotWrite, match="would clip"):
        daw.deliver(loud, tmp_path)
    assert list(tmp_path.iterdir()) == []


@every_writer
def test_a_missing_folder_is_made(daw: Daw, tmp_path: Path):
    assert daw.deliver(PARCEL, tmp_path / "new" / "folder").paths[0].exists()


@every_writer
def test_a_file_in_place_of_the_folder_is_said(daw: Daw, tmp_path: Path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(CannotWrite) as refused:
        daw.deliver(PARCEL, tmp_path / "taken")
    assert refused.value.hint


@every_writer
def test_the_same_parcel_gives_the_same_bytes(daw: Daw, tmp_path: Path):
    for name in ("a", "b"):
        daw.deliver(PARCEL, tmp_path / name)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def unpacked(folder: Path) -> dict[str, bytes]:
    """The files in a folder, those inside archives too."""
    files = tree(folder)
    for data in list(files.values()):
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                files |= {name: archive.read(name) for name in archive.namelist()}
    return files


def test_from_bar_one_the_folder_says_where_to_drag(tmp_path: Path):
    delivery = resolve(DAWS, "folder", kind="DAW")().deliver(replace(PARCEL, from_bar_one=True), tmp_path)
    assert delivery.advice == "drag the files to bar 1: the silence up to bar 3 is in them"


def test_an_unknown_daw_lists_the_known_ones():
    with pytest.raises(UnknownName, match="'fodler' is unknown") as refused:
        resolve(DAWS, "fodler", kind="DAW")
    assert "did you mean 'folder'?" in refused.value.hint


def test_a_parcel_of_nothing_or_before_bar_1_is_refused():
    with pytest.raises(InvalidMusic, match="nothing to send"):
        replace(PARCEL, motif=None, audio=None)
    with pytest.raises(InvalidMusic, match="bar 0"):
        replace(PARCEL, at_bar=0)


def test_the_id_follows_from_the_contents_and_the_place():
    assert Parcel.of("Song", MOTIF, at_bar=3).id == Parcel.of("Song", MOTIF, at_bar=3).id
    others = {replace(PARCEL, id="", **change).id for change in ({"at_bar": 4}, {"name": "x"}, {"audio": None}, {})}
    assert len(others) == 4
