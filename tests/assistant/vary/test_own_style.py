"""A model taught a composer's own music: what is learned from, what is refused, stopping and going on, using it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from assistant.brief import Brief
from assistant.errors import CannotRead, InvalidBrief, UnknownName
from assistant.vary import vary
from assistant.vary.learned.models import model_names, model_path
from assistant.vary.training.own import Music, music_in, train
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.smf import Score, Track, motif_score, smf_bytes


def song(seed: int, bars: int = 24) -> Motif:
    """A tune of four bars said again and again, each time with another note or two."""
    lot, key = Random(seed), Key(seed % 12)
    tune = [key.pitch(35 + lot.randrange(8)) for _ in range(16)]
    notes: list[Note] = []
    for start in range(0, 4 * bars, 16):
        tune[lot.randrange(16)] = key.pitch(35 + lot.randrange(8))
        notes += [Note(start + beat, pitch, 1) for beat, pitch in enumerate(tune)]
    return Motif(Clip(tuple(notes), length_beats=4 * bars), key)


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs"
    (folder / "older").mkdir(parents=True)
    for number in range(8):
        place = folder / "older" if number % 2 else folder
        (place / f"song{number}.mid").write_bytes(smf_bytes(motif_score(song(number))))
    return folder


def test_every_sixth_file_is_held_back_and_each_is_whole_on_one_side(songs: Path):
    music = music_in(songs)
    files = [{section.score for section in side} for side in (music.learn, music.judge)]
    assert [len(side) for side in files] == [7, 1]
    assert not files[0] & files[1]
    assert music.files == 8


def test_of_a_single_long_piece_the_end_is_held_back(tmp_path: Path):
    (tmp_path / "long.mid").write_bytes(smf_bytes(motif_score(song(1, bars=120))))
    music = music_in(tmp_path)
    assert [len(section.bars) for section in (*music.learn, *music.judge)] == [100, 20]


def test_drums_are_not_learned_from_and_what_cannot_be_read_is_told(songs: Path):
    kit = Track("Kit", Clip(tuple(Note(beat, 36, 0.5) for beat in range(200))), None, 9)
    (songs / "beat.mid").write_bytes(smf_bytes(Score((kit,))))
    (songs / "broken.mid").write_bytes(b"MThd nothing")
    music = music_in(songs)
    assert music.files == 8
    assert [remark.partition(" ")[0] for remark in music.remarks] == ["beat.mid", "broken.mid"]


def test_too_little_music_is_refused_with_how_much_is_needed(tmp_path: Path):
    with pytest.raises(CannotRead, match="no MIDI files"):
        music_in(tmp_path)
    (tmp_path / "short.mid").write_bytes(smf_bytes(motif_score(song(1, bars=8))))
    with pytest.raises(CannotRead, match="too few") as refused:
        music_in(tmp_path)
    assert "300" in refused.value.hint


def test_a_model_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(UnknownName, match="mine"):
        vary(song(1, bars=4), Brief(model="mine"))
    assert model_names() == ("shipped",)


def test_without_torch_the_extra_is_named(songs: Path, monkeypatch: pytest.MonkeyPatch):
    from assistant.errors import MissingPart

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingPart) as missing:
        train(music_in(songs), "mine", minutes=0.01)
    assert missing.value.hint == 'pip install "hummingbridge[train]"'


def test_no_model_is_written_over_the_one_that_ships(songs: Path):
    with pytest.raises(InvalidBrief, match="ships"):
        train(music_in(songs), "shipped", minutes=0.01)


COMMAND = "from bridge.cli.program import run; import sys; sys.exit(run(sys.argv[1:]))"


def test_killed_it_goes_on_where_it_was_and_what_it_learned_is_used(songs: Path, tmp_path: Path):
    pytest.importorskip("torch", reason='training is an extra: pip install "hummingbridge[train]"')
    arguments = ["train", "variations", str(songs), "--minutes", "0.12", "--json"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", COMMAND, *arguments]
    log = tmp_path / "config" / "hummingbridge" / "presets" / "melody" / "mine.training" / "curve.jsonl"
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not log.exists() or len(log.read_text().splitlines()) < 2:
        assert running.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    curve = json.loads(done.stdout)["curve"]
    updates = [point["updates"] for point in curve]
    assert updates == sorted(set(updates))
    assert updates[0] == 0
    assert 0.12 <= curve[-1]["minutes"] < 0.5
    assert min(point["asked"][2] for point in curve) < curve[0]["asked"][2]
    assert model_path("mine").with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert model_path("mine").stat().st_size < 8e6
    motif = song(20, bars=4)
    own = vary(motif, Brief(count=3, source="model", model="mine"))
    assert {made.motif for made in own} != {made.motif for made in vary(motif, Brief(count=3, source="model"))}
    music: Music = music_in(songs)
    with pytest.raises(InvalidBrief, match="begun on other music"):
        train(Music(music.learn[1:], music.judge, 7), "mine", minutes=0.2)
