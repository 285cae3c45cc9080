"""Notes appear while somebody still hums; at the end it is all as if it had been a file."""

from __future__ import annotations

from pathlib import Path

import mir_eval
import numpy as np
import pytest

from assistant.audio import Audio, read_audio
from assistant.errors import NothingHeard
from assistant.hear import Listener
from assistant.hear.live import LiveEar
from assistant.hear.trackers import check
from midi.heard import HeardNote
from midi.pitch import hz_from_midi

pytestmark = pytest.mark.skipif(not check("learned").ready, reason=check("learned").reason)

BLOCK_SECONDS = 0.02


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener(threads=1)


def followed(audio: Audio, ear: LiveEar) -> list[tuple[float, HeardNote]]:
    """Each note, and how much had been sung when it was told."""
    samples, size = audio.mono(), round(BLOCK_SECONDS * audio.sample_rate_hz)
    return [
        (min(len(samples), start + size) / audio.sample_rate_hz, note)
        for start in range(0, len(samples), size)
        for note in ear.feed(samples[start : start + size])
    ]


def spans(notes: list[HeardNote]) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.array([(note.onset_seconds, note.offset_seconds) for note in notes]),
        np.array([hz_from_midi(note.pitch) for note in notes]),
    )


CLIPS = ["solfege_408", "vocadito_10"]


@pytest.mark.parametrize("name", CLIPS)
def test_notes_are_told_soon_after_they_end_and_are_those_of_the_whole(name: str, data: Path, listener: Listener):
    (path,) = (data / "voice" / name).glob("audio.*")
    audio = read_audio(path)
    audio = Audio(audio.samples[:, : 9 * audio.sample_rate_hz], audio.sample_rate_hz)
    ear = LiveEar(listener, audio.sample_rate_hz)
    told = followed(audio, ear)
    final = ear.finish()
    alone = listener.listen(Audio(audio.mono()[np.newaxis], audio.sample_rate_hz))
    assert final.as_json() == alone.as_json()
    late = [when - note.offset_seconds for when, note in told]
    # 400 ms in all; listening itself takes 40 ms of them on a slow core.
    assert max(late) < 0.3
    reference, found = spans(list(final.notes)), spans([note for _, note in told])
    judge = mir_eval.transcription
    assert judge.precision_recall_f1_overlap(*reference, *found, offset_ratio=None)[2] > 0.9


def test_notes_come_in_order_and_only_once(data: Path, listener: Listener):
    audio = read_audio(data / "voice" / "hums" / "f0curve_hum.wav")
    notes = [note for _, note in followed(audio, LiveEar(listener, audio.sample_rate_hz))]
    onsets = [note.onset_seconds for note in notes]
    assert len(notes) == 5
    assert onsets == sorted(set(onsets))


@pytest.mark.parametrize("level", [0.0, 0.001, 0.05])
def test_in_an_empty_room_nothing_is_told(level: float, listener: Listener):
    noise = (level * np.random.default_rng(0).standard_normal(44100 * 4)).astype(np.float32)
    ear = LiveEar(listener, 44100)
    assert followed(Audio(noise[np.newaxis].clip(-1, 1), 44100), ear) == []
    with pytest.raises(NothingHeard):
        ear.finish()


def test_a_note_that_is_held_for_long_is_one_note(listener: Listener):
    seconds = np.arange(22050 * 6) / 22050
    gate = np.minimum(1, 20 * np.minimum(seconds - 0.5, 5.5 - seconds).clip(0))
    tone = sum(np.sin(2 * np.pi * 220 * part * seconds) / part for part in range(1, 9))
    audio = Audio((0.15 * gate * tone).astype(np.float32)[np.newaxis], 22050)
    ((when, note),) = followed(audio, LiveEar(listener, 22050))
    assert note.onset_seconds == pytest.approx(0.5, abs=0.06)
    assert note.offset_seconds == pytest.approx(5.5, abs=0.1)
    assert when < 5.9
