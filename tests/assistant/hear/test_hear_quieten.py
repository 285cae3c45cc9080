"""A recording that drowns in steady noise is cleaned before it is heard; others are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.audio import Audio, read_audio
from assistant.hear import HearSettings, listen
from assistant.hear.quieten import quietened
from assistant.hear.trackers import check

RATE = 22050


def two_notes() -> np.ndarray:
    """Half a second each of A3 and C4 with pauses, float32."""
    time = np.arange(3 * RATE) / RATE
    hz = np.where(time < 1.5, 220.0, 261.63)
    sounding = ((time > 0.5) & (time < 1.2)) | ((time > 1.7) & (time < 2.4))
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    return (0.2 * sounding * (np.sin(phase) + 0.4 * np.sin(2 * phase))).astype(np.float32)


def rumble(level: float) -> np.ndarray:
    """Mains hum and the noise of a machine, the lower the louder."""
    rng = np.random.default_rng(3)
    time = np.arange(3 * RATE) / RATE
    spectrum = np.fft.rfft(rng.standard_normal(3 * RATE)) / (1 + np.arange(3 * RATE // 2 + 1) / 150)
    noise = np.fft.irfft(spectrum, 3 * RATE)
    hum = np.sin(2 * np.pi * 100 * time) + 0.5 * np.sin(2 * np.pi * 50 * time)
    return (level * (noise / noise.std() + hum)).astype(np.float32)


def test_a_clean_recording_is_left_as_it_is() -> None:
    assert np.array_equal(quietened(two_notes() + rumble(0.005)), two_notes() + rumble(0.005))


def test_steady_noise_is_turned_down_and_the_voice_stays_in_its_place() -> None:
    noisy = two_notes() + rumble(0.06)
    cleaned = quietened(noisy)
    assert cleaned.shape == noisy.shape
    assert cleaned.dtype == np.float32
    pause = slice(round(1.3 * RATE), round(1.6 * RATE))
    assert np.std(cleaned[pause]) < 0.4 * np.std(noisy[pause])
    sung = slice(round(0.7 * RATE), round(1.1 * RATE))
    assert np.corrcoef(cleaned[sung], two_notes()[sung])[0, 1] > 0.95


@pytest.mark.parametrize("samples", [0, 10, 5000])
def test_what_is_too_short_to_tell_is_left_as_it_is(samples: int) -> None:
    short = np.ones(samples, np.float32)
    assert np.array_equal(quietened(short), short)


@pytest.mark.skipif(not check("learned").ready, reason=check("learned").reason)
def test_three_notes_hummed_beside_a_machine_are_three_notes(data: Path) -> None:
    heard = listen(read_audio(data / "voice" / "hums" / "doReMe.wav"), HearSettings())
    assert [round(note.pitch) for note in heard.notes] == [56, 58, 60]


@pytest.mark.skipif(not check("learned").ready, reason=check("learned").reason)
def test_two_notes_are_heard_through_the_noise() -> None:
    noisy = Audio((two_notes() + rumble(0.06))[np.newaxis], RATE)
    assert [round(note.pitch) for note in listen(noisy, HearSettings()).notes] == [57, 60]
