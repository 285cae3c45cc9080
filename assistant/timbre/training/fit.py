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
from assistant.timbre.features import HOP, Frames, loudness, midi_pitch, network_input
from assistant.timbre.shape import Shape
from assistant.timbre.training.analysis import analysed
from assistant.timbre.training.model import Parameters, Synthesis, fresh, outputs

_BATCH, _LENGTH, _CONTEXT = 6, 448, 128
_SOUND_BATCH, _SOUND_LENGTH = 4, 150
LONGEST_PIECE = _LENGTH
"""Frames that a passage has to have at least."""
_AUDIBLE_DB = 70.0
_SILENT_DB = -65.0
_EVERY_SECONDS = 20.0
_EARLY_STEPS = 150
_FEW_SCALES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """Audio of one voice, mono at 48 kHz and of whole frames, with its pitch, loudness, harmonics and noise."""

    samples: Frames
    hz: Frames
    loudness_db: Frames
    tones_db: Frames
    noise_db: Frames


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to learn: steps on frames, then on sound; `rate` is Adam's, at its highest."""

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


def passage(samples: Frames, hz: Frames, harmonics: int) -> Passage:
    """Measures what the network is to learn. `samples` are cut to `hz`'s frames."""
    whole = np.pad(samples, (0, max(0, len(hz) * HOP - len(samples))))[: len(hz) * HOP].astype(np.float32)
    found = analysed(whole, hz, harmonics)
    return Passage(whole, hz, loudness(whole), found.tones_db, found.noise_db)


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
    """The network that has learnt `passages`. A `checkpoint` that is there already is gone on from; `early` is
    given the weights so far every 150 steps.
    """
    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    synthesis = Synthesis(shape, where)
    parameters = fresh(shape, plan.seed)
    for name, value in (start or {}).items():
        # A base with other harmonics gives what fits.
        if parameters[name].shape == value.shape:
            parameters[name] = value.detach().clone().float()
        else:
            rows = _shared_rows(parameters[name].shape[0], value.shape[0], shape)
            parameters[name][rows[0]] = value[rows[1]].float()
    parameters = {name: value.to(where).requires_grad_() for name, value in parameters.items()}
    optimiser = torch.optim.Adam(list(parameters.values()), plan.rate, betas=(0.9, 0.99))
    steps, done, before = plan.frame_steps + plan.sound_steps, 0, 0.0
    if checkpoint and checkpoint.exists():
        held = torch.load(checkpoint, weights_only=True)
        with torch.no_grad():
            for name, value in held["parameters"].items():
                parameters[name].copy_(value)
        optimiser.load_state_dict(held["optimiser"])
        done, before = held["done"], held["seconds"]
    began = saved = time.monotonic()
    for step in range(done, steps):
        # Each step draws for itself, so that going on after a stop learns what an unbroken run would.
        draw = np.random.default_rng((plan.seed, step))
        on_frames = step < plan.frame_steps
        _set_rate(optimiser, _rate(step, plan))
        if on_frames:
            loss = _frame_loss(parameters, synthesis, passages, draw)
        else:
            loss = _sound_loss(parameters, synthesis, passages, draw)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(parameters.values()), 3.0)
        optimiser.step()
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


def _set_rate(optimiser: torch.optim.Adam, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate


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
    features = np.stack([network_input(midi_pitch(one.hz[at]), one.loudness_db[at]) for one, at in pieces])
    out = outputs(parameters, synthesis.shape, torch.from_numpy(features).to(synthesis.device))[:, _CONTEXT:]
    hz = _stacked(pieces, "hz", synthesis.device)[:, _CONTEXT:]
    level = _stacked(pieces, "loudness_db", synthesis.device)[:, _CONTEXT:]
    tones, noise = synthesis.amplitudes(out, hz, level)
    return tones, noise, hz, level


def _frame_loss(
    parameters: Parameters, synthesis: Synthesis, passages: Sequence[Passage], draw: np.random.Generator
) -> Tensor:
    """The mean distance in dB to the harmonics and noise that were measured, where they are heard."""
    pieces = _pieces(passages, draw, _BATCH, _LENGTH)
    tones, noise, hz, level = _predicted(parameters, synthesis, pieces)
    true_tones = _stacked(pieces, "tones_db", synthesis.device)[:, _CONTEXT:]
    true_noise = _stacked(pieces, "noise_db", synthesis.device)[:, _CONTEXT:]
    heard = (level > _SILENT_DB).float()[..., None]
    floor = (level - _AUDIBLE_DB)[..., None]
    below = (hz[..., None] * synthesis.multiples < 17_000).float()
    # As the ear's bands do, high harmonics count less: there are many to a band.
    weight = heard * below / (8 + synthesis.multiples).sqrt()
    apart = (_db(tones).maximum(floor) - true_tones.maximum(floor)).abs()
    apart_noise = (_db(noise).maximum(floor - 10) - true_noise.maximum(floor - 10)).abs() * heard
    return (apart * weight).sum() / weight.sum() / 10 + apart_noise.mean() / 20


def _sound_loss(
    parameters: Parameters, synthesis: Synthesis, passages: Sequence[Passage], draw: np.random.Generator
) -> Tensor:
    """The spectral loss of the sound, at three scales a step."""
    pieces = _pieces(passages, draw, _SOUND_BATCH, _CONTEXT + _SOUND_LENGTH)
    tones, noise, hz, _ = _predicted(parameters, synthesis, pieces)
    chance = torch.Generator(synthesis.device).manual_seed(int(draw.integers(2**31)))
    made = synthesis.sound(hz, tones, noise, chance)
    audio = [one.samples[(at.start + _CONTEXT) * HOP : at.stop * HOP] for one, at in pieces]
    true = torch.from_numpy(np.stack(audio)).to(synthesis.device)
    scales = tuple(sorted(draw.choice(list(synthesis.hann), _FEW_SCALES, replace=False).tolist(), reverse=True))
    return synthesis.spectral_loss(made, true, scales)


def _db(amplitude: Tensor) -> Tensor:
    return 20 / math.log(10) * torch.log(amplitude + 1e-7)


def _save(path: Path, parameters: Parameters, optimiser: torch.optim.Adam, done: int, seconds: float) -> None:
    file = io.BytesIO()
    plain = {name: value.detach().cpu() for name, value in parameters.items()}
    torch.save({"parameters": plain, "optimiser": optimiser.state_dict(), "done": done, "seconds": seconds}, file)
    write_whole(path, file.getvalue())
