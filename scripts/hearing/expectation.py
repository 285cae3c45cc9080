"""Counts what is usual in melodies: key signatures, degrees of the key and leaps; and lengths at places in the beat."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np

from assistant.hear.usual import BEAT_TICKS, LONGEST_BEATS
from midi.tempo import Meter
from scripts.hearing.melodies import read_melodies, written_notes

_LARGEST_LEAP = 16
_SIMPLE = {(4, 4), (3, 4), (2, 4)}


def count(melodies: Path, out: Path) -> None:
    """Writes log probabilities as `assistant.hear.intend` reads them."""
    signature, degree = np.full(12, 1.0), np.full(12, 5.0)
    following, leap = np.full((12, 12), 1.0), np.full(_LARGEST_LEAP + 1, 3.0)
    for section in read_melodies(melodies):
        tonic = (7 * section["fifths"]) % 12
        signature[tonic] += 1
        pitches = [pitch for _, _, pitch in written_notes(section) if pitch is not None]
        for pitch in pitches:
            degree[(pitch - tonic) % 12] += 1
        for before, after in pairwise(pitches):
            following[(before - tonic) % 12, (after - tonic) % 12] += 1
            leap[min(_LARGEST_LEAP, abs(after - before))] += 1
    leap /= leap.sum()
    # A leap's size and the degree it reaches tell partly the same: a degree's share is what the leap left open.
    table = {
        "signature": np.log(signature / signature.sum()),
        "degree": np.log(degree / degree.sum()),
        "following": np.log(following / following.sum(axis=1, keepdims=True)),
        "leap": np.log(leap) - np.log(leap[:13]).mean(),
    }
    rounded = {name: np.round(values, 3).tolist() for name, values in table.items()}
    out.write_text(json.dumps(rounded), "utf-8")


def count_rhythms(melodies: Path, out: Path) -> None:
    """Writes how often each length follows each place in the felt beat, as `assistant.hear.usual` reads it."""
    counts: dict[str, dict[int, Counter[int]]] = {
        kind: {place: Counter() for place in range(ticks)} for kind, ticks in BEAT_TICKS.items()
    }
    for section in read_melodies(melodies):
        meter = Meter(*section["meter"])
        if not meter.compound and (meter.numerator, meter.denominator) not in _SIMPLE:
            continue
        kind = "compound" if meter.compound else "simple"
        beat = BEAT_TICKS[kind]
        starts = [start for start, _, pitch in written_notes(section) if pitch is not None]
        for start, following in pairwise(starts):
            counts[kind][start % beat][min(following - start, LONGEST_BEATS * beat)] += 1
    kept = {
        kind: {place: dict(sorted(lengths.items())) for place, lengths in places.items() if lengths}
        for kind, places in counts.items()
    }
    out.write_text(json.dumps(kept), "utf-8")
