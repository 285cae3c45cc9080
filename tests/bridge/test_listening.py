"""The process that hears a recording while it grows."""

from __future__ import annotations

import queue
from pathlib import Path

import numpy as np
import pytest

from assistant.hear.trackers import check
from bridge.capture.recording import GrowingFile
from bridge.child import Child, Line

pytestmark = pytest.mark.skipif(not check("learned").ready, reason=check("learned").reason)

WAIT_SECONDS = 60.0


def hummed(pitch: int, rate: int = 44100) -> np.ndarray:
    """Half a second of a note and a quarter of silence."""
    since = np.arange(rate // 2) / rate
    gate = np.minimum(1, 30 * np.minimum(since, 0.5 - since))
    hz = 440 * 2 ** ((pitch - 69) / 12)
    tone = 0.15 * gate * sum(np.sin(2 * np.pi * hz * part * since) / part for part in range(1, 9))
    return np.concatenate([tone, np.zeros(rate // 4)]).astype(np.float32)


def test_each_note_is_said_before_the_next_is_hummed(tmp_path: Path):
    said: queue.Queue[Line] = queue.Queue()
    child = Child("bridge.capture.listening", on_line=said.put, on_end=lambda _: None)
    try:
        for name in ("first", "second"):
            path = tmp_path / f"{name}.recording.wav"
            child.tell({"follow": str(path)})
            file = GrowingFile(path, 44100, 1)
            file.write(np.zeros(11025, np.float32).tobytes())
            for index, pitch in enumerate((60, 64, 67)):
                file.write(hummed(pitch).tobytes())
                file.keep()
                note = said.get(timeout=WAIT_SECONDS)["note"]
                assert note["pitch_sung"] == pytest.approx(pitch, abs=0.2)
                assert note["onset_s"] == pytest.approx(0.25 + 0.75 * index, abs=0.08)
            file.close()
            assert said.empty()
    finally:
        child.close()
