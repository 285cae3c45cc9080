"""Bad input of every kind: a clear error with a remedy, and nothing lost or half-written."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.smf import motif_score, smf_bytes

Program = Callable[..., object]
RATE = 22050


def sung(seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    """One sung A3, as a synthesiser sings it; shape (samples,)."""
    time = np.arange(int(rate * seconds)) / rate
    tone = sum(np.sin(2 * np.pi * 220 * k * time) / k**1.5 for k in range(1, 8))
    return np.asarray(tone * np.minimum(1, np.minimum(time / 0.02, (seconds - time) / 0.04)) * 0.2)


def write_empty(path: Path) -> None:
    path.write_bytes(b"")


def write_no_audio(path: Path) -> None:
    soundfile.write(path, np.zeros(0), RATE)


def write_too_short(path: Path) -> None:
    soundfile.write(path, sung(1)[:400], RATE)


def write_silent(path: Path) -> None:
    soundfile.write(path, np.zeros(RATE * 2), RATE)


def write_cut_in_the_header(path: Path) -> None:
    soundfile.write(path, sung(), RATE)
    path.write_bytes(path.read_bytes()[:30])


def write_text(path: Path) -> None:
    path.write_text("this is a shopping list, not a song\n" * 50)


def write_not_a_number(path: Path) -> None:
    samples = sung()
    samples[1000:1010] = np.nan
    soundfile.write(path, samples, RATE, subtype="FLOAT")


def write_too_long(path: Path) -> None:
    soundfile.write(path, np.zeros(8000 * 60 * 16, dtype=np.int16), 8000, subtype="PCM_U8")


UNUSABLE = (
    write_empty,
    write_no_audio,
    write_too_short,
    write_silent,
    write_cut_in_the_header,
    write_text,
    write_not_a_number,
    write_too_long,
)


@pytest.mark.parametrize("write", UNUSABLE)
def test_an_unusable_recording_is_refused_with_a_remedy(program: Program, write: Callable[[Path], None]) -> None:
    write(Path("take.wav"))
    before = Path("take.wav").read_bytes()
    said = program("hum", "take.wav", "-o", "motif.mid", "--json", "notes.json")
    assert said.code == 1
    assert said.err.startswith("error: ")
    assert "\n  try: " in said.err
    assert Path("take.wav").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir() if path.name != "library") == ["take.wav"]


@pytest.mark.parametrize(
    ("name", "samples", "rate"),
    [
        ("8 kHz", lambda: sung(1, 8000), 8000),
        ("96 kHz", lambda: sung(1, 96000), 96000),
        ("stereo", lambda: np.column_stack([sung(), sung()]), RATE),
        ("6 channels", lambda: np.column_stack([sung()] * 6), RATE),
        ("constant offset", lambda: sung() + 0.3, RATE),
        ("clipped", lambda: np.clip(sung() * 12, -1, 1), RATE),
    ],
)
def test_an_unusual_recording_is_heard_all_the_same(
    program: Program, name: str, samples: Callable[[], np.ndarray], rate: int
) -> None:
    soundfile.write("take.wav", samples(), rate)
    said = program("hum", "take.wav", "-o", "motif.mid", "--json")
    assert said.code == 0
    assert 57 in [note["pitch_midi"] for note in said.json["notes"]]


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg", "aiff"])
def test_a_truncated_recording_is_heard_as_far_as_it_goes_and_that_is_said(program: Program, kind: str) -> None:
    soundfile.write(f"whole.{kind}", sung(8), RATE)
    whole = Path(f"whole.{kind}").read_bytes()
    Path(f"take.{kind}").write_bytes(whole[: len(whole) * 3 // 5])
    said = program("hum", f"take.{kind}", "-o", "motif.mid")
    assert said.code == 0
    assert f"take.{kind} ends early" in said.out
    assert "ends early" not in program("hum", f"whole.{kind}", "-o", "motif.mid").out
    assert "ends early" in program("fx", f"take.{kind}", "--chain", "lofi", "-o", "x.wav").err


def midi(kind: int, *tracks: bytes, division: int = 480) -> bytes:
    head = b"MThd" + struct.pack(">IHHH", 6, kind, len(tracks), division)
    return head + b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)


NOTE = b"\x00\x90\x3c\x50\x83\x60\x80\x3c\x00\x60\x90\x40\x50\x83\x60\x80\x40\x00"
END = b"\x00\xff\x2f\x00"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF this is no MIDI file at all",
        midi(1, NOTE + END)[:30],
        midi(0, END),
        midi(1, b"\x00\xff\x51\x03"),
        midi(1, bytes(range(128, 256)) * 4),
    ],
    ids=["empty", "not MIDI", "truncated", "without notes", "cut in an event", "noise"],
)
def test_an_unusable_midi_file_is_refused_with_a_remedy(program: Program, data: bytes) -> None:
    Path("clip.mid").write_bytes(data)
    for command in (("vary", "clip.mid", "-o", "out"), ("render", "clip.mid", "-o", "out.wav")):
        said = program(*command)
        assert said.code == 1
        assert said.err.startswith("error: ")
        assert "\n  try: " in said.err
    assert sorted(path.name for path in Path().iterdir() if path.name != "library") == ["clip.mid"]


@pytest.mark.parametrize(
    "data",
    [
        midi(0, NOTE + END),
        midi(1, END, NOTE + END),
        midi(2, NOTE + END),
        midi(1, b"\x00\xff\x51\x03\x00\x00\x00" + NOTE + END),
    ],
    ids=["type 0", "type 1", "type 2", "tempo zero"],
)
def test_every_type_of_midi_file_is_read(program: Program, data: bytes) -> None:
    Path("clip.mid").write_bytes(data)
    assert program("vary", "clip.mid", "-n", "2", "-o", "out").code == 0


def test_a_huge_midi_file_is_refused_at_once(program: Program) -> None:
    Path("clip.mid").write_bytes(midi(1, NOTE * 300_000 + END))
    said = program("vary", "clip.mid")
    assert said.code == 1
    assert "\n  try: " in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hum", "nowhere.wav"), "nowhere.wav does not exist"),
        (("vary", "nowhere.mid"), "nowhere.mid: there is no such file"),
        (("vary", "."), "is a folder"),
        (("render", "idea.mid", "--instrument", "chello"), "'chello' is unknown"),
        (("render", "idea.mid", "--chain", "worm-hall"), "'worm-hall' is unknown"),
        (("render", "idea.mid", "--soundfont", "idea.mid"), "not a SoundFont"),
        (("vary", "idea.mid", "--technique", "magic"), "'magic' is unknown"),
        (("vary", "idea.mid", "--lock", "9"), "bar 9"),
        (("vary", "idea.mid", "--lock", "1-2"), "locked"),
        (("send", "nothing", "--to", "folder"), "'nothing' is unknown"),
        (("send", "", "--to", "folder"), "neither a take nor a file is named"),
        (("hum", "x" * 300 + ".wav"), "the name is too long"),
        (("vary", "x" * 300), "the name is too long"),
        (("render", "x" * 300 + ".mid"), "too long"),
        (("send", "idea", "--to", "cubaze"), "'cubaze' is unknown"),
    ],
)
def test_what_cannot_be_done_ends_with_one_and_a_remedy(
    program: Program, motif: Path, arguments: tuple[str, ...], message: str
) -> None:
    said = program(*arguments)
    assert said.code == 1
    assert message in said.err
    assert "\n  try: " in said.err


def test_an_error_is_json_in_the_terminal_only_where_the_answer_would_be(program: Program) -> None:
    assert program("hum", "nowhere.wav", "--json").json["error"]["message"] == "nowhere.wav does not exist"
    assert program("hum", "nowhere.wav", "--json", "notes.json").out == ""


def test_effects_never_overwrite_the_recording_that_they_are_put_on(program: Program) -> None:
    soundfile.write("take.wav", sung(), RATE)
    before = Path("take.wav").read_bytes()
    said = program("fx", "take.wav", "--chain", "lofi", "-o", "take.wav")
    assert said.code == 2
    assert "take.wav is the recording itself" in said.err
    assert Path("take.wav").read_bytes() == before


@pytest.mark.parametrize("command", [("hum",), ("fx", "--chain", "lofi")])
def test_notes_given_where_sound_is_meant_are_named_as_such(
    program: Program, motif: Path, command: tuple[str, ...]
) -> None:
    said = program(*command, motif)
    assert said.code == 1
    assert "idea.mid holds notes, not sound" in said.err


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="only Linux has a folder where not even root may write")
def test_a_read_only_folder_is_refused_and_the_take_is_kept(program: Program, motif: Path) -> None:
    said = program("render", motif, "-o", "/sys/kernel/out.wav")
    assert said.code == 1
    assert "/sys/kernel/out.wav cannot be written" in said.err
    assert "-o" in said.err
    assert program("takes", "list", "--json").json["takes"][0]["name"] == "idea piano"


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
from bridge.cli.program import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name == "nt", reason="file size limits are set with the resource module, which Windows lacks")
def test_a_full_disk_is_an_error_and_leaves_nothing_half_written(motif: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, "render", str(motif), "-o", "out.wav", "--library", "library"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert "\n  try: " in ended.stderr
    assert not list(tmp_path.rglob("*.part"))
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize("bars", ["1-999999999", "3-1", "0", "10000"])
def test_bars_that_cannot_be_are_refused_at_once(program: Program, motif: Path, bars: str) -> None:
    said = program("vary", motif, "--lock", bars)
    assert said.code == 2
    assert f"error: --lock: '{bars}' is not a list of bars" in said.err


def test_a_piece_of_hours_is_not_rendered(program: Program, tmp_path: Path) -> None:
    hours = Clip((Note(0, 60, 1), Note(20_000, 60, 1)))
    (tmp_path / "long.mid").write_bytes(smf_bytes(motif_score(Motif(hours, Key.parse("C")), name="long")))
    said = program("render", "long.mid", "-o", "long.wav")
    assert said.code == 1
    assert "error: the clip lasts 167 minutes at 120 BPM, over the limit of 15\n  try: cut out" in said.err
    assert not Path("long.wav").exists()


def test_a_melody_of_thousands_of_notes_is_not_varied(program: Program, tmp_path: Path) -> None:
    many = Clip(tuple(Note(index / 2, 60 + index % 5, 0.5) for index in range(5001)))
    (tmp_path / "many.mid").write_bytes(smf_bytes(motif_score(Motif(many, Key.parse("C")), name="many")))
    said = program("vary", "many.mid")
    assert said.code == 1
    assert said.err == (
        "error: many has 5001 notes, over the limit of 5000\n  try: cut out the phrase that you want varied\n"
    )


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything may be read here")
def test_a_recording_that_may_not_be_read_is_an_error_with_a_remedy(program: Program, voice: Path) -> None:
    voice.chmod(0)
    said = program("hum", voice)
    assert (said.code, said.err.splitlines()[1]) == (1, "  try: check its permissions")


def test_doctor_goes_on_where_the_settings_are_broken(program: Program, tmp_path: Path) -> None:
    settings = tmp_path / "config" / "hummingbridge" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('[render]\nsoundfont = "/nowhere.sf2"\n')
    said = program("doctor", "--json")
    parts = {part["part"]: part for part in said.json["parts"]}
    assert said.code == 1
    assert parts["library"]["state"] == "ready"
    assert parts["instruments"]["reason"] == "SoundFont /nowhere.sf2 cannot be read: No such file or directory"
    assert parts["instruments"]["remedy"] == f"check the name, in {settings}"
