"""The network without torch: the same numbers as `torch_model`, one step at a time, in numpy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.echoes import Echoing
from assistant.vary.learned.features import CENTRES, DYNAMIC_COLUMNS, SOURCE_COLUMNS, STATIC_COLUMNS, Rows
from assistant.vary.learned.steps import LENGTHS, LOWEST, PITCH_CHOICES, PITCHES

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of the network. `span` intervals around each centre are told apart."""

    width: int = 192
    heads: int = 6
    inner: int = 512
    encoder_layers: int = 2
    decoder_layers: int = 3
    span: int = 31
    dropout: float = 0.1


@dataclass(frozen=True, slots=True)
class Block:
    """Weights of one attention or inner step, input by output. The scale and the shift of the norm before it, and the
    scale of the scores of an attention, are part of the first matrix."""

    first: tuple[Floats, Floats]
    second: tuple[Floats, Floats]
    memory: tuple[Floats, Floats] | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """Weights ready to use. `tables` holds all embeddings of a row below each other, `starts` where each begins.
    `echoing`: how what was heard before speaks besides."""

    shape: Shape
    source_table: Floats
    static_table: Floats
    dynamic_table: Floats
    asked: tuple[Floats, ...]
    chord: Floats
    encoder: tuple[tuple[Block, Block], ...]
    decoder: tuple[tuple[Block, Block, Block], ...]
    length: tuple[Floats, Floats]
    pitch_inner: Floats
    pitch_inner_of_length: Floats
    pitch: tuple[Floats, Floats]
    around: Rows
    echoing: Echoing | None = None

    def condition(self, asked: Rows) -> Floats:
        """Shape `(B, width)` from task, metre and controls `(B, 8)`."""
        return sum_of([table[asked[:, index]] for index, table in enumerate(self.asked)])

    def encoded(self, source_rows: Rows, condition: Floats) -> Floats:
        """The source `(S, 7)` as seen by each of B requests: `(B, S, width)`."""
        x = self.source_table[source_rows + SOURCE_OFFSETS].sum(1)[None] + condition[:, None]
        for attention, inner in self.encoder:
            query, keys, values = np.split(linear(normed(x), attention.first), 3, -1)
            x += linear(self.attended(query, keys, values), attention.second)
            x += stepped(x, inner)
        return normed(x)

    def attended(self, query: Floats, keys: Floats, values: Floats) -> Floats:
        q, k, v = (self.headed(part) for part in (query, keys, values))
        return (softmax(q @ k.transpose(0, 1, 3, 2)) @ v).transpose(0, 2, 1, 3).reshape(query.shape)

    def headed(self, x: Floats) -> Floats:
        count, length, width = x.shape
        return x.reshape(count, length, self.shape.heads, width // self.shape.heads).transpose(0, 2, 1, 3)

    def static_input(self, static: Rows, chords: Rows) -> Floats:
        """The part of the written rows that is known of each moment: `(ticks, width)`."""
        known = self.static_table[static + STATIC_OFFSETS].sum(1)
        found: Floats = known + tones_of(chords).astype(np.float32) @ self.chord
        return found

    def length_scores(self, h: Floats, source_length: Rows) -> Floats:
        scores = linear(h, self.length)
        found, keep = scores[:, :-1], scores[:, -1]
        rows = np.flatnonzero(source_length < len(LENGTHS))
        found[rows, source_length[rows]] += keep[rows]
        return found

    def pitch_scores(self, h: Floats, lengths: Rows, centres: Rows, tones: Floats) -> Floats:
        """Scores `(B, PITCH_CHOICES)` given the lengths chosen, centres `(B, 3)` and the pitches `(B, PITCHES)` that
        are chord tones."""
        inner = linear(h, (self.pitch_inner, self.pitch_inner_of_length[lengths]))
        scores = linear(gelu(inner), self.pitch)
        found = scores[:, :PITCH_CHOICES].copy()
        found[:, :PITCHES] += scores[:, PITCH_CHOICES, None] * tones
        for index, centre in enumerate(centres.T):
            found[:, :PITCHES] += np.take_along_axis(scores, self.around[index, centre], 1)
        return found


class Writer:
    """One passage being written for B requests at once; keeps the keys and values of what was written."""

    def __init__(self, network: Network, memory: Floats, condition: Floats, longest: int) -> None:
        self.network = network
        self.condition = condition
        self.count = 0
        heads, size = network.shape.heads, network.shape.width // network.shape.heads
        rows = len(condition)
        self.keys = [np.zeros((rows, heads, size, longest), np.float32) for _ in network.decoder]
        self.values = [np.zeros((rows, heads, longest, size), np.float32) for _ in network.decoder]
        self.source_keys, self.source_values = [], []
        for _, crossed, _ in network.decoder:
            assert crossed.memory is not None
            keys, values = np.split(linear(memory, crossed.memory), 2, -1)
            self.source_keys.append(np.ascontiguousarray(network.headed(keys).transpose(0, 1, 3, 2)))
            self.source_values.append(np.ascontiguousarray(network.headed(values)))

    def make_room(self) -> None:
        """Twice the room where it is full: most passages are short."""
        if self.count == self.keys[0].shape[-1]:
            self.keys = [np.concatenate([keys, np.zeros_like(keys)], -1) for keys in self.keys]
            self.values = [np.concatenate([values, np.zeros_like(values)], 2) for values in self.values]

    def step(self, static_input: Floats, dynamic: Rows) -> Floats:
        """Read the next row of each request: known parts `(B, width)`, symbols `(B, 8)`; returns `(B, width)`."""
        self.make_room()
        x = self.network.dynamic_table[dynamic + DYNAMIC_OFFSETS].sum(1)
        x += static_input
        x += self.condition
        # All that few requests need stays in the processor's cache.
        for start in range(0, len(x), ROWS_AT_ONCE):
            self.read(x[start : start + ROWS_AT_ONCE], slice(start, start + ROWS_AT_ONCE))
        self.count += 1
        return normed(x)

    def read(self, x: Floats, part: slice) -> None:
        """The layers of the decoder, for this part of the requests, in place."""
        network = self.network
        rows, width = x.shape
        heads = (rows, network.shape.heads, 1, width // network.shape.heads)
        now, upto = self.count, self.count + 1
        for index, (attention, crossed, inner) in enumerate(network.decoder):
            keys, values = self.keys[index][part], self.values[index][part]
            mixed = linear(normed(x), attention.first)
            keys[..., now] = mixed[:, width : 2 * width].reshape(heads[:2] + heads[3:])
            values[:, :, now] = mixed[:, 2 * width :].reshape(heads[:2] + heads[3:])
            query = mixed[:, :width].reshape(heads)
            seen = softmax(query @ keys[..., :upto]) @ values[:, :, :upto]
            x += linear(seen.reshape(rows, width), attention.second)
            query = linear(normed(x), crossed.first).reshape(heads)
            seen = softmax(query @ self.source_keys[index][part]) @ self.source_values[index][part]
            x += linear(seen.reshape(rows, width), crossed.second)
            x += stepped(x, inner)

    def go_on_with(self, rows: Rows) -> None:
        """Only these of the requests are written on."""
        self.condition = self.condition[rows]
        for each in (self.keys, self.values, self.source_keys, self.source_values):
            each[:] = [array[rows] for array in each]


ABOVE_DO = (np.arange(PITCHES) + LOWEST) % 12
ROWS_AT_ONCE = 12
SMALL = 1_000_000
"""Multiplications: OpenBLAS multiplies without packing the weights first while a product is of no more."""


def tones_of(chords: Rows) -> Rows:
    """Twelve flags above `do` for each chord of 12 bits."""
    return (np.asarray(chords)[..., None] >> np.arange(12)) & 1


def over_pitches(tones: Rows) -> Floats:
    """Flags above `do` `(…, 12)` as numbers for each pitch, `(…, PITCHES)`."""
    found: Floats = tones[..., ABOVE_DO].astype(np.float32)
    return found


def offsets(columns: Mapping[str, int]) -> Rows:
    """Where each column's symbols begin in a table of all of them."""
    return np.concatenate([[0], np.cumsum(list(columns.values()))[:-1]])


SOURCE_OFFSETS, STATIC_OFFSETS, DYNAMIC_OFFSETS = map(offsets, (SOURCE_COLUMNS, STATIC_COLUMNS, DYNAMIC_COLUMNS))


def linear(x: Floats, weights: tuple[Floats, Floats]) -> Floats:
    """In parts of as many rows as make a small product: six rows at a time are nearly twice as fast as eight."""
    matrix, shift = weights
    parts = -(-len(x) * matrix.size // SMALL)
    if x.ndim != 2 or parts < 2:
        return x @ matrix + shift
    found = np.empty((len(x), matrix.shape[1]), np.float32)
    rows = -(-len(x) // parts)
    for start in range(0, len(x), rows):
        np.matmul(x[start : start + rows], matrix, out=found[start : start + rows])
    found += shift
    return found


def normed(x: Floats) -> Floats:
    """Of mean 0 and variance 1: the rest of the norm is in the matrix that follows."""
    share = np.float32(1 / x.shape[-1])
    middle: Floats = np.add.reduce(x, -1, keepdims=True)
    middle *= share
    found = x - middle
    spread: Floats = np.einsum("...i,...i->...", found, found)[..., None]
    spread *= share
    spread += np.float32(1e-5)
    found /= np.sqrt(spread)
    return found


def stepped(x: Floats, inner: Block) -> Floats:
    return linear(gelu(linear(normed(x), inner.first)), inner.second)


def gelu(x: Floats) -> Floats:
    """The tanh form (Hendrycks and Gimpel 2016)."""
    found: Floats = x * x
    found *= np.float32(0.7978845608 * 0.044715)
    found += np.float32(0.7978845608)
    found *= x
    np.tanh(found, out=found)
    found += np.float32(1)
    found *= x
    found *= np.float32(0.5)
    return found


def softmax(x: Floats) -> Floats:
    found: Floats = x - np.maximum.reduce(x, -1, keepdims=True)
    np.exp(found, out=found)
    found /= np.add.reduce(found, -1, keepdims=True)
    return found


def sum_of(parts: list[Floats]) -> Floats:
    found: Floats = np.sum(parts, axis=0, dtype=np.float32)
    return found


def read_network(path: Path) -> Network:
    """Weights from an npz of half floats, one array a tensor, and `shape` as JSON."""
    with np.load(path) as stored:
        weights = {name: stored[name].astype(np.float32) for name in stored.files if name != "shape"}
        shape = Shape(**json.loads(str(stored["shape"])))
    return network_of(weights, shape)


def write_network(path: Path, weights: Mapping[str, NDArray[np.floating]], shape: Shape) -> None:
    arrays: dict[str, NDArray[np.generic]] = {name: np.asarray(value, np.float16) for name, value in weights.items()}
    arrays["shape"] = np.array(json.dumps(asdict(shape)))
    np.savez_compressed(path, allow_pickle=False, **arrays)


def network_of(weights: Mapping[str, Floats], shape: Shape) -> Network:
    """Lay out the tensors that `torch_model.Variations` names."""

    def table(prefix: str, columns: Mapping[str, int]) -> Floats:
        return np.concatenate([weights[f"{prefix}.{name}.weight"] for name in columns])

    def matrix(*names: str) -> tuple[Floats, Floats]:
        joined = np.concatenate([weights[f"{name}.weight"] for name in names]).T
        return np.ascontiguousarray(joined), np.concatenate([weights[f"{name}.bias"] for name in names])

    def normed_first(norm: str, first: tuple[Floats, Floats], scaled: int = 0) -> tuple[Floats, Floats]:
        """The matrix after a norm with the norm's scale and shift in it, its first `scaled` outputs made queries."""
        scaled_matrix, shift = (
            first[0] * weights[f"{norm}.weight"][:, None],
            first[1] + weights[f"{norm}.bias"] @ first[0],
        )
        per_query = np.float32(1 / np.sqrt(shape.width // shape.heads))
        scaled_matrix[:, :scaled] *= per_query
        shift[:scaled] *= per_query
        return scaled_matrix, shift

    def to_self(at: str) -> Block:
        first = matrix(f"{at}.self.query", f"{at}.self.memory")
        return Block(normed_first(f"{at}.norm_self", first, shape.width), matrix(f"{at}.self.out"))

    def across(at: str) -> Block:
        return Block(
            normed_first(f"{at}.norm_cross", matrix(f"{at}.cross.query"), shape.width),
            matrix(f"{at}.cross.out"),
            normed_first("norm_source", matrix(f"{at}.cross.memory")),
        )

    def within(at: str) -> Block:
        return Block(normed_first(f"{at}.norm_inner", matrix(f"{at}.widen")), matrix(f"{at}.narrow"))

    pitch_inner, pitch_shift = matrix("pitch_inner")
    of_length = weights["length_table.weight"] @ pitch_inner[shape.width :]
    from_step, pitch_shift = normed_first("norm_out", (pitch_inner[: shape.width], pitch_shift))
    pitch = matrix("pitch")
    nothing = pitch[0].shape[1]
    asked = tuple(weights[f"asked.{index}.weight"] for index in range(sum(n.startswith("asked.") for n in weights)))
    encoder = [f"encoder.{index}" for index in range(shape.encoder_layers)]
    decoder = [f"decoder.{index}" for index in range(shape.decoder_layers)]
    return Network(
        shape=shape,
        source_table=table("source_tables", SOURCE_COLUMNS),
        static_table=table("tables", STATIC_COLUMNS),
        dynamic_table=table("tables", DYNAMIC_COLUMNS),
        asked=asked,
        chord=np.ascontiguousarray(weights["chord.weight"].T),
        encoder=tuple((to_self(at), within(at)) for at in encoder),
        decoder=tuple((to_self(at), across(at), within(at)) for at in decoder),
        length=normed_first("norm_out", matrix("length")),
        pitch_inner=from_step,
        pitch_inner_of_length=of_length + pitch_shift,
        pitch=(padded(pitch[0]), padded(pitch[1])),
        around=around(shape.span, nothing),
    )


def around(span: int, nothing: int) -> Rows:
    """For each kind of centre and each pitch as a centre, which of the scores weighs each pitch: `(3, PITCHES + 1,
    PITCHES)`; where there is no such centre, the score that is always `nothing`."""
    pitches, half = np.arange(PITCHES), span // 2
    interval = np.clip(pitches[None] - pitches[:, None], -half, half) + half
    kinds = [PITCH_CHOICES + 1 + kind * span + interval for kind in range(len(CENTRES))]
    return np.stack([np.concatenate([kind, np.full((1, PITCHES), nothing)]) for kind in kinds])


def padded(weights: Floats) -> Floats:
    """With one output more, which is always 0."""
    return np.ascontiguousarray(np.pad(weights, [(0, 0)] * (weights.ndim - 1) + [(0, 1)]))
