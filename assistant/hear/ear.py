"""The ear model on numpy: how likely a sung note starts, sounds and ends in each frame.

A few small nets of dilated convolutions, trained alike from different starts, whose likelihoods are averaged. A frame
depends on `REACH` frames on either side and on nothing else, so blocks give what the whole gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.hear.features import COLUMNS
from assistant.hear.frames import Frames

OUTPUTS = ("onset", "active", "offset")
DILATIONS = (1, 2, 4, 8)
REACH = 1 + 2 * sum(DILATIONS)
_BLOCK_FRAMES = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A convolution as one product: `weights` (taps * columns in, columns out), `bias` (columns out)."""

    weights: Frames
    bias: Frames

    def __call__(self, x: Frames, dilation: int = 1) -> Frames:
        taps = len(self.weights) // x.shape[1]
        if taps == 1:
            product: Frames = x @ self.weights + self.bias
            return product
        reach = dilation * (taps // 2)
        padded = np.pad(x, ((reach, reach), (0, 0)))
        around = [padded[tap * dilation : tap * dilation + len(x)] for tap in range(taps)]
        convolved: Frames = np.concatenate(around, axis=1) @ self.weights + self.bias
        return convolved


@dataclass(frozen=True, slots=True, eq=False)
class Net:
    """One net: features scaled, entered, passed through residual blocks of two layers, and left."""

    scale: Frames
    shift: Frames
    enter: Layer
    blocks: tuple[tuple[Layer, Layer], ...]
    leave: Layer

    def logits(self, inputs: Frames) -> Frames:
        x = self.enter(inputs * self.scale + self.shift)
        for dilation, (conv, mix) in zip(DILATIONS, self.blocks, strict=True):
            x = x + mix(np.maximum(conv(x, dilation), 0))
        return self.leave(np.maximum(x, 0))


class Ear:
    """The model as scripts/hearing writes it; keep one to hear several recordings."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as kept:
            arrays = {name: kept[name].astype(np.float32) for name in kept.files}
        members = sorted({name.split("/")[0] for name in arrays})
        self._nets = tuple(_net(arrays, member) for member in members)

    def likelihoods(self, inputs: Frames) -> Frames:
        """How likely a note starts, sounds, ends, 0..1; shape (3, frames), from `inputs` (frames, COLUMNS)."""
        if inputs.shape[1] != COLUMNS:
            raise ValueError(f"{inputs.shape[1]} columns are not the {COLUMNS} that the model was trained on")
        likely = np.empty((len(OUTPUTS), len(inputs)), np.float32)
        for start in range(0, len(inputs), _BLOCK_FRAMES):
            first = max(0, start - REACH)
            block = inputs[first : start + _BLOCK_FRAMES + REACH]
            mean = sum(1 / (1 + np.exp(-net.logits(block))) for net in self._nets) / len(self._nets)
            count = min(_BLOCK_FRAMES, len(inputs) - start)
            likely[:, start : start + count] = np.asarray(mean)[start - first : start - first + count].T
        return likely


def _net(arrays: dict[str, Frames], member: str) -> Net:
    def layer(name: str) -> Layer:
        return Layer(arrays[f"{member}/{name}/weights"], arrays[f"{member}/{name}/bias"])

    blocks = tuple((layer(f"conv{index}"), layer(f"mix{index}")) for index in range(len(DILATIONS)))
    return Net(arrays[f"{member}/scale"], arrays[f"{member}/shift"], layer("enter"), blocks, layer("leave"))
