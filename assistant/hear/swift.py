"""SwiftF0's network on onnxruntime: the pitch of a voice, frame by frame.

The package swift_f0 is never imported, only its model file read. The model is that of L. Nieradzik, "SwiftF0: fast and
accurate monophonic pitch detection", 2025.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.errors import MissingPart
from assistant.hear.frames import RATE_HZ, Frames
from assistant.optional import check_package, install_command
from assistant.readiness import Readiness

_RATE_HZ = 16000
_HOP = 256
_LOWEST_HZ, _HIGHEST_HZ = 46.875, 2093.75
_BLOCK = 1875
_MARGIN = 12


@dataclass(frozen=True, slots=True, eq=False)
class PitchTrack:
    """`pitch`, a fractional MIDI note number, and `sureness` 0..1 that it is sung, every 16 ms at `times_seconds`."""

    times_seconds: NDArray[np.float64]
    pitch: Frames
    sureness: Frames


def check() -> Readiness:
    """Whether the network can run: onnxruntime and swift-f0's model file."""
    for package in ("onnxruntime", "soxr", "swift_f0"):
        found = check_package(package)
        if not found.ready:
            return found
    if not _model_file().is_file():
        return Readiness("missing", f"swift-f0's model {_model_file()} is missing", install_command("swift_f0"))
    return Readiness("ready", "SwiftF0 runs on onnxruntime")


class PitchTracker:
    """The loaded model; keep one to track several recordings without loading it again.

    Raises `MissingPart` where swift-f0 or onnxruntime is not installed.
    """

    def __init__(self, *, threads: int = 1) -> None:
        ready = check()
        if not ready.ready:
            raise MissingPart(f"hearing notes is not possible: {ready.reason}", hint=ready.remedy)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that wait in a busy loop cost more than they win on a machine that does other things too.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(
            str(_model_file()), options, providers=["CPUExecutionProvider"]
        )

    def track(
        self, samples: Samples, *, peak: float | None = None, progress: Callable[[float], None] | None = None
    ) -> PitchTrack:
        """The pitch of mono samples at 22050 Hz, brought to full level first: a faint voice is a voice too.

        `peak` is that of the recording, where the samples are only a part of it. `progress` is told the part that is
        done, 0..1.
        """
        import soxr

        peak = float(np.abs(samples).max(initial=0.0)) if peak is None else peak
        count = max(1, int(len(samples) * _RATE_HZ / RATE_HZ) // _HOP)
        if peak < 1e-5 or len(samples) < 1024:
            nothing = np.zeros(count, np.float32)
            return PitchTrack(self._times(count), nothing + 60, nothing)
        audio = soxr.resample(samples / np.float32(peak), RATE_HZ, _RATE_HZ).astype(np.float32)
        pitch, sureness = [], []
        # In blocks with a margin, as memory grows with length; a frame sees seven neighbours on either side.
        starts = range(0, max(1, len(audio) // _HOP), _BLOCK)
        for index, start in enumerate(starts):
            first = max(0, start - _MARGIN)
            part = audio[first * _HOP : (start + _BLOCK + _MARGIN) * _HOP]
            hz, sure = self._session.run(
                ["pitch", "confidence"],
                {
                    "audio": part[np.newaxis],
                    "fmin": np.asarray(_LOWEST_HZ, np.float32),
                    "fmax": np.asarray(_HIGHEST_HZ, np.float32),
                },
            )
            kept = slice(start - first, start - first + _BLOCK)
            pitch.append(69 + 12 * np.log2(np.maximum(hz[0, kept], 20.0) / 440))
            sureness.append(sure[0, kept])
            if progress is not None:
                progress((index + 1) / len(starts))
        heard = np.concatenate(pitch).astype(np.float32)
        return PitchTrack(self._times(len(heard)), heard, np.concatenate(sureness).astype(np.float32))

    @staticmethod
    def _times(count: int) -> NDArray[np.float64]:
        return np.arange(count, dtype=np.float64) * (_HOP / _RATE_HZ)


def _model_file() -> Path:
    found = find_spec("swift_f0")
    folders = found.submodule_search_locations if found else None
    if not folders:
        raise MissingPart("hearing a voice needs the package swift_f0", hint=install_command("swift_f0"))
    return Path(folders[0]) / "model.onnx"
