"""Writes trained nets as one .npz for numpy, in half precision, and checks that both say the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from assistant.hear.ear import Ear as NumpyEar
from assistant.hear.features import COLUMNS
from scripts.hearing.net import Ear

_MOST_OFF = 0.01


def layer(conv: nn.Conv1d, norm: nn.BatchNorm1d | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(weights, bias) for `assistant.hear.ear.Layer`, the norm that follows folded in."""
    weights, bias = conv.weight.detach().double(), conv.bias.detach().double()
    if norm is not None:
        gain = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
        weights = weights * gain[:, None, None]
        bias = (bias - norm.running_mean.double()) * gain + norm.bias.detach().double()
    return weights.permute(2, 1, 0).reshape(-1, weights.shape[0]).numpy(), bias.numpy()


def arrays(net: Ear) -> dict[str, np.ndarray]:
    gain = (net.enter_norm.weight / torch.sqrt(net.enter_norm.running_var + net.enter_norm.eps)).detach()
    found = {
        "scale": gain.numpy(),
        "shift": (net.enter_norm.bias - net.enter_norm.running_mean * gain).detach().numpy(),
    }
    layers = {"enter": layer(net.enter), "leave": layer(net.leave)}
    for index, block in enumerate(net.blocks):
        layers[f"conv{index}"] = layer(block.conv, block.norm)
        layers[f"mix{index}"] = layer(block.mix)
    for name, (weights, bias) in layers.items():
        found[f"{name}/weights"], found[f"{name}/bias"] = weights, bias
    return found


def write_nets(nets: Sequence[Ear], path: Path) -> None:
    """Raises `ValueError` where numpy says otherwise than torch."""
    kept = {
        # Scales stay whole: a band that hardly varies has a large one.
        f"{index}/{name}": value.astype(np.float32 if name in {"scale", "shift"} else np.float16)
        for index, net in enumerate(nets)
        for name, value in arrays(net).items()
    }
    np.savez_compressed(path, **kept)
    inputs = np.random.default_rng(0).normal(0, 0.5, (700, COLUMNS)).astype(np.float32)
    with torch.no_grad():
        wanted = torch.stack([torch.sigmoid(net(torch.from_numpy(inputs.T[None])))[0] for net in nets]).mean(dim=0)
    off = float(np.abs(NumpyEar(path).likelihoods(inputs) - wanted.numpy()).max())
    if off > _MOST_OFF:
        raise ValueError(f"numpy and torch differ by {off:.4f}")
