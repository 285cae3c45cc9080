"""Keys and scales: names, pitch classes, and moving along a scale."""

from __future__ import annotations

import re
from dataclasses import dataclass

from midi.errors import InvalidMusic

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
}
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
# The number of sharps (+) or flats (-) of the major key on each pitch class, spelled the usual way.
_FIFTHS = {0: 0, 1: -5, 2: 2, 3: -3, 4: 4, 5: -1, 6: 6, 7: 1, 8: -4, 9: 3, 10: -2, 11: 5}
_SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


def parse_pitch_class(name: str) -> int:
    """`"F#"` → 6. Raises `InvalidMusic`."""
    name = name.strip()
    letter, sign = name[:1].upper(), name[1:]
    if letter not in _LETTERS or sign not in _SIGNS:
        raise InvalidMusic(f"{name!r} is not a note name", hint="give a letter A..G with # or b, such as Eb")
    return (_LETTERS[letter] + _SIGNS[sign]) % 12


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic pitch class 0..11 (0 = C) and a mode from `MODES`. Raises `InvalidMusic`."""

    tonic: int = 0
    mode: str = "major"

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise InvalidMusic(f"tonic {self.tonic} is outside 0..11", hint="give a pitch class, C = 0")
        if self.mode not in MODES:
            raise InvalidMusic(f"mode {self.mode!r} is unknown", hint=f"known modes: {', '.join(MODES)}")

    def __str__(self) -> str:
        return f"{self.tonic_name} {self.mode}"

    @property
    def fifths(self) -> int:
        """Sharps (positive) or flats (negative) in the key signature, -6..6."""
        return _FIFTHS[self.relative_major]

    @property
    def relative_major(self) -> int:
        """The pitch class of the major key with the same signature."""
        offsets = {"minor": 3, "harmonic minor": 3, "melodic minor": 3, "dorian": -2, "phrygian": -4, "lydian": -5}
        offsets |= {"mixolydian": 5, "locrian": 1}
        return (self.tonic + offsets.get(self.mode, 0)) % 12

    @property
    def flats(self) -> bool:
        """Whether the key is spelled with flats."""
        return self.fifths < 0

    @property
    def tonic_name(self) -> str:
        return (_FLAT_NAMES if self.flats else _SHARP_NAMES)[self.tonic]

    @property
    def minor(self) -> bool:
        """Whether the third above the tonic is minor."""
        return MODES[self.mode][2] == 3

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        return tuple((self.tonic + step) % 12 for step in MODES[self.mode])

    def __contains__(self, pitch: int) -> bool:
        return (pitch - self.tonic) % 12 in MODES[self.mode]

    def degree(self, pitch: int) -> tuple[int, int]:
        """The scale degree of `pitch` and its alteration.

        The degree counts scale steps from the tonic in octave 0 (7 an octave, may be negative); the alteration is the
        number of semitones above that step (0 within the key).
        """
        octave, within = divmod(pitch - self.tonic, 12)
        steps = MODES[self.mode]
        index = max(i for i, step in enumerate(steps) if step <= within)
        return octave * 7 + index, within - steps[index]

    def pitch(self, degree: int, alteration: int = 0) -> int:
        """The pitch of a scale degree; the inverse of `degree`."""
        octave, index = divmod(degree, 7)
        return self.tonic + 12 * octave + MODES[self.mode][index] + alteration

    def step(self, pitch: int, steps: int) -> int:
        """`pitch` moved along the scale; a chromatic alteration is kept where it stays one."""
        degree, alteration = self.degree(pitch)
        return self.pitch(degree + steps, alteration)

    def snapped(self, pitch: int) -> int:
        """The nearest pitch of the key, the lower one when two are as near."""
        return next(pitch + d for d in (0, -1, 1, -2, 2) if pitch + d in self)

    @classmethod
    def parse(cls, text: str) -> Key:
        """`"D minor"`, `"F# dorian"`, `"Bb"`, `"Am"` as a key. Raises `InvalidMusic`."""
        found = re.fullmatch(r"\s*([A-Ga-g][#b♯♭]?)\s*(.*?)\s*", text)
        if not found:
            raise InvalidMusic(f"key {text!r} is not one", hint='give a key such as "D minor" or "Bb major"')
        # "M" and "m" differ, so they are read before the case is dropped.
        mode = {"": "major", "M": "major", "maj": "major", "m": "minor", "min": "minor"}.get(found[2], found[2].lower())
        if mode not in MODES:
            raise InvalidMusic(f"mode {found[2]!r} is unknown", hint=f"known modes: {', '.join(MODES)}")
        return cls(parse_pitch_class(found[1]), mode)
