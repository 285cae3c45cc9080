"""Tempo and metre: between seconds, beats and bars."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from midi.errors import InvalidMusic

SLOWEST_BPM, FASTEST_BPM = 10.0, 960.0


@dataclass(frozen=True, slots=True)
class Tempo:
    """Quarter notes a minute, within 10..960. Raises `InvalidMusic`."""

    bpm: float = 120.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.bpm) and SLOWEST_BPM <= self.bpm <= FASTEST_BPM):
            raise InvalidMusic(
                f"tempo {self.bpm:g} BPM is outside {SLOWEST_BPM:g}..{FASTEST_BPM:g}", hint="give a tempo such as 96"
            )

    def seconds(self, beats: float) -> float:
        return beats * 60.0 / self.bpm

    def beats(self, seconds: float) -> float:
        return seconds * self.bpm / 60.0


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature; `bar_beats` is the length of a bar in quarter notes. Raises `InvalidMusic`."""

    numerator: int = 4
    denominator: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= 32 or self.denominator not in (1, 2, 4, 8, 16, 32):
            raise InvalidMusic(f"metre {self.numerator}/{self.denominator} is not one", hint="give a metre such as 3/4")

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @property
    def bar_beats(self) -> float:
        return 4.0 * self.numerator / self.denominator

    @property
    def compound(self) -> bool:
        """The beat that is felt has three parts: 6/8, 9/8, 12/8."""
        return self.denominator >= 8 and self.numerator % 3 == 0 and self.numerator > 3

    @property
    def pulse_beats(self) -> float:
        """The felt beat in quarter notes: 1 in 4/4, 1.5 in 6/8."""
        return (12.0 if self.compound else 4.0) / self.denominator

    @classmethod
    def parse(cls, text: str) -> Meter:
        """`"3/4"` as a metre."""
        found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
        if not found:
            raise InvalidMusic(f"metre {text!r} is not one", hint="give a metre such as 3/4")
        return cls(int(found[1]), int(found[2]))
