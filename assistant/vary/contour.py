"""A line held to a contour: the nearest pitches whose intervals go the ways that are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np


def ways(pitches: Sequence[int]) -> tuple[int, ...]:
    """Of each interval whether it rises (1), falls (-1) or stays (0)."""
    return tuple((b > a) - (b < a) for a, b in pairwise(pitches))


def held_to(
    wanted: Sequence[int], way: Sequence[int], allowed: Sequence[int], fixed: Mapping[int, int]
) -> tuple[int, ...] | None:
    """The pitches nearest to `wanted` whose intervals go the ways given, each of `allowed` but those `fixed` by index.

    Least sum of distances in semitones, by dynamic programming. None where no such line exists.
    """
    permitted = set(allowed)
    if ways(wanted) == tuple(way) and all(
        fixed[i] == pitch if i in fixed else pitch in permitted for i, pitch in enumerate(wanted)
    ):
        return tuple(wanted)
    states = np.array(sorted({*allowed, *fixed.values()}))
    if not len(states):
        return None
    free = np.isin(states, np.array(allowed))
    costs: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    for i, pitch in enumerate(wanted):
        usable = states == fixed[i] if i in fixed else free
        cost = np.where(usable, np.abs(states - pitch).astype(np.float64), np.inf)
        if i:
            cost += _least(costs[-1], way[i - 1])
        costs.append(cost)
    if not np.isfinite(costs[-1].min()):
        return None
    at = int(costs[-1].argmin())
    line = [at]
    for i in range(len(wanted) - 1, 0, -1):
        before = costs[i - 1]
        if way[i - 1] > 0:
            at = int(before[:at].argmin())
        elif way[i - 1] < 0:
            at = at + 1 + int(before[at + 1 :].argmin())
        line.append(at)
    return tuple(int(states[place]) for place in reversed(line))


def _least(
    cost: np.ndarray[tuple[int], np.dtype[np.float64]], way: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """For each state the least cost of those that lead to it by going up, down or nowhere."""
    if way == 0:
        return cost
    least = np.full_like(cost, np.inf)
    if way > 0:
        least[1:] = np.minimum.accumulate(cost)[:-1]
    else:
        least[:-1] = np.minimum.accumulate(cost[::-1])[::-1][1:]
    return least
