"""A melody in ticks: what techniques work on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from midi.compare import top_line
from midi.harmony import stress
from midi.motif import Motif
from midi.note import TICKS_PER_BEAT, Note
from midi.scale import Key
from midi.tempo import Meter

GRID_TICKS = TICKS_PER_BEAT // 24
"""1/24 beat: what new note lengths are made of. Exact for triplets and 32nds."""
SHORTEST_TICKS = 6 * GRID_TICKS
"""The shortest note that a technique writes: a 16th."""


class Tone(NamedTuple):
    """A note of one voice in whole ticks, 480 to the quarter note."""

    start: int
    pitch: int
    length: int
    velocity: int = 80

    @property
    def end(self) -> int:
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Phrase:
    """One voice: tones in order, none overlapping, over whole bars from a bar line. A pick-up is a first bar that
    begins with silence."""

    tones: tuple[Tone, ...]
    bars: int = 1
    meter: Meter = field(default_factory=Meter)
    key: Key = field(default_factory=Key)

    @property
    def bar_ticks(self) -> int:
        return 4 * TICKS_PER_BEAT * self.meter.numerator // self.meter.denominator

    @property
    def pulse_ticks(self) -> int:
        """The felt beat."""
        return (12 if self.meter.compound else 4) * TICKS_PER_BEAT // self.meter.denominator

    @property
    def half_pulse_ticks(self) -> int:
        """The usual part of the felt beat: a half, in compound metres a third."""
        return self.pulse_ticks // (3 if self.meter.compound else 2)

    @property
    def length(self) -> int:
        return self.bars * self.bar_ticks

    @property
    def downbeat(self) -> int:
        """The first bar line at or after which the melody proper begins: 0, or one bar on where bar 1 is a pick-up (no
        more than half of it sounds)."""
        first = self.tones[0].start if self.tones else 0
        return self.bar_ticks if self.bars > 1 and self.bar_ticks // 2 <= first < self.bar_ticks else 0

    def stress(self, tick: int) -> int:
        """How stressed a moment is, 0..4: `midi.harmony.stress`."""
        return _stress(self.meter, tick % self.bar_ticks)

    def with_tones(self, tones: Iterable[Tone]) -> Phrase:
        return replace(self, tones=tuple(tones))

    def bars_between(self, first: int, last: int) -> Phrase:
        """Bars first..last, counted from 0, the last one included, moved to tick 0 and cut at the end."""
        start, end = first * self.bar_ticks, (last + 1) * self.bar_ticks
        return replace(self, tones=cut_between(self.tones, start, end), bars=last - first + 1)


def melody_of(motif: Motif) -> Phrase:
    """The top line of a motif."""
    tones = (tone_of(note) for note in top_line(motif.notes))
    return Phrase(tuple(tones), motif.bars, motif.meter, motif.key)


def tone_of(note: Note) -> Tone:
    start = note.start_ticks
    return Tone(start, note.pitch, note.end_ticks - start, note.velocity)


def note_of(tone: Tone) -> Note:
    return Note(tone.start / TICKS_PER_BEAT, tone.pitch, tone.length / TICKS_PER_BEAT, tone.velocity)


def cut_between(tones: Sequence[Tone], start: int, end: int) -> tuple[Tone, ...]:
    """Of tones in order those that begin in [start, end), moved to tick 0 and cut at the end."""
    first, stop = bisect_left(tones, (start,)), bisect_left(tones, (end,))
    part = shifted(tones[first:stop], -start)
    if part and part[-1].end > end - start:
        return (*part[:-1], part[-1]._replace(length=end - start - part[-1].start))
    return part


def until(tones: Iterable[Tone], end: int) -> tuple[Tone, ...]:
    """The tones that begin before `end`, cut there."""
    return tuple(t if t.end <= end else t._replace(length=end - t.start) for t in tones if t.start < end)


def shifted(tones: Iterable[Tone], ticks: int) -> tuple[Tone, ...]:
    """The same tones later by `ticks`."""
    if ticks == 0:
        return tuple(tones)
    return tuple(Tone(t.start + ticks, t.pitch, t.length, t.velocity) for t in tones)


def stepped(tones: Iterable[Tone], key: Key, steps: int) -> tuple[Tone, ...]:
    """The same tones moved along the scale."""
    return tuple(Tone(t.start, moved(key, t.pitch, steps), t.length, t.velocity) for t in tones)


def repitched(tones: Sequence[Tone], pitches: Iterable[int]) -> tuple[Tone, ...]:
    """The same rhythm with other pitches."""
    return tuple(Tone(t.start, p, t.length, t.velocity) for t, p in zip(tones, pitches, strict=True))


@lru_cache(maxsize=8192)
def moved(key: Key, pitch: int, steps: int) -> int:
    """`pitch` moved along the scale; a chromatic note moves as the scale note below it does and keeps its alteration
    unless that would meet the next scale note."""
    degree, alteration = key.degree(pitch)
    target = key.pitch(degree + steps)
    return min(target + alteration, key.pitch(degree + steps + 1) - 1) if alteration else target


@lru_cache(maxsize=8192)
def degree(key: Key, pitch: int) -> int:
    """The scale step of `pitch`, 7 an octave; of a chromatic note that of the scale note below."""
    return key.degree(pitch)[0]


_stress = lru_cache(maxsize=4096)(stress)
