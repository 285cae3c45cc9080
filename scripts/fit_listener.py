"""Fits what chooses among variations, `presets/melody/wishes.npz` and `listener.npz`, on a file of CC0 melodies.

`python scripts/fit_listener.py MELODIES.jsonl.gz [--motifs 500]`. Only the training part is heard. How surprising a
melody is, is measured by a model of the other half of the scores: the shipped one knows these by heart.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path
from random import Random

import numpy as np

from assistant.brief import Brief
from assistant.vary.corpus import read_melodies
from assistant.vary.crossing import mixed
from assistant.vary.judging.originality import NAME as LEARNED_FROM
from assistant.vary.judging.originality import known_by_heart
from assistant.vary.judging.trials import Band, Trial, trials_of
from assistant.vary.learned.listener import heard_features, listener_of
from assistant.vary.learned.sections import read_sections, split_scores
from assistant.vary.learned.source import LISTENER, WISHES
from assistant.vary.learned.steps import LOWEST, joined_notes
from assistant.vary.learned.wishes import wishes_of
from assistant.vary.make import pooled
from assistant.vary.phrase import GRID_TICKS, Phrase, Tone, melody_of
from assistant.vary.plausible import trained
from assistant.vary.terms import terms_of

BAND = Band(0.3, 0.85)
CANDIDATES = {"model": 12, "rules": 8}
"""More by the rules than are chosen from: the network knows these scores, and what it writes here is less odd than what
it writes elsewhere."""
CROSSED = 30
"""Of those that mix the bars of others, as they fall: a listener that heard only what is aimed at chose worse on the
judges' part (told apart with an AUC of .64 to .67, not .63)."""
PRESETS = Path(__file__).parents[1] / "presets"


def half(name: str) -> int:
    return zlib.crc32(name.partition("#")[0].encode() + b"h") % 2


def human(trial: Trial) -> Phrase:
    motif = trial.motif
    notes = joined_notes(trial.human, trial.ticks)
    tones = (
        Tone(start * GRID_TICKS, pitch + LOWEST + trial.section.do, (end - start) * GRID_TICKS)
        for start, end, pitch in notes
    )
    return Phrase(tuple(tones), len(trial.human), motif.meter, motif.key)


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("melodies", type=Path)
    asked.add_argument("--motifs", type=int, default=500)
    given = asked.parse_args()
    sections = split_scores(read_sections(given.melodies))["train"]
    known = known_by_heart(sections)
    np.savez_compressed(PRESETS / LEARNED_FROM, steps=np.diff(known, prepend=np.uint32(0)))
    everything = trials_of(sections, Band(0, 1), seed=1, a_section=5)
    wishes = wishes_of(trial.likeness(trial.human) for trial in everything)
    np.savez_compressed(PRESETS / WISHES, rows=wishes.rows.astype(np.float16))
    melodies = [melody for melody in read_melodies(given.melodies) if melody.part == "train"]
    habits = [trained([p for m in melodies if half(m.name) != side for p in m.phrases]) for side in (0, 1)]
    trials = trials_of(sections, BAND, seed=3, a_section=1)
    Random(1).shuffle(trials)
    people, made = [], []
    for number, trial in enumerate(trials[: given.motifs]):
        brief = Brief(overlap=(BAND.far, BAND.near), chromatic=number % 2 == 0, seed=number)
        terms, lot = terms_of(trial.motif, brief), Random(number)
        pool = pooled(terms, CANDIDATES, lot)
        parents = [candidate for candidate in pool if candidate.source == "model"]
        pool += mixed(parents, CROSSED, lot)
        inside = [c.phrase for c in pool if BAND.off(trial.likeness(trial.read(c.phrase)).overlap) == 0]
        found = heard_features([human(trial), *inside], melody_of(trial.motif), habits[half(trial.section.id)])
        people.append(found[:1])
        made.append(found[1:])
    listener = listener_of(np.concatenate(people), np.concatenate(made))
    np.savez_compressed(PRESETS / LISTENER, middle=listener.middle, spread=listener.spread, slope=listener.slope)


if __name__ == "__main__":
    main()
