"""A recording as a value, and the files it grows in: whatever happens, what was written can be read again.

While it grows it is `NAME.recording.wav`, with its facts beside it in `NAME.json`; finished, its silence cut off, it is
`NAME.wav`, and the whole of it `NAME.whole.wav`.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from assistant.files import write_whole
from midi.tempo import Meter

if TYPE_CHECKING:
    from assistant.audio import Audio
    from bridge.clock import Timeline

Ending = Literal["stopped", "limit", "lost", "recovered"]
GROWING, WHOLE = ".recording.wav", ".whole.wav"
HEADER_BYTES = 44
SAMPLE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where the music was when it began, as whoever led said: enough to give any moment its beat and its bar.

    Bar `bar_number` begins at `bar_line_beats`.
    """

    beats: float = 0.0
    at_seconds: float = 0.0
    tempo_bpm: float = 120.0
    meter: str = "4/4"
    running: bool = False
    bar_line_beats: float = 0.0
    bar_number: int = 1

    @classmethod
    def of(cls, line: Timeline) -> Place:
        """As the leader's timeline says it."""
        bars = (line.bar_line_beats, line.bar_number)
        return cls(line.beats, line.at_seconds, line.tempo_bpm, str(line.meter), line.running, *bars)

    def beats_at(self, seconds: float) -> float:
        return self.beats + (seconds - self.at_seconds) * self.tempo_bpm / 60.0 if self.running else self.beats

    def bar_at(self, seconds: float) -> int:
        """The number of the bar, 0 where nobody led or before the song begins."""
        if not self.running:
            return 0
        since = self.beats_at(seconds) - self.bar_line_beats
        return max(0, int(since // Meter.parse(self.meter).bar_beats) + self.bar_number)


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished recording. `path` is without the silence around it, but for a quarter of a second before.

    `began_at_seconds` (of `time.perf_counter`) and `began_beats` are those of its first sample, latency taken off;
    `dropped_frames` were lost on the way and are silence in it. `ending`: "limit" after 15 minutes, "lost" where the
    input went away, "recovered" after a crash. `silent`: nothing was louder than -55 dBFS, and nothing was cut off.
    """

    path: Path
    whole_path: Path
    sample_rate_hz: int
    channels: int
    frames: int
    began_at_seconds: float
    began_beats: float
    place: Place
    trimmed_seconds: float
    dropped_frames: int
    peak_dbfs: float
    clipped: bool
    silent: bool
    ending: Ending

    @property
    def duration_seconds(self) -> float:
        return self.frames / self.sample_rate_hz

    def read(self) -> Audio:
        """Its sound. Raises what `assistant.audio.read_audio` raises."""
        from assistant.audio import read_audio

        return read_audio(self.path)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is written beside a recording as it begins."""

    sample_rate_hz: int
    channels: int
    began_at_seconds: float
    place: Place

    def write(self, path: Path) -> None:
        write_whole(path, json.dumps(asdict(self)).encode())

    @classmethod
    def read(cls, path: Path) -> Facts:
        """Raises `OSError`, `ValueError`, `LookupError` or `TypeError` where they are not there or broken."""
        told = json.loads(path.read_text())
        return cls(told["sample_rate_hz"], told["channels"], told["began_at_seconds"], Place(**told["place"]))


def header(rate_hz: int, channels: int, data_bytes: int) -> bytes:
    """The beginning of a WAV file of float32 samples."""
    frame = SAMPLE_BYTES * channels
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + data_bytes, b"WAVE", b"fmt ", 16, 3, channels, rate_hz, rate_hz * frame, frame, 32),
        *(b"data", data_bytes),
    )


class GrowingFile:
    """A WAV file that may be cut off at any moment: its sizes are put right, and the disk made to keep it, by `keep`.

    It is locked while it grows, so that nobody takes it for one that was left behind.
    """

    def __init__(self, path: Path, rate_hz: int, channels: int) -> None:
        self.path, self._rate_hz, self._channels = path, rate_hz, channels
        self._bytes = 0
        self._file: IO[bytes] = path.open("wb")
        lock(self._file)
        self._file.write(header(rate_hz, channels, 0))

    @property
    def frames(self) -> int:
        return self._bytes // (SAMPLE_BYTES * self._channels)

    def write(self, samples: bytes) -> None:
        self._file.write(samples)
        self._bytes += len(samples)

    def keep(self) -> None:
        self._file.seek(0)
        self._file.write(header(self._rate_hz, self._channels, self._bytes))
        self._file.seek(0, os.SEEK_END)
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self.keep()
        self._file.close()


def lock(file: IO[bytes]) -> bool:
    """Takes the file for this process; false where another has it."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def left_behind(folder: Path) -> Iterator[Path]:
    """The recordings in `folder` that grow no more though nobody finished them."""
    for path in sorted(folder.glob(f"*{GROWING}")):
        with path.open("rb") as file:
            if lock(file):
                yield path


def recover_unfinished(folder: Path) -> tuple[Recording, ...]:
    """Finishes every recording that a crash left behind; one that holds no sound at all is removed."""
    if not any(folder.glob(f"*{GROWING}")):
        return ()
    from bridge.capture.trim import finished

    found = [finished(path, ending="recovered") for path in left_behind(folder)]
    return tuple(recording for recording in found if recording is not None)
