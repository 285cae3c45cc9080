"""The melody model: chances that add up, likelier where it has seen it, read back as it was written."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import CannotRead
from assistant.presets import shipped
from assistant.vary.corpus import read_melodies
from assistant.vary.phrase import Phrase, Tone
from assistant.vary.plausible import NAME, load_model, trained
from midi.scale import Key
from midi.tempo import Meter


def quarters(*pitches: int) -> Phrase:
    tones = tuple(Tone(480 * i, pitch, 480) for i, pitch in enumerate(pitches))
    return Phrase(tones, -(-len(pitches) // 4), Meter(4, 4), Key(0, "major"))


def test_what_was_seen_often_surprises_less():
    model = trained([quarters(60, 62, 64, 65, 67, 65, 64, 62)] * 4)
    seen, unseen = model.bits([quarters(60, 62, 64, 65), quarters(60, 70, 61, 74)])
    assert seen < 1 < unseen


def test_the_chances_of_all_that_may_follow_add_up_to_one():
    model = trained([quarters(60, 62, 64, 65, 67, 65, 64, 62), quarters(67, 64, 60, 60)])
    for orders in (model.rhythm, model.pitch):
        contexts = np.ones(64, np.uint32)
        chance = orders[0].mixed(contexts, np.arange(64, dtype=np.uint32), np.full(64, 1 / 64))
        assert chance.sum() == pytest.approx(1)


def test_a_melody_without_notes_surprises_nobody():
    assert load_model().bits([Phrase((), 1)]).tolist() == [0]


def test_the_shipped_model_prefers_a_tune_to_chance():
    tune = quarters(64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62, 64, 64, 62, 62, 62)
    chance = quarters(64, 53, 75, 61, 70, 54, 68, 77, 56, 73, 60, 71, 55, 66, 76, 58)
    known, strange = load_model().bits([tune, chance])
    assert known + 2 < strange


def test_the_shipped_model_is_small():
    assert shipped(NAME).stat().st_size < 1_000_000


def test_a_model_is_read_back_as_it_was_written(tmp_path: Path):
    model = trained([quarters(60, 62, 64, 65, 67, 65, 64, 62)])
    file = io.BytesIO()
    np.savez_compressed(file, **model.arrays())
    path = tmp_path / "model.npz"
    path.write_bytes(file.getvalue())
    melodies = [quarters(60, 62, 64, 60), quarters(67, 60)]
    assert load_model(path).bits(melodies).tolist() == model.bits(melodies).tolist()


def test_the_same_melodies_give_the_same_bytes():
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        np.savez_compressed(file, **trained([quarters(60, 62, 64, 65), quarters(67, 65, 64, 62)]).arrays())
    assert files[0].getvalue() == files[1].getvalue()


def test_what_is_not_a_model_is_refused(tmp_path: Path):
    path = tmp_path / "model.npz"
    path.write_bytes(b"not a model")
    with pytest.raises(CannotRead, match="is not a melody model"):
        load_model(path)


def test_all_melodies_of_a_score_go_to_the_same_use(data: Path):
    parts: dict[str, set[str]] = {}
    for melody in read_melodies(data / "melodies.jsonl.gz"):
        parts.setdefault(melody.name.partition("#")[0], set()).add(melody.part)
    assert all(len(uses) == 1 for uses in parts.values())
    uses = [use for (use,) in (tuple(each) for each in parts.values())]
    assert 0.6 < uses.count("train") / len(uses) < 0.8
    assert 0.1 < uses.count("test") / len(uses) < 0.2
    assert 0.1 < uses.count("judge") / len(uses) < 0.2


def test_the_shipped_model_reads_unseen_melodies_under_six_bits_a_note(data: Path):
    phrases = [p for m in read_melodies(data / "melodies.jsonl.gz") if m.part == "test" for p in m.phrases]
    notes = np.array([len(phrase.tones) for phrase in phrases])
    assert (load_model().bits(phrases) * notes).sum() / notes.sum() < 5.8


def test_a_broken_file_of_melodies_is_refused(tmp_path: Path):
    path = tmp_path / "melodies.jsonl"
    path.write_text('{"id": 1}\n')
    with pytest.raises(CannotRead, match="is not a file of melodies"):
        list(read_melodies(path))
