"""From how likely notes start, sound and end, frame by frame, to the notes themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.hear.frames import HOP, RATE_HZ, Frames
from assistant.hear.swift import PitchTrack

_FRAME_SECONDS = HOP / RATE_HZ
_BUMP_SECONDS = 0.014


@dataclass(frozen=True, slots=True)
class Decoding:
    """What makes a note of the likelihoods: thresholds 0..1, lengths in frames of 11.6 ms.

    `blur_frames`: how far from each other two likely starts are one start; the thresholds of starts are for what the
    blur gives. `least_sure`, `reach_semitones`: a note whose pitch is less sure, or further from the middle of them
    all, is none.
    """

    onset: float = 0.75
    active: float = 0.7
    apart_frames: int = 8
    gap_frames: int = 3
    shortest_frames: int = 5
    onset_shift_seconds: float = -0.003
    offset_shift_seconds: float = 0.01
    least_sure: float = 0.4
    reach_semitones: float = 18.0
    blur_frames: int = 7


@dataclass(frozen=True, slots=True)
class Span:
    """A note in seconds, its pitch still unknown; `sureness` 0..1."""

    onset_seconds: float
    offset_seconds: float
    sureness: float


def sung_notes(likely: Frames, track: PitchTrack, rules: Decoding) -> list[tuple[Span, float]]:
    """The notes with the pitch they are sung at, of likelihoods of shape (3, frames): start, sound, end.

    Left out: what has hardly a pitch, and what lies far from all the rest, as rumble and breath do.
    """
    found = [
        (span, note_pitch(track, span))
        for span in note_spans(likely[0], likely[1], rules)
        if _pitch_sureness(track, span) >= rules.least_sure
    ]
    kept = [(span, pitch) for span, pitch in found if pitch is not None]
    middle = float(np.median([pitch for _, pitch in kept])) if kept else 0.0
    return [(span, pitch) for span, pitch in kept if abs(pitch - middle) < rules.reach_semitones]


def note_spans(onset: Frames, active: Frames, rules: Decoding) -> list[Span]:
    """Notes in order, none overlapping: each from a likely start to the next, or to where the voice falls silent."""
    onset = blurred(onset, rules.blur_frames)
    starts = _starts(onset, active, rules)
    spans: list[Span] = []
    for start, following in zip(starts, [*starts[1:], len(onset)][: len(starts)], strict=True):
        sounding = np.flatnonzero(active[start:following] >= rules.active)
        if len(sounding) == 0:
            continue
        gaps = np.flatnonzero(np.diff(sounding) > rules.gap_frames)
        last = int(sounding[gaps[0]] if len(gaps) else sounding[-1])
        if last + 1 < rules.shortest_frames:
            continue
        begin = _refined(onset, start) * _FRAME_SECONDS + rules.onset_shift_seconds
        stop = start + last
        end = (stop + _crossing(active, stop, rules.active)) * _FRAME_SECONDS + rules.offset_shift_seconds
        if following < len(onset):
            end = min(end, _refined(onset, following) * _FRAME_SECONDS + rules.onset_shift_seconds)
        sureness = 0.5 * float(onset[start]) + 0.5 * float(active[start : stop + 1].mean())
        spans.append(Span(max(0.0, begin), max(end, begin + 0.03), sureness))
    return spans


def _pitch_sureness(track: PitchTrack, span: Span) -> float:
    core = _core(track, span)
    return float(track.sureness[core].mean()) if core.stop > core.start else 0.0


def _core(track: PitchTrack, span: Span) -> slice:
    """Where a note is held: without the first tenth and the last eighth, where singers scoop and fall."""
    length = span.offset_seconds - span.onset_seconds
    edges = [span.onset_seconds + length / 10, span.offset_seconds - length / 8]
    first, stop = np.searchsorted(track.times_seconds, edges)
    return slice(int(first), int(stop))


def note_pitch(track: PitchTrack, span: Span) -> float | None:
    """The pitch a note is sung at where it is held, a fractional MIDI number; None where no pitch is heard in it."""
    times, sure = track.times_seconds, track.sureness
    core = _core(track, span)
    for threshold in (0.5, 0.2):
        found = track.pitch[core][sure[core] > threshold]
        if len(found) >= 2:
            break
    else:
        whole = slice(*np.searchsorted(times, [span.onset_seconds, span.offset_seconds]))
        found = track.pitch[whole][sure[whole] > 0.1]
        if len(found) == 0:
            return None
    middle = float(np.sort(found)[len(found) // 2])
    near = found[np.abs(found - middle) < 1.5]
    return float(np.median(near))


def blurred(onset: Frames, reach: int) -> Frames:
    """The likelihood that a start lies near each frame, not right in it.

    Whether a note on "mi" starts with its consonant or its vowel, people mark now so, now so; the likelihood then has
    two peaks, and the best single answer lies between.
    """
    if reach == 0:
        return onset
    window = np.hanning(2 * reach + 3)[1:-1]
    # A start that is sure gives 1: the model was trained on bumps of this width.
    bump = np.exp(-0.5 * (np.arange(-reach, reach + 1) * _FRAME_SECONDS / _BUMP_SECONDS) ** 2)
    mass = np.convolve(onset, window)[reach : reach + len(onset)] / (window * bump).sum()
    likely: Frames = mass.astype(np.float32)
    return likely


def _starts(onset: Frames, active: Frames, rules: Decoding) -> list[int]:
    """The likeliest starts, and voice that sets in without one."""
    reach = rules.apart_frames
    starts = _likeliest(onset, rules)
    sounding = active >= rules.active
    for entry in np.flatnonzero(sounding & ~np.concatenate([[False], sounding[:-1]])).tolist():
        silent_before = not sounding[max(0, entry - 2 * rules.gap_frames) : entry].any()
        if silent_before and not any(abs(entry - start) <= 2 * reach for start in starts):
            starts.append(entry)
    return sorted(starts)


def _likeliest(onset: Frames, rules: Decoding) -> list[int]:
    """Of all peaks above the threshold, no two of them too near each other, those that together are the likeliest.

    The best chain of peaks, by dynamic programming. The highest peak of its surroundings is not always in it: it yields
    to two on either side of it that are likelier together.
    """
    peaks = _peaks(onset, rules.onset, rules.apart_frames // 2)
    clear = onset[peaks].astype(np.float64).clip(0.01, 0.99)
    gains = np.log(clear / (1 - clear)) - np.log(rules.onset / (1 - rules.onset))
    # Of the first so many peaks: what the best chain gains, and whether it ends with the last of them.
    best, ends = np.zeros(len(peaks) + 1), np.zeros(len(peaks) + 1, bool)
    earlier = np.searchsorted(peaks, peaks - rules.apart_frames)
    for count, (gain, fitting) in enumerate(zip(gains, earlier, strict=True), 1):
        with_it = best[fitting] + gain
        ends[count] = with_it > best[count - 1]
        best[count] = max(with_it, best[count - 1])
    chain, count = [], len(peaks)
    while count:
        if ends[count]:
            chain.append(int(peaks[count - 1]))
            count = int(earlier[count - 1])
        else:
            count -= 1
    return chain[::-1]


def _peaks(onset: Frames, least: float, reach: int) -> NDArray[np.intp]:
    """Frames at which the likelihood is the highest for `reach` frames around, and not below `least`."""
    highest = np.lib.stride_tricks.sliding_window_view(np.pad(onset, reach), 2 * reach + 1).max(axis=1)
    return np.flatnonzero((onset >= least) & (onset == highest))


def _refined(onset: Frames, peak: int) -> float:
    """Where between the frames the onset likelihood peaks: the summit of a parabola through three frames."""
    if not 0 < peak < len(onset) - 1:
        return float(peak)
    before, here, after = (float(value) for value in onset[peak - 1 : peak + 2])
    bend = before - 2 * here + after
    return peak + (float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < -1e-6 else 0.0)


def _crossing(active: Frames, last: int, threshold: float) -> float:
    """How far after frame `last`, 0..1, the activity falls through the threshold."""
    if last + 1 >= len(active):
        return 0.5
    high, low = float(active[last]), float(active[last + 1])
    return float(np.clip((high - threshold) / max(high - low, 1e-6), 0, 1))
