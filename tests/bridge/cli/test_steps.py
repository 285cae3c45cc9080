"""Each command on a composer's way, with real parts: hear, vary, render, effects, send, takes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from wavinfo import WavInfoReader

from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.smf import Score, Track, motif_score, read_motif, smf_bytes

Program = Callable[..., object]


def test_a_hum_keeps_its_bends_where_asked(program: Program, voice: Path) -> None:
    from midi.smf import read_smf

    for options, mpe, bent in ((), False, False), (("--bends",), False, True), (("--mpe",), True, True):
        assert program("hum", voice, "-o", "motif.mid", *options).code == 0
        (track,) = read_smf(Path("motif.mid")).tracks
        assert (track.mpe, any(track.bends)) == (mpe, bent)
        assert track.clip.pitches == (60, 64, 67)
    assert program("hum", voice, "--poly", "--bends").code == 2


def test_a_hum_becomes_a_midi_file_and_notes_as_json(program: Program, voice: Path) -> None:
    said = program("hum", voice, "-o", "motif.mid", "--json", "notes.json", "--tempo", "120", "--key", "C major")
    assert said.code == 0
    notes = json.loads(Path("notes.json").read_text())
    assert [note["pitch_midi"] for note in notes["notes"]] == [60, 64, 67]
    assert set(notes) == {"tempo_bpm", "key", "meter", "tuning_cents", "feel", "freedom", "confidence", "notes"}
    fields = "onset_s offset_s pitch_sung pitch_midi hz velocity confidence start_beats length_beats"
    assert set(notes["notes"][0]) == set(fields.split())
    assert (notes["tempo_bpm"], notes["key"]) == (120, "C major")
    assert read_motif(Path("motif.mid")).clip.pitches == (60, 64, 67)
    assert "next     hummingbridge vary motif.mid" in said.out


def test_the_recording_stays_when_nothing_is_heard_in_it(program: Program, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", [0.0] * 22050, 22050)
    said = program("hum", "silence.wav", "-o", "motif.mid")
    assert said.code == 1
    assert "error: the recording is silent; it is kept as 'silence'" in said.err
    assert not Path("motif.mid").exists()
    assert [take["name"] for take in program("takes", "list", "--json").json["takes"]] == ["silence"]


def test_variations_are_files_with_an_index_that_says_what_changed(program: Program, motif: Path) -> None:
    said = program("vary", motif, "-n", "6", "-o", "variations", "--lock", "1", "--seed", "7", "--json")
    assert said.code == 0
    index = json.loads(Path("variations/index.json").read_text())
    assert said.json == index
    assert [entry["rank"] for entry in index["variations"]] == [1, 2, 3, 4, 5, 6]
    source = read_motif(motif)
    for entry in index["variations"]:
        assert set(entry) == {"file", "rank", "technique", "source", "closeness", "sentence", "seed", "take"}
        assert entry["sentence"]
        varied = read_motif(Path("variations") / entry["file"])
        assert varied.bar(1) == source.bar(1) or varied.bar(1).notes == source.bar(1).notes
    nearness = [entry["closeness"] for entry in index["variations"]]
    assert nearness == sorted(nearness, reverse=True)


def test_the_same_seed_gives_the_same_bytes(program: Program, motif: Path) -> None:
    program("vary", motif, "-o", "a", "--seed", "7")
    program("vary", motif, "-o", "b", "--seed", "7")
    program("vary", motif, "-o", "c", "--seed", "8")
    content = {name: [path.read_bytes() for path in sorted(Path(name).glob("*.mid"))] for name in "abc"}
    assert len(content["a"]) == 10
    assert content["a"] == content["b"] != content["c"]


def test_fewer_variations_take_the_surplus_files_away_and_touch_nothing_else(program: Program, motif: Path) -> None:
    program("vary", motif, "-n", "6", "-o", "variations")
    Path("variations/mine.mid").write_bytes(b"mine")
    program("vary", motif, "-n", "3", "-o", "variations")
    assert sorted(path.name for path in Path("variations").iterdir()) == [
        "01.mid",
        "02.mid",
        "03.mid",
        "index.json",
        "mine.mid",
    ]


def test_a_clip_is_rendered_as_24_bits_at_48_khz_with_its_tempo(program: Program, motif: Path) -> None:
    said = program("render", motif, "--instrument", "cello", "--chain", "warm-hall", "-o", "out.wav")
    assert said.code == 0
    info = soundfile.info("out.wav")
    assert (info.subtype, info.samplerate, info.channels) == ("PCM_24", 48000, 2)
    assert info.duration > 8 * 60 / 100
    assert WavInfoReader("out.wav").bext.originator == "Hummingbridge"


def test_a_knob_is_turned_on_the_command_line(program: Program, motif: Path) -> None:
    program("render", motif, "-o", "dry.wav")
    assert program("fx", "dry.wav", "--chain", "lofi", "-o", "a.wav").code == 0
    assert program("fx", "dry.wav", "--chain", "lofi", "--set", "dull.frequency_hz=800", "-o", "b.wav").code == 0
    assert Path("a.wav").read_bytes() != Path("b.wav").read_bytes()
    said = program("fx", "dry.wav", "--chain", "lofi", "--set", "dull.colour=1", "-o", "c.wav")
    assert said.code == 1
    assert "colour" in said.err
    assert not Path("c.wav").exists()


@pytest.mark.parametrize("to", ["folder", "dawproject"])
def test_a_take_is_sent_at_a_bar_with_sound_notes_and_record(program: Program, motif: Path, to: str) -> None:
    program("vary", motif, "-n", "2")
    said = program("send", "idea 02", "--to", to, "--at-bar", "3", "-o", "out", "--instrument", "flute", "--json")
    assert said.code == 0
    assert {(one["kind"], one["at_bar"]) for one in said.json["placements"]} == {("audio", 3), ("notes", 3)}
    assert all(Path(path).stat().st_size for path in said.json["files"])
    again = program("send", "idea 02", "--to", to, "--at-bar", "3", "-o", "out", "--instrument", "flute", "--json")
    assert again.json["already_there"]
    assert again.json["files"] == said.json["files"]


def test_a_file_that_the_program_wrote_is_sent_as_its_take(program: Program, motif: Path) -> None:
    program("vary", motif, "-n", "2", "-o", "variations")
    said = program("send", "variations/02.mid", "--to", "folder", "-o", "out", "--notes-only", "--json")
    assert said.code == 0
    assert [one["kind"] for one in said.json["placements"]] == ["notes"]
    manifest = json.loads(next(Path("out").glob("*/manifest.json")).read_text(encoding="utf-8"))
    assert manifest["title"] == "idea 02"


@pytest.fixture
def quiet() -> Path:
    """A recording in which nothing is heard."""
    path = Path("quiet.wav")
    soundfile.write(path, np.zeros(48_000), 48_000)
    return path


def test_a_recording_without_notes_is_sent_as_sound_without_a_tempo(program: Program, quiet: Path) -> None:
    program("hum", quiet)
    said = program("send", "quiet", "--to", "folder", "--at-bar", "3", "-o", "out", "--json")
    assert [(one["kind"], one["track"]) for one in said.json["placements"]] == [("audio", "Recording")]
    assert said.json["advice"] == "drag the files to bar 3"
    folder = Path("out/quiet_v01")
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "quiet_Recording_v01.wav"]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["tempo_bpm"], manifest["meter"]) == (None, None)
    assert b"acid" not in (folder / "quiet_Recording_v01.wav").read_bytes()


def test_a_recording_without_a_tempo_is_not_filled_up_with_silence(program: Program, quiet: Path) -> None:
    program("hum", quiet)
    said = program("send", "quiet", "--to", "folder", "--at-bar", "3", "--from-bar-one", "-o", "out")
    assert (said.code, "has no length" in said.err) == (1, True)


def test_a_general_midi_sound_is_shown_and_made_ones_own(program: Program) -> None:
    assert program("presets", "show", "rhodes").out.splitlines() == [
        "electric piano: General MIDI 5, piano",
        "range E1-G7",
        "also  electric piano 1, rhodes, fender rhodes, e piano, epiano",
        "next  hummingbridge presets new my-electric-piano --kind instruments --like 'electric piano'",
    ]
    assert program("presets", "new", "my-rhodes", "--kind", "instruments", "--like", "rhodes").code == 0
    assert 'sound = "electric piano"' in program("presets", "show", "my-rhodes").out
    assert program("presets", "check").code == 0


def test_a_chain_made_like_one_that_ships_is_the_composers_own(program: Program, tmp_path: Path) -> None:
    program("presets", "new", "my-tape", "--like", "tape")
    mine = program("presets", "show", "my-tape", "--json").json
    assert (mine["licence"], mine["description"][:11]) == ("", "A good tape")
    (path,) = tmp_path.rglob("my-tape.toml")
    path.write_text(f'licence = "CC-BY-4.0"\n{path.read_text()}')
    # Another's licence goes with what is made like it.
    program("presets", "new", "my-second", "--like", "my-tape")
    assert program("presets", "show", "my-second", "--json").json["licence"] == "CC-BY-4.0"


def test_effects_come_out_at_48_khz_or_at_the_rate_asked_for(program: Program) -> None:
    soundfile.write("low.wav", np.sin(np.arange(8000) * 0.2) * 0.2, 8000)
    program("fx", "low.wav", "--chain", "telephone", "-o", "a.wav")
    program("fx", "low.wav", "--chain", "telephone", "--rate", "44100", "-o", "b.wav")
    assert [soundfile.info(name).samplerate for name in ("a.wav", "b.wav")] == [48000, 44100]


def test_a_file_that_came_from_a_take_is_that_take(program: Program, motif: Path) -> None:
    program("vary", motif, "-n", "2", "-o", "variations")
    program("render", "variations/02.mid", "-o", "a.wav")
    program("fx", "a.wav", "--chain", "lofi", "-o", "b.wav")
    shown = program("takes", "show", "idea 02 piano lofi", "--json").json
    assert [step["name"] for step in shown["manifest"]["steps"]] == [
        "idea",
        "idea 02",
        "idea 02 piano",
        "idea 02 piano lofi",
    ]
    spdx = {one["spdx"] for one in shown["manifest"]["licences"]}
    assert "GPL-3.0-or-later" in spdx


def test_takes_are_listed_starred_renamed_undone_and_redone(program: Program, motif: Path) -> None:
    program("vary", motif, "-n", "3")
    assert program("takes", "rename", "idea 02", "evening").code == 0
    assert program("takes", "star", "evening").code == 0
    listed = program("takes", "list", "--starred", "--json").json["takes"]
    assert [take["name"] for take in listed] == ["evening"]
    assert "undone: starred evening" in program("takes", "undo").out
    assert "undone: renamed idea 02" in program("takes", "undo").out
    assert "undone: made 3 variations of idea" in program("takes", "undo").out
    assert len(program("takes", "list", "--json").json["takes"]) == 1
    assert "done again: made 3 variations" in program("takes", "redo").out
    assert "├─ idea 01" in program("takes", "tree").out
    assert program("takes", "delete", "idea 03").code == 0
    assert program("takes", "show", "idea 03").code == 1
    exported = program("takes", "export", "idea 01", "-o", "exported", "--json").json["files"]
    assert mido.MidiFile(exported[0]).type == 1


def test_presets_are_listed_shown_started_and_checked(program: Program) -> None:
    kinds = {row["kind"] for row in program("presets", "list", "--json").json["presets"]}
    assert {"chains", "instruments", "techniques"} <= kinds
    assert "frequency_hz" in program("presets", "show", "lofi").out
    path = Path(program("presets", "new", "my-hall", "--like", "warm-hall", "--json").json["file"])
    assert program("presets", "check").code == 0
    path.write_text(path.read_text().replace("[[stage]]", "[[stage]]\nrom = 3", 1))
    said = program("presets", "check")
    assert said.code == 1
    assert "my-hall.toml" in said.out
    assert "rom" in said.out


def test_doctor_names_every_part_and_the_library(program: Program) -> None:
    said = program("doctor", "--json")
    parts = {part["part"]: part for part in said.json["parts"]}
    assert parts["library"]["state"] == "ready"
    assert all(part["remedy"] for part in parts.values() if part["state"] != "ready")
    assert said.code == (0 if said.json["ready"] else 1)


def test_the_demo_goes_the_whole_way(program: Program) -> None:
    said = program("demo", "-o", "demo", "--json")
    assert said.code == 0
    assert len(said.json["variations"]) == 10
    files = {path.relative_to("demo").suffix for path in Path("demo").rglob("*") if path.is_file()}
    assert files >= {".mid", ".wav", ".png", ".json", ".dawproject"}
    info = soundfile.info("demo/cello.wav")
    assert (info.subtype, info.samplerate) == ("PCM_24", 48000)
    wav = next(Path("demo/for-your-daw").rglob("*.wav"))
    motif = read_motif(Path("demo/motif.mid"))
    bar_seconds = motif.tempo.seconds(motif.meter.bar_beats)
    assert WavInfoReader(str(wav)).bext.time_reference == round(2 * bar_seconds * 48000)


def test_a_file_that_the_composer_has_changed_is_set_aside_and_never_lost(program: Program, motif: Path) -> None:
    program("vary", motif, "-n", "4", "-o", "variations")
    edited = motif.read_bytes()
    Path("variations/02.mid").write_bytes(edited[:-4] + b"\x00\xff\x2f\x00" + b" ")
    Path("variations/04.mid").write_bytes(b"mine")
    said = program("vary", motif, "-n", "3", "-o", "variations", "--seed", "5")
    assert "your version is kept as variations/02-yours.mid" in said.err
    assert Path("variations/02-yours.mid").read_bytes() == edited[:-4] + b"\x00\xff\x2f\x00" + b" "
    assert Path("variations/04.mid").read_bytes() == b"mine"


def test_another_round_of_variations_has_names_of_its_own(program: Program, motif: Path) -> None:
    for seed in (1, 2, 1):
        program("vary", motif, "-n", "2", "--seed", str(seed))
    names = {take["name"] for take in program("takes", "list", "--json").json["takes"]}
    assert names == {"idea", "idea 01", "idea 02", "idea 2-01", "idea 2-02"}


def test_what_came_of_a_deleted_take_stays_in_the_tree(program: Program, motif: Path) -> None:
    program("vary", motif, "-n", "2")
    program("takes", "delete", "idea")
    assert "idea 01" in program("takes", "tree").out


def test_a_rendering_loops_over_its_bars(program: Program, motif: Path) -> None:
    program("render", motif, "-o", "out.wav")
    loop = WavInfoReader("out.wav").smpl.sample_loops[0]
    assert (loop.start, loop.end) == (0, 8 * 60 * 48000 // 100 - 1)


@pytest.mark.parametrize(("answer", "left"), [("n\n", "nothing was freed"), ("y\n", "freed 0.0 MB")])
def test_a_purge_asks_first(
    program: Program, motif: Path, monkeypatch: pytest.MonkeyPatch, answer: str, left: str
) -> None:
    program("vary", motif, "-n", "2")
    program("takes", "undo")
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    said = program("takes", "purge")
    assert (said.code, said.out.strip().splitlines()[-1]) == (0, left)
    assert program("takes", "redo").code == (0 if answer == "n\n" else 1)


def test_a_groove_on_channel_10_is_varied_as_drums_and_played_by_a_drum_kit(program, tmp_path):
    notes = [Note(beat / 2, 42, 0.25) for beat in range(16)]
    notes += [Note(beat, 36 if beat % 2 == 0 else 38, 0.25) for beat in range(8)]
    groove = Motif(Clip(tuple(notes)), drums=True)
    (tmp_path / "groove.mid").write_bytes(smf_bytes(motif_score(groove, name="groove")))
    said = program("vary", "groove.mid", "-n", "4", "-o", "variations", "--lock", "1", "--json")
    assert said.code == 0, said.err
    first = read_motif(tmp_path / "variations" / "01.mid")
    assert first.drums
    assert first.bar(1).notes == groove.bar(1).notes
    assert "kick" in said.json["variations"][0]["sentence"]
    rendered = program("render", "variations/01.mid", "--instrument", "cello", "-o", "out.wav")
    assert rendered.code == 0, rendered.err
    shown = program("takes", "list", "--json").json["takes"]
    assert next(take for take in shown if take["kind"] == "render")["recipe"]["settings"]["instrument"] == "drums"


def test_the_drums_of_a_song_can_be_asked_for_and_its_chords_be_made_others(program, tmp_path):
    melody = tuple(Note(beat, pitch, 1) for beat, pitch in enumerate((64, 65, 67, 72, 71, 69, 67, 64)))
    chords = tuple(Note(bar * 4, pitch, 4) for bar in (0, 1) for pitch in (48, 52, 55))
    kit = tuple(Note(beat, 36, 0.5) for beat in range(8))
    tracks = (Track("Piano", Clip(melody + chords)), Track("Kit", Clip(kit), None, 9))
    (tmp_path / "song.mid").write_bytes(smf_bytes(Score(tracks, key=Key(0))))
    drums = program("vary", "song.mid", "--texture", "drums", "-n", "2", "-o", "a", "--json")
    assert drums.code == 0, drums.err
    assert read_motif(tmp_path / "a" / "01.mid").drums
    song = program("vary", "song.mid", "--chords", "reharmonise", "-n", "3", "-o", "b", "--json")
    assert song.code == 0, song.err
    assert any("new chords" in each["sentence"] for each in song.json["variations"])
    recipe = program("takes", "show", song.json["variations"][0]["take"], "--json").json["recipe"]
    assert recipe["settings"]["chords"] == "reharmonise"


def test_the_learned_model_can_be_asked_for_by_name(program, motif):
    said = program("vary", motif, "-n", "3", "--technique", "learned", "--json")
    assert {each["technique"] for each in said.json["variations"]} == {"learned"}
    listed = program("presets", "list", "techniques", "--json").json["presets"]
    assert {"learned", "fill", "inversion"} <= {each["name"] for each in listed}


def test_what_is_kept_and_discarded_has_a_say_until_it_is_forgotten(program, motif):
    first = program("vary", motif, "-n", "4", "--seed", "1", "--json").json
    assert "choices" not in first
    assert program("takes", "keep", "idea 02").out == "kept: idea 02\n"
    assert program("takes", "discard", "idea 03").code == 0
    assert program("vary", motif, "--seed", "2", "--json").json["choices"] == (
        "chosen with what you kept (1) and discarded (1) in mind"
    )
    assert "forget-choices" in program("vary", motif, "--seed", "3").out
    assert program("takes", "forget-choices").out == "forgotten: 2 choices\n"
    assert program("vary", motif, "-n", "4", "--seed", "1", "--json").json == first


def test_variations_are_worked_on_without_a_running_program_each_a_step_to_undo(program, motif):
    assert program("vary", motif, "-n", "3", "-o", "v").code == 0
    steps = program("between", "v/01.mid", "v/03.mid", "--steps", "2", "-o", "steps", "--json")
    assert steps.code == 0, steps.err
    assert [Path(file).is_file() for file in steps.json["files"]] == [True] * len(steps.json["takes"])
    assert steps.json["takes"][0]["facts"]["sentence"] == "a step from idea 01 to idea 03"
    mixed = program("splice", "v/01.mid", "v/03.mid", "--bars", "2", "-o", "mixed.mid")
    assert mixed.code == 0, mixed.err
    assert "bar 2 from idea 03" in mixed.out
    assert read_motif(Path("mixed.mid")).bar(2).notes == read_motif(Path("v/03.mid")).bar(2).notes
    phrase = program("develop", motif, "--form", "period", "-o", "phrase.mid")
    assert phrase.code == 0, phrase.err
    assert read_motif(Path("phrase.mid")).bars == 8
    assert program("takes", "undo").out == "undone: made 1 of idea: develop\n"
    assert program("splice", "v/01.mid", "v/03.mid", "--bars", "9").code == 1


def test_nothing_lies_between_two_of_different_length(program, motif):
    program("develop", motif, "-o", "phrase.mid")
    said = program("between", motif, "phrase.mid")
    assert said.code == 1
    assert "do not go together" in said.err


def test_a_motif_is_gone_on_with_answered_and_its_bars_are_filled(program, motif):
    for options, bars in ((("--go-on", 3), 5), (("--answer",), 4), (("--fill", "2"), 2)):
        said = program("vary", motif, "-n", "2", *options, "-o", "new", "--json")
        assert said.code == 0, said.err
        written = read_motif(Path("new") / "01.mid")
        assert written.bars == bars
        assert written.bar(1).notes == read_motif(motif).bar(1).notes
    recipe = program("takes", "show", said.json["variations"][0]["take"], "--json").json["recipe"]
    assert recipe["settings"]["fill"] == [2]
    assert program("vary", motif, "--answer", "--keep", "rhythm").code == 1


def two_tracks(folder: Path) -> Path:
    """A tune, and on a track of their own the chords under it."""
    tune = Clip(tuple(Note(beat, pitch, 1) for beat, pitch in enumerate((72, 74, 76, 77, 79, 77, 76, 72))))
    chords = Clip(tuple(Note(4 * bar, pitch, 4) for bar in (0, 1) for pitch in (48, 52, 55)))
    file = folder / "song.mid"
    file.write_bytes(smf_bytes(Score((Track("tune", tune), Track("chords", chords)))))
    return file


def test_of_several_tracks_the_melody_is_taken_and_that_is_said(program, tmp_path):
    said = program("vary", two_tracks(tmp_path), "-n", "2")
    assert "2 tracks have notes; the melody was taken from tune, and no other" in said.out


def test_chords_on_a_track_of_their_own_are_kept_and_replaced(program, tmp_path):
    file = two_tracks(tmp_path)
    assert program("vary", file, "-n", "2", "--chords", "reharmonise", "-o", tmp_path / "out").code == 0
    notes = read_motif(tmp_path / "out" / "01.mid").notes
    assert sum(note.pitch < 60 for note in notes) >= 4


def test_two_things_to_keep_contradict_each_other(program, motif):
    said = program("vary", motif, "--keep", "rhythm", "--keep", "pitches")
    assert said.code != 0
    assert "not rhythm and pitches" in said.err


def test_minutes_are_a_number(program, tmp_path):
    said = program("train", "variations", tmp_path, "--minutes", "nan")
    assert said.code != 0
    assert "is not a number" in said.err


def test_an_argument_that_a_command_does_not_have_is_no_value(program):
    said = program("do", "motif/set", "pfad=idea.mid")
    assert said.code != 0
    assert "takes no 'pfad'" in said.err
