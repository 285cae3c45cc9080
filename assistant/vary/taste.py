"""What a composer keeps and discards, learned: it re-ranks what comes next.

A logistic model of what the listener hears in a variation and of how it was made, with a prior that trusts few choices
little (ridge regression), solved exactly; the same choices give the same taste.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assistant.brief import LEARNED
from assistant.vary.drums.techniques import DRUM_TECHNIQUES
from assistant.vary.learned.listener import OVERLAP, heard_features
from assistant.vary.learned.source import load_listener
from assistant.vary.phrase import melody_of
from assistant.vary.plausible import load_model
from assistant.vary.techniques import TECHNIQUES
from midi.motif import Motif

MADE = (*TECHNIQUES, LEARNED, *DRUM_TECHNIQUES)
PASSED_OVER = 0.25
"""How much one that was neither kept nor discarded says, where another of the same round was kept."""
RIDGE = 1.5
"""How firmly each weight is held to 0: about as many choices as must speak for it."""
MOST = 3.0
"""A score further from 0 says no more than this, in nats."""
ROUNDS = 25


@dataclass(frozen=True, slots=True)
class Choice:
    """A variation that a composer kept (`liked`), discarded or, with little `weight`, passed over."""

    motif: Motif
    varied: Motif
    techniques: tuple[str, ...]
    liked: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Taste:
    """What was learned from choices: how many there were of each kind, and a weight for each thing heard."""

    kept: int
    discarded: int
    slope: NDArray[np.float64]

    def scores(self, heard: NDArray[np.float64], techniques: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """How much likelier each is to be kept than the usual, in nats; `heard` as `heard_features` has it."""
        table = np.concatenate([_standard(heard), _made(techniques)], 1)
        found: NDArray[np.float64] = np.clip(table @ self.slope, -MOST, MOST)
        return found

    def by_technique(self, techniques: Sequence[str]) -> float:
        """The same of how something was made alone."""
        made = _made([techniques])
        return float(np.clip(made[0] @ self.slope[-made.shape[1] :], -MOST, MOST))

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.slope.round(6).tobytes()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"chosen with what you kept ({self.kept}) and discarded ({self.discarded}) in mind"


def taste_of(choices: Sequence[Choice]) -> Taste | None:
    """The taste behind some choices; None where nothing was kept or discarded."""
    sure = [choice for choice in choices if choice.weight == 1]
    if not sure:
        return None
    heard = np.array([_heard(choice.varied, choice.motif) for choice in choices])
    x = np.concatenate([_standard(heard), _made([c.techniques for c in choices]), np.ones((len(choices), 1))], 1)
    y = np.array([choice.liked for choice in choices], np.float64)
    weight = np.array([choice.weight for choice in choices])
    held = np.full(x.shape[1], RIDGE)
    held[-1] = 0.05
    slope = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        odds = 1 / (1 + np.exp(-np.clip(x @ slope, -30, 30)))
        curve = (x.T * (weight * odds * (1 - odds))) @ x + np.diag(held)
        slope = slope - np.linalg.solve(curve, x.T @ (weight * (odds - y)) + held * slope)
    kept = sum(choice.liked for choice in sure)
    return Taste(kept, len(sure) - kept, slope[:-1])


@lru_cache(maxsize=1024)
def _heard(varied: Motif, motif: Motif) -> tuple[float, ...]:
    """What the listener hears; the usual of drums, whose strokes it does not understand."""
    listener = load_listener()
    if motif.drums or not motif.notes or not varied.notes or _bars(varied) != _bars(motif):
        return tuple(map(float, listener.middle))
    (row,) = heard_features([melody_of(varied)], melody_of(motif), load_model())
    return tuple(map(float, row))


def _bars(motif: Motif) -> tuple[object, ...]:
    return motif.bars, motif.meter


def _standard(heard: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is heard but how near it is to the motif: that is asked for, and what was kept may be near by chance."""
    listener = load_listener()
    found: NDArray[np.float64] = np.clip((heard - listener.middle) / listener.spread, -3, 3)
    return np.delete(found, OVERLAP, 1)


def _made(techniques: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    return np.array([[float(name in names) for name in MADE] for names in techniques]).reshape(len(techniques), -1)
