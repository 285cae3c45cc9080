"""One voice: sung, hummed or whistled notes from the network's posteriorgrams and nine cues.

Where a note begins, and whether one goes on, is a weighted sum of the cues in five frames around (logistic regression:
the weights, and what they were fitted on, are in `voice.json`). Pitch is read off the contour inside each note.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audio import Samples
from assistant.hear.cues import CUES, cues
from assistant.hear.frames import RATE_HZ, Frames
from assistant.hear.loudness import velocities
from assistant.hear.network import (
    HIGHEST_VOICE,
    LOWEST_PITCH,
    LOWEST_VOICE,
    Network,
    Posteriorgrams,
    check,
)
from assistant.hear.pitch import core, strongest_pitch, sung_curve, sung_pitch
from assistant.hear.sung import Sung
from midi.heard import HeardNote

__all__ = ["Voice", "check", "likelihoods", "neighbourhood", "track"]

MODEL = Path(__file__).with_name("voice.json")

LAGS = (-6, -3, 0, 3, 6)
"""The frames around that count, 12 ms each."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """What makes a note of the likelihoods: thresholds 0..1, lengths in frames of 12 ms, pitch in semitones.

    Values around these score alike: they are not tuned finely.
    """

    onset: float = 0.3
    active: float = 0.6
    apart_frames: int = 7
    gap_frames: int = 3
    shortest_frames: int = 6
    weakest_note: float = 0.2
    least_sure: float = 0.3
    once_sure: float = 0.5
    least_steady: float = 0.6
    step_semitones: float = 1.5
    step_frames: int = 10
    steady_semitones: float = 0.4


class Voice:
    """Keep one to hear several recordings without loading the network again."""

    def __init__(self, *, threads: int = 2) -> None:
        self._network = Network(threads=threads)

    def hear(self, samples: Samples, *, progress: Callable[[float], None] | None = None) -> Sung:
        heard = self._network.posteriorgrams(samples, progress=progress)
        notes = track(samples, heard)
        return Sung(notes, sung_curve(heard, notes))


def track(
    samples: Samples,
    heard: Posteriorgrams,
    *,
    decoding: Decoding | None = None,
    model: Mapping[str, Any] | None = None,
) -> tuple[HeardNote, ...]:
    """The notes of one voice, in order, none overlapping. `samples` is mono at 22050 Hz, shape (samples,).

    `model` holds other weights than those in `voice.json`.
    """
    rules = decoding or Decoding()
    onset, active = likelihoods(cues(samples, heard), model or json.loads(MODEL.read_text("utf-8")))
    times = np.append(heard.times_seconds, len(samples) / RATE_HZ)
    found = []
    for start, stop in note_spans(onset, active, heard, rules):
        strength, near = _strongest(heard, start, stop)
        sureness = min(1.0, 0.5 * strength + 0.5 * float(onset[start : start + 3].max()))
        pitch = sung_pitch(heard, start, stop, near)
        sure = strength >= rules.weakest_note and sureness >= rules.least_sure
        if sure and _steadiness(heard, start, stop, pitch) >= rules.least_steady:
            found.append((float(times[start]), float(times[stop]), pitch, sureness))
    # Noise looks like a weak note here and there; a voice has a clear one sooner or later.
    if max((sureness for *_, sureness in found), default=0.0) < rules.once_sure:
        return ()
    loud = velocities(samples, [(begin, end) for begin, end, _, _ in found])
    return tuple(
        HeardNote(begin, end, round(pitch, 3), round(sureness, 3), velocity)
        for (begin, end, pitch, sureness), velocity in zip(found, loud, strict=True)
    )


def neighbourhood(found: Frames) -> Frames:
    """The cues of the frames around each frame, side by side; shape (frames, cues * lags)."""
    frames = np.arange(len(found))
    return np.concatenate([found[(frames + lag).clip(0, len(found) - 1)] for lag in LAGS], axis=1)


def likelihoods(found: Frames, model: Mapping[str, Any]) -> tuple[Frames, Frames]:
    """How likely a note starts, and how likely one sounds, in each frame, from its cues; both of shape (frames,)."""
    if tuple(model["cues"]) != CUES or tuple(model["lags"]) != LAGS:
        raise ValueError("voice.json was fitted on other cues; run scripts/fit_voice.py")
    around = neighbourhood(found)
    onset, active = (
        _logistic(around @ np.array(model[name]["weights"], np.float32) + np.float32(model[name]["bias"]))
        for name in ("onset", "active")
    )
    return onset, active


def _logistic(values: Frames) -> Frames:
    squashed: Frames = 1 / (1 + np.exp(-values.clip(-30, 30)))
    return squashed


def note_spans(onset: Frames, active: Frames, heard: Posteriorgrams, rules: Decoding) -> list[tuple[int, int]]:
    """The frames of each note, (start, stop): from a likely start to the next, or to where the voice falls silent."""
    starts = _starts(onset, active, rules)
    spans = []
    for start, following in pairwise([*starts, len(onset)]):
        sounding = np.flatnonzero(active[start:following] >= rules.active)
        if len(sounding) == 0:
            continue
        # The attack may still be below the threshold; a gap ends the note only after it has sounded.
        gaps = np.flatnonzero(np.diff(sounding) > rules.gap_frames)
        last = sounding[gaps[0]] if len(gaps) else sounding[-1]
        stop = start + int(last) + 1
        if stop - start >= rules.shortest_frames:
            spans += _split_at_leaps(heard, start, stop, rules)
    return spans


def _steadiness(heard: Posteriorgrams, start: int, stop: int, pitch: float) -> float:
    """How much of a note its strongest pitch stays within a tone of `pitch`; in noise it is all over the place."""
    return float((np.abs(strongest_pitch(heard, *core(start, stop)) - pitch) < 1.2).mean())


def _split_at_leaps(heard: Posteriorgrams, start: int, stop: int, rules: Decoding) -> list[tuple[int, int]]:
    """The span, cut where the pitch leaps for good though nothing marks an onset: legato over a ringing room.

    Vibrato and scoops do not count: the pitch is steady on both sides.
    """
    reach, glide = rules.step_frames, 3
    curve = strongest_pitch(heard, start, stop)
    if len(curve) <= 2 * reach + glide:
        return [(start, stop)]
    sides = np.lib.stride_tricks.sliding_window_view(curve, reach)
    middle = np.median(sides, axis=1)
    spread = np.percentile(sides, 80, axis=1) - np.percentile(sides, 20, axis=1)
    leap = np.abs(middle[reach + glide :] - middle[: -reach - glide])
    steady = np.maximum(spread[reach + glide :], spread[: -reach - glide]) <= rules.steady_semitones
    leap = np.where(steady, leap, 0.0)
    if leap.max() < rules.step_semitones:
        return [(start, stop)]
    widest = np.flatnonzero(leap >= leap.max() - 0.1)
    cut = start + int(widest[len(widest) // 2]) + reach + glide // 2
    return [*_split_at_leaps(heard, start, cut, rules), *_split_at_leaps(heard, cut, stop, rules)]


def _starts(onset: Frames, active: Frames, rules: Decoding) -> list[int]:
    """Frames where a note starts: the peaks of the onset likelihood, and voice that sets in without one."""
    reach = rules.apart_frames
    padded = np.pad(onset, reach)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    peaks = np.flatnonzero((onset >= rules.onset) & (onset == highest))
    sounding = active >= rules.active
    entries = np.flatnonzero(sounding & ~np.concatenate([[False], sounding[:-1]]))
    starts = list(peaks)
    for entry in entries:
        before = sounding[max(0, entry - rules.gap_frames) : entry].any()
        if not before and not any(abs(entry - start) <= 2 * reach for start in starts):
            starts.append(entry)
    return sorted(int(start) for start in starts)


def _strongest(heard: Posteriorgrams, start: int, stop: int) -> tuple[float, int]:
    """How likely, and which, the pitch is that sounds most in a note."""
    first, last = core(start, stop)
    mean = heard.note[first:last, LOWEST_VOICE - LOWEST_PITCH : HIGHEST_VOICE - LOWEST_PITCH].mean(axis=0)
    best = int(mean.argmax())
    return float(mean[best]), best + LOWEST_VOICE
