"""What to ask of the model when the composer asks for little: as people vary, no more alike and no less."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.controls import EDGES, Controls
from assistant.vary.learned.likeness import Likeness
from midi.compare import WEIGHTS

MARGIN = 0.06
"""How far inside the band to aim, for what comes out otherwise than aimed. On 60 motifs of the judges' part 89 % then
come out inside, 87 % with .03."""
SQUEEZE = 0.7
"""The same of the rules, which miss by more: so much of the spread of people's variations is aimed at, about its
middle. On the same motifs 85 % then come out inside, 77 % with all of it, and more like people's (KS .11, not .14)."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How human variations relate to their sources: `rows` of likeness, shape `(n, 6)`, in the order of `EDGES`."""

    rows: NDArray[np.float64]

    def drawn(self, count: int, near: float, far: float, seed: int, **fixed: float | None) -> list[Controls]:
        """`count` requests with an overlap in `far..near`: each respect as in some human variation as near as that and
        most like what is `fixed`."""
        random = np.random.default_rng(seed)
        inside = self.rows[(self.rows[:, 0] >= far) & (self.rows[:, 0] <= near)]
        pool = inside if len(inside) >= 20 else self.rows[np.abs(self.rows[:, 0] - (near + far) / 2).argsort()[:40]]
        wanted = {name: value for name, value in fixed.items() if value is not None}
        if wanted:
            columns = [list(EDGES).index(name) for name in wanted]
            spread = self.rows[:, columns].std(0) + 1e-6
            off = np.abs((pool[:, columns] - np.array(list(wanted.values()))) / spread).sum(1)
            pool = pool[off.argsort()[: max(10, len(pool) // 8)]]
        # Evenly through the pool by overlap, so that a handful of requests already spreads as people's variations do.
        ordered = pool[pool[:, 0].argsort()]
        places = (np.arange(count) + random.random(count)) / count * len(ordered)
        chosen = ordered[np.minimum(places.astype(np.int64), len(ordered) - 1)]
        edge = min(MARGIN, (near - far) / 4)
        requests = []
        for row in chosen[random.permutation(count)]:
            controls = Controls(*(float(value) for value in row))
            asked = {
                "overlap": float(min(max(row[0] + LOST, far + edge), near - edge)),
                "contour": float(row[2]) - STRAIGHTENED,
            }
            requests.append(replace(controls, **{**asked, **wanted}))
        return requests

    def near(self, aims: Sequence[float], seed: int, **fixed: float) -> list[Controls]:
        """One request for each closeness (`midi.compare`) aimed at: as in one of the human variations that come nearest
        to it and to what is `fixed`."""
        random = np.random.default_rng(seed)
        off = np.abs(self.closeness[None] - np.array(aims)[:, None])
        for name, value in fixed.items():
            column = self.rows[:, list(EDGES).index(name)]
            off = off + np.abs(column - value)[None] / (column.std() + 1e-6)
        among = np.argpartition(off, NEAREST, 1)[:, :NEAREST]
        chosen = among[np.arange(len(aims)), random.integers(0, NEAREST, len(aims))]
        rows = self.rows[chosen]
        return [replace(Controls(*map(float, row)), overlap=min(1.0, float(row[0]) + LOST), **fixed) for row in rows]

    def spread(self, count: int, far: float, near: float) -> tuple[float, ...]:
        """The closeness of so many human variations with an overlap in `far..near`, evenly from near to far."""
        inside = self.closeness[(self.rows[:, 0] >= far) & (self.rows[:, 0] <= near)]
        some = inside if len(inside) else self.closeness
        shares = (np.arange(count)[::-1] + 0.5) / count
        return tuple(float(value) for value in np.quantile(some, 0.5 + SQUEEZE * (shares - 0.5)))

    @property
    def closeness(self) -> NDArray[np.float64]:
        """The one number of `midi.compare` for each row."""
        overlap, rhythm, contour, _, density, _ = self.rows.T
        parts = {"pitch": overlap, "rhythm": rhythm, "contour": np.maximum(contour, 0)}
        parts["density"] = np.minimum(density, 1 / np.maximum(density, 1e-3))
        return sum((WEIGHTS[name] * value for name, value in parts.items()), np.zeros(len(self.rows)))


NEAREST = 24
"""Of so many human variations that would do, one is taken."""
LOST = 0.02
"""How much less overlap comes out than is asked for, as measured."""
STRAIGHTENED = 0.09
"""How much more of the contour the chosen keep than was asked for, as measured: what is asked to stray far strays less,
and bars mixed with the motif's are more like it."""


def wishes_of(likenesses: Iterable[Likeness]) -> Wishes:
    return Wishes(np.array([[getattr(each, name) for name in EDGES] for each in likenesses]))


def read_wishes(path: Path) -> Wishes:
    with np.load(path) as stored:
        return Wishes(stored["rows"].astype(np.float64))
