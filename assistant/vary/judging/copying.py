"""The plain way to foretell a variation: copy the source or follow habit. What a learned model must beat."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.vary.judging.judge import Judge
from assistant.vary.learned.steps import Bars, Step


@dataclass(frozen=True, slots=True)
class Case:
    """A step of a variation: odds by habit, whether the source has the same here, and in which situation."""

    habit: float
    same: bool
    situation: Hashable


@dataclass(frozen=True, slots=True)
class Copying:
    """How far to trust the source in each situation, for lengths and for pitches."""

    habits: Judge
    trust: tuple[dict[Hashable, float], dict[Hashable, float]]

    def bits(self, source: Bars, varied: Bars, metre: int, asked: Hashable = None) -> list[float]:
        """Bits of each step of a variation of `source`."""
        found = []
        for cases in zip(*(list(c) for c in all_cases(self.habits, source, varied, metre, asked)), strict=True):
            odds = (mixed(case, trust) for case, trust in zip(cases, self.trust, strict=True))
            found.append(-sum(math.log2(value) for value in odds))
        return found


def mixed(case: Case, trust: dict[Hashable, float]) -> float:
    copied = trust.get(case.situation, trust[None])
    return copied * case.same + (1 - copied) * case.habit


def copying_of(habits: Judge, examples: Iterable[tuple[Bars, Bars, int, Hashable]]) -> Copying:
    """Fit the trust by expectation-maximisation to human variations `(source, varied, metre, asked)`."""
    cases: tuple[dict[Hashable, list[Case]], dict[Hashable, list[Case]]] = (defaultdict(list), defaultdict(list))
    for source, varied, metre, asked in examples:
        for kind, of_kind in enumerate(all_cases(habits, source, varied, metre, asked)):
            for case in of_kind:
                cases[kind][case.situation].append(case)
                cases[kind][None].append(case)
    fitted = tuple({key: trusted(of_key) for key, of_key in of_kind.items()} for of_kind in cases)
    return Copying(habits, (fitted[0], fitted[1]))


def trusted(cases: list[Case]) -> float:
    trust = 0.5
    for _ in range(12):
        blame = [trust / (trust + (1 - trust) * case.habit) for case in cases if case.same]
        trust = (sum(blame) + 0.5) / (len(cases) + 1)
    return trust


def all_cases(
    habits: Judge, source: Bars, varied: Bars, metre: int, asked: Hashable
) -> tuple[Iterator[Case], Iterator[Case]]:
    steps = list(habits.step_odds(varied, metre))
    return cases_of(steps, source, varied, asked, pitch=False), cases_of(steps, source, varied, asked, pitch=True)


def cases_of(
    steps: Sequence[tuple[Step, float, float]], source: Bars, varied: Bars, asked: Hashable, *, pitch: bool
) -> Iterator[Case]:
    """A situation is what was asked, whether a step of the source begins here, and whether the last one was copied."""
    index, copied = 0, -1
    for bar, source_bar in zip(varied, source, strict=True):
        for step in bar:
            here = next(s for s in source_bar if s.onset <= step.onset < s.end)
            aligned = here.onset == step.onset
            _, of_length, of_pitch = steps[index]
            index += 1
            if pitch:
                same = step.symbol == (here.symbol if aligned else here.pitch)
                alike = aligned and step.length == here.length
                yield Case(of_pitch, same, (asked, aligned, alike, copied))
                copied = int(same)
            else:
                same = (step.length == here.length and aligned) or (not aligned and step.end == here.end)
                yield Case(of_length, same, (asked, aligned, copied))
                copied = int(same)
