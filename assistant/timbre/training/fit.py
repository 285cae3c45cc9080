"""Learning a timbre from passages: first their harmonics and noise, frame by frame, then their sound.

The number of steps is fixed, not the time, so that the same passages, seed and steps give the same timbre on the same
machine; every few seconds all that is needed to go on is written to a file.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from assistant.files import write_whole
from assistant.timbre.features import HOP, Frames
from assistant.timbre.shape import Shape
from assistant.timbre.training.model import Parameters, Synthesis, fresh, outputs
from assistant.timbre.training.optimiser import Optimiser
from assistant.timbre.training.passages import AUDIBLE_DB, SILENT_DB, Passage, table_of

_BATCH, _LENGTH, _CONTEXT = 6, 448, 128
_SOUND_BATCH, _SOUND_LENGTH = 4, 150
LONGEST_PIECE = _LENGTH
"""Frames that a passage has to have at least."""
_EVERY_SECONDS = 20.0
_EARLY_STEPS = 150
_FEW_SCALES = 3
_MEL_EVERY = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to learn: steps on frames, then on sound; `rate` is how far a step moves a weight, at its furthest."""

    frame_steps: int = 350
    sound_steps: int = 120
    rate: float = 3e-3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """Where the learning stands."""

    step: int
    steps: int
    loss: float
    seconds: float


def fit(
    passages: Sequence[Passage],
    shape: Shape,
    plan: Plan,
    *,
    start: Mapping[str, Tensor] | None = None,
    checkpoint: Path | None = None,
    told: Callable[[Told], None] | None = None,
    early: Callable[[int, dict[str, Frames]], None] | None = None,
    device: str = "",
) -> Parameters:
    """The network that has learnt `passages`: from their mean spectra and the network of `start`, if any, on.

    A `checkpoint` that is there already is gone on from; `early` is given the weights so far every 150 steps.
    """
    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    synthesis = Synthesis(shape, where)
    parameters = fresh(shape, plan.seed)
    if start is None:
        # The mean spectra are what learning begins at.
        parameters["head.out.weight"].zero_()
    for name, value in (start or {}).items():
        # A base with other harmonics gives what fits.
        if parameters[name].shape == value.shape:
            parameters[name] = value.detach().clone().float()
        else:
            rows = _shared_rows(parameters[name].shape[0], value.shape[0], shape)
            parameters[name][rows[0]] = value[rows[1]].float()
    parameters["table"] = torch.from_numpy(table_of(passages, shape))
    parameters = {name: value.to(where).requires_grad_() for name, value in parameters.items()}
    optimiser = Optimiser(parameters)
    steps, done, before = plan.frame_steps + plan.sound_steps, 0, 0.0
    if checkpoint and checkpoint.exists():
        held = torch.load(checkpoint, weights_only=True)
        with torch.no_grad():
            for name, value in held["parameters"].items():
                parameters[name].copy_(value)
        optimiser.restore(held["optimiser"])
        done, before = held["done"], held["seconds"]
    began = saved = time.monotonic()
    for step in range(done, steps):
        # Each step draws for itself, so that going on after a stop learns what an unbroken run would.
        draw = np.random.default_rng((plan.seed, step))
        on_frames = step < plan.frame_steps
        if on_frames:
            loss = _frame_loss(parameters, synthesis, passages, draw, step)
        else:
            loss = _sound_loss(parameters, synthesis, passages, draw)
        for value in parameters.values():
            value.grad = None
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(parameters.values()), 3.0)
        optimiser.step(_rate(step, plan))
        now = time.monotonic()
        if told:
            told(Told(step + 1, steps, float(loss.detach()), before + now - began))
        if early and (step + 1) % _EARLY_STEPS == 0:
            early(step + 1, {name: value.detach().cpu().numpy() for name, value in parameters.items()})
        if checkpoint and (now - saved > _EVERY_SECONDS or step + 1 == steps):
            saved = now
            _save(checkpoint, parameters, optimiser, step + 1, before + now - began)
    return {name: value.detach().cpu() for name, value in parameters.items()}


def _shared_rows(rows: int, base_rows: int, shape: Shape) -> tuple[Tensor, Tensor]:
    """The outputs that two networks share: the gain, the lower harmonics, the noise."""
    harmonics = min(rows, base_rows) - (shape.outputs - shape.harmonics)
    bands = shape.outputs - shape.harmonics - 1
    common = torch.arange(1 + harmonics)
    return (
        torch.cat([common, torch.arange(rows - bands, rows)]),
        torch.cat([common, torch.arange(base_rows - bands, base_rows)]),
    )


def _rate(step: int, plan: Plan) -> float:
    """Warms up, then falls as a cosine; the sound begins again at a third."""
    if step < plan.frame_steps:
        return (
            plan.rate * min(1.0, (step + 1) / 20) * (0.05 + 0.475 * (1 + math.cos(math.pi * step / plan.frame_steps)))
        )
    share = (step - plan.frame_steps) / max(1, plan.sound_steps)
    return (
        plan.rate
        * 0.4
        * min(1.0, (step - plan.frame_steps + 1) / 10)
        * (0.05 + 0.475 * (1 + math.cos(math.pi * share)))
    )


def _pieces(
    passages: Sequence[Passage], draw: np.random.Generator, batch: int, length: int
) -> list[tuple[Passage, slice]]:
    """Places where something sounds."""
    pieces: list[tuple[Passage, slice]] = []
    while len(pieces) < batch:
        one = passages[int(draw.integers(len(passages)))]
        first = int(draw.integers(0, len(one.hz) - length))
        heard = one.loudness_db[first + _CONTEXT : first + length]
        if (heard > -50).mean() > 0.3:
            pieces.append((one, slice(first, first + length)))
    return pieces


def _stacked(pieces: Sequence[tuple[Passage, slice]], name: str, device: torch.device) -> Tensor:
    return torch.from_numpy(np.stack([getattr(one, name)[where] for one, where in pieces])).to(device)


def _predicted(
    parameters: Parameters, synthesis: Synthesis, pieces: Sequence[tuple[Passage, slice]]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Amplitudes of harmonics and noise, pitch and loudness, past the context."""
    features = np.stack([one.features[:, at] for one, at in pieces])
    out = outputs(parameters, synthesis.shape, torch.from_numpy(features).to(synthesis.device))[:, _CONTEXT:]
    hz = _stacked(pieces, "hz", synthesis.device)[:, _CONTEXT:]
    level = _stacked(pieces, "loudness_db", synthesis.device)[:, _CONTEXT:]
    tones, noise = synthesis.amplitudes(out, hz, level)
    return tones, noise, hz, level


def _frame_loss(
    parameters: Parameters, synthesis: Synthesis, passages: Sequence[Passage], draw: np.random.Generator, step: int
) -> Tensor:
    """The mean distance in dB to the harmonics and noise that were measured, where they are heard, and to the bands of
    mel, which weigh both as they are heard.
    """
    pieces = _pieces(passages, draw, _BATCH, _LENGTH)
    tones, noise, hz, level = _predicted(parameters, synthesis, pieces)
    true_tones = _stacked(pieces, "tones_db", synthesis.device)[:, _CONTEXT:]
    true_noise = _stacked(pieces, "noise_db", synthesis.device)[:, _CONTEXT:]
    heard = (level > SILENT_DB).float()[..., None]
    floor = (level - AUDIBLE_DB)[..., None]
    below = (hz[..., None] * synthesis.multiples < 17_000).float()
    # As the ear's bands do, high harmonics count less: there are many to a band.
    weight = heard * below / (8 + synthesis.multiples).sqrt()
    apart = (_db(tones).maximum(floor) - true_tones.maximum(floor)).abs()
    apart_noise = (_db(noise).maximum(floor - 10) - true_noise.maximum(floor - 10)).abs() * heard
    measured = (apart * weight).sum() / weight.sum() / 10 + apart_noise.mean() / 20
    every = slice(step % _MEL_EVERY, None, _MEL_EVERY)
    true_mel = _stacked(pieces, "mel_db", synthesis.device)[:, _CONTEXT:][:, every]
    floor = _floors(pieces, synthesis.device)
    mel = synthesis.mel_db(hz[:, every], tones[:, every], noise[:, every]).maximum(floor)
    return measured + (mel - true_mel).abs().mean() / 10


def _sound_loss(
    parameters: Parameters, synthesis: Synthesis, passages: Sequence[Passage], draw: np.random.Generator
) -> Tensor:
    """The spectral loss of the sound, at three scales a step, and that of its bands of mel."""
    pieces = _pieces(passages, draw, _SOUND_BATCH, _CONTEXT + _SOUND_LENGTH)
    tones, noise, hz, _ = _predicted(parameters, synthesis, pieces)
    chance = torch.Generator(synthesis.device).manual_seed(int(draw.integers(2**31)))
    made = synthesis.sound(hz, tones, noise, chance)
    audio = [one.samples[(at.start + _CONTEXT) * HOP : at.stop * HOP] for one, at in pieces]
    true = torch.from_numpy(np.stack(audio)).to(synthesis.device)
    scales = tuple(sorted(draw.choice(list(synthesis.hann), _FEW_SCALES, replace=False).tolist(), reverse=True))
    loss = synthesis.spectral_loss(made, true, scales)
    return loss + synthesis.mel_loss(made, true, _floors(pieces, synthesis.device)) / 5


def _floors(pieces: Sequence[tuple[Passage, slice]], device: torch.device) -> Tensor:
    """What counts as silence in their bands of mel, (pieces, 1, 1)."""
    return torch.tensor([one.mel_db.min() for one, _ in pieces], device=device)[:, None, None]


def _db(amplitude: Tensor) -> Tensor:
    return 20 / math.log(10) * torch.log(amplitude + 1e-7)


def _save(path: Path, parameters: Parameters, optimiser: Optimiser, done: int, seconds: float) -> None:
    file = io.BytesIO()
    plain = {name: value.detach().cpu() for name, value in parameters.items()}
    torch.save({"parameters": plain, "optimiser": optimiser.state(), "done": done, "seconds": seconds}, file)
    write_whole(path, file.getvalue())
