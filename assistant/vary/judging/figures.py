"""The table by which variations are judged, each figure with an interval of 95 %."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.vary.judging.discriminator import area_under_curve, heard_in, largest_gap, told_apart
from assistant.vary.judging.judge import Judge
from assistant.vary.judging.trials import Band, Trial
from assistant.vary.learned.likeness import Likeness, cells_of
from assistant.vary.learned.steps import Bars

RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and its interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Sets:
    """For each trial the variations of one maker."""

    name: str
    made: list[list[Bars]]


def judged(sets: Sets, trials: Sequence[Trial], band: Band, judge: Judge, *, seed: int = 0) -> dict[str, Figure]:
    """All figures of a set, the motifs resampled by score for the intervals."""
    human = [trial.likeness(trial.human) for trial in trials]
    alike = [[trial.likeness(bars) for bars in made] for trial, made in zip(trials, sets.made, strict=True)]
    bits = [[judge.bits(bars, trial.metre) for bars in made] for trial, made in zip(trials, sets.made, strict=True)]
    human_bits = np.array([judge.bits(trial.human, trial.metre) for trial in trials])
    surprise = np.array([np.mean(values) if values else np.nan for values in bits]) - human_bits
    inside = np.array([np.mean([band.off(one.overlap) == 0 for one in of]) if of else 0.0 for of in alike])
    difference, double = zip(
        *(variety(made, trial.ticks) for trial, made in zip(trials, sets.made, strict=True)), strict=True
    )
    columns = {
        "in band": inside,
        "difference among ten": np.array(difference),
        "sets with duplicates": np.array(double),
        "bits a step over human": surprise,
    }
    scores, is_human, owner = listened(sets, trials, judge)
    draws = resampled(groups_of(trials), seed)
    figures = {name: figure(column, draws) for name, column in columns.items()}
    figures["discriminator AUC"] = auc_figure(scores, is_human, owner, draws)
    for respect in ("overlap", "rhythm", "contour"):
        figures[f"KS {respect}"] = gap_figure(human, alike, respect, draws)
    return figures


def groups_of(trials: Sequence[Trial]) -> list[NDArray[np.int64]]:
    """The trials of each score."""
    scores: dict[str, list[int]] = {}
    for index, trial in enumerate(trials):
        scores.setdefault(trial.section.score, []).append(index)
    return [np.array(group) for group in scores.values()]


def resampled(groups: Sequence[NDArray[np.int64]], seed: int) -> list[NDArray[np.int64]]:
    """Trials drawn again and again, a score at a time, for the intervals."""
    lot = np.random.default_rng(seed)
    return [np.concatenate([groups[i] for i in lot.integers(0, len(groups), len(groups))]) for _ in range(RESAMPLES)]


def figure(column: NDArray[np.float64], draws: Sequence[NDArray[np.int64]]) -> Figure:
    means = [float(np.nanmean(column[draw])) for draw in draws]
    return Figure(float(np.nanmean(column)), *(float(v) for v in np.percentile(means, (2.5, 97.5))))


def variety(made: Sequence[Bars], ticks: int) -> tuple[float, float]:
    """The mean difference of each two, and whether two are the same."""
    if len(made) < 2:
        return np.nan, 0.0
    apart = differences(np.stack([cells_of(bars, ticks).pitch for bars in made]))
    pairs = apart[np.triu_indices(len(made), 1)]
    return float(pairs.mean()), float(len(set(made)) < len(made))


def listened(
    sets: Sets, trials: Sequence[Trial], judge: Judge
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    human = np.array([heard_in(t.human, t.source, t.metre, t.ticks, judge) for t in trials])
    made, owner = [], []
    for index, (trial, variations) in enumerate(zip(trials, sets.made, strict=True)):
        made += [heard_in(bars, trial.source, trial.metre, trial.ticks, judge) for bars in variations]
        owner += [index] * len(variations)
    numbers = np.arange(len(trials))
    scores = told_apart(human, numbers, np.array(made), np.array(owner))
    is_human = np.arange(len(scores)) < len(human)
    return scores, is_human, np.concatenate([numbers, owner])


def auc_figure(
    scores: NDArray[np.float64],
    is_human: NDArray[np.bool_],
    owner: NDArray[np.int64],
    draws: Sequence[NDArray[np.int64]],
) -> Figure:
    places = [np.flatnonzero(owner == index) for index in range(int(owner.max()) + 1)]
    found = []
    for draw in draws:
        chosen = np.concatenate([places[index] for index in draw])
        found.append(area_under_curve(scores[chosen], is_human[chosen]))
    low, high = np.percentile(found, (2.5, 97.5))
    return Figure(area_under_curve(scores, is_human), float(low), float(high))


def gap_figure(
    human: Sequence[Likeness], alike: Sequence[Sequence[Likeness]], respect: str, draws: Sequence[NDArray[np.int64]]
) -> Figure:
    of_human = np.array([getattr(one, respect) for one in human])
    of_made = [np.array([getattr(one, respect) for one in of]) for of in alike]
    found = [largest_gap(of_human[draw], np.concatenate([of_made[index] for index in draw])) for draw in draws[:100]]
    low, high = np.percentile(found, (2.5, 97.5))
    return Figure(largest_gap(of_human, np.concatenate(of_made)), float(low), float(high))


def differences(grid: NDArray[np.int64]) -> NDArray[np.float64]:
    """One less the overlap of each two rows of sounding pitches: shape `(n, n)`."""
    sounding = grid >= 0
    found = np.zeros((len(grid), len(grid)))
    for index, row in enumerate(grid):
        either = (sounding | sounding[index]).sum(1)
        same = ((grid == row) & sounding[index]).sum(1)
        found[index] = 1 - same / np.maximum(1, either)
    return found
