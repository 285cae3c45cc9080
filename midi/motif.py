"""A motif: a clip with its key, metre and tempo, whole bars long."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from midi.clip import Clip
from midi.note import Note, on_grid
from midi.scale import Key
from midi.tempo import Meter, Tempo


@dataclass(frozen=True, slots=True)
class Motif:
    """A musical idea. It starts on a bar line and is a whole number of bars long; a pick-up is a first bar that begins
    with silence. The clip is lengthened to the next bar line where it does not end on one. `drums` says that its
    pitches are the sounds of a drum kit, as General MIDI numbers them.
    """

    clip: Clip
    key: Key = field(default_factory=Key)
    meter: Meter = field(default_factory=Meter)
    tempo: Tempo = field(default_factory=Tempo)
    drums: bool = False

    def __post_init__(self) -> None:
        bar = self.meter.bar_beats
        bars = max(1, math.ceil(on_grid(self.clip.length_beats) / bar - 1e-9))
        if self.clip.length_beats != bars * bar:
            object.__setattr__(self, "clip", replace(self.clip, length_beats=bars * bar))

    @property
    def bars(self) -> int:
        return round(self.clip.length_beats / self.meter.bar_beats)

    @property
    def notes(self) -> tuple[Note, ...]:
        return self.clip.notes

    @property
    def length_seconds(self) -> float:
        return self.tempo.seconds(self.clip.length_beats)

    def bar(self, number: int) -> Clip:
        """The notes that start in bar `number` (the first is 1), from beat 0 of that bar."""
        bar = self.meter.bar_beats
        return self.clip.between((number - 1) * bar, number * bar)

    def bar_of(self, note: Note) -> int:
        """The number of the bar in which a note starts; the first is 1."""
        return int(note.start_beats // self.meter.bar_beats) + 1

    def with_notes(self, notes: tuple[Note, ...]) -> Motif:
        return replace(self, clip=self.clip.with_notes(notes))
