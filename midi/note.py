"""A note: when it starts, how long it sounds, how high and how loud."""

from __future__ import annotations

from dataclasses import dataclass, replace

from midi.errors import InvalidNote

TICKS_PER_BEAT = 480
"""The grid on which every time in beats lies: exact for triplets and 64ths, 1 ms at 120 BPM."""


def on_grid(beats: float) -> float:
    """`beats` on the tick grid, so that equal times are equal numbers."""
    return round(beats * TICKS_PER_BEAT) / TICKS_PER_BEAT


def ticks(beats: float) -> int:
    """`beats` in ticks, 480 to the beat (a beat is a quarter note)."""
    return round(beats * TICKS_PER_BEAT)


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note. A beat is a quarter note, whatever the metre.

    `start_beats` ≥ 0 and `length_beats` > 0 are put on the tick grid; `pitch` is a MIDI note number (60 = C4);
    `velocity` 1..127. Raises `InvalidNote`.
    """

    start_beats: float
    pitch: int
    length_beats: float
    velocity: int = 80

    def __post_init__(self) -> None:
        if not 0 <= self.pitch <= 127:
            raise InvalidNote(f"pitch {self.pitch} is outside 0..127", hint="transpose the clip")
        if not 1 <= self.velocity <= 127:
            raise InvalidNote(f"velocity {self.velocity} is outside 1..127", hint="scale the velocities")
        start, length = on_grid(self.start_beats), on_grid(self.length_beats)
        if start < 0:
            raise InvalidNote(f"start {self.start_beats} beats is before the clip", hint="move the note later")
        if length <= 0:
            raise InvalidNote(
                f"length {self.length_beats} beats is shorter than 1/{TICKS_PER_BEAT} beat", hint="lengthen the note"
            )
        object.__setattr__(self, "start_beats", start)
        object.__setattr__(self, "length_beats", length)

    @property
    def end_beats(self) -> float:
        return on_grid(self.start_beats + self.length_beats)

    @property
    def start_ticks(self) -> int:
        return ticks(self.start_beats)

    @property
    def end_ticks(self) -> int:
        return ticks(self.start_beats) + ticks(self.length_beats)

    def moved(self, beats: float) -> Note:
        return replace(self, start_beats=self.start_beats + beats)

    def transposed(self, semitones: int) -> Note:
        return replace(self, pitch=self.pitch + semitones)
