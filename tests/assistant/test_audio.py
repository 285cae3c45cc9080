"""Audio as a value."""

from __future__ import annotations

import numpy as np

from assistant.audio import Audio

VOICE = np.sin(np.linspace(0, 600, 8000)).astype(np.float32)


def test_mono_is_the_mean_of_the_channels() -> None:
    assert np.array_equal(Audio(np.stack([VOICE, 0 * VOICE]), 8000).mono(), VOICE / 2)


def test_a_voice_with_one_channel_inverted_is_still_a_voice() -> None:
    assert np.array_equal(Audio(np.stack([0.95 * VOICE, -VOICE]), 8000).mono(), -VOICE)


def test_one_microphone_among_six_channels_is_heard() -> None:
    channels = np.zeros((6, len(VOICE)), np.float32)
    channels[4] = VOICE
    assert np.allclose(Audio(channels, 8000).mono(), VOICE / 6)
