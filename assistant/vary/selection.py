"""The best of many candidates: near what is asked, unlike each other, and as people vary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from assistant.brief import Brief
from assistant.vary.candidates import Candidate, spans_of
from assistant.vary.learned.listener import Listener, heard_features
from assistant.vary.plausible import MelodyModel
from assistant.vary.taste import Taste
from assistant.vary.terms import Terms
from midi.compare import Shapes, closenesses, measured, shapes

BAND = 0.1
"""How far from the closeness asked for a variation is as good as on it."""
NEAREST, FURTHEST = 0.88, 0.22
"""Where a spread from near to far begins and ends when no closeness is asked for."""
APART = 0.2
"""How different any two of the chosen should be (1 - closeness), less where all are near the source."""
TRUST = 3.0
"""How much the listener counts: 1 is the odds as it gives them; it hears only part of what differs."""
PULL = 3.0
"""How much the composer's own choices count: against chance, whose spread is 1.3, and against closeness."""
SILENCED = 1.5
"""How much a bar that falls silent counts beside a miss of what is aimed at: people leave one empty in a seventh of
their variations, but who gives four bars wants to hear four."""
LOT = 0.2
"""How much a lot counts beside a miss of what is aimed at."""
UNLIKE = 0.1
"""How different the chosen are in overlap where there are enough."""
MANY = 400
ALIKE = 0.02
_SAME = 0.012


def aims(count: int, closeness: float | None) -> tuple[float, ...]:
    """The closeness that each of `count` variations should have, from near to far."""
    if closeness is None:
        return tuple(float(aim) for aim in np.linspace(NEAREST, FURTHEST, count))
    spread = np.linspace(0.5 * BAND, -0.5 * BAND, count) if count > 1 else np.zeros(1)
    return tuple(float(aim) for aim in np.clip(closeness + spread, 0.02, 0.97))


def select(
    candidates: Sequence[Candidate], terms: Terms, model: MelodyModel, listener: Listener, taste: Taste | None = None
) -> list[Candidate]:
    """Up to `count` of the candidates, from near to far. Fewer only where there are fewer that differ.

    What is merely likely would hug the motif, what is merely different would be odd; people's variations are neither.
    So each candidate has a lot, drawn with the odds that a human wrote it (Gumbel's trick), and the best lots win: as
    many as are unlike each other, near what was asked. What the composer's `taste` speaks for has better odds.
    """
    if not candidates:
        return []
    brief = terms.brief
    features = heard_features([c.phrase for c in candidates], terms.source, model)
    random = np.random.default_rng((brief.seed, crc32(repr(terms.source.tones).encode())))
    chance = random.gumbel(size=len(candidates))
    lots = TRUST * listener.scores(features) + chance
    if taste is not None:
        lots = lots + PULL * taste.scores(features, [c.techniques for c in candidates])
    sampled = shapes([spans_of(c.tones, c.terms) for c in candidates], terms.source.length)
    if brief.overlap is None:
        picked = _by_aims(candidates, terms, lots, sampled)
    else:
        picked = _in_band(brief, lots, sampled, shapes([spans_of(terms.source.tones, terms)], terms.source.length))
    return sorted((candidates[i] for i in picked), key=lambda c: (-c.closeness, c.tones))


def silenced_bars(candidate: Candidate, terms: Terms) -> int:
    """In how many bars nothing sounds in which something does in the motif."""
    bar = terms.source.bar_ticks
    theirs, ours = (
        {number for tone in tones for number in range(tone.start // bar, (tone.end - 1) // bar + 1)}
        for tones in (terms.source.tones, candidate.tones)
    )
    return len(theirs - ours)


def _by_aims(candidates: Sequence[Candidate], terms: Terms, lots: NDArray[np.float64], sampled: Shapes) -> list[int]:
    """One for each closeness aimed at, from near to far: the one that costs least by how far it misses, its lot, how
    like those picked before it is, and how often its technique was picked."""
    brief = terms.brief
    near = np.array([c.closeness for c in candidates])
    costs = -LOT * at_its_closeness(lots, near) + np.array([0.15 * (len(c.techniques) - 1) for c in candidates])
    costs = costs + SILENCED * np.array([silenced_bars(c, terms) for c in candidates])
    if brief.closeness is not None:
        off = np.abs(near - brief.closeness)
        costs = costs + np.where(off > BAND, 8.0 + 60.0 * (off - BAND), 0.0)
    apart = APART if brief.closeness is None else min(APART, 0.6 * (1.02 - brief.closeness))
    different = np.ones(len(candidates))
    used: Counter[str] = Counter()
    picked: list[int] = []
    for aim in aims(brief.count, brief.closeness):
        repeated = np.array([sum(used[name] for name in c.techniques) / len(c.techniques) for c in candidates])
        total = costs + 8.0 * np.maximum(0.0, np.abs(near - aim) - 0.02) + 0.3 * repeated
        total += 2.5 * np.maximum(0.0, apart - different) / apart
        total[different < _SAME] = np.inf
        best = int(total.argmin())
        if not np.isfinite(total[best]):
            break
        picked.append(best)
        if candidates[best].source == "rules":
            used.update(candidates[best].techniques)
        # Of very many only those are compared that could be alike: two that are alike are as near to the motif.
        like = slice(None) if len(candidates) <= MANY else np.flatnonzero(np.abs(near - near[best]) < ALIKE)
        different[like] = np.minimum(different[like], 1.0 - closenesses(sampled[best], sampled.some(like)))
    return picked


def at_its_closeness(lots: NDArray[np.float64], near: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lots less what is usual at the closeness (least squares): how near, the composer says."""
    spread = near - near.mean()
    slope = (spread @ lots) / max(1e-9, float(spread @ spread))
    found: NDArray[np.float64] = lots - lots.mean() - slope * spread
    return found


def _in_band(brief: Brief, lots: NDArray[np.float64], sampled: Shapes, source: Shapes) -> list[int]:
    """The best lots that are in the band asked for and unlike each other; then those that miss the least."""
    far, near = brief.overlap or (0.0, 1.0)
    overlap = measured(source, sampled)[:, 0]
    off = np.maximum(0, np.maximum(far - overlap, overlap - near))
    order = np.lexsort((-lots, off))
    picked: list[int] = []
    different = np.ones(len(lots))
    for least in (UNLIKE, _SAME):
        for index in order:
            if len(picked) < brief.count and different[index] >= least:
                picked.append(int(index))
                different = np.minimum(different, 1.0 - measured(sampled[int(index)], sampled)[:, 0])
    return picked
