"""The room of a recording: heard in how its notes end, taken out, and laid over what the timbre plays."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.audio import Audio
from assistant.errors import InvalidBrief, InvalidPreset
from assistant.presets import find_preset
from assistant.render.job import RenderJob, TimedNote
from assistant.timbre.engine import NeuralTimbre
from assistant.timbre.features import loudness
from assistant.timbre.mapping import Settings
from assistant.timbre.room import BANDS_HZ, Ringing, Room
from assistant.timbre.timbre import load_timbre, load_timbre_file
from assistant.timbre.training.dry import dried, room_of
from assistant.timbre.transfer import transfer
from midi.pitch import hz_from_midi

RATE = 48_000
ROOM = Room((0.8,) * len(BANDS_HZ), (-8.0,) * len(BANDS_HZ))


def notes(count: int = 24, release_seconds: float = 0.06) -> np.ndarray:
    """Two seconds each, half a second of rest after it."""
    time = np.arange(int(2.5 * RATE)) / RATE
    envelope = np.clip(np.minimum(time / 0.03, (2.0 - time) / release_seconds), 0, 1)
    played = []
    for number in range(count):
        hz = hz_from_midi(55 + 5 * number % 22)
        played.append(sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 30)) * envelope)
    return (0.15 * np.concatenate(played)).astype(np.float32)


def decaying_noise(seconds: float, level_db: float, seed: int = 11) -> np.ndarray:
    times = np.arange(int(1.2 * seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal(len(times)) * 10 ** (-3 * times / seconds)
    return noise * 10 ** (level_db / 20) / np.sqrt(np.square(noise).sum())


def in_a_hall(samples: np.ndarray, seconds: float, level_db: float) -> np.ndarray:
    rung = decaying_noise(seconds, level_db)
    size = 1 << int(np.ceil(np.log2(len(samples) + len(rung))))
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(rung, size), size)[: len(samples)]
    hiss = np.random.default_rng(3).normal(0, 1e-5, len(samples))
    return (samples + wet + hiss).astype(np.float32)


def schroeder_seconds(response: np.ndarray) -> float:
    """ISO 3382: the energy still to come, from -5 to -25 dB."""
    energy = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
    level = 10 * np.log10(energy / energy[0] + 1e-15)
    first, last = int(np.argmax(level < -5)), int(np.argmax(level < -25))
    return 3 * (last - first) / RATE


def octave(samples: np.ndarray, middle_hz: float) -> np.ndarray:
    size = 4 * len(samples)
    spectrum = np.fft.rfft(samples, size)
    hz = np.fft.rfftfreq(size, 1 / RATE)
    spectrum[(hz < middle_hz / 2**0.5) | (hz > middle_hz * 2**0.5)] = 0
    return np.fft.irfft(spectrum, size)[: len(samples)]


@pytest.mark.parametrize("seconds", [0.5, 0.8])
@pytest.mark.parametrize("level_db", [-12.0, -6.0])
def test_a_known_room_is_found_by_its_decay_and_its_level(seconds: float, level_db: float):
    found = room_of(in_a_hall(notes(), seconds, level_db))
    assert found is not None
    response = found.response()
    for middle in (250, 500, 1000, 2000, 4000):
        assert schroeder_seconds(octave(response, middle)) == pytest.approx(seconds, rel=0.25)
    assert schroeder_seconds(response) == pytest.approx(seconds, rel=0.25)
    assert float(np.median(found.level_db)) == pytest.approx(level_db, abs=4)


def test_dry_notes_have_no_room():
    assert room_of(notes()) is None
    assert room_of(notes() + np.random.default_rng(0).normal(0, 1e-3, len(notes())).astype(np.float32)) is None


def test_what_the_instrument_itself_takes_to_end_is_no_room():
    """A string that rings on by itself falls off nowhere."""
    time = np.arange(int(2.5 * RATE)) / RATE
    fading = np.minimum(1, time / 0.02) * np.where(time < 1.5, 1, 10 ** (-3 * (time - 1.5) / 0.5))
    tone = sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 20)) * fading * 0.1
    assert room_of(np.tile(tone, 20).astype(np.float32)) is None


def test_silence_and_a_single_note_have_none():
    assert room_of(np.zeros(RATE, np.float32)) is None
    assert room_of(notes(1)) is None


def test_without_its_room_the_rests_are_quiet_and_the_notes_as_they_were():
    dry = notes()
    wet = in_a_hall(dry, 0.8, -8.0)
    found = room_of(wet)
    assert found is not None
    cleaned = dried(wet, found)
    assert cleaned.shape == wet.shape
    clear, rung, left = (loudness(samples) for samples in (dry, wet, cleaned))
    place = np.arange(len(clear)) % 625
    rests, held = (place > 540) & (place < 615), (place > 80) & (place < 450)
    assert np.median(left[rests]) < np.median(rung[rests]) - 5
    assert np.median(np.abs(left[held] - clear[held])) < 0.8


def test_blocks_in_a_room_are_the_whole_in_it():
    sound = np.random.default_rng(2).normal(0, 0.1, (2, 50_000)).astype(np.float32)
    ringing = Ringing(ROOM, 0.5)
    parts = [ringing.next(sound[:, first : first + 7001]) for first in range(0, 50_000, 7001)]
    blocks = np.concatenate([*parts, ringing.rest()], axis=1)
    response = ROOM.response() * 0.5
    whole = np.stack([np.convolve(side, response) for side in sound])
    whole[:, :50_000] += sound
    assert np.abs(blocks[:, : whole.shape[1]] - whole).max() < 1e-5


def test_a_room_is_the_same_every_time_and_as_loud_as_it_says():
    response = ROOM.response()
    assert np.array_equal(response, ROOM.response())
    assert 10 * np.log10(np.square(response).sum()) == pytest.approx(-8.0, abs=0.7)


def hum() -> Audio:
    return Audio(notes(2)[None], RATE)


def test_a_transfer_is_as_long_as_its_source_with_any_share_of_the_room():
    violin = load_timbre("violin")
    roomy = replace(violin, room=ROOM)
    dry, off, half, full = (
        transfer(hum(), timbre, Settings(room=share)).audio
        for timbre, share in ((violin, 1.0), (roomy, 0.0), (roomy, 0.5), (roomy, 1.0))
    )
    assert dry.samples.shape == half.samples.shape == full.samples.shape == (1, hum().length)
    assert np.array_equal(dry.samples, off.samples)
    rest = slice(int(2.2 * RATE), int(2.4 * RATE))
    quiet, some, more = (float(np.abs(one.samples[0, rest]).max()) for one in (dry, half, full))
    assert quiet < 1e-3
    assert quiet < some < more


def test_notes_ring_on_in_the_room_past_their_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("assistant.timbre.engine.load_timbre", lambda name: replace(load_timbre(name), room=ROOM))
    played = [
        NeuralTimbre().play([TimedNote(0, RATE, 62, 90)], RATE, RenderJob("violin", room=share)) for share in (1.0, 0.0)
    ]
    lengths = [int(np.flatnonzero(np.abs(one[0]) > 1e-3)[-1]) / RATE for one in played]
    assert lengths[0] > lengths[1] + 0.2


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_beyond_the_whole_room_is_refused(share: float):
    with pytest.raises(InvalidBrief, match="room"):
        Settings(room=share)
    with pytest.raises(InvalidBrief, match="room"):
        RenderJob(room=share)


def card_with(folder: Path, room: str) -> Path:
    shipped = find_preset("timbres", "violin")
    shutil.copy(shipped.with_suffix(".safetensors"), folder / "mine.safetensors")
    (folder / "mine.toml").write_text(f"{shipped.read_text()}\n[room]\n{room}\n")
    return folder / "mine.toml"


def test_the_card_keeps_the_room(tmp_path: Path):
    card = card_with(tmp_path, f"seconds = {json.dumps(ROOM.seconds)}\nlevel_db = {json.dumps(ROOM.level_db)}")
    assert load_timbre_file(card).room == ROOM
    assert load_timbre("violin").room is None


@pytest.mark.parametrize("room", ["seconds = [1.0]", 'seconds = "long"', "seconds = [0,0,0,0,0,0,0]"])
def test_a_card_with_half_a_room_is_told(tmp_path: Path, room: str):
    with pytest.raises(InvalidPreset, match=r"room\."):
        load_timbre_file(card_with(tmp_path, room))


def test_a_timbre_is_learnt_dry_and_its_card_has_the_room(tmp_path: Path):
    pytest.importorskip("torch", reason='training is an extra: pip install "hummingbridge[train]"')
    from assistant.timbre.training.own import examined, learn

    fit = examined([Audio(in_a_hall(notes(), 0.8, -8.0)[None], RATE)])
    assert fit.room is not None
    names = {"owner": "the tests", "licence_spdx": "CC0-1.0", "base": "violin"}
    timbre = learn(fit, "mine", tmp_path, checkpoint=tmp_path / "mine.pt", steps=2, **names)
    assert timbre.room == fit.room
    assert timbre.room.seconds[BANDS_HZ.index(1000)] == pytest.approx(0.8, rel=0.25)
    assert "[room]" in (tmp_path / "mine.toml").read_text()
