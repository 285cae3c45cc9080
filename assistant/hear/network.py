"""basic-pitch's network on onnxruntime: what is likely to sound, frame by frame.

The package basic_pitch is never imported: its metadata and its imports ask for TensorFlow and librosa, its model file
for neither. The model is the one of Bittner et al., "A lightweight instrument-agnostic model for polyphonic note
transcription and multipitch estimation", ICASSP 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.errors import MissingPart
from assistant.hear.frames import HOP, RATE_HZ, Frames
from assistant.optional import check_package, install_command
from assistant.readiness import Readiness

LOWEST_PITCH = 21
CONTOUR_BINS_PER_SEMITONE = 3
LOWEST_VOICE, HIGHEST_VOICE = 36, 96
"""A bass's low C to a whistle's C7; below it the network hears the rumble of rooms."""

_WINDOW = 2 * RATE_HZ - HOP
_EDGE_FRAMES = 15
"""Frames at either end of a window that have not seen enough audio; the windows overlap by as much."""
_WINDOW_FRAMES = 172 - 2 * _EDGE_FRAMES
_WINDOW_HOP = _WINDOW - 2 * _EDGE_FRAMES * HOP
_BATCH = 2
"""Windows at a time in each thread: as fast as all at once, where ten minutes would take a gigabyte and more."""
_SILENCE = 1e-4
_SILENCE_BELOW_PEAK = 10 ** (-55 / 20)


@dataclass(frozen=True, slots=True, eq=False)
class Posteriorgrams:
    """How likely each pitch sounds (`note`) and starts (`onset`), shape (frames, 88), from MIDI note 21 up.

    `contour`: how likely each third of a semitone sounds, shape (frames, 264). `times_seconds`: shape (frames,), every
    11.6 ms.
    """

    note: Frames
    onset: Frames
    contour: Frames
    times_seconds: NDArray[np.float64]


def check() -> Readiness:
    """Whether the network can run: onnxruntime and basic-pitch's model file."""
    for package in ("onnxruntime", "soxr", "basic_pitch"):
        found = check_package(package)
        if not found.ready:
            return found
    if not _model_file().is_file():
        return Readiness("missing", f"basic-pitch's model {_model_file()} is missing", install_command("basic_pitch"))
    return Readiness("ready", "basic-pitch's network runs on onnxruntime")


class Network:
    """The loaded model; keep one to hear several recordings without loading it again.

    Raises `MissingPart` where basic-pitch or onnxruntime is not installed.
    """

    def __init__(self, *, threads: int = 2) -> None:
        ready = check()
        if not ready.ready:
            raise MissingPart(f"hearing notes is not possible: {ready.reason}", hint=ready.remedy)
        import onnxruntime

        self._threads = threads
        options = onnxruntime.SessionOptions()
        # A thread for each batch of windows takes 0.7 of the time that threads inside the network's operators take.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(_model_file()), options, providers=["CPUExecutionProvider"]
        )

    def posteriorgrams(self, samples: Samples, *, progress: Callable[[float], None] | None = None) -> Posteriorgrams:
        """What mono `samples`, shape (samples,), at 22050 Hz, hold.

        Windows that are silent beside the rest are not run: their frames are zero. `progress` is told the part that is
        done, 0..1.
        """
        entry = self._session.get_inputs()[0].name
        starts = range(0, max(1, len(samples)), _WINDOW_HOP)
        peak = float(np.abs(samples).max(initial=0.0))
        threshold = max(_SILENCE, _SILENCE_BELOW_PEAK * peak)
        frames = len(starts) * _WINDOW_FRAMES
        note, onset, contour = (np.zeros((frames, bins), np.float32) for bins in (88, 88, 264))
        done = 0

        def run(batch: list[tuple[int, Samples]]) -> tuple[list[int], list[Frames]]:
            windows = np.stack([window for _, window in batch])[..., np.newaxis]
            return [index for index, _ in batch], self._session.run(_OUTPUTS, {entry: windows})

        with ThreadPoolExecutor(self._threads) as threads:
            for indices, found in threads.map(run, _batches(samples, starts, threshold)):
                for row, index in enumerate(indices):
                    place = slice(index * _WINDOW_FRAMES, (index + 1) * _WINDOW_FRAMES)
                    for whole, part in zip((note, onset, contour), found, strict=True):
                        whole[place] = part[row, _EDGE_FRAMES:-_EDGE_FRAMES]
                    done = index + 1
                if progress is not None:
                    progress(done / len(starts))
        if progress is not None and done < len(starts):
            progress(1.0)
        window, frame = np.divmod(np.arange(frames), _WINDOW_FRAMES)
        # A window steps 141.27 hops and gives 142 frames, so times are counted from the start of each window.
        times = (window * _WINDOW_HOP + frame * HOP) / RATE_HZ
        kept = int(np.searchsorted(times, len(samples) / RATE_HZ))
        return Posteriorgrams(note[:kept], onset[:kept], contour[:kept], times[:kept])


_OUTPUTS = ["StatefulPartitionedCall:1", "StatefulPartitionedCall:2", "StatefulPartitionedCall:0"]
"""note, onset, contour."""


def _batches(samples: Samples, starts: range, threshold: float) -> Iterator[list[tuple[int, Samples]]]:
    """(index, window) of the windows that are not silent, a few at a time."""
    lead = _EDGE_FRAMES * HOP
    batch: list[tuple[int, Samples]] = []
    for index, start in enumerate(starts):
        window = np.zeros(_WINDOW, np.float32)
        first = max(0, start - lead)
        part = samples[first : start - lead + _WINDOW]
        at = first - (start - lead)
        window[at : at + len(part)] = part
        if float(np.abs(part).max(initial=0.0)) >= threshold:
            batch.append((index, window))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _model_file() -> Path:
    found = find_spec("basic_pitch")
    folders = found.submodule_search_locations if found else None
    if not folders:
        raise MissingPart("hearing notes needs the package basic_pitch", hint=install_command("basic_pitch"))
    return Path(folders[0]) / "saved_models" / "icassp_2022" / "nmp.onnx"
