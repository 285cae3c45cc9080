"""The ear model: dilated convolutions over the features; how likely a note starts, sounds and ends in each frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

OUTPUTS = ("onset", "active", "offset")


class Block(nn.Module):
    """A residual block: one dilated convolution, normalised, with a pointwise mix."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation)
        self.norm = nn.BatchNorm1d(width)
        self.mix = nn.Conv1d(width, width, 1)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.drop(self.mix(torch.relu(self.norm(self.conv(x)))))


class Ear(nn.Module):
    """Features (batch, columns, frames) to logits (batch, 3, frames); about 30 frames seen on either side."""

    def __init__(
        self,
        columns: int,
        *,
        width: int = 64,
        dilations: tuple[int, ...] = (1, 2, 4, 8),
        dropout: float = 0.15,
        entry_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.enter_norm = nn.BatchNorm1d(columns)
        self.enter_drop = nn.Dropout1d(entry_dropout)
        self.enter = nn.Conv1d(columns, width, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(width, dilation, dropout) for dilation in dilations))
        self.leave = nn.Conv1d(width, len(OUTPUTS), 1)

    def forward(self, x: Tensor) -> Tensor:
        entered = self.enter(self.enter_drop(self.enter_norm(x)))
        return self.leave(torch.relu(self.blocks(entered)))
