"""The room that a timbre was recorded in: how long it rings and how loud, octave by octave.

A timbre is learnt dry. Its room is noise that decays, as trainable reverbs have it (Engel et al., 2020), and is laid
over its sound in the share that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assistant.audio import Samples
from assistant.timbre.features import SAMPLE_RATE_HZ, Frames

BANDS_HZ = (125, 250, 500, 1000, 2000, 4000, 8000)
"""The middles of its octaves; the lowest and the highest reach to the ends of hearing."""
LONGEST_SECONDS = 3.0
_DECAY = 3 * np.log(10)
"""60 dB are so many nepers."""


@dataclass(frozen=True, slots=True)
class Room:
    """For each octave of `BANDS_HZ` the `seconds` in which it decays by 60 dB, and by how many dB what it adds to held
    sound is louder than the sound itself.
    """

    seconds: tuple[float, ...]
    level_db: tuple[float, ...]

    def words(self) -> str:
        """It in a sentence, by its octave of 1 kHz."""
        middle = BANDS_HZ.index(1000)
        return (
            f"in a room that dies away in {self.seconds[middle]:.1f} s, {self.level_db[middle]:.0f} dB beside the "
            "sound itself; learnt without it, --room says how much of it is heard"
        )

    def response(self) -> Samples:
        """What it adds to a click, shape (samples,) at 48 kHz; the click itself is no part of it."""
        count = int(min(LONGEST_SECONDS, max(self.seconds)) * SAMPLE_RATE_HZ)
        noise = np.random.default_rng(1).standard_normal(count)
        size = 1 << int(np.ceil(np.log2(2 * count)))
        shares = octaves(np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ))
        times = np.arange(count) / SAMPLE_RATE_HZ
        total = np.zeros(count)
        for share, seconds, level in zip(shares, self.seconds, self.level_db, strict=True):
            envelope = np.exp(-_DECAY * times / seconds)
            band = np.fft.irfft(np.fft.rfft(noise, size) * share, size)[:count] * envelope
            total += band * (10 ** (level / 20) / np.sqrt(np.square(envelope).sum()))
        return total.astype(np.float32)


def octaves(hz: Frames) -> Frames:
    """How much of each frequency belongs to each band, (bands, frequencies): 1 in all, the edges a third wide."""
    places = np.log2(np.maximum(hz, 1.0) / BANDS_HZ[0])
    edges = np.arange(len(BANDS_HZ) - 1) + 0.5
    above = np.clip((places - edges[:, None]) * 3 + 0.5, 0, 1)
    shares: Frames = np.concatenate([np.ones((1, len(hz))), above]) - np.concatenate([above, np.zeros((1, len(hz)))])
    return shares


class Ringing:
    """Sound in a room, block by block: what rings goes on into the blocks that follow."""

    def __init__(self, room: Room, share: float) -> None:
        self._response = room.response() * np.float32(share)
        self._to_come = np.zeros((1, 0), np.float32)

    def next(self, block: Samples) -> Samples:
        """`block` of shape (channels, samples), in the room."""
        length = block.shape[1]
        whole = length + len(self._response)
        size = 1 << int(np.ceil(np.log2(max(whole, 2))))
        rung = np.fft.irfft(np.fft.rfft(block, size) * np.fft.rfft(self._response, size), size)[:, :whole]
        rung[:, : self._to_come.shape[1]] += self._to_come
        self._to_come = rung[:, length:].astype(np.float32)
        both: Samples = block + rung[:, :length].astype(np.float32)
        return both

    def rest(self) -> Samples:
        """What rings on after the last block."""
        return self._to_come
