"""What a note tracker gives back: the notes of a recording, and the pitch along them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.hear.frames import Frames
from assistant.hear.kind import Kind
from midi.heard import HeardNote


@dataclass(frozen=True, slots=True, eq=False)
class PitchCurve:
    """The sung pitch over time: `pitch`, a fractional MIDI note number, NaN where nothing is sung, at `times_seconds`;
    both of shape (frames,).
    """

    times_seconds: NDArray[np.float64]
    pitch: Frames


@dataclass(frozen=True, slots=True, eq=False)
class Sung:
    """Notes in order of onset, with the pitch that they sound at, and the curve that the pitch draws in them.

    `kind`: what it sounds like, as far as the tracker can tell. `may_be_speech`: whether a voice may only be speaking.
    """

    notes: tuple[HeardNote, ...]
    curve: PitchCurve
    kind: Kind = "voice"
    may_be_speech: bool = False
