"""Notes as they were sung: seconds, fractional pitch, and how sure the ear is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from midi.errors import InvalidNote


@dataclass(frozen=True, slots=True, order=True)
class HeardNote:
    """One sung note.

    `onset_seconds` < `offset_seconds`; `pitch` is a fractional MIDI note number as sung; `confidence` 0..1;
    `velocity` 1..127. Raises `InvalidNote`.
    """

    onset_seconds: float
    offset_seconds: float
    pitch: float
    confidence: float = 1.0
    velocity: int = 80

    def __post_init__(self) -> None:
        if not (math.isfinite(self.onset_seconds) and 0 <= self.onset_seconds < self.offset_seconds):
            raise InvalidNote(
                f"onset {self.onset_seconds} s and offset {self.offset_seconds} s are not in order",
                hint="check the times",
            )
        if not 0 <= self.pitch <= 127:
            raise InvalidNote(f"pitch {self.pitch} is outside 0..127", hint="check the pitch")
        if not 0 <= self.confidence <= 1:
            raise InvalidNote(f"confidence {self.confidence} is outside 0..1", hint="check the confidence")
        if not 1 <= self.velocity <= 127:
            raise InvalidNote(f"velocity {self.velocity} is outside 1..127", hint="check the velocity")

    @property
    def length_seconds(self) -> float:
        return self.offset_seconds - self.onset_seconds
