"""An outside ear: how likely music is to a count-based model that the generator has never met."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.vary.learned.sections import Section
from assistant.vary.learned.steps import LENGTHS, PITCH_CHOICES, Bars, Step, untied_start

Contexts = tuple[Hashable, ...]


class Counts:
    """Witten-Bell counts: what followed in each context, the longest context first, a wider one where it is silent."""

    def __init__(self, choices: int) -> None:
        self.choices = choices
        self.followers: dict[Hashable, Counter[int]] = defaultdict(Counter)
        self.totals: Counter[Hashable] = Counter()

    def add(self, contexts: Contexts, item: int) -> None:
        for context in contexts:
            self.followers[context][item] += 1
            self.totals[context] += 1

    def odds(self, contexts: Contexts, item: int) -> float:
        odds = 1.0 / self.choices
        for context in reversed(contexts):
            total = self.totals.get(context, 0)
            if total:
                followers = self.followers[context]
                odds = (followers[item] + len(followers) * odds) / (total + len(followers))
        return odds


@dataclass(frozen=True, slots=True)
class Judge:
    """Counts of lengths and of pitches. Times are known by metre and place in the bar, pitches within the key."""

    lengths: Counts
    pitches: Counts

    def step_odds(self, bars: Bars, metre: int) -> Iterator[tuple[Step, float, float]]:
        """Each step with the odds of its length and of its pitch."""
        for step, of_length, of_pitch in contexts(bars, metre):
            yield step, self.lengths.odds(of_length, step.length), self.pitches.odds(of_pitch, step.symbol)

    def bits(self, bars: Bars, metre: int) -> float:
        """Bits a step, length and pitch together."""
        odds = [math.log2(length) + math.log2(pitch) for _, length, pitch in self.step_odds(bars, metre)]
        return -sum(odds) / max(1, len(odds))

    def bits_apart(self, bars: Bars, metre: int) -> tuple[float, float]:
        """Bits a step of the lengths and of the pitches."""
        found = [(math.log2(length), math.log2(pitch)) for _, length, pitch in self.step_odds(bars, metre)]
        return -sum(a for a, _ in found) / max(1, len(found)), -sum(b for _, b in found) / max(1, len(found))


def judge_of(sections: Iterable[Section]) -> Judge:
    """A judge that has heard `sections`."""
    judge = Judge(Counts(len(LENGTHS)), Counts(PITCH_CHOICES))
    for section in sections:
        for bars in whole_stretches(section):
            for step, of_length, of_pitch in contexts(bars, section.metre_index):
                judge.lengths.add(of_length, step.length)
                judge.pitches.add(of_pitch, step.symbol)
    return judge


def whole_stretches(section: Section) -> Iterator[Bars]:
    """The stretches of a section that have no missing bar."""
    stretch: list[tuple[Step, ...]] = []
    for bar in (*section.bars, None):
        if bar:
            stretch.append(bar)
        elif stretch:
            yield untied_start(tuple(stretch))
            stretch = []


def contexts(bars: Bars, metre: int) -> Iterator[tuple[Step, Contexts, Contexts]]:
    """Each step with the contexts of its length and of its pitch, the longest first."""
    lengths: Sequence[int] = (-1, -1)
    symbols: Sequence[int] = (-1, -1, -1)
    for bar in bars:
        for step in bar:
            onset, strong = step.onset, step.onset % 24 == 0
            d1, d2 = lengths
            p1, p2, p3 = symbols
            yield (
                step,
                ((0, metre, onset, d1, d2), (1, metre, onset, d1), (2, metre, onset), (3, d1), (4,)),
                ((5, p1, p2, p3, step.length), (6, p1, p2, p3), (7, p1, p2), (8, p1, strong), (9, p1), (10,)),
            )
            lengths = (step.length, d1)
            symbols = (step.symbol, p1, p2)
