"""Audio as a value, and reading it from files."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from assistant.errors import CannotRead, UnreadableAudio

Samples = NDArray[np.float32]

LONGEST_SECONDS = 15 * 60.0
"""Longer files are refused: an hour of audio would fill the memory, and no motif is that long."""

_CANCELLED = 0.05
"""A mean under this part of its loudest channel is what is left of a voice recorded with one channel inverted."""

WHAT_READS = "wav, flac, mp3, ogg or aiff"


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """`samples`: float32, shape (channels, samples), nominally within ±1, finite. Raises `UnreadableAudio`."""

    samples: Samples
    sample_rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise UnreadableAudio(
                f"audio of shape {self.samples.shape} and type {self.samples.dtype} is not (channels, samples) float32",
                hint="reshape it",
            )

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def length(self) -> int:
        """Samples a channel."""
        return int(self.samples.shape[1])

    @property
    def duration_seconds(self) -> float:
        return self.length / self.sample_rate_hz

    @property
    def peak(self) -> float:
        return float(np.abs(self.samples).max(initial=0.0))

    def mono(self) -> Samples:
        """The mean of the channels, shape (samples,); where they cancel each other, the loudest of them."""
        mean: Samples = self.samples.mean(axis=0, dtype=np.float32)
        if self.channels > 1 and self.length:
            levels = np.abs(self.samples).mean(axis=1)
            if np.abs(mean).mean() < _CANCELLED * levels.max():
                mean = self.samples[int(levels.argmax())]
        return mean

    def resampled(self, sample_rate_hz: int) -> Audio:
        """The same audio at another rate (soxr, high quality)."""
        if sample_rate_hz == self.sample_rate_hz:
            return self
        import soxr

        resampled = soxr.resample(self.samples.T, self.sample_rate_hz, sample_rate_hz)
        return Audio(np.ascontiguousarray(resampled.T, dtype=np.float32), sample_rate_hz)


def read_audio(path: Path) -> Audio:
    """The audio in a file that libsndfile reads (wav, flac, mp3, ogg, aiff).

    Raises `CannotRead` for a missing file and `UnreadableAudio` for one that holds no usable audio.
    """
    if not path.exists():
        raise CannotRead(f"{path} does not exist", hint="check the name")
    if path.is_dir():
        raise CannotRead(f"{path} is a folder", hint="give a sound file")
    try:
        with path.open("rb") as file:
            return _decoded(file, path.name)
    except OSError as error:
        raise CannotRead(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error


def decoded(data: bytes, name: str) -> Audio:
    """The audio in a file's bytes; `name` is what errors call it. Raises `UnreadableAudio`."""
    return _decoded(io.BytesIO(data), name)


def _decoded(opened: BinaryIO, name: str) -> Audio:
    import soundfile

    try:
        with soundfile.SoundFile(opened) as file:
            seconds = file.frames / file.samplerate
            if seconds > LONGEST_SECONDS:
                raise UnreadableAudio(
                    f"{name} lasts {seconds / 60:.0f} minutes, over the limit of {LONGEST_SECONDS / 60:.0f}",
                    hint="cut out the part that matters",
                )
            samples = file.read(dtype="float32", always_2d=True).T
            rate = int(file.samplerate)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise UnreadableAudio(
            f"{name} is not a sound file that can be read", hint=f"export it again as {WHAT_READS}"
        ) from error
    if samples.shape[1] == 0:
        raise UnreadableAudio(f"{name} holds no audio", hint="record or export it again")
    broken = int(np.size(samples) - np.isfinite(samples).sum())
    if broken:
        raise UnreadableAudio(
            f"{name} holds {broken} samples that are not numbers", hint=f"export it again as 24-bit {WHAT_READS}"
        )
    return Audio(np.ascontiguousarray(samples), rate)
