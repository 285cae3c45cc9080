"""Trains the model of variations that ships, `presets/melody/variations.npz`, on a file of CC0 melodies.

`python scripts/train_variations.py MELODIES.jsonl.gz FOLDER --minutes 60`. Needs torch. FOLDER keeps the state: the
same command goes on where it was stopped. `curve.jsonl` in it is the validation curve, bits a step on the judges' part.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from assistant.vary.learned.network import Shape, write_network
from assistant.vary.learned.sections import read_sections, split_scores
from assistant.vary.training.fit import Plan, fit
from assistant.vary.training.practice import Practice


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("melodies", type=Path)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--minutes", type=float, default=60)
    asked.add_argument("--rate", type=float, default=1.2e-3)
    asked.add_argument("--dropout", type=float, default=0.12)
    asked.add_argument("--threads", type=int, default=1)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--start", type=Path, help="a state.pt whose averaged weights to begin with")
    given = asked.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", str(given.threads))
    given.folder.mkdir(parents=True, exist_ok=True)
    parts = split_scores(read_sections(given.melodies))
    shape = Shape(dropout=given.dropout)
    plan = Plan(minutes=given.minutes, decay=0.1, peak_rate=given.rate, threads=given.threads, seed=given.seed)
    with (given.folder / "curve.jsonl").open("a") as curve:

        def report(line: str) -> None:
            print(line, flush=True)
            print(line, file=curve, flush=True)

        model = fit(
            Practice(parts["train"], seed=given.seed),
            Practice(parts["judge"], seed=2),
            given.folder,
            plan=plan,
            shape=shape,
            report=report,
            start_from=given.start,
        )
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    write_network(given.folder / "variations.npz", weights, shape)


if __name__ == "__main__":
    main()
