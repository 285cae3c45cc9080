"""Melodies to sing: stretches of scores, in seconds and in a voice's range, as a person would time them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Rng = np.random.Generator

_TICKS_PER_QUARTER = 24
_SHORTEST_SECONDS = 0.11


@dataclass(frozen=True, slots=True)
class Tone:
    """A note as it is written, timed as it is sung; `joined`: sung on the breath of the one before, without a rest."""

    start_seconds: float
    end_seconds: float
    pitch: int
    joined: bool


def read_melodies(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def written_notes(section: dict[str, Any]) -> list[tuple[int, int, int | None]]:
    """(start, end, pitch or None for a rest) in ticks, ties joined."""
    notes: list[tuple[int, int, int | None]] = []
    for index, bar in enumerate(section["bars"]):
        for onset, length, pitch, tied in bar or ():
            start = index * section["bar_ticks"] + onset
            if tied and notes and notes[-1][2] == pitch and notes[-1][1] == start:
                notes[-1] = (notes[-1][0], start + length, pitch)
            else:
                notes.append((start, start + length, pitch))
    return notes


def draw_melody(
    sections: Sequence[dict[str, Any]], rng: Rng, *, lowest: int, highest: int, seconds: float
) -> list[Tone]:
    """A stretch of a random score, moved into a range of pitches."""
    while True:
        notes = written_notes(sections[int(rng.integers(len(sections)))])
        sung = [note for note in notes if note[2] is not None]
        if len(sung) < 8:
            continue
        first = int(rng.integers(0, len(notes) - 7))
        usual = float(np.median([end - start for start, end, _ in sung])) / _TICKS_PER_QUARTER
        tick = np.exp(rng.uniform(np.log(0.2), np.log(0.7))) / usual / _TICKS_PER_QUARTER
        tones = _timed(notes[first:], tick, seconds, rng)
        tones = _in_range(tones, lowest, highest, rng)
        if len(tones) >= 5:
            return tones


def _timed(notes: Sequence[tuple[int, int, int | None]], tick: float, seconds: float, rng: Rng) -> list[Tone]:
    time, last_end, tones = rng.uniform(0.1, 0.8), -1.0, []
    pace = 1.0
    for start, end, pitch in notes:
        pace = float(np.clip(pace + rng.normal(0, 0.04), 0.8, 1.25))
        length = (end - start) * tick * pace
        if pitch is None:
            time += min(length, 1.2)
            continue
        length = float(np.clip(length, _SHORTEST_SECONDS, 3.0))
        if time + length > seconds - 0.3:
            break
        moved = time + float(np.clip(rng.normal(0, 0.012), -0.03, 0.03))
        tones.append(Tone(moved, time + length, pitch, abs(time - last_end) < 1e-6))
        time += length
        last_end = time
    return tones


def _in_range(tones: Sequence[Tone], lowest: int, highest: int, rng: Rng) -> list[Tone]:
    if not tones:
        return []
    middle = int(np.median([tone.pitch for tone in tones]))
    shift = round(rng.normal((lowest + highest) / 2, (highest - lowest) / 8)) - middle
    moved = []
    for tone in tones:
        pitch = tone.pitch + shift
        pitch += 12 * int(np.ceil(max(0, lowest - 4 - pitch) / 12)) - 12 * int(
            np.ceil(max(0, pitch - highest - 4) / 12)
        )
        moved.append(Tone(tone.start_seconds, tone.end_seconds, pitch, tone.joined))
    return moved
