"""Trains the timbres that ship.

`python scripts/train_timbres.py [NAME…]` renders each one's phrases, learns them in a fixed number of steps (about
three minutes each on one processor core; a GPU is used where there is one), and writes
`presets/timbres/NAME.safetensors` and `NAME.toml`. Stopped, it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import torch

from assistant.files import write_whole
from assistant.timbre.features import Frames, loudness
from assistant.timbre.measures import loudness_distance, mel_distance, spectral_distance
from assistant.timbre.network import Network
from assistant.timbre.shape import Shape
from assistant.timbre.synthesis import sound
from assistant.timbre.training import recipes
from assistant.timbre.training.fit import Plan, Told, fit
from assistant.timbre.training.model import fresh
from assistant.timbre.training.passages import passage
from assistant.timbre.weights import read_weights, write_weights

PLAN = Plan(frame_steps=300, sound_steps=90)
SHIPPED = Path(__file__).parents[1] / "presets" / "timbres"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(recipes.SOURCES)}; all if none")
    parser.add_argument("-o", "--output", type=Path, default=SHIPPED)
    parser.add_argument(
        "--work", type=Path, default=Path("build/timbres"), help="where phrases and unfinished work lie"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    for name in arguments.names or recipes.SOURCES:
        train(name, arguments.output, arguments.work)


def train(name: str, output: Path, work: Path) -> None:
    source = recipes.SOURCES[name]
    began = time.process_time()
    raw = rendered(name, work)
    gain = recipes.level_gain([samples for samples, _ in raw])
    learnt = [passage(samples * np.float32(gain), hz, source.harmonics) for samples, hz in raw]
    shape = Shape(source.harmonics)
    losses: list[float] = []

    def told(now: Told) -> None:
        losses.append(now.loss)
        if now.step % 50 == 0:
            print(f"{name} {now.step}/{now.steps} {np.mean(losses[-50:]):.4f} {now.seconds:.0f} s", flush=True)

    parameters = fit(learnt, shape, PLAN, checkpoint=work / f"{name}.pt", told=told)
    write_weights(output / f"{name}.safetensors", {key: value.numpy() for key, value in parameters.items()})
    levels = np.concatenate([one.loudness_db for one in learnt])
    quantiles = np.quantile(levels[levels > -50], np.linspace(0, 1, 21))
    output_gain_db = recipes.output_gain_db([samples for samples, _ in raw], gain)
    weights = read_weights(output / f"{name}.safetensors")
    network = Network(weights, shape)
    figures = measured(network, source.players, rendered(name, work, recipes.HELD_OUT), gain, PLAN.seed)
    figures["training_cpu_seconds"] = round(time.process_time() - began)
    write_whole(output / f"{name}.toml", card(name, quantiles, output_gain_db, figures).encode())
    print(name, figures, flush=True)


def measured(
    network: Network, players: int, held_out: list[tuple[Frames, Frames]], gain: float, seed: int
) -> dict[str, float]:
    """How near the timbre comes to phrases that it has not seen."""
    untrained = Network({key: value.numpy() for key, value in fresh(network.shape, seed).items()}, network.shape)
    rows = []
    for samples, hz in held_out:
        true = samples * np.float32(gain)
        made = np.atleast_2d(sound(network, hz, loudness(true), players=players)).mean(axis=0)
        noise = sound(untrained, hz, loudness(true))
        loss = spectral_distance(made, true)
        rows.append(
            (loss / spectral_distance(noise, true), loss, mel_distance(true, made), loudness_distance(true, made))
        )
    names = ("spectral_loss_to_untrained", "spectral_loss", "log_mel_db", "loudness_db")
    return {key: round(float(value), 3) for key, value in zip(names, np.mean(rows, axis=0), strict=True)}


def card(name: str, quantiles: Frames, gain_db: float, figures: dict[str, float]) -> str:
    """The timbre's card, TOML."""
    source = recipes.SOURCES[name]
    material = recipes.OWN_MATERIAL
    if source.program is not None:
        material = recipes.FLUID_MATERIAL.format(program=source.program)
    lines = [
        f"description = {json.dumps(source.description)}",
        f"family = {json.dumps(source.family)}",
        f"synonyms = {json.dumps(list(source.synonyms))}",
        *([f"players = {source.players}"] if source.players > 1 else []),
        f"low = {source.low}",
        f"high = {source.high}",
        f"licence = {json.dumps(recipes.LICENCE)}",
        f"material = {json.dumps(material)}",
        f"levels_db = {json.dumps([round(float(level), 1) for level in quantiles])}",
        f"gain_db = {gain_db:.1f}",
        "",
        "[playing]",
        *(f"{key} = {value}" for key, value in recipes.PLAYING[source.playing].items()),
        "",
        "# On two phrases of half a minute that were not learnt from; scripts/train_timbres.py",
        "[figures]",
        *(f"{key} = {value}" for key, value in figures.items()),
    ]
    return "\n".join(lines) + "\n"


def rendered(name: str, work: Path, seeds: tuple[int, ...] = recipes.LEARNT) -> list[tuple[Frames, Frames]]:
    """The phrases of a timbre, rendered once."""
    phrases = []
    for seed in seeds:
        kept = work / "phrases" / f"{name}-{seed}.npz"
        if not kept.exists():
            samples, hz = recipes.played(name, seed)
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(kept, samples=samples, hz=hz)
        with np.load(kept) as held:
            phrases.append((held["samples"], held["hz"]))
    return phrases


if __name__ == "__main__":
    main()
