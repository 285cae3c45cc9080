"""How the pitch of a note moves while it sounds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from midi.errors import InvalidMusic
from midi.note import on_grid

CHANNEL_RANGE_SEMITONES = 2
"""How far a channel's pitch bend reaches: what synthesisers take for granted."""
MPE_RANGE_SEMITONES = 48
"""How far a note's own pitch bend reaches by the MPE specification (MIDI Association, RP-053)."""


@dataclass(frozen=True, slots=True, order=True)
class Bend:
    """`beats` after its note begins, the pitch is `semitones` away from the note's own. Raises `InvalidMusic`."""

    beats: float
    semitones: float

    def __post_init__(self) -> None:
        if self.beats < 0 or not math.isfinite(self.semitones) or abs(self.semitones) > MPE_RANGE_SEMITONES:
            raise InvalidMusic(
                f"a bend of {self.semitones:g} semitones after {self.beats:g} beats is not one",
                hint=f"bend by {MPE_RANGE_SEMITONES} semitones at most, while the note sounds",
            )
        object.__setattr__(self, "beats", on_grid(self.beats))


Bends = tuple[tuple[Bend, ...], ...]
"""The bends of each note of a clip, in the order of its notes."""
