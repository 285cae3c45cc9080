"""How much a melody reads like music: an n-gram model of rhythm and pitch.

Two chains of contexts, each mixed with the shorter one below it (Witten-Bell). Rhythm: how long a note or rest is,
given the metre, the place in the bar and the two lengths before. Pitch: the interval, given the scale degree that it
leaves, the two intervals before, and whether the note is stressed or closes a phrase. Trained on CC0 melodies by
`scripts/train_ngram.py`; `presets/melody/README.md` is its card.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import CannotRead
from assistant.presets import shipped
from assistant.vary.phrase import GRID_TICKS, Phrase
from midi.tempo import Meter

METERS = ((2, 4), (3, 4), (4, 4), (6, 8), (3, 8), (9, 8), (12, 8), (2, 2), (3, 2), (6, 4), (4, 2))
# Lengths in 24ths of a beat; others count as the nearest.
LENGTHS = (2, 3, 4, 6, 8, 9, 12, 16, 18, 20, 24, 30, 32, 36, 42, 48, 54, 60, 72, 84, 96, 108, 120, 144, 192, 216)
WIDEST = 14
"""Intervals of more semitones count as this many."""
_START = 0
_NO_LENGTH = 63
_CLASS = np.array([min(range(len(LENGTHS)), key=lambda i: abs(LENGTHS[i] - ticks)) for ticks in range(217)])

Codes = NDArray[np.uint32]
NAME = "melody/ngram.npz"


@dataclass(frozen=True, slots=True)
class Order:
    """One length of context: sorted codes of context and symbol with their counts, sorted codes of context with the
    number of times it was seen and of different symbols that followed."""

    codes: Codes
    counts: NDArray[np.float64]
    contexts: Codes
    seen: NDArray[np.float64]
    kinds: NDArray[np.float64]

    def mixed(self, contexts: Codes, symbols: Codes, below: NDArray[np.float64]) -> NDArray[np.float64]:
        """The chance of each symbol in its context, given its chance by the shorter context."""
        place = np.searchsorted(self.contexts, contexts)
        place[place == len(self.contexts)] = 0
        known = self.contexts[place] == contexts
        seen, kinds = self.seen[place], self.kinds[place]
        codes = (contexts << np.uint32(6)) | symbols
        at = np.searchsorted(self.codes, codes)
        at[at == len(self.codes)] = 0
        count = np.where(self.codes[at] == codes, self.counts[at], 0.0)
        return np.where(known, (count + kinds * below) / (seen + kinds), below)


@dataclass(frozen=True, slots=True)
class MelodyModel:
    """The model: its orders of context for rhythm and for pitch, the shortest first."""

    rhythm: tuple[Order, ...]
    pitch: tuple[Order, ...]

    def bits(self, phrases: Sequence[Phrase]) -> NDArray[np.float64]:
        """How surprising each melody is, in bits a note, shape (phrases,): the rhythm's and the pitches' surprise
        over the number of notes. 0 for a melody without notes."""
        result: NDArray[np.float64] = self.bits_apart(phrases).sum(1).round(9)
        return result

    def bits_apart(self, phrases: Sequence[Phrase]) -> NDArray[np.float64]:
        """The same of the rhythm and of the pitches, shape (phrases, 2)."""
        coded = [_coded(phrase) for phrase in phrases]
        total = np.zeros((len(phrases), 2))
        for part, orders in enumerate((self.rhythm, self.pitch)):
            rows = [row for pair in coded for row in pair[part]]
            if not rows:
                continue
            owner = np.repeat(np.arange(len(coded)), [len(pair[part]) for pair in coded])
            table = np.array(rows, np.uint32)
            chance = np.full(len(rows), 1 / 64)
            for level, order in enumerate(orders):
                chance = order.mixed(table[:, level], table[:, -1], chance)
            total[:, part] = np.bincount(owner, -np.log2(chance), len(coded))
        notes = np.array([max(1, len(phrase.tones)) for phrase in phrases])
        result: NDArray[np.float64] = total / notes[:, None]
        return result

    def arrays(self) -> dict[str, Any]:
        """What the file holds: for each order its codes and counts."""
        packed: dict[str, NDArray[np.generic]] = {}
        for part, orders in (("rhythm", self.rhythm), ("pitch", self.pitch)):
            for level, order in enumerate(orders):
                # Sorted codes differ by little: their differences pack into a third of the space.
                packed[f"{part}{level}_codes"] = np.diff(order.codes, prepend=np.uint32(0))
                packed[f"{part}{level}_counts"] = order.counts.astype(np.uint16)
        return packed


def trained(phrases: Sequence[Phrase], *, rarest: int = 1) -> MelodyModel:
    """A model of some melodies. Of the two longest contexts, what was seen fewer than `rarest` times is left out."""
    rows: tuple[list[tuple[int, ...]], list[tuple[int, ...]]] = ([], [])
    for phrase in phrases:
        for part, coded in enumerate(_coded(phrase)):
            rows[part].extend(coded)
    made: list[tuple[Order, ...]] = []
    for table in (np.array(part, np.uint32) for part in rows):
        orders = []
        for level in range(table.shape[1] - 1):
            codes, counts = np.unique((table[:, level] << np.uint32(6)) | table[:, -1], return_counts=True)
            common = counts >= (rarest if level >= table.shape[1] - 3 else 1)
            orders.append(_order(codes[common], counts[common]))
        made.append(tuple(orders))
    return MelodyModel(*made)


@lru_cache(maxsize=2)
def load_model(path: Path | None = None) -> MelodyModel:
    """The shipped model, or the one in a file. Raises `CannotRead`."""
    path = path or shipped(NAME)
    try:
        with np.load(path, allow_pickle=False) as file:
            orders: dict[str, list[Order]] = {"rhythm": [], "pitch": []}
            for part, made in orders.items():
                while f"{part}{len(made)}_codes" in file:
                    codes = np.cumsum(file[f"{part}{len(made)}_codes"], dtype=np.uint32)
                    made.append(_order(codes, file[f"{part}{len(made)}_counts"]))
    except (OSError, ValueError, KeyError) as error:
        raise CannotRead(f"{path} is not a melody model: {error}", hint="run scripts/train_ngram.py") from error
    return MelodyModel(tuple(orders["rhythm"]), tuple(orders["pitch"]))


def _order(codes: Codes, counts: NDArray[np.integer[Any]]) -> Order:
    contexts, first = np.unique(codes >> np.uint32(6), return_index=True)
    times = np.minimum(counts, np.iinfo(np.uint16).max).astype(np.float64)
    seen = np.add.reduceat(times, first) if len(first) else np.zeros(0)
    kinds = np.diff(first, append=len(codes)).astype(np.float64)
    return Order(codes.astype(np.uint32), times, contexts, seen, kinds)


def _coded(phrase: Phrase) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """A melody as rows of codes: for each note and rest its rhythm contexts, the shortest first, then its symbol; the
    same of the pitches from the second note on."""
    return _rhythm(phrase), _pitch(phrase)


def _rhythm(phrase: Phrase) -> list[tuple[int, ...]]:
    meter = _meter(phrase.meter)
    cycle = phrase.bar_ticks if meter < len(METERS) else phrase.pulse_ticks
    rows: list[tuple[int, ...]] = []
    before = one_before = _NO_LENGTH
    now = phrase.tones[0].start if phrase.tones else 0
    for tone in phrase.tones:
        steps = ((now, tone.start, 1), (tone.start, tone.end, 0)) if tone.start > now else ((tone.start, tone.end, 0),)
        for start, end, rest in steps:
            symbol = int(_CLASS[min(216, (end - start) // GRID_TICKS)]) * 2 + rest
            place = min(511, start % cycle // GRID_TICKS)
            here = meter << 9 | place
            rows.append((1, meter, here, here << 6 | before, (here << 6 | before) << 6 | one_before, symbol))
            one_before, before = before, symbol
        now = tone.end
    # Contexts share one table each by level; the longest has 4 + 9 + 6 + 6 bits, and the symbol adds 6.
    return rows


def _pitch(phrase: Phrase) -> list[tuple[int, ...]]:
    do = phrase.key.relative_major
    rows: list[tuple[int, ...]] = []
    before = one_before = _START
    for i, (last, tone) in enumerate(pairwise(phrase.tones), 1):
        interval = max(-WIDEST, min(WIDEST, tone.pitch - last.pitch)) + WIDEST + 1
        following = phrase.tones[i + 1] if i + 1 < len(phrase.tones) else None
        closes = following is None or following.start > tone.end
        place = int(tone.start % phrase.pulse_ticks == 0) << 1 | closes
        left = (last.pitch - do) % 12
        here = left << 5 | before
        rows.append((1, left, here, here << 2 | place, (here << 2 | place) << 5 | one_before, interval))
        one_before, before = before, interval
    return rows


def _meter(meter: Meter) -> int:
    name = (meter.numerator, meter.denominator)
    return METERS.index(name) if name in METERS else len(METERS)
