"""The network, for training: a small encoder and decoder of steps. Only this file and `fit` need torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.vary.learned.controls import SYMBOLS, TASKS
from assistant.vary.learned.features import CENTRES, COLUMNS, SOURCE_COLUMNS
from assistant.vary.learned.network import Shape
from assistant.vary.learned.steps import LENGTH_NOTHING, LENGTHS, NOTHING, OTHER_METRE, PITCH_CHOICES, PITCHES


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.query = nn.Linear(shape.width, shape.width)
        self.memory = nn.Linear(shape.width, 2 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
        keys, values = self.memory(memory).chunk(2, -1)
        mixed = functional.scaled_dot_product_attention(
            self.split(self.query(x)), self.split(keys), self.split(values), attn_mask=mask, is_causal=causal
        )
        return self.out(mixed.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Attention to itself, to the source where `crossed`, and a step of its own; each after a norm."""

    def __init__(self, shape: Shape, *, crossed: bool) -> None:
        super().__init__()
        self.norm_self, self.self = nn.LayerNorm(shape.width), Attention(shape)
        self.norm_cross = nn.LayerNorm(shape.width) if crossed else None
        self.cross = Attention(shape) if crossed else None
        self.norm_inner = nn.LayerNorm(shape.width)
        self.widen, self.narrow = nn.Linear(shape.width, shape.inner), nn.Linear(shape.inner, shape.width)
        self.drop = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, mask: Tensor | None, memory: Tensor | None, memory_mask: Tensor | None) -> Tensor:
        y = self.norm_self(x)
        x = x + self.drop(self.self(y, y, mask, self.cross is not None))
        if self.cross is not None and self.norm_cross is not None and memory is not None:
            x = x + self.drop(self.cross(self.norm_cross(x), memory, memory_mask, False))
        inner = functional.gelu(self.widen(self.norm_inner(x)), approximate="tanh")
        return x + self.drop(self.narrow(inner))


class Variations(nn.Module):
    """Next length and pitch of a passage, given its source and what is asked.

    Pitches are scored by name, and by the interval from each of `CENTRES`: so that what was learned in one place of the
    scale holds in another, and keeping the source's note is one weight.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.source_tables = nn.ModuleDict({k: nn.Embedding(n, width) for k, n in SOURCE_COLUMNS.items()})
        self.tables = nn.ModuleDict({k: nn.Embedding(n, width) for k, n in COLUMNS.items()})
        asked = (len(TASKS), OTHER_METRE + 1, *SYMBOLS)
        self.asked = nn.ModuleList([nn.Embedding(n, width) for n in asked])
        self.chord = nn.Linear(12, width, bias=False)
        self.encoder = nn.ModuleList([Layer(shape, crossed=False) for _ in range(shape.encoder_layers)])
        self.decoder = nn.ModuleList([Layer(shape, crossed=True) for _ in range(shape.decoder_layers)])
        self.norm_source, self.norm_out = nn.LayerNorm(width), nn.LayerNorm(width)
        self.length = nn.Linear(width, len(LENGTHS) + 1)
        self.length_table = nn.Embedding(len(LENGTHS), width)
        self.pitch_inner = nn.Linear(2 * width, width)
        self.pitch = nn.Linear(width, PITCH_CHOICES + 1 + len(CENTRES) * shape.span)
        self.drop = nn.Dropout(shape.dropout)
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.04)

    def condition(self, asked: Tensor) -> Tensor:
        return torch.stack([table(asked[:, i]) for i, table in enumerate(self.asked)]).sum(0)[:, None]

    def forward(
        self, source: Tensor, written: Tensor, centres: Tensor, chords: Tensor, asked: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Scores of lengths `(B, N, lengths)` and of pitches `(B, N, choices)`, these given the true lengths."""
        condition = self.condition(asked)
        mask = (source[..., 0] != NOTHING)[:, None, None, :]
        x = sum((table(source[..., i]) for i, table in enumerate(self.source_tables.values())), condition)
        x = self.drop(x)
        for layer in self.encoder:
            x = layer(x, mask, None, None)
        memory = self.norm_source(x)
        tones = (chords[..., None] >> torch.arange(12)) & 1
        x = sum((table(written[..., i]) for i, table in enumerate(self.tables.values())), condition)
        x = self.drop(x + self.chord(tones.to(x.dtype)))
        for layer in self.decoder:
            x = layer(x, None, memory, mask)
        h = self.norm_out(x)
        return self.length_scores(h, written), self.pitch_scores(h, lengths, centres, tones)

    def length_scores(self, h: Tensor, written: Tensor) -> Tensor:
        scores, keep = self.length(h).split([len(LENGTHS), 1], -1)
        source_length = written[..., list(COLUMNS).index("source_length")]
        kept = functional.one_hot(source_length, LENGTH_NOTHING + 1)[..., : len(LENGTHS)]
        return scores + keep * kept.to(scores.dtype)

    def pitch_scores(self, h: Tensor, lengths: Tensor, centres: Tensor, tones: Tensor) -> Tensor:
        inner = functional.gelu(self.pitch_inner(torch.cat([h, self.length_table(lengths)], -1)), approximate="tanh")
        names, chord, *frames = self.pitch(inner).split([PITCH_CHOICES, 1, *[self.shape.span] * len(CENTRES)], -1)
        half = self.shape.span // 2
        pitches = torch.arange(PITCHES)
        found = names[..., :PITCHES] + chord * tones[..., pitches_above_do()].to(h.dtype)
        for index, frame in enumerate(frames):
            centre = centres[..., index, None]
            interval = (pitches - centre).clamp(-half, half) + half
            found = found + frame.gather(-1, interval) * (centre < PITCHES)
        return torch.cat([found, names[..., PITCHES:]], -1)


def pitches_above_do() -> Tensor:
    from assistant.vary.learned.steps import LOWEST

    return (torch.arange(PITCHES) + LOWEST) % 12
