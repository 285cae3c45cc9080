"""One timbre judged: on its instrument's own phrases, and on what becomes of voices and a piano."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from assistant.files import write_whole
from assistant.timbre.features import SAMPLE_RATE_HZ
from assistant.timbre.judging.instruments import Judge, votes
from assistant.timbre.judging.likeness import folded_db, likeness
from assistant.timbre.judging.material import SOURCE_SECONDS, held_out, sources
from assistant.timbre.judging.pairs import Pair, Source, judged
from assistant.timbre.judging.register import register
from assistant.timbre.judging.report import Judged
from assistant.timbre.judging.ways import Made, Ways
from assistant.timbre.picture import spectrograms
from assistant.timbre.timbre import load_timbre

Progress = Callable[[float], None]


def prepared(folder: Path, clips: int, progress: Progress) -> dict[str, Source]:
    """The sources by name, their pitch tracked. Raises `CannotRead`, `MissingPart`."""
    found: dict[str, Source] = {}
    sounds = sources(folder, clips)
    for name, samples in sounds.items():
        found[name] = Source.of(samples)
        progress(len(found) / len(sounds))
    return found


def judged_timbre(
    name: str,
    inputs: Mapping[str, Source],
    judge: Judge,
    ways: Ways,
    *,
    pictures: Path | None = None,
    progress: Progress,
) -> Judged:
    """Its figures; with `pictures`, a picture in that folder. Raises `MissingPart`, `UnknownName`, `InvalidPreset`."""
    timbre = load_timbre(name)
    phrases = held_out(name)
    near, folded = likeness(timbre, phrases), folded_db(timbre)
    progress(0.3)
    target, instrument = phrases[0].samples, register(name)
    shown = target[: int(SOURCE_SECONDS * SAMPLE_RATE_HZ)]
    made: dict[str, dict[str, Made]] = {}
    pairs: dict[str, dict[str, Pair]] = {}
    for number, (what, source) in enumerate(inputs.items()):
        for way, one in ways.made(source.samples, timbre, shown).items():
            made.setdefault(way, {})[what] = one
            pairs.setdefault(way, {})[what] = judged(judge, source, one, target, timbre, instrument)
        progress(0.3 + 0.7 * (number + 1) / len(inputs))
    if pictures:
        rows = {
            "what came in": {what: source.samples for what, source in inputs.items()},
            **{way: {what: one.samples for what, one in each.items()} for way, each in made.items()},
            "itself": {next(iter(inputs)): shown},
        }
        write_whole(pictures / f"{name}.png", spectrograms(name, rows))
    itself = judge.heard(np.concatenate([one.samples for one in phrases]))
    return Judged(name, near, folded, itself, votes(itself, timbre.family), pairs)
