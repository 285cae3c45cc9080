"""A melody under its terms as the model reads it, page by page, and back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.vary.learned.constraints import Constraints
from assistant.vary.learned.features import Rows
from assistant.vary.learned.harmony import chord_span, chords_of
from assistant.vary.learned.sampling import Passage
from assistant.vary.learned.steps import (
    HIGHEST,
    LONGEST_BAR,
    LOWEST,
    MOST_BARS,
    Bars,
    beat_ticks,
    do_below,
    joined_notes,
    metre_index,
    split_into_bars,
)
from assistant.vary.phrase import GRID_TICKS, Phrase, Tone
from assistant.vary.terms import Terms

PAGE_BARS = 8
"""A melody of more than `MOST_BARS` is written in pages of so many; the last one may be longer."""


@dataclass(frozen=True, slots=True)
class Page:
    """Bars from `first` on, counted from 0; `do` is the MIDI pitch from which the model counts."""

    first: int
    do: int
    passage: Passage
    constraints: Constraints

    def tones(self, written: Bars, like: Sequence[Tone]) -> list[Tone]:
        """What the model wrote, in ticks of the melody; a note is as loud as the last one of `like` that began."""
        starts = [tone.start for tone in like]
        ahead = self.first * self.passage.bar_ticks
        found = []
        for onset, end, pitch in joined_notes(written, self.passage.bar_ticks):
            start = (ahead + onset) * GRID_TICKS
            velocity = like[max(0, bisect_right(starts, start) - 1)].velocity
            found.append(Tone(start, pitch + LOWEST + self.do, (end - onset) * GRID_TICKS, velocity))
        return found


def pages_of(terms: Terms) -> list[Page]:
    """The pages of a melody and what must hold on each; none where the model has no symbols for it: a bar longer than
    three whole notes' half, or a note further from the middle than it knows."""
    base = terms.base
    bar = base.bar_ticks // GRID_TICKS
    do = do_below([tone.pitch for tone in base.tones], terms.key.fifths)
    if bar > LONGEST_BAR or any(not LOWEST <= tone.pitch - do <= HIGHEST for tone in base.tones):
        return []
    beat = beat_ticks(base.meter.numerator, base.meter.denominator)
    bars = split_into_bars(on_grid(base, do), base.bars, bar, beat)
    chords = chords_under(terms, do)
    count = 1 if base.bars <= MOST_BARS else base.bars // PAGE_BARS
    starts = [PAGE_BARS * number for number in range(count)]
    meter = base.meter
    locked = {number - 1 for number in terms.brief.locked_bars}
    pinned = {divmod(round(tone.start / GRID_TICKS), bar) for tone in terms.frozen}
    classes = frozenset((pitch - do) % 12 for pitch in terms.allowed)
    found = []
    for first, end in zip(starts, [*starts[1:], base.bars], strict=True):
        passage = Passage(
            bars[first:end],
            metre_index(meter.numerator, meter.denominator),
            bar,
            beat,
            chords[first * bar : end * bar],
        )
        constraints = Constraints(
            locked=frozenset(number - first for number in locked if first <= number < end),
            pinned=frozenset((number - first, onset) for number, onset in pinned if first <= number < end),
            tones=classes,
            lowest=max(0, terms.low - do - LOWEST),
            highest=min(HIGHEST - LOWEST, terms.high - do - LOWEST),
            keep=terms.brief.keep or "",
        )
        found.append(Page(first, do, passage, constraints))
    return found


def chords_under(terms: Terms, do: int) -> Rows:
    """The chords that sound under the melody, 12 bits for each tick; none where there are none or they will be others.
    As in training the melody counts among what sounds."""
    base = terms.base
    bar = base.bar_ticks // GRID_TICKS
    if not terms.under or terms.brief.chords == "reharmonise":
        return np.zeros(base.bars * bar, np.int64)
    lower = [Phrase((tone,), base.bars, base.meter, base.key) for tone in terms.under]
    beat = beat_ticks(base.meter.numerator, base.meter.denominator)
    sheet = Sheet(do, base.bars, bar, beat)
    found = chords_of([sheet.read(phrase) for phrase in (base, *lower)], bar, beat)
    return np.repeat(found, chord_span(bar, beat))


@dataclass(frozen=True, slots=True)
class Sheet:
    """How melodies over the same bars are read as bars of steps, to be compared with each other."""

    do: int
    bars: int
    bar_ticks: int
    beat_ticks: int

    def read(self, phrase: Phrase) -> Bars:
        """A melody as bars; a note beyond what the model knows is read in the nearest octave."""
        notes = []
        for onset, end, pitch in on_grid(phrase, self.do):
            while pitch > HIGHEST - LOWEST:
                pitch -= 12
            while pitch < 0:
                pitch += 12
            notes.append((onset, end, pitch))
        return split_into_bars(notes, self.bars, self.bar_ticks, self.beat_ticks)


def sheet_of(phrase: Phrase) -> Sheet:
    do = do_below([tone.pitch for tone in phrase.tones], phrase.key.fifths)
    beat = beat_ticks(phrase.meter.numerator, phrase.meter.denominator)
    return Sheet(do, phrase.bars, phrase.bar_ticks // GRID_TICKS, beat)


def on_grid(phrase: Phrase, do: int) -> list[tuple[int, int, int]]:
    """The notes in 24ths of a beat with pitches counted from the lowest below `do`; of two that fall on one place the
    later one."""
    length = phrase.length // GRID_TICKS
    notes: list[tuple[int, int, int]] = []
    for tone in phrase.tones:
        onset, end = round(tone.start / GRID_TICKS), round(tone.end / GRID_TICKS)
        if notes and notes[-1][1] > onset:
            last = notes.pop()
            if last[0] < onset:
                notes.append((last[0], onset, last[2]))
        if onset < length:
            notes.append((onset, min(length, max(end, onset + 1)), tone.pitch - do - LOWEST))
    return notes
