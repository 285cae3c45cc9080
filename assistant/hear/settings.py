"""What is asked of the ear."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from midi.scale import Key
from midi.tempo import Meter, Tempo


@dataclass(frozen=True, slots=True)
class HearSettings:
    """None leaves it to the ear; a `grid` of None means sixteenths.

    `tracker` is a name in `TRACKERS`; empty, it is the best for one voice, or for many with `polyphonic`. `anyway`
    takes the notes of what sounds like no voice at all. `bends` is how the notes carry what was sung beside what was
    meant: not at all, as the bends of one channel, or as MPE.
    """

    tempo: Tempo | None = None
    key: Key | None = None
    meter: Meter | None = None
    grid: Fraction | None = None
    polyphonic: bool = False
    tracker: str = ""
    anyway: bool = False
    bends: Literal["", "channel", "mpe"] = ""
