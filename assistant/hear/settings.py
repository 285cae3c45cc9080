"""What is asked of the ear."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from midi.scale import Key
from midi.tempo import Meter, Tempo


@dataclass(frozen=True, slots=True)
class HearSettings:
    """None leaves it to the ear; a `grid` of None means sixteenths, or triplets or swung eighths where they are heard.

    `strength`, 0..1, is how far each note is moved to the grid from where it was sung. `first_bar_seconds` is when a
    bar line falls in the recording, where it is known, as it is of one that was made to a DAW's bars.

    `tracker` is a name in `TRACKERS`; empty, it is the best for one voice, or for many with `polyphonic`. `anyway`
    takes the notes of what sounds like no voice at all. `bends` is how the notes carry what was sung beside what was
    meant: not at all, as the bends of one channel, or as MPE.
    """

    tempo: Tempo | None = None
    key: Key | None = None
    meter: Meter | None = None
    grid: Fraction | None = None
    strength: float = 1.0
    first_bar_seconds: float | None = None
    polyphonic: bool = False
    tracker: str = ""
    anyway: bool = False
    bends: Literal["", "channel", "mpe"] = ""
