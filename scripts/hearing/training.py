"""Trains one net on stretches of examples, some of them disturbed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from assistant.hear.features import BANDS, COLUMNS
from assistant.hear.frames import Frames
from scripts.hearing.examples import Example, targets
from scripts.hearing.net import Ear

_RATE, _FRAMES, _SIZE = 3e-3, 400, 12
_DISTURBED_PART = 0.6


def disturbed(inputs: Frames, rng: np.random.Generator) -> Frames:
    """The inputs with another colour and level, hidden stretches, a dulled top or an unsure pitch."""
    changed = inputs.copy()
    bands = np.linspace(-1, 1, BANDS, dtype=np.float32)
    tilt = rng.normal(0, 0.12) * bands + rng.normal(0, 0.12) * (bands**2 - 0.33)
    ripple = 0.1 * rng.normal() * np.cos(np.pi * rng.uniform(1, 4) * bands + rng.uniform(0, 6.3))
    changed[:, :BANDS] += tilt + ripple
    changed[:, : BANDS + 1] += rng.normal(0, 0.1)
    if rng.random() < 0.3:
        shift = int(rng.integers(-3, 4))
        changed[:, :BANDS] = np.roll(changed[:, :BANDS], shift, axis=1)
        if shift > 0:
            changed[:, :shift] = changed[:, shift : shift + 1]
        elif shift < 0:
            changed[:, BANDS + shift : BANDS] = changed[:, BANDS + shift - 1 : BANDS + shift]
    if rng.random() < 0.25:
        top = int(rng.integers(30, BANDS))
        changed[:, top:BANDS] = changed[:, top:BANDS].min() if rng.random() < 0.5 else -1
    if rng.random() < 0.5:
        floor = rng.uniform(-1, -0.1) + rng.normal(0, 0.1) * bands
        noise = floor + rng.normal(0, 0.06, (len(changed), BANDS))
        changed[:, :BANDS] = np.logaddexp(7 * changed[:, :BANDS], 7 * noise) / 7
    if rng.random() < 0.15:
        changed[:, BANDS + 1 :] = 0
    if rng.random() < 0.2:
        low = int(rng.integers(0, BANDS - 8))
        changed[:, low : low + int(rng.integers(4, 20))] = 0
    return changed


class Batches:
    """Random stretches of examples, each batch from several pools in given parts."""

    def __init__(self, pools: Sequence[tuple[float, Sequence[Example]]], *, frames: int, size: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        filled = [(part, examples) for part, examples in pools if len(examples)]
        self._parts = np.array([part for part, _ in filled]) / sum(part for part, _ in filled)
        self._pools = [[(e.inputs, targets(e.notes, len(e.inputs))) for e in pool] for _, pool in filled]
        self._weights = [self._weigh(pool) for pool in self._pools]
        self._frames, self._size = frames, size

    @staticmethod
    def _weigh(pool: Sequence[tuple[Frames, Frames]]) -> NDArray[np.float64]:
        lengths = np.array([len(inputs) for inputs, _ in pool], float) ** 0.5
        return lengths / lengths.sum()

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        inputs = np.zeros((self._size, COLUMNS, self._frames), np.float32)
        wanted = np.zeros((self._size, 3, self._frames), np.float32)
        for row in range(self._size):
            which = int(self._rng.choice(len(self._pools), p=self._parts))
            pool = self._pools[which]
            x, y = pool[self._rng.choice(len(pool), p=self._weights[which])]
            start = int(self._rng.integers(0, max(1, len(x) - self._frames)))
            part = x[start : start + self._frames]
            if self._rng.random() < _DISTURBED_PART:
                part = disturbed(part, self._rng)
            inputs[row, :, : len(part)] = part.T
            wanted[row, :, : len(part)] = y[:, start : start + self._frames]
        return torch.from_numpy(inputs), torch.from_numpy(wanted)


def loss_of(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    weight = 1 + 4 * wanted
    weight[:, 1] = 1
    every = nn.functional.binary_cross_entropy_with_logits(logits, wanted, weight=weight, reduction="none")
    return every[:, 0].mean() + 0.6 * every[:, 1].mean() + 0.3 * every[:, 2].mean()


def train(pools: Sequence[tuple[float, Sequence[Example]]], *, steps: int, seed: int) -> Ear:
    """The trained net: an average of its last steps. `pools`: each with its part of the examples that are drawn."""
    torch.manual_seed(seed)
    net = Ear(COLUMNS)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    optimizer = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps, pct_start=0.1)
    batches = Batches(pools, frames=_FRAMES, size=_SIZE, seed=seed)
    for step in range(1, steps + 1):
        net.train()
        inputs, wanted = batches.next()
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(inputs)
        loss = loss_of(logits.float(), wanted)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        average.update_parameters(net)
        if step % 100 == 0:
            print(f"  step {step} of {steps}, loss {loss.item():.3f}", flush=True)
    trained: Ear = average.module
    return trained.eval()
