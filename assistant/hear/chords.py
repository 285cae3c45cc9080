"""Many notes at once: piano and guitar recordings, from the network's posteriorgrams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assistant.audio import Samples
from assistant.hear.frames import RATE_HZ, Frames
from assistant.hear.loudness import velocities
from assistant.hear.network import LOWEST_PITCH, Network, Posteriorgrams, check
from assistant.hear.pitch import sung_curve
from assistant.hear.sung import Sung
from midi.heard import HeardNote

__all__ = ["Chords", "check", "track"]


class Chords:
    """Keep one to hear several recordings without loading the network again."""

    def __init__(self, *, threads: int = 2) -> None:
        self._network = Network(threads=threads)

    def hear(self, samples: Samples, *, progress: Callable[[float], None] | None = None) -> Sung:
        heard = self._network.posteriorgrams(samples, progress=progress)
        notes = track(samples, heard)
        return Sung(notes, sung_curve(heard, notes))


@dataclass(frozen=True, slots=True)
class Decoding:
    """Thresholds 0..1, lengths in frames of 12 ms."""

    onset: float = 0.6
    again: float = 0.75
    note: float = 0.2
    mean_note: float = 0.35
    gap_frames: int = 9
    shortest_frames: int = 6
    apart_frames: int = 5


def track(samples: Samples, heard: Posteriorgrams, *, decoding: Decoding | None = None) -> tuple[HeardNote, ...]:
    """The notes, ordered by onset; many may sound at once. `samples` is mono at 22050 Hz, shape (samples,).

    On each pitch a note begins where the onset peaks and lasts until the pitch has been gone for a tenth of a second,
    or begins anew. Pitches are whole semitones: what keyboards and frets play.
    """
    rules = decoding or Decoding()
    starts = _onset_peaks(heard.onset, rules)
    times = np.append(heard.times_seconds, len(samples) / RATE_HZ)
    found = []
    for bin_ in range(heard.note.shape[1]):
        firsts = _without_echoes(np.flatnonzero(starts[:, bin_]).tolist(), heard, bin_, rules)
        bounds = [*firsts, len(heard.note)]
        for first, following in pairwise(bounds):
            stop = _end(heard.note[:, bin_], first, following, rules)
            strength = float(heard.note[first:stop, bin_].mean())
            if stop - first >= rules.shortest_frames and strength >= rules.mean_note:
                sureness = 0.5 * strength + 0.5 * float(heard.onset[first, bin_])
                found.append((float(times[first]), float(times[stop]), bin_ + LOWEST_PITCH, min(1.0, sureness)))
    found.sort()
    loud = velocities(samples, [(begin, end) for begin, end, _, _ in found])
    return tuple(
        HeardNote(begin, end, float(pitch), round(sureness, 3), velocity)
        for (begin, end, pitch, sureness), velocity in zip(found, loud, strict=True)
    )


def _onset_peaks(onset: Frames, rules: Decoding) -> Frames:
    """Where the onset of a pitch is likely and more so than just before and after; shape of `onset`, true or false."""
    reach = rules.apart_frames
    padded = np.pad(onset, ((reach, reach), (0, 0)))
    highest = np.max([padded[lag : lag + len(onset)] for lag in range(2 * reach + 1)], axis=0)
    peaks: Frames = (onset >= rules.onset) & (onset == highest)
    return peaks


def _without_echoes(firsts: list[int], heard: Posteriorgrams, bin_: int, rules: Decoding) -> list[int]:
    """The onsets on one pitch, less the weak ones while it sounds: a note that starts shakes those that ring on."""
    kept: list[int] = []
    for first in firsts:
        ringing = bool(kept) and bool((heard.note[kept[-1] : first, bin_] >= rules.note)[-3:].all())
        if not ringing or heard.onset[first, bin_] >= rules.again:
            kept.append(first)
    return kept


def _end(note: Frames, first: int, following: int, rules: Decoding) -> int:
    """The frame after the last in which a pitch sounds, from `first` on; a short gap does not end it."""
    sounding = np.flatnonzero(note[first:following] >= rules.note)
    if len(sounding) == 0:
        return first + 1
    gaps = np.flatnonzero(np.diff(sounding) > rules.gap_frames)
    return first + int(sounding[gaps[0]] if len(gaps) else sounding[-1]) + 1
