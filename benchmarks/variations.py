"""Ten variations of eight bars: how fast, how near to what was asked, how unlike each other.

The motif for the speed is a made one of 56 notes; where the folder of real melodies is there, closeness and difference
are measured on motifs that the melody model has not seen.
"""

from __future__ import annotations

import os
import statistics
import time
from functools import partial
from itertools import combinations
from pathlib import Path

from assistant.brief import Brief
from assistant.vary import vary
from assistant.vary.corpus import motifs_in, read_melodies
from assistant.vary.judging.pace import made_motif
from assistant.vary.plausible import load_model
from benchmarks.report import at_least, at_most, median_seconds
from midi.compare import closeness
from midi.motif import Motif

DATA = Path(os.environ.get("HUMMINGBRIDGE_DATA", Path(__file__).parents[2] / "shared" / "data"))


def real_motifs(most: int = 40) -> list[Motif]:
    path = DATA / "melodies.jsonl.gz"
    if not path.is_file():
        return []
    unseen = (melody for melody in read_melodies(path) if melody.part == "test")
    found = [next(motifs_in(melody, 4, notes=range(8, 60)), None) for melody in unseen]
    return [motif for motif in found if motif][:most]


def main() -> None:
    motif = made_motif()
    vary(motif, Brief())
    at_most("ten variations of 8 bars, 56 notes, near to far", 0.3, median_seconds(lambda: vary(motif, Brief())), "s")
    for asked in (0.9, 0.5, 0.2):
        brief = Brief(closeness=asked)
        at_most(f"the same at closeness {asked}", 0.3, median_seconds(partial(vary, motif, brief)), "s")
    locked = Brief(locked_bars=frozenset({1, 4}), keep="contour")
    at_most("the same with two bars locked and the contour kept", 0.3, median_seconds(lambda: vary(motif, locked)), "s")
    load_model.cache_clear()
    start = time.perf_counter()
    load_model()
    at_most("the melody model, from file", 0.03, time.perf_counter() - start, "s")
    motifs = real_motifs()
    if not motifs:
        print(f"     no real melodies: {DATA / 'melodies.jsonl.gz'} is absent")
        return
    for asked in (0.9, 0.7, 0.5, 0.3, 0.2):
        off = [abs(v.closeness - asked) for each in motifs for v in vary(each, Brief(closeness=asked))]
        share = sum(distance <= 0.15 for distance in off) / len(off)
        at_least(f"share within .15 of closeness {asked}, {len(motifs)} unseen motifs", 0.95, share)
    made = [vary(each, Brief()) for each in motifs]
    apart = [1 - closeness(a.motif.clip, b.motif.clip) for ten in made for a, b in combinations(ten, 2)]
    at_least("difference of two of the ten, mean", 0.5, statistics.mean(apart))
    at_least("variations out of ten", 10, statistics.mean(map(len, made)))


if __name__ == "__main__":
    main()
