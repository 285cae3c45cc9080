"""Pitches by name, in hertz, and ranges of them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from midi.errors import InvalidMusic
from midi.scale import parse_pitch_class

_SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


def parse_pitch(text: str) -> int:
    """`"C4"` → 60 (C4 is middle C), `"Eb3"` → 51, `"60"` → 60. Raises `InvalidMusic`."""
    found = re.fullmatch(r"\s*([A-Ga-g])([#b♯♭]?)(-?\d+)\s*", text)
    if found:
        letter = parse_pitch_class(found[1])
        sign = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}[found[2]]
        pitch = letter + sign + 12 * (int(found[3]) + 1)
    elif re.fullmatch(r"\s*\d+\s*", text):
        pitch = int(text)
    else:
        raise InvalidMusic(f"{text!r} is not a pitch", hint="give a pitch such as C4 (middle C) or Eb3")
    if not 0 <= pitch <= 127:
        raise InvalidMusic(f"{text!r} is outside C-1..G9", hint="give a pitch such as C4 (middle C)")
    return pitch


def pitch_name(pitch: int, *, flats: bool = False) -> str:
    """60 → `"C4"`, 61 → `"C#4"` or, with `flats`, `"Db4"`."""
    return f"{(_FLAT_NAMES if flats else _SHARP_NAMES)[pitch % 12]}{pitch // 12 - 1}"


def hz_from_midi(pitch: float) -> float:
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def midi_from_hz(hz: float) -> float:
    return 69.0 + 12.0 * math.log2(hz / 440.0)


@dataclass(frozen=True, slots=True)
class PitchRange:
    """The lowest and highest pitch allowed, both included. Raises `InvalidMusic`."""

    low: int = 0
    high: int = 127

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= 127:
            raise InvalidMusic(f"range {self.low}..{self.high} is not within 0..127, low to high", hint="give C3-C5")

    def __contains__(self, pitch: int) -> bool:
        return self.low <= pitch <= self.high

    def __str__(self) -> str:
        return f"{pitch_name(self.low)}-{pitch_name(self.high)}"

    @classmethod
    def parse(cls, text: str) -> PitchRange:
        """`"C3-C5"` as a range."""
        found = re.fullmatch(r"\s*([A-Ga-g]?[#b♯♭]?-?\d+)\s*(?:-|\.\.|–|to)\s*([A-Ga-g]?[#b♯♭]?-?\d+)\s*", text)
        if not found:
            raise InvalidMusic(f"range {text!r} is not one", hint="give two pitches such as C3-C5")
        low, high = parse_pitch(found[1]), parse_pitch(found[2])
        if low > high:
            raise InvalidMusic(f"range {text!r} goes down", hint=f"give the low pitch first: {cls(high, low)}")
        return cls(low, high)
