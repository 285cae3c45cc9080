"""Audio as a value, and reading it from files."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from assistant.errors import CannotRead, UnreadableAudio

if TYPE_CHECKING:
    from soundfile import SoundFile

Samples = NDArray[np.float32]

LONGEST_SECONDS = 15 * 60.0
"""Longer files are refused: an hour of audio would fill the memory, and no motif is that long."""

_CANCELLED = 0.05
"""A mean under this part of its loudest channel is what is left of a voice recorded with one channel inverted."""

_BLOCK_FRAMES = 4096

_TOO_SHORT = re.compile(r"\b(?:RIFF|riff|FORM|Riff size) : (?P<promised>\d+) \(should be (?P<there>\d+)\)")
"""What libsndfile notes of a file that is shorter than its head says, in bytes."""

_NO_PROMISE = 0x7FFFFFFF

_LONGEST_PAGE = 65_307
"""Bytes of an Ogg page."""

_AGAIN = "export or copy it again to have the rest"

_MISSED_SECONDS = 0.1
"""Less than this is a matter of how a decoder pads, and nobody misses it."""

WHAT_READS = "wav, flac, mp3, ogg or aiff"


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """`samples`: float32, shape (channels, samples), nominally within ±1, finite. Raises `UnreadableAudio`.

    `remark` is a sentence for the composer on the file that it was read from: that its end is missing, or nothing.
    """

    samples: Samples
    sample_rate_hz: int
    remark: str = ""

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
        return Audio(np.ascontiguousarray(resampled.T, dtype=np.float32), sample_rate_hz, self.remark)


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
            samples = _read_as_far_as_it_goes(file)
            rate = int(file.samplerate)
            remark = _end_missing(file, samples.shape[1] / rate) or _last_page_missing(file, opened)
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
    return Audio(np.ascontiguousarray(samples), rate, f"{name} {remark}" if remark else "")


def _read_as_far_as_it_goes(file: SoundFile) -> Samples:
    """What can be read, shape (channels, samples)."""
    import soundfile

    try:
        samples: Samples = file.read(dtype="float32", always_2d=True).T
    except soundfile.SoundFileError:
        # A FLAC file whose end is missing gives nothing at once. In blocks only then: soundfile seeks after each, which
        # an MP3 file answers with broken sound.
        file.seek(0)
        blocks: list[Samples] = []
        with suppress(soundfile.SoundFileError):
            while not blocks or len(blocks[-1]):
                blocks.append(file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True))
        if not blocks:
            raise
        samples = np.concatenate(blocks).T
    return samples


def _end_missing(file: SoundFile, seconds: float) -> str:
    """What is to be said of a file of which only `seconds` could be read though its head promises more, or nothing."""
    promised = file.frames / file.samplerate
    said = _TOO_SHORT.search(file.extra_info)
    # A recorder that was never stopped in good order leaves the largest number there is: no promise.
    if said and 0 < int(said["there"]) < int(said["promised"]) < _NO_PROMISE:
        promised *= int(said["promised"]) / int(said["there"])
    if promised - seconds < _MISSED_SECONDS:
        return ""
    return f"ends early: {seconds:.1f} of its {promised:.1f} seconds are there; {_AGAIN}"


def _last_page_missing(file: SoundFile, opened: BinaryIO) -> str:
    """The same of an Ogg file, whose head promises nothing: its last page is marked as such (RFC 3533, section 6)."""
    if file.format != "OGG":
        return ""
    opened.seek(-min(opened.seek(0, io.SEEK_END), 2 * _LONGEST_PAGE), io.SEEK_END)
    ending = opened.read()
    last = ending.rfind(b"OggS")
    ends = 0 <= last < len(ending) - 5 and ending[last + 5] & 4
    return "" if ends else f"ends early; {_AGAIN}"
