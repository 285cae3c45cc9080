"""What is exported: parts with notes, audio or both, each at its bar."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from assistant.audio import Audio
from assistant.text import file_name
from midi.clip import Clip
from midi.errors import InvalidMusic
from midi.scale import Key
from midi.score import Marker
from midi.tempo import Meter, Tempo


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A track: its clip and its audio begin on the line of bar `at_bar` (the first is 1). Raises `InvalidMusic`."""

    name: str
    clip: Clip | None = None
    audio: Audio | None = None
    at_bar: int = 1
    program: int | None = None

    def __post_init__(self) -> None:
        if self.at_bar < 1:
            raise InvalidMusic(f"bar {self.at_bar} is before the first", hint="count bars from 1")


@dataclass(frozen=True, slots=True)
class Laid:
    """Where one thing of an export lies: the bar of its first note or sound, and the bar at which its file begins."""

    kind: Literal["notes", "audio"]
    track: str
    at_bar: int
    begins_at_bar: int
    file: str


@dataclass(frozen=True, slots=True)
class Export:
    """An export on disk: where it is, the identity it was given, what it holds."""

    path: Path
    identity: str
    laid: tuple[Laid, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """Parts under one tempo and metre. `markers` are in quarter notes from bar 1.

    `untimed`: the parts are sound that keeps to no tempo that is known, so none is told with them. Raises
    `InvalidMusic`.
    """

    title: str
    tempo: Tempo
    meter: Meter
    parts: tuple[Part, ...]
    key: Key | None = None
    markers: tuple[Marker, ...] = field(default=())
    made_at: datetime | None = None
    untimed: bool = False

    def __post_init__(self) -> None:
        if not any(part.clip is not None or part.audio is not None for part in self.parts):
            raise InvalidMusic("there is nothing to export: no notes and no audio", hint="add a part that has either")

    def start_beats(self, part: Part) -> float:
        return (part.at_bar - 1) * self.meter.bar_beats

    def start_samples(self, part: Part, sample_rate_hz: int) -> int:
        """Where the part begins on the timeline, in samples."""
        return round(self.tempo.seconds(self.start_beats(part)) * sample_rate_hz)

    def end_samples(self, sample_rate_hz: int) -> int:
        """How long every stem is that begins at bar 1: to the bar line after the last sound, in samples."""
        bar = self.tempo.seconds(self.meter.bar_beats)
        ends = (
            # The last sample may begin on the bar line: a sample's worth of rounding does not make another bar.
            (self.start_samples(part, rate) + part.audio.length - 1 + 1e-6) / rate
            for part in self.parts
            if part.audio is not None and (rate := part.audio.sample_rate_hz)
        )
        bars = math.ceil(max(ends, default=0.0) / bar)
        return math.ceil(bars * bar * sample_rate_hz)

    def part_names(self) -> tuple[str, ...]:
        """A name for each part that no other part of the song has, fit for files."""
        names: list[str] = []
        for part in self.parts:
            name = wanted = file_name(part.name, otherwise="Track")
            number = 2
            while name.casefold() in (other.casefold() for other in names):
                name, number = f"{wanted}-{number}", number + 1
            names.append(name)
        return tuple(names)

    @property
    def stem(self) -> str:
        """How the song's files begin: `Song_120bpm_Am`, title, tempo and key, as far as they are known."""
        tempo = "" if self.untimed else f"{round(self.tempo.bpm, 2):g}bpm"
        fields = (file_name(self.title, otherwise="Untitled"), tempo, key_tag(self.key) if self.key else "")
        return "_".join(field for field in fields if field)


def key_tag(key: Key) -> str:
    """`"Am"`, `"F#"`, `"D-dorian"`: a key as musicians write it in file names."""
    short = {"major": "", "minor": "m"}.get(key.mode, f"-{key.mode.replace(' ', '-')}")
    return f"{key.tonic_name}{short}"
