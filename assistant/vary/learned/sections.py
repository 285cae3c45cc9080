"""Melodies to learn from: the JSON-lines format of sections of bars, and a split by score."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from assistant.vary.learned.steps import (
    HIGHEST,
    LENGTH_INDEX,
    LENGTHS,
    LONGEST_BAR,
    LOWEST,
    PITCHES,
    REST,
    Bar,
    Step,
    beat_ticks,
    do_below,
    metre_index,
    pieces,
    rests,
)

Part = Literal["train", "judge", "test"]

TEST_PERCENT, JUDGE_PERCENT = 15, 15
"""Of the scores; the rest trains the model. Nothing that judges has heard a score that the model has learned from."""


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of one part in one metre and key signature. A bar that cannot be told in steps is None."""

    id: str
    metre: tuple[int, int]
    bar_ticks: int
    do: int
    bars: tuple[Bar | None, ...]

    @property
    def score(self) -> str:
        return self.id.partition("#")[0]

    @property
    def metre_index(self) -> int:
        return metre_index(*self.metre)

    @property
    def beat_ticks(self) -> int:
        return beat_ticks(*self.metre)

    def runs(self, bars: int) -> list[int]:
        """Every bar from which `bars` whole bars follow on each other."""
        found, length = [], 0
        for index, bar in enumerate(self.bars):
            length = length + 1 if bar else 0
            if length >= bars:
                found.append(index - bars + 1)
        return found


def read_sections(path: Path) -> list[Section]:
    """Every section with at least eight notes in a bar of at most `LONGEST_BAR` ticks."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [section for line in lines if (section := read_section(json.loads(line))) is not None]


def read_section(row: dict[str, Any]) -> Section | None:
    pitches = [pitch for bar in row["bars"] if bar for _, _, pitch, _ in bar if pitch is not None]
    if len(pitches) < 8 or row["bar_ticks"] > LONGEST_BAR:
        return None
    do = do_below(pitches, row["fifths"])
    numerator, denominator = row["meter"]
    beat = beat_ticks(numerator, denominator)
    bars = tuple(None if bar is None else read_bar(bar, row["bar_ticks"], beat, do) for bar in row["bars"])
    return Section(row["id"], (numerator, denominator), row["bar_ticks"], do, bars)


def read_bar(
    events: Iterable[tuple[int, int, int | None, bool]], bar_ticks: int, beat_ticks: int, do: int
) -> Bar | None:
    """A bar of `[onset, duration, pitch or None, tied]`, or None where it is not full or too high or low."""
    sounds: list[tuple[int, int, int, bool]] = []
    now = 0
    for onset, ticks, pitch, tied in events:
        if onset != now or ticks <= 0:
            return None
        now = onset + ticks
        index = REST if pitch is None else pitch - do - LOWEST
        if pitch is not None and not 0 <= index <= HIGHEST - LOWEST:
            return None
        if sounds:
            start, _, before, began = sounds[-1]
            if before == index and (index == REST or (tied and now - start in LENGTH_INDEX)):
                sounds[-1] = (start, now, index, began)
                continue
        sounds.append((onset, now, index, index != REST and bool(tied)))
    if not sounds or now != bar_ticks:
        return None
    steps: list[Step] = []
    for start, end, index, tied in sounds:
        at = start
        for length in rests(start, end, bar_ticks, beat_ticks) if index == REST else pieces(end - start):
            steps.append(Step(at, length, index, index != REST and (tied or at > start)))
            at += LENGTHS[length]
    return tuple(steps)


def split_scores(sections: Iterable[Section]) -> dict[Part, list[Section]]:
    """Sections as `train`, `judge` and `test`, no score in two of them, nor two scores that share a long beginning."""
    sections = list(sections)
    parent = {section.score: section.score for section in sections}

    def root(score: str) -> str:
        while parent[score] != score:
            score = parent[score]
        return score

    first_with: dict[tuple[tuple[int, int], ...], str] = {}
    for section in sections:
        for beginning in beginnings(section):
            other = first_with.setdefault(beginning, section.score)
            parent[root(section.score)] = root(other)
    parts: dict[Part, list[Section]] = defaultdict(list)
    for section in sections:
        lot = zlib.crc32(root(section.score).encode()) % 100
        part: Part = "test" if lot < TEST_PERCENT else "judge" if lot < TEST_PERCENT + JUDGE_PERCENT else "train"
        parts[part].append(section)
    return dict(parts)


def beginnings(section: Section) -> Iterator[tuple[tuple[int, int], ...]]:
    """Twelve notes as (interval, length) from each of the first bars: what two prints of one song share."""
    notes = [step for bar in section.bars if bar for step in bar if step.pitch < PITCHES]
    for start in range(min(8, max(0, len(notes) - 12))):
        few = notes[start : start + 13]
        yield tuple((b.pitch - a.pitch, a.length) for a, b in pairwise(few))
