"""The whole table: what model and rules make together, what rules make alone, and chance, against what people wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from assistant.brief import Brief
from assistant.vary.candidates import Candidate
from assistant.vary.judging.figures import Figure, Sets, figure, groups_of, judged, resampled
from assistant.vary.judging.foretelling import ratio_to_copying
from assistant.vary.judging.holding import checked
from assistant.vary.judging.judge import judge_of
from assistant.vary.judging.originality import Windows, copies, load_known
from assistant.vary.judging.pace import pace
from assistant.vary.judging.trials import Band, Trial, trials_of
from assistant.vary.judging.unseen import Unseen, unseen_in
from assistant.vary.learned.constraints import Constraints
from assistant.vary.learned.controls import EDGES, Controls
from assistant.vary.learned.likeness import likeness
from assistant.vary.learned.page import pages_of
from assistant.vary.learned.sampling import Manner, written
from assistant.vary.learned.source import load_network
from assistant.vary.learned.steps import Bars
from assistant.vary.make import CANDIDATES_OF_TEN, SOURCES, chosen, pooled
from assistant.vary.terms import terms_of

BAND = Band(0.35, 0.8)
"""Overlap asked for: people's variations are rarely nearer or further."""
OF_ONE = sum(CANDIDATES_OF_TEN.values())
MAKERS: dict[str, tuple[dict[str, int], bool]] = {
    "ours": (CANDIDATES_OF_TEN, True),
    "ours in key": (CANDIDATES_OF_TEN, False),
    "rules": ({"rules": OF_ONE}, False),
    "jitter": ({"jitter": OF_ONE}, False),
}
"""How many candidates of each kind, and whether notes foreign to the key are allowed, as they were to people."""
JUDGED_SOURCES = {**SOURCES, "jitter": "assistant.vary.judging.jitter:by_jitter"}

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`columns`: for each maker, raw and selected, the figures by name. `copies`: the share of variations in which
    eight notes in a row are from the training set and not from the motif, `human` the same of people's. `held`: hard
    constraints, how many variations held theirs and how many were made. `controls`: the share within one step of what
    was asked, by respect. `bits`: the network's bits on people's variations against copying and habit, as a ratio less
    one. `seconds`: median and 95th percentile of ten variations of eight bars, and of a thousand."""

    motifs: int
    scores: int
    learned_scores: int
    columns: dict[str, dict[str, Figure]]
    copies: dict[str, float]
    held: tuple[int, int]
    controls: dict[str, Figure]
    bits: Figure
    seconds: tuple[float, float, float]


def evaluate(path: Path, *, motifs: int, checks: int, seed: int, progress: Progress) -> Evaluation:
    """Judge on a file of melodies. Raises `CannotRead`."""
    known = load_known()
    unseen = unseen_in(path, known)
    judge = judge_of(unseen.judges)
    found = trials_of(unseen.motifs, BAND, seed=seed)
    Random(seed).shuffle(found)
    trials = [Trial(number, t.section, t.source, t.human) for number, t in enumerate(found[:motifs])]
    columns, copied = {}, {"human": share_of_copies([[t.human] for t in trials], trials, known)}
    for name, (counts, chromatic) in MAKERS.items():
        raw, best = [], []
        for trial in trials:
            candidates, picked = made(trial, counts, chromatic=chromatic, seed=seed)
            raw.append([trial.read(one.phrase) for one in candidates])
            best.append([trial.read(one.phrase) for one in picked])
            progress(f"{name}", (trial.number + 1) / len(trials))
        for kind, sets in (("raw", raw), ("selected", best)):
            columns[f"{name}, {kind}"] = judged(Sets(f"{name}, {kind}", sets), trials, BAND, judge)
            copied[f"{name}, {kind}"] = share_of_copies(sets, trials, known)
    return Evaluation(
        len(trials),
        len({trial.section.score for trial in trials}),
        len({section.score for section in unseen.learned}),
        columns,
        copied,
        held(trials, checks, seed, progress),
        controls(trials, progress),
        bits(unseen, trials, seed),
        pace(progress),
    )


def made(
    trial: Trial, counts: Mapping[str, int], *, chromatic: bool, seed: int
) -> tuple[list[Candidate], list[Candidate]]:
    """Ten of the candidates as they come, and the ten selected, all makers having as many to select from."""
    terms = terms_of(trial.motif, Brief(overlap=(BAND.far, BAND.near), chromatic=chromatic, seed=seed))
    random = Random(f"{seed} {trial.number}")
    pool = pooled(terms, counts, random, JUDGED_SOURCES)
    return random.sample(pool, min(10, len(pool))), chosen(terms, pool)


def share_of_copies(sets: Sequence[Sequence[Bars]], trials: Sequence[Trial], known: Windows) -> float:
    flags = [copies(bars, t.source, known) for t, some in zip(trials, sets, strict=True) for bars in some]
    return float(np.mean(flags)) if flags else 0.0


def held(trials: Sequence[Trial], checks: int, seed: int, progress: Progress) -> tuple[int, int]:
    count = good = 0
    for _, some, fine in checked([trial.motif for trial in trials], Random(seed)):
        count, good = count + some, good + fine
        progress("hard constraints", min(1.0, count / checks))
        if count >= checks:
            break
    return good, count


def controls(trials: Sequence[Trial], progress: Progress, *, each: int = 4) -> dict[str, Figure]:
    """Share of candidates that come within one step of the human likeness that was asked for, by respect."""
    network = load_network()
    hits = []
    for trial in trials:
        wish = Controls.of(trial.likeness(trial.human))
        asked = np.array(wish.symbols())
        (page,) = pages_of(terms_of(trial.motif, Brief()))
        made = written(network, page.passage, [wish] * each, Constraints(), manner=Manner(), seed=trial.number)
        lines = [likeness(page.passage.bars, one.bars, trial.ticks) for one in made]
        came = np.array([Controls.of(line).symbols() for line in lines])
        hits.append((np.abs(came - asked) <= 1).mean(0))
        progress("controls", (trial.number + 1) / len(trials))
    draws = resampled(groups_of(trials), 0)
    return {name: figure(np.array(hits)[:, index], draws) for index, name in enumerate(EDGES)}


def bits(unseen: Unseen, trials: Sequence[Trial], seed: int) -> Figure:
    """The network's bits against copying and habit: habit has counted what the network learned from where the file has
    it, else the judges' part."""
    fitting = trials_of(unseen.judges, Band(0.0, 1.0), seed=seed)
    habits = judge_of(unseen.learned or unseen.judges)
    ours, theirs = ratio_to_copying(load_network(), habits, fitting, trials)
    ratios = [ours[draw].sum() / theirs[draw].sum() - 1 for draw in resampled(groups_of(trials), 0)]
    low, high = np.percentile(ratios, (2.5, 97.5))
    return Figure(float(ours.sum() / theirs.sum() - 1), float(low), float(high))
