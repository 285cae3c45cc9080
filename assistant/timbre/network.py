"""The network of a timbre at run time: numpy alone, block by block, each block knowing what went before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assistant.timbre.features import Frames
from assistant.timbre.shape import Shape
from assistant.timbre.table import corners


class Network:
    """The weights in the order in which numpy multiplies them. Shared by every stream of one timbre."""

    def __init__(self, weights: Mapping[str, Frames], shape: Shape) -> None:
        self.shape = shape
        self.enter = _matrix(weights, "in")
        # One product for the three taps of a dilated convolution, the earliest first.
        self.gates = [_matrix(weights, f"block{number}.gate") for number in range(len(shape.dilations))]
        self.outs = [_matrix(weights, f"block{number}.out") for number in range(len(shape.dilations))]
        self.hidden = _matrix(weights, "head.hidden")
        self.out = _matrix(weights, "head.out")
        self.table = np.ascontiguousarray(weights["table"].T)

    def flow(self) -> Flow:
        return Flow(self)


class Flow:
    """One pass through a network; `past` are the frames that each block still hears, at first as if what begins had
    always been so: nothing stirs that does not change.

    The table is read at the frame itself, which came `look_ahead` frames ago.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._ahead: Frames | None = None
        self._past: list[Frames | None] = [None] * len(network.shape.dilations)

    def next(self, features: Frames) -> Frames:
        """`features` (2, frames) → (frames, outputs), as if all blocks so far had come at once."""
        network = self._network
        ahead = np.repeat(features[:, :1], network.shape.look_ahead, axis=1) if self._ahead is None else self._ahead
        waiting = np.concatenate([ahead, features], axis=1)
        self._ahead = waiting[:, features.shape[1] :]
        x = features.T @ network.enter[0] + network.enter[1]
        for number, dilation in enumerate(network.shape.dilations):
            past = self._past[number]
            heard = np.concatenate([np.repeat(x[:1], 2 * dilation, axis=0) if past is None else past, x])
            self._past[number] = heard[len(heard) - 2 * dilation :]
            taps = np.concatenate([heard[: len(x)], heard[dilation : dilation + len(x)], x], axis=1)
            weight, bias = network.gates[number]
            gated = taps @ weight + bias
            value, gate = np.split(gated, 2, axis=1)
            # The logistic function by way of tanh, which numpy has in single precision at full speed.
            passed = np.tanh(value) * (0.5 + 0.5 * np.tanh(0.5 * gate))
            weight, bias = network.outs[number]
            x = x + passed @ weight + bias
        x = x @ network.hidden[0] + network.hidden[1]
        x = np.maximum(x, 0.1 * x)
        result: Frames = x @ network.out[0] + network.out[1]
        for share, cell in corners(waiting[:, : features.shape[1]]):
            result += share[:, None] * network.table[cell]
        return result


def _matrix(weights: Mapping[str, Frames], name: str) -> tuple[Frames, Frames]:
    """A convolution (outputs, inputs, taps) as a matrix (taps * inputs, outputs), and its bias."""
    kernel = weights[f"{name}.weight"]
    matrix = np.ascontiguousarray(kernel.transpose(2, 1, 0).reshape(-1, kernel.shape[0]))
    return matrix, weights[f"{name}.bias"]
