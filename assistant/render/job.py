"""What is asked of a rendering, what engines are handed, and the table of engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assistant.errors import InvalidBrief
from assistant.readiness import Readiness
from midi.tempo import Tempo

if TYPE_CHECKING:
    from assistant.audio import Samples

SAMPLE_RATES_HZ = (44_100, 48_000, 88_200, 96_000)

ENGINES: dict[str, str] = {
    "fluidsynth": "assistant.render.fluidsynth:FluidSynth",
    "tinysoundfont": "assistant.render.tinysoundfont:TinySoundFont",
}
"""name → engine that plays the General MIDI sounds, the preferred first. An instrument `ENGINE:NAME` is played by that
engine, which knows the name."""

OWN_SOUNDS: dict[str, str] = {"timbre": "assistant.timbre.engine:NeuralTimbre"}
"""name → engine with sounds of its own, asked for as `ENGINE:NAME` alone."""


@dataclass(frozen=True, slots=True)
class RenderJob:
    """How to make notes sound.

    `instrument` is a musician's name, one of the composer's presets, or `ENGINE:NAME`. `tempo` None means the motif's
    own. `channels` 1 or 2. `soundfont` and `engine` None mean the instrument's, the configured, then the best that is
    installed. The tail is kept until it has decayed by 80 dB, `longest_tail_seconds` at most. `seed` is for engines
    that draw; `room` 0..1 for timbres: how much of the room that one was recorded in. Raises `InvalidBrief`.
    """

    instrument: str = "piano"
    tempo: Tempo | None = None
    sample_rate_hz: int = 48_000
    channels: int = 2
    soundfont: Path | None = None
    engine: str | None = None
    gain_db: float = 0.0
    longest_tail_seconds: float = 10.0
    seed: int = 0
    room: float = 1.0

    def __post_init__(self) -> None:
        if self.sample_rate_hz not in SAMPLE_RATES_HZ:
            known = ", ".join(str(rate) for rate in SAMPLE_RATES_HZ)
            raise InvalidBrief(f"sample rate {self.sample_rate_hz} Hz is not one of {known}", hint="48000 suits most")
        if self.channels not in (1, 2):
            raise InvalidBrief(f"{self.channels} channels cannot be rendered", hint="ask for 1 or 2")
        if not -60.0 <= self.gain_db <= 24.0:
            raise InvalidBrief(f"gain {self.gain_db:g} dB is outside -60..24", hint="bring it within the range")
        if not 0.0 <= self.room <= 1.0:
            raise InvalidBrief(f"room {self.room:g} is outside 0..1", hint="0 is dry, 1 as it was recorded")
        if not 0.0 <= self.longest_tail_seconds <= 60.0:
            raise InvalidBrief(
                f"a tail of {self.longest_tail_seconds:g} s is outside 0..60", hint="10 s is enough for a gong"
            )


@dataclass(frozen=True, slots=True, order=True)
class TimedNote:
    """A note at `start` to `end` in samples; the end is always after the start."""

    start: int
    end: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Used:
    """Something that went into a sound and whose licence counts."""

    kind: str
    name: str
    licence_spdx: str


class Engine(Protocol):
    """What plays notes. `job.instrument` comes without the engine's prefix."""

    def check(self) -> Readiness:
        """Whether it can play here, and what to do where it cannot."""
        ...

    def play(self, notes: Sequence[TimedNote], length: int, job: RenderJob) -> Samples:
        """The sound, float32 of shape (2, samples): `length` samples at least, and the tail. Sample 0 is time 0; its
        level is free. A new array: the caller may change it.
        """
        ...

    def used(self, job: RenderJob) -> tuple[Used, ...]:
        """What the sound of `job` is made with."""
        ...
