"""Can a listener tell made variations from human ones? A logistic listener, cross-validated by motif."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.vary.judging.judge import Judge
from assistant.vary.learned.listener import heard_in_notes
from assistant.vary.learned.steps import Bars


def heard_in(varied: Bars, source: Bars, metre: int, bar_ticks: int, ear: Judge) -> list[float]:
    """Seventeen numbers: how surprising the lengths and the pitches are to an ear, and `heard_in_notes`."""
    return [*ear.bits_apart(varied, metre), *heard_in_notes(varied, source, bar_ticks)]


def told_apart(
    human: NDArray[np.float64],
    human_motif: NDArray[np.int64],
    made: NDArray[np.float64],
    made_motif: NDArray[np.int64],
    *,
    folds: int = 5,
) -> NDArray[np.float64]:
    """How human the listener finds each, human ones first: fitted without the motif that is heard."""
    x = np.concatenate([human, made])
    y = np.concatenate([np.ones(len(human)), np.zeros(len(made))])
    motif = np.concatenate([human_motif, made_motif])
    weight = np.where(y == 1, len(made) / max(1, len(human)), 1.0)
    scores = np.zeros(len(y))
    for fold in range(folds):
        learn = motif % folds != fold
        z = (x - x[learn].mean(0)) / (x[learn].std(0) + 1e-6)
        z = np.concatenate([z, z * z - 1, np.ones((len(z), 1))], 1)
        slope = np.zeros(z.shape[1])
        for _ in range(300):
            odds = 1 / (1 + np.exp(-z[learn] @ slope))
            slope -= 0.3 * (z[learn].T @ ((odds - y[learn]) * weight[learn]) / weight[learn].sum() + 0.01 * slope)
        scores[~learn] = z[~learn] @ slope
    return scores


def area_under_curve(scores: NDArray[np.float64], human: NDArray[np.bool_]) -> float:
    """The chance that a human variation is found more human than a made one; .5 cannot be told apart."""
    ordered = np.sort(scores)
    ranks = (np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right") + 1) / 2
    ones, zeros = int(human.sum()), int((~human).sum())
    return float((ranks[human].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def largest_gap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Kolmogorov and Smirnov's distance between two samples."""
    at = np.concatenate([a, b])
    share_a = np.searchsorted(np.sort(a), at, "right") / len(a)
    share_b = np.searchsorted(np.sort(b), at, "right") / len(b)
    return float(np.abs(share_a - share_b).max())
