"""How well tempo, metre and feel are found: melodies in a known time, sung by the synthetic singer, heard and read.

    python -m scripts.hearing.timing MELODIES

`MELODIES` is the .jsonl.gz of scores. Each kind of time gets as many takes as `--takes` says, drawn by `--seed`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audio import Audio
from assistant.errors import NothingHeard
from assistant.hear import HearSettings, Listener
from assistant.hear.heard import Heard
from scripts.hearing.melodies import Rng, Tone, read_melodies, written_notes
from scripts.hearing.singer import sing

SIMPLE = ([4, 4], [3, 4], [2, 4])
KINDS = ("even", "eighths", "swing", "triplets", "six-eight", "free")
"""Even: as written. Eighths, swing: nothing shorter than eighths, many of them, straight or swung. Free: as a singer
takes time, by a tenth and more.
"""
_TICKS = 24
_RIGHT_TEMPO, _NEAR_SECONDS = 0.05, 0.09


@dataclass(frozen=True, slots=True)
class Score:
    """Starts and ends in quarter notes from a bar line."""

    meter: tuple[int, int]
    starts: np.ndarray
    ends: np.ndarray
    pitches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """`tempo`, `meter`, `feel`: right or not; `intervals`: the part that are right; `sure`: of the tempo, as told."""

    tempo: bool
    meter: bool
    feel: bool
    intervals: float
    sure: float


def draw_score(sections: Sequence[dict[str, Any]], kind: str, rng: Rng) -> Score:
    """A stretch from a bar line on, of a random score that suits the kind."""
    while True:
        section = sections[int(rng.integers(len(sections)))]
        if section["meter"] not in ([[6, 8]] if kind == "six-eight" else SIMPLE):
            continue
        notes = [note for note in written_notes(section) if note[2] is not None]
        if len(notes) < 16:
            continue
        bar = section["bar_ticks"]
        first = notes[int(rng.integers(0, len(notes) - 12))][0] // bar * bar
        part = [note for note in notes if note[0] >= first][: int(rng.integers(14, 32))]
        starts = np.array([start - first for start, _, _ in part], float)
        if len(part) < 12 or starts[0] >= bar or np.diff(starts).min() < 4:
            continue
        thirds = bool(((starts % 8 == 0) & (starts % 6 != 0)).any())
        if kind != "six-eight" and thirds != (kind == "triplets"):
            continue
        if kind in {"eighths", "swing"} and ((starts % 12).any() or (starts % _TICKS == 12).mean() < 0.2):
            continue
        ends = np.array([end - first for _, end, _ in part], float)
        pitches = tuple(pitch for _, _, pitch in part if pitch is not None)
        return Score(tuple(section["meter"]), starts / _TICKS, ends / _TICKS, pitches)


def sung(score: Score, kind: str, bpm: float, rng: Rng) -> tuple[list[Tone], float]:
    """The notes as a person times them, and the middle of their pitches."""
    beats = np.arange(0, score.ends.max() + 1, 0.05)
    pace = 0.01 * np.cumsum(rng.normal(0, 0.22, len(beats)))
    if kind == "free":
        pace += 0.13 * np.sin(2 * np.pi * beats / rng.uniform(8, 16) + rng.uniform(0, 6.3))
    seconds = rng.uniform(0.3, 0.8) + np.concatenate([[0], np.cumsum(np.exp(pace))[:-1]]) * 0.05 * 60 / bpm
    share = rng.uniform(0.6, 0.68) if kind == "swing" else 0.5

    def when(at: np.ndarray) -> np.ndarray:
        off = np.abs(at % 1 - 0.5) < 0.01
        moved: np.ndarray = np.interp(np.where(off, np.floor(at) + share, at), beats, seconds)
        return moved

    starts = when(score.starts) + np.clip(rng.normal(0, 0.018, len(score.starts)), -0.04, 0.04)
    ends = np.minimum(when(score.ends), np.append(starts[1:], np.inf))
    shift = round(rng.normal(62, 4) - float(np.median(score.pitches)))
    joined = [False, *(np.abs(score.ends[:-1] - score.starts[1:]) < 1e-6).tolist()]
    tones = [
        Tone(float(start), float(end), pitch + shift, together)
        for start, end, pitch, together in zip(starts, ends, score.pitches, joined, strict=True)
    ]
    return tones, float(np.median(score.pitches)) + shift


def judged(heard: Heard, marks: np.ndarray, score: Score, kind: str, bpm: float) -> Judged:
    """`marks`: when each note of the score starts in the recording."""
    onsets = np.array([note.onset_seconds for note in heard.notes])
    nearest = np.abs(onsets - marks[:, None]).argmin(axis=1)
    found = np.abs(onsets[nearest] - marks) < _NEAR_SECONDS
    written = score.starts
    if kind == "swing" and heard.feel == "swing":
        written = np.where(np.abs(written % 1 - 0.5) < 0.01, np.floor(written) + 2 / 3, written)
    placed = np.array([note.start_beats for note in heard.placed])[nearest[found]]
    meter = (heard.motif.meter.numerator, heard.motif.meter.denominator)
    wanted = kind if kind in {"swing", "triplets"} else "straight"
    return Judged(
        tempo=abs(float(np.log(heard.motif.tempo.bpm / bpm))) < _RIGHT_TEMPO,
        meter=meter == score.meter or (meter, score.meter) == ((4, 4), (2, 4)),
        feel=heard.feel == wanted and heard.motif.meter.compound == (kind == "six-eight"),
        intervals=float((np.abs(np.diff(placed) - np.diff(written[found])) < 0.02).mean()),
        sure=heard.tempo_confidence,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("melodies", type=Path)
    parser.add_argument("--takes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    sections, listener = read_melodies(asked.melodies), Listener(threads=1)
    every: list[Judged] = []
    for kind in KINDS:
        takes: list[Judged] = []
        rng = np.random.default_rng([asked.seed, KINDS.index(kind)])
        while len(takes) < asked.takes:
            score = draw_score(sections, kind, rng)
            bpm = float(np.exp(rng.uniform(np.log(66), np.log(132)))) * (1.5 if kind == "six-eight" else 1.0)
            tones, middle = sung(score, kind, bpm, rng)
            starts = np.array([tone.start_seconds for tone in tones])
            if np.diff(starts).min() < 0.12 or starts[-1] > 26:
                continue
            samples, notes = sing(tones, rng, high=middle >= 60)
            try:
                heard = listener.listen(Audio(samples[None].astype(np.float32), 22050), HearSettings(anyway=True))
            except NothingHeard:
                continue
            takes.append(judged(heard, notes[:, 0], score, kind, bpm))
        show(kind, takes)
        every += takes
    show("all", every)
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 1.01)):
        right = [one.tempo for one in every if low <= one.sure < high]
        if right:
            print(f"{low:.2f} to {high:.2f} sure of the tempo: right in {sum(right)} of {len(right)}")


def show(kind: str, takes: Sequence[Judged]) -> None:
    def part(name: str) -> float:
        return float(np.mean([getattr(one, name) for one in takes]))

    print(
        f"{kind}: tempo {part('tempo'):.2f}, metre {part('meter'):.2f}, feel {part('feel'):.2f}, "
        f"intervals {part('intervals'):.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
