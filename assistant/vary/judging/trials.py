"""Motifs that decide: held-out passages, each with a variation that a human wrote in the band that is asked for."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.vary.learned.likeness import Likeness, likeness
from assistant.vary.learned.page import Sheet
from assistant.vary.learned.pairs import Pair, mine_pairs, passage
from assistant.vary.learned.sections import Section
from assistant.vary.learned.steps import LOWEST, TICKS_PER_QUARTER, Bars, joined_notes
from assistant.vary.phrase import Phrase
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.tempo import Meter


@dataclass(frozen=True, slots=True)
class Band:
    """The overlap with the motif that is asked for."""

    far: float
    near: float

    def off(self, overlap: float) -> float:
        return max(self.far - overlap, overlap - self.near, 0.0)


MOTIF_BARS = (4, 8)
FEWEST_NOTES, MOST_NOTES = 12, 70
A_SECTION = 2
"""Motifs from one section at most, so that no song decides."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A motif, what a human made of it later in the same piece, and where it is from."""

    number: int
    section: Section
    source: Bars
    human: Bars

    @property
    def metre(self) -> int:
        return self.section.metre_index

    @property
    def ticks(self) -> int:
        return self.section.bar_ticks

    @property
    def motif(self) -> Motif:
        """The motif in the major key of its signature."""
        do = self.section.do
        notes = (
            Note(onset / TICKS_PER_QUARTER, pitch + LOWEST + do, (end - onset) / TICKS_PER_QUARTER)
            for onset, end, pitch in joined_notes(self.source, self.ticks)
        )
        clip = Clip(tuple(notes), length_beats=len(self.source) * self.ticks / TICKS_PER_QUARTER)
        return Motif(clip, Key(do % 12), Meter(*self.section.metre))

    def read(self, phrase: Phrase) -> Bars:
        """A variation of the motif as bars."""
        return Sheet(self.section.do, len(self.source), self.ticks, self.section.beat_ticks).read(phrase)

    def likeness(self, varied: Bars) -> Likeness:
        return likeness(self.source, varied, self.ticks)


def trials_of(sections: Sequence[Section], band: Band, *, seed: int, a_section: int = A_SECTION) -> list[Trial]:
    """Up to `a_section` motifs of each section, no two of the same bars."""
    lot = random.Random(seed)
    found: list[Trial] = []
    for section in sections:
        if section.bar_ticks != round(Meter(*section.metre).bar_beats * TICKS_PER_QUARTER):
            continue
        taken: set[Bars] = set()
        pairs = [pair for pair in mine_pairs(section, MOTIF_BARS) if band.off(pair.overlap) == 0]
        lot.shuffle(pairs)
        for pair in pairs:
            trial = trial_of(len(found), pair)
            notes = sum(step.begins for bar in trial.source for step in bar)
            if FEWEST_NOTES <= notes <= MOST_NOTES and trial.source not in taken:
                taken.add(trial.source)
                found.append(trial)
            if len(taken) == a_section:
                break
    return found


def trial_of(number: int, pair: Pair) -> Trial:
    """The earlier passage is the motif."""
    section = pair.section
    source, human = (passage(section, first, pair.bars) for first in (pair.first, pair.second))
    return Trial(number, section, source, human)
