"""The best of many candidates: near what is asked, unlike each other, and good to sing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.vary.candidates import Candidate, spans_of
from assistant.vary.phrase import SHORTEST_TICKS, Phrase
from assistant.vary.plausible import MelodyModel
from midi.compare import closenesses, shapes

BAND = 0.1
"""How far from the closeness asked for a variation is as good as on it."""
NEAREST, FURTHEST = 0.88, 0.22
"""Where a spread from near to far begins and ends when no closeness is asked for."""
APART = 0.2
"""How different any two of the chosen should be (1 - closeness), less where all are near the source."""
_SAME = 0.012


def aims(count: int, closeness: float | None) -> tuple[float, ...]:
    """The closeness that each of `count` variations should have, from near to far."""
    if closeness is None:
        return tuple(float(aim) for aim in np.linspace(NEAREST, FURTHEST, count))
    spread = np.linspace(0.5 * BAND, -0.5 * BAND, count) if count > 1 else np.zeros(1)
    return tuple(float(aim) for aim in np.clip(closeness + spread, 0.02, 0.97))


def select(
    candidates: Sequence[Candidate], source: Phrase, count: int, closeness: float | None, model: MelodyModel
) -> list[Candidate]:
    """Up to `count` of the candidates, from near to far. Fewer only where there are fewer that differ.

    One is picked for each closeness aimed at, the farthest from the middle of the spread last: the one that costs
    least by how far it misses, how it reads as a melody, how like those picked before it is, and how often its
    technique was picked.
    """
    if not candidates:
        return []
    costs = melodic_costs([c.phrase for c in candidates], source, model)
    costs += np.array([0.15 * (len(c.techniques) - 1) for c in candidates])
    near = np.array([c.closeness for c in candidates])
    if closeness is not None:
        off = np.abs(near - closeness)
        costs = costs + np.where(off > BAND, 3.0 + 20.0 * (off - BAND), 0.0)
    sampled = shapes([spans_of(c.tones, c.terms) for c in candidates], source.length)
    apart = APART if closeness is None else min(APART, 0.6 * (1.02 - closeness))
    different = np.ones(len(candidates))
    used: Counter[str] = Counter()
    picked: list[int] = []
    for aim in aims(count, closeness):
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
        different = np.minimum(different, 1.0 - closenesses(sampled[best], sampled))
    return sorted((candidates[i] for i in picked), key=lambda c: (-c.closeness, c.tones))


def melodic_costs(phrases: Sequence[Phrase], source: Phrase, model: MelodyModel) -> NDArray[np.float64]:
    """What speaks against each melody beside the source, 0 for nothing: more surprise than the source's in bits a note,
    wider leaps, more silence, more repeated or very short notes, and an end that is less at rest."""
    bits = model.bits([source, *phrases])
    surprise = np.maximum(0.0, bits[1:] - bits[0] - 0.05)
    base = _manners(source)
    rough = np.array([np.maximum(0.0, _manners(phrase) - base) for phrase in phrases]).reshape(-1, len(_WEIGHTS))
    result: NDArray[np.float64] = surprise + rough @ np.array(_WEIGHTS)
    return result


_WEIGHTS = (6.0, 2.0, 2.0, 0.7, 1.5, 1.5, 0.5)


def _manners(phrase: Phrase) -> NDArray[np.float64]:
    """Leaps over an octave; leaps of a tritone or of a sixth and more; silence; bars without an onset (their number,
    all others as shares); repeated notes; notes under a 16th; whether the end is off the tonic triad."""
    tones = phrase.tones
    leaps = [abs(b.pitch - a.pitch) for a, b in pairwise(tones)] or [0]
    silent = phrase.length - sum(t.length for t in tones)
    root, third, fifth = (phrase.key.pitch(step) % 12 for step in (0, 2, 4))
    return np.array(
        [
            sum(leap > 12 for leap in leaps) / len(leaps),
            sum(leap > 8 or leap == 6 for leap in leaps) / len(leaps),
            silent / phrase.length,
            phrase.bars - len({t.start // phrase.bar_ticks for t in tones}),
            sum(leap == 0 for leap in leaps) / len(leaps),
            sum(t.length < SHORTEST_TICKS for t in tones) / len(tones),
            float(tones[-1].pitch % 12 not in (root, third, fifth)),
        ]
    )
