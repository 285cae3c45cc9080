"""One voice: sung, hummed or whistled notes, by nets that were trained on singing.

SwiftF0 gives the pitch and how sure it is; the ear model (`ear.npz`; what it was trained on is in `ear.md`) how likely
a note starts and sounds in each frame; `decode` makes notes of both.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from assistant.audio import Samples
from assistant.hear.decode import Decoding, sung_notes
from assistant.hear.ear import Ear
from assistant.hear.features import features
from assistant.hear.kind import kind_of, may_be_speech, traits_of
from assistant.hear.loudness import velocities
from assistant.hear.sung import PitchCurve, Sung
from assistant.hear.swift import PitchTrack, PitchTracker, check
from midi.heard import HeardNote

__all__ = ["MODEL", "Learned", "check"]

MODEL = Path(__file__).with_name("ear.npz")

_PITCH_SHARE = 0.6
"""The part of the time that the pitch takes."""
_VOICED = 0.3


class Learned:
    """Keep one to hear several recordings without loading the models again.

    Raises `MissingPart` where swift-f0 or onnxruntime is not installed.
    """

    def __init__(self, *, threads: int = 2, weights: Path = MODEL) -> None:
        self._pitch = PitchTracker(threads=threads)
        self._ear = Ear(weights)

    def hear(
        self, samples: Samples, *, progress: Callable[[float], None] | None = None, decoding: Decoding | None = None
    ) -> Sung:
        """The notes of mono samples at 22050 Hz, none overlapping."""
        told = progress or (lambda _: None)
        track = self._pitch.track(samples, progress=lambda done: told(_PITCH_SHARE * done))
        notes = self._notes(samples, track, decoding or Decoding())
        told(1.0)
        traits = traits_of(samples, track, notes)
        return Sung(notes, _curve(track, notes), kind_of(traits), may_be_speech(traits))

    def hear_part(self, samples: Samples, *, peak: float, loud_db: float) -> tuple[HeardNote, ...]:
        """The notes of a part of a recording, of which the highest peak and how loud it is are known."""
        return self._notes(samples, self._pitch.track(samples, peak=peak), Decoding(), loud_db=loud_db)

    def _notes(
        self, samples: Samples, track: PitchTrack, rules: Decoding, *, loud_db: float | None = None
    ) -> tuple[HeardNote, ...]:
        likely = self._ear.likelihoods(features(samples, track, loud_db=loud_db))
        kept = sung_notes(likely, track, rules)
        loud = velocities(samples, [(span.onset_seconds, span.offset_seconds) for span, _ in kept])
        return tuple(
            HeardNote(
                span.onset_seconds,
                span.offset_seconds,
                round(min(max(pitch, 0.0), 127.0), 3),
                round(min(span.sureness, 1.0), 3),
                velocity,
            )
            for (span, pitch), velocity in zip(kept, loud, strict=True)
        )


def _curve(track: PitchTrack, notes: tuple[HeardNote, ...]) -> PitchCurve:
    """The pitch inside the notes, where it is heard."""
    inside = np.zeros(len(track.pitch), bool)
    for note in notes:
        first, stop = np.searchsorted(track.times_seconds, (note.onset_seconds, note.offset_seconds))
        inside[first:stop] = True
    return PitchCurve(
        track.times_seconds, np.where(inside & (track.sureness > _VOICED), track.pitch, np.nan).astype(np.float32)
    )
