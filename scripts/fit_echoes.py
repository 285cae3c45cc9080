"""Fits how much what was heard before counts beside the network's scores, `presets/melody/echoes.npz`.

`python scripts/fit_echoes.py MELODIES.jsonl.gz OUT.npz`. Needs torch. Fitted to variations by people of the training
part, everything asked; the figure on the judges' part is printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assistant.vary.judging.foretelling import foretold
from assistant.vary.judging.trials import Band, Trial, trials_of
from assistant.vary.learned.controls import Controls
from assistant.vary.learned.echoes import INTERVAL_ECHOES, LENGTH_ECHOES, PITCH_ECHOES, Echoes, Echoing, write_echoing
from assistant.vary.learned.models import model_path
from assistant.vary.learned.network import Network, read_network
from assistant.vary.learned.sections import read_sections, split_scores
from assistant.vary.learned.steps import LENGTHS, PITCH_CHOICES

RIDGE = 3.0


def rows_of(network: Network, trials: Sequence[Trial]) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """For lengths and for pitches: the network's scores `(n, choices)`, the grades `(n, 3 echoes, choices)`, and what
    came."""
    lengths, pitches = [], []
    for trial in trials:
        echoes = Echoes(1, trial.source, trial.ticks, trial.section.beat_ticks)
        for step, of_length, of_pitch in foretold(network, trial, Controls.of(trial.likeness(trial.human))):
            onset, length = np.array([step.onset]), np.array([step.length])
            grades = echoes.of_lengths(onset).dense(1, len(LENGTH_ECHOES), len(LENGTHS))
            lengths.append((of_length, grades.reshape(-1, len(LENGTHS)), step.length))
            by_pitch, by_interval = echoes.of_pitches(length)
            grades = np.concatenate(
                [
                    by_pitch.dense(1, len(PITCH_ECHOES), PITCH_CHOICES),
                    by_interval.dense(1, len(INTERVAL_ECHOES), PITCH_CHOICES),
                ],
                2,
            )
            pitches.append((of_pitch, grades.reshape(-1, PITCH_CHOICES), step.symbol))
            echoes.write(onset, length, np.array([step.symbol]))
    found = [
        tuple(torch.from_numpy(np.array(column)) for column in zip(*rows, strict=True)) for rows in (lengths, pitches)
    ]
    return found[0], found[1]


def bits(rows: tuple[Tensor, ...], weights: Tensor, scale: Tensor) -> Tensor:
    scores, grades, came = rows
    summed = scale * scores + torch.einsum("nkc,k->nc", grades, weights)
    return functional.cross_entropy(summed, came, reduction="sum") / np.log(2)


def fitted(rows: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    weights = torch.zeros(rows[1].shape[1], requires_grad=True)
    scale = torch.ones(1, requires_grad=True)
    rule = torch.optim.LBFGS([weights, scale], max_iter=80, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        rule.zero_grad()
        total = bits(rows, weights, scale) + RIDGE * (weights**2).sum()
        total.backward()
        return total

    rule.step(loss)
    return weights.detach(), scale.detach()


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("melodies", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--network", type=Path, default=model_path())
    asked.add_argument("--trials", type=int, default=900)
    given = asked.parse_args()
    torch.set_num_threads(1)
    parts = split_scores(read_sections(given.melodies))
    network = read_network(given.network)
    band = Band(0.35, 0.8)
    learned = rows_of(network, trials_of(parts["train"], band, seed=9, a_section=1)[: given.trials])
    judged = rows_of(network, trials_of(parts["judge"], band, seed=9)[:200])
    weights = [fitted(rows) for rows in learned]
    for name, rows, (weight, scale) in zip(("lengths", "pitches"), judged, weights, strict=True):
        before = bits(rows, torch.zeros_like(weight), torch.ones(1)) / len(rows[2])
        print(f"bits a step, {name}: {before:.3f} -> {bits(rows, weight, scale) / len(rows[2]):.3f}")
    (of_lengths, length_scale), (of_pitches, pitch_scale) = weights
    by_pitch, by_interval = np.split(of_pitches.numpy().reshape(3, -1), [len(PITCH_ECHOES)], 1)
    write_echoing(
        given.out,
        Echoing(of_lengths.numpy().reshape(3, -1), by_pitch, by_interval, float(length_scale), float(pitch_scale)),
    )


if __name__ == "__main__":
    main()
