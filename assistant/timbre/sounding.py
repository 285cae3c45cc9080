"""Controls to sound with a timbre: alone, in an ensemble, between two timbres."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.audio import Samples
from assistant.timbre.controls import Controls, smoothed
from assistant.timbre.features import FRAMES_A_SECOND, HOP, Frames, hertz
from assistant.timbre.network import Network
from assistant.timbre.shape import BANDS, Shape
from assistant.timbre.synthesis import Spectra, Stream
from assistant.timbre.timbre import Timbre, load_timbre

_APART_SECONDS = 0.018
_APART_CENTS = 9.0
_APART_DB = 1.5
_WIDTH = 0.7


_BLOCK_FRAMES = 125


def sounded(timbre: Timbre, controls: Controls, *, seed: int = 0) -> Samples:
    """Shape (channels, frames * HOP): one channel for a soloist, two for several players."""
    return np.concatenate(list(flowing(timbre, controls, seed=seed)), axis=1)


def flowing(timbre: Timbre, controls: Controls, *, seed: int = 0) -> Iterator[Samples]:
    """The same, block after block as it is made."""
    if timbre.players:
        yield from _ensemble(timbre, controls, seed)
        return
    assert timbre.network is not None
    gain = np.float32(10 ** (timbre.gain_db / 20))
    for block in _blocks(timbre.network, controls, seed, timbre.seats):
        yield np.atleast_2d(block * gain)


def in_step(blocks: Iterator[Samples], length: int) -> Iterator[Samples]:
    """`length` samples of what `blocks` give, in blocks of one size: cut, or filled with silence."""
    size, held, given = _BLOCK_FRAMES * HOP, next(blocks), 0
    while given < length:
        wanted = min(size, length - given)
        while held.shape[1] < wanted and (block := next(blocks, None)) is not None:
            held = np.concatenate([held, block], axis=1)
        yield np.pad(held[:, :wanted], ((0, 0), (0, max(0, wanted - held.shape[1]))))
        held, given = held[:, wanted:], given + wanted


def _blocks(network: Spectra, controls: Controls, seed: int, players: int = 1) -> Iterator[Samples]:
    stream = Stream(network, seed=seed, players=players)
    hz = hertz(controls.pitch)
    for first in range(0, len(hz), _BLOCK_FRAMES):
        yield stream.push(hz[first : first + _BLOCK_FRAMES], controls.loudness_db[first : first + _BLOCK_FRAMES])
    yield stream.finish()


def _ensemble(timbre: Timbre, controls: Controls, seed: int) -> Iterator[Samples]:
    """Several players of one line: each a little early or late, sharp or flat, and in a place of its own."""
    draw = np.random.default_rng(seed)
    players = [load_timbre(name) for name in timbre.players]
    heard = controls.pitch[controls.sounding]
    able = [
        one for one in players if not len(heard) or _reach(one, heard) > 0.98 * max(_reach(p, heard) for p in players)
    ]
    length = len(controls) * HOP
    lines, sides = [], []
    for number, player in enumerate(able):
        late = int(abs(draw.normal(0, _APART_SECONDS)) * FRAMES_A_SECOND) if number else 0
        wander = smoothed(draw.normal(0, 1, len(controls)).astype(np.float32), 120)
        wander *= np.float32(_APART_CENTS / 100 / max(float(wander.std()), 1e-6))
        pitch = np.clip(_later(controls.pitch, late) + wander, player.low, player.high)
        own = Controls(
            pitch, _later(controls.loudness_db, late) + np.float32(draw.normal(0, _APART_DB)), controls.sounding
        )
        # Digital silence stays what it is, whoever plays.
        own.loudness_db[_later(controls.loudness_db, late) <= -89.9] = -90
        place = _WIDTH * (number / max(1, len(able) - 1) - 0.5)
        angle = np.pi / 4 * (1 + 2 * place)
        lines.append(in_step(flowing(player, own, seed=seed + 31 * number + 1), length))
        sides.append(np.array([[np.cos(angle)], [np.sin(angle)]], np.float32))
    for blocks in zip(*lines, strict=True):
        placed = [block[:1] * side for block, side in zip(blocks, sides, strict=True)]
        yield np.sum(placed, axis=0) * np.float32(1 / np.sqrt(len(able)))


def _reach(player: Timbre, heard: Frames) -> float:
    return float(((heard >= player.low) & (heard <= player.high)).mean()) + 1e-9


def _later(values: Frames, frames: int) -> Frames:
    if frames == 0:
        return values.copy()
    later: Frames = np.concatenate([np.repeat(values[:1], frames), values[:-frames]])
    return later


@dataclass(frozen=True, slots=True)
class Curve:
    """Automation: values 0..1 at seconds, straight between, held outside."""

    points: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))

    def at(self, frames: int) -> Frames:
        seconds, values = zip(*self.points, strict=True)
        wanted = np.arange(frames) / FRAMES_A_SECOND
        shares: Frames = np.interp(wanted, seconds, values).clip(0, 1).astype(np.float32)
        return shares


class Between:
    """Two networks as one, that morphs along a curve: harmonic by harmonic and band by band, not one fading out as the
    other fades in. Used where a `Network` is.
    """

    def __init__(self, one: Network, other: Network, share: Frames) -> None:
        self.one, self.other = one, other
        self.share = share
        self.shape = Shape(max(one.shape.harmonics, other.shape.harmonics), one.shape.channels)

    def flow(self) -> _Morphing:
        return _Morphing(self)


class _Morphing:
    def __init__(self, between: Between) -> None:
        self._between = between
        self._flows = between.one.flow(), between.other.flow()
        self._frame = 0

    def next(self, features: Frames) -> Frames:
        """What both networks put out is logarithmic: the mean between is a spectrum between."""
        between = self._between
        one, other = (_widened(flow.next(features), between.shape.harmonics) for flow in self._flows)
        places = np.minimum(self._frame + np.arange(len(one)), len(between.share) - 1)
        self._frame += len(one)
        share = between.share[places, None]
        mixed: Frames = one * (1 - share) + other * share
        return mixed


def _widened(out: Frames, harmonics: int) -> Frames:
    missing = harmonics - (out.shape[1] - 1 - BANDS)
    silent = np.full((len(out), missing), -16, np.float32)
    return np.concatenate([out[:, :-BANDS], silent, out[:, -BANDS:]], axis=1)


def blended(timbres: Sequence[Timbre], controls: Controls, curve: Curve, *, seed: int = 0) -> Iterator[Samples]:
    """From the first timbre to the second along the curve, block after block; shape (1, frames * HOP) in all."""
    one, other = timbres
    share = curve.at(len(controls))
    assert one.network is not None
    assert other.network is not None
    gain_db = one.gain_db * (1 - share) + other.gain_db * share
    given = 0
    for block in _blocks(Between(one.network, other.network, share), controls, seed):
        places = (given + np.arange(len(block))) / HOP
        gain = np.interp(places, np.arange(len(gain_db)), 10 ** (gain_db / 20))
        given += len(block)
        yield (block * gain.astype(np.float32))[None]
